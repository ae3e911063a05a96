"""Judge what a command line asks for: live objects, or those in dumps and manifests."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.dump import DumpError, read_file
from k8s_heartbeat.adapters.refused import repeated
from k8s_heartbeat.adapters.snapshot import SnapshotReader, is_of
from k8s_heartbeat.core import RULES, Assessment, Health, Policy, Rules
from k8s_heartbeat.core.assessment import UNREAD
from k8s_heartbeat.core.checks.batch import judge_members
from k8s_heartbeat.core.checks.members import members_of, rule_of
from k8s_heartbeat.core.checks.object import absent, check_object, missing
from k8s_heartbeat.core.checks.reader import (
    ClusterReader,
    Deadline,
    NotFound,
    NotServed,
    ReadError,
)
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.resolution import KindWord, resolve
from k8s_heartbeat.core.checks.selection import Selection, check_selection
from k8s_heartbeat.core.fields import mapping, text
from k8s_heartbeat.core.judgement import explained
from k8s_heartbeat.core.kinds import Kind
from k8s_heartbeat.core.manifests import meta_of
from k8s_heartbeat.core.query import InvalidQuery, Query, check_name
from k8s_heartbeat.core.related import RelatedObjects
from k8s_heartbeat.core.subject import Subject

from .answer import Answer, Verdict
from .errors import (
    EXIT_UNREADABLE,
    EXIT_USAGE,
    ClusterNotFoundError,
    CommandError,
    MissingExtraError,
)
from .question import Question

if TYPE_CHECKING:
    from k8s_heartbeat.core.checks.component import Component

    from .config.settings import Settings

__all__ = ["UnreadError", "judge_for"]

Manifest = Mapping[str, Any]

_OFFLINE_SECONDS = 3600.0


class UnreadError(CommandError):
    """Nothing of what was asked for could be read.

    Attributes:
        answer: What was asked for: each named object as unknown, or a group without members.
    """

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message, EXIT_UNREADABLE)
        self.answer: Answer = answer


def judge_for(
    arguments: argparse.Namespace, question: Question, *, explain_all: bool
) -> Callable[[datetime], Answer]:
    """What judges the objects of a question, at the time that it is called with.

    It may be called again: a live cluster is read anew each time, over the same connections.

    Args:
        arguments: The command line; its `filename` lists the dumps.
        question: Which objects.
        explain_all: Whether healthy objects get causes too.

    Raises:
        CommandError: Nothing can be judged; the function that is returned raises it too.
    """
    judge = (_offline if arguments.filename else _live)(arguments, question, explain_all)

    def judged(now: datetime) -> Answer:
        try:
            return judge(now)
        except (InvalidQuery, NotServed) as error:
            raise CommandError(str(error), EXIT_USAGE) from None
        except ReadError as error:
            raise CommandError(str(error), EXIT_UNREADABLE) from None

    return judged


@dataclass(frozen=True, slots=True)
class _Configured:
    """The parts of the settings and the configuration file that are needed."""

    settings: Settings | None = None
    policy: Policy = Policy()
    rules: Rules = RULES
    component: Component | None = None


def _configured(arguments: argparse.Namespace, question: Question, *, live: bool) -> _Configured:
    named = arguments.config or os.environ.get("HEARTBEAT_CONFIG")
    if not live and not named and not question.component:
        return _Configured()
    from .config.files import read_for_command  # noqa: PLC0415  # offline it is seldom needed

    settings, configuration = read_for_command(arguments)
    component = configuration.components.get(question.component)
    if question.component and component is None:
        known = (
            f"it has {', '.join(configuration.components)}"
            if configuration.components
            else "it has none; --config or HEARTBEAT_CONFIG names a file with components"
        )
        raise CommandError(
            f"--component: {question.component[:60]!a} is not in the configuration: {known}",
            EXIT_USAGE,
        )
    return _Configured(settings, configuration.policy, configuration.rules, component)


def _live(
    arguments: argparse.Namespace, question: Question, explain_all: bool
) -> Callable[[datetime], Answer]:
    from . import wiring  # noqa: PLC0415  # not worth its import offline

    configured = _configured(arguments, question, live=True)
    settings = configured.settings
    if settings is None:
        raise AssertionError("a live check always has settings")
    try:
        cluster = wiring.live_cluster(settings)
    except MissingExtraError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    except ClusterNotFoundError as error:
        raise CommandError(
            f"{error.cause}; name one with --kubeconfig FILE, or judge a dump with -f FILE",
            EXIT_UNREADABLE,
        ) from None
    named = "" if cluster.client is None else cluster.client.namespace
    namespace = named if question.namespace is None else question.namespace
    reader, timeout = cluster.reader(configured.rules), settings.timeout.total_seconds()
    check = partial(_Check, reader, question, configured, timeout, explain_all)
    if question.subjects:
        return lambda now: check(now).objects(namespace)
    return lambda now: check(now).group(namespace)


@dataclass(frozen=True, slots=True)
class _Check:
    """The check of a live cluster, or of a component of a dump, at one time.

    Attributes:
        reader: Where objects are read.
        question: Which objects.
        configured: The policy and the component.
        timeout: Seconds for the reading of each object, or of a group.
        explain_all: Whether healthy objects get causes too.
        now: The time to judge at.
    """

    reader: ClusterReader
    question: Question
    configured: _Configured
    timeout: float
    explain_all: bool
    now: datetime

    def deadline(self) -> Deadline:
        """When the next answer must be there."""
        return Deadline.after(self.timeout, time.monotonic)

    def objects(self, namespace: str) -> Answer:
        """Judge the named objects.

        Raises:
            UnreadError: None of them could be read.
            NotServed: The cluster serves no such kind.
            ReadError: What the cluster serves could not be read.
        """
        deadline = self.deadline()
        kinds = [
            resolve(KindWord(word), self.reader, deadline) for word, _ in self.question.subjects
        ]
        queries = [
            Query(kind, namespace if kind.namespaced else "", name)
            for kind, (_, name) in zip(kinds, self.question.subjects, strict=True)
        ]
        failures: list[str] = []
        found = [self._object(query, failures) for query in queries]
        if len(failures) == len(queries):
            raise UnreadError("\n".join(dict.fromkeys(failures)), Answer(found, listed=True))
        return Answer(found, listed=True)

    def _object(self, query: Query, failures: list[str]) -> Verdict:
        deadline = self.deadline()
        try:
            found = check_object(
                self.reader,
                query,
                now=self.now,
                deadline=deadline,
                policy=self.configured.policy,
                rules=self.configured.rules,
                explain_all=self.explain_all,
            )
        except NotFound:
            return Verdict(missing(query))
        except NotServed:
            raise
        except ReadError as error:
            failures.append(str(error))
            unread = replace(missing(query), health=Health.UNKNOWN, reason="Unreadable")
            return Verdict(replace(unread, message=str(error)))
        return _verdict(found.assessment, found.worth, deadline)

    def group(self, namespace: str) -> Answer:
        """Judge the named component, or a selection.

        Raises:
            NotServed: The cluster serves no such kind.
            ReadError: What the cluster serves could not be read.
            UnreadError: Nothing of it could be read.
        """
        component, now, deadline = self.configured.component, self.now, self.deadline()
        if component is not None:
            from k8s_heartbeat.core.checks.component import check_component  # noqa: PLC0415  # for few

            result = check_component(
                self.reader, component, now=now, deadline=deadline, rules=self.configured.rules
            )
            group = ("Component", component.name)
            title, needed = component.title, component.up
        else:
            words = self.question.kinds
            kinds = tuple(resolve(KindWord(word), self.reader, deadline) for word in words)
            if kinds and not any(kind.namespaced for kind in kinds):
                namespace = ""
            result = check_selection(
                self.reader,
                Selection(namespace, kinds),
                now=now,
                deadline=deadline,
                policy=self.configured.policy,
                rules=self.configured.rules,
            )
            group, title, needed = ("Namespace" if namespace else "Cluster", namespace), "", None
        failure = result.failure()
        if isinstance(failure, NotServed):
            raise failure
        if failure is not None:
            answer = Answer((), group=group, title=title, needed=needed)
            raise UnreadError(str(failure), answer)
        result = result.narrowed(selector=self.question.selector)
        worth = result.worth(time.monotonic())
        found = [_verdict(entry, worth, deadline) for entry in result.assessments]
        return Answer(found, listed=False, group=group, title=title, needed=needed)


def _verdict(assessment: Assessment, worth: Worth, deadline: Deadline) -> Verdict:
    return Verdict(assessment, worth.age(deadline.clock()), worth.stale)


def _offline(
    arguments: argparse.Namespace, question: Question, explain_all: bool
) -> Callable[[datetime], Answer]:
    configured = _configured(arguments, question, live=False)
    try:
        objects = _once(entry for path in arguments.filename for entry in read_file(path))
    except DumpError as error:
        raise CommandError(str(error), EXIT_UNREADABLE) from None

    def judge(now: datetime) -> Answer:
        reader = SnapshotReader(lambda: objects)
        check = _Check(reader, question, configured, _OFFLINE_SECONDS, explain_all, now)
        return check.group("") if configured.component else _judged(objects, check)

    return judge


def _judged(objects: Sequence[Manifest], check: _Check) -> Answer:
    """Judge the objects of dumps; what they lack evidence for does not count."""
    reader, question, now, deadline = check.reader, check.question, check.now, check.deadline()

    def kind_of(word: str) -> Kind:
        try:
            return resolve(KindWord(word), reader, deadline)
        except NotServed:
            raise CommandError(
                f"{repeated(word)} is neither a well-known kind, such as deployment, nor a kind of "
                "the input",
                EXIT_USAGE,
            ) from None

    subjects = [(kind_of(word), name) for word, name in question.subjects]
    kinds = [kind_of(word) for word in question.kinds]
    rules, policy = check.configured.rules, check.configured.policy
    chosen = [Subject.of(entry, rules) for entry in _chosen(objects, subjects, kinds, question)]
    related = RelatedObjects(objects)
    judged = judge_members(chosen, related, related, now, deadline, policy)
    found = [
        Verdict(
            explained(entry, subject, related, now, policy)
            if entry.health is not Health.HEALTHY or check.explain_all
            else entry
        )
        for subject, entry in zip(chosen, judged, strict=True)
    ]
    found += _not_in_the_input(subjects, chosen, question.namespace)
    if question.subjects or question.kinds:
        return Answer(found, listed=bool(subjects))
    # `kubectl get all` lists Services without their evidence: missing evidence is not bad news.
    uncounted = [entry for entry in found if entry.assessment.reason == UNREAD]
    counted = [entry for entry in found if entry.assessment.reason != UNREAD]
    return Answer(counted, uncounted=uncounted) if counted else Answer(found)


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
        # Ownership does not depend on the question.
        for entry in members_of(objects, kinds=kinds)
        if _is_asked_for(entry, question) and (not kinds or any(is_of(entry, k) for k in kinds))
    ]


def _is_asked_for(manifest: Manifest, question: Question) -> bool:
    metadata = mapping(manifest.get("metadata"))
    place, own = text(metadata.get("namespace")), rule_of(RULES, manifest)
    here = place in ("", question.namespace) and (own.kind.namespaced or bool(question.subjects))
    if not question.namespace:
        here = True
    selector = question.selector
    return here and (selector is None or selector.matches(mapping(metadata.get("labels"))))


def _not_in_the_input(
    subjects: Sequence[tuple[Kind, str]], chosen: Sequence[Subject], namespace: str | None
) -> list[Verdict]:
    """Verdicts on the named objects that are missing.

    Raises:
        InvalidQuery: No object can have the name of one.
    """
    absences = [
        (kind, name)
        for kind, name in subjects
        if not any(is_of(entry.manifest, kind) and entry.meta.name == name for entry in chosen)
    ]
    for kind, name in absences:
        check_name(name, kind)
    return [
        Verdict(replace(absent(kind.kind, namespace or "", name), message="not in the input"))
        for kind, name in absences
    ]
