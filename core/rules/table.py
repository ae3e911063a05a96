"""The table from a kind to its rule: a value, to be handed around and added to."""

from __future__ import annotations

from collections.abc import Iterator

from ..kinds import Kind, KindIndex
from .catalogue import CATALOGUE
from .custom import CUSTOM_RULE, custom_rule
from .reading import Catalogue
from .rule import Rule

__all__ = ["Rules"]


class Rules:
    """Rules by kind; what has none of its own is judged by `custom`.

    Args:
        rules: In the order in which their kinds are found and listed.
        custom: The rule of every other kind.
    """

    def __init__(self, *rules: Rule, custom: Rule = CUSTOM_RULE) -> None:
        self.custom = custom
        self._rules = rules
        self._by_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            self._by_kind.setdefault(rule.kind.kind, []).append(rule)
        self._kinds = KindIndex(tuple(rule.kind for rule in rules))

    def __iter__(self) -> Iterator[Rule]:
        """The rules in their order."""
        return iter(self._rules)

    def with_rules(self, *rules: Rule) -> Rules:
        """A table in which these come before those that are there."""
        return Rules(*rules, *self._rules, custom=self.custom)

    def with_kinds(self, own: Catalogue) -> Rules:
        """A table that knows these kinds too, and before those of the catalogue."""
        return Rules(*self._rules, custom=custom_rule({**CATALOGUE, **own})) if own else self

    def kind_called(self, word: str) -> Kind | None:
        """The kind with a rule that a word means, in any case, as with kubectl."""
        return self._kinds.find(word)

    def find(self, kind: str, api_version: object) -> Rule:
        """The rule of a kind, and of its API group; without an apiVersion the kind decides."""
        return self.own(kind, api_version) or self.custom

    def own(self, kind: str, api_version: object) -> Rule | None:
        """The rule that is written for a kind; None where it has none."""
        rules = self._by_kind.get(kind)
        if rules is None:
            return None
        if not isinstance(api_version, str):
            return rules[0]
        group = api_version.rpartition("/")[0]
        for rule in rules:
            if group == rule.kind.group or group in rule.groups:
                return rule
        return None
