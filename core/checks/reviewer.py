"""The port for reviews of callers: who owns a token, and what the owner may do.

Source: TokenReview (authentication.k8s.io/v1) and SubjectAccessReview (authorization.k8s.io/v1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .reader import Deadline

__all__ = ["Access", "Identity", "Reviewer"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A user or service account.

    Attributes:
        username: Such as ``system:serviceaccount:shop:monitor``.
        uid: Tells users of one name apart.
        groups: The groups that it belongs to.
        extra: Further data of the authenticator, by key.
    """

    username: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """An action on resources.

    Attributes:
        verb: Such as ``get``.
        group: API group of the resource; empty for the core group.
        version: Its version.
        resource: Its plural.
        namespace: Empty for all namespaces, and for cluster-scoped resources.
        name: Empty for all.
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
    """Reviews tokens and access."""

    def identify(self, token: str, deadline: Deadline) -> Identity | None:
        """The owner of a token; None if it is not valid, or no longer.

        Raises:
            ReadError: The review failed.
        """
        ...

    def allows(self, identity: Identity, access: Access, deadline: Deadline) -> bool:
        """Whether a user has some access.

        Raises:
            ReadError: The review failed.
        """
        ...
