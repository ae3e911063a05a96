"""One request to a receiver over a connection of its own, ended in time whatever it does."""

from __future__ import annotations

import ssl
import threading
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR, socket
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from k8s_heartbeat.adapters.masking import KNOWN

from .receiver import Reply, Request

__all__ = ["SendError", "Sender"]

_LONGEST_REPLY = 4_096
_LONGEST_WAIT = 86_400
_NAME_FAULTS = (62, 64)
"""OpenSSL's codes of a certificate for another name or address, whose messages quote it."""


class SendError(Exception):
    """A receiver could not be reached, or gave no answer; the message never names it.

    Attributes:
        passing: Whether it may be different the next time.
    """

    def __init__(self, problem: str, *, passing: bool = True) -> None:
        super().__init__(problem)
        self.passing: bool = passing


class Sender:
    """Sends requests to the server of a URL, through the proxy that the environment names.

    TLS is verified against the system's authorities, or those of SSL_CERT_FILE. A redirect is an
    answer like any other: neither a token nor a report goes where it leads.

    Args:
        url: The URL; a user and password in it are sent as Basic.
        token: The Bearer token; empty for none.
        timeout: Seconds for a request, from the first look-up of a name to the end of the answer.
    """

    def __init__(self, url: SplitResult, token: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._headers = {"User-Agent": "k8s-heartbeat", "Connection": "close"}
        authorization = f"Bearer {token}" if token else _basic(url)
        if authorization:
            self._headers["Authorization"] = authorization
        self._tls = ssl.create_default_context() if url.scheme == "https" else None

    def __call__(self, request: Request) -> Reply:
        """The answer to a request.

        Raises:
            SendError: There is none.
        """
        proxy = self._proxy()
        attempt = _Attempt(self._connection(proxy))
        target = request.target
        headers = {**self._headers, **request.headers}
        if proxy is not None and self._tls is None:
            target = f"http://{_host(self._url)}{target}"
            headers |= _proxy_headers(proxy)
        thread = threading.Thread(
            target=attempt.run, args=(request, target, headers), name="push", daemon=True
        )
        thread.start()
        thread.join(self._timeout)
        return attempt.result(self._timeout)

    def _connection(self, proxy: SplitResult | None) -> HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        # Reads are bounded one by one too, so that an abandoned thread ends.
        timeout = self._timeout
        if self._tls is None:
            if proxy is None:
                return HTTPConnection(host, port, timeout=timeout)
            return HTTPConnection(proxy.hostname or "", proxy.port or 80, timeout=timeout)
        if proxy is None:
            return HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        tunnel = HTTPSConnection(
            proxy.hostname or "", proxy.port or 80, timeout=timeout, context=self._tls
        )
        tunnel.set_tunnel(host, port or 443, _proxy_headers(proxy))
        return tunnel

    def _proxy(self) -> SplitResult | None:
        named = getproxies().get(self._url.scheme, "")
        if not named or proxy_bypass(_host(self._url)):
            return None
        try:
            proxy = urlsplit(named if "://" in named else f"http://{named}")
            good = proxy.scheme == "http" and bool(proxy.hostname) and proxy.port != 0
        except ValueError:
            good, proxy = False, urlsplit("")
        if not good:
            variable = f"{self._url.scheme}_proxy"
            raise SendError(f"{variable} is not a URL such as http://proxy:3128", passing=False)
        KNOWN.learn(unquote(proxy.password or ""))
        return proxy


class _Attempt:
    """A request that is given up in time, and then sends nothing any more."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._abandoned = False
        self._outcome: Reply | SendError | None = None

    def run(self, request: Request, target: str, headers: Mapping[str, str]) -> None:
        """Send it and keep what came of it."""
        outcome: Reply | SendError
        try:
            outcome = self._exchange(request, target, headers)
        except Exception as error:  # a connection that is shut down meanwhile may raise any
            outcome = _send_error(error)
        finally:
            self._connection.close()
        with self._lock:
            self._outcome = outcome

    def result(self, timeout: float) -> Reply:
        """What came of it by now; without anything it is abandoned.

        Raises:
            SendError: No answer did.
        """
        with self._lock:
            outcome = self._outcome
            if outcome is None:
                self._abandoned = True
                if self._connection.sock is not None:
                    # Wakes up the thread that reads from it.
                    with suppress(OSError):
                        # Not that of TLS, which would change what the thread works with.
                        socket.shutdown(self._connection.sock, SHUT_RDWR)
        if outcome is None:
            raise SendError(f"no answer within {timeout:g} s")
        if isinstance(outcome, SendError):
            raise outcome
        return outcome

    def _exchange(self, request: Request, target: str, headers: Mapping[str, str]) -> Reply:
        self._connection.connect()
        with self._lock:
            # A report that comes late could undo a newer one.
            if self._abandoned:
                raise ConnectionAbortedError
        self._connection.request(request.method, target, request.body, headers)
        response = self._connection.getresponse()
        return Reply(response.status, _beginning(response), _retry_after(response))


def _beginning(response: HTTPResponse) -> bytes:
    """The beginning of a body; the code alone counts if it breaks off."""
    with suppress(OSError, HTTPException, ValueError):
        return response.read(_LONGEST_REPLY)
    return b""


def _retry_after(response: HTTPResponse) -> float | None:
    """Seconds; a date is ignored, as clocks differ."""
    text = (response.headers.get("Retry-After") or "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    return float(min(int(text), _LONGEST_WAIT))


def _send_error(error: Exception) -> SendError:
    if isinstance(error, ssl.SSLCertVerificationError):
        named = error.verify_code in _NAME_FAULTS
        why = "it is for another name" if named else error.verify_message
        return SendError(f"its certificate is not trusted: {why}", passing=False)
    if isinstance(error, ssl.SSLError):
        return SendError(f"TLS failed: {error.reason or type(error).__name__}")
    if isinstance(error, TimeoutError):
        return SendError("it did not answer in time")
    if isinstance(error, OSError):
        # What http.client says of a proxy has no strerror.
        return SendError(f"it cannot be reached: {error.strerror or error}")
    if isinstance(error, HTTPException):
        return SendError(f"its answer is not HTTP ({type(error).__name__})")
    return SendError(f"the request cannot be sent ({type(error).__name__})", passing=False)


def _basic(url: SplitResult) -> str:
    if url.username is None:
        return ""
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    authorization = _basic(proxy)
    return {"Proxy-Authorization": authorization} if authorization else {}


def _host(url: SplitResult) -> str:
    return url.netloc.rpartition("@")[2]
