"""The table of the chart's values in the documentation, out of values.yaml and its comments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from k8s_heartbeat.adapters.generated import with_generated
from k8s_heartbeat.core.fields import is_mapping

CHART = Path(__file__).parents[2] / "deploy" / "chart"
_COMMAND = "python -m tests.chart.values_table docs/helm.md"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the chart, or a group of values.

    Attributes:
        path: Its keys, joined by dots.
        meaning: The comment above it.
        default: Its default as JSON; empty for a group.
    """

    path: str
    meaning: str
    default: str


def values() -> list[Value]:
    """The values, and the groups that have a comment, in the order of the file."""
    text = (CHART / "values.yaml").read_text("utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return list(_values(root, "", text.splitlines(), yaml.safe_load(text)))


def _values(
    node: yaml.MappingNode, prefix: str, lines: list[str], content: Mapping[str, object]
) -> Iterator[Value]:
    for key, below in node.value:
        path = f"{prefix}{key.value}"
        meaning = _comment(lines, key.start_mark.line)
        inner = content[key.value]
        if isinstance(below, yaml.MappingNode) and _is_group(below, lines):
            assert is_mapping(inner)
            if meaning:
                yield Value(path, meaning, "")
            yield from _values(below, f"{path}.", lines, inner)
        else:
            yield Value(path, meaning, json.dumps(inner, ensure_ascii=False))


def _is_group(node: yaml.MappingNode, lines: list[str]) -> bool:
    """Whether its entries are values of their own, and not one value together."""
    return any(_comment(lines, key.start_mark.line) for key, _ in node.value)


def _comment(lines: list[str], line: int) -> str:
    """The text of the comment right above a line."""
    first = line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return " ".join(text.strip().lstrip("# ") for text in lines[first:line])


def with_table(text: str) -> str:
    """A Markdown text with the table as it is now between the markers.

    Raises:
        ValueError: It has no markers.
    """
    rows = ["| value | default | what it is |", "|---|---|---|"]
    return with_generated(text, _COMMAND, [*rows, *map(_row, values())])


def _row(value: Value) -> str:
    default = f"`{value.default}`" if value.default else ""
    meaning = value.meaning.replace("|", "\\|")
    return f"| `{value.path}` | {default} | {meaning} |"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
