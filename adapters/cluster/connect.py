"""Finds a cluster's configuration and makes a connection of it, with the official client.

Order: the file that was named explicitly, the cluster that the process runs in, KUBECONFIG, and
``~/.kube/config``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout

from ..masking import KNOWN
from ..refused import repeated_path
from ..regular_files import read_regular_file

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from urllib3 import PoolManager

__all__ = ["ClusterConfig", "Connection", "NoClusterError", "connect"]

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_LARGEST_FILE = 2**20
# Ways of a user to be known that a program answers for.
_PLUGINS = frozenset(("exec", "auth-provider"))


class NoClusterError(Exception):
    """No configuration for a cluster was found, or the one that was found cannot be used."""


@dataclass(frozen=True, slots=True)
class ClusterConfig:
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


class _Credentials:
    """The token that a configuration has at the moment; a program may renew it.

    Args:
        configuration: The client's.
        has_plugin: Whether the token comes from a program, which may take any time.
    """

    def __init__(self, configuration: Configuration, has_plugin: bool) -> None:
        self._configuration = configuration
        self._has_plugin = has_plugin
        self._changed = threading.Condition()
        self._running = False
        self._token: str | None = None
        self._error: Exception | None = None

    def token(self, deadline: Deadline) -> str | None:
        """The token; None where there is none.

        Raises:
            ReadTimeout: The program did not answer in time.
        """
        if not self._has_plugin:
            return self._read()
        with self._changed:
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, daemon=True).start()
            if not self._changed.wait_for(lambda: not self._running, deadline.remaining()):
                raise ReadTimeout("the credentials", "the credential plugin did not end in time")
            if self._error is not None:
                raise self._error
            return self._token

    def _run(self) -> None:
        token, error = None, None
        try:
            token = self._read()
        except Exception as raised:  # plugins raise whatever they like
            error = raised
        with self._changed:
            self._token, self._error, self._running = token, error, False
            self._changed.notify_all()

    def _read(self) -> str | None:
        found: str | None = self._configuration.get_api_key_with_prefix(
            "BearerToken", "authorization"
        )
        return found


@dataclass(frozen=True, slots=True)
class Connection:
    """A way into a cluster; the official client refreshes its credentials as they age.

    Attributes:
        origin: Which configuration it was made from, for people.
        host: URL of the API server, without a slash at the end.
        namespace: The namespace that the configuration names; "default" where it names none.
        pools: The sockets, by host.
    """

    origin: str
    host: str
    namespace: str
    pools: PoolManager
    credentials: _Credentials

    def headers(self, accept: str, deadline: Deadline) -> dict[str, str]:
        """The headers of a request, credentials included; may read or run what renews them.

        Raises:
            ReadTimeout: The program that renews them did not answer in time.
        """
        headers = {
            "Accept": accept,
            "Accept-Encoding": "identity",
            "User-Agent": "k8s-heartbeat",
        }
        token = self.credentials.token(deadline)
        if token:
            # It may have been replaced, or come from a plugin, since the last time.
            KNOWN.learn(token.strip())
            headers["Authorization"] = token.strip()
        return headers

    def close(self) -> None:
        """Close its idle sockets at once, and those in use after their answer."""
        for key in self.pools.pools.keys():  # noqa: SIM118  # it cannot be iterated
            if pool := self.pools.pools.get(key):
                pool.close()
        self.pools.clear()


def connect(config: ClusterConfig) -> Connection:
    """Find the cluster's configuration and make a connection of it; nothing is sent yet.

    Raises:
        NoClusterError: There is none, naming the places looked at, or it cannot be used.
    """
    from kubernetes.client import Configuration  # noqa: PLC0415  # half a second of imports
    from kubernetes.client.rest import RESTClientObject  # noqa: PLC0415  # for live clusters alone

    configuration = Configuration()
    configuration.connection_pool_maxsize = config.connections
    configuration.retries = False
    origin, namespace, has_plugin = _configure(configuration, config)
    KNOWN.learn(configuration.host)
    KNOWN.learn(configuration.password or "")
    if not configuration.host.startswith(("http://", "https://")):
        raise NoClusterError(f"{origin}: its server is not a URL such as https://10.0.0.1:6443")
    pools = RESTClientObject(configuration).pool_manager
    host = configuration.host.rstrip("/")
    return Connection(origin, host, namespace, pools, _Credentials(configuration, has_plugin))


def _configure(configuration: Configuration, config: ClusterConfig) -> tuple[str, str, bool]:
    """Fill in a configuration; where it was found, its namespace, and whether it has a plugin."""
    environ = config.environ
    if config.kubeconfig:
        return _load(configuration, config, config.kubeconfig, "the kubeconfig named")
    if not config.context and _in_cluster(environ):
        return _load_in_cluster(configuration)
    if environ.get("KUBECONFIG"):
        return _load(configuration, config, environ["KUBECONFIG"], "KUBECONFIG")
    home = _home(environ)
    path = home / ".kube" / "config" if home else None
    if path and os.access(path, os.F_OK):
        return _load(configuration, config, str(path), "the home folder")
    missing = f"there is no {path}" if path else "HOME is not an absolute path"
    raise NoClusterError(
        "no cluster was found: not running in one (no service account), KUBECONFIG is not set, "
        f"and {missing}"
    )


def _home(environ: Mapping[str, str]) -> Path | None:
    """The home folder; None where HOME would lead below the working folder of the process."""
    home = Path(environ.get("HOME", ""))
    return home if home.is_absolute() else None


def _in_cluster(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and (_SERVICE_ACCOUNT / "token").exists()


def _load_in_cluster(configuration: Configuration) -> tuple[str, str, bool]:
    config = _untyped_config()
    try:
        config.load_incluster_config(configuration)
        namespace = (_SERVICE_ACCOUNT / "namespace").read_text("utf-8").strip()
    except (config.ConfigException, OSError) as error:
        raise NoClusterError(f"the service account cannot be used: {error}") from error
    return "the service account of this pod", namespace or "default", False


def _load(
    configuration: Configuration, config: ClusterConfig, paths: str, origin: str
) -> tuple[str, str, bool]:
    origin = f"{origin} ({os.pathsep.join(map(repeated_path, paths.split(os.pathsep)))})"
    kube_config = _untyped_config().kube_config
    try:
        files = _existing(paths, config.environ)
        # Parsed once, for what is checked and what is loaded.
        merged = kube_config.KubeConfigMerger(os.pathsep.join(files)).config
        loader = kube_config.KubeConfigLoader(
            merged, active_context=config.context or None, config_base_path=None
        )
        context = loader.current_context["context"]
        _check_token_file(merged, context.get("user"))
        loader.load_and_set(configuration)
        for path in (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file):
            if path:
                _is_there(path)
    except Exception as error:  # whatever a file and its plugins may raise
        # Only words that are known are repeated: a parser's would quote the file, keys included.
        known = isinstance(error, NoClusterError) or type(error).__name__ == "ConfigException"
        detail = str(error) if known else f"not a kubeconfig ({type(error).__name__})"
        raise NoClusterError(f"{origin} cannot be used: {detail[:300]}") from None
    user = merged["users"].get_with_name(context.get("user"), safe=True)
    has_plugin = bool(user) and not _PLUGINS.isdisjoint(user["user"].value)
    return origin, str(context.get("namespace") or "default"), has_plugin


def _existing(paths: str, environ: Mapping[str, str]) -> list[str]:
    """Those of several files that exist, each of which can be read."""
    found: list[str] = []
    home = _home(environ)
    for path in filter(None, paths.split(os.pathsep)):
        expanded = path
        if path == "~" or path.startswith("~/"):
            if home is None:
                raise NoClusterError(f"{repeated_path(path)}: HOME is not an absolute path")
            expanded = f"{home}{path[1:]}"
        if _is_there(expanded):
            found.append(expanded)
    if not found:
        raise NoClusterError("no such file")
    return found


def _check_token_file(merged: Any, user: object) -> None:
    """Raise unless the token file of a user can be read: the client would wait for a FIFO."""
    found = merged["users"].get_with_name(user, safe=True)
    if found and "tokenFile" in found["user"] and "token" not in found["user"]:
        path = Path(found.path).absolute().parent / found["user"]["tokenFile"]
        if not _is_there(str(path)):
            raise NoClusterError(f"{path}: no such file")


def _is_there(path: str) -> bool:
    """Whether a file exists.

    Raises:
        NoClusterError: It does, but it cannot be read, or is nothing that a configuration names.
    """
    try:
        read_regular_file(path, _LARGEST_FILE)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise NoClusterError(f"{path}: {error.strerror}") from error
    return True


def _untyped_config() -> Any:
    """The client's module that reads configurations; it says nothing of its types."""
    from kubernetes import config  # noqa: PLC0415  # for live clusters alone

    return config
