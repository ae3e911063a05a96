"""The live reader over TLS: whom it believes, and that its deadline holds there too."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.cluster.patience import Patience
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    NotFound,
    ReadError,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from tests.builders import deployment, metadata
from tests.servers.api_server import PATIENCE, ApiServer, Exchange, head, truthful
from tests.servers.certificates import FLAWS, Certificate, self_signed
from tests.servers.faults import FAULTS, truth_of
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig

API = Query(KINDS[0], "shop", "api")
SECONDS = 0.4
GRACE = 5
ALERT = b"\x15\x03\x03\x00\x02\x02\x50"
"""Fatal: an internal error; in clear, where only ciphers are to come."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """One that is good."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def api(certificate: Certificate) -> Iterator[ApiServer]:
    """An API server that speaks HTTPS."""
    with ApiServer([deployment()], tls=certificate.context()) as server:
        yield server


def soon() -> Deadline:
    """A deadline in a moment."""
    return Deadline.after(SECONDS, time.monotonic)


def ample() -> Deadline:
    """A deadline that no test reaches."""
    return Deadline.after(10, time.monotonic)


def test_an_authority_of_the_kubeconfig_is_believed(
    api: ApiServer, certificate: Certificate, tmp_path: Path
) -> None:
    """As every cluster has its own."""
    cluster = {"certificate-authority": str(certificate.certificate)}
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))
    with live_reader(path) as reader:
        for _ in range(2):
            assert reader.read(API, ample()).objects
    assert [request.turn for request in api.requests] == [1, 2]


def test_a_certificate_of_nobody_known_is_refused(api: ApiServer, tmp_path: Path) -> None:
    """Before a byte of the request, credentials included, is sent."""
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, user={"token": "canary"}))
    with live_reader(path) as reader, pytest.raises(UpstreamError):
        reader.read(API, ample())
    assert api.requests == []


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_certificate_with_a_flaw_is_refused(tmp_path: Path, flaw: str) -> None:
    """Although whoever signed it is believed: it takes the right name, and the right time."""
    flawed = self_signed(tmp_path, flaw)
    cluster = {"certificate-authority": str(flawed.certificate)}
    with ApiServer([deployment()], tls=flawed.context()) as api:
        config = kubeconfig(api.url, cluster=cluster, user={"token": "canary"})
        path = write_kubeconfig(tmp_path / "config", config)
        with live_reader(path) as reader, pytest.raises(UpstreamError, match="SSL"):
            reader.read(API, ample())
        assert api.requests == []


def test_an_authority_of_the_same_name_is_not_believed(api: ApiServer, tmp_path: Path) -> None:
    """Anyone can sign with its name, and not with its key."""
    other = self_signed(tmp_path)
    cluster = {"certificate-authority": str(other.certificate)}
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))
    with live_reader(path) as reader, pytest.raises(UpstreamError):
        reader.read(API, ample())
    assert api.requests == []


@pytest.mark.parametrize("tells", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ALERT])
def test_what_is_no_tls_breaks_an_answer_off(
    api: ApiServer, certificate: Certificate, tmp_path: Path, tells: bytes
) -> None:
    """In clear, in the middle of an answer."""
    cluster = {"certificate-authority": str(certificate.certificate)}
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))

    def break_off(exchange: Exchange) -> None:
        exchange.send(head(200, {"Content-Length": "4096"}))
        with socket.socket(fileno=os.dup(exchange.sock.fileno())) as plain:
            plain.sendall(tells)
        exchange.close()

    with live_reader(path) as reader:
        api.behave("/", break_off, truthful)
        with pytest.raises(UpstreamError):
            reader.read(API, ample())
        assert reader.read(API, ample()).objects


@pytest.mark.parametrize("tells", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ALERT])
def test_a_handshake_that_is_answered_otherwise_is_an_upstream_error(
    tmp_path: Path, tells: bytes
) -> None:
    """By plain HTTP on the port, or by a fatal alert."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            # Once more after a new look at the configuration.
            for _ in range(2):
                sock, _ = listener.accept()
                with sock:
                    sock.recv(4096)
                    sock.sendall(tells)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        path = write_kubeconfig(tmp_path / "config", kubeconfig(url))
        with live_reader(path) as reader, pytest.raises(UpstreamError, match="SSL"):
            reader.read(API, ample())
        thread.join(PATIENCE)


@pytest.mark.parametrize("length", [0, 8192], ids=["short", "a buffer long"])
def test_the_rest_of_a_record_is_not_the_next_answer(
    api: ApiServer, certificate: Certificate, tmp_path: Path, length: int
) -> None:
    """It is decrypted with what came before it, so that the socket itself looks idle."""
    poison = json.dumps({**deployment(), "metadata": metadata("gone")}).encode()
    poison = head(200, {"Content-Length": str(len(poison))}) + poison

    def split(exchange: Exchange) -> None:
        truth = truth_of(exchange)
        padding = b"\r\nX: " + b"x" * max(0, length - len(truth) - 5) + b"\r\n\r\n"
        exchange.send(truth.replace(b"\r\n\r\n", padding, 1) + poison)

    cluster = {"certificate-authority": str(certificate.certificate)}
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))
    api.behave("/", split, truthful)
    with live_reader(path) as reader:
        assert reader.read(API, ample()).objects
        with pytest.raises(NotFound):
            reader.read(Query(KINDS[0], "shop", "gone"), ample())


@pytest.mark.parametrize("name", ["hung", "dripping-headers", "dripping-body", "hung-in-body"])
def test_the_deadline_holds(
    api: ApiServer, certificate: Certificate, tmp_path: Path, name: str
) -> None:
    """The encryption's own reads are bound by it as well."""
    cluster = {"certificate-authority": str(certificate.certificate)}
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))
    api.behave("/", FAULTS[name])
    with live_reader(path) as reader:
        began = time.monotonic()
        with pytest.raises(ReadTimeout):
            reader.read(API, soon())
    assert time.monotonic() - began < SECONDS + GRACE


def _look_for_nothing(_: Patience) -> None:
    pass


@pytest.mark.parametrize("speech", [b"", b"\x16\x03\x03\x40\x00"], ids=["silent", "dripping"])
def test_a_handshake_that_never_ends_does(
    tmp_path: Path, speech: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes the connection and never gets to its certificate."""
    # It takes one, and none of who looks whether it hangs.
    monkeypatch.setattr(Patience, "lost", _look_for_nothing)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def drip() -> None:
            sock, _ = listener.accept()
            # The client may be gone before it is looked at whether it is.
            with sock, contextlib.suppress(ConnectionError):
                for at in range(200):
                    if ended.wait(0.03):
                        return
                    if speech:
                        sock.send(speech[at : at + 1] or b"\x02")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with live_reader(write_kubeconfig(tmp_path / "config", kubeconfig(url))) as reader:
                began = time.monotonic()
                with pytest.raises(ReadError) as caught:
                    reader.read(API, soon())
                assert time.monotonic() - began < SECONDS + GRACE
                assert type(caught.value) is ReadTimeout
        finally:
            ended.set()
            thread.join(PATIENCE)
