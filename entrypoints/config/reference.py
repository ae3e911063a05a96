"""The table of settings in docs/configuration.md, out of their declarations."""

from __future__ import annotations

import sys
from pathlib import Path

from k8s_heartbeat.adapters.generated import with_generated

from .settings import SETTINGS, Setting, printed

__all__ = ["with_table"]

_COMMAND = "python -m k8s_heartbeat.entrypoints.config.reference docs/configuration.md"


def with_table(text: str) -> str:
    """A Markdown text with the table as it is now between the markers.

    Raises:
        ValueError: It has no markers.
    """
    rows = ["| setting | value | default | what it decides |", "|---|---|---|---|"]
    return with_generated(text, _COMMAND, [*rows, *map(_row, SETTINGS)])


def _row(setting: Setting) -> str:
    names = [setting.variable] if setting.variable else []
    names += [f"{setting.variable}_FILE"] if setting.form.secret else []
    names += [setting.flag] if setting.has_flag else []
    default = printed(setting.default) or setting.none
    words = setting.form.words
    if not default and not setting.form.secret:
        words += f", such as {_code(setting.form.example)}"
    cells = (", ".join(map(_code, names)), words, _code(default), setting.meaning)
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return text and f"`{text}`"


if __name__ == "__main__":
    page: Path = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
