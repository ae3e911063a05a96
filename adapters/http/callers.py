"""Who asks, and what they may see: what authentication makes of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.reader import Deadline, Query

from .rendering import Detail

__all__ = ["EVERYONE", "Caller", "Credential", "Everyone"]


@dataclass(frozen=True, slots=True)
class Credential:
    """Something secret that a request carries.

    Attributes:
        value: Its bytes.
        is_bearer: Whether it stands after ``Bearer``.
    """

    value: bytes
    is_bearer: bool = False

    def __repr__(self) -> str:
        """Nothing of the value: it must not get into a log or a traceback."""
        return "Credential(***)"


class Caller(Protocol):
    """Somebody who may ask; a request's own is ``req.context.caller``.

    What they may not see is answered as what does not exist.
    """

    @property
    def name(self) -> str:
        """What the log and the limits know them by; never a secret."""
        ...

    @property
    def detail(self) -> Detail | None:
        """How much they are told; None for as much as the service tells by itself."""
        ...

    @property
    def knows_namespaces(self) -> bool:
        """Whether what they may see in each of many namespaces is known without asking anybody.

        Otherwise they see all namespaces together or by name, and how much it costs to answer
        tells nothing of how many there are.
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

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """Whether they may see a component.

        Raises:
            ReadError: It could not be found out.
        """
        ...


class Everyone:
    """The caller of a service that runs open."""

    name = ""
    detail = None
    knows_namespaces = True

    def may_know(self, kind: Kind | None) -> bool:
        """See `Caller.may_know`."""
        return True

    def may_get(self, query: Query, deadline: Deadline) -> bool:
        """See `Caller.may_get`."""
        return True

    def may_list(self, kind: Kind, namespace: str, deadline: Deadline) -> bool:
        """See `Caller.may_list`."""
        return True

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """See `Caller.may_see_component`."""
        return True


EVERYONE: Caller = Everyone()
"""Whoever asks a service that runs open."""
