"""Parses the command line of ``check``."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from k8s_heartbeat.adapters.refused import repeated
from k8s_heartbeat.core import RULES, Health
from k8s_heartbeat.core.durations import parse_duration
from k8s_heartbeat.core.failure_policy import FailurePolicy
from k8s_heartbeat.core.query import InvalidQuery, check_namespace
from k8s_heartbeat.core.selectors import LabelSelector, parse_selector

from .errors import EXIT_USAGE, CommandError

__all__ = ["Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """What to judge, and what counts as failing.

    Attributes:
        subjects: A word of a kind and a name each, where objects are named.
        kinds: Words of kinds, where kinds are named.
        namespace: The namespace; None if not given, empty for all namespaces.
        selector: Which of them, by their labels; None for all.
        component: The component that is judged in place of all that; empty for none.
        failure_policy: What counts as failing, and from when on.
        now: The time to judge at.
    """

    subjects: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    namespace: str | None
    selector: LabelSelector | None
    component: str
    failure_policy: FailurePolicy
    now: datetime

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Question:
        """The question that the arguments of ``check`` put.

        Raises:
            CommandError: They contradict one another, or one has another form.
        """
        subjects, kinds = _objects(arguments.objects)
        if subjects and (kinds or arguments.selector or arguments.all_namespaces):
            raise CommandError(
                "name objects, as in: deployment/api, or kinds, as in: deployments -A -l app=api; "
                "not both",
                EXIT_USAGE,
            )
        others = (arguments.objects, arguments.selector, arguments.all_namespaces)
        if arguments.component and (any(others) or arguments.namespace):
            raise CommandError("--component says all that it judges: give it alone", EXIT_USAGE)
        if arguments.all_namespaces and arguments.namespace:
            raise CommandError("give --namespace or --all-namespaces, not both", EXIT_USAGE)
        if arguments.namespace:
            try:
                check_namespace(arguments.namespace)
            except InvalidQuery as error:
                raise CommandError(str(error), EXIT_USAGE) from None
        return cls(
            subjects=subjects,
            kinds=kinds,
            namespace="" if arguments.all_namespaces else arguments.namespace,
            selector=_selector(arguments.selector),
            component=arguments.component or "",
            failure_policy=FailurePolicy(Health(arguments.fail_on), _lasting(arguments.lasting)),
            now=_now(arguments.now),
        )


def _objects(texts: list[str]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Objects as KIND/NAME or KIND NAME, and kinds as KIND or KIND,KIND."""
    subjects: list[tuple[str, str]] = []
    words: list[str] = []
    for text in texts:
        word, slash, name = text.partition("/")
        if not slash:
            words.append(text)
        elif word and name and "/" not in name:
            subjects.append((word, name))
        else:
            raise CommandError(
                f"{repeated(text)} is not KIND/NAME, such as deployment/api; the namespace is "
                "given apart, as in: deployment/api -n shop",
                EXIT_USAGE,
            )
    kinds, names = (words[0].split(",") if words else []), words[1:]
    for name in names:
        if not name or any(RULES.kind_called(part) for part in name.split(",")):
            raise CommandError(
                f"{repeated(name)} after {repeated(words[0])} may be a name or another kind: write "
                "an object as KIND/NAME, such as deployment/api, and kinds as KIND,KIND, such as "
                "deployments,pods",
                EXIT_USAGE,
            )
    if names:
        subjects += [(kind, name) for kind in kinds for name in names]
        kinds = []
    return tuple(dict.fromkeys(subjects)), tuple(dict.fromkeys(kinds))


def _selector(text: str | None) -> LabelSelector | None:
    try:
        return parse_selector(text) if text is not None else None
    except ValueError as error:
        raise CommandError(f"--selector: {repeated(text or '')} {error}", EXIT_USAGE) from None


def _now(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise CommandError(
        f"--now: {repeated(text)} is no RFC 3339 time, such as 2026-01-01T12:00:00Z", EXIT_USAGE
    )


def _lasting(text: str | None) -> timedelta:
    try:
        return parse_duration(text) if text is not None else timedelta(0)
    except ValueError as error:
        raise CommandError(f"--for: {repeated(text or '')} {error}", EXIT_USAGE) from None
