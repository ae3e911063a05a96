"""The threads that answer, few of them awake at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Protocol

from ..waits import works_for

__all__ = ["Task", "Workers"]

_log = logging.getLogger(__name__)

_AWAKE = 1
_MOMENT = 0.01
_RETRY_SECONDS = 10
_TOO_FEW = (
    "goes on with %d of %d %s threads, as no more can be started (%s): raise the limit of "
    "processes and threads (ulimit -u, or the pids limit of the container), or lower "
    "HEARTBEAT_THREADS"
)


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
    time, and together they answer fewer requests than one does. So another one is woken only while
    those that are awake wait for something else, such as the API server (`waits.waiting`). In case
    of other waits, more are woken when tasks are queued and none is finished for a moment. The one
    that slept last is woken first: the processor still has its memory at hand. One is started when
    none is asleep that could be woken: a process that starts all of them first answers later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Task] = deque()
        self._threads: list[threading.Thread] = []
        self._most = 0
        self._next_start = 0.0
        self._name = ""
        # The locks that wake sleeping threads; the last slept last.
        self._asleep: list[threading.Lock] = []
        self._ended = False
        self._paused = 0
        self._finished = 0
        # When it was last found that tasks wait, how many were finished then, and how many threads
        # are woken if none is until the next look.
        self._looked: float | None = None
        self._seen = 0
        self._more = 1

    @property
    def asleep(self) -> int:
        """How many threads have nothing to do."""
        return len(self._asleep)

    @property
    def queued(self) -> int:
        """How many tasks nobody has begun."""
        return len(self._queue)

    def start(self, most: int, name: str) -> None:
        """Start the first thread, and allow so many.

        Raises:
            RuntimeError: The system does not let the process start any.
        """
        self._most, self._name = most, name
        self._start_one()

    def add_task(self, task: Task) -> None:
        """Have a task done."""
        with self._lock:
            self._queue.append(task)
            self._wake_if_due()

    def look(self) -> float | None:
        """Wake other threads if that is due; seconds until the next look, None if any will do.

        The loop does so at each of its turns. From one look to the next twice as many are woken,
        until a task is finished again.
        """
        if not self._queue:
            self._looked = None
            return None
        now = time.monotonic()
        if self._looked is None:
            self._looked, self._seen, self._more = now, self._finished, 1
        elif now >= self._looked + _MOMENT:
            with self._lock:
                if self._finished != self._seen:
                    self._more = 1
                else:
                    for _ in range(min(self._more, len(self._queue))):
                        self._wake()
                    self._more *= 2
                self._looked, self._seen = now, self._finished
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

    def paused(self) -> None:
        """One of the threads begins to wait: another one may work meanwhile."""
        with self._lock:
            self._paused += 1
            if self._queue:
                self._wake_if_due()

    def resumed(self) -> None:
        """It goes on."""
        with self._lock:
            self._paused -= 1

    def _wake_if_due(self) -> None:
        if len(self._threads) - len(self._asleep) - self._paused < _AWAKE:
            self._wake()

    def _wake(self) -> None:
        if self._asleep:
            self._asleep.pop().release()
        elif len(self._threads) < self._most and time.monotonic() >= self._next_start:
            try:
                self._start_one()
            except RuntimeError as error:
                _log.warning(_TOO_FEW, len(self._threads), self._most, self._name, error)
                self._next_start = time.monotonic() + _RETRY_SECONDS

    def _start_one(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        works_for(self)
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
            self._finished += 1
