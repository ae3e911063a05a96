"""Authentication by the operator's tokens, each with a name and a scope."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from k8s_heartbeat.core import RULES, Kind
from k8s_heartbeat.core.checks.reader import Deadline
from k8s_heartbeat.core.kinds import KindIndex
from k8s_heartbeat.core.query import Query

from .callers import Caller, Credential
from .rendering import Detail

__all__ = ["NO_NAMESPACE", "Token", "TokenAuthenticator", "digest_of"]

NO_NAMESPACE = "-"
"""Means cluster-scoped objects in a list of namespaces, as in a path."""


@dataclass(frozen=True, slots=True)
class Token:
    """A caller with a token; only hashes of the token itself are kept.

    Attributes:
        name: Its name in the log and in the limits.
        digests: The SHA-256 of each token that is valid for it.
        namespaces: Where it sees objects, including `NO_NAMESPACE`; None for everywhere.
        kinds: The kinds it sees, by any word of kubectl's; None for all.
        components: Which components it sees; None for all.
        detail: How much detail it gets; None for the default of the service.
    """

    name: str
    digests: tuple[bytes, ...]
    namespaces: frozenset[str] | None = None
    kinds: tuple[str, ...] | None = None
    components: frozenset[str] | None = None
    detail: Detail | None = None

    def __str__(self) -> str:
        """The text for people, without hashes."""
        scopes = {
            "namespaces": self.namespaces,
            "kinds": self.kinds,
            "components": self.components,
        }
        told = [
            f"{name}: {'all' if scope is None else ', '.join(sorted(scope)) or 'none'}"
            for name, scope in scopes.items()
        ]
        detail = f"detail: {self.detail or 'as set'}"
        return f"token {self.name} ({'; '.join([*told, detail])})"

    @property
    def knows_namespaces(self) -> bool:
        """See `Caller.knows_namespaces`."""
        return True

    def may_know(self, kind: Kind | None) -> bool:
        """See `Caller.may_know`."""
        if self.namespaces is not None and not self.namespaces:
            # A caller who sees no objects has no use for their kinds.
            return False
        return self.kinds is None or (kind is not None and self._is_of_kind(kind))

    def may_get(self, query: Query, deadline: Deadline) -> bool:
        """See `Caller.may_get`."""
        return self.may_list(query.kind, query.namespace, deadline)

    def may_list(self, kind: Kind, namespace: str, deadline: Deadline) -> bool:
        """See `Caller.may_list`."""
        place = namespace if kind.namespaced else NO_NAMESPACE
        in_place = self.namespaces is None or place in self.namespaces
        return in_place and self._is_of_kind(kind)

    def may_list_somewhere(self, kind: Kind) -> bool:
        """See `Caller.may_list_somewhere`."""
        places = self.namespaces
        somewhere = places is None or (
            bool(places - {NO_NAMESPACE}) if kind.namespaced else NO_NAMESPACE in places
        )
        return somewhere and self._is_of_kind(kind)

    def may_see_component(self, name: str, deadline: Deadline) -> bool:
        """See `Caller.may_see_component`."""
        return self.components is None or name in self.components

    def _is_of_kind(self, kind: Kind) -> bool:
        return self.kinds is None or any(_means(word, kind) for word in self.kinds)


class TokenAuthenticator:
    """Identifies callers by their tokens: after ``Bearer``, after ``Basic``, or in the query.

    After `Basic` comes the token itself, as in k8s-controller-heartbeat, or any user name with the
    token as the password, as ``curl -u`` and browsers send it.

    Args:
        tokens: The tokens that are valid now.
    """

    schemes: Sequence[str] = ("Basic", "Bearer")
    hint = (
        "Authorization: Bearer TOKEN, Authorization: Basic TOKEN, as a password (curl -u x:TOKEN), "
        "or ?token=TOKEN"
    )
    asks_api_server = False
    takes_query = True

    def __init__(self, tokens: Callable[[], Sequence[Token]]) -> None:
        self._tokens = tokens

    def caller(self, credential: Credential, deadline: Deadline) -> Caller | None:
        """See `Authenticator.caller`; nothing is to be learned from how long it takes."""
        offered = [sha256(credential.value).digest()]
        if credential.password:
            offered.append(sha256(credential.password).digest())
        found: Token | None = None
        for token in self._tokens():
            for known in token.digests:
                for digest in offered:
                    # All of them, each in constant time, also once one was found.
                    if hmac.compare_digest(known, digest):
                        found = token
        return found


def digest_of(token: str) -> bytes:
    """The stored hash of a token."""
    return sha256(token.encode()).digest()


def _means(word: str, kind: Kind) -> bool:
    """Whether a word of a scope means a kind, in any of its versions."""
    known = RULES.kind_called(word)
    if known is not None:
        return (known.group, known.plural) == (kind.group, kind.plural)
    return KindIndex((kind,), alone=True).find(word) is not None
