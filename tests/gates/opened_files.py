"""How often the files in a folder are opened, by whomever: what the kernel tells of it."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Openings"]

# Of <sys/inotify.h>.
_IN_OPEN = 0x20
_EVENT = struct.Struct("iIII")
_APART = 1.0


class Openings:
    """Notes each opening of one file in a folder, while it is entered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._moments: list[float] = []

    def __enter__(self) -> Self:
        """Begin."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = int(libc.inotify_init1(os.O_CLOEXEC))
        watched = libc.inotify_add_watch(self._inotify, os.fsencode(self._path.parent), _IN_OPEN)
        assert min(self._inotify, watched) >= 0, os.strerror(ctypes.get_errno())
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""
        self._ended.set()
        self._thread.join(5)
        os.close(self._inotify)

    def looks(self) -> list[float]:
        """When somebody began to look, who may open it several times in a row."""
        found: list[float] = []
        last = float("-inf")
        for moment in list(self._moments):
            if moment - last > _APART:
                found.append(moment)
            last = moment
        return found

    def _watch(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._inotify], [], [], 0.1)[0]:
                continue
            data = os.read(self._inotify, 2**16)
            at = 0
            while at < len(data):
                length = _EVENT.unpack_from(data, at)[3]
                at += _EVENT.size
                if data[at : at + length].rstrip(b"\0").decode() == self._path.name:
                    self._moments.append(time.monotonic())
                at += length
