"""Reads objects and lists over the client's REST layer: raw, bounded and without hidden retries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.util import Timeout

from k8s_heartbeat.core.manifests import is_mapping
from k8s_heartbeat.core.reader import (
    Deadline,
    Forbidden,
    NotFound,
    Query,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)

from .connect import Connection, NoClusterError
from .transport import reused_connection, within
from .trim import UnreadableError, decode_list, decode_object

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["LiveReader"]

_log = logging.getLogger(__name__)

_LARGEST_BODY = 32 * 2**20
_CHUNK = 2**16
_PAGE = 500
_MOST_PAGES = 20
# Leaves time to answer when the API server is not there at all.
_CONNECT_SECONDS = 3.0


class LiveReader:
    """A `ClusterReader` that asks the API server each time.

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
        """Which configuration it reads with, for people."""
        return self._connection.origin

    @property
    def namespace(self) -> str:
        """The namespace that its configuration names as the one to work in."""
        return self._connection.namespace

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """See `ClusterReader.read`."""
        if query.name:
            return Reading((self._object(query, deadline),))
        return Reading(tuple(self._list(query, deadline)))

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`: the API server's own health check."""
        status, body = self._get("/healthz", "the API server's health", deadline)
        if status != 200:
            raise UpstreamError(f"the API server answered {status} to its own health check")
        if body.strip() != b"ok":
            raise UpstreamError("the answer to the API server's own health check is none of its")

    def _object(self, query: Query, deadline: Deadline) -> dict[str, Any]:
        body = self._body(query, _path(query), deadline)
        try:
            decoded = decode_object(body)
        except UnreadableError as error:
            raise UpstreamError(f"{query}: the API server's answer is {error}") from error
        if decoded.get("kind") != query.kind.kind:
            raise UpstreamError(f"{query}: the API server's answer is no {query.kind.kind}")
        metadata = decoded.get("metadata")
        named = (metadata.get("namespace"), metadata.get("name")) if is_mapping(metadata) else ()
        if named != (query.namespace, query.name):
            raise UpstreamError(f"{query}: the API server's answer is another object")
        return dict(decoded)

    def _list(self, query: Query, deadline: Deadline) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token = ""
        for _ in range(_MOST_PAGES):
            body = self._body(query, _path(query, token), deadline)
            try:
                items, token = decode_list(body, f"{query.kind.kind}List")
            except UnreadableError as error:
                raise UpstreamError(f"{query}: the API server's answer is {error}") from error
            # The items of a list do not repeat what they are.
            stated = {"apiVersion": query.kind.api_version, "kind": query.kind.kind}
            found.extend({**item, **stated} for item in items)
            if not token:
                return found
        _log.warning("%s: only the first %d were read", query, len(found))
        return found

    def _body(self, query: Query, path: str, deadline: Deadline) -> bytes:
        status, body = self._get(path, str(query), deadline)
        if status == 200:
            return body
        # A proxy's page on the way is no word of the API server's on what exists.
        if status in (403, 404) and _is_status(body):
            if status == 403:
                raise Forbidden(f"{query}: forbidden by the cluster's RBAC")
            if query.name:
                raise NotFound(f"{query}: not found")
        raise UpstreamError(f"{query}: the API server answered {status}")

    def _get(self, path: str, what: str, deadline: Deadline) -> tuple[int, bytes]:
        """One GET, renewing refused credentials once."""
        connection = self._connection
        status, body = _get_once(connection, path, what, deadline)
        if status != 401:
            return status, body
        try:
            connection = self._renewed(connection, what, deadline)
        except NoClusterError as error:
            raise UpstreamError(f"{what}: unauthorised, and {error}") from error
        return _get_once(connection, path, what, deadline)

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


def _get_once(
    connection: Connection, path: str, what: str, deadline: Deadline
) -> tuple[int, bytes]:
    try:
        try:
            return _exchange(connection, path, what, deadline)
        except ProtocolError:
            # A server may close a kept-alive connection just as it is used again.
            if not reused_connection():
                raise
            return _exchange(connection, path, what, deadline)
    except ReadError:
        raise
    except NewConnectionError as error:  # to urllib3 a timeout too
        raise UpstreamError(f"{what}: the API server cannot be reached") from error
    except (ConnectTimeoutError, ReadTimeoutError, TimeoutError) as error:
        raise ReadTimeout(f"{what}: the API server did not answer in time") from error
    except ValueError:
        # Such an error quotes what was to be sent, the token included.
        raise UpstreamError(f"{what}: the request could not be put together") from None
    except (HTTPError, OSError) as error:
        raise UpstreamError(f"{what}: the API server broke off ({_kind_of(error)})") from error
    except Exception as error:  # credential plugins raise whatever they like
        raise UpstreamError(f"{what}: could not be asked ({type(error).__name__})") from error


def _exchange(
    connection: Connection, path: str, what: str, deadline: Deadline
) -> tuple[int, bytes]:
    headers = connection.headers()
    remaining = deadline.remaining()
    if remaining <= 0:
        raise ReadTimeout(f"{what}: no time was left to ask the API server")
    timeout = Timeout(connect=min(remaining, _CONNECT_SECONDS), read=remaining)
    with within(deadline):
        response = connection.pools.request(
            "GET",
            connection.host + path,
            headers=headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        complete = False
        try:
            body = _drain(response, what)
            complete = True
        finally:
            # What was not read to its end must not be taken for the next answer.
            response.release_conn() if complete else response.close()
    return response.status, body


def _drain(response: BaseHTTPResponse, what: str) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UpstreamError(f"{what}: the API server's answer is encoded, which was not asked for")
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK):
        size += len(chunk)
        if size > _LARGEST_BODY:
            raise UpstreamError(f"{what}: the API server's answer is over {_LARGEST_BODY} bytes")
        chunks.append(chunk)
    expected = response.headers.get("Content-Length", "")
    if expected.isdecimal() and int(expected) != size:
        raise UpstreamError(f"{what}: the API server's answer was cut off")
    return b"".join(chunks)


def _path(query: Query, token: str = "") -> str:
    # A query's names are matched as it is made; here they become a path, so once more.
    query = Query(query.kind, query.namespace, query.name, query.selector)
    kind = query.kind
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    path = f"{root}/namespaces/{quote(query.namespace, safe='')}/{kind.plural}"
    if query.name:
        return f"{path}/{quote(query.name, safe='')}"
    parameters = {"limit": str(_PAGE)}
    if query.selector is not None:
        parameters["labelSelector"] = str(query.selector)
    if kind.list_fields:
        parameters["fieldSelector"] = kind.list_fields
    if token:
        parameters["continue"] = token
    return f"{path}?{urlencode(parameters)}"


def _is_status(body: bytes) -> bool:
    try:
        return decode_object(body).get("kind") == "Status"
    except UnreadableError:
        return False


def _kind_of(error: Exception) -> str:
    cause = error.args[1] if len(error.args) > 1 else error
    return type(cause).__name__
