"""kubectl commands that show more about an object and its causes, ready to copy."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from k8s_heartbeat.core import RULES, Assessment
from k8s_heartbeat.core.query import InvalidQuery, check_name
from k8s_heartbeat.core.selectors import LabelSelector

__all__ = ["Command", "commands_for", "kind_word"]

_MOST = 8
# Kinds for which `kubectl logs KIND/NAME` finds a pod by itself.
_WITH_LOGS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod")
_ENDED = ("BackOff", "CrashLoopBackOff", "Error", "OOMKilled", "PostStartHookError")
_NODES = ("FailedScheduling", "NodeLost", "Unschedulable")


class Command(NamedTuple):
    """A command and what it shows."""

    shows: str
    line: str


def kind_word(kind: str, api_version: str) -> str:
    """The name of a kind for kubectl and our paths, with its group if it is not built in."""
    word = kind.lower()
    group, slash, _ = api_version.partition("/")
    known = RULES.kind_called(word)
    if known is not None and (not api_version or known.group == (group if slash else "")):
        return word
    return f"{word}.{group}" if slash else word


def commands_for(
    item: Assessment, causes: Sequence[dict[str, Any]], selector: LabelSelector | None
) -> list[Command]:
    """The commands for an object.

    Args:
        item: The verdict on it.
        causes: Its causes as the caller may see them; for a pod without a name, the commands
            are about the object itself.
        selector: Selects its pods; None if it has none, or the caller may not see it.
    """
    if not is_name(item.name):
        return []
    commands = _commands(item, causes, selector)
    return list({command.line: command for command in commands}.values())[:_MOST]


def _commands(
    item: Assessment, causes: Sequence[dict[str, Any]], selector: LabelSelector | None
) -> Iterator[Command]:
    word, place = kind_word(item.kind, item.api_version), item.namespace
    reasons = {str(cause["reason"]).removeprefix("Init:") for cause in causes}
    yield Command("Its details and events", _line("describe", word, item.name, place=place))
    for cause in causes:
        yield from _about_cause(item, word, cause)
    if item.reason == "ProgressDeadlineExceeded" or "ProgressDeadlineExceeded" in reasons:
        about = f"{word}/{item.name}"
        yield Command("Its rollout history", _line("rollout", "history", about, place=place))
    if selector is not None:
        line = _line("get", "pods", "-o", "wide", "-l", str(selector), place=place)
        yield Command("Its pods", line)
    if item.kind == "CronJob":
        yield Command("The Jobs in its namespace", _line("get", "jobs", place=place))
    if item.kind == "Service":
        label = f"kubernetes.io/service-name={item.name}"
        yield Command("Its endpoints", _line("get", "endpointslices", "-l", label, place=place))
    if reasons.intersection(_NODES):
        yield Command("The nodes", _line("get", "nodes", "-o", "wide"))
    about = f"{word}/{item.name}"
    yield Command("Its events", _line("events", "--for", about, place=place or "default"))


def _about_cause(item: Assessment, word: str, cause: dict[str, Any]) -> Iterator[Command]:
    if cause["kind"] != "Pod":
        return
    place, name = item.namespace, str(cause.get("name", ""))
    reason = str(cause["reason"]).removeprefix("Init:")
    container = str(cause.get("container", ""))
    named = is_name(name)
    if container and is_name(container) and reason in _ENDED:
        about = name if named else f"{word}/{item.name}"
        if named or item.kind in _WITH_LOGS:
            line = _line("logs", about, "-c", container, "--previous", place=place)
            yield Command(f"The logs of container {container} before it ended", line)
    elif reason == "NotReady" and (named or item.kind in _WITH_LOGS):
        about = name if named else f"{word}/{item.name}"
        line = _line("logs", about, "--all-containers", "--tail=50", place=place)
        yield Command("The logs of its containers", line)
    if named and (name, "Pod") != (item.name, item.kind):
        yield Command("The pod and its events", _line("describe", "pod", name, place=place))


def _line(*words: str, place: str = "") -> str:
    namespace = ("-n", place) if place else ()
    return shlex.join(("kubectl", *words, *namespace))


def is_name(name: str) -> bool:
    """Whether this is a valid name in Kubernetes, and so neither an option nor a command."""
    try:
        check_name(name)
    except InvalidQuery:
        return False
    return bool(name)
