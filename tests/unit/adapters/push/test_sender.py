"""One request over real sockets: what comes of it, in time, whatever the server does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from k8s_heartbeat.adapters.masking import KNOWN
from k8s_heartbeat.adapters.push.receiver import Reply, Request
from k8s_heartbeat.adapters.push.sender import Sender, SendError
from tests.servers.api_server import PATIENCE, until
from tests.servers.certificates import self_signed
from tests.servers.faults import closed_port, silent_port
from tests.servers.receiver import (
    Receiver,
    any_webhook,
    drip,
    flood,
    hang,
    reset,
    says,
)

POST = Request("POST", "/hooks/abc?d=e", b"{}", {"Content-Type": "application/json"})
TOKEN = "a-token-of-the-sender-tests"
SHORT = 0.3


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy is in the way but a test's own."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def sent(url: str, *, token: str = "", timeout: float = PATIENCE) -> Reply:
    """The answer to a request."""
    return Sender(urlsplit(url), token, timeout)(POST)


def problem(url: str, *, timeout: float = PATIENCE) -> SendError:
    """Why there is none."""
    with pytest.raises(SendError) as caught:
        sent(url, timeout=timeout)
    return caught.value


def test_a_request_is_sent_as_it_is() -> None:
    """With the token, or with the user of the URL."""
    with Receiver(any_webhook) as receiver:
        assert sent(receiver.url, token=TOKEN).status == 204
        assert sent(f"http://me:pass%20word@{receiver.host}").status == 204
    first, second = receiver.pushed
    assert (first.method, first.target, first.body) == ("POST", POST.target, b"{}")
    assert first.headers["host"] == receiver.host
    assert first.headers["authorization"] == f"Bearer {TOKEN}"
    assert second.headers["authorization"] == "Basic bWU6cGFzcyB3b3Jk"


@pytest.mark.parametrize("fault", [hang, drip], ids=["hang", "drip"])
def test_a_server_that_takes_its_time_is_given_up(fault: Callable[..., None]) -> None:
    """Also one that sends a byte before each single wait is over."""
    with Receiver(any_webhook) as receiver:
        receiver.faults = [fault]
        began = time.monotonic()
        error = problem(receiver.url, timeout=SHORT)
        assert time.monotonic() - began < PATIENCE / 2
    assert error.passing
    assert "no answer within 0.3 s" in str(error) or "did not answer in time" in str(error)


def test_a_server_that_accepts_and_is_silent_is_given_up() -> None:
    """It never reads the request."""
    with silent_port() as url:
        assert problem(url, timeout=SHORT).passing


def test_what_was_given_up_sends_nothing_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that comes late could undo a newer one: of a name that takes long to look up."""
    looked_up, goes_on = threading.Event(), threading.Event()
    real = socket.getaddrinfo

    def slow(*arguments: object, **named: object) -> object:
        looked_up.set()
        assert goes_on.wait(PATIENCE)
        return real(*arguments, **named)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with Receiver(any_webhook) as receiver:
        threads = set(threading.enumerate())
        problem(receiver.url, timeout=SHORT)
        assert looked_up.is_set()
        goes_on.set()
        until(lambda: set(threading.enumerate()) <= threads, "the end of the thread")
        assert receiver.pushed == []


def test_a_reset_may_pass() -> None:
    """So may a server that is not there."""
    with Receiver(any_webhook) as receiver:
        receiver.faults = [reset]
        assert problem(receiver.url).passing
    with closed_port() as url:
        error = problem(url)
    assert error.passing
    assert str(error) == "it cannot be reached: Connection refused"


def test_a_name_that_does_not_exist_may_pass() -> None:
    """The message does not repeat it: a name can be a secret too."""
    error = problem("http://no-such-host.invalid/hooks")
    assert error.passing
    assert "invalid" not in str(error)


def test_no_more_is_read_than_is_told() -> None:
    """A body without an end is an answer for all that."""
    with Receiver(any_webhook) as receiver:
        receiver.faults = [flood]
        assert len(sent(receiver.url).body) == 4_096


