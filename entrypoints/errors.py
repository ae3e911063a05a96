"""What ends a command: a message for people and an exit code.

This module imports no library: an error may be about the very one that is missing.
"""

from __future__ import annotations

import sys

__all__ = [
    "EXIT_NOT_UP",
    "EXIT_UNREADABLE",
    "EXIT_USAGE",
    "PROGRAM",
    "ClusterNotFoundError",
    "CommandError",
    "MissingExtraError",
    "tell",
]

PROGRAM = "k8s-heartbeat"
"""The program's own name."""

EXIT_NOT_UP = 1
EXIT_USAGE = 2
EXIT_UNREADABLE = 3


class CommandError(Exception):
    """Ends a command; every line of the message says what, where, and what to do.

    Attributes:
        exit_code: 2 where the command line or the configuration is wrong, 3 where nothing could
            be read.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code: int = exit_code


def tell(error: CommandError, program: str = PROGRAM) -> list[str]:
    """Print an error's lines for people, without secrets; returns them."""
    from k8s_heartbeat.adapters.masking import KNOWN  # noqa: PLC0415  # of no use to a command that works

    lines = KNOWN.mask(str(error)).splitlines()
    for line in lines:
        print(f"{program}: {line}", file=sys.stderr)
    return lines


class ClusterNotFoundError(Exception):
    """No cluster was found to read.

    Attributes:
        cause: The places searched, and what was found there.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause: str = cause


class MissingExtraError(Exception):
    """A library is not installed.

    Attributes:
        purpose: What needs it, as the subject and verb of a sentence.
        extra: The extra with it.
        beside: Other extras that are needed then.
        module: The library.
    """

    def __init__(
        self, purpose: str, extra: str, module: str | None, *, beside: tuple[str, ...] = ()
    ) -> None:
        super().__init__(purpose, extra, module)
        self.purpose: str = purpose
        self.extra: str = extra
        self.beside: tuple[str, ...] = beside
        self.module: str | None = module

    def __str__(self) -> str:
        """What to install."""
        extras = ",".join((*self.beside, self.extra))
        return (
            f"{self.purpose} the extra {self.extra}: pip install 'k8s-heartbeat[{extras}]' "
            f"({self.module} is not installed)"
        )
