"""Accepts connections, with limits that waitress does not enforce.

waitress logs each connection that it cannot accept at the rate of its loop, and has one queue,
whether requests wait for the cluster or not.
"""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, cast

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer

from .connections import Connection
from .workers import Workers

__all__ = ["Listener", "listened_on"]

# How many to accept before any is served.
_AT_ONCE = 64
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_SEND_BUFFER = 65536
_PAUSE_SECONDS = 0.2
_ANY, _ANY_IPV4 = "::", "0.0.0.0"  # noqa: S104  # a pod is reached at an address it does not know
_MAPPED = "::ffff:"


def listened_on(host: str) -> str:
    """The address to listen on: ``::`` is every IPv4 address of a host that has no other."""
    return _ANY_IPV4 if host == _ANY and not socket.has_dualstack_ipv6() else host


class Listener(TcpWSGIServer):
    """Takes connections in, as many as there is room for.

    If all possible connections have requests in progress, a new client waits in the kernel's queue
    until one of them ends, which does not take long.

    Args:
        app: The WSGI application.
        entries: The loop's map, to which it adds itself and every connection.
        adj: The settings of waitress.
        is_stopping: Whether a stop was requested.
        is_quick: Returns whether a path, as sent, never waits for the cluster.
        workers: The threads.
        probes: The threads for quick paths.
        named: Other arguments of waitress's own listener.

    Attributes:
        room: As many entries as there may be.
        is_out_of_descriptors: Whether accepting one failed for lack of a file descriptor.
    """

    channel_class: type[HTTPChannel] = Connection
    room: int = sys.maxsize
    is_out_of_descriptors: bool = False
    _paused_until = 0.0

    def __init__(
        self,
        app: Any,
        entries: MutableMapping[int, Any],
        adj: Adjustments,
        *,
        is_stopping: Callable[[], bool],
        is_quick: Callable[[str], bool],
        workers: Workers,
        probes: Workers,
        **named: Any,
    ) -> None:
        self.is_stopping = is_stopping
        self._is_quick = is_quick
        self._workers = workers
        self._probes = probes
        self._entries = entries
        # It would start threads of its own otherwise.
        super().__init__(app, entries, adj=adj, dispatcher=cast(Any, workers), **named)

    def bind_server_socket(self) -> None:
        """Bind; ``::`` takes IPv4 clients too, whatever waitress and the kernel default to."""
        if self.socket is not None and self.sockinfo[3][0] == _ANY:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().bind_server_socket()

    def readable(self) -> bool:
        """Whether there is room for another connection."""
        is_paused = time.monotonic() < self._paused_until
        return super().readable() and not is_paused and self._has_room()

    def handle_accept(self) -> None:
        """Accept waiting clients in batches."""
        for _ in range(_AT_ONCE):
            if not (self._has_room() and self.take_one()):
                return

    def take_one(self) -> bool:
        """Take in one connection; whether there was one."""
        try:
            accepted = self.accept()
        except OSError as error:
            if error.errno in _NO_ROOM:
                self.is_out_of_descriptors = True
                self._paused_until = time.monotonic() + _PAUSE_SECONDS
            return False
        if accepted is None:
            return False
        sock, address = accepted
        try:
            self.set_socket_options(sock)
        except OSError:
            # The client disconnected before it was accepted.
            sock.close()
        else:
            self.channel_class(self, sock, _unmapped(address), self.adj, map=self._entries)
        return True

    def set_socket_options(self, conn: socket.socket) -> None:
        """Bound the kernel's buffer for clients that read nothing: gigabytes for a thousand."""
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def hand_over(self, connection: Connection, request: HTTPRequestParser) -> None:
        """Queue a request; probes have their own queue, or a busy service is restarted."""
        quick = self._is_quick(getattr(request, "path", ""))
        (self._probes if quick else self._workers).add_task(connection)

    def pull_trigger(self) -> None:
        """Wake the loop, unless requests are queued: then it looks around in a moment by itself.

        Otherwise each of sixty answers would have it go through sixty connections.
        """
        if not self._workers.queued:
            super().pull_trigger()

    def resume(self) -> None:
        """Try again to take connections in: there may be room."""
        self._paused_until = 0.0

    def _has_room(self) -> bool:
        return len(self._entries) < self.room


def _unmapped(address: tuple[Any, ...]) -> tuple[Any, ...]:
    """A client's address; one that came by IPv4 has that address on every socket."""
    host, *others = address
    return (host.removeprefix(_MAPPED), *others) if "." in host else address
