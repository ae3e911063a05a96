"""The port: what a reader of a cluster is asked, and what it answers.

A reader may answer from memory: the judgement depends on the time it is made at, so a reading is
worth keeping for seconds where a verdict would not be. It says how old its reading is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .kinds import Kind
from .selectors import LabelSelector

__all__ = [
    "ClusterReader",
    "Deadline",
    "Forbidden",
    "InvalidQuery",
    "NotFound",
    "NotServed",
    "Query",
    "ReadError",
    "ReadTimeout",
    "Reading",
    "UndiscoveredError",
    "UpstreamError",
    "check_namespace",
]

# Kubernetes' own grammar: RFC 1123 labels and subdomains (apimachinery/pkg/util/validation).
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*", re.ASCII)
# RBAC's objects bear any name that can stand in a path (ValidatePathSegmentName); of those, the
# ones that need no escape.
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9:._-]+", re.ASCII)
_RBAC = "rbac.authorization.k8s.io"
_LONGEST_LABEL, _LONGEST_SUBDOMAIN = 63, 253


class InvalidQuery(ValueError):
    """A name that no object of Kubernetes can have; nothing was read."""


class ReadError(Exception):
    """A reading that could not be had; the message names what was read and what came back.

    Attributes:
        age: Seconds since it could not be had.
    """

    age: float = 0.0


class NotFound(ReadError):
    """The API server says that the object does not exist."""


class NotServed(ReadError):
    """The API server serves no such kind."""


class Forbidden(ReadError):
    """The API server's RBAC does not let us see the object."""


class UpstreamError(ReadError):
    """The API server refused, answered with an error, or with something unreadable."""


class UndiscoveredError(UpstreamError):
    """A part of the API does not answer, and whether it serves a kind is not known."""


class ReadTimeout(ReadError):
    """The API server did not answer in time."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment until which an answer is worth something.

    Attributes:
        expires: Reading of `clock` at which it is over, in seconds.
        clock: A monotonic clock, in seconds.
    """

    expires: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float]) -> Deadline:
        """A deadline some seconds from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Seconds left; 0 once it is over."""
        return max(0.0, self.expires - self.clock())


@dataclass(frozen=True, slots=True)
class Query:
    """One object by its name, or all of a kind that a selector lets through.

    Attributes:
        kind: What is read.
        namespace: Where; empty for a kind that stands in none, and for a list of all namespaces.
        name: Which one; empty for a list.
        selector: Which ones of a list; None for all.

    Raises:
        InvalidQuery: The namespace or the name cannot exist in Kubernetes.
    """

    kind: Kind
    namespace: str
    name: str = ""
    selector: LabelSelector | None = None

    def __post_init__(self) -> None:
        word = self.kind.kind.lower()
        if self.namespace and not self.kind.namespaced:
            raise InvalidQuery(
                f"namespace: a {self.kind.kind} stands in none; in a path write - for it, such as "
                f"/api/healthz/-{f'/{word}/{self.name}' if self.name else f'?kind={word}'}"
            )
        if self.name and self.kind.namespaced and not self.namespace:
            raise InvalidQuery(
                f"namespace: a {self.kind.kind or 'object'} stands in one, such as shop; a path is "
                f"such as /api/healthz/shop/{word or 'kind'}/NAME"
            )
        if self.namespace:
            check_namespace(self.namespace)
        form = _PATH_SEGMENT if self.kind.group == _RBAC else _SUBDOMAIN
        if self.name and not (len(self.name) <= _LONGEST_SUBDOMAIN and form.fullmatch(self.name)):
            raise InvalidQuery(
                f"name: {_shown(self.name)} is not up to {_LONGEST_SUBDOMAIN} lower-case letters, "
                "digits, '-' and '.', such as api"
            )

    def __str__(self) -> str:
        """What is read, in kubectl's words."""
        if self.name:
            return f"{self.kind.plural} {self.namespace}/{self.name}".replace(" /", " ")
        return f"{self.kind.plural} in {self.namespace or 'all namespaces'}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader saw.

    Attributes:
        objects: The manifests: exactly one for a query by name.
        age: Seconds since they were read.
        stale: Whether they are older than the reader would like, because no newer were to be had.
        truncated: Whether there is more than was read.
    """

    objects: tuple[Mapping[str, Any], ...]
    age: float = 0.0
    stale: bool = False
    truncated: bool = False


class ClusterReader(Protocol):
    """Whoever can tell what a cluster holds."""

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """The object or the list that is asked for.

        Raises:
            NotFound: There is no such object; never for a list.
            NotServed: The API server serves no such kind.
            Forbidden: It may not be seen.
            UpstreamError: The answer was no reading.
            ReadTimeout: No answer within the deadline.
        """
        ...

    def discover(self, deadline: Deadline) -> Reading:
        """What kinds there are, each as an APIResource of Kubernetes' discovery API.

        In the order of preference; `group` and `version` are always stated. Truncated where a part
        of the API does not answer.

        Raises:
            UpstreamError: The answer was no reading.
            ReadTimeout: No answer within the deadline.
        """
        ...

    def ping(self, deadline: Deadline) -> None:
        """Return when whoever is behind the reader answers at all.

        Raises:
            UpstreamError: It answered with an error.
            ReadTimeout: No answer within the deadline.
        """
        ...


def check_namespace(namespace: str) -> None:
    """Raise unless a namespace can be called so.

    Raises:
        InvalidQuery: It cannot.
    """
    if len(namespace) > _LONGEST_LABEL or not _LABEL.fullmatch(namespace):
        raise InvalidQuery(
            f"namespace: {_shown(namespace)} is not up to {_LONGEST_LABEL} lower-case "
            "letters, digits and '-', such as shop"
        )


def _shown(text: str) -> str:
    """A value as an error may repeat it: short, printable and quoted."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}…")
