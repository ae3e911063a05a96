"""Queries to a cluster: for one object by name, or for the objects of a kind.

Names follow Kubernetes' own grammar: RFC 1123 labels and subdomains
(apimachinery/pkg/util/validation).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .kinds import Kind
from .selectors import LabelSelector

__all__ = ["InvalidQuery", "Query", "WrongScope", "check_name", "check_namespace"]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*", re.ASCII)
# RBAC objects may have any name that is a valid path segment (ValidatePathSegmentName); this
# matches those that need no escaping.
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9:._-]+", re.ASCII)
_RBAC = "rbac.authorization.k8s.io"
_LONGEST_LABEL, _LONGEST_SUBDOMAIN = 63, 253


class InvalidQuery(ValueError):
    """A query for something that cannot exist in Kubernetes; nothing was read.

    Attributes:
        field: Which part of the query is wrong: namespace, kind, name, selector or a parameter.
        problem: What is wrong with it, and the form it must have.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        """The field and its problem."""
        return f"{self.field}: {self.problem}"


class WrongScope(InvalidQuery):
    """A namespace was given for a cluster-scoped kind, or none for a namespaced one.

    Attributes:
        kind: The kind.
    """

    def __init__(self, kind: Kind) -> None:
        scope = "is namespaced: name its namespace" if kind.namespaced else "is cluster-scoped"
        super().__init__("namespace", f"a {kind.kind} {scope}")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Query:
    """One object by its name, or all of a kind that a selector matches.

    Attributes:
        kind: The kind to read.
        namespace: Empty for a cluster-scoped kind, and for a list of all namespaces.
        name: The object's name; empty for a list.
        selector: Label selector of a list; None for all.

    Raises:
        InvalidQuery: The namespace or the name cannot exist in Kubernetes.
    """

    kind: Kind
    namespace: str
    name: str = ""
    selector: LabelSelector | None = None
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        kind, namespace, name = self.kind, self.namespace, self.name
        if namespace:
            if not kind.namespaced:
                raise WrongScope(kind)
            check_namespace(namespace)
        elif name and kind.namespaced:
            raise WrongScope(kind)
        if name:
            check_name(name, kind)
        # Every reading is looked up by this hash several times.
        object.__setattr__(self, "_hash", hash((kind, namespace, name, self.selector)))

    def __hash__(self) -> int:
        """The hash of its parts."""
        return self._hash

    def __str__(self) -> str:
        """The query in kubectl's terms."""
        if self.name:
            place = f"{self.namespace}/" if self.namespace else ""
            return f"{self.kind.plural} {place}{self.name}"
        return f"{self.kind.plural} in {self.namespace or 'all namespaces'}"


def check_namespace(namespace: str) -> None:
    """Raise unless a namespace can have this name.

    Raises:
        InvalidQuery: It cannot.
    """
    if len(namespace) > _LONGEST_LABEL or not _LABEL.fullmatch(namespace):
        raise InvalidQuery(
            "namespace",
            f"{_shown(namespace)} is not up to {_LONGEST_LABEL} lower-case letters, digits and "
            "'-', such as shop",
        )


def check_name(name: str, kind: Kind | None = None) -> None:
    """Raise unless an object of the kind, or of any kind if it is None, can have this name.

    Raises:
        InvalidQuery: It cannot.
    """
    form = _PATH_SEGMENT if kind is not None and kind.group == _RBAC else _SUBDOMAIN
    if len(name) > _LONGEST_SUBDOMAIN or not form.fullmatch(name):
        raise InvalidQuery(
            "name",
            f"{_shown(name)} is not up to {_LONGEST_SUBDOMAIN} lower-case letters, digits, '-' and "
            "'.', such as api",
        )


def _shown(text: str) -> str:
    """A value for an error message: short, printable and quoted."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}…")
