"""What requests are judged with: the reader, groups, rules and components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from k8s_heartbeat.core import RULES, Policy, Rules
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.reader import ClusterReader

from ..groups import Groups
from .public import PublicPage

__all__ = ["DEFAULT_TITLE", "Judging"]

DEFAULT_TITLE = "Status"
"""The title of the status page if the configuration has none."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What requests are judged with; one request keeps the same one throughout.

    Attributes:
        reader: Reads objects.
        groups: Checks groups of objects.
        policy: The parameters of the rules.
        rules: The rule for each kind.
        components: The components by name.
        title: The title of the status page.
        public: What callers without a token may see; None if nothing.
    """

    reader: ClusterReader
    groups: Groups
    policy: Policy = Policy()
    rules: Rules = RULES
    components: Mapping[str, Component] = field(default_factory=dict[str, Component])
    title: str = DEFAULT_TITLE
    public: PublicPage | None = None
