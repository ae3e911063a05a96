"""Certificates for an API server on 127.0.0.1, good ones and others."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from .api_server import PATIENCE

__all__ = ["FLAWS", "Certificate", "self_signed"]

FLAWS = ("expired", "not yet valid", "another name")
"""What may be wrong with a certificate."""

_TIMES = {
    "expired": ("20200101000000Z", "20210101000000Z"),
    "not yet valid": ("20900101000000Z", "20910101000000Z"),
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate.

    Attributes:
        certificate: Its file.
        key: The file of its key.
    """

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server shows it with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def self_signed(folder: Path, flaw: str = "") -> Certificate:
    """A certificate for 127.0.0.1 and heartbeat.example.com, made by openssl, which CI has.

    Args:
        folder: Where its files go.
        flaw: What is wrong with it; empty for nothing.
    """
    if shutil.which("openssl") is None and not os.environ.get("CI"):
        pytest.skip("openssl is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    good = "IP:127.0.0.1,DNS:heartbeat.example.com"
    name = "DNS:elsewhere.example.com" if flaw == "another name" else good
    (folder / "ca.conf").write_text(
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
        "default_md=sha256\npolicy=any\nx509_extensions=extensions\n"
        f"[any]\ncommonName=supplied\n[extensions]\nsubjectAltName={name}\n"
        "basicConstraints=critical,CA:true\nsubjectKeyIdentifier=hash\n",
        "ascii",
    )
    (folder / "index").touch()
    (folder / "serial").write_text("01", "ascii")
    new_key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"]
    _openssl(folder, "req", *new_key, "-subj", "/CN=test", "-out", "request.pem")
    dates = _TIMES.get(flaw)
    valid = ["-startdate", dates[0], "-enddate", dates[1]] if dates else ["-days", "2"]
    signing = ["-selfsign", "-batch", "-notext", "-config", "ca.conf", "-keyfile", "key.pem"]
    _openssl(folder, "ca", *signing, *valid, "-in", "request.pem", "-out", "certificate.pem")
    return made


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["openssl", *arguments],  # noqa: S607  # wherever it is installed
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