def test_a_redirect_is_an_answer() -> None:
    """Neither the report nor the token goes anywhere else."""
    with Receiver(any_webhook) as elsewhere, Receiver(any_webhook) as receiver:
        for status in (301, 302, 303, 307, 308):
            receiver.faults = [says(status, Location=f"{elsewhere.url}/hooks")]
            assert sent(receiver.url, token=TOKEN).status == status
        assert elsewhere.pushed == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("999999999", 86_400.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_retry_after_is_told_in_seconds(header: str, seconds: float | None) -> None:
    """Clocks differ, so that a date tells nothing."""
    with Receiver(any_webhook) as receiver:
        receiver.faults = [says(429, Retry_After=header)]
        assert sent(receiver.url).retry_after == seconds


def test_no_http_is_no_answer() -> None:
    """Such as that of a server of another protocol."""

    def greet(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        handler.close_connection = True

    with Receiver(any_webhook) as receiver:
        receiver.faults = [greet]
        assert "not HTTP" in str(problem(receiver.url))


def test_an_authority_that_is_unknown_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until SSL_CERT_FILE names it; nothing was sent before."""
    certificate = self_signed(tmp_path / "good")
    with Receiver(any_webhook, tls=certificate.context()) as receiver:
        error = problem(receiver.url)
        assert not error.passing
        assert "certificate is not trusted: self-signed certificate" in str(error)
        assert receiver.pushed == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
        assert sent(receiver.url, token=TOKEN).status == 204


def test_a_certificate_for_another_name_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message does not repeat the name that was asked for."""
    certificate = self_signed(tmp_path / "other", "another name")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with Receiver(any_webhook, tls=certificate.context()) as receiver:
        error = problem(receiver.url)
    assert str(error) == "its certificate is not trusted: it is for another name"
    assert not error.passing


def test_no_tls_is_not_spoken_to() -> None:
    """A token for https is never sent in the clear."""
    with Receiver(any_webhook) as receiver:
        error = problem(f"https://{receiver.host}")
        assert "TLS failed" in str(error)
        assert receiver.pushed == []


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its password, which is masked from then on; not where no_proxy names the host."""
    with Receiver(any_webhook) as proxy, Receiver(any_webhook) as receiver:
        monkeypatch.setenv("http_proxy", f"http://me:proxy-password@{proxy.host}")
        assert sent("http://monitor.example.com:81", token=TOKEN).status == 204
        (pushed,) = proxy.pushed
        assert pushed.target == f"http://monitor.example.com:81{POST.target}"
        assert pushed.headers["host"] == "monitor.example.com:81"
        assert pushed.headers["proxy-authorization"].startswith("Basic ")
        assert "proxy-password" in KNOWN
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert sent(receiver.url).status == 204
        assert len(receiver.pushed) == len(proxy.pushed) == 1


def test_a_proxy_sees_nothing_of_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for a tunnel, and neither the path nor the token passes it in the clear."""
    certificate = self_signed(tmp_path / "good")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with Receiver(any_webhook, tls=certificate.context()) as receiver, _Tunnel() as tunnel:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{tunnel.port}")
        assert sent(receiver.url, token=TOKEN).status == 204
    assert tunnel.asked.startswith(f"CONNECT {receiver.host} HTTP/1.")
    assert TOKEN not in tunnel.asked


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "http://:1", "http://a:b:c"])
def test_a_proxy_that_cannot_be_used_is_no_direct_connection(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """Whoever names one means it."""
    with Receiver(any_webhook) as receiver:
        monkeypatch.setenv("http_proxy", proxy)
        error = problem(receiver.url)
        assert str(error) == "http_proxy is not a URL such as http://proxy:3128"
        assert receiver.pushed == []


class _Tunnel:
    """A proxy that opens one tunnel, and keeps what it was asked in the clear."""

    def __init__(self) -> None:
        self.asked = ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> _Tunnel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            self.asked = head.decode("ascii")
            host, _, port = self.asked.split()[1].partition(":")
            with socket.create_connection((host, int(port)), PATIENCE) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_copy, args=(server, client), daemon=True)
                back.start()
                _copy(client, server)
                back.join(PATIENCE)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
