"""The configuration file: the policy of the rules, and the components; all faults at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from k8s_heartbeat.adapters.yaml_text import (
    YamlError,
    YamlLimitError,
    YamlMissingError,
    load_document,
)
from k8s_heartbeat.core import RULES, Health, Kind, Policy, Threshold
from k8s_heartbeat.core.components import Component, Member
from k8s_heartbeat.core.durations import parse_duration, print_duration
from k8s_heartbeat.core.fields import is_list, is_mapping
from k8s_heartbeat.core.kinds import is_word
from k8s_heartbeat.core.reader import Query, check_namespace
from k8s_heartbeat.core.selectors import LabelSelector, parse_selector

__all__ = [
    "Configuration",
    "ConfigurationError",
    "parse_configuration",
    "read_configuration",
    "told",
]

T = TypeVar("T")

_MOST_BYTES = 2**20
_LONGEST_TITLE = 200
_MOST_TIMES = 1000
_LONGEST_SHOWN = 60
_LONGEST_PATH = 200
_EXAMPLE = "policy: {stuckAfter: 2h}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the configuration file says; where there is none, nothing but the defaults.

    Attributes:
        policy: The knobs of the rules, for everything that no component has knobs of its own for.
        components: The components by their names, in the order of the file.
    """

    policy: Policy = Policy()
    components: Mapping[str, Component] = field(default_factory=lambda: MappingProxyType({}))


class ConfigurationError(ValueError):
    """The configuration file is wrong.

    Attributes:
        faults: What is wrong, a line each: the place, what was found, the form and an example.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_configuration(path: str) -> Configuration:
    """The configuration in a file.

    Raises:
        ConfigurationError: It cannot be read, or is wrong; every fault at once.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError("is larger than 1 MiB")
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8 text, in line {line}"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except ValueError as error:
        # Of a path with a null character in it, too.
        problem = str(error)
    else:
        try:
            return parse_configuration(text)
        except ConfigurationError as error:
            named = [f"{_named(path)}: {fault}" for fault in error.faults]
            raise ConfigurationError(named) from None
    raise ConfigurationError(
        [f"{_named(path)}: {problem}; a configuration is a YAML file such as {_EXAMPLE}"]
    )


def parse_configuration(text: str) -> Configuration:
    """The configuration that a YAML text states; an empty text states the defaults.

    Raises:
        ConfigurationError: It is wrong; every fault at once.
    """
    faults: list[str] = []
    try:
        document, repeated = load_document(text.removeprefix("\ufeff"))
    except YamlMissingError:
        raise ConfigurationError(
            [
                "configuration: reading it needs PyYAML; pip install 'k8s-heartbeat[server]' "
                "brings it, and so does 'k8s-heartbeat[yaml]' alone"
            ]
        ) from None
    except YamlError as error:
        raise ConfigurationError([_unreadable(error)]) from None
    for key in repeated:
        faults.append(
            f"line {key.line}: the key {_quoted(key.key)} stands in line {key.first} already; "
            "write each key once"
        )
    configuration = _configuration(_Value(document, "", faults))
    if faults:
        raise ConfigurationError(faults)
    return configuration


def _unreadable(error: YamlError) -> str:
    place = f"line {error.line}" if error.line else "configuration"
    limit = isinstance(error, YamlLimitError)
    problem = f"the YAML {error.problem}" if limit else f"it is no YAML: {error.problem}"
    return f"{place}: {problem}; a configuration is such as {_EXAMPLE}"


def told(configuration: Configuration) -> list[str]:
    """The configuration for people: each knob of the policy, each component with its members."""
    lines = [
        f"policy.{name}={_printed(getattr(configuration.policy, knob))}"
        for name, (knob, _) in _KNOBS.items()
    ]
    for component in configuration.components.values():
        needed = "all" if component.up is None else str(component.up)
        lines.append(f"component {component.name} ({component.title}), up: {needed}")
        for member in component.members:
            selected = member.name or (str(member.selector) if member.selector else "all")
            places = ", ".join(place or "all namespaces" for place in member.namespaces)
            lines.append(f"  {member.kind or 'workloads'} {selected} in {places}")
    return lines


def _printed(value: object) -> str:
    return print_duration(value) if isinstance(value, timedelta) else str(value)


@dataclass(frozen=True, slots=True)
class _Form(Generic[T]):
    """What a value must be like.

    Attributes:
        parse: Makes the value of what was found, or raises ValueError.
        words: The form, for people: what it "is not" otherwise.
        example: What it takes.
    """

    parse: Callable[[Any], T]
    words: str
    example: str


