"""Sends authenticated requests to the API server, each bounded in size and by a deadline.

A socket's timeout covers one system call, so a server that sends a byte a second never exceeds it.
Here every read of a response gets only the time and the bytes that are left. A response whose end
is ambiguous is rejected, and a connection that delivered more than the response is not reused: the
rest would begin the next one.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.checks.reader import Deadline, ReadError, ReadTimeout, UpstreamError

from ..counters import COUNTERS, ApiKey
from ..memory import LARGEST, SMALL, Room
from ..waits import waiting
from ..work import count_api_call
from .connect import Connection, CredentialsError, NoClusterError
from .patience import Patience

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from urllib3 import BaseHTTPResponse
    from urllib3 import HTTPResponse as Answer

__all__ = ["Client", "Request", "TooLargeError"]

_LARGEST_BODY = LARGEST * 2 // 5
# On the wire a body is longer, because of chunk headers.
_LARGEST_REST = _LARGEST_BODY * 5 // 4
# The status line and the headers, with all that is informational before them.
_LARGEST_HEAD = 2**18
_CHUNK = 2**16
# In digits: a longer number exceeds 64 bits.
_LONGEST_LENGTH = 20
# Leaves time to answer when the API server is not there at all.
_CONNECT_SECONDS = 3.0
# Between two looks for a configuration when the API server cannot be reached.
_PAUSE = 10.0
# The same when it refuses the credentials, which may have been replaced just now: each look may run
# a credential plugin.
_PAUSE_WHEN_REFUSED = 1.0
_OUTCOMES = {
    200: "ok",
    201: "ok",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    429: "throttled",
}
_BODILESS = frozenset((204, 205, 304))


class TooLargeError(UpstreamError):
    """A response of more bytes than the bound."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the API server; repeating it changes nothing in the cluster.

    Attributes:
        path: The path of the URL, quoted, with its query.
        what: The name of the requested thing in errors.
        accept: The media type to ask for.
        body: JSON to POST, for a review; None for a GET.
        verb: What it is counted as: Kubernetes' verb; `discover` and `ping` for what is no object.
        kind: The kind that it is counted under, one of a few, or a word of ours; empty where it is
            about none, None for any other.
    """

    path: str
    what: str
    accept: str = "application/json"
    body: bytes | None = None
    verb: str = "get"
    kind: Kind | str | None = ""


class Client:
    """Sends requests over kept-alive connections, with a configuration that may be replaced.

    Args:
        connect: Makes a connection by the configuration as it is now. It is called again when the
            API server refuses the credentials, and when it cannot be reached or verified.
        clock: A monotonic clock, in seconds.

    Raises:
        NoClusterError: No cluster's configuration was found.
    """

    def __init__(
        self, connect: Callable[[], Connection], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._changed = threading.Condition()
        self._looking = False
        self._looked = float("-inf")
        self._problem = ""
        self._connection = _bounded(connect())
        self._patience = Patience(self._look_for_an_answer, clock)

    @property
    def origin(self) -> str:
        """Which configuration it works with, for people."""
        return self._connection.origin

    @property
    def namespace(self) -> str:
        """The namespace that its configuration names as the one to work in."""
        return self._connection.namespace

    def close(self) -> None:
        """Close its connections; the next request opens new ones."""
        self._patience.close()
        self._connection.close()

    def send(  # noqa: PLR0912  # one exchange, counted to its end
        self, request: Request, deadline: Deadline, room: Room | None, *, patient: bool = False
    ) -> tuple[int, bytes]:
        """The status and the body of one answer.

        Args:
            request: What to ask.
            deadline: When all of it must be over.
            room: Grown for a large answer; None to take none in.
            patient: Whether to wait until the deadline also while the API server hangs.

        Raises:
            ReadTimeout: The deadline passed.
            TooLargeError: The body is over the bound.
            UpstreamError: There was no whole answer.
        """
        began, status, failed = self._clock(), 0, "error"
        repeated = renewed = False
        try:
            while True:
                connection = self._connection
                try:
                    brief = self._patience.hangs and not patient
                    first_by = self._patience.brief(deadline) if brief else deadline
                    timeout = _started(request.what, deadline, first_by)
                    headers = connection.headers(request.accept, deadline)
                    if request.body is not None:
                        headers["Content-Type"] = "application/json"
                    count_api_call()
                    with waiting():
                        response = connection.pools.request(
                            "GET" if request.body is None else "POST",
                            connection.host + request.path,
                            body=request.body,
                            headers=headers,
                            timeout=timeout,
                            retries=False,
                            redirect=False,
                            preload_content=False,
                            decode_content=False,
                        )
                        body = _body_of(response, request.what, deadline, room)
                except ReadError:
                    raise
                except Exception as error:  # credential plugins raise whatever they like
                    # A server may close a kept-alive connection just as it is used again.
                    if _now.reused and not repeated and isinstance(error, ProtocolError):
                        repeated = True
                    elif (
                        not renewed
                        and _may_be_replaced(error)
                        and self._renewed(connection, deadline, _PAUSE)
                    ):
                        renewed = True
                    else:
                        # A ValueError quotes the data to send, including the token.
                        cause = None if isinstance(error, ValueError) else error
                        failure = self._failure(request.what, error)
                        if isinstance(failure, ReadTimeout) and not (_now.answered or patient):
                            self._patience.lost()
                        raise failure from cause
                    continue
                finally:
                    _now.deadline = _now.connection = None
                status = response.status
                if status != 401 or renewed:
                    return status, body
                renewed = self._renewed(connection, deadline, _PAUSE_WHEN_REFUSED)
                if not renewed:
                    raise UpstreamError(
                        request.what, f"the API server refuses the credentials{self._problem}"
                    )
        except ReadTimeout:
            status, failed = 0, "timeout"
            raise
        finally:
            key = ApiKey(request.verb, request.kind, _OUTCOMES.get(status, failed))
            COUNTERS.api_requests.add(key, self._clock() - began)

    def _look_for_an_answer(self, deadline: Deadline) -> None:
        self.send(
            Request("/healthz", "the API server's health", "*/*", verb="ping"),
            deadline,
            None,
            patient=True,
        )

    def _renewed(self, failed: Connection, deadline: Deadline, pause: float) -> bool:
        """Reload the configuration if due; whether there is a new connection for a failed one."""
        with self._changed:
            due = self._clock() >= self._looked + pause
            if self._connection is failed and due and not self._looking:
                # A credential plugin may hang for longer than any deadline.
                threading.Thread(target=self._look, daemon=True).start()
                self._looking, self._looked = True, self._clock()
            while self._looking and self._changed.wait(deadline.remaining()):
                pass
            return self._connection is not failed

    def _look(self) -> None:
        """Make a connection by the configuration as it is now; without one, the old one stays."""
        replaced, made, problem = self._connection, self._connection, ""
        try:
            made = _bounded(self._connect())
        except NoClusterError as error:
            problem = f"; {error}"
        except Exception as error:  # nobody else would see it
            problem = f"; the configuration cannot be read ({type(error).__name__})"
        with self._changed:
            self._connection, self._problem, self._looking = made, problem, False
            self._changed.notify_all()
        if made is not replaced:
            replaced.close()

    def _failure(self, what: str, error: Exception) -> ReadError:
        """Translate an error of the libraries."""
        # A fault of the configuration does not explain a response that broke off.
        note = self._problem if _may_be_replaced(error) else ""
        if isinstance(error, CredentialsError):
            return UpstreamError(what, f"the credentials cannot be had ({error}){note}")
        if isinstance(error, NewConnectionError):  # to urllib3 a timeout too
            return UpstreamError(what, f"the API server cannot be reached{note}")
        if isinstance(error, ConnectTimeoutError | ReadTimeoutError | TimeoutError):
            return ReadTimeout(what, f"the API server did not answer in time{note}")
        if isinstance(error, ValueError):
            return UpstreamError(what, f"the request could not be put together{note}")
        known = isinstance(error, HTTPError | OSError)
        came = "the API server broke off" if known else "the API server could not be asked"
        cause = error.args[1] if len(error.args) > 1 else error
        return UpstreamError(what, f"{came} ({type(cause).__name__}){note}")


class _Exchange(threading.local):
    """The bounds and the progress of this thread's current request."""

    deadline: Deadline | None = None
    first_by: Deadline | None = None
    """When the first byte of the answer must be there."""
    connection: _Connection | None = None
    sent: bool = False
    answered: bool = False
    """Whether any byte came."""
    reused: bool = False
    """Whether it got no byte on a connection that had served before."""


