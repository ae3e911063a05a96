"""``check``: judge live objects, or those in dumps and manifests."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.snapshot import SnapshotError, SnapshotReader, is_of, read_file
from k8s_heartbeat.core import RULES, Assessment, Health, Policy
from k8s_heartbeat.core.check import Checked, absent, check, missing, unjudged
from k8s_heartbeat.core.kinds import Kind
from k8s_heartbeat.core.manifests import meta_of
from k8s_heartbeat.core.pool import Pool, labels_of, members_of, rule_of
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    InvalidQuery,
    NotFound,
    NotServed,
    Query,
    ReadError,
)
from k8s_heartbeat.core.resolution import resolve

from .errors import EXIT_NOT_UP, EXIT_UNREADABLE, EXIT_USAGE, CommandError
from .question import Question
from .report import Answer, report

if TYPE_CHECKING:
    from k8s_heartbeat.core.components import Component
    from k8s_heartbeat.core.group import Found

    from .settings import Settings

__all__ = ["run"]

Manifest = Mapping[str, Any]

_OFFLINE_SECONDS = 3600.0


def run(arguments: argparse.Namespace) -> int:
    """Judge what the command line names and print it.

    Raises:
        CommandError: Nothing could be judged.
    """
    question = Question.of(arguments)
    try:
        answer = (_offline if arguments.filename else _live)(arguments, question)
    except (InvalidQuery, NotServed) as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    good = report(answer, arguments.output, question.now, question.line)
    return 0 if good else EXIT_NOT_UP


@dataclass(frozen=True, slots=True)
class _Configured:
    """What the settings and the configuration file say, as far as they are needed."""

    settings: Settings | None = None
    policy: Policy = Policy()
    component: Component | None = None


def _configured(arguments: argparse.Namespace, question: Question, *, live: bool) -> _Configured:
    named = arguments.config or os.environ.get("HEARTBEAT_CONFIG")
    if not live and not named and not question.component:
        return _Configured()
    from . import configuration as file  # noqa: PLC0415  # offline it is seldom needed
    from .settings import SettingsError, load  # noqa: PLC0415  # the same

    flags = {
        field: value
        for field in ("kubeconfig", "context", "config")
        if (value := getattr(arguments, field)) is not None
    }
    try:
        settings, _ = load(os.environ, flags)
        read = file.read_configuration
        configuration = read(settings.config) if settings.config else file.Configuration()
    except (SettingsError, file.ConfigurationError) as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    component = configuration.components.get(question.component)
    if question.component and component is None:
        known = (
            f"it has {', '.join(configuration.components)}"
            if configuration.components
            else ("it has none; components stand in a file that --config or HEARTBEAT_CONFIG names")
        )
        raise CommandError(
            f"--component: {question.component[:60]!a} is not in the configuration: {known}",
            EXIT_USAGE,
        )
    return _Configured(settings, configuration.policy, component)


def _live(arguments: argparse.Namespace, question: Question) -> Answer:
    from . import wiring  # noqa: PLC0415  # not worth its import offline

    configured = _configured(arguments, question, live=True)
    settings = configured.settings
    if settings is None:
        raise AssertionError("a live check always has settings")
    try:
        reader, session = wiring.live_reader(settings)
    except wiring.MissingExtraError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    except wiring.no_cluster_error() as error:
        raise CommandError(
            f"{error}; name one with --kubeconfig FILE, or judge a dump with -f FILE",
            EXIT_UNREADABLE,
        ) from None
    namespace = session.namespace if question.namespace is None else question.namespace
    timeout = settings.timeout.total_seconds()
    deadline = Deadline.after(timeout, time.monotonic)
    try:
        if question.subjects:
            kinds = [resolve(word, reader, deadline) for word, _ in question.subjects]
            queries = [
                Query(kind, namespace if kind.namespaced else "", name)
                for kind, (_, name) in zip(kinds, question.subjects, strict=True)
            ]
            wide = arguments.output != "text"
            return Answer(
                _read_all(reader, queries, question, configured, timeout, wide=wide), True
            )
        return _group(reader, question, configured, namespace, deadline)
    except ReadError as error:
        if isinstance(error, NotServed):
            raise
        raise CommandError(str(error), EXIT_UNREADABLE) from None


def _group(
    reader: ClusterReader,
    question: Question,
    configured: _Configured,
    namespace: str,
    deadline: Deadline,
) -> Answer:
    from k8s_heartbeat.core.components import check_component  # noqa: PLC0415  # not for a dump
    from k8s_heartbeat.core.group import Selection, check_selection  # noqa: PLC0415  # the same

    component, now = configured.component, question.now
    if component is not None:
        found = check_component(reader, component, now=now, deadline=deadline)
        group = ("Component", component.name)
        return Answer(_checked(found), False, group, component.title, component.up)
    kinds = tuple(resolve(word, reader, deadline) for word in question.kinds)
    if kinds and not any(kind.namespaced for kind in kinds):
        namespace = ""
    selection = Selection(namespace, kinds, question.selector)
    found = check_selection(reader, selection, now=now, deadline=deadline, policy=configured.policy)
    return Answer(_checked(found), False, ("Namespace" if namespace else "Cluster", namespace))


def _checked(found: Found) -> list[Checked]:
    return [Checked(entry, found.age, found.stale) for entry in found.assessments]


def _read_all(
    reader: ClusterReader,
    queries: Sequence[Query],
    question: Question,
    configured: _Configured,
    timeout: float,
    *,
    wide: bool,
) -> list[Checked]:
    found: list[Checked] = []
    failures: list[str] = []
    for query in queries:
        deadline = Deadline.after(timeout, time.monotonic)
        try:
            checked = check(
                reader,
                query,
                now=question.now,
                deadline=deadline,
                policy=configured.policy,
                explain_all=wide,
            )
            found.append(checked)
        except NotFound:
            found.append(Checked(missing(query)))
        except NotServed:
            raise
        except ReadError as error:
            failures.append(str(error))
            found.append(Checked(_unreadable(query, str(error))))
    if len(failures) == len(queries):
        raise CommandError("\n".join(dict.fromkeys(failures)), EXIT_UNREADABLE)
    return found


def _unreadable(query: Query, message: str) -> Assessment:
    unread = unjudged(query.kind, query.namespace, "Unreadable", message)
    return replace(unread, name=query.name)


def _offline(arguments: argparse.Namespace, question: Question) -> Answer:
    configured = _configured(arguments, question, live=False)
    try:
        objects = _once(entry for path in arguments.filename for entry in read_file(path))
    except SnapshotError as error:
        raise CommandError(str(error), EXIT_UNREADABLE) from None
    reader = SnapshotReader(lambda: objects)
    deadline = Deadline.after(_OFFLINE_SECONDS, time.monotonic)
    if configured.component is not None:
        return _group(reader, question, configured, "", deadline)
    try:
        subjects = [(resolve(word, reader, deadline), name) for word, name in question.subjects]
        kinds = [resolve(word, reader, deadline) for word in question.kinds]
    except NotServed:
        words = ", ".join([*(word for word, _ in question.subjects), *question.kinds])
        raise CommandError(
            f"{words[:60]!a}: one is neither a well-known kind nor one of the input", EXIT_USAGE
        ) from None
    chosen = _chosen(objects, subjects, kinds, question)
    pool = Pool(objects)
    found: list[Checked] = []
    for manifest in chosen:
        judged = pool.assess(manifest, question.now, configured.policy, explained=False)
        if judged.health is not Health.HEALTHY or arguments.output != "text":
            judged = pool.assess(manifest, question.now, configured.policy, explained=True)
        found.append(Checked(judged))
    found += _not_in_the_input(subjects, chosen, question.namespace)
    return Answer(found, listed=bool(subjects))


def _once(objects: Iterable[Manifest]) -> list[Manifest]:
    """Each object once, though overlapping dumps may hold it more often; the last one counts."""
    kept: dict[object, Manifest] = {}
    for number, manifest in enumerate(objects):
        meta = meta_of(manifest)
        identity = (meta.kind, meta.namespace, meta.name, meta.uid)
        kept[identity if meta.uid else number] = manifest
    return list(kept.values())


def _chosen(
    objects: Sequence[Manifest],
    subjects: Sequence[tuple[Kind, str]],
    kinds: Sequence[Kind],
    question: Question,
) -> list[Manifest]:
    """The objects to judge: those named, those of the kinds, or all that count."""
    if subjects:
        return [
            entry
            for entry in objects
            if _is_asked_for(entry, question)
            and any(is_of(entry, kind) and meta_of(entry).name == name for kind, name in subjects)
        ]
    return [
        entry
        # Who owns whom does not depend on what is asked for.
        for entry in members_of(objects, kinds=kinds)
        if _is_asked_for(entry, question) and (not kinds or any(is_of(entry, k) for k in kinds))
    ]


def _is_asked_for(manifest: Manifest, question: Question) -> bool:
    place, own = meta_of(manifest).namespace, rule_of(RULES, manifest)
    here = place in ("", question.namespace) and (own.kind.namespaced or bool(question.subjects))
    if not question.namespace:
        here = True
    return here and (question.selector is None or question.selector.matches(labels_of(manifest)))


def _not_in_the_input(
    subjects: Sequence[tuple[Kind, str]], chosen: Sequence[Manifest], namespace: str | None
) -> list[Checked]:
    return [
        Checked(replace(absent(kind.kind, namespace or "", name), message="not in the input"))
        for kind, name in subjects
        if not any(is_of(entry, kind) and meta_of(entry).name == name for entry in chosen)
    ]
