"""Callers by the cluster's own tokens: whom Kubernetes knows, and what its RBAC lets them see."""

from __future__ import annotations

import base64
import binascii
import copy
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cachetools import TLRUCache

from k8s_heartbeat.adapters.cluster.reviews import Access, Identity, Reviewer
from k8s_heartbeat.adapters.single_flight import Busy, SingleFlight
from k8s_heartbeat.adapters.turns import Turns
from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.fields import mapping
from k8s_heartbeat.core.reader import Deadline, Query, ReadError, ReadTimeout, UpstreamError

from .callers import Caller, Credential
from .rendering import Detail

__all__ = ["ClusterAuthenticator"]

_MOST_GRANTED = 8_192
_MOST_REFUSED = 8_192
_FAILURE_SECONDS = 1.5
# RBAC knows resources by their names, whether the API server serves them or not.
_COMPONENTS = Access("get", "k8s-heartbeat.io", "", "components")
_LONGEST_TOKEN = 7_000


class _Token(bytes):
    """The SHA-256 of a token: what is remembered by it is of no use to a thief of memory."""

    def __str__(self) -> str:
        return "a TokenReview"


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether somebody may do something."""

    identity: Identity
    access: Access

    def __str__(self) -> str:
        return "a SubjectAccessReview"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a review came to, and until when it is believed.

    Attributes:
        value: An identity, or a yes; None or False for a no.
        ends: Reading of the monotonic clock.
        error: Why there is no answer, if there is none.
    """

    value: Identity | bool | None
    ends: float
    error: ReadError | None = None


class ClusterAuthenticator:
    """Tells callers by ``Authorization: Bearer`` with a token that the cluster knows.

    A caller sees an object when RBAC lets them `get` it; the objects of a kind in a namespace, or
    in all of them, when it lets them `list` these there; and a component when it lets them `get`
    the resource `components` of the group `k8s-heartbeat.io` by its name.

    Args:
        reviewer: Whom to ask.
        clock: A monotonic clock, in seconds.
        wall: The wall clock, in Unix seconds: tokens state by it when they expire.
        believed: Seconds that a yes is believed, a token's no longer than the token is valid; a no
            a tenth of that.
        places: How many may wait for the API server at one moment, shared with who reads there.
        turns: What callers step out of while they wait.
    """

    schemes: Sequence[str] = ("Bearer",)
    hint = "Authorization: Bearer TOKEN, with a token of the cluster"

    def __init__(
        self,
        reviewer: Reviewer,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        believed: float,
        places: threading.BoundedSemaphore,
        turns: Turns | None = None,
    ) -> None:
        self._reviewer = reviewer
        self._clock = clock
        self._wall = wall
        self._believed = believed
        # Apart, so that guesses cannot make it forget who was let in.
        self._granted = _cache(_MOST_GRANTED, clock)
        self._refused = _cache(_MOST_REFUSED, clock)
        self._reviews: SingleFlight[_Token | _Question, _Answer] = SingleFlight(
            places, threading.Lock(), self._remembered, self._remember, turns
        )

    def caller(self, offered: Sequence[Credential], deadline: Deadline) -> Caller | None:
        """See `Authenticator.caller`."""
        tokens = [text for text in map(_text, offered) if text]
        if not tokens:
            return None
        # There is one Authorization header.
        token = tokens[0]
        key = _Token(sha256(token.encode()).digest())
        found = self._answer(key, lambda: self._identified(token, deadline), deadline)
        return _ClusterCaller(self, found) if isinstance(found, Identity) else None

    def allows(self, identity: Identity, access: Access, deadline: Deadline) -> bool:
        """Whether RBAC lets somebody do something.

        Raises:
            ReadError: It could not be found out.
        """

        def review() -> _Answer:
            allowed = self._reviewer.allows(identity, access, deadline)
            return _Answer(allowed, self._clock() + self._lifetime(allowed))

        return self._answer(_Question(identity, access), review, deadline) is True

    def _identified(self, token: str, deadline: Deadline) -> _Answer:
        identity = self._reviewer.identify(token, deadline)
        lifetime = self._lifetime(identity is not None)
        expires = _expiry_of(token)
        if identity is not None and expires is not None:
            lifetime = min(lifetime, expires - self._wall())
        return _Answer(identity, self._clock() + lifetime)

    def _lifetime(self, granted: bool) -> float:
        return self._believed if granted else self._believed / 10

    def _answer(
        self, key: _Token | _Question, review: Callable[[], _Answer], deadline: Deadline
    ) -> Identity | bool | None:
        def call() -> _Answer:
            try:
                return review()
            except ReadError as error:
                # A copy: the error itself holds every frame below it, the token included.
                return self._failed(copy.copy(error))

        def broken() -> _Answer:
            return self._failed(UpstreamError(f"{key}: it was broken off"))

        try:
            answer = self._reviews.outcome(key, call, broken, deadline)
        except Busy as busy:
            raise ReadTimeout(str(busy)) from None
        if answer.error is not None:
            raise copy.copy(answer.error)
        return answer.value

    def _failed(self, error: ReadError) -> _Answer:
        return _Answer(None, self._clock() + _FAILURE_SECONDS, error)

    def _remembered(self, key: _Token | _Question) -> _Answer | None:
        return self._granted.get(key) or self._refused.get(key)

    def _remember(self, key: _Token | _Question, answer: _Answer) -> None:
        (self._granted if answer.value else self._refused)[key] = answer


class _ClusterCaller:
    """Somebody whom the cluster knows."""

    detail: Detail | None = None
    knows_namespaces = False

    def __init__(self, authenticator: ClusterAuthenticator, identity: Identity) -> None:
        self._authenticator = authenticator
        self._identity = identity

    @property
    def name(self) -> str:
        """See `Caller.name`."""
        return self._identity.username

    def may_know(self, kind: Kind | None) -> bool:
        """See `Caller.may_know`; discovery is open to whoever is authenticated."""
        return True

    def may_get(self, query: Query, deadline: Deadline) -> bool:
        """See `Caller.may_get`."""
        return self._may("get", query.kind, query.namespace, query.name, deadline)

    def may_list(self, kind: Kind, namespace: str, deadline: Deadline) -> bool:
        """See `Caller.may_list`."""
        return self._may("list", kind, namespace, "", deadline)

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """See `Caller.may_see_component`."""
        access = Access("get", _COMPONENTS.group, "", _COMPONENTS.resource, "", name)
        return self._authenticator.allows(self._identity, access, deadline)

    def _may(self, verb: str, kind: Kind, namespace: str, name: str, deadline: Deadline) -> bool:
        access = Access(verb, kind.group, kind.version, kind.plural, namespace, name)
        return self._authenticator.allows(self._identity, access, deadline)


def _cache(size: int, clock: Callable[[], float]) -> TLRUCache[_Token | _Question, _Answer]:
    return TLRUCache(size, lambda _, answer, __: answer.ends, clock)


def _text(credential: Credential) -> str:
    """A token as a review takes it; empty where it can be none of the cluster's."""
    value = credential.value.decode("latin-1")
    plausible = value.isascii() and value.isprintable() and " " not in value
    return value if credential.is_bearer and plausible and len(value) <= _LONGEST_TOKEN else ""


def _expiry_of(token: str) -> float | None:
    """When a token that the cluster vouched for expires, in Unix seconds; None where unsaid."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = parts[1] + "=" * (-len(parts[1]) % 4)
        expires = mapping(json.loads(base64.urlsafe_b64decode(payload))).get("exp")
        return float(expires) if isinstance(expires, int | float) else None
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        return None
