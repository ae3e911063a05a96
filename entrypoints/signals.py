"""The signals that stop a service: SIGTERM, and SIGHUP unless nohup has it ignored."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

__all__ = ["ended_by_a_stop", "on_stop"]


@contextmanager
def on_stop(act: Callable[[], None]) -> Generator[None]:
    """Within it, `act` is called when a stop is asked for; in the main thread alone."""
    previous = {
        number: signal.signal(number, lambda _, __: act())
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def ended_by_a_stop() -> AbstractContextManager[None]:
    """Within it, the process ends when a stop is asked for: nothing is served yet.

    The kernel drops a signal to the first process of a container that has no handler for it.
    """
    return on_stop(lambda: os._exit(0))
