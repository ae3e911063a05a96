"""Who asks, and what they may see: what authentication makes of a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.checks.reader import Deadline
from k8s_heartbeat.core.query import Query

from .rendering import Detail

__all__ = ["EVERYONE", "NOBODY", "Caller", "Credential", "Everyone"]


@dataclass(frozen=True, slots=True)
class Credential:
    """Something secret that a request carries; alike wherever it stands.

    Attributes:
        value: Its bytes.
        is_bearer: Whether it stands after ``Bearer``.
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
    """Somebody who may ask; a request's own is in its state.

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

    def may_list_somewhere(self, kind: Kind) -> bool:
        """Whether there is a namespace of which it is known that they see its objects of a kind."""
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


EVERYONE: Caller = Everyone()
"""The caller of any request to a service that runs open."""
NOBODY: Caller = _Nobody()
"""The caller of a request that was not authenticated: sees nothing."""
