"""The well-known kinds: how they are called, and where the API serves them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EVENT", "KINDS", "POD", "REPLICA_SET", "Kind", "resolve"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of the Kubernetes API.

    Attributes:
        kind: The kind as manifests state it.
        plural: Its resource name in the API's paths.
        group: Its API group; empty for the core group.
        version: The version that is read.
        short_names: What kubectl takes for it as well.
        list_fields: Field selector that every list of it is asked with.
    """

    kind: str
    plural: str
    group: str
    version: str
    short_names: tuple[str, ...] = ()
    list_fields: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every lower-case name that stands for it: singular, plural, short."""
        return (self.kind.lower(), self.plural, *self.short_names)

    @property
    def api_version(self) -> str:
        """The apiVersion as manifests state it, such as ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version


POD = Kind("Pod", "pods", "", "v1", ("po",))
REPLICA_SET = Kind("ReplicaSet", "replicasets", "apps", "v1", ("rs",))
EVENT = Kind("Event", "events", "", "v1", list_fields="type=Warning")
"""Not judged; read to explain, and of events only the warnings."""

KINDS: tuple[Kind, ...] = (
    Kind("Deployment", "deployments", "apps", "v1", ("deploy",)),
    Kind("StatefulSet", "statefulsets", "apps", "v1", ("sts",)),
    Kind("DaemonSet", "daemonsets", "apps", "v1", ("ds",)),
    REPLICA_SET,
    POD,
)
"""The kinds that can be asked for."""

_BY_NAME = {name: kind for kind in KINDS for name in kind.names}


def resolve(word: str) -> Kind | None:
    """The kind that a word stands for, in any case as with kubectl; None if it is none of them."""
    return _BY_NAME.get(word.lower())
