"""Callers and what they may see: the result of authentication."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.checks.reader import Deadline
from k8s_heartbeat.core.query import Query

from .rendering import Detail

__all__ = ["EVERYONE", "NOBODY", "Caller", "Credential", "Everyone", "Stranger"]


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret that a request carries; equal wherever in the request it was.

    Attributes:
        value: Its bytes.
        is_bearer: Whether it came after ``Bearer``.
        password: The password in it, where it is a user's name and a password as ``Basic`` has
            them; otherwise empty.
    """

    value: bytes
    is_bearer: bool = field(default=False, compare=False)
    password: bytes = field(default=b"", compare=False)

    def __repr__(self) -> str:
        """Nothing of the value: it must not get into a log or a traceback."""
        return "Credential(***)"


class Caller(Protocol):
    """The sender of a request; the request's state holds it.

    What they may not see is answered as not found.
    """

    @property
    def name(self) -> str:
        """The name in the log and in the limits; never a secret."""
        ...

    @property
    def detail(self) -> Detail | None:
        """How much detail they get; None for the default of the service."""
        ...

    @property
    def knows_namespaces(self) -> bool:
        """Whether it is known without a call which of many namespaces they may see.

        Otherwise they see all namespaces together or one by name, so that the cost of an answer
        does not reveal how many there are.
        """
        ...

    def may_know(self, kind: Kind | None) -> bool:
        """Whether they may know of another project's kind; None for one that is not served."""
        ...

    def may_get(self, query: Query, deadline: Deadline) -> bool:
        """Whether they may see an object.

        Raises:
            ReadError: It could not be found out.
        """
        ...

    def may_list(self, kind: Kind, namespace: str, deadline: Deadline) -> bool:
        """Whether they may see the objects of a kind in a namespace; in all of them where empty.

        Raises:
            ReadError: It could not be found out.
        """
        ...

    def may_list_somewhere(self, kind: Kind) -> bool:
        """Whether they are known to see the objects of a kind in at least one namespace."""
        ...

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """Whether they may see a component.

        Raises:
            ReadError: It could not be found out.
        """
        ...


class Everyone:
    """The caller of a service that runs open."""

    name = ""
    detail: Detail | None = None
    knows_namespaces = True
    _sees = True

    def may_know(self, kind: Kind | None) -> bool:
        """See `Caller.may_know`."""
        return self._sees

    def may_get(self, query: Query, deadline: Deadline) -> bool:
        """See `Caller.may_get`."""
        return self._sees

    def may_list(self, kind: Kind, namespace: str, deadline: Deadline) -> bool:
        """See `Caller.may_list`."""
        return self._sees

    def may_list_somewhere(self, kind: Kind) -> bool:
        """See `Caller.may_list_somewhere`."""
        return self._sees

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """See `Caller.may_see_component`."""
        return self._sees


class _Nobody(Everyone):
    _sees = False


class Stranger(_Nobody):
    """A person without a token, who sees the status of some components and nothing else.

    Args:
        components: The names of these components.
    """

    detail: Detail | None = Detail.STATUS

    def __init__(self, components: Collection[str]) -> None:
        self._components = components

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """See `Caller.may_see_component`."""
        return name in self._components


EVERYONE: Caller = Everyone()
"""The caller of any request to a service that runs open."""
NOBODY: Caller = _Nobody()
"""The caller of a request that was not authenticated: sees nothing."""
