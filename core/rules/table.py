"""The table from a kind to its rule: a value, to be handed around and added to."""

from __future__ import annotations

from collections.abc import Iterator

from ..kinds import Kind, find
from .conditions import CONDITIONS_RULE
from .rule import Rule

__all__ = ["Rules"]


class Rules:
    """Rules by kind; what has none of its own is judged by the conditions rule.

    Args:
        rules: In the order in which their kinds are found and listed.
    """

    def __init__(self, *rules: Rule) -> None:
        self._rules = rules
        self._by_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            self._by_kind.setdefault(rule.kind.kind, []).append(rule)
        self._kinds = tuple(rule.kind for rule in rules)
        self._by_name: dict[str, Kind] = {}
        for kind in self._kinds:
            # What `find` would find, without the search: the table is made at every start.
            for name in kind.short_names if kind.shared_words else kind.names:
                self._by_name.setdefault(name, kind)

    def __iter__(self) -> Iterator[Rule]:
        """The rules in their order."""
        return iter(self._rules)

    def with_rules(self, *rules: Rule) -> Rules:
        """A table in which these come before those that are there."""
        return Rules(*rules, *self._rules)

    def kind_called(self, word: str) -> Kind | None:
        """The kind with a rule that a word means, as `kinds.find` reads it."""
        bare = word.lower()
        return find(bare, self._kinds) if "." in bare else self._by_name.get(bare)

    def find(self, kind: str, api_version: object) -> Rule:
        """The rule of a kind, and of its API group; without an apiVersion the kind decides."""
        return self.own(kind, api_version) or CONDITIONS_RULE

    def own(self, kind: str, api_version: object) -> Rule | None:
        """The rule that is written for a kind; None where the conditions rule has to do."""
        rules = self._by_kind.get(kind)
        if rules is None:
            return None
        if not isinstance(api_version, str):
            return rules[0]
        group = api_version.rpartition("/")[0]
        for rule in rules:
            if rule.covers(group):
                return rule
        return None
