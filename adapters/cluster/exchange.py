"""One request over the client's REST layer: raw, bounded and without hidden retries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.util import Timeout

from k8s_heartbeat.core.reader import Deadline, ReadError, ReadTimeout, UpstreamError

from .connect import Connection
from .transport import reused_connection, within

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["Request", "TooLargeError", "send"]

_LARGEST_BODY = 32 * 2**20
_CHUNK = 2**16
# Leaves time to answer when the API server is not there at all.
_CONNECT_SECONDS = 3.0


class TooLargeError(UpstreamError):
    """An answer of more bytes than are taken in."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the API server is asked; asking twice changes nothing in the cluster.

    Attributes:
        path: The path of the URL, quoted, with its query.
        what: What is asked for, as errors name it.
        accept: The media type to ask for.
        body: JSON to POST, for a review; None for a GET.
    """

    path: str
    what: str
    accept: str = "application/json"
    body: bytes | None = None


def send(connection: Connection, request: Request, deadline: Deadline) -> tuple[int, bytes]:
    """The status and the body of one answer.

    Args:
        connection: Where to, and with which credentials.
        request: What to ask.
        deadline: When all of it must be over.

    Raises:
        ReadTimeout: The deadline passed.
        TooLargeError: The body is over the bound.
        UpstreamError: There was no whole answer.
    """
    what = request.what
    try:
        try:
            return _exchange(connection, request, deadline)
        except ProtocolError:
            # A server may close a kept-alive connection just as it is used again.
            if not reused_connection():
                raise
            return _exchange(connection, request, deadline)
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


def _exchange(connection: Connection, request: Request, deadline: Deadline) -> tuple[int, bytes]:
    what = request.what
    headers = {**connection.headers(), "Accept": request.accept}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    remaining = deadline.remaining()
    if remaining <= 0:
        raise ReadTimeout(f"{what}: no time was left to ask the API server")
    timeout = Timeout(connect=min(remaining, _CONNECT_SECONDS), read=remaining)
    with within(deadline):
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
            raise TooLargeError(f"{what}: the API server's answer is over {_LARGEST_BODY} bytes")
        chunks.append(chunk)
    expected = response.headers.get("Content-Length", "")
    if expected.isdecimal() and int(expected) != size:
        raise UpstreamError(f"{what}: the API server's answer was cut off")
    return b"".join(chunks)


def _kind_of(error: Exception) -> str:
    cause = error.args[1] if len(error.args) > 1 else error
    return type(cause).__name__
