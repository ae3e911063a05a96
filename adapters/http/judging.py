"""What a request is judged with, from beginning to end."""

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
"""The title of the status page where the configuration states none."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What a request is judged with.

    Attributes:
        reader: Where objects are read.
        groups: Where the verdicts on groups come from.
        policy: The parameters of the rules.
        rules: Which rule judges which kind.
        components: The named groups, by their names.
        title: The title of the status page.
        public: What people without a token may see; None for nothing.
    """

    reader: ClusterReader
    groups: Groups
    policy: Policy = Policy()
    rules: Rules = RULES
    components: Mapping[str, Component] = field(default_factory=dict[str, Component])
    title: str = DEFAULT_TITLE
    public: PublicPage | None = None
