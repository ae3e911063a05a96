"""How the C library's allocator serves many threads."""

from __future__ import annotations

import ctypes
from contextlib import suppress

__all__ = ["share_arenas"]

# malloc.h of glibc.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_ARENAS = 2
_LARGE = 2**18


def share_arenas() -> None:
    """Have all threads that start from now on share two arenas, and large blocks stay out of them.

    glibc gives threads up to eight arenas for each processor, and what one frees another cannot
    use: the more processors, the more memory the same work holds. Python's own lock leaves the
    arenas next to no contention to relieve. A block of an answer's size goes back to the system as
    it is freed: by itself glibc takes the next ones from the arenas once it has seen one, and what
    is kept of each answer then holds on to the room of the whole. Other C libraries have no such
    thing.
    """
    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
