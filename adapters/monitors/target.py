"""What a monitor can ask for: an object or a component, with the path that answers for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from k8s_heartbeat.core import Assessment
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.kinds import kubectl_name

__all__ = ["Target", "component_target", "in_order", "object_target", "url_of"]

_COMPONENT = "component"
# Takes the place of the namespace in the path of a cluster-scoped object.
_NO_NAMESPACE = "-"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """Something that can be asked for; ordered as lists show it.

    Attributes:
        namespace: Its namespace; empty for a component and for a cluster-scoped object.
        word: Its kind as kubectl names it, with a group where that is another project's; empty for
            a component.
        name: Its name.
        title: A component's title for people; otherwise empty.
    """

    namespace: str
    word: str
    name: str
    title: str = ""

    @property
    def path(self) -> str:
        """The path that answers for it."""
        if not self.word:
            return f"/api/components/{quote(self.name, safe='')}"
        parts = (self.namespace or _NO_NAMESPACE, self.word, self.name)
        return "/api/healthz/" + "/".join(quote(part, safe="") for part in parts)

    @property
    def group(self) -> str:
        """The group that it is shown in: its namespace, where it has one."""
        return self.namespace or ("cluster" if self.word else "components")

    @property
    def short_name(self) -> str:
        """Its name within its group, such as ``deployment/api``."""
        return f"{self.word}/{self.name}" if self.word else self.name

    @property
    def labels(self) -> dict[str, str]:
        """Its labels, as the metrics have them; an empty one is none to Prometheus."""
        kind = self.word or _COMPONENT
        found = {"namespace": self.namespace, "kind": kind, "name": self.name}
        return {**found, "title": self.title} if self.title else found


def object_target(assessment: Assessment) -> Target | None:
    """The target for the object of a verdict; None if it is not about a single object."""
    if not assessment.kind or not assessment.name:
        return None
    word = kubectl_name(assessment.kind, assessment.api_version)
    return Target(assessment.namespace, word, assessment.name)


def component_target(component: Component) -> Target:
    """The target for a component."""
    return Target("", "", component.name, component.title)


def in_order(targets: Iterable[Target]) -> list[Target]:
    """Each target once, in an order that depends on nothing else."""
    return sorted(set(targets))


def url_of(base: str, target: Target, query: str = "") -> str:
    """The URL that answers for a target.

    Args:
        base: What comes before ``/api``, such as ``https://heartbeat.example.com``.
        target: The target.
        query: The query of the URL; empty for none.
    """
    return f"{base}{target.path}?{query}" if query else f"{base}{target.path}"
