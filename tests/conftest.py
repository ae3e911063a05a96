"""How hard the property tests look: HYPOTHESIS_PROFILE is `sample`, `ci` or `nightly`."""

from __future__ import annotations

import os
import signal
import threading

from hypothesis import HealthCheck, settings

# The same examples on every machine: a red build is red for everybody.
settings.register_profile(
    "ci", derandomize=True, max_examples=60, deadline=None, database=None, print_blob=True
)
settings.register_profile("sample", settings.get_profile("ci"), max_examples=15)
settings.register_profile(
    "nightly",
    max_examples=10_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure() -> None:
    """A run that is told to end ends what it has started, as on Ctrl-C."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
