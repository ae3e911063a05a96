"""Which objects count as members of a group: those that another member owns do not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..annotations import is_ignored
from ..fields import mapping, text
from ..gap import Gap
from ..kinds import EVENT, Kind
from ..manifests import meta_of, uids_of
from ..model import Manifest
from ..owners import top_level
from ..rules import RULES, Rule, Rules

__all__ = ["members_of", "open_ends", "rule_of"]


def members_of(
    listed: Sequence[Manifest], rules: Rules = RULES, kinds: Collection[Kind] = ()
) -> list[Manifest]:
    """The listed objects that count: not events, and not what other members control.

    A finished pod of a controller is one of its runs and does not count.

    Args:
        listed: What was listed.
        rules: Which rule judges which kind.
        kinds: The kinds that count; empty for all. Other listed objects only show ownership.
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


def open_ends(
    members: Sequence[Manifest],
    listed: Sequence[Manifest],
    gaps: Mapping[Kind, Gap],
    rules: Rules = RULES,
) -> Iterator[tuple[int, Gap]]:
    """The members that may not count, as their owner may be in a list that was not read.

    Args:
        members: The members according to what was listed.
        listed: What was listed.
        gaps: Why the list of a kind is incomplete.
        rules: Which rule judges which kind.

    Yields:
        The index of such a member, and the gap.
    """
    owners = {
        owned.kind: gap
        for kind, gap in gaps.items()
        for owned in rules.find(kind.kind, kind.api_version).owns
    }
    if not owners:
        return
    by_uid = {uid: entry for entry in listed if (uid := uids_of(entry)[0])}
    for number, member in enumerate(members):
        gap = owners.get(_open_end(member, by_uid, rules))
        if gap is not None:
            yield number, gap


def _open_end(manifest: Manifest, by_uid: Mapping[str, Manifest], rules: Rules) -> str:
    """The kind at the top of the chain of owners, if its owner was not listed."""
    seen: set[int] = set()
    while id(manifest) not in seen:
        seen.add(id(manifest))
        uid = uids_of(manifest)[1]
        kind = text(manifest.get("kind"))
        above = by_uid.get(uid)
        if above is None:
            return kind if uid else ""
        if all(owned.kind != kind for owned in rule_of(rules, above).owns):
            return ""
        manifest = above
    return ""


def rule_of(rules: Rules, manifest: Manifest) -> Rule:
    """The rule that judges an object."""
    return rules.find(text(manifest.get("kind")), manifest.get("apiVersion"))


def _is_a_run(manifest: Manifest) -> bool:
    finished = mapping(manifest.get("status")).get("phase") in ("Succeeded", "Failed")
    return manifest.get("kind") == "Pod" and finished and uids_of(manifest)[1] != ""
