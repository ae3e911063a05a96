"""Authentication by the cluster's own tokens, and authorization by its RBAC."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.checks.reader import Deadline, NotFound
from k8s_heartbeat.core.checks.reviewer import Access, Identity, Reviewer
from k8s_heartbeat.core.fields import mapping
from k8s_heartbeat.core.query import Query

from ..cache import Cache, Flight, Lifetimes
from ..memory import Memory
from .callers import Caller, Credential
from .rendering import Detail

__all__ = ["ClusterAuthenticator"]

# In bytes, of each: guesses cannot evict those who were let in.
_MOST_GRANTED = 4 * 2**20
_MOST_REFUSED = 2 * 2**20
# Bytes of an identity and a question besides their texts.
_RECORD = 1_500
_FAILURE_SECONDS = 1.5
# RBAC knows resources by their names, whether the API server serves them or not.
_COMPONENTS = Access("get", "k8s-heartbeat.io", "", "components")
_LONGEST_TOKEN = 7_000


class _Token(bytes):
    """The SHA-256 of a token, used as a key: stolen from memory, it is of no use."""

    def __str__(self) -> str:
        return "a TokenReview"


@dataclass(frozen=True, slots=True)
class _Question:
    """An identity and an access to check."""

    identity: Identity
    access: Access

    def __str__(self) -> str:
        return "a SubjectAccessReview"


class ClusterAuthenticator:
    """Identifies callers by ``Authorization: Bearer`` with a token of the cluster.

    A caller sees an object when RBAC lets them `get` it; the objects of a kind in a namespace, or
    in all of them, when it lets them `list` these there; and a component when it lets them `get`
    the resource `components` of the group `k8s-heartbeat.io` by its name.

    Args:
        reviewer: The reviewer.
        clock: A monotonic clock, in seconds.
        wall: The wall clock, in Unix seconds: tokens state by it when they expire.
        believed: Seconds that a yes is believed, a token's no longer than the token is valid; a no
            a tenth of that.
        memory: The budget of the cache.
        places: How many may wait for the API server at once, shared with its readers.
    """

    schemes: Sequence[str] = ("Bearer",)
    hint = "Authorization: Bearer TOKEN, with a token of the cluster"
    asks_api_server = True
    takes_query = False

    def __init__(
        self,
        reviewer: Reviewer,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        believed: float,
        memory: Memory,
        places: threading.Semaphore,
    ) -> None:
        self._reviewer = reviewer
        self._clock = clock
        self._wall = wall
        self._believed = believed
        lifetimes = Lifetimes(
            reading=believed, absence=believed / 10, failure=_FAILURE_SECONDS, stale=0.0
        )
        kept, refused = _MOST_GRANTED, _MOST_REFUSED
        self._identities: Cache[_Token, Identity] = Cache(
            memory, clock, lifetimes, places, kept=kept, refused=refused
        ).counted("identities")
        self._rights: Cache[_Question, bool] = Cache(
            memory, clock, lifetimes, places, kept=kept, refused=refused
        ).counted("rights")

    def caller(self, credential: Credential, deadline: Deadline) -> Caller | None:
        """See `Authenticator.caller`."""
        token = _text(credential)
        if not token:
            return None
        key = _Token(sha256(token.encode()).digest())
        entry = self._identities.recall(key)
        if entry is None:
            with Flight(self._identities, key, deadline) as flight:
                if flight.leads:
                    identity = self._reviewer.identify(token, deadline)
                    if identity is None:
                        raise NotFound(str(key), "nobody's token")
                    flight.land(identity, _size_of(identity), fresh=self._believed_until(token))
            entry = flight.entry
        try:
            identity = self._identities.settled(key, entry).value
        except NotFound:
            return None
        return _ClusterCaller(self, identity)

    def allows(self, identity: Identity, access: Access, deadline: Deadline) -> bool:
        """Whether RBAC allows somebody something.

        Raises:
            ReadError: It could not be found out.
        """
        question = _Question(identity, access)
        entry = self._rights.recall(question)
        if entry is None:
            with Flight(self._rights, question, deadline) as flight:
                if flight.leads:
                    if not self._reviewer.allows(identity, access, deadline):
                        raise NotFound(str(question), "not allowed")
                    flight.land(True, _size_of(identity))
            entry = flight.entry
        try:
            return self._rights.settled(question, entry).value
        except NotFound:
            return False

    def _believed_until(self, token: str) -> float:
        """Until when a token is believed: no longer than it is valid."""
        expires = _expiry_of(token)
        left = self._believed if expires is None else expires - self._wall()
        return self._clock() + min(self._believed, left)


class _ClusterCaller:
    """A caller known to the cluster."""

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
        """See `Caller.may_know`; discovery is open to all authenticated users."""
        return True

    def may_get(self, query: Query, deadline: Deadline) -> bool:
        """See `Caller.may_get`."""
        return self._may("get", query.kind, query.namespace, query.name, deadline)

    def may_list(self, kind: Kind, namespace: str, deadline: Deadline) -> bool:
        """See `Caller.may_list`."""
        return self._may("list", kind, namespace, "", deadline)

    def may_list_somewhere(self, kind: Kind) -> bool:
        """See `Caller.may_list_somewhere`; namespaces are asked about by name alone."""
        return False

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """See `Caller.may_see_component`."""
        access = Access("get", _COMPONENTS.group, "", _COMPONENTS.resource, "", name)
        return self._authenticator.allows(self._identity, access, deadline)

    def _may(self, verb: str, kind: Kind, namespace: str, name: str, deadline: Deadline) -> bool:
        access = Access(verb, kind.group, kind.version, kind.plural, namespace, name)
        return self._authenticator.allows(self._identity, access, deadline)


def _size_of(identity: Identity) -> int:
    """About how many bytes an identity takes."""
    extra = sum(len(key) + sum(map(len, values)) + 100 for key, values in identity.extra)
    groups = sum(len(group) + 60 for group in identity.groups)
    return _RECORD + len(identity.username) + groups + extra


def _text(credential: Credential) -> str:
    """The token as text for a review; empty if it cannot be one of the cluster's."""
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
