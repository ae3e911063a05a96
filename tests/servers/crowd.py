"""A crowd of clients that mean no good, in processes of their own: a test has too few sockets."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress

__all__ = ["crowd"]

_EACH = 500
# A second, of each process: more would measure who gets the processor, not how the server holds.
_RETURNS = 300
# Linux's own; what a client that does not read sees of a server that closes.
_CLOSED = select.POLLRDHUP | select.POLLHUP | select.POLLERR


@contextmanager
def crowd(
    port: int,
    count: int,
    opening: bytes,
    *,
    drip: bytes = b"",
    reads: bool = True,
    returns: bool = True,
) -> Generator[None]:
    """So many clients of a port, once most of them are there.

    Args:
        port: The port on 127.0.0.1.
        count: How many connections there are at one moment.
        opening: What each of them sends at once.
        drip: What each of them sends every second after that.
        reads: Whether it takes what the server says.
        returns: Whether it comes back when it is closed; 300 of each 500 do so in a second.
    """
    with ExitStack() as opened:
        for at in range(0, count, _EACH):
            told = [port, min(_EACH, count - at), opening.hex(), drip.hex(), reads, returns]
            child = opened.enter_context(
                subprocess.Popen(
                    [sys.executable, __file__, json.dumps(told)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                )
            )
            opened.callback(child.kill)
            assert child.stdout is not None
            assert child.stdout.readline() == b"here\n"
        yield


class _Crowd:
    def __init__(self, port: int, opening: bytes, drip: bytes, reads: bool) -> None:
        self._port = port
        self._opening = opening
        self._drip = drip
        self._reads = reads
        self._poll = select.poll()
        self._clients: dict[int, socket.socket] = {}

    def come(self) -> None:
        """One more client."""
        client = socket.socket()
        if not self._reads:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(1)
        try:
            client.connect(("127.0.0.1", self._port))
            client.setblocking(False)
            client.send(self._opening)
        except OSError:
            client.close()
            return
        self._clients[client.fileno()] = client
        self._poll.register(client, _CLOSED | (select.POLLIN if self._reads else 0))

    def stay(self, count: int, returns: bool) -> None:
        """Be so many; what is closed comes back if it is one that returns."""
        told, came, since = False, 0, 0.0
        next_drip = time.monotonic() + 1
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            if not told:
                due = 50
            else:
                due = int((time.monotonic() - since) * _RETURNS) - came if returns else 0
            for _ in range(min(50, due, count - len(self._clients))):
                self.come()
                came += told
            if not told and len(self._clients) >= count * 0.8:
                told, since = True, time.monotonic()
                sys.stdout.write("here\n")
                sys.stdout.flush()
            for number, events in self._poll.poll(20):
                self._hear(number, events)
            if self._drip and time.monotonic() > next_drip:
                next_drip = time.monotonic() + 1
                for client in self._clients.values():
                    with suppress(OSError):
                        client.send(self._drip)

    def _hear(self, number: int, events: int) -> None:
        client = self._clients[number]
        if events & select.POLLIN and not events & (select.POLLHUP | select.POLLERR):
            with suppress(OSError):
                if client.recv(65536):
                    return
        self._poll.unregister(number)
        del self._clients[number]
        client.close()


if __name__ == "__main__":
    _port, _count, _opening, _drip, _reads, _returns = json.loads(sys.argv[1])
    _Crowd(_port, bytes.fromhex(_opening), bytes.fromhex(_drip), _reads).stay(_count, _returns)
