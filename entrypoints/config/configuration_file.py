"""The configuration file: the policy, the components, kinds of one's own; all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from k8s_heartbeat.adapters.reread import RereadFile
from k8s_heartbeat.core import RULES, Health, Kind, Policy, Threshold
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.durations import parse_duration, print_duration
from k8s_heartbeat.core.fields import is_list
from k8s_heartbeat.core.kinds import is_word
from k8s_heartbeat.core.policy import STATED
from k8s_heartbeat.core.query import Query, check_namespace
from k8s_heartbeat.core.selectors import LabelSelector, parse_selector

from .configuration import Configuration
from .document import Sort, Value, parse_document, read_document, shown
from .forms import Form, any_text, listed
from .own_kinds import take_kinds
from .page import TITLE, take_page

__all__ = ["parse_configuration", "read_configuration", "told"]

_MOST_TIMES = 1000
_EXAMPLE = "policy: {stuckAfter: 2h}"
_KEYS = ("policy", "components", "kinds", "page")
_SORT = Sort("configuration", "a configuration", _EXAMPLE)


def read_configuration(path: str) -> RereadFile[Configuration]:
    """The configuration in a file, read again when it changes.

    Raises:
        ConfigurationError: It cannot be read, or is wrong; every fault at once.
    """
    return read_document(path, _SORT, parse_configuration)


def parse_configuration(text: str) -> Configuration:
    """The configuration that a YAML text states; an empty text states the defaults.

    Raises:
        ConfigurationError: It is wrong; every fault at once.
    """
    root = parse_document(text, _SORT)
    configuration = _configuration(root)
    root.check()
    return configuration


def told(configuration: Configuration) -> list[str]:
    """The configuration for people: each knob of the policy, each component with its members."""
    lines = [
        f"policy.{name}={_printed(getattr(configuration.policy, knob))}"
        for name, (knob, _) in _KNOBS.items()
    ]
    lines += [f"kind {kind}.{group}" for group, kind in configuration.kinds]
    for component in configuration.components.values():
        needed = "all" if component.up is None else str(component.up)
        lines.append(f"component {component.name} ({component.title}), up: {needed}")
        for member in component.members:
            selected = member.name or (str(member.selector) if member.selector else "all")
            places = ", ".join(place or "all namespaces" for place in member.namespaces)
            lines.append(f"  {member.kind or 'workloads'} {selected} in {places}")
    if configuration.title:
        lines.append(f"page.title={configuration.title}")
    if configuration.public:
        names = ", ".join(configuration.public.components)
        lines.append(f"page.public ({configuration.public.title}): {names}")
    return lines


def _printed(value: object) -> str:
    return print_duration(value) if isinstance(value, timedelta) else str(value)


def _configuration(root: Value) -> Configuration:
    if root.found is None or not root.is_mapping_of(_KEYS, _EXAMPLE):
        return Configuration()
    policy = _policy(root.at("policy"), Policy())
    components = _components(root.at("components"), policy)
    kinds = take_kinds(root.at("kinds"))
    title, public = take_page(root.at("page"), components)
    rules = RULES.with_kinds(kinds)
    return Configuration(policy, MappingProxyType(components), kinds, rules, title, public)


def _policy(value: Value, base: Policy) -> Policy:
    # Where all that stood beneath a key is commented out, YAML gives None.
    if value.found is None or not value.is_mapping_of(_KNOBS, "{stuckAfter: 2h}"):
        return base
    stated = {knob: value.take_at(name, form) for name, (knob, form) in _KNOBS.items()}
    return replace(base, **{knob: found for knob, found in stated.items() if found is not None})


def _components(value: Value, policy: Policy) -> dict[str, Component]:
    if value.found is None or value.take(_COMPONENTS) is None:
        return {}
    components = [_component(entry, policy) for entry in value.entries()]
    value.check_once("name", f"each component has its own, such as {_COMPONENT_NAME.example}")
    return {component.name: component for component in components if component is not None}


def _component(value: Value, policy: Policy) -> Component | None:
    """A component; None where there are faults in it."""
    before = len(value.faults)
    if not value.is_mapping_of(_COMPONENT_KEYS, _COMPONENT_EXAMPLE):
        return None
    name = value.need_at("name", _COMPONENT_NAME)
    title = value.take_at("title", TITLE)
    needed = value.take_at("up", _THRESHOLD)
    own_policy = _policy(value.at("policy"), policy)
    listed = value.need_at("members", _MEMBERS)
    members = [_member(entry) for entry in value.at("members").entries()] if listed else []
    if name is None or len(value.faults) > before:
        return None
    found = tuple(member for member in members if member is not None)
    return Component(name, title or name, found, needed, own_policy)


def _member(value: Value) -> Member | None:
    """An entry of a component's members; None where there are faults in it."""
    before = len(value.faults)
    if not value.is_mapping_of(_MEMBER_KEYS, _MEMBER_EXAMPLE):
        return None
    if not value.found:
        # It would mean every workload, which must not be the meaning of an empty entry.
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


def _namespaces(value: Value) -> tuple[str, ...]:
    if not value.has("namespace"):
        return ("",)
    stated = value.at("namespace")
    if is_list(stated.found) and stated.found:
        found = [entry.take(_NAMESPACE) for entry in stated.entries()]
    else:
        found = [stated.take(_NAMESPACES)]
    # A repeated namespace is read once.
    return tuple(dict.fromkeys(namespace for namespace in found if namespace))


