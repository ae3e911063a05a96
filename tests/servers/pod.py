"""k8s-heartbeat as it runs in a pod, but for where its service account is mounted.

    python -m tests.servers.pod FOLDER MODULES serve ...

Without a command it is Knative's entry point. At its end it writes the names of all the modules
that it loaded to the file MODULES.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .certificates import Certificate

__all__ = ["account", "variables"]

TOKEN = "token-of-the-pod"  # of no cluster


def account(folder: Path, certificate: Certificate) -> Path:
    """The folder of a service account that believes a certificate."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_text(TOKEN, "ascii")
    (folder / "ca.crt").write_bytes(certificate.certificate.read_bytes())
    (folder / "namespace").write_text("shop", "ascii")
    return folder


def variables(url: str) -> dict[str, str]:
    """What a kubelet sets in every container, for an API server at a URL."""
    host, _, port = url.rpartition("/")[2].partition(":")
    return {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}


def _main(folder: str, modules: str, *arguments: str) -> int:
    # They name the one place where a kubelet mounts it.
    connect: Any = import_module("k8s_heartbeat.adapters.cluster.connect")
    connect._SERVICE_ACCOUNT = Path(folder)
    loaded = connect.official.incluster_config()
    loaded.SERVICE_TOKEN_FILENAME = f"{folder}/token"
    loaded.SERVICE_CERT_FILENAME = f"{folder}/ca.crt"
    entry = import_module(f"k8s_heartbeat.entrypoints.{'cli' if arguments else 'knative'}")
    try:
        return int(entry.main(arguments) if arguments else entry.main())
    finally:
        Path(modules).write_text("\n".join(sorted(sys.modules)), "utf-8")


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
