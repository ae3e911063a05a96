"""How many connections the process has room for, by its limit of open files."""

from __future__ import annotations

import logging
import os
import resource

__all__ = ["TooFewFilesError", "room_for"]

_log = logging.getLogger(__name__)

# The fewest that are of use: for a kubelet, a load balancer and some monitors.
_LEAST = 16
# A thread may hold a connection to the cluster and one to a store of limits while it opens a file.
_PER_THREAD = 2
# Listeners, the loop's own, log, and files that are read again.
_FIXED = 32


class TooFewFilesError(Exception):
    """The limit of open files is too low to serve anybody.

    Attributes:
        limit: How many it may open.
        needed: How many the fewest connections that are of use take.
        wanted: How many it would use at most.
    """

    def __init__(self, limit: int, needed: int, wanted: int) -> None:
        super().__init__(f"the limit of open files is {limit}, and {needed} are needed")
        self.limit: int = limit
        self.needed: int = needed
        self.wanted: int = wanted


def room_for(connections: int, threads: int) -> int:
    """How many of the connections there are file descriptors for, beside those for threads.

    The soft limit of open files is raised as far as that takes, up to the hard one.

    Raises:
        TooFewFilesError: There is room for next to none.
    """
    reserved = _open_now() + _PER_THREAD * threads + _FIXED
    limit = _raised_to(reserved + connections)
    room = min(connections, limit - reserved)
    if room < _LEAST:
        raise TooFewFilesError(limit, reserved + _LEAST, reserved + connections)
    if room < connections:
        _log.warning(
            "only %d connections at once: the limit of open files is %d; "
            "ulimit -n %d gives room for %d",
            room,
            limit,
            reserved + connections,
            connections,
        )
    return room


def _open_now() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208  # the names alone, of what may be gone by then


def _raised_to(wanted: int) -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):
        # A sandbox may forbid it.
        return soft
    return raised
