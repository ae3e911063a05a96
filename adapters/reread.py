"""A file that is re-read when it changes; while it is invalid, its last valid content applies."""

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
# A file that changed a moment ago may be half written, by a slow writer or disk.
_SETTLED_SECONDS = 1.0
_MOST_BYTES = 2**20


class RereadFile(Generic[T]):
    """The parsed content of a file, kept up to date on use.

    A change takes effect within two seconds, once the file has stopped changing, so that a
    half-written file is not used.

    Args:
        path: The file.
        parse: Parses its content, or raises ValueError.
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
        """The last valid content; the file is checked twice a second at most."""
        if self._clock() >= self._next_look and self._lock.acquire(blocking=False):
            try:
                self._look()
                self._next_look = self._clock() + _EVERY_SECONDS
            finally:
                self._lock.release()
        return self._value

    def fault(self) -> str:
        """Why the current content is not used and the previous one applies; empty if it is."""
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
        if not content.strip() and self._content.strip():
            # A write that was cut off, or a full disk, leaves it so.
            self._wrong = content
            self._note(f"{self._path!a}: is empty")
            return
        try:
            self._value = self._parse(content)
        except ValueError as error:
            # So that it is not parsed at every check.
            self._wrong = content
            self._note(str(error))
            return
        self._content, self._wrong, self._fault = content, None, ""
        _log.info("%s has changed and is in force", self._path)

    def _note(self, fault: str) -> None:
        """Log a fault once, and its end once."""
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
