"""What a service or a command is configured with beside its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from k8s_heartbeat.core import RULES, Policy, Rules

if TYPE_CHECKING:
    from k8s_heartbeat.adapters.http.public import PublicPage
    from k8s_heartbeat.core.checks.component import Component
    from k8s_heartbeat.core.rules.reading import Catalogue

__all__ = ["Configuration"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """The content of the configuration file; without a file, the defaults.

    Attributes:
        policy: The parameters of the rules, for everything that a component does not override.
        components: The components by their names, in the order of the file.
        kinds: The entries for custom kinds.
        title: The title of the status page; empty for the default.
        public: What people without a token may see; None for nothing.
        rules: Which rule judges which kind, with those kinds.
    """

    policy: Policy = Policy()
    components: Mapping[str, Component] = field(default_factory=lambda: MappingProxyType({}))
    kinds: Catalogue = field(default_factory=lambda: MappingProxyType({}))
    rules: Rules = RULES
    title: str = ""
    public: PublicPage | None = None
