"""HTTP connections that keep a deadline and a bound over the whole answer, headers and body.

A socket's timeout covers one system call, so a server that drips a byte a second never runs into
it. Here every read of an answer is given just the time that is left, and so many bytes. An answer
whose end could be read in two ways is none, and a connection over which more came than the answer
is not used again: the rest would begin the next one.
"""

from __future__ import annotations

import io
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from k8s_heartbeat.core.reader import Deadline

if TYPE_CHECKING:
    from collections.abc import Generator

    from _typeshed import WriteableBuffer
    from urllib3 import HTTPResponse as Answer

__all__ = ["keep_deadlines", "reused_connection", "within"]

# The status line and the headers, with all that is informational before them.
_LARGEST_HEAD = 2**18
# The body as it is sent: somewhat more than is taken in of it, for what chunks add.
_LARGEST_REST = 40 * 2**20
_BODILESS = frozenset((204, 205, 304))


class _Exchange(threading.local):
    """What this thread's current request may use, and what became of it."""

    deadline: Deadline | None = None
    reused: bool = False
    connection: _Connection | None = None


_exchange = _Exchange()


@contextmanager
def within(deadline: Deadline) -> Generator[None]:
    """Bind this thread's requests to a deadline."""
    _exchange.deadline, _exchange.reused = deadline, False
    try:
        yield
    finally:
        _exchange.deadline = _exchange.connection = None


def reused_connection() -> bool:
    """Whether this thread's last request got no byte on a connection that had served before."""
    return _exchange.reused


class _TimedReader(io.RawIOBase):
    """A socket's raw reader that gives each read the time and the bytes that are left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self.left = _LARGEST_HEAD
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        if self.over:
            return 0
        if self.left <= 0:
            raise HTTPException("it sends more than is taken in")
        remaining = self._deadline.remaining()
        if remaining <= 0:
            raise TimeoutError("the deadline is over")
        self._sock.settimeout(remaining)
        count = self._raw.readinto(buffer)
        if count:
            self.left -= count
            # It has answered: what breaks from here on is no closed connection.
            _exchange.reused = False
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Stream(io.BufferedReader):
    """An answer's bytes; at its end it tells its connection whether more had come."""

    def __init__(self, reader: _TimedReader, connection: _Connection | None) -> None:
        super().__init__(reader)
        self._reader = reader
        self._connection = connection

    def close(self) -> None:
        if not self.closed and self._connection is not None:
            # Of what is in the buffer; nothing is waited for.
            self._reader.over = True
            self._connection.spent |= bool(self.peek())
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._timed: _TimedReader | None = None
        if _exchange.deadline is not None:
            self._timed = _TimedReader(self.fp.detach(), sock, _exchange.deadline)
            self.fp = _Stream(self._timed, _exchange.connection)

    def begin(self) -> None:
        super().begin()
        if self._timed is not None:
            self._timed.left = _LARGEST_REST
        lengths = self.headers.get_all("Content-Length", [])
        codings = self.headers.get_all("Transfer-Encoding", [])
        if len(lengths) + len(codings) > 1 or not all(map(_is_length, lengths)):
            raise HTTPException("its length can be read in two ways")
        if any(coding.lower() != "chunked" for coding in codings):
            raise HTTPException("its transfer encoding is unknown")


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


class _Connection(HTTPConnection):
    """Knows whether it has served before, and whether it may serve again."""

    response_class = _TimedResponse
    spent = False
    _served = False

    @property
    def is_connected(self) -> bool:
        # TLS decrypts a whole record at once: of what is left of it the socket knows nothing.
        pending = getattr(self.sock, "pending", None)
        rest = pending() if pending else 0
        return not self.spent and not rest and super().is_connected

    def close(self) -> None:
        super().close()
        self.spent = self._served = False

    def _new_conn(self) -> socket.socket:
        # urllib3 gives each address of a name the whole time; here they share it.
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        if self.timeout is not None:
            self.timeout /= max(1, len(addresses))
        return super()._new_conn()

    def getresponse(self) -> Answer:  # type: ignore[override]  # as urllib3 does
        _exchange.reused, _exchange.connection = self._served, self
        response = super().getresponse()
        self._served = True
        # They say that they have no body: one that comes all the same would begin the next answer.
        self.spent |= response.status in _BODILESS or response.status < 200
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