_now = _Exchange()


def _may_be_replaced(error: Exception) -> bool:
    """Whether another configuration may do better where a request failed.

    By TLS 1.3 a server refuses a client's certificate only after the client has begun to send.
    """
    return not _now.sent or (isinstance(error, SSLError) and not _now.answered)


def _started(what: str, deadline: Deadline, first_by: Deadline) -> Timeout:
    """Bind this thread's next exchange to a deadline; the timeouts of its first steps."""
    remaining = first_by.remaining()
    if remaining <= 0:
        raise ReadTimeout(what, "no time was left to ask the API server")
    _now.deadline, _now.first_by = deadline, first_by
    _now.sent = _now.reused = _now.answered = False
    return Timeout(connect=min(remaining, _CONNECT_SECONDS), read=remaining)


def _body_of(response: BaseHTTPResponse, what: str, deadline: Deadline, room: Room | None) -> bytes:
    """All of an answer's body."""
    # Unlike pieces that are joined, it never holds the whole of it twice.
    body = io.BytesIO()
    complete = False
    try:
        expected = _length_of(response, what)
        while chunk := response.read1(_CHUNK):
            if body.tell() <= SMALL < body.tell() + len(chunk):
                if room is None:
                    raise _too_large(what)
                room.grow(what, deadline)
            body.write(chunk)
            if body.tell() > _LARGEST_BODY:
                raise _too_large(what)
        if expected not in (None, body.tell()):
            raise UpstreamError(what, "the API server's answer was cut off")
        complete = True
    except ValueError as error:  # such as a chunk of negative length
        raise UpstreamError(what, "the API server's answer is no HTTP") from error
    finally:
        # An unread rest must not be taken for the next response.
        response.release_conn() if complete else response.close()
    return body.getvalue()


