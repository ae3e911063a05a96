"""Reads files named by a user: bounded and without waiting.

A FIFO would be waited for, and a device or a file that grows would be read without end.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

__all__ = ["open_regular_file", "read_regular_file", "read_within"]

_PIECE = 2**20
_UNITS = (("MiB", 2**20), ("KiB", 2**10))


def open_regular_file(path: str) -> BinaryIO:
    """Open a file for reading.

    Raises:
        OSError: It cannot be read, or is a FIFO, a device, a socket or a folder.
    """
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115  # takes an opener
    except ValueError as error:
        # A null character, or one that no path can have.
        raise OSError(errno.EINVAL, str(error)) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file")
    return file


def read_regular_file(path: str, most: int) -> bytes:
    """The content of a file.

    Args:
        path: The file.
        most: The largest size that is read, in bytes.

    Raises:
        OSError: It cannot be read, is not a regular file, or is larger.
    """
    with open_regular_file(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise _too_large(most)
        return read_within(file, most)


def read_within(file: BinaryIO, most: int) -> bytes:
    """All that a file or a stream holds.

    Args:
        file: What is read to its end.
        most: The largest size that is read, in bytes.

    Raises:
        OSError: It cannot be read, or is larger.
    """
    # In pieces: a small file does not need memory for the whole bound.
    pieces: list[bytes] = []
    left = most
    while piece := file.read(min(_PIECE, left + 1)):
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            raise _too_large(most)
    return b"".join(pieces)


def _too_large(most: int) -> OSError:
    units = (f"{most // factor} {unit}" for unit, factor in _UNITS if most % factor == 0)
    return OSError(errno.EFBIG, f"larger than {next(units, f'{most} bytes')}")


def _without_waiting(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NONBLOCK)
    except OSError as error:
        # What opening a socket gives.
        if error.errno == errno.ENXIO:
            raise OSError(errno.EINVAL, "not a regular file") from None
        raise
