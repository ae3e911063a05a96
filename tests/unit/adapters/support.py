"""What the tests of what is remembered and shared have in common: a clock, errors, crowds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import pytest

from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    ReadTimeout,
    UpstreamError,
)

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a test waits for a thread; it only costs a failing one."""
TINY = 2.0**-20
"""So little time that a clock of whole seconds still tells it apart."""

FAILURES: dict[str, ReadError] = {
    "upstream error": UpstreamError("it", "it broke"),
    "timeout": ReadTimeout("it", "it hung"),
}
ABSENCES: dict[str, ReadError] = {
    "not found": NotFound("it", "it is gone"),
    "forbidden": Forbidden("it", "it is not for us"),
    "not served": NotServed("it", "there is no such kind"),
}
ERRORS = {**ABSENCES, **FAILURES}
failures = pytest.mark.parametrize("error", FAILURES.values(), ids=FAILURES)
absences = pytest.mark.parametrize("error", ABSENCES.values(), ids=ABSENCES)
errors = pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is moved."""

    time: float = 1000.0

    def __call__(self) -> float:
        return self.time

    def deadline(self, seconds: float = 5.0) -> Deadline:
        """A deadline so many seconds from now, of which none pass."""
        return Deadline.after(seconds, self)


class Places(threading.BoundedSemaphore):
    """Places that tell when somebody has taken one: who has can only lead or wait."""

    def __init__(self, value: int) -> None:
        super().__init__(value)
        self._taken = threading.Semaphore(0)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take one, and tell."""
        taken = super().acquire(blocking, timeout)
        if taken:
            self._taken.release()
        return taken

    def wait_for(self, count: int) -> None:
        """Return once so many more were taken."""
        for _ in range(count):
            assert self._taken.acquire(timeout=PATIENCE)


class Hold:
    """Keeps whoever comes by until it is released."""

    def __init__(self) -> None:
        self._entered = threading.Semaphore(0)
        self._released = threading.Event()

    def __call__(self) -> None:
        """Wait."""
        self._entered.release()
        assert self._released.wait(PATIENCE)

    def wait_for(self, count: int = 1) -> None:
        """Return once so many have come by."""
        for _ in range(count):
            assert self._entered.acquire(timeout=PATIENCE)

    @property
    def is_waited_at(self) -> bool:
        """Whether anybody more has come by."""
        return self._entered.acquire(blocking=False)

    def release(self) -> None:
        """Keep nobody any longer."""
        self._released.set()


@contextmanager
def holding() -> Generator[Hold]:
    """A hold that ends with the test."""
    hold = Hold()
    try:
        yield hold
    finally:
        hold.release()


@dataclass(slots=True)
class Crowd(Generic[T]):
    """Threads that ask the same at once; `outcomes` holds what each of them got."""

    ask: Callable[[], T]
    outcomes: list[T | BaseException] = field(default_factory=list[T | BaseException])
    threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def start(self, count: int) -> None:
        """Start so many."""
        for _ in range(count):
            thread = threading.Thread(target=self._ask, daemon=True)
            self.threads.append(thread)
            thread.start()

    def _ask(self) -> None:
        try:
            self.outcomes.append(self.ask())
        except BaseException as error:
            self.outcomes.append(error)

    def end(self) -> list[T | BaseException]:
        """What all of them got."""
        for thread in self.threads:
            thread.join(PATIENCE)
        assert len(self.outcomes) == len(self.threads)
        return self.outcomes