@dataclass(frozen=True, slots=True)
class _Value:
    """Something in the file.

    Attributes:
        found: What it is, as YAML gives it.
        place: Where it stands, as a path; empty for the whole.
        faults: Where faults are noted down.
    """

    found: Any
    place: str
    faults: list[str]

    def refuse(self, problem: str) -> None:
        """Note a fault down."""
        self.faults.append(f"{self.place or 'configuration'}: {problem}")

    def take(self, form: _Form[T]) -> T | None:
        """The value in a form; None where it is not."""
        try:
            return form.parse(self.found)
        except ValueError:
            self.refuse(f"{_shown(self.found)} is not {form.words}, such as {form.example}")
            return None

    def has(self, name: str) -> bool:
        """Whether a mapping has a key."""
        return name in self.found

    def at(self, name: str) -> _Value:
        """The value of a mapping under a key."""
        place = f"{self.place}.{name}" if self.place else name
        return _Value(self.found.get(name), place, self.faults)

    def take_at(self, name: str, form: _Form[T]) -> T | None:
        """The value under a key in a form; None where there is none, or it is not."""
        return self.at(name).take(form) if self.has(name) else None

    def need_at(self, name: str, form: _Form[T]) -> T | None:
        """The value under a key that must be there, in a form."""
        if not self.has(name):
            self.at(name).refuse(f"is needed: {form.words}, such as {form.example}")
        return self.take_at(name, form)

    def entries(self) -> list[_Value]:
        """The values of a list."""
        return [
            _Value(entry, f"{self.place}[{number}]", self.faults)
            for number, entry in enumerate(self.found)
        ]

    def is_mapping_of(self, known: Iterable[str], example: str) -> bool:
        """Whether it is a mapping; a key of it that is not known is a fault."""
        if not is_mapping(self.found):
            self.refuse(f"{_shown(self.found)} is not a mapping, such as {example}")
            return False
        names = tuple(known)
        for key in self.found:
            if key not in names:
                place = f"{self.place}.{_key(key)}" if self.place else _key(key)
                self.faults.append(f"{place}: unknown; {_instead_of(key, names)}")
        return True


def _configuration(root: _Value) -> Configuration:
    if root.found is None or not root.is_mapping_of(("policy", "components"), _EXAMPLE):
        return Configuration()
    policy = _policy(root.at("policy"), Policy())
    components = _components(root.at("components"), policy)
    return Configuration(policy, MappingProxyType(components))


def _policy(value: _Value, base: Policy) -> Policy:
    # Where all that stood beneath a key is commented out, YAML gives None.
    if value.found is None or not value.is_mapping_of(_KNOBS, "{stuckAfter: 2h}"):
        return base
    stated = {knob: value.take_at(name, form) for name, (knob, form) in _KNOBS.items()}
    return replace(base, **{knob: found for knob, found in stated.items() if found is not None})


def _components(value: _Value, policy: Policy) -> dict[str, Component]:
    if value.found is None or value.take(_COMPONENTS) is None:
        return {}
    entries = value.entries()
    components = [_component(entry, policy) for entry in entries]
    _check_names(entries)
    return {component.name: component for component in components if component is not None}


def _check_names(components: list[_Value]) -> None:
    """Refuse a name that an earlier component has."""
    places: dict[str, str] = {}
    for entry in components:
        name = entry.found.get("name") if is_mapping(entry.found) else None
        if not isinstance(name, str):
            continue
        if name in places:
            entry.at("name").refuse(
                f"{_quoted(name)} is the name of {places[name]} already; each component has its "
                f"own, such as {_COMPONENT_NAME.example}"
            )
        places.setdefault(name, entry.place)


def _component(value: _Value, policy: Policy) -> Component | None:
    """A component; None where there are faults in it."""
    before = len(value.faults)
    if not value.is_mapping_of(_COMPONENT_KEYS, _COMPONENT_EXAMPLE):
        return None
    name = value.need_at("name", _COMPONENT_NAME)
    title = value.take_at("title", _TITLE)
    needed = value.take_at("up", _THRESHOLD)
    own_policy = _policy(value.at("policy"), policy)
    listed = value.need_at("members", _MEMBERS)
    members = [_member(entry) for entry in value.at("members").entries()] if listed else []
    if name is None or len(value.faults) > before:
        return None
    found = tuple(member for member in members if member is not None)
    return Component(name, title or name, found, needed, own_policy)


