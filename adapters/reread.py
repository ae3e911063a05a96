"""A file that is read again when it changes; while it is wrong, what it said before holds."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from .regular_files import open_regular_file

__all__ = ["RereadFile"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 0.5
# A file that changed a moment ago may be half written, by who is slow or waits for a disk.
_SETTLED_SECONDS = 1.0
_MOST_BYTES = 2**20


class RereadFile(Generic[T]):
    """What a file says, kept up to date by whoever asks for it.

    A change is taken up once the file has stood still, within two seconds, so that one that is
    still being written is not taken for what it will be.

    Args:
        path: The file.
        parse: Makes of its content what it says, or raises ValueError.
        clock: A monotonic clock, in seconds.
        wall: The wall clock, in Unix seconds: file systems keep that one.

    Raises:
        OSError: It cannot be read to begin with.
        ValueError: It is wrong to begin with.
    """

    def __init__(
        self,
        path: str,
        parse: Callable[[bytes], T],
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._path = path
        self._parse = parse
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._next_look = clock() + _EVERY_SECONDS
        self._content, _ = self._read()
        self._value = parse(self._content)
        self._seen, self._seen_at = self._content, clock()
        self._wrong: bytes | None = None
        self._fault = ""

    def current(self) -> T:
        """What it says, or said when it was last right; it is looked at twice a second at most."""
        if self._clock() >= self._next_look and self._lock.acquire(blocking=False):
            try:
                self._look()
                self._next_look = self._clock() + _EVERY_SECONDS
            finally:
                self._lock.release()
        return self._value

    def fault(self) -> str:
        """What is wrong with it now, so that what it said before is in force; empty if nothing."""
        self.current()
        return self._fault

    def _look(self) -> None:
        try:
            content, modified = self._read()
        except OSError as error:
            self._note(f"{self._path!a}: cannot be read ({error.strerror})")
            return
        if content != self._seen:
            self._seen, self._seen_at = content, self._clock()
        # By the file's own time, or where its clock and ours differ, by how long it was seen so.
        stood_still = max(self._wall() - modified, self._clock() - self._seen_at)
        settled = stood_still >= _SETTLED_SECONDS
        if content == self._content:
            self._wrong = None
            self._note("")
        elif settled and content != self._wrong:
            self._take(content)

    def _take(self, content: bytes) -> None:
        try:
            self._value = self._parse(content)
        except ValueError as error:
            # It would be found wrong anew at every look.
            self._wrong = content
            self._note(str(error))
            return
        self._content, self._wrong, self._fault = content, None, ""
        _log.info("%s has changed and is in force", self._path)

    def _note(self, fault: str) -> None:
        """Tell once what is wrong, and once that it is no longer."""
        if fault == self._fault:
            return
        self._fault = fault
        if fault:
            _log.error("what was said before stays in force: %s", fault)
        else:
            _log.info("%s is again what is in force", self._path)

    def _read(self) -> tuple[bytes, float]:
        with open_regular_file(self._path) as file:
            modified = os.fstat(file.fileno()).st_mtime
            # One byte too many is for the parser to refuse.
            return file.read(_MOST_BYTES + 1), modified
