"""The classic entry point: waitress with a loop of our own, so that stopping loses no request.

waitress itself knows no graceful stop: SIGTERM kills what is in flight, and as PID 1 it ignores
the signal. Here a stop turns readiness to 503, goes on serving for a while so that load balancers
notice, closes the listener, answers all that is in flight or queued, and ends.
"""

from __future__ import annotations

import logging
import resource
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest

from k8s_heartbeat.adapters.http.problems import STATUS_HEADER
from k8s_heartbeat.adapters.http.rendering import to_json

__all__ = ["Server"]

_log = logging.getLogger(__name__)

_CONNECTION_LIMIT = 1000
# Descriptors beside the clients': the cluster's connections, files, the loop's own.
_SPARE_DESCRIPTORS = 64
_TICK = 0.2
_FINISH_SECONDS = 20.0
# After its last answer a connection gets this long to be closed by its client.
_LINGER_SECONDS = 0.5
# From a request's first byte to the end of its headers.
_HEADER_SECONDS = 5.0
_SWEEP_SECONDS = 0.5


class Server:
    """One waitress server over one application.

    Args:
        app: The WSGI application.
        host: Address to listen on.
        port: Port to listen on; 0 for any that is free.
        threads: Requests worked on at one moment.
        drain_seconds: How long to go on serving after a stop was asked for.
        stopping: Set once a stop was asked for; whoever sets it asks for one.

    Raises:
        OSError: The address cannot be listened on.
    """

    def __init__(
        self,
        app: Any,
        *,
        host: str,
        port: int,
        threads: int,
        drain_seconds: float,
        stopping: threading.Event,
    ) -> None:
        self._drain_seconds = drain_seconds
        self._next_sweep = 0.0
        connections = _connection_limit()
        self._crowded = connections - connections // 10
        self._stopping = stopping
        self._interrupted = False
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            listen=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            threads=threads,
            ident=None,
            expose_tracebacks=False,
            connection_limit=connections,
            asyncore_use_poll=True,
            max_request_header_size=8192,
            max_request_body_size=1024,
            channel_timeout=60,
            cleanup_interval=5,
            # The app alone decides whose X-Forwarded-For counts.
            clear_untrusted_proxy_headers=False,
        )
        for listener in self._listeners():
            listener.channel_class = _channel_class(self._stopping.is_set)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(next(self._listeners()).getsockname()[1])

    def run(self) -> None:
        """Serve until asked to stop, by SIGTERM or `stopping`, then drain and return.

        Raises:
            KeyboardInterrupt: SIGINT came; what was in flight is answered, without a wait.
        """
        previous = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda _, __: self._stopping.set()),
            signal.SIGINT: signal.signal(signal.SIGINT, lambda _, __: self._interrupt()),
        }
        for listener in self._listeners():
            _log.info("listening on %s port %s", *listener.getsockname())
        try:
            self._loop_while(lambda: not self._stopping.is_set())
            self._drain()
            if self._interrupted:
                raise KeyboardInterrupt
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _interrupt(self) -> None:
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True
        self._drain_seconds = 0.0
        self._stopping.set()

    def _drain(self) -> None:
        _log.info("stopping: unready, serving on for %g s", self._drain_seconds)
        ends = time.monotonic() + self._drain_seconds
        self._loop_while(lambda: time.monotonic() < ends)
        for listener in self._listeners():
            self._accept_waiting(listener)
            listener.accepting = False
            listener.del_channel()
            if listener.socket is not None:
                listener.socket.close()
        ends = time.monotonic() + _FINISH_SECONDS
        quiet_since = time.monotonic()
        while time.monotonic() < ends:
            self._loop_once(0.02)
            now = time.monotonic()
            if not self._channels():
                break
            if any(_is_busy(channel) for channel in self._channels()):
                quiet_since = now
            elif now - quiet_since > _LINGER_SECONDS:
                break
        left = sum(_is_busy(channel) for channel in self._channels())
        if left:
            _log.error("stopped with %d requests unanswered after %g s", left, _FINISH_SECONDS)
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)
        _log.info("stopped")

    def _accept_waiting(self, listener: BaseWSGIServer) -> None:
        """Take in who stands in the listen queue: they have a connection as they see it."""
        if listener.socket is None:
            return
        queue = select.poll()
        queue.register(listener.socket, select.POLLIN)
        for _ in range(_CONNECTION_LIMIT):
            if not queue.poll(0):
                return
            self._loop_once(0)

    def _loop_while(self, condition: Callable[[], bool]) -> None:
        while condition():
            self._loop_once(_TICK)

    def _loop_once(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        self._close_slow()

    def _close_slow(self) -> None:
        """Close who owes the rest of a request for too long, and where it is crowded who is idle.

        waitress waits for a silent client only, not for one that sends a byte a second; and at its
        connection limit it leaves new clients, the kubelet's probes too, waiting outside.
        """
        now = time.monotonic()
        if now < self._next_sweep and len(self._map) < self._crowded:
            return
        self._next_sweep = now + _SWEEP_SECONDS
        idle = [channel for channel in self._channels() if not _is_busy(channel)]
        for channel in idle:
            since = channel.waiting_since
            if since is not None and now - since > _HEADER_SECONDS:
                channel.handle_close()
        idle = sorted(
            (channel for channel in idle if channel.connected),
            key=lambda entry: entry.last_activity,
        )
        for channel in idle[: max(0, len(self._map) - self._crowded)]:
            channel.handle_close()

    def _listeners(self) -> Iterator[BaseWSGIServer]:
        entries = list(self._map.values())
        if isinstance(self._server, BaseWSGIServer):
            return iter([self._server])
        return (entry for entry in entries if isinstance(entry, BaseWSGIServer))

    def _channels(self) -> list[_Channel]:
        return [entry for entry in self._map.values() if isinstance(entry, _Channel)]


def _is_busy(channel: HTTPChannel) -> bool:
    """Whether a request on this connection is in flight, queued, or its answer not yet sent."""
    return bool(channel.requests or channel.total_outbufs_len)


class _Parser(HTTPRequestParser):
    """Refuses what two servers in a row could read differently: the way requests are smuggled."""

    def parse_header(self, header_plus: bytes) -> None:
        names = [line.partition(b":")[0].strip().lower() for line in header_plus.split(b"\n")[1:]]
        if names.count(b"host") > 1:
            raise ParsingError("more than one Host")
        if b"transfer-encoding" in names:
            # No request to this service has a body.
            raise ParsingError("a Transfer-Encoding")
        super().parse_header(header_plus)


class _Refusal(ErrorTask):
    """The server's own answer to a request that no application should see, as a problem too."""

    def execute(self) -> None:
        error = cast(HTTPRequestParser, self.request).error or BadRequest("")
        problem = {
            "type": "about:blank",
            "title": error.reason,
            "status": error.code,
            "detail": "the request is not HTTP as this server takes it",
        }
        body = to_json(problem).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [
            ("Content-Type", "application/problem+json"),
            ("Cache-Control", "no-store"),
            (STATUS_HEADER, "unknown"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):
    """A connection that knows since when it owes the rest of a request."""

    parser_class = _Parser
    error_task_class = _Refusal
    waiting_since: float | None = None

    def received(self, data: bytes) -> bool:
        received = super().received(data)
        if self.request is None:
            self.waiting_since = None
        elif self.waiting_since is None:
            self.waiting_since = time.monotonic()
        return received


def _channel_class(stopping: Callable[[], bool]) -> type[HTTPChannel]:
    """A channel whose answers ask clients to go elsewhere once a stop was asked for."""

    class Task(WSGITask):
        def build_response_header(self) -> bytes:
            # Requests that wait on this connection are answered too.
            if stopping() and len(self.channel.requests) <= 1:
                self.set_close_on_finish()
            return super().build_response_header()

    class Channel(_Channel):
        task_class = Task

    return Channel


def _connection_limit() -> int:
    """As many connections as the process may have descriptors for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _CONNECTION_LIMIT
    limit = min(_CONNECTION_LIMIT, soft - _SPARE_DESCRIPTORS)
    if limit < _CONNECTION_LIMIT:
        _log.warning("only %d connections at once: the limit of open files is %d", limit, soft)
    return max(8, limit)
