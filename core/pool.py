"""Objects at hand, many of them: which of them count, and a verdict on each by all the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from .annotations import is_ignored
from .assessment import Assessment
from .check import evidence_queries
from .fields import mapping, text
from .judgement import assess
from .kinds import EVENT, Kind
from .manifests import meta_of, parse_related, uids_of
from .model import Manifest, Related
from .owners import related_index, top_level
from .policy import Policy
from .reader import Query
from .rules import RULES, Rule, Rules
from .surroundings import Surroundings

__all__ = ["Pool", "labels_of", "members_of", "rule_of"]


class Pool:
    """Objects that explain one another and are evidence for one another.

    Args:
        objects: All that was read, in any order.
        rules: Which rule judges which kind.
    """

    def __init__(self, objects: Iterable[Manifest], rules: Rules = RULES) -> None:
        self._objects = list(objects)
        self._related_to = related_index(self._objects)
        self._rules = rules
        self._by_kind: dict[str, list[Manifest]] = {}
        for entry in self._objects:
            self._by_kind.setdefault(text(entry.get("kind")), []).append(entry)
        self._parsed: dict[int, Related] = {}

    def assess(
        self, member: Manifest, now: datetime, policy: Policy, *, explained: bool
    ) -> Assessment:
        """The verdict on one of them; `explained` by all that it controls, and the events."""
        rule = rule_of(self._rules, member)
        related: list[Manifest] = []
        queries = evidence_queries(rule, member)
        if explained or queries:
            related = self._related_to(member)
        for query in queries:
            # What it controls is at hand already; of what is not, all that the query lets through.
            if query.kind not in rule.owns or query.selector is not None:
                known = {id(entry) for entry in related}
                related += [entry for entry in self._matching(query) if id(entry) not in known]
        around = Surroundings(related, self._parse) if related else ()
        return assess(member, related=around, now=now, policy=policy, rules=self._rules)

    def _parse(self, manifest: Manifest) -> Related:
        """An object as far as it explains others, which it does for many."""
        parsed = self._parsed.get(id(manifest))
        if parsed is None:
            parsed = self._parsed[id(manifest)] = parse_related(manifest)
        return parsed

    def _matching(self, query: Query) -> Iterator[Manifest]:
        for entry in self._by_kind.get(query.kind.kind, ()):
            metadata = mapping(entry.get("metadata"))
            if (
                query.name in ("", metadata.get("name"))
                and (
                    not query.kind.namespaced or text(metadata.get("namespace")) == query.namespace
                )
                and (query.selector is None or query.selector.matches(labels_of(entry)))
            ):
                yield entry


def members_of(
    listed: Sequence[Manifest], rules: Rules = RULES, kinds: Sequence[Kind] = ()
) -> list[Manifest]:
    """Of what was listed, the objects that count: events do not, nor what other members control.

    A pod that has ended is a run of whatever controls it, and no verdict on that.

    Args:
        listed: What was listed.
        rules: Which rule judges which kind.
        kinds: The kinds that count; none for all. What else was listed only tells who owns whom.
    """
    names = {kind.kind for kind in kinds}

    def may_count(entry: Manifest) -> bool:
        kind = text(entry.get("kind"))
        return kind in names if names else kind != EVENT.kind

    def owns(above: Manifest, entry: Manifest) -> bool:
        kind = text(entry.get("kind"))
        return any(owned.kind == kind for owned in rule_of(rules, above).owns)

    return [
        entry
        for entry in top_level(listed, owns, may_count)
        if may_count(entry) and not is_ignored(meta_of(entry)) and not _is_a_run(entry)
    ]


def labels_of(manifest: Manifest) -> dict[str, str]:
    """An object's labels, those that are texts."""
    labels = mapping(mapping(manifest.get("metadata")).get("labels"))
    return {key: value for key, value in labels.items() if isinstance(value, str)}


def rule_of(rules: Rules, manifest: Manifest) -> Rule:
    """The rule that judges an object."""
    return rules.find(text(manifest.get("kind")), manifest.get("apiVersion"))


def _is_a_run(manifest: Manifest) -> bool:
    finished = mapping(manifest.get("status")).get("phase") in ("Succeeded", "Failed")
    return manifest.get("kind") == "Pod" and finished and uids_of(manifest)[1] != ""
