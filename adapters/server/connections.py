"""Client connections, with the limits that waitress does not enforce.

waitress waits for a silent client only, not for one that sends a byte a second or never reads its
answer; its threads wait for clients that ask much at once; and it resets the connection of a client
that it refuses.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest

from ..http.problems import STATUS_HEADER
from ..http.rendering import to_json
from ..http.request_log import REQUEST_ID_HEADER
from ..http.state import BEGAN
from .parser import Parser

if TYPE_CHECKING:
    from .listener import Listener

__all__ = ["Connection", "State", "victims"]

_log = logging.getLogger(__name__)

# A newer one is not closed to make room: it may be about to ask.
_FRESH_SECONDS = 1.0
_NO_REQUEST = "the request is not HTTP as this server takes it"
_FAILED = "an error in the service itself"
_INTERNAL = 500


class State(IntEnum):
    """What a connection waits for."""

    IDLE = 0
    """The next request."""
    ASKING = 1
    """The rest of a request."""
    WORKED_ON = 2
    """Our response."""
    READING = 3
    """The client to read the response."""
    REFUSED = 4
    """The client to close it, after a refusal."""


class _Refusal(ErrorTask):
    """The server's own answer to a request that no application should see, as a problem too."""

    def execute(self) -> None:
        request = cast(Parser, self.request)
        error = request.error or BadRequest("")
        problem = {
            "type": "about:blank",
            "title": error.reason,
            "status": error.code,
            "up": False,
            "detail": _FAILED if error.code == _INTERNAL else _NO_REQUEST,
        }
        body = to_json(problem).encode()
        request_id = uuid4().hex
        self.version = "1.1"
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [
            ("Content-Type", "application/problem+json"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            (STATUS_HEADER, "unknown"),
            (REQUEST_ID_HEADER, request_id),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        connection = cast(Connection, self.channel)
        connection.is_refused = True
        fields = {
            "status": error.code,
            "client": connection.client,
            "cause": error.body,
            "requestId": request_id,
        }
        if error.code == _INTERNAL:
            _log.error("%s: %s", _FAILED, self.status, extra={"fields": fields})
        else:
            _log.info("refused what is no request: %s", self.status, extra={"fields": fields})
        self.write(b"" if request.is_head else body)


class _Task(WSGITask):
    """A response that closes the connection once the service is about to stop."""

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environ, with the moment when the request came."""
        return {**super().get_environment(), BEGAN: cast(Connection, self.channel).since}

    def build_response_header(self) -> bytes:
        connection = cast(Connection, self.channel)
        # Requests that wait on this connection are answered too.
        if connection.listener.is_stopping() and b"\r\n\r\n" not in connection.ahead:
            self.set_close_on_finish()
        return super().build_response_header()


class Connection(HTTPChannel):
    """A connection that takes one request at a time, and knows since when it waits for what.

    Attributes:
        since: When its state last changed, in seconds of the monotonic clock.
        ahead: What the client sent after the request that is in progress.
        is_refused: Whether the client sent an invalid request.
    """

    parser_class: type[HTTPRequestParser] = Parser
    error_task_class: type[ErrorTask] = _Refusal
    task_class: type[WSGITask] = _Task
    since: float
    ahead: bytes = b""
    is_refused: bool = False
    _is_hung_up = False
    _is_sending = False
    # Missing from waitress's type stubs.
    requests_lock: threading.Lock
    _flush_exception: Callable[[Callable[..., bool]], object]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.since = time.monotonic()

    @property
    def listener(self) -> Listener:
        """Its listener."""
        return cast("Listener", self.server)

    @property
    def client(self) -> str:
        """The address of its client."""
        return str(cast(tuple[Any, ...], self.addr)[0])

    @property
    def state(self) -> State:
        """What it waits for."""
        if self._is_hung_up:
            return State.REFUSED
        if self.requests or (self.ahead and not self.total_outbufs_len):
            return State.WORKED_ON
        if self.total_outbufs_len:
            return State.READING
        return State.IDLE if self.request is None else State.ASKING

    @property
    def is_busy(self) -> bool:
        """Whether a request is in flight or queued, or its answer not yet taken."""
        return self.state in (State.WORKED_ON, State.READING)

    def readable(self) -> bool:
        """Whether to read from the client; starts on what it sent ahead, once that is due."""
        if self._is_hung_up:
            return True
        if self.ahead and super().readable():
            self.received(b"")
        return not self.ahead and super().readable()

    def writable(self) -> bool:
        """Whether there is something to send, that a thread of the pool is not sending already.

        waitress returns true in that case too: the loop then spins and slows that very thread down.
        """
        is_ours = self._is_hung_up or self._is_sending
        return not is_ours and bool(super().writable())

    def received(self, data: bytes) -> bool:
        """Take in what the client sent, up to the end of its first request.

        The next one waits until the answer is taken: otherwise a client could ask for thousands of
        answers that it never reads, and a thread would wait for it to read them.
        """
        with self.requests_lock:
            if self.will_close or self.close_when_flushed:
                return False
            data = self.ahead + data
            while data and not self.requests:
                data = data[self._take(data) :]
            self.ahead = data
        return True

    def _take(self, data: bytes) -> int:
        if self.request is None:
            self.request = self.parser_class(self.adj)
            self.since = time.monotonic()
        request = self.request
        taken = request.received(data)
        if request.expect_continue and request.headers_finished and not self.sent_continue:
            self.send_continue()
        if request.completed:
            self.sent_continue = False
            self.request = None
            self.since = time.monotonic()
            if not request.empty:
                cast(list[HTTPRequestParser], self.requests).append(request)
                self.listener.hand_over(self, request)
        return taken

    def service(self) -> None:
        """Answer the request; in a thread of the pool."""
        super().service()
        self.since = time.monotonic()

    def handle_read(self) -> None:
        """Receive data."""
        if not self._is_hung_up:
            super().handle_read()
            return
        try:
            self.recv(self.adj.recv_bytes)
        except OSError:
            self.handle_close()

    def handle_write(self) -> None:
        """Send pending data."""
        if not (self.is_refused and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif self.connected and not self.total_outbufs_len:
            self._hang_up()

    def _flush_some(self, do_close: bool = True) -> bool:
        self._is_sending = True
        try:
            return bool(cast(Any, super())._flush_some(do_close))
        finally:
            self._is_sending = False

    def _hang_up(self) -> None:
        """Shut down our side only: closing a socket with unread bytes discards the response."""
        self._is_hung_up = True
        self.since = time.monotonic()
        with suppress(OSError):
            cast(socket.socket, self.socket).shutdown(socket.SHUT_WR)


def victims(connections: Collection[Connection], count: int, now: float) -> list[Connection]:
    """The first connections to close to make room for others, at most `count`.

    Never one whose request is in progress. First those of an address that holds more than half of
    all; then those unchanged for a while, as a new one may be about to ask; of these the idle ones
    first; then the longest unchanged.
    """
    held = Counter(connection.client for connection in connections)

    def order(connection: Connection) -> tuple[bool, bool, bool, float]:
        is_fresh = now - connection.since < _FRESH_SECONDS
        return (
            2 * held[connection.client] <= len(connections),
            is_fresh,
            not is_fresh and connection.state is not State.IDLE,
            connection.since,
        )

    closable = [entry for entry in connections if entry.state is not State.WORKED_ON]
    return sorted(closable, key=order)[:count]
