"""What a monitor can ask for: an object or a component, with the path that answers for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from k8s_heartbeat.core import RULES, Assessment
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.kinds import is_custom

__all__ = ["Target", "component_target", "in_order", "kind_word", "object_target", "url_of"]

_COMPONENT = "Component"
# Takes the place of the namespace in the path of a cluster-scoped object.
_NO_NAMESPACE = "-"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """Something that can be asked for; ordered as lists show it.

    Attributes:
        namespace: Its namespace; empty for a component and for a cluster-scoped object.
        word: The word for its kind in paths; empty for a component.
        name: Its name.
        kind: Its kind, as answers and metrics state it.
        title: A component's title for people; otherwise empty.
    """

    namespace: str
    word: str
    name: str
    kind: str
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
        found = {"namespace": self.namespace, "kind": self.kind, "name": self.name}
        return {**found, "title": self.title} if self.title else found


def object_target(assessment: Assessment) -> Target | None:
    """The target for the object of a verdict; None for what stands for no object."""
    if not assessment.kind or not assessment.name:
        return None
    word = kind_word(assessment.kind, assessment.api_version)
    return Target(assessment.namespace, word, assessment.name, assessment.kind)


def component_target(component: Component) -> Target:
    """The target for a component."""
    return Target("", "", component.name, _COMPONENT, component.title)


def in_order(targets: Iterable[Target]) -> list[Target]:
    """Each target once, in an order that depends on nothing else."""
    return sorted(set(targets))


def kind_word(kind: str, api_version: str) -> str:
    """The word for a kind in paths, which means this kind in every cluster.

    Args:
        kind: The kind as manifests state it.
        api_version: The apiVersion as manifests state it.
    """
    group = api_version.rpartition("/")[0]
    rule = RULES.own(kind, api_version)
    if rule is None:
        return f"{kind.lower()}.{group}" if group else kind.lower()
    found = RULES.kind_called(kind.lower())
    if found is not None and found.group == group and not is_custom(found):
        return kind.lower()
    return f"{rule.kind.plural}.{group}"


def url_of(base: str, target: Target, query: str = "") -> str:
    """The URL that answers for a target.

    Args:
        base: What stands before ``/api``, such as ``https://heartbeat.example.com``.
        target: The target.
        query: The query of the URL; empty for none.
    """
    return f"{base}{target.path}?{query}" if query else f"{base}{target.path}"
