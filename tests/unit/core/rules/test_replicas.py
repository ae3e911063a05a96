"""What all workloads share."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.rules.replicas import meets_minimum


@pytest.mark.parametrize(
    ("desired", "available", "enough"),
    [
        (1, 0, False),
        (1, 1, True),
        (2, 0, False),
        (2, 1, True),
        (3, 1, False),
        (3, 2, True),
        (4, 2, True),
        (5, 2, False),
        (100, 49, False),
        (100, 50, True),
        (0, 0, False),
    ],
)
def test_half_is_the_minimum_and_at_least_one(desired: int, available: int, enough: bool) -> None:
    """Where Kubernetes states no minimum, half of what is desired serves as one."""
    assert meets_minimum(desired, available) is enough
