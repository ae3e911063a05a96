"""An output stream that does not block on a slow reader."""

from __future__ import annotations

import json
import select
from datetime import UTC, datetime
from io import FileIO, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["unwaiting"]

# What a pipe that is ready accepts without blocking (PIPE_BUF of Linux).
_PIECE = 4_096
_STALL_MILLISECONDS = 200


class _Unwaiting(FileIO):
    """Writes without waiting long for the reader.

    A pipe without a reader fills up. A thread that then waits holds the lock that every line needs,
    and so stops the service.
    """

    _lost = 0
    _is_stalled = _is_amid = False
    _poll: select.poll | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of it, or lose it; waits once for a slow reader."""
        line = bytes(data)
        rest = self._missing() + line if self._lost else line
        while rest:
            if not self._is_read():
                self._lost += 1
                break
            rest = rest[super().write(rest[:_PIECE]) or 0 :]
            self._is_amid = bool(rest)
        else:
            self._lost = 0
        return len(line)

    def _is_read(self) -> bool:
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.fileno(), select.POLLOUT)
        self._is_stalled = not self._poll.poll(0 if self._is_stalled else _STALL_MILLISECONDS)
        return not self._is_stalled

    def _missing(self) -> bytes:
        """The end of a line that was cut off, and a line that reports the lost ones."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = f"{self._lost} lines were lost: nobody read them"
        told = {"time": time, "level": "WARNING", "logger": __name__, "message": message}
        return b"\n" * self._is_amid + json.dumps(told).encode() + b"\n"


def unwaiting(stream: TextIO) -> TextIO:
    """A stream past its buffer: what could not be written there would fail once more at exit."""
    try:
        raw = _Unwaiting(stream.fileno(), "w", closefd=False)
    except (AttributeError, OSError, ValueError):
        # It has no file descriptor, or there is no stream.
        return stream
    return TextIOWrapper(raw, "ascii", write_through=True)
