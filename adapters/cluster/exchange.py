"""One request over the client's REST layer: raw, bounded and without hidden retries."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
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
    from collections.abc import Generator

    from urllib3 import BaseHTTPResponse

__all__ = ["Request", "TooLargeError", "in_hand", "send"]

_LARGEST_BODY = 32 * 2**20
# Beyond this size only so many answers are in hand at one moment, whoever asked for them.
_SMALL_BODY = 2**20
_MOST_LARGE = 3
_CHUNK = 2**16
# Leaves time to answer when the API server is not there at all.
_CONNECT_SECONDS = 3.0


class TooLargeError(UpstreamError):
    """An answer of more bytes than are taken in."""


class _Hand(threading.local):
    """Whether this thread has a large answer in hand."""

    large: bool = False


_hand = _Hand()
_places = threading.BoundedSemaphore(_MOST_LARGE)


@contextmanager
def in_hand() -> Generator[None]:
    """While an answer is asked for and made use of: large ones are few at any moment."""
    try:
        yield
    finally:
        if _hand.large:
            _hand.large = False
            _places.release()


def _hold_large(what: str, deadline: Deadline) -> None:
    if _hand.large:
        return
    if not _places.acquire(timeout=deadline.remaining()):
        raise ReadTimeout(f"{what}: too many large answers came at once")
    _hand.large = True


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
    """The status and the body of one answer; to be made use of within `in_hand`.

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
            body = _drain(response, what, deadline)
            complete = True
        finally:
            # What was not read to its end must not be taken for the next answer.
            response.release_conn() if complete else response.close()
    return response.status, body


def _drain(response: BaseHTTPResponse, what: str, deadline: Deadline) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UpstreamError(f"{what}: the API server's answer is encoded, which was not asked for")
    length = response.headers.get("Content-Length", "")
    expected = int(length) if length.isdecimal() else None
    if (expected or 0) > _LARGEST_BODY:
        raise _too_large(what)
    # Unlike pieces that are joined, it never holds the whole of it twice.
    body = io.BytesIO()
    while chunk := _chunk(response, what):
        size = body.tell() + len(chunk)
        if size > _LARGEST_BODY:
            raise _too_large(what)
        if size > _SMALL_BODY:
            _hold_large(what, deadline)
        body.write(chunk)
    if expected not in (None, body.tell()):
        raise UpstreamError(f"{what}: the API server's answer was cut off")
    return body.getvalue()


def _chunk(response: BaseHTTPResponse, what: str) -> bytes:
    try:
        return response.read1(_CHUNK)
    except ValueError as error:  # such as a chunk of negative length
        raise UpstreamError(f"{what}: the API server's answer is no HTTP") from error


def _too_large(what: str) -> TooLargeError:
    return TooLargeError(f"{what}: the API server's answer is over {_LARGEST_BODY} bytes")


def _kind_of(error: Exception) -> str:
    cause = error.args[1] if len(error.args) > 1 else error
    return type(cause).__name__