def _check_scope(value: Value, kind: Kind | None) -> None:
    """Refuse a namespace for a known cluster-scoped kind, and a missing one for a namespaced."""
    if kind is None:
        return
    namespace = value.at("namespace")
    if not kind.namespaced and value.has("namespace"):
        namespace.refuse(
            f"{shown(namespace.found)} is too much: {_article(kind)} stands in no namespace; "
            f"leave it out, such as {{kind: {kind.kind.lower()}}}"
        )
    if kind.namespaced and value.has("name") and not value.has("namespace"):
        namespace.refuse(
            f"is needed: {_article(kind)} is named within its namespace, such as "
            f"{{namespace: shop, kind: {kind.kind.lower()}, name: api}}"
        )


def _check_name(value: Value) -> None:
    """Refuse a name without a kind, or together with a selector."""
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


def _label(found: object) -> str:
    check_namespace(any_text(found))
    return any_text(found)


def _kind_word(found: object) -> str:
    if not is_word(any_text(found)):
        raise ValueError
    return any_text(found)


def _selector(found: object) -> LabelSelector:
    return parse_selector(any_text(found))


def _name_form(kind: Kind | None) -> Form[str]:
    """The form of an object's name, which depends on its kind."""
    # The namespace is checked on its own.
    alone = replace(kind or Kind("", "", "", ""), namespaced=False)

    def parse(found: object) -> str:
        if not found:
            raise ValueError
        return Query(alone, "", any_text(found)).name

    words = f"the name of {_article(kind) if kind else 'an object'}"
    return Form(parse, f"{words}: lower-case letters, digits, '-' and '.'", "api")


_LABEL_WORDS = "up to 63 lower-case letters, digits and, not at the ends, '-'"
_COMPONENT_EXAMPLE = "{name: checkout, members: [{namespace: shop}]}"
_MEMBER_EXAMPLE = "{namespace: shop, kind: deployment, name: api}"
_COMPONENT_KEYS = ("name", "title", "up", "policy", "members")
_MEMBER_KEYS = ("namespace", "kind", "name", "selector")

_COMPONENTS = Form(listed(), "a list of components", f"[{_COMPONENT_EXAMPLE}]")
_COMPONENT_NAME = Form(_label, _LABEL_WORDS, "checkout")
_THRESHOLD = Form(Threshold.parse, "a number from 1 or a percentage from 1% to 100%", "2 or 50%")
_MEMBERS = Form(listed(least=1), "a list of at least one member", f"[{_MEMBER_EXAMPLE}]")
_NAMESPACE = Form(_label, _LABEL_WORDS, "shop")
_NAMESPACES = Form(_label, f"{_LABEL_WORDS}, or a list of such names", "shop or [shop, shop-eu]")
_KIND = Form(_kind_word, "a name of a kind", "deployment, deploy or certificates.cert-manager.io")
_SELECTOR = Form(_selector, "a label selector", '"app=api,tier in (web,edge),!canary"')


def _health_form(name: str, default: Health) -> Form[Health]:
    """The healths that `Policy` accepts for a name."""
    words = [str(health) for health in Health if _is_taken(name, health)]

    def parse(found: object) -> Health:
        if any_text(found) not in words:
            raise ValueError
        return Health(any_text(found))

    return Form(parse, f"{', '.join(words[:-1])} or {words[-1]}", str(default))


def _is_taken(name: str, value: Any) -> bool:
    try:
        replace(Policy(), **{name: value})
    except ValueError:
        return False
    return True


def _threshold_form(_: str, default: Threshold) -> Form[Threshold | str]:
    """A threshold, or that Kubernetes itself states one."""

    def parse(found: object) -> Threshold | str:
        return STATED if found == STATED else Threshold.parse(found)

    return Form(parse, f"{_THRESHOLD.words}, or {STATED}", str(default))


def _duration_form(_: str, default: timedelta) -> Form[timedelta]:
    return Form(
        lambda found: parse_duration(any_text(found)),
        "a Go duration from 0s to a year",
        print_duration(default),
    )


def _times_form(_: str, default: int) -> Form[int]:
    def parse(found: object) -> int:
        # A boolean is an integer to Python.
        if isinstance(found, bool) or not isinstance(found, int):
            raise ValueError
        if not 1 <= found <= _MOST_TIMES:
            raise ValueError
        return found

    return Form(parse, f"a whole number from 1 to {_MOST_TIMES}", str(default))


_KNOB_FORMS: Mapping[type, Callable[[str, Any], Form[Any]]] = {
    Health: _health_form,
    Threshold: _threshold_form,
    timedelta: _duration_form,
    int: _times_form,
}


def _knob_form(name: str, default: Any) -> Form[Any]:
    form = _KNOB_FORMS[type(default)](name, default)

    def parse(found: object) -> Any:
        value = form.parse(found)
        # A value that `Policy` itself rejects is a fault, too.
        replace(Policy(), **{name: value})
        return value

    return replace(form, parse=parse)


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return "".join((first, *(other.capitalize() for other in others)))


_DEFAULTS = Policy()
# The type of the default determines the form: new parameters of `Policy` work in a file at once.
_KNOBS: Mapping[str, tuple[str, Form[Any]]] = {
    _camel_case(knob.name): (knob.name, _knob_form(knob.name, getattr(_DEFAULTS, knob.name)))
    for knob in fields(Policy)
}
