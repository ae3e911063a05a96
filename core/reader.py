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
    "Query",
    "ReadError",
    "ReadTimeout",
    "Reading",
    "UpstreamError",
]

# Kubernetes' own grammar: RFC 1123 labels and subdomains (apimachinery/pkg/util/validation).
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*", re.ASCII)
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


class Forbidden(ReadError):
    """The API server's RBAC does not let us see the object."""


class UpstreamError(ReadError):
    """The API server refused, answered with an error, or with something unreadable."""


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
        namespace: Where.
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
        if len(self.namespace) > _LONGEST_LABEL or not _LABEL.fullmatch(self.namespace):
            raise InvalidQuery(
                f"namespace: {_shown(self.namespace)} is not up to {_LONGEST_LABEL} lower-case "
                "letters, digits and '-', such as shop"
            )
        if not self.name:
            return
        if len(self.name) > _LONGEST_SUBDOMAIN or not _SUBDOMAIN.fullmatch(self.name):
            raise InvalidQuery(
                f"name: {_shown(self.name)} is not up to {_LONGEST_SUBDOMAIN} lower-case letters, "
                "digits, '-' and '.', such as api"
            )

    def __str__(self) -> str:
        """What is read, in kubectl's words."""
        if self.name:
            return f"{self.kind.plural} {self.namespace}/{self.name}"
        return f"{self.kind.plural} in {self.namespace}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader saw.

    Attributes:
        objects: The manifests: exactly one for a query by name.
        age: Seconds since they were read.
        stale: Whether they are older than the reader would like, because no newer were to be had.
    """

    objects: tuple[Mapping[str, Any], ...]
    age: float = 0.0
    stale: bool = False


class ClusterReader(Protocol):
    """Whoever can tell what a cluster holds."""

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """The object or the list that is asked for.

        Raises:
            NotFound: There is no such object; never for a list.
            Forbidden: It may not be seen.
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


def _shown(text: str) -> str:
    """A value as an error may repeat it: short, printable and quoted."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}…")
