"""The signals that stop a process: SIGTERM, SIGINT, and SIGHUP unless nohup has it ignored."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

__all__ = ["Stop", "Stopped", "ended_by_a_stop", "raised_by_a_stop"]

_STOPS = (signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Whether a service was asked to stop.

    It has no lock: a handler that interrupts another one would deadlock.

    Attributes:
        interrupted: Whether by SIGINT: then there is no wait for load balancers.
    """

    def __init__(self) -> None:
        self._asked = False
        self.interrupted: bool = False

    def is_asked(self) -> bool:
        """Whether a stop was requested."""
        return self._asked

    def ask(self) -> None:
        """Request a stop."""
        self._asked = True

    def by_signals(self) -> AbstractContextManager[None]:
        """A context in which signals request a stop; main thread only.

        A second SIGINT raises KeyboardInterrupt.
        """
        return _handling({**dict.fromkeys(_STOPS, self.ask), signal.SIGINT: self._interrupt})

    def _interrupt(self) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
        self.ask()


def ended_by_a_stop(code: int = 0) -> AbstractContextManager[None]:
    """Within this context, a stop ends the process at once: nobody waits for an answer.

    The kernel drops a signal to the first process of a container that has no handler for it.

    Args:
        code: The exit code.
    """
    return _handling(dict.fromkeys(_STOPS, lambda: os._exit(code)))


class Stopped(BaseException):
    """A signal asks the process to stop.

    Like KeyboardInterrupt it is not an Exception, so no handler of errors catches it.

    Attributes:
        exit_code: The code that shells expect then.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code: int = 128 + number


def raised_by_a_stop() -> AbstractContextManager[None]:
    """Within this context, a stop raises `Stopped`, as SIGINT raises KeyboardInterrupt."""

    def stop(number: int) -> Callable[[], None]:
        def act() -> None:
            raise Stopped(number)

        return act

    return _handling({number: stop(number) for number in _STOPS})


@contextmanager
def _handling(handlers: Mapping[signal.Signals, Callable[[], None]]) -> Generator[None]:
    previous = {
        number: signal.signal(number, _handler(act))
        for number, act in handlers.items()
        if number is signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _handler(act: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    return handle
