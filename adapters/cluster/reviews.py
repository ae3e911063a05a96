"""Whom a token belongs to and what they may do, by the cluster's own word.

Source: TokenReview (authentication.k8s.io/v1) and SubjectAccessReview (authorization.k8s.io/v1).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from k8s_heartbeat.core.fields import mapping, strings, text
from k8s_heartbeat.core.reader import Deadline, UpstreamError

from .exchange import Request, in_hand
from .session import Session
from .trim import UnreadableError, decode_whole

__all__ = ["Access", "Identity", "Reviewer", "Reviews"]

_log = logging.getLogger(__name__)

# In bytes; it is remembered, and sent with every question of what they may do.
_LARGEST_USER = 2**16
_TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews"
_ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


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
        namespace: Where; empty for all namespaces, and for what stands in none.
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
    """Whoever can tell tokens and rights."""

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


class Reviews:
    """A `Reviewer` that asks the API server each time.

    Args:
        session: Its connection; it has to be allowed to create both reviews, as the ClusterRole
            ``system:auth-delegator`` is.
        audiences: For whom tokens must be made; none for the API server's own.
    """

    def __init__(self, session: Session, audiences: Sequence[str] = ()) -> None:
        self._session = session
        self._audiences = tuple(audiences)

    def identify(self, token: str, deadline: Deadline) -> Identity | None:
        """See `Reviewer.identify`."""
        spec: dict[str, Any] = {"token": token}
        if self._audiences:
            spec["audiences"] = list(self._audiences)
        status = self._review(_TOKENS, "authentication.k8s.io", "TokenReview", spec, deadline)
        user = mapping(status.get("user"))
        username = text(user.get("username"))
        if status.get("authenticated") is not True or not username:
            return None
        # An API server that knows no audiences answers as if none had been asked for.
        if self._audiences and not set(self._audiences) & set(strings(status.get("audiences"))):
            return None
        if len(json.dumps(user)) > _LARGEST_USER:
            raise UpstreamError("a TokenReview: the API server tells too much of a user")
        extra = mapping(user.get("extra"))
        return Identity(
            username,
            text(user.get("uid")),
            tuple(strings(user.get("groups"))),
            tuple((str(key), tuple(strings(values))) for key, values in sorted(extra.items())),
        )

    def allows(self, identity: Identity, access: Access, deadline: Deadline) -> bool:
        """See `Reviewer.allows`."""
        spec = {
            "user": identity.username,
            "uid": identity.uid,
            "groups": list(identity.groups),
            "extra": {key: list(values) for key, values in identity.extra},
            "resourceAttributes": access.attributes(),
        }
        status = self._review(
            _ACCESS, "authorization.k8s.io", "SubjectAccessReview", spec, deadline
        )
        return status.get("allowed") is True and status.get("denied") is not True

    def _review(
        self, path: str, group: str, kind: str, spec: Mapping[str, Any], deadline: Deadline
    ) -> Mapping[str, Any]:
        """The status of a review."""
        review = {"apiVersion": f"{group}/v1", "kind": kind, "spec": spec}
        request = Request(path, f"a {kind}", body=json.dumps(review).encode())
        with in_hand():
            code, body = self._session.send(request, deadline)
        if code == 403:
            # Whoever asks is nobody yet: what is wrong inside is none of their business.
            _log.error(
                "a %s is forbidden by the cluster's RBAC: bind the service's account to the "
                "ClusterRole system:auth-delegator",
                kind,
            )
        if code not in (200, 201):
            raise UpstreamError(f"a {kind}: the API server answered {code}")
        try:
            answer = decode_whole(body)
        except UnreadableError as error:
            raise UpstreamError(f"a {kind}: the API server's answer is {error}") from error
        if answer.get("kind") != kind or not isinstance(answer.get("status"), dict):
            raise UpstreamError(f"a {kind}: the API server's answer is none")
        return mapping(answer.get("status"))
