"""Validates a YAML document that a person wrote: each fault is reported with its place.

All faults are found before any is reported.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, TypeVar

from k8s_heartbeat.adapters.refused import is_plain, repeated, repeated_path
from k8s_heartbeat.adapters.reread import RereadFile
from k8s_heartbeat.adapters.yaml_text import (
    YamlError,
    YamlLimitError,
    YamlMissingError,
    load_document,
)
from k8s_heartbeat.core.fields import is_list, is_mapping

from .forms import Form

__all__ = [
    "ConfigurationError",
    "Sort",
    "Value",
    "parse_document",
    "read_document",
    "shown",
]

T = TypeVar("T")

_LONGEST_KEY = 60
_MOST_BYTES = 2**20
_MOST_FAULTS = 100


class ConfigurationError(ValueError):
    """A file of the configuration is wrong.

    Attributes:
        faults: The faults, a line each: the place, the value, the expected form and an example.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Sort:
    """The type of a document.

    Attributes:
        name: The name of the whole in faults that have no place.
        words: Its description, with an article.
        example: A short one.
    """

    name: str
    words: str
    example: str


@dataclass(frozen=True, slots=True)
class Value:
    """Something in the file.

    Attributes:
        found: The value, as YAML gives it.
        place: Its place, as a path; empty for the whole.
        faults: Where faults are noted down.
        name: The name of the whole document.
    """

    found: Any
    place: str
    faults: list[str]
    name: str = "document"

    def refuse(self, problem: str) -> None:
        """Record a fault, up to a hundred."""
        if len(self.faults) >= _MOST_FAULTS:
            return
        self.faults.append(f"{self.place or self.name}: {problem}")

    def check(self) -> None:
        """Raise if any fault was noted down.

        Raises:
            ConfigurationError: With all of them.
        """
        if self.faults:
            raise ConfigurationError(self.faults)

    def take(self, form: Form[T]) -> T | None:
        """The value parsed by a form; None if invalid."""
        try:
            return form.parse(self.found)
        except ValueError:
            found = "its value" if form.secret else shown(self.found)
            self.refuse(f"{found} is not {form.words}, such as {form.example}")
            return None

    def has(self, name: str) -> bool:
        """Whether a mapping has a key."""
        return name in self.found

    def at(self, name: str) -> Value:
        """The value of a mapping under a key."""
        place = f"{self.place}.{name}" if self.place else name
        return Value(self.found.get(name), place, self.faults, self.name)

    def take_at(self, name: str, form: Form[T]) -> T | None:
        """The value under a key in a form; None if it is absent or invalid."""
        return self.at(name).take(form) if self.has(name) else None

    def need_at(self, name: str, form: Form[T]) -> T | None:
        """The value under a key that must be there, in a form."""
        if not self.has(name):
            self.at(name).refuse(f"is needed: {form.words}, such as {form.example}")
        return self.take_at(name, form)

    def entries(self) -> list[Value]:
        """The values of a list."""
        return [
            Value(entry, f"{self.place}[{number}]", self.faults, self.name)
            for number, entry in enumerate(self.found)
        ]

    def check_once(self, key: str, advice: str) -> None:
        """Refuse list entries whose value under a key repeats that of an earlier one."""
        places: dict[str, str] = {}
        for entry in self.entries():
            found = entry.found.get(key) if is_mapping(entry.found) else None
            if not isinstance(found, str):
                continue
            if found in places:
                entry.at(key).refuse(
                    f"{repeated(found)} is the {key} of {places[found]} already; {advice}"
                )
            places.setdefault(found, entry.place)

    def is_mapping_of(self, known: Iterable[str], example: str) -> bool:
        """Whether it is a mapping; a key of it that is not known is a fault."""
        if not is_mapping(self.found):
            self.refuse(f"{shown(self.found)} is not a mapping, such as {example}")
            return False
        names = tuple(known)
        for key in self.found:
            if key not in names:
                stated = _key(key, names)
                place = f"{self.place}.{stated}" if self.place else stated
                self.faults.append(f"{place}: unknown; {_instead_of(key, names)}")
        return True


