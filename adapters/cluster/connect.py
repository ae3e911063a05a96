"""Finds a cluster's configuration and makes a connection of it, with the official client.

Order: the file that was named explicitly, the cluster that the process runs in, KUBECONFIG, and
``~/.kube/config``.

Texts of the client, of a parser or of a plugin are never passed on: they quote the entries of the
file, including keys and passwords. Errors are in our own words.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout
from k8s_heartbeat.core.fields import is_mapping
from k8s_heartbeat.core.query import InvalidQuery, check_namespace

from ..masking import KNOWN
from ..refused import repeated, repeated_path
from ..regular_files import read_regular_file
from . import official

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from urllib3 import PoolManager

__all__ = ["ClusterConfig", "Connection", "CredentialsError", "NoClusterError", "connect"]

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_LARGEST_FILE = 2**20
# Kinds of user credentials that a program provides.
_PLUGINS = frozenset(("exec", "auth-provider"))
# Keys that name a file, by the entry that holds them.
_FILES = (
    ("cluster", "certificate-authority"),
    ("user", "client-certificate"),
    ("user", "client-key"),
)
# The client's log lines about a plugin that quote neither its output nor the kubeconfig.
_PLUGIN_LOG = re.compile(
    r"exec: (process returned -?[0-9]+|missing (token or )?client[A-Za-z]+ field in plugin output)"
)


class NoClusterError(Exception):
    """No configuration for a cluster was found, or the one that was found cannot be used."""


class CredentialsError(Exception):
    """The credentials are not available; the message has only the type of the error."""


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
        self._problem = ""

    def token(self, deadline: Deadline) -> str | None:
        """The token; None if there is none.

        Raises:
            ReadTimeout: The program did not answer in time.
            CredentialsError: No token is available.
        """
        if not self._has_plugin:
            return self._read()
        with self._changed:
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, daemon=True).start()
            if not self._changed.wait_for(lambda: not self._running, deadline.remaining()):
                raise ReadTimeout("the credentials", "the credential plugin did not end in time")
            if self._problem:
                raise CredentialsError(self._problem)
            return self._token

    def _run(self) -> None:
        token, problem = None, ""
        try:
            token = self._read()
        except CredentialsError as error:
            problem = str(error)
        with self._changed:
            self._token, self._problem, self._running = token, problem, False
            self._changed.notify_all()

    def _read(self) -> str | None:
        try:
            found: str | None = self._configuration.get_api_key_with_prefix(
                "BearerToken", "authorization"
            )
        except Exception as error:  # plugins raise whatever they like, and quote the kubeconfig
            problem = type(error).__name__
        else:
            return found
        # Outside of the handler, so that no traceback leads to the error itself.
        raise CredentialsError(problem)


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
        """The headers of a request, with credentials; may read a file or run a program for them.

        Raises:
            ReadTimeout: The program that renews them did not answer in time.
            CredentialsError: No credentials are available.
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
        NoClusterError: There is none, with the places searched, or it cannot be used.
    """
    configuration = official.client().Configuration()
    configuration.connection_pool_maxsize = config.connections
    configuration.retries = False
    origin, namespace, has_plugin = _configure(configuration, config)
    KNOWN.learn(configuration.host)
    KNOWN.learn(configuration.password or "")
    if not configuration.host.startswith(("http://", "https://")):
        raise NoClusterError(f"{origin}: its server is not a URL such as https://10.0.0.1:6443")
    pools: PoolManager | None = None
    # urllib3 quotes invalid text.
    with suppress(Exception):
        KNOWN.learn(configuration.proxy or "")
        pools = official.rest().RESTClientObject(configuration).pool_manager
    if pools is None:
        raise NoClusterError(f"{origin}: its server or its proxy cannot be used")
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
    """The home folder; None if HOME is not an absolute path."""
    home = Path(environ.get("HOME", ""))
    return home if home.is_absolute() else None


def _in_cluster(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and (_SERVICE_ACCOUNT / "token").exists()


def _load_in_cluster(configuration: Configuration) -> tuple[str, str, bool]:
    try:
        official.incluster_config().load_incluster_config(configuration)
        namespace = (_SERVICE_ACCOUNT / "namespace").read_text("utf-8").strip()
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}"
    except Exception:  # the client's, and of bytes that are no text
        problem = "its token, its certificate or the API server's port is missing, empty or no text"
    else:
        return "the service account of this pod", namespace or "default", False
    raise NoClusterError(f"the service account cannot be used: {problem}")


def _load(
    configuration: Configuration, config: ClusterConfig, paths: str, origin: str
) -> tuple[str, str, bool]:
    origin = f"{origin} ({os.pathsep.join(map(repeated_path, paths.split(os.pathsep)))})"
    try:
        namespace, has_plugin = _read_in(configuration, config, paths)
    except NoClusterError as error:
        problem = str(error)
    except Exception as error:  # whatever a file and its plugins may raise
        problem = f"not a kubeconfig ({type(error).__name__})"
    else:
        return origin, namespace, has_plugin
    # Outside of the handler, so that no traceback leads to an error that quotes the file.
    raise NoClusterError(f"{origin} cannot be used: {problem}")


def _read_in(configuration: Configuration, config: ClusterConfig, paths: str) -> tuple[str, bool]:
    """Fill in a configuration from files; its namespace, and whether it has a plugin."""
    kube_config = official.kube_config()
    if _only_what_is_safe not in logging.root.filters:
        # The client logs to the root what plugins print, and its errors about an entry.
        logging.root.addFilter(_only_what_is_safe)
    files = _existing(paths, config.environ)
    # Parsed once, for both checking and loading.
    merged = kube_config.KubeConfigMerger(os.pathsep.join(files)).config
    context = _context(merged.value, config.context)
    cluster = _named(merged.value, "clusters", context.get("cluster"), "cluster")
    if cluster is None:
        raise NoClusterError("it has no cluster of the name that its context gives")
    user = _named(merged.value, "users", context.get("user"), "user")
    namespace = _namespace(context)
    for entry, key in ((cluster, "server"), (user, "token")):
        if entry is not None and entry.value.get(key, key) is None:
            raise NoClusterError(f"its {key} is set to nothing")
    if user is not None:
        _check_file(user, user.path, "tokenFile", "token")
    for part, key in _FILES if str(cluster.value.get("server")).startswith("https") else ():
        entry = cluster if part == "cluster" else user
        if entry is not None:
            # The client looks for a user's files beside the cluster's.
            _check_file(entry, cluster.path, key, f"{key}-data")
    loader = kube_config.KubeConfigLoader(
        merged, active_context=config.context or None, config_base_path=None
    )
    loader.load_and_set(configuration)
    return namespace, user is not None and not _PLUGINS.isdisjoint(user.value)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a kubeconfig for a cluster, user or context, and its file."""

    value: Mapping[str, Any]
    path: str


