"""A way into a cluster that outlives its credentials."""

from __future__ import annotations

import threading
from collections.abc import Callable

from k8s_heartbeat.core.reader import Deadline, ReadTimeout, UpstreamError

from .connect import Connection, NoClusterError
from .exchange import Request, send

__all__ = ["Session"]


class Session:
    """Sends requests to the API server, renewing credentials that it refuses.

    Args:
        connect: Makes a connection; called again when the API server refuses the credentials, for
            tokens and certificates are replaced on disk while a process runs.

    Raises:
        NoClusterError: No cluster's configuration was found.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection = connect()
        self._renewing = threading.Lock()

    @property
    def origin(self) -> str:
        """Which configuration it works with, for people."""
        return self._connection.origin

    @property
    def namespace(self) -> str:
        """The namespace that its configuration names as the one to work in."""
        return self._connection.namespace

    def send(self, request: Request, deadline: Deadline) -> tuple[int, bytes]:
        """The status and the body of one answer; see `exchange.send`.

        Raises:
            ReadError: There was no whole answer in time.
        """
        connection = self._connection
        status, body = send(connection, request, deadline)
        if status != 401:
            return status, body
        try:
            connection = self._renewed(connection, request.what, deadline)
        except NoClusterError as error:
            raise UpstreamError(f"{request.what}: unauthorised, and {error}") from error
        return send(connection, request, deadline)

    def _renewed(self, refused: Connection, what: str, deadline: Deadline) -> Connection:
        # Whoever renews may wait for a credential plugin; the others wait no longer than they may.
        if not self._renewing.acquire(timeout=deadline.remaining()):
            raise ReadTimeout(f"{what}: the credentials were not renewed in time")
        try:
            if self._connection is refused:
                self._connection = self._connect()
            return self._connection
        finally:
            self._renewing.release()
