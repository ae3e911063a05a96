"""How many of some must hold."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import Threshold
from tests.property.strategies import Json, json_values


@pytest.mark.parametrize(
    ("value", "threshold"),
    [
        (1, Threshold(1)),
        (2, Threshold(2)),
        ("2", Threshold(2)),
        ("999999999", Threshold(999_999_999)),
        ("1%", Threshold(1, percent=True)),
        ("50%", Threshold(50, percent=True)),
        ("100%", Threshold(100, percent=True)),
    ],
)
def test_a_threshold_is_read(value: object, threshold: Threshold) -> None:
    """A number from 1, as such or as a text, or a percentage from 1% to 100%."""
    assert Threshold.parse(value) == threshold
    assert Threshold.parse(str(threshold)) == threshold


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, 10**9, True, False, 1.0, None, [], {}),
        *("", "0", "-1", "+1", "01", "1.5", "1e3", " 1", "1\n", "many", "²", "٣", "1" * 10),
        *("0%", "101%", "050%", "1.5%", "%", "50 %", "50%%", "-5%", "٣%", "50%\n"),
    ],
)
def test_anything_else_is_none(value: object) -> None:
    """And the error says which form is right."""
    with pytest.raises(ValueError, match="such as 2 or 50%"):
        Threshold.parse(value)


@given(json_values())
def test_any_value_is_read_or_refused(value: Json) -> None:
    """There is no third way."""
    try:
        assert Threshold.parse(value).of(10) >= 1
    except ValueError:
        return


@given(st.integers(1, 100), st.integers(0, 10_000))
def test_a_percentage_is_rounded_up_and_at_least_one(percent: int, total: int) -> None:
    """As a PodDisruptionBudget's is; half of three are two."""
    least = Threshold(percent, percent=True).of(total)
    assert least == max(1, math.ceil(total * percent / 100))
    assert least <= max(1, total)


@given(st.integers(1, 1000), st.integers(0, 1000))
def test_a_number_is_what_it_is(amount: int, total: int) -> None:
    """Whatever there is."""
    assert Threshold(amount).of(total) == amount
