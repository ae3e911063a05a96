"""The port to the cluster's word on callers: whose a token is, and what its owner may do.

Source: TokenReview (authentication.k8s.io/v1) and SubjectAccessReview (authorization.k8s.io/v1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .reader import Deadline

__all__ = ["Access", "Identity", "Reviewer"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom the cluster knows.

    Attributes:
        username: Such as ``system:serviceaccount:shop:monitor``.
        uid: Tells two of one name apart.
        groups: The groups that it belongs to.
        extra: What the authenticator says besides, by key.
    """

    username: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Something that somebody wants to do.

    Attributes:
        verb: Such as ``get``.
        group: API group of the resource; empty for the core group.
        version: Its version.
        resource: Its plural.
        namespace: Where; empty for all namespaces, and for cluster-scoped resources.
        name: Which one; empty for all.
    """

    verb: str
    group: str
    version: str
    resource: str
    namespace: str = ""
    name: str = ""

    def attributes(self) -> dict[str, str]:
        """As `resourceAttributes` of a review."""
        stated = {
            "verb": self.verb,
            "group": self.group,
            "version": self.version,
            "resource": self.resource,
            "namespace": self.namespace,
            "name": self.name,
        }
        return {key: value for key, value in stated.items() if value}


class Reviewer(Protocol):
    """Tells tokens and rights."""

    def identify(self, token: str, deadline: Deadline) -> Identity | None:
        """Whose token it is; None where it is nobody's, or no longer valid.

        Raises:
            ReadError: It could not be found out.
        """
        ...

    def allows(self, identity: Identity, access: Access, deadline: Deadline) -> bool:
        """Whether somebody may do something.

        Raises:
            ReadError: It could not be found out.
        """
        ...
