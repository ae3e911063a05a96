"""HTTP connections that keep a deadline over the whole answer, headers and body.

A socket's timeout covers one system call, so a server that drips a byte a second never runs into
it. Here every read of an answer is given just the time that is left.
"""

from __future__ import annotations

import io
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from k8s_heartbeat.core.reader import Deadline

if TYPE_CHECKING:
    from collections.abc import Generator

    from _typeshed import WriteableBuffer
    from urllib3 import HTTPResponse as Answer

__all__ = ["keep_deadlines", "reused_connection", "within"]


class _Exchange(threading.local):
    """What this thread's current request may use, and what became of it."""

    deadline: Deadline | None = None
    reused: bool = False


_exchange = _Exchange()


@contextmanager
def within(deadline: Deadline) -> Generator[None]:
    """Bind this thread's requests to a deadline."""
    _exchange.deadline, _exchange.reused = deadline, False
    try:
        yield
    finally:
        _exchange.deadline = None


def reused_connection() -> bool:
    """Whether this thread's last request went over a connection that had served one before."""
    return _exchange.reused


class _TimedReader(io.RawIOBase):
    """A socket's raw reader that gives each read the time that is left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        remaining = self._deadline.remaining()
        if remaining <= 0:
            raise TimeoutError("the deadline is over")
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if _exchange.deadline is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_TimedReader(raw, sock, _exchange.deadline))


class _Connection(HTTPConnection):
    """Counts its answers, to tell a new connection from one that was kept alive."""

    response_class = _TimedResponse
    _answers = 0

    def _new_conn(self) -> socket.socket:
        # urllib3 gives each address of a name the whole time; here they share it.
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        if self.timeout is not None:
            self.timeout /= max(1, len(addresses))
        return super()._new_conn()

    def getresponse(self) -> Answer:  # type: ignore[override]  # as urllib3 does
        _exchange.reused = self._answers > 0
        response = super().getresponse()
        self._answers += 1
        # It has answered: what breaks from here on is no closed connection.
        _exchange.reused = False
        return response


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # nor does urllib3's own fit


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]  # nor does urllib3's own fit


def keep_deadlines(pools: PoolManager) -> None:
    """Make every connection that `pools` opens from now on keep the deadline of its thread."""
    classes: dict[str, type[HTTPConnectionPool] | type[HTTPSConnectionPool]] = {
        "http": _Pool,
        "https": _SecurePool,
    }
    pools.pool_classes_by_scheme = classes
