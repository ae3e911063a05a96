"""YAML, read safely: nothing in it is run, and neither depth nor aliases exhaust the machine.

PyYAML belongs to an extra, and is imported only where there is YAML to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from .refused import is_plain, repeated

__all__ = [
    "RepeatedKey",
    "YamlError",
    "YamlLimitError",
    "YamlMissingError",
    "load_document",
    "load_documents",
]

T = TypeVar("T")

_MOST_NESTED = 200
_MOST_ALIASED = 100_000
_LONGEST_PROBLEM = 120
_QUOTED = re.compile(r"""(["'])(.*)\1""", re.DOTALL)
# What YAML does not allow anywhere, not even in quotes.
_ODD = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class YamlError(ValueError):
    """Text that is not YAML.

    Attributes:
        problem: What is wrong with it: a clause in printable ASCII.
        line: Where, counted from 1; 0 where that is not known.
    """

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class YamlLimitError(YamlError):
    """YAML that would take more than the machine has."""


class YamlMissingError(YamlError):
    """PyYAML is not installed."""


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """A key that occurs twice in one mapping; the later value was used.

    Attributes:
        key: The key as the text has it.
        line: The line of the second, counted from 1.
        first: The line of the first.
    """

    key: str
    line: int
    first: int


def load_documents(text: str) -> list[Any]:
    """The documents of a text, empty ones as None.

    Raises:
        YamlError: It is invalid, takes too much, or PyYAML is not installed.
    """
    return _load(text, lambda yaml, loader: list(yaml.load_all(text, Loader=loader)))


def load_document(text: str) -> tuple[Any, list[RepeatedKey]]:
    """The one document of a text, None if there is none, and its repeated keys.

    Raises:
        YamlError: It is invalid, holds several documents, takes too much, or PyYAML is not
            installed.
    """
    return _load(text, lambda yaml, loader: _sole(yaml, loader(text)))


def _load(text: str, build: Callable[[Any, Any], T]) -> T:
    try:
        import yaml  # noqa: PLC0415  # an extra, and only worth its import for YAML
    except ImportError:
        raise YamlMissingError("PyYAML is not installed") from None
    library: Any = yaml
    # The C loader, if available, is as safe and much faster.
    loader = getattr(library, "CSafeLoader", library.SafeLoader)
    try:
        _check_limits(library, library.parse(text, Loader=loader))
        return build(library, loader)
    except YamlError:
        raise
    except Exception as error:  # PyYAML's constructors raise whatever a bad scalar leads to
        raise _explained(error, text) from None


def _explained(error: Exception, text: str) -> YamlError:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return YamlError(_clause(getattr(error, "problem", None)), mark.line + 1)
    odd = _ODD.search(text)
    if odd is None:
        return YamlError("it cannot be read")
    line = text.count("\n", 0, odd.start()) + 1
    return YamlError(f"the character {odd.group()!a} may not stand in it", line)


def _clause(problem: object) -> str:
    # The message quotes the text.
    stated = _QUOTED.sub(_told, str(problem or "it cannot be read"))
    return ascii(stated)[1:-1][:_LONGEST_PROBLEM]


def _told(match: re.Match[str]) -> str:
    return match.group() if is_plain(match.group(2)) else repeated(match.group(2))


def _check_limits(yaml: Any, events: Iterable[Any]) -> None:
    """Raise where the values would take more than the machine has."""
    size = _Size()
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            size.start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            size.end()
        elif isinstance(event, yaml.ScalarEvent):
            size.add(event)
        elif isinstance(event, yaml.AliasEvent):
            size.follow(event)


class _Size:
    """Counts the values of a text, with all aliases expanded, and their depth.

    Building deeply nested values overflows the C stack and kills the process; a few nested aliases
    expand to more than fits in any memory.
    """

    def __init__(self) -> None:
        self._values = self._aliased = 0
        self._of: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []

    def start(self, event: Any) -> None:
        """A mapping or a list begins."""
        self._open.append((event.anchor, self._values))
        self._values += 1
        if len(self._open) > _MOST_NESTED:
            raise YamlLimitError("is nested too deep", _line(event))

    def end(self) -> None:
        """The innermost mapping or list ends."""
        anchor, before = self._open.pop()
        if anchor is not None:
            self._of[anchor] = self._values - before

    def add(self, event: Any) -> None:
        """A scalar."""
        self._values += 1
        if event.anchor is not None:
            self._of[event.anchor] = 1

    def follow(self, event: Any) -> None:
        """An alias; the loader itself reports one without an anchor."""
        if any(anchor == event.anchor for anchor, _ in self._open):
            raise YamlLimitError("holds itself by an alias", _line(event))
        size = self._of.get(event.anchor, 1)
        self._values += size
        self._aliased += size
        if self._aliased > _MOST_ALIASED:
            problem = f"has aliases that stand for more than {_MOST_ALIASED} values"
            raise YamlLimitError(problem, _line(event))


def _sole(yaml: Any, loader: Any) -> tuple[Any, list[RepeatedKey]]:
    found: Any = None
    repeated: list[RepeatedKey] = []
    try:
        while loader.check_node():
            node = loader.get_node()
            repeated += _check_nodes(yaml, loader, node)
            document = loader.construct_document(node)
            if found is not None and document is not None:
                raise YamlError("it holds a second document", _line(node))
            found = document if found is None else found
        return found, sorted(repeated, key=lambda key: key.line)
    finally:
        loader.dispose()


def _check_nodes(yaml: Any, loader: Any, root: Any) -> Iterator[RepeatedKey]:
    """The repeated keys below a node; raises for a scalar that cannot be built.

    Merged mappings (``<<``) are still apart here: a key that replaces a merged one is no slip.
    """
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from _repeated(yaml, node)
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif not node.tag.endswith(":merge"):
            _build(yaml, loader, node)


def _repeated(yaml: Any, mapping: Any) -> Iterator[RepeatedKey]:
    first: dict[tuple[str, str], int] = {}
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        known = (key.tag, key.value)
        if known in first:
            yield RepeatedKey(key.value, _line(key), first[known])
        first.setdefault(known, _line(key))


def _build(yaml: Any, loader: Any, scalar: Any) -> None:
    """Have the loader build a scalar, which it keeps, while the line is known."""
    try:
        loader.construct_object(scalar)
    except yaml.YAMLError:
        raise
    except Exception:
        problem = f"{repeated(scalar.value)} is no {_clause(scalar.tag.rpartition(':')[2])}"
        raise YamlError(problem, _line(scalar)) from None


def _line(placed: Any) -> int:
    return int(placed.start_mark.line) + 1
