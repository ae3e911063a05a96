"""The files that settings name: read together, so that all that is wrong is told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .configuration import Configuration, ConfigurationError, read_configuration
from .settings import Settings, SettingsError, token_faults
from .tokens_file import read_tokens

if TYPE_CHECKING:
    from k8s_heartbeat.adapters.http.tokens import Token
    from k8s_heartbeat.adapters.reread import RereadFile

__all__ = ["Files", "read_all", "read_files"]


@dataclass(slots=True)
class Files:
    """What the files say, each read again when it changes.

    Attributes:
        configuration: The policy, the components and kinds of one's own, where there is a file.
        tokens: The tokens file, where there is one.
        default: The configuration where there is no file.
        faults: What is wrong, a line each.
    """

    configuration: RereadFile[Configuration] | None = None
    tokens: RereadFile[tuple[Token, ...]] | None = None
    default: Configuration = field(default_factory=Configuration)
    faults: list[str] = field(default_factory=list[str])

    def in_force(self) -> Configuration:
        """The configuration that is in force now; the same object until it changes."""
        return self.configuration.current() if self.configuration else self.default

    def reread(self) -> dict[str, RereadFile[Any]]:
        """Those that there are, by what `/readyz?verbose` calls them."""
        files = {"configuration-file": self.configuration, "tokens-file": self.tokens}
        return {name: file for name, file in files.items() if file is not None}


def read_all(settings: Settings, error: SettingsError | None, *, live: bool) -> Files:
    """Read what settings name, to serve by it; its faults are all that is wrong.

    Args:
        settings: What is to be in force.
        error: What is wrong with the settings themselves.
        live: Whether there is a cluster, that could tell its own tokens.
    """
    files = read_files(settings)
    # Whoever starts a service wants to hear of all that is wrong, not of one thing a time.
    files.faults[:0] = error.faults if error else ()
    # Of a token that is no token, that it is none is enough.
    if error is None or "token" not in error.fields:
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
            files.tokens = read_tokens(settings.tokens_file, beside_variable=beside)
    except ConfigurationError as error:
        files.faults += [f"HEARTBEAT_TOKENS_FILE: {fault}" for fault in error.faults]
    return files
