"""Lines on screens of any size, whatever stands in them."""

from __future__ import annotations

import re
from unicodedata import combining, east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.entrypoints.terminal import Line, fitted, is_coloured, shown

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def width(text: str) -> int:
    """Cells of a printed line, colours apart; a sign that widens the one before it counts once."""
    plain = COLOUR.sub("", text)
    assert plain.isprintable(), plain
    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in plain
    )


lines = st.lists(
    st.builds(
        Line, st.text(max_size=80), st.sampled_from(["", "down", "degraded, up"]), st.just("31")
    ),
    max_size=12,
)


@given(lines, st.integers(1, 60), st.integers(1, 15), st.booleans())
def test_no_line_leaves_the_screen(
    found: list[Line], columns: int, rows: int, coloured: bool
) -> None:
    """Neither to the right nor below."""
    painted = fitted(found, columns, rows, coloured=coloured)
    assert len(painted) <= rows
    for line in painted:
        assert width(line) <= max(columns, 2)
        assert line.count("\x1b[31m") <= 1
        assert coloured or "\x1b" not in line


@given(lines)
def test_printed_lines_are_one_each(found: list[Line]) -> None:
    """No text makes two of one."""
    printed = shown(found, coloured=False)
    assert len(printed) == len(found)
    assert all(line.isprintable() for line in printed)


def test_there_is_room_to_wrap() -> None:
    """The column of labels is kept free."""
    found = [Line("one two three four five six", "down", "31"), Line("cause")]
    assert fitted(found, 24, 5, coloured=False) == [
        "down      one two three ",
        "          four five six",
        "          cause",
    ]


def test_there_is_no_room() -> None:
    """Then lines are cut, and what does not fit is counted."""
    found = [Line("one two three four five six", "down", "31")] * 5
    assert fitted(found, 24, 5, coloured=False) == ["down      one two thr..."] * 5
    assert fitted(found, 24, 3, coloured=False)[2] == "... and 3 more lines"
    assert (
        fitted(found, 24, 5, coloured=True)[0] == "\x1b[31mdown     \x1b[0m one two thr\x1b[0m..."
    )


@pytest.mark.parametrize(
    ("choice", "coloured"), [("always", True), ("never", False), ("auto", False)]
)
def test_no_stream_is_no_terminal(choice: str, coloured: bool) -> None:
    """Some supervisors start commands without any."""
    assert is_coloured(choice, None) is coloured
