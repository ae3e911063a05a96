"""The table of rules by kind: a value that can be passed around and extended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..kinds import CONTROLLER_REVISION, EVENT, Kind, KindIndex
from .rule import Rule

if TYPE_CHECKING:
    from .reading import Catalogue

__all__ = ["Rules"]

_EXPLAINING = frozenset((CONTROLLER_REVISION, EVENT))


def _custom(own: Catalogue | None = None) -> Rule:
    # Loaded when it is needed: a check of workloads alone starts 6 ms sooner.
    from .catalogue import CATALOGUE  # noqa: PLC0415  # as the line above says
    from .custom import custom_rule  # noqa: PLC0415  # as the line above says

    return custom_rule({**CATALOGUE, **(own or {})})


class Rules:
    """Rules by kind; a kind without its own is judged by `custom`.

    Args:
        rules: In the order in which their kinds are found and listed.
        custom: Makes the rule of every other kind, when one is first met.
        own: The operator's entries, which that rule takes into account.
    """

    def __init__(
        self,
        *rules: Rule,
        custom: Callable[[], Rule] = _custom,
        own: Catalogue = MappingProxyType({}),
    ) -> None:
        self._rules = rules
        self._own = own
        self._make_custom = custom
        self._by_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            self._by_kind.setdefault(rule.kind.kind, []).append(rule)
        self._kinds = KindIndex(tuple(rule.kind for rule in rules))

    @cached_property
    def custom(self) -> Rule:
        """The rule of every other kind."""
        return self._make_custom()

    def __iter__(self) -> Iterator[Rule]:
        """The rules in their order."""
        return iter(self._rules)

    def with_rules(self, *rules: Rule) -> Rules:
        """A table with these rules before the existing ones."""
        return Rules(*rules, *self._rules, custom=self._make_custom, own=self._own)

    def with_kinds(self, own: Catalogue) -> Rules:
        """A table with these entries too, before those of the catalogue."""
        return Rules(*self._rules, custom=lambda: _custom(own), own=own) if own else self

    def kind_called(self, word: str) -> Kind | None:
        """The kind with a rule that a word means, in any case, as with kubectl."""
        return self._kinds.find(word)

    def find(self, kind: str, api_version: object) -> Rule:
        """The rule of a kind, and of its API group; without an apiVersion the kind decides."""
        return self.own(kind, api_version) or self.custom

    def names(self, kind: Kind) -> bool:
        """Whether a kind has a rule or an entry of the operator's, or is read to explain others.

        There are few of these, whatever is asked for.
        """
        if kind in _EXPLAINING or (kind.group, kind.kind) in self._own:
            return True
        return self.own(kind.kind, kind.api_version) is not None

    def own(self, kind: str, api_version: object) -> Rule | None:
        """The rule that is written for a kind; None if it has none."""
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
