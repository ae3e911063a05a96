"""Generates the tables of docs/http.md from the declared routes and parameters."""

from __future__ import annotations

import sys
from pathlib import Path

from ..generated import with_generated
from .parameters import TOKEN, Parameter
from .rendering import DEFAULT_CODES
from .routes import ROUTES, Route

__all__ = ["with_tables"]

_COMMAND = "python -m k8s_heartbeat.adapters.http.reference docs/http.md"


def with_tables(text: str) -> str:
    """A Markdown text with current tables between its markers.

    Raises:
        ValueError: It has no markers.
    """
    rows = ["| route | description | parameters | codes |", "|---|---|---|---|"]
    rows += map(_row, ROUTES)
    rows += ["", "| parameter | example | description |", "|---|---|---|"]
    known = [entry for route in ROUTES for entry in route.parameters if not entry.in_path]
    rows += map(_parameter_row, sorted({entry.name: entry for entry in [*known, TOKEN]}.items()))
    return with_generated(text, _COMMAND, rows)


def _row(route: Route) -> str:
    names = [entry.name for entry in route.parameters if not entry.in_path]
    codes = {
        word if isinstance(word, int) else DEFAULT_CODES[word]
        for answer in route.answers
        for word in answer.codes
    }
    meaning = f"{route.summary}. {route.description}" if route.description else route.summary
    cells = (
        f"`{route.path}`",
        meaning.replace("|", "\\|"),
        ", ".join(f"`{name}`" for name in names),
        ", ".join(map(str, sorted(codes))),
    )
    return f"| {' | '.join(cells)} |"


def _parameter_row(entry: tuple[str, Parameter]) -> str:
    name, parameter = entry
    return f"| `{name}` | `{name}={parameter.example}` | {parameter.description} |"


if __name__ == "__main__":
    page: Path = Path(sys.argv[1])
    page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
