"""waitress with a loop of our own, so that stopping loses no request.

waitress itself has no graceful shutdown: SIGTERM kills requests in flight, and as PID 1 it ignores
the signal. Here a stop turns readiness to 503, serves on for a while so that load balancers notice,
closes the listener, answers every request in flight or queued, and ends.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from waitress import wasyncore
from waitress.adjustments import Adjustments

from ..counters import COUNTERS, Load
from .connections import Connection, State, victims
from .descriptors import room_for
from .listener import Listener, listened_on
from .workers import Workers

__all__ = ["Server", "Stopping", "TooFewThreadsError"]

_log = logging.getLogger(__name__)

_CONNECTIONS = 1000
_LEAST = 16
_PROBE_THREADS = 2
_TICK = 0.2
_FINISH_SECONDS = 20.0
# After its last answer a connection gets this long to be closed by its client.
_LINGER_SECONDS = 0.5
_PATIENCE = {
    # From a request's first byte to its last.
    State.ASKING: 5.0,
    # For all of an answer, which is a megabyte at most.
    State.READING: 10.0,
    State.REFUSED: 1.0,
}
_SWEEP_SECONDS = 0.5
_COMPLAINT_SECONDS = 5.0


class Stopping(Protocol):
    """Whether a stop was requested."""

    @property
    def interrupted(self) -> bool:
        """Whether SIGINT (Ctrl-C) requested it: then there is no wait for load balancers."""
        ...

    def is_asked(self) -> bool:
        """Whether it was requested."""
        ...


class TooFewThreadsError(Exception):
    """The system does not let the process start the threads that it begins with.

    Attributes:
        cause: The system's message.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(f"cannot start a thread: {cause}")
        self.cause: str = cause


