"""How the C library's allocator serves many threads."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["share_arenas"]

# malloc.h of glibc.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_ARENAS = 2
_LARGE = 2**18
_VARIABLES = {"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_"}


def share_arenas() -> None:
    """Have all threads that start from now on share two arenas, and large blocks stay out of them.

    glibc gives threads up to eight arenas for each processor, and memory freed in one cannot be
    used by another: the more processors, the more memory the same work holds. Python's own lock
    leaves them next to no contention to relieve. Blocks of a response's size are returned to the
    system when freed: by default glibc, once it has seen one, takes the next from the arenas, and
    the parts kept of a response then pin the memory of the whole. Other C libraries have no arenas.

    Where glibc's own variables say all of it, as in the image, there is nothing left to do.
    """
    if os.environ.keys() >= _VARIABLES:
        return
    import ctypes  # noqa: PLC0415  # takes a fiftieth of a start

    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
