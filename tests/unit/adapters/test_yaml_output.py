"""What is written as YAML is read as it was meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.monitors.yaml_output import yaml_output

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = TEXTS | st.booleans() | st.integers(-(10**9), 10**9)
KEYS = st.from_regex("[a-z_]{1,8}", fullmatch=True)
NODES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3)
)


@given(st.dictionaries(KEYS, NODES, max_size=4))
def test_every_document_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    """Whatever is in its strings: line breaks of every kind, quotes, what looks like YAML."""
    assert (yaml.safe_load(yaml_output(document)) or {}) == document


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "1e3",
        "2026-01-01",
        "~",
        "",
        "- a",
        "a: b",
        "#",
        "${X}",
        '"',
        "\\",
        "\u0085\u2028\ufeff",
    ],
)
def test_a_string_stays_one(text: str) -> None:
    """Unquoted, half of these are something else."""
    assert yaml.safe_load(yaml_output({"a": [text], "b": {"c": text}})) == {
        "a": [text],
        "b": {"c": text},
    }


def test_half_a_character_is_replaced() -> None:
    """No parser takes it."""
    assert yaml.safe_load(yaml_output({"a": "x\ud800y"})) == {"a": "x\ufffdy"}


def test_a_comment_stands_before_it() -> None:
    """Each of its lines is one."""
    text = yaml_output({"a": 1}, "one\ntwo: 2")
    assert text == "# one\n# two: 2\na: 1"