def _length_of(response: BaseHTTPResponse, what: str) -> int | None:
    """The length of a body that may be read; None where it is sent in chunks."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UpstreamError(what, "the API server's answer is encoded, which was not asked for")
    length = response.headers.get("Content-Length", "")
    if not length.isdecimal():
        return None
    if int(length) > _LARGEST_BODY:
        raise _too_large(what)
    return int(length)


def _too_large(what: str) -> TooLargeError:
    return TooLargeError(what, f"the API server's answer is over {_LARGEST_BODY >> 20} MiB")


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
        until = self._deadline if _now.answered else _now.first_by or self._deadline
        remaining = until.remaining()
        if remaining <= 0:
            raise TimeoutError("the deadline is over")
        self._sock.settimeout(remaining)
        count = self._raw.readinto(buffer)
        if count:
            self.left -= count
            # It has answered: a failure from here on is no stale connection.
            _now.reused, _now.answered = False, True
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Stream(io.BufferedReader):
    """The bytes of a response; at the end it notes whether more were received."""

    def __init__(self, reader: _TimedReader, connection: _Connection | None) -> None:
        super().__init__(reader)
        self._reader = reader
        self._connection = connection

    def close(self) -> None:
        if not self.closed and self._connection is not None:
            # Look only at the buffer, without waiting.
            self._reader.over = True
            self._connection.spent |= bool(self.peek())
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._timed: _TimedReader | None = None
        if _now.deadline is not None:
            self._timed = _TimedReader(self.fp.detach(), sock, _now.deadline)
            self.fp = _Stream(self._timed, _now.connection)

    def begin(self) -> None:
        super().begin()
        if self._timed is not None:
            self._timed.left = _LARGEST_REST
        lengths = self.headers.get_all("Content-Length", [])
        codings = self.headers.get_all("Transfer-Encoding", [])
        length = lengths[0] if lengths else "0"
        plain = length.isascii() and length.isdecimal() and len(length) < _LONGEST_LENGTH
        if len(lengths) + len(codings) > 1 or not plain:
            raise HTTPException("its length can be read in two ways")
        if codings and codings[0].lower() != "chunked":
            raise HTTPException("its transfer encoding is unknown")


class _Connection(HTTPConnection):
    """A connection that records whether it was, and may be, reused."""

    response_class = _TimedResponse
    spent = False
    _served = False

    @property
    def is_connected(self) -> bool:
        # TLS decrypts a whole record at once: the socket does not show what is left of it.
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
        _now.sent, _now.reused, _now.connection = True, self._served, self
        response = super().getresponse()
        self._served = True
        # These have no body by definition: one sent anyway would begin the next response.
        self.spent |= response.status in _BODILESS or response.status < 200
        return response


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # nor does urllib3's own fit


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]  # nor does urllib3's own fit


def _bounded(connection: Connection) -> Connection:
    """Make every exchange of a connection keep the deadline of its thread."""
    classes: dict[str, type[HTTPConnectionPool] | type[HTTPSConnectionPool]] = {
        "http": _Pool,
        "https": _SecurePool,
    }
    connection.pools.pool_classes_by_scheme = classes
    return connection