def _context(content: Mapping[str, Any], named: str) -> Mapping[str, Any]:
    """The context that was named, or the current one."""
    name = named or content.get("current-context")
    if not name:
        raise NoClusterError("its current-context is not set")
    found = _named(content, "contexts", name, "context")
    if found is not None:
        return found.value
    if not named:
        raise NoClusterError("its current-context is none of its contexts")
    known = [str(node.value.get("name")) for node in content["contexts"]]
    raise NoClusterError(f"it has no context {repeated(named, known)}")


def _named(content: Mapping[str, Any], part: str, name: object, key: str) -> _Entry | None:
    """The entry with a name; None if there is none."""
    for node in content[part]:
        if node.value["name"] == name:
            value = node.value.get(key)
            if not is_mapping(value):
                raise NoClusterError(f"an entry of its {part} has no {key}")
            return _Entry(value, node.path)
    return None


def _namespace(context: Mapping[str, Any]) -> str:
    namespace = str(context.get("namespace") or "default")
    try:
        check_namespace(namespace)
    except InvalidQuery:
        pass
    else:
        return namespace
    raise NoClusterError("the namespace of its context is no name of a namespace")


def _only_what_is_safe(record: logging.LogRecord) -> bool:
    """Filter possible secrets out of the client's log lines about a kubeconfig."""
    if record.module == "kube_config":
        safe = _PLUGIN_LOG.match(record.getMessage())
        detail = f" ({safe.group()})" if safe else ""
        record.msg, record.args = f"the credential plugin of the kubeconfig failed{detail}", ()
        record.exc_info = record.exc_text = None
    return True


def _existing(paths: str, environ: Mapping[str, str]) -> list[str]:
    """The existing files of a list, after checking that each can be read."""
    found: list[str] = []
    home = _home(environ)
    for path in filter(None, paths.split(os.pathsep)):
        expanded = path
        if path == "~" or path.startswith("~/"):
            if home is None:
                raise NoClusterError(f"{repeated_path(path)}: HOME is not an absolute path")
            expanded = f"{home}{path[1:]}"
        try:
            if _is_there(expanded):
                found.append(expanded)
        except OSError as error:
            raise NoClusterError(f"{repeated_path(path)}: {error.strerror}") from None
    if not found:
        raise NoClusterError("no such file")
    return found


def _check_file(entry: _Entry, beside: str, key: str, data: str) -> None:
    """Raise unless a file that an entry names can be read: the client would wait for a FIFO.

    Args:
        entry: The entry.
        beside: The file in whose folder a relative path begins.
        key: What names it.
        data: The key that overrides it, if present.
    """
    if key not in entry.value or data in entry.value:
        return
    named = entry.value[key]
    if not isinstance(named, str):
        raise NoClusterError(f"its {key} is no path")
    folder = os.path.dirname(os.path.abspath(beside))  # noqa: PTH100, PTH120  # as the client does
    path = os.path.normpath(f"{folder}/{named}" if not named.startswith("/") else named)
    try:
        found = _is_there(path)
    except OSError as error:
        problem = str(error.strerror)
    else:
        if found:
            return
        problem = "no such file"
    raise NoClusterError(f"{key}: {_repeated_in(folder, named)}: {problem}")


def _repeated_in(folder: str, named: str) -> str:
    """A path for an error: an existing folder does not show that the rest is no secret."""
    path = Path(folder, named)
    parts = Path(named).parent.parts
    leads = any(part.strip("./") for part in parts) and os.access(path.parent, os.F_OK)
    return repeated_path(str(path) if leads or os.access(path, os.F_OK) else named)


def _is_there(path: str) -> bool:
    """Whether a file exists.

    Raises:
        OSError: It exists, but cannot be read, is not a regular file, or is too large.
    """
    try:
        read_regular_file(path, _LARGEST_FILE)
    except FileNotFoundError:
        return False
    return True
