"""The files that settings name: read together, so that all that is wrong is told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .configuration import Configuration, ConfigurationError, read_configuration
from .settings import Settings, token_faults
from .tokens_file import watch_tokens

if TYPE_CHECKING:
    from k8s_heartbeat.adapters.http.tokens import Token
    from k8s_heartbeat.adapters.reread import RereadFile

__all__ = ["Files", "read_all", "read_files"]


@dataclass(slots=True)
class Files:
    """What the files say.

    Attributes:
        configuration: The policy and the components.
        tokens: The tokens file, where there is one.
        faults: What is wrong, a line each.
    """

    configuration: Configuration = field(default_factory=Configuration)
    tokens: RereadFile[tuple[Token, ...]] | None = None
    faults: list[str] = field(default_factory=list[str])


def read_all(settings: Settings, known: list[str], *, live: bool) -> Files:
    """Read what settings name, to serve by it; its faults are all that is wrong.

    Args:
        settings: What is to be in force.
        known: What is wrong with the settings themselves.
        live: Whether there is a cluster, that could tell its own tokens.
    """
    files = read_files(settings)
    # Whoever starts a service wants to hear of all that is wrong, not of one thing a time.
    files.faults[:0] = known
    if not any("AUTH_TOKEN" in fault for fault in files.faults):
        files.faults += token_faults(settings, live=live)
    return files


def read_files(settings: Settings) -> Files:
    """Read what settings name."""
    files = Files()
    try:
        if settings.config:
            files.configuration = read_configuration(settings.config)
    except ConfigurationError as error:
        files.faults += error.faults
    try:
        if settings.tokens_file:
            beside = bool(settings.token)
            files.tokens = watch_tokens(settings.tokens_file, beside_variable=beside)
    except ConfigurationError as error:
        files.faults += [f"HEARTBEAT_TOKENS_FILE: {fault}" for fault in error.faults]
    return files
