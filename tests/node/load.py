"""Clients that ask a Service one request after the other, and what became of each request."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Self

from tests.cluster.plane import ControlPlane

_PAUSE = 0.01
"""Seconds between two requests of a client: the nodes are on the same machine."""
_MOST_SECONDS = 120
_TIMEOUT = 30
_ENOUGH = 60


class Load:
    """Asks until the block ends, or for two minutes.

    Half of the clients take a new connection for each request. The others keep theirs, and when it
    was closed while it was idle, ask once more on a new one, as every client does.

    Attributes:
        codes: How many answers had which status code.
        lost: What happened to each request that got no answer, or one that was not looked for.
        reconnected: How many idle connections were closed.
        slowest: Seconds that the slowest answer took.
    """

    def __init__(
        self,
        address: str,
        token: str,
        paths: Sequence[str],
        *,
        clients: int = 4,
        wanted: Sequence[int] = (200,),
        host: str = "",
    ) -> None:
        """Ask for these paths in turn; other codes than those wanted are lost requests.

        With a host, that is what the header Host names.
        """
        self.codes: Counter[int] = Counter()
        self.lost: list[str] = []
        self.reconnected = 0
        self.slowest = 0.0
        self._host, _, port = address.partition(":")
        self._port = int(port or 80)
        self._headers = {"Authorization": f"Bearer {token}"} | ({"Host": host} if host else {})
        self._paths, self._wanted = paths, wanted
        self._stop = threading.Event()
        self._end = 0.0
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._client, args=(number % 2 == 0,), daemon=True)
            for number in range(clients)
        ]

    def __enter__(self) -> Self:
        self._end = time.monotonic() + _MOST_SECONDS
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def answers(self) -> int:
        """How many there were so far."""
        return self.codes.total()

    def goes_on(self, cluster: ControlPlane) -> None:
        """Wait until so many more requests were answered that it shows how it goes on."""
        goal = self.answers + _ENOUGH
        cluster.wait_until(lambda: self.answers >= goal, what="the clients get answers")

    def __str__(self) -> str:
        """A line about all of it."""
        return (
            f"{self.answers + len(self.lost)} requests, {len(self.lost)} lost, slowest "
            f"{self.slowest:.2f} s, {self.reconnected} idle connections closed"
        )

    def _client(self, keeps: bool) -> None:
        kept = None
        count = 0
        while not self._stop.wait(_PAUSE) and time.monotonic() < self._end:
            path = self._paths[count % len(self._paths)]
            count += 1
            kept = self._request(path, kept, keeps)
        if kept:
            kept.close()

    def _request(
        self, path: str, kept: http.client.HTTPConnection | None, keeps: bool
    ) -> http.client.HTTPConnection | None:
        """Ask once, and note what came; returns the connection if it can be used again."""
        began = time.monotonic()
        connection = kept or self._connection()
        try:
            try:
                code = self._asked(connection, path)
            except (http.client.RemoteDisconnected, ConnectionError):
                if kept is None:
                    raise
                connection.close()
                with self._lock:
                    self.reconnected += 1
                connection = self._connection()
                code = self._asked(connection, path)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._note(f"{type(error).__name__}: {error} after {time.monotonic() - began:.2f} s")
            return None
        took = time.monotonic() - began
        with self._lock:
            self.slowest = max(self.slowest, took)
            self.codes[code] += 1
        if code not in self._wanted:
            self._note(f"{path}: {code}")
        if keeps and connection.sock is not None:
            return connection
        connection.close()
        return None

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)

    def _asked(self, connection: http.client.HTTPConnection, path: str) -> int:
        connection.request("GET", path, headers=self._headers)
        response = connection.getresponse()
        response.read()
        return response.status

    def _note(self, what: str) -> None:
        with self._lock:
            self.lost.append(what)