class Server:
    """One waitress server over one application.

    Args:
        app: The WSGI application.
        host: Address to listen on; ``::`` for all, of IPv6 and IPv4.
        port: Port to listen on; 0 for any that is free.
        threads: Requests worked on at one moment.
        drain_seconds: How long to go on serving after a stop was requested.
        stop: Whether a stop was requested; checked from before the server listens.
        is_quick: Whether a path, as sent, never waits for the cluster: these have their own
            threads.

    Raises:
        OSError: The address cannot be listened on.
        TooFewFilesError: The limit of open files is too low to serve anybody.
        TooFewThreadsError: It may start none.
    """

    def __init__(
        self,
        app: Any,
        *,
        host: str,
        port: int,
        threads: int,
        drain_seconds: float,
        stop: Stopping,
        is_quick: Callable[[str], bool],
    ) -> None:
        self._drain_seconds = drain_seconds
        self._next_sweep = 0.0
        self._next_complaint = 0.0
        self._stop = stop
        self._is_quick = is_quick
        self._map: dict[int, Any] = {}
        self._most = room_for(_CONNECTIONS, threads)
        host = listened_on(host)
        adjustments = Adjustments(
            listen=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            threads=threads,
            ident=None,
            expose_tracebacks=False,
            # waitress logs about its limit whenever a connection opens or closes.
            connection_limit=sys.maxsize,
            max_request_header_size=8192,
            max_request_body_size=1024,
            channel_timeout=60,
            cleanup_interval=5,
            # The app alone decides whose X-Forwarded-For counts.
            clear_untrusted_proxy_headers=False,
            # A client that goes away is no fault of ours, and no reason for a traceback.
            log_socket_errors=False,
            # Answers stay in memory: the file system may be read-only.
            outbuf_overflow=2**30,
        )
        self._workers, self._probes = Workers(), Workers()
        # Before clients can connect: if the threads cannot start, none would get a response.
        self._start_threads(threads)
        self._listeners = self._listen(app, adjustments)
        self._make_do_with(self._most)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._listeners[0].getsockname()[1])

    def run(self) -> None:
        """Serve until asked to stop, then drain and return.

        Raises:
            KeyboardInterrupt: On SIGINT; requests in flight were answered, without a wait.
        """
        for listener in self._listeners:
            _log.info("listening on %s port %s", *listener.getsockname())
        with COUNTERS.serving(self._load):
            self._loop_while(lambda: not self._stop.is_asked())
            self._drain()
        if self._stop.interrupted:
            raise KeyboardInterrupt

    def _start_threads(self, threads: int) -> None:
        try:
            self._workers.start(threads, "worker")
            self._probes.start(_PROBE_THREADS, "probe")
        except RuntimeError as error:
            raise TooFewThreadsError(str(error)) from None

    def _listen(self, app: Any, adjustments: Adjustments) -> list[Listener]:
        """One listener for each address that the host has."""
        made: list[Listener] = []
        try:
            for address in adjustments.listen:
                made.append(  # what was made is closed if the next one fails
                    Listener(
                        app,
                        self._map,
                        adjustments,
                        is_stopping=self._stop.is_asked,
                        is_quick=self._is_quick,
                        workers=self._workers,
                        probes=self._probes,
                        sockinfo=address,
                    )
                )
        except OSError:
            self._end_threads()
            wasyncore.close_all(self._map, ignore_all=True)
            raise
        return made

    def _drain(self) -> None:
        seconds = 0.0 if self._stop.interrupted else self._drain_seconds
        _log.info("stopping: unready, serving on for %g s", seconds)
        ends = time.monotonic() + seconds
        self._loop_while(lambda: time.monotonic() < ends and not self._stop.interrupted)
        for listener in self._listeners:
            self._close_listener(listener)
        ends = time.monotonic() + _FINISH_SECONDS
        quiet_since = time.monotonic()
        while time.monotonic() < ends:
            self._loop_once(0.02)
            now = time.monotonic()
            if not self._connections():
                break
            if any(connection.is_busy for connection in self._connections()):
                quiet_since = now
            elif now - quiet_since > _LINGER_SECONDS:
                break
        left = sum(connection.is_busy for connection in self._connections())
        if left:
            _log.error("stopped with %d requests unanswered after %g s", left, _FINISH_SECONDS)
        self._end_threads()
        wasyncore.close_all(self._map, ignore_all=True)
        _log.info("stopped")

    def _end_threads(self) -> None:
        for pool in (self._workers, self._probes):
            pool.end(seconds=1)

    def _close_listener(self, listener: Listener) -> None:
        """Accept its queued clients, which already see a connection as open, then close it."""
        for _ in range(_CONNECTIONS):
            if not listener.take_one() and not self._made_room(listener):
                break
        listener.accepting = False
        listener.del_channel()
        if listener.socket is not None:
            listener.socket.close()

    def _loop_while(self, condition: Callable[[], bool]) -> None:
        while condition():
            self._loop_once(_TICK)

    def _loop_once(self, timeout: float) -> None:
        for pool in (self._workers, self._probes):
            due = pool.look()
            timeout = timeout if due is None else min(timeout, due)
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            self._close_slow(now)
            if self._room < self._most:
                self._make_do_with(min(self._most, self._room + 1 + self._room // 50))
        for listener in self._listeners:
            self._made_room(listener)
        if len(self._map) > self._crowded:
            # More than one, so that they are put in order only now and then.
            self._close_victims(len(self._map) - self._crowded + self._crowded // 20)

    def _make_do_with(self, room: int) -> None:
        """Set the room for connections; a tenth of it is kept free for new ones."""
        self._room = room
        self._crowded = room - room // 10
        for listener in self._listeners:
            listener.room = room

    def _close_slow(self, now: float) -> None:
        """Close connections that are too slow to send a request or to read a response."""
        for connection in self._connections():
            if now - connection.since > _PATIENCE.get(connection.state, sys.maxsize):
                connection.handle_close()

    def _made_room(self, listener: Listener) -> bool:
        """Whether descriptors had run out and some are free again.

        The room then shrinks for a while: otherwise new clients at once take what the connections
        to the cluster need too.
        """
        if not listener.is_out_of_descriptors:
            return False
        listener.is_out_of_descriptors = False
        self._complain("no file descriptor is left for a new connection: see ulimit -n")
        taken = len(self._map)
        self._make_do_with(min(self._most, max(_LEAST, taken - taken // 10)))
        if not self._close_victims(max(1, taken - self._crowded)):
            return False
        listener.resume()
        return True

    def _close_victims(self, count: int) -> bool:
        found = victims(self._connections(), count, time.monotonic())
        for connection in found:
            connection.handle_close()
        if len(found) < count:
            self._complain("every connection that there may be is being worked on")
        return bool(found)

    def _complain(self, what: str) -> None:
        """Log a warning for the operator, but not so often that it fills a disk."""
        now = time.monotonic()
        if now >= self._next_complaint:
            self._next_complaint = now + _COMPLAINT_SECONDS
            _log.warning("%s (%d are open)", what, len(self._connections()))

    def _load(self) -> Load:
        """How busy it is; called by any thread."""
        queued = self._workers.queued + self._probes.queued
        # A copy at one stroke: the loop changes it meanwhile.
        entries = list(self._map.values())
        return Load(sum(isinstance(entry, Connection) for entry in entries), queued)

    def _connections(self) -> list[Connection]:
        return [entry for entry in self._map.values() if isinstance(entry, Connection)]
