"""Writes YAML of mappings, lists and scalars, which every YAML 1.1 and 1.2 parser reads alike.

Every string is in double quotes: none can be taken for a number, a date or a key of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

__all__ = ["Node", "yaml_output"]

Node: TypeAlias = "str | int | bool | Mapping[str, Node] | Sequence[Node]"

_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_REPLACEMENT = "\ufffd"


def yaml_output(document: Mapping[str, Node], comment: str = "") -> str:
    """The text of a document, without a line break at its end.

    Args:
        document: Its content; the keys are plain words.
        comment: What is said before it, of one or several lines.
    """
    lines = [f"# {line}" for line in comment.splitlines()]
    return "\n".join([*lines, *_mapping(document, "")])


def _mapping(found: Mapping[str, Node], indent: str) -> Iterator[str]:
    for key, value in found.items():
        if isinstance(value, str | int) or not value:
            yield f"{indent}{key}: {_flow(value)}"
        elif isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _mapping(value, f"{indent}  ")
        else:
            yield f"{indent}{key}:"
            yield from _sequence(value, f"{indent}  ")


def _sequence(found: Sequence[Node], indent: str) -> Iterator[str]:
    for entry in found:
        if isinstance(entry, Mapping) and entry:
            first, *others = _mapping(entry, f"{indent}  ")
            yield f"{indent}- {first.lstrip()}"
            yield from others
        else:
            yield f"{indent}- {_flow(entry)}"


def _flow(value: Node) -> str:
    """A scalar, something empty, or a list within a list, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{"".join(map(_character, value))}"'
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_flow(entry)}' for key, entry in value.items())}}}"
    return f"[{', '.join(map(_flow, value))}]"


def _character(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        # Half of a pair is no character, and parsers reject it.
        return _REPLACEMENT
    if character.isprintable():
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