def _member(value: _Value) -> Member | None:
    """An entry of a component's members; None where there are faults in it."""
    before = len(value.faults)
    if not value.is_mapping_of(_MEMBER_KEYS, _MEMBER_EXAMPLE):
        return None
    if not value.found:
        # It would mean every workload there is, which nobody says by saying nothing.
        value.refuse(f"an empty entry names nothing; an entry is such as {_MEMBER_EXAMPLE}")
        return None
    namespaces = _namespaces(value)
    word = value.take_at("kind", _KIND) or ""
    kind = RULES.kind_called(word)
    name = value.take_at("name", _name_form(kind)) or ""
    selector = value.take_at("selector", _SELECTOR)
    _check_scope(value, kind)
    _check_name(value)
    return None if len(value.faults) > before else Member(namespaces, word, name, selector)


def _namespaces(value: _Value) -> tuple[str, ...]:
    if not value.has("namespace"):
        return ("",)
    stated = value.at("namespace")
    if is_list(stated.found) and stated.found:
        found = [entry.take(_NAMESPACE) for entry in stated.entries()]
    else:
        found = [stated.take(_NAMESPACES)]
    # Whatever is named twice is read once.
    return tuple(dict.fromkeys(namespace for namespace in found if namespace))


def _check_scope(value: _Value, kind: Kind | None) -> None:
    """Refuse a namespace that a well-known kind has no use for, and the lack of one that it has."""
    if kind is None:
        return
    namespace = value.at("namespace")
    if not kind.namespaced and value.has("namespace"):
        namespace.refuse(
            f"{_shown(namespace.found)} is too much: {_article(kind)} stands in no namespace; "
            f"leave it out, such as {{kind: {kind.kind.lower()}}}"
        )
    if kind.namespaced and value.has("name") and not value.has("namespace"):
        namespace.refuse(
            f"is needed: {_article(kind)} is named within its namespace, such as "
            f"{{namespace: shop, kind: {kind.kind.lower()}, name: api}}"
        )


def _check_name(value: _Value) -> None:
    """Refuse a name of no kind, and a name beside a selector."""
    if not value.has("name"):
        return
    if not value.has("kind"):
        value.at("kind").refuse(f"is needed beside name: {_KIND.words}, such as {_KIND.example}")
    if value.has("selector"):
        value.at("selector").refuse(
            "stands beside name, and one excludes the other; keep one of them, such as name: api"
        )


def _article(kind: Kind) -> str:
    return f"{'an' if kind.kind[0] in 'AEIOU' else 'a'} {kind.kind}"


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise ValueError
    return found


def _label(found: object) -> str:
    check_namespace(_text(found))
    return _text(found)


def _title(found: object) -> str:
    title = _text(found)
    if not title.isprintable() or not title.strip() or len(title) > _LONGEST_TITLE:
        raise ValueError
    return title


def _kind_word(found: object) -> str:
    if not is_word(_text(found)):
        raise ValueError
    return _text(found)


def _selector(found: object) -> LabelSelector:
    return parse_selector(_text(found))


def _filled_list(found: object) -> list[object]:
    if not is_list(found) or not found:
        raise ValueError
    return list(found)


def _any_list(found: object) -> list[object]:
    if not is_list(found):
        raise ValueError
    return list(found)


def _name_form(kind: Kind | None) -> _Form[str]:
    """The form of an object's name, which depends on its kind."""
    # The namespace is checked on its own.
    alone = replace(kind or Kind("", "", "", ""), namespaced=False)

    def parse(found: object) -> str:
        if not found:
            raise ValueError
        return Query(alone, "", _text(found)).name

    words = f"the name of {_article(kind) if kind else 'an object'}"
    return _Form(parse, f"{words}: lower-case letters, digits, '-' and '.'", "api")


_LABEL_WORDS = "up to 63 lower-case letters, digits and, not at the ends, '-'"
_COMPONENT_EXAMPLE = "{name: checkout, members: [{namespace: shop}]}"
_MEMBER_EXAMPLE = "{namespace: shop, kind: deployment, name: api}"
_COMPONENT_KEYS = ("name", "title", "up", "policy", "members")
_MEMBER_KEYS = ("namespace", "kind", "name", "selector")

_COMPONENTS = _Form(_any_list, "a list of components", f"[{_COMPONENT_EXAMPLE}]")
_COMPONENT_NAME = _Form(_label, _LABEL_WORDS, "checkout")
_TITLE = _Form(_title, f"printable text of 1 to {_LONGEST_TITLE} characters", "Checkout")
_THRESHOLD = _Form(Threshold.parse, "a number from 1 or a percentage from 1% to 100%", "2 or 50%")
_MEMBERS = _Form(_filled_list, "a list of at least one member", f"[{_MEMBER_EXAMPLE}]")
_NAMESPACE = _Form(_label, _LABEL_WORDS, "shop")
_NAMESPACES = _Form(_label, f"{_LABEL_WORDS}, or a list of such names", "shop or [shop, shop-eu]")
_KIND = _Form(_kind_word, "a name of a kind", "deployment, deploy or certificates.cert-manager.io")
_SELECTOR = _Form(_selector, "a label selector", '"app=api,tier in (web,edge),!canary"')


