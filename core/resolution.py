"""Which kind a word means: the well-known ones by themselves, any other by what is served."""

from __future__ import annotations

from .kinds import Kind, find, is_word, kind_of
from .reader import ClusterReader, Deadline, InvalidQuery, NotServed, UndiscoveredError
from .rules import RULES, Rules

__all__ = ["check_word", "resolve"]


def resolve(word: str, reader: ClusterReader, deadline: Deadline, rules: Rules = RULES) -> Kind:
    """The kind that a word means, in any case, as with kubectl.

    A name, singular, plural or short, ``name.group`` or ``name.version.group``.

    Raises:
        InvalidQuery: No kind can be called so; nothing was read.
        NotServed: The cluster serves none that is called so.
        ReadError: What the cluster serves could not be read.
    """
    check_word(word)
    known = rules.kind_called(word)
    if known is not None:
        return known
    reading = reader.discover(deadline)
    found = find(word, filter(None, map(kind_of, reading.objects)), alone=True)
    if found is None and reading.truncated:
        raise UndiscoveredError(
            f"kind: whether the cluster serves one that is called {word!a} is not known: a part of "
            "its API does not answer; kubectl get apiservices tells which"
        )
    if found is None:
        raise NotServed(
            f"kind: the cluster serves none that is called {word!a}; kubectl api-resources lists "
            "those that it does"
        )
    # One that has a rule is read as the rule says, whatever word it was found by.
    own = rules.own(found.kind, found.api_version)
    return own.kind if own and own.kind.api_version == found.api_version else found


def check_word(word: str) -> None:
    """Raise unless a kind can be called so.

    Raises:
        InvalidQuery: None can.
    """
    if not is_word(word):
        raise InvalidQuery(
            f"kind: {word[:40]!a} is no name of a kind, such as deployment, deploy or "
            "certificates.cert-manager.io"
        )
