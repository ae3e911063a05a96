"""What ends a command: a message for people and an exit code."""

from __future__ import annotations

__all__ = ["EXIT_NOT_UP", "EXIT_UNREADABLE", "EXIT_USAGE", "CommandError"]

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
        self.exit_code = exit_code