def _health_form(name: str, default: Health) -> _Form[Health]:
    """Those healths that `Policy` takes for the knob."""
    words = [str(health) for health in Health if _is_taken(name, health)]

    def parse(found: object) -> Health:
        if _text(found) not in words:
            raise ValueError
        return Health(_text(found))

    return _Form(parse, f"{', '.join(words[:-1])} or {words[-1]}", str(default))


def _is_taken(name: str, value: Any) -> bool:
    try:
        replace(Policy(), **{name: value})
    except ValueError:
        return False
    return True


def _threshold_form(_: str, default: Threshold) -> _Form[Threshold]:
    return replace(_THRESHOLD, example=str(default))


def _duration_form(_: str, default: timedelta) -> _Form[timedelta]:
    return _Form(
        lambda found: parse_duration(_text(found)),
        "a Go duration from 0s to a year",
        print_duration(default),
    )


def _times_form(_: str, default: int) -> _Form[int]:
    def parse(found: object) -> int:
        # A boolean is an integer to Python.
        if isinstance(found, bool) or not isinstance(found, int):
            raise ValueError
        if not 1 <= found <= _MOST_TIMES:
            raise ValueError
        return found

    return _Form(parse, f"a whole number from 1 to {_MOST_TIMES}", str(default))


_KNOB_FORMS: Mapping[type, Callable[[str, Any], _Form[Any]]] = {
    Health: _health_form,
    Threshold: _threshold_form,
    timedelta: _duration_form,
    int: _times_form,
}


def _knob_form(name: str, default: Any) -> _Form[Any]:
    form = _KNOB_FORMS[type(default)](name, default)

    def parse(found: object) -> Any:
        value = form.parse(found)
        # What `Policy` itself has against a value is a fault, too.
        replace(Policy(), **{name: value})
        return value

    return replace(form, parse=parse)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return "".join((first, *(other.capitalize() for other in others)))


_DEFAULTS = Policy()
# A knob's default says which form it has: one that `Policy` gains can be set from a file at once.
_KNOBS: Mapping[str, tuple[str, _Form[Any]]] = {
    _camel_case(knob.name): (knob.name, _knob_form(knob.name, getattr(_DEFAULTS, knob.name)))
    for knob in fields(Policy)
}

# In this order: a boolean is an integer to Python.
_SCALARS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (date, "a date"),
)


def _shown(found: object) -> str:
    """What was found as a fault may repeat it: short, printable, and of which type it is."""
    if found is None:
        return "nothing"
    if isinstance(found, str):
        return _quoted(found)
    if is_mapping(found):
        return "a mapping"
    if is_list(found):
        return "a list" if found else "an empty list"
    for type_, words in _SCALARS:
        if isinstance(found, type_):
            return f"{_written(found)} ({words})"
    return "a value of another type"


def _written(scalar: object) -> str:
    """A scalar about as YAML has it."""
    try:
        text = str(scalar)
    except ValueError:
        return "very many digits"  # Python refuses to print some thousand digits
    return _clipped(text.lower() if isinstance(scalar, bool) else text)


def _key(key: object) -> str:
    """A key that is not known, as a part of a path; in quotes where it is no plain word."""
    plain = isinstance(key, str) and key.isascii() and key.replace("-", "").isidentifier()
    return _clipped(str(key)) if plain else _shown(key)


def _quoted(text: str) -> str:
    return _clipped(ascii(text[:_LONGEST_SHOWN]) + "..." * (len(text) > _LONGEST_SHOWN))


def _named(path: str) -> str:
    """A path, of a very long one the end."""
    shown = ascii(path)
    return shown if len(shown) <= _LONGEST_PATH else f"...{shown[-_LONGEST_PATH:]}"


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN + 5 else f"{text[:_LONGEST_SHOWN]}..."


def _instead_of(key: object, known: tuple[str, ...]) -> str:
    """What to write in place of a key that is not known."""
    by_lower_case = {name.lower(): name for name in known}
    asked = str(key)[:_LONGEST_SHOWN].lower() if isinstance(key, str) else ""
    close = difflib.get_close_matches(asked.replace("_", ""), by_lower_case, n=1)
    if close:
        return f"did you mean {by_lower_case[close[0]]}?"
    return f"known here: {', '.join(known)}"
