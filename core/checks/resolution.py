"""Which kind a word means: known kinds directly, any other by what the cluster serves."""

from __future__ import annotations

from dataclasses import dataclass

from ..kinds import Kind, is_word
from ..query import InvalidQuery
from ..rules import RULES, Rules
from .reader import ClusterReader, Deadline, NotServed, UndiscoveredError

__all__ = ["KindWord", "resolve"]


@dataclass(frozen=True, slots=True)
class KindWord:
    """A word for a kind, before it is resolved to the kind.

    Attributes:
        text: In any case, as with kubectl: a name, singular, plural or short, ``name.group`` or
            ``name.version.group``.

    Raises:
        InvalidQuery: No kind can have this name.
    """

    text: str

    def __post_init__(self) -> None:
        if not is_word(self.text):
            raise InvalidQuery(
                "kind",
                f"{self.text[:40]!a} is no name of a kind, such as deployment, deploy or "
                "certificates.cert-manager.io",
            )

    def __str__(self) -> str:
        """The word."""
        return self.text


def resolve(
    word: KindWord, reader: ClusterReader, deadline: Deadline, rules: Rules = RULES
) -> Kind:
    """The kind that a word means.

    Raises:
        NotServed: The cluster serves no such kind.
        ReadError: What the cluster serves could not be read.
    """
    known = rules.kind_called(word.text)
    if known is not None:
        return known
    served = reader.discover(deadline)
    found = served.find(word.text)
    if found is None and not served.whole:
        raise UndiscoveredError(
            "kind",
            f"it is not known whether the cluster serves {word.text!a}: part of its API does not "
            "answer; kubectl get apiservices shows which",
        )
    if found is None:
        raise NotServed(
            "kind",
            f"the cluster serves no {word.text!a}; kubectl api-resources lists what it serves",
        )
    # A kind that has a rule is read as the rule says, however it was found.
    own = rules.own(found.kind, found.api_version)
    return own.kind if own and own.kind.api_version == found.api_version else found
