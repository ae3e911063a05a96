"""The threads that answer, few of them awake at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Protocol

__all__ = ["Task", "Workers"]

_log = logging.getLogger(__name__)

_AWAKE = 1
_MOMENT = 0.002


class Task(Protocol):
    """Something to be done, such as to answer a connection's request."""

    def service(self) -> None:
        """Do it."""
        ...

    def cancel(self) -> None:
        """Drop it: it will not be done."""
        ...


class Workers:
    """A pool of threads that wakes no more of them than can make progress.

    All threads share one interpreter: with sixteen awake, each takes it from the others all the
    time, and together they answer fewer requests than one does. So another thread is woken only
    when the first task of the queue is still there after a moment, as when all that are awake wait
    for the cluster. It is the one that slept last, whose memory the processor still has at hand.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Task] = deque()
        self._threads: list[threading.Thread] = []
        # The locks that wake sleeping threads; the last slept last.
        self._asleep: list[threading.Lock] = []
        self._ended = False
        self._first: Task | None = None
        self._looked = 0.0

    @property
    def asleep(self) -> int:
        """How many threads have nothing to do."""
        return len(self._asleep)

    def start(self, count: int, name: str) -> None:
        """Start threads.

        Raises:
            RuntimeError: The system does not let the process start so many.
        """
        for number in range(count):
            thread = threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def add_task(self, task: Task) -> None:
        """Have a task done."""
        with self._lock:
            self._queue.append(task)
            if len(self._threads) - len(self._asleep) < _AWAKE:
                self._wake()

    def look(self) -> float | None:
        """Wake another thread where that is due; seconds until the next look, None if any will do.

        The loop does so at each of its turns.
        """
        if not self._queue:
            return None
        now = time.monotonic()
        if now >= self._looked + _MOMENT:
            with self._lock:
                first = self._queue[0] if self._queue else None
                if first is not None and first is self._first:
                    self._wake()
                self._first, self._looked = first, now
        return _MOMENT

    def end(self, seconds: float) -> None:
        """End every thread after its task, wait at most `seconds`, and cancel queued tasks."""
        with self._lock:
            self._ended = True
            left, self._queue = self._queue, deque()
            while self._asleep:
                self._wake()
        ends = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        for task in left:
            task.cancel()

    def _wake(self) -> None:
        if self._asleep:
            self._asleep.pop().release()

    def _work(self) -> None:
        wake = threading.Lock()
        wake.acquire()
        while True:
            with self._lock:
                task = self._queue.popleft() if self._queue else None
                if task is None:
                    if self._ended:
                        return
                    self._asleep.append(wake)
            if task is None:
                wake.acquire()
                continue
            try:
                task.service()
            except BaseException:
                _log.exception("an error that no answer was made of")
