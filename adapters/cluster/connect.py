"""Where the cluster is and how to be let in, taken from the official client's configuration.

Order: what was named explicitly, the cluster that the process runs in, KUBECONFIG, and
``~/.kube/config``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..masking import KNOWN
from .transport import keep_deadlines

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from urllib3 import PoolManager

__all__ = ["Connection", "NoClusterError", "Source", "connect"]

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class NoClusterError(Exception):
    """No configuration for a cluster was found, or the one that was found cannot be used."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where to look for a cluster.

    Attributes:
        kubeconfig: Path of a kubeconfig file, named explicitly; empty to look for one.
        context: Context of the kubeconfig; empty for its current one.
        connections: Connections to the API server that are kept open.
        environ: The environment to look in.
    """

    kubeconfig: str = ""
    context: str = ""
    connections: int = 10
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True, slots=True)
class Connection:
    """A way into a cluster; credentials are refreshed by the client as they age.

    Attributes:
        origin: Which configuration it was made from, for people.
        host: URL of the API server, without a slash at the end.
        namespace: The namespace that the configuration names; "default" where it names none.
        pools: The connections of the client's REST layer.
    """

    origin: str
    host: str
    namespace: str
    pools: PoolManager
    _configuration: Configuration

    def headers(self) -> dict[str, str]:
        """The headers of a request, credentials included; may read or run what renews them."""
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "k8s-heartbeat",
        }
        token = self._configuration.get_api_key_with_prefix("BearerToken", "authorization")
        if token:
            # It may have been replaced, or come from a plugin, since the last time.
            KNOWN.learn(token.strip())
            headers["Authorization"] = token.strip()
        return headers


def connect(source: Source) -> Connection:
    """Find the cluster's configuration and make a connection of it; nothing is sent yet.

    Raises:
        NoClusterError: There is none, naming the places looked at, or it cannot be used.
    """
    from kubernetes.client import Configuration  # noqa: PLC0415  # half a second of imports
    from kubernetes.client.rest import RESTClientObject  # noqa: PLC0415  # for live clusters alone

    configuration = Configuration()
    configuration.connection_pool_maxsize = source.connections
    configuration.retries = False
    origin, namespace = _configure(configuration, source)
    KNOWN.learn(configuration.host)
    KNOWN.learn(configuration.password or "")
    if not configuration.host.startswith(("http://", "https://")):
        raise NoClusterError(f"{origin}: its server is no URL such as https://10.0.0.1:6443")
    pools = RESTClientObject(configuration).pool_manager
    keep_deadlines(pools)
    return Connection(origin, configuration.host.rstrip("/"), namespace, pools, configuration)


def _configure(configuration: Configuration, source: Source) -> tuple[str, str]:
    """Fill in a configuration; where it was found, and the namespace that it names."""
    environ = source.environ
    if source.kubeconfig:
        return _load(configuration, source, source.kubeconfig, "the kubeconfig named")
    if not source.context and _in_cluster(environ):
        return _load_in_cluster(configuration)
    if environ.get("KUBECONFIG"):
        return _load(configuration, source, environ["KUBECONFIG"], "KUBECONFIG")
    home = Path(environ.get("HOME", "~")).expanduser() / ".kube" / "config"
    if home.exists():
        return _load(configuration, source, str(home), "the home folder")
    raise NoClusterError(
        "no cluster was found: not running in one (no service account), KUBECONFIG is not set, "
        f"and there is no {home}"
    )


def _in_cluster(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and (_SERVICE_ACCOUNT / "token").exists()


def _load_in_cluster(configuration: Configuration) -> tuple[str, str]:
    config = _untyped_config()
    try:
        config.load_incluster_config(configuration)
        namespace = (_SERVICE_ACCOUNT / "namespace").read_text("utf-8").strip()
    except (config.ConfigException, OSError) as error:
        raise NoClusterError(f"the service account cannot be used: {error}") from error
    return "the service account of this pod", namespace or "default"


def _load(configuration: Configuration, source: Source, paths: str, origin: str) -> tuple[str, str]:
    existing = [
        path for path in paths.split(os.pathsep) if path and Path(path).expanduser().exists()
    ]
    if not existing:
        raise NoClusterError(f"{origin} ({paths}): no such file")
    files = os.pathsep.join(existing)
    config = _untyped_config()
    try:
        contexts, active = config.list_kube_config_contexts(files)
        config.load_kube_config(
            config_file=files,
            context=source.context or None,
            client_configuration=configuration,
            persist_config=False,
        )
    except Exception as error:  # whatever a file and its plugins may raise
        # Only the client's own words are repeated: a parser's would quote the file, keys included.
        known = type(error).__name__ == "ConfigException"
        detail = str(error) if known else f"it is no kubeconfig ({type(error).__name__})"
        raise NoClusterError(f"{origin} ({paths}) cannot be used: {detail[:300]}") from None
    named = (entry for entry in contexts if entry["name"] == source.context)
    namespace = next(named, active)["context"].get("namespace") or "default"
    return f"{origin} ({paths})", str(namespace)


def _untyped_config() -> Any:
    """The client's module that reads configurations; it says nothing of its types."""
    from kubernetes import config  # noqa: PLC0415  # for live clusters alone

    return config
