"""Kinds of the Kubernetes API: their names, and where the API serves them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .fields import strings, text

__all__ = [
    "CONTROLLER_REVISION",
    "ENDPOINT_SLICE",
    "EVENT",
    "JOB",
    "NAMESPACE",
    "POD",
    "REPLICA_SET",
    "STORAGE_CLASS",
    "Kind",
    "KindIndex",
    "ServedKinds",
    "is_custom",
    "is_word",
    "kind_of",
    "kubectl_name",
]

_WORD = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9.])?", re.ASCII)
_VERSION = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?", re.ASCII)
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
# Compiled when a cluster's discovery is read.
_GROUP = rf"(?:{_LABEL}(?:\.{_LABEL}){{0,20}})?"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of the Kubernetes API.

    Attributes:
        kind: The kind as manifests state it.
        plural: Its resource name in the API's paths.
        group: Its API group; empty for the core group.
        version: The version that is read.
        short_names: Further names that kubectl accepts.
        namespaced: Whether its objects are in a namespace.
        shared_words: Whether another group has a kind of the same names: without a group they
            mean that one, or what the cluster says.
        metadata_only: Whether to read only its metadata: a verdict does not need the content,
            least of all that of a Secret.
        list_fields: Field selector for every list of it.
        api_version: The apiVersion as manifests state it, such as ``apps/v1``.
    """

    kind: str
    plural: str
    group: str
    version: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    shared_words: bool = False
    metadata_only: bool = False
    list_fields: str = ""
    api_version: str = field(init=False, compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """All its names in lower case: singular, plural, short."""
        return tuple(dict.fromkeys((self.kind.lower(), self.plural, *self.short_names)))

    def __post_init__(self) -> None:
        api_version = f"{self.group}/{self.version}" if self.group else self.version
        object.__setattr__(self, "api_version", api_version)


POD = Kind("Pod", "pods", "", "v1", ("po",))
REPLICA_SET = Kind("ReplicaSet", "replicasets", "apps", "v1", ("rs",))
CONTROLLER_REVISION = Kind(
    "ControllerRevision", "controllerrevisions", "apps", "v1", metadata_only=True
)
JOB = Kind("Job", "jobs", "batch", "v1")
ENDPOINT_SLICE = Kind("EndpointSlice", "endpointslices", "discovery.k8s.io", "v1")
STORAGE_CLASS = Kind(
    "StorageClass", "storageclasses", "storage.k8s.io", "v1", ("sc",), namespaced=False
)
NAMESPACE = Kind("Namespace", "namespaces", "", "v1", ("ns",), namespaced=False)
EVENT = Kind("Event", "events", "", "v1", ("ev",), list_fields="type=Warning")
"""Not judged; only warnings are read, to explain verdicts."""


def is_word(word: str) -> bool:
    """Whether a word can name a kind: ``deploy``, ``Deployment``, ``deployments.v1.apps``."""
    return _WORD.fullmatch(word.lower()) is not None


def is_custom(kind: Kind) -> bool:
    """Whether a kind belongs to another project, so a cluster may lack it."""
    return "." in kind.group and not kind.group.endswith(".k8s.io")


def kubectl_name(kind: str, api_version: str) -> str:
    """A kind as kubectl names it, with its group where that is another project's.

    Args:
        kind: The kind as manifests state it.
        api_version: Their apiVersion; may be empty.
    """
    group = api_version.rpartition("/")[0]
    custom = is_custom(Kind(kind, "", group, ""))
    return f"{kind.lower()}.{group}" if custom else kind.lower()


class KindIndex:
    """Kinds by every name that kubectl accepts; an ambiguous name means the first kind.

    Args:
        kinds: In the order of preference.
        alone: Whether a bare word counts for kinds with `shared_words` too.
    """

    def __init__(self, kinds: Sequence[Kind], *, alone: bool = False) -> None:
        self._bare: dict[str, Kind] = {}
        self._short: dict[str, Kind] = {}
        self._in_group: dict[tuple[str, str], list[Kind]] = {}
        for kind in kinds:
            for name in {kind.kind.lower(), kind.plural}:
                if alone or not kind.shared_words:
                    self._bare.setdefault(name, kind)
                self._in_group.setdefault((name, kind.group), []).append(kind)
            for name in kind.short_names:
                self._short.setdefault(name, kind)
        for kind in kinds:
            # A kind's own name takes precedence over a short name.
            for name in kind.short_names:
                self._in_group.setdefault((name, kind.group), []).append(kind)

    def find(self, word: str) -> Kind | None:
        """The kind that a word means, in any case: a name, ``name.group``, ``name.version.group``.

        A name is the kind, its plural or a short name.
        """
        word = word.lower()
        name, dot, rest = word.partition(".")
        if not dot:
            return self._bare.get(word) or self._short.get(word)
        version, dot, group = rest.partition(".")
        if dot and _VERSION.fullmatch(version):
            for kind in self._in_group.get((name, group), ()):
                if kind.version == version:
                    return kind
        return next(iter(self._in_group.get((name, rest), ())), None)


class ServedKinds:
    """The kinds that a cluster serves, indexed once.

    Args:
        kinds: In the server's order of preference.
        whole: Whether these are all; not so if part of the API does not answer.
        began: When their reading began, by the reader's monotonic clock.
        unread: The API groups whose kinds are unknown; empty, and `whole` false, if it is unknown
            which groups these are.
    """

    def __init__(
        self,
        kinds: Iterable[Kind],
        *,
        whole: bool,
        began: float,
        unread: Iterable[str] = (),
    ) -> None:
        self.kinds: tuple[Kind, ...] = tuple(kinds)
        self.whole = whole
        self.unread: frozenset[str] = frozenset(unread)
        self.began = began
        self._index = KindIndex(self.kinds, alone=True)
        self._resources = frozenset((kind.group, kind.plural) for kind in self.kinds)

    def find(self, word: str) -> Kind | None:
        """The kind that a word means, as with kubectl."""
        return self._index.find(word)

    def knows(self, group: str) -> bool:
        """Whether all kinds of an API group are known."""
        return self.whole or (bool(self.unread) and group not in self.unread)

    def has(self, kind: Kind) -> bool:
        """Whether a kind is served, in any version."""
        return (kind.group, kind.plural) in self._resources


def kind_of(resource: Mapping[str, Any]) -> Kind | None:
    """The kind that an APIResource of the discovery API describes.

    None for a subresource, and for invalid names, as they become part of a path.
    """
    plural, kind = text(resource.get("name")), text(resource.get("kind"))
    group, version = text(resource.get("group")), text(resource.get("version"))
    forms = ((_LABEL, plural), (_LABEL, version), (_GROUP, group))
    if not kind or not all(re.fullmatch(form, name, re.ASCII) for form, name in forms):
        return None
    return Kind(
        kind,
        plural,
        group,
        version,
        tuple(strings(resource.get("shortNames"))),
        namespaced=resource.get("namespaced") is True,
    )
