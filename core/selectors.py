"""Label selectors as workloads state them: parse, match, print.

A selector only asks for candidates; which pods belong to a workload is the matter of `owners`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .manifests import is_list, is_mapping

__all__ = ["LabelSelector", "Requirement", "selector_of"]

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement on a label: `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels fulfil it; like Kubernetes, an absent label is NotIn any values."""
        if self.operator == "In":
            return labels.get(self.key) in self.values
        if self.operator == "NotIn":
            return labels.get(self.key) not in self.values
        return (self.key in labels) == (self.operator == "Exists")

    def __str__(self) -> str:
        """The requirement in the syntax of ``kubectl get -l``."""
        if self.operator == "Exists":
            return self.key
        if self.operator == "DoesNotExist":
            return f"!{self.key}"
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={self.values[0]}"
        return f"{self.key} {self.operator.lower()} ({','.join(self.values)})"


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Requirements that must all hold; with none, everything matches."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels fulfil every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        """The selector in the syntax of ``kubectl get -l`` and of the API's labelSelector."""
        return ",".join(map(str, self.requirements))


def selector_of(manifest: Mapping[str, Any]) -> LabelSelector | None:
    """The selector in a workload's `spec.selector`.

    None where there is none, or one that cannot be read: an unreadable selector must not match
    everything. An empty one is None too: the API refuses it for workloads.
    """
    spec = manifest.get("spec")
    selector = spec.get("selector") if is_mapping(spec) else None
    if not is_mapping(selector):
        return None
    labels: object = selector.get("matchLabels")
    expressions: object = selector.get("matchExpressions")
    labels = {} if labels is None else labels
    expressions = [] if expressions is None else expressions
    if not is_mapping(labels) or not is_list(expressions):
        return None
    requirements = [
        _requirement(key, "In", [value])
        for key, value in sorted(labels.items(), key=lambda label: str(label[0]))
    ]
    requirements += [
        _requirement(entry.get("key"), entry.get("operator"), entry.get("values") or [])
        if is_mapping(entry)
        else None
        for entry in expressions
    ]
    found = tuple(requirement for requirement in requirements if requirement is not None)
    return LabelSelector(found) if found and len(found) == len(requirements) else None


def _requirement(key: object, operator: object, values: object) -> Requirement | None:
    if not isinstance(key, str) or not isinstance(operator, str) or operator not in _OPERATORS:
        return None
    if not is_list(values):
        return None
    texts = tuple(value for value in values if isinstance(value, str))
    takes_values = operator in ("In", "NotIn")
    if len(texts) != len(values) or bool(texts) != takes_values:
        return None
    return Requirement(key, operator, texts)
