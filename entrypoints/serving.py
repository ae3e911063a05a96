"""The start of a service: nothing is collected meanwhile, and whoever stops it is obeyed."""

from __future__ import annotations

import gc

from .signals import ended_by_a_stop

__all__ = ["serve"]


def serve(flags: object, *, demo: bool = False) -> int:
    """Load what serving takes, and serve until asked to stop.

    Args:
        flags: Its attributes are the values of flags, by the settings' names.
        demo: Whether to serve the demo.

    Raises:
        CommandError: The configuration is wrong, there is no cluster, or the port is taken.
    """
    # Imported code stays: collecting garbage meanwhile takes a tenth of the start.
    gc.disable()
    try:
        with ended_by_a_stop():
            from . import serve_command  # noqa: PLC0415  # takes a while, in which it may be stopped

            return serve_command.run(flags, demo=demo)
    finally:
        gc.enable()
