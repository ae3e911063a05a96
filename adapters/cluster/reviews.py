"""A `Reviewer` that asks the API server each time."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from k8s_heartbeat.core.checks.reader import Deadline, UpstreamError
from k8s_heartbeat.core.checks.reviewer import Access, Identity
from k8s_heartbeat.core.fields import mapping, strings, text

from ..memory import Memory
from .client import Client, Request
from .decode import UnreadableError, decode_whole

__all__ = ["Reviews"]

_log = logging.getLogger(__name__)

# In bytes; it is cached, and sent with every access review.
_LARGEST_USER = 2**16


class Reviews:
    """A `Reviewer` that asks the API server each time.

    Args:
        client: It has to be allowed to create both reviews, as the ClusterRole
            ``system:auth-delegator`` is.
        memory: Where large answers take their room.
        audiences: Required audiences of tokens; none for the API server's own.
    """

    def __init__(self, client: Client, memory: Memory, audiences: Sequence[str] = ()) -> None:
        self._client = client
        self._memory = memory
        self._audiences = tuple(audiences)

    def identify(self, token: str, deadline: Deadline) -> Identity | None:
        """See `Reviewer.identify`."""
        spec: dict[str, Any] = {"token": token}
        if self._audiences:
            spec["audiences"] = list(self._audiences)
        status = self._review("authentication.k8s.io", "TokenReview", spec, deadline)
        user = mapping(status.get("user"))
        username = text(user.get("username"))
        if status.get("authenticated") is not True or not username:
            return None
        # An API server without support for audiences ignores the requested ones.
        if self._audiences and not set(self._audiences) & set(strings(status.get("audiences"))):
            return None
        if len(json.dumps(user)) > _LARGEST_USER:
            raise UpstreamError("a TokenReview", "the API server tells too much of a user")
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
        status = self._review("authorization.k8s.io", "SubjectAccessReview", spec, deadline)
        return status.get("allowed") is True and status.get("denied") is not True

    def _review(
        self, group: str, kind: str, spec: Mapping[str, Any], deadline: Deadline
    ) -> Mapping[str, Any]:
        """The status of a review."""
        what = f"a {kind}"
        review = {"apiVersion": f"{group}/v1", "kind": kind, "spec": spec}
        path = f"/apis/{group}/v1/{kind.lower()}s"
        request = Request(
            path, what, body=json.dumps(review).encode(), verb="create", kind=kind.lower()
        )
        with self._memory.room() as room:
            code, body = self._client.send(request, deadline, room)
        if code == 403:
            # The caller is not authenticated yet: internal errors are not for them.
            _log.error(
                "a %s is forbidden by the cluster's RBAC: bind the service's account to the "
                "ClusterRole system:auth-delegator",
                kind,
            )
        if code not in (200, 201):
            raise UpstreamError(what, f"the API server answered {code}")
        try:
            answer = decode_whole(body)
        except UnreadableError as error:
            raise UpstreamError(what, f"the API server's answer is {error}") from error
        if answer.get("kind") != kind or not isinstance(answer.get("status"), dict):
            raise UpstreamError(what, "the API server's answer is not a review")
        return mapping(answer.get("status"))
