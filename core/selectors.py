"""Label selectors as workloads state them: parse, match, print.

A selector only finds candidates; `owners` decides which pods belong to a workload.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .fields import is_list, is_mapping

__all__ = ["LabelSelector", "Requirement", "parse_selector", "selector_of"]

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
# As in apimachinery's validation: an optional DNS prefix and a name; a value may be empty.
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}"
_VALUE = rf"(?:{_NAME})?"
# Compiled on first use, as few processes ever see a selector.
_EQUALITY = rf"\s*({_KEY})\s*(==|=|!=)\s*({_VALUE})\s*"
_SET = rf"\s*({_KEY})\s+(in|notin)\s*\(([^()]*)\)\s*"
_EXISTENCE = rf"\s*(!?)\s*({_KEY})\s*"
_PARTS = r",(?![^(]*\))"
_LONGEST = 1024


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

    def matches(self, labels: Mapping[str, Any]) -> bool:
        """Whether labels meet every requirement; only strings count as labels."""
        labels = {key: value for key, value in labels.items() if isinstance(value, str)}
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        """The selector in the syntax of ``kubectl get -l`` and of the API's labelSelector."""
        return ",".join(map(str, self.requirements))


def parse_selector(text: str) -> LabelSelector:
    """The selector that ``kubectl get -l`` would take: ``app=api,tier in (web,edge),!canary``.

    Raises:
        ValueError: It is none, or matches everything.
    """
    if len(text) > _LONGEST or not text.strip():
        raise ValueError(_FORM)
    return LabelSelector(tuple(map(_parse_requirement, re.split(_PARTS, text))))


_FORM = "is no label selector, such as app=api,tier in (web,edge),!canary"


def _parse_requirement(text: str) -> Requirement:
    if equality := re.fullmatch(_EQUALITY, text, re.ASCII):
        key, operator, value = equality.groups()
        return Requirement(key, "NotIn" if operator == "!=" else "In", (value,))
    if stated := re.fullmatch(_SET, text, re.ASCII):
        key, operator, values = stated.groups()
        found = tuple(value.strip() for value in values.split(","))
        if all(re.fullmatch(_VALUE, value, re.ASCII) for value in found):
            return Requirement(key, "In" if operator == "in" else "NotIn", found)
    if existence := re.fullmatch(_EXISTENCE, text, re.ASCII):
        negated, key = existence.groups()
        return Requirement(key, "DoesNotExist" if negated else "Exists")
    raise ValueError(_FORM)


def selector_of(manifest: Mapping[str, Any]) -> LabelSelector | None:
    """The selector in a workload's `spec.selector`.

    None if there is none, or one that cannot be read: an unreadable selector must not match
    everything. An empty one is None too: the API refuses it for workloads.
    """
    spec = manifest.get("spec")
    selector = spec.get("selector") if is_mapping(spec) else None
    if not is_mapping(selector):
        return None
    # The older ReplicationController has the labels right there.
    plain = manifest.get("kind") == "ReplicationController"
    labels: object = selector if plain else selector.get("matchLabels")
    expressions: object = None if plain else selector.get("matchExpressions")
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