def read_document(path: str, sort: Sort, parse: Callable[[str], T]) -> RereadFile[T]:
    """A file's content, re-read when it changes.

    Args:
        path: The file.
        sort: Its type.
        parse: Makes the result of its text, or raises ConfigurationError.

    Raises:
        ConfigurationError: It cannot be read, or is wrong; every fault at once.
    """
    parse_content = partial(_parsed, path=path, sort=sort, parse=parse)
    try:
        return RereadFile(path, parse_content, clock=time.monotonic, wall=time.time)
    except OSError as error:
        raise _unfit(path, sort, f"cannot be read ({error.strerror})") from None


def _parsed(content: bytes, *, path: str, sort: Sort, parse: Callable[[str], T]) -> T:
    if len(content) > _MOST_BYTES:
        raise _unfit(path, sort, "is larger than 1 MiB")
    try:
        return parse(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unfit(path, sort, f"is not UTF-8 text, in line {line}") from None
    except ConfigurationError as error:
        named = [f"{repeated_path(path)}: {fault}" for fault in error.faults]
        raise ConfigurationError(named) from None


def parse_document(text: str, sort: Sort) -> Value:
    """Parse a whole YAML text; a repeated key is recorded as a fault.

    Raises:
        ConfigurationError: It is not YAML.
    """
    try:
        document, slips = load_document(text.removeprefix("\ufeff"))
    except YamlMissingError:
        raise ConfigurationError(
            [
                f"{sort.name}: reading it needs PyYAML; pip install 'k8s-heartbeat[server]' "
                "brings it, and so does 'k8s-heartbeat[yaml]' alone"
            ]
        ) from None
    except YamlError as error:
        raise ConfigurationError([_unreadable(error, sort)]) from None
    faults = [
        f"line {key.line}: the key {repeated(key.key)} stands in line {key.first} already; "
        "write each key once"
        for key in slips
    ]
    return Value(document, "", faults, sort.name)


def _unfit(path: str, sort: Sort, problem: str) -> ConfigurationError:
    told = f"{repeated_path(path)}: {problem}; {sort.words} is a YAML file such as {sort.example}"
    return ConfigurationError([told])


def _unreadable(error: YamlError, sort: Sort) -> str:
    place = f"line {error.line}" if error.line else sort.name
    limit = isinstance(error, YamlLimitError)
    problem = f"the YAML {error.problem}" if limit else f"it is no YAML: {error.problem}"
    return f"{place}: {problem}; {sort.words} is such as {sort.example}"


# In this order: a boolean is an integer to Python.
_SCALARS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (date, "a date"),
)


def shown(found: object) -> str:
    """A value for a fault message: printable, without secrets, and with its type."""
    if found is None:
        return "nothing"
    if isinstance(found, str):
        return repeated(found)
    if is_mapping(found):
        return "a mapping"
    if is_list(found):
        return "a list" if found else "an empty list"
    for type_, words in _SCALARS:
        if isinstance(found, type_):
            return _scalar(found, words)
    return "a value of another type"


def _scalar(scalar: object, words: str) -> str:
    try:
        text = str(scalar)
    except ValueError:
        # Python refuses to print some thousand digits.
        return f"very many digits ({words})"
    # About as YAML has it.
    text = text.lower() if isinstance(scalar, bool) else text
    return f"{text} ({words})" if is_plain(text) else f"{words} of {len(text)} characters"


def _key(key: object, known: tuple[str, ...]) -> str:
    """An unknown key as part of a path, in quotes unless it is a plain word."""
    if not isinstance(key, str):
        return shown(key)
    if not is_plain(key, known):
        return f"(a key of {len(key)} characters)"
    plain = key.isascii() and key.replace("-", "").isidentifier()
    return key if plain else ascii(key)


def _instead_of(key: object, known: tuple[str, ...]) -> str:
    """A suggestion in place of an unknown key."""
    by_lower_case = {name.lower(): name for name in known}
    asked = str(key)[:_LONGEST_KEY].lower() if isinstance(key, str) else ""
    close = difflib.get_close_matches(asked.replace("_", ""), by_lower_case, n=1)
    if close:
        return f"did you mean {by_lower_case[close[0]]}?"
    return f"known here: {', '.join(known)}"
