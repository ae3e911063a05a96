"""Reads the files that settings name together, so that all faults are reported at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import EXIT_USAGE, CommandError
from .configuration import Configuration
from .settings import Settings, SettingsError, given_flags, load, token_faults

if TYPE_CHECKING:
    from k8s_heartbeat.adapters.http.tokens import Token
    from k8s_heartbeat.adapters.reread import RereadFile

__all__ = ["Files", "read_all", "read_files", "read_for_command"]


@dataclass(slots=True)
class Files:
    """The contents of the files, each re-read when it changes.

    Attributes:
        configuration: The policy, the components and custom kinds, if there is a file.
        tokens: The tokens file, where there is one.
        default: The configuration where there is no file.
        faults: The faults, a line each.
    """

    configuration: RereadFile[Configuration] | None = None
    tokens: RereadFile[tuple[Token, ...]] | None = None
    default: Configuration = field(default_factory=Configuration)
    faults: list[str] = field(default_factory=list[str])

    def in_force(self) -> Configuration:
        """The configuration that is in force now; the same object until it changes."""
        return self.configuration.current() if self.configuration else self.default

    def reread(self) -> dict[str, RereadFile[Any]]:
        """The existing files, by their names in `/readyz?verbose`."""
        files = {"configuration-file": self.configuration, "tokens-file": self.tokens}
        return {name: file for name, file in files.items() if file is not None}


def read_all(settings: Settings, error: SettingsError | None, *, live: bool) -> Files:
    """Read the files that settings name; the faults include all of theirs.

    Args:
        settings: The settings.
        error: The faults of the settings themselves.
        live: Whether a live cluster could verify its own tokens.
    """
    files = read_files(settings)
    # Report all faults at the start of a service, not one at a time.
    files.faults[:0] = error.faults if error else ()
    # An invalid token is reported once only.
    if error is None or "token" not in error.fields:
        files.faults += token_faults(settings, live=live)
    return files


def read_for_command(flags: object) -> tuple[Settings, Configuration]:
    """The settings of a command, and the configuration that they name.

    Args:
        flags: Its attributes are the values of flags, by the settings' names.

    Raises:
        CommandError: They are wrong; every fault at once.
    """
    try:
        settings, _ = load(os.environ, given_flags(flags))
    except SettingsError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    # Whoever asks the cluster as themselves shows no token.
    files = read_files(replace(settings, tokens_file=""))
    if files.faults:
        raise CommandError("\n".join(files.faults), EXIT_USAGE)
    return settings, files.in_force()


def read_files(settings: Settings) -> Files:
    """Read what settings name."""
    files = Files()
    if settings.config:
        from .configuration_file import read_configuration  # noqa: PLC0415  # only where there is one
        from .document import ConfigurationError  # noqa: PLC0415  # as above

        try:
            files.configuration = read_configuration(settings.config)
        except ConfigurationError as error:
            files.faults += error.faults
    if settings.tokens_file:
        from .document import ConfigurationError  # noqa: PLC0415  # only where there is one
        from .tokens_file import read_tokens  # noqa: PLC0415  # as above

        beside = bool(settings.token)
        try:
            files.tokens = read_tokens(settings.tokens_file, beside_variable=beside)
        except ConfigurationError as error:
            files.faults += [f"HEARTBEAT_TOKENS_FILE: {fault}" for fault in error.faults]
    return files
