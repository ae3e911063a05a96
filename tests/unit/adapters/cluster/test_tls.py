"""The live reader over TLS: whom it believes, and that its deadline holds there too."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from k8s_heartbeat.core.reader import Deadline, Query, ReadError, ReadTimeout, UpstreamError
from k8s_heartbeat.core.rules import KINDS
from tests.builders import deployment
from tests.servers.api_server import PATIENCE, ApiServer
from tests.servers.faults import FAULTS
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig

API = Query(KINDS[0], "shop", "api")
SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate for 127.0.0.1."""

    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Made by openssl, which CI has."""
    if shutil.which("openssl") is None and not os.environ.get("CI"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", *command, "-keyout", str(made.key), "-out", str(made.certificate)],  # noqa: S607  # wherever it is installed
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    return made


@pytest.fixture
def api(certificate: Certificate) -> Iterator[ApiServer]:
    """An API server that speaks HTTPS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with ApiServer([deployment()], tls=context) as server:
        yield server


def soon() -> Deadline:
    """A deadline in a moment."""
    return Deadline.after(SECONDS, time.monotonic)


def test_an_authority_of_the_kubeconfig_is_believed(
    api: ApiServer, certificate: Certificate, tmp_path: Path
) -> None:
    """As every cluster has its own."""
    cluster = {"certificate-authority": str(certificate.certificate)}
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))
    with live_reader(path) as reader:
        for _ in range(2):
            assert reader.read(API, Deadline.after(5, time.monotonic)).objects
    assert [request.turn for request in api.requests] == [1, 2]


def test_a_certificate_of_nobody_known_is_refused(api: ApiServer, tmp_path: Path) -> None:
    """Before a byte of the request, credentials included, is sent."""
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, user={"token": "canary"}))
    with live_reader(path) as reader, pytest.raises(UpstreamError):
        reader.read(API, soon())
    assert api.requests == []


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
    assert time.monotonic() - began < SECONDS + 0.5


@pytest.mark.parametrize("speech", [b"", b"\x16\x03\x03\x40\x00"], ids=["silent", "dripping"])
def test_a_handshake_that_never_ends_does(tmp_path: Path, speech: bytes) -> None:
    """A server that takes the connection and never gets to its certificate."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def drip() -> None:
            sock, _ = listener.accept()
            with sock:
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
                assert time.monotonic() - began < SECONDS + 0.5
                assert type(caught.value) is ReadTimeout
        finally:
            ended.set()
            thread.join(PATIENCE)
