"""Loads only those parts of the official client that read a configuration and send a request.

`import kubernetes` loads all of its packages, and with them requests, oauthlib, pydantic, websocket
and aiohttp: twice the time of the rest of a start. Here each of those packages is loaded at the
first use of one of its names, which our code needs only for a kubeconfig.

`importlib.util.LazyLoader` would load a package for a module in it too.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

__all__ = ["client", "incluster_config", "kube_config", "rest"]

_PACKAGES = frozenset(
    f"kubernetes.{name}"
    for name in ("config", "dynamic", "informer", "leaderelection", "stream", "utils", "watch")
)
_lock = threading.RLock()


def client() -> Any:
    """The module with the client's `Configuration`."""
    return _module("kubernetes.client.configuration")


def rest() -> Any:
    """The module that makes the sockets of a configuration."""
    return _module("kubernetes.client.rest")


def incluster_config() -> Any:
    """The module that reads a pod's service account."""
    return _module("kubernetes.config.incluster_config")


def kube_config() -> Any:
    """The module that reads kubeconfigs; takes a third of a second to load."""
    return _module("kubernetes.config.kube_config")


def _module(name: str) -> Any:
    with _lock:
        if "kubernetes" not in sys.modules:
            finder = _Finder()
            sys.meta_path.insert(0, finder)
            try:
                import_module("kubernetes")
            finally:
                sys.meta_path.remove(finder)
    return import_module(name)


class _Finder(MetaPathFinder):
    """Finds those packages, to be loaded later."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _PACKAGES else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


class _Later(Loader):
    """Makes a package that its own loader fills once a name of it is missing."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it empty."""


class _Package(ModuleType):
    """A package that is empty until a name is accessed; its submodules can be imported."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        self._fill()
        return ModuleType.__getattribute__(self, name)

    def __dir__(self) -> list[str]:
        self._fill()
        return sorted(self.__dict__)

    def _fill(self) -> None:
        """Execute the package, unless this thread is doing so; other threads wait for it."""
        with _lock:
            spec = self.__spec__
            if spec is None or not isinstance(spec.loader, _Later):
                return
            later, spec.loader = spec.loader, spec.loader.loader
            try:
                spec.loader.exec_module(self)
            except BaseException:
                spec.loader = later
                raise
            # Only now: until it is full, other threads must come through here.
            self.__class__ = ModuleType  # type: ignore[assignment]  # as importlib does it
