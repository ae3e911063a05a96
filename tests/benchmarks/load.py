"""Requests one after another over each of some connections, counted for some seconds."""

from __future__ import annotations

import select
import socket
import time

__all__ = ["sustained"]

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_RECEIVED = 65536


class _Caller:
    """A connection that asks again as soon as it is answered.

    Args:
        port: Of the service, on 127.0.0.1.
        request: The bytes of the request.
        status: The code that each answer must have.
    """

    def __init__(self, port: int, request: bytes, status: int) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._begins = b"HTTP/1.1 %d " % status
        self._answer = b""

    def ask(self) -> None:
        """Send the request."""
        self.socket.sendall(self._request)

    def is_answered(self) -> bool:
        """Receive some of the answer; whether that was the end of it.

        Raises:
            AssertionError: It is not the answer that there should be.
        """
        received = self.socket.recv(_RECEIVED)
        assert received, "the server closed the connection"
        self._answer += received
        head, end, body = self._answer.partition(_END)
        if not end:
            return False
        assert head.startswith(self._begins), head
        _, _, rest = head.lower().partition(_LENGTH)
        if len(body) < int(rest.split(b"\r\n", 1)[0]):
            return False
        self._answer = b""
        return True


def sustained(port: int, request: bytes, connections: int, seconds: float, status: int) -> float:
    """How many requests a second are answered.

    Raises:
        AssertionError: An answer was not what it should be.
    """
    callers = [_Caller(port, request, status) for _ in range(connections)]
    by_number = {caller.socket.fileno(): caller for caller in callers}
    poll = select.epoll()
    try:
        for number, caller in by_number.items():
            poll.register(number, select.EPOLLIN)
            caller.ask()
        answered, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            for number, _ in poll.poll(1.0):
                if by_number[number].is_answered():
                    answered += 1
                    by_number[number].ask()
    finally:
        poll.close()
        for caller in callers:
            caller.socket.close()
    return answered / took
