"""``check``: judge live objects, or those in dumps and manifests."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from k8s_heartbeat.adapters.snapshot import SnapshotError, read_file, related_index
from k8s_heartbeat.core import Activity, Assessment, Cause, Health, Summary, assess, summarize
from k8s_heartbeat.core.check import Checked, check, missing
from k8s_heartbeat.core.durations import format_duration, parse_duration
from k8s_heartbeat.core.kinds import KINDS, Kind, resolve
from k8s_heartbeat.core.line import Line
from k8s_heartbeat.core.manifests import parse
from k8s_heartbeat.core.model import Event, Metadata, Pod, Unruled
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    InvalidQuery,
    NotFound,
    Query,
    ReadError,
)

from .errors import EXIT_NOT_UP, EXIT_UNREADABLE, EXIT_USAGE, CommandError

__all__ = ["run"]

Manifest = Mapping[str, Any]

_COLOURS = {
    Health.HEALTHY: "32",
    Health.DEGRADED: "33",
    Health.DOWN: "31",
    Health.MISSING: "31",
    Health.UNKNOWN: "35",
}


@dataclass(frozen=True, slots=True)
class _Subject:
    """A KIND/NAME of the command line."""

    kind: Kind
    name: str


def run(arguments: argparse.Namespace) -> int:
    """Judge what the command line names and print it.

    Raises:
        CommandError: Nothing could be judged.
    """
    now = _now(arguments.now)
    line = Line(Health(arguments.fail_on), _lasting(arguments.lasting))
    subjects = [_subject(text) for text in arguments.objects]
    if arguments.filename:
        found = _offline(arguments, subjects, now)
    elif subjects:
        found = _live(arguments, subjects, now)
    else:
        raise CommandError(
            "name what to check, such as: check deployment/api -n shop, or: check -f dump.json",
            EXIT_USAGE,
        )
    _print(arguments, found, now, line, listed=bool(subjects))
    good = found and all(line.passes(entry.assessment, now) for entry in found)
    return 0 if good else EXIT_NOT_UP


def _live(
    arguments: argparse.Namespace, subjects: Sequence[_Subject], now: datetime
) -> list[Checked]:
    from . import wiring  # noqa: PLC0415  # not worth its import offline
    from .settings import SettingsError, load  # noqa: PLC0415  # the same

    flags = {
        field: value
        for field in ("kubeconfig", "context")
        if (value := getattr(arguments, field)) is not None
    }
    try:
        settings, _ = load(os.environ, flags)
    except SettingsError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    try:
        reader, namespace = wiring.live_reader(settings)
    except wiring.MissingExtraError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    except wiring.no_cluster_error() as error:
        raise CommandError(
            f"{error}; name one with --kubeconfig FILE, or judge a dump with -f FILE",
            EXIT_UNREADABLE,
        ) from None
    namespace = arguments.namespace or namespace
    try:
        queries = [Query(entry.kind, namespace, entry.name) for entry in subjects]
    except InvalidQuery as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    timeout = settings.timeout.total_seconds()
    return _read_all(reader, queries, now, timeout, wide=arguments.output != "text")


def _read_all(
    reader: ClusterReader, queries: Sequence[Query], now: datetime, timeout: float, *, wide: bool
) -> list[Checked]:
    found: list[Checked] = []
    failures: list[str] = []
    for query in queries:
        deadline = Deadline.after(timeout, time.monotonic)
        try:
            found.append(check(reader, query, now=now, deadline=deadline, explain_all=wide))
        except NotFound:
            found.append(Checked(missing(query)))
        except ReadError as error:
            failures.append(str(error))
            found.append(Checked(_unreadable(query, str(error))))
    if len(failures) == len(queries):
        raise CommandError("\n".join(dict.fromkeys(failures)), EXIT_UNREADABLE)
    return found


def _unreadable(query: Query, message: str) -> Assessment:
    return Assessment(
        health=Health.UNKNOWN,
        activity=Activity.STEADY,
        up=False,
        reason="Unreadable",
        message=message,
        kind=query.kind.kind,
        namespace=query.namespace,
        name=query.name,
    )


def _offline(
    arguments: argparse.Namespace, subjects: Sequence[_Subject], now: datetime
) -> list[Checked]:
    try:
        objects = _once(entry for path in arguments.filename for entry in read_file(path))
    except SnapshotError as error:
        raise CommandError(str(error), EXIT_UNREADABLE) from None
    chosen = _chosen(objects, subjects, arguments.namespace)
    related_to = related_index(objects)
    found: list[Checked] = []
    for manifest in chosen:
        assessment = assess(manifest, now=now)
        if assessment.health is not Health.HEALTHY or arguments.output != "text":
            assessment = assess(manifest, related=related_to(manifest), now=now)
        found.append(Checked(assessment))
    found += _absent(subjects, found, arguments.namespace)
    return found


def _once(objects: Iterable[Manifest]) -> list[Manifest]:
    """Each object once, though overlapping dumps may hold it more often; the last one counts."""
    kept: dict[object, Manifest] = {}
    for number, manifest in enumerate(objects):
        meta = parse(manifest).meta
        identity = (meta.kind, meta.namespace, meta.name, meta.uid)
        kept[identity if meta.uid else number] = manifest
    return list(kept.values())


def _chosen(
    objects: Sequence[Manifest], subjects: Sequence[_Subject], namespace: str | None
) -> list[Manifest]:
    """The objects to judge: those named, or all that no other one of them controls."""
    models = [parse(entry) for entry in objects]
    there = {model.meta.uid for model in models} - {""}
    judged = {
        model.meta.uid: model.meta.owner_uid
        for model in models
        if model.meta.uid and not isinstance(model, Event | Unruled)
    }
    names = {(entry.kind.kind, entry.name) for entry in subjects}
    chosen: list[Manifest] = []
    passed_over: Counter[str] = Counter()
    for manifest, model in zip(objects, models, strict=True):
        meta = model.meta
        if namespace is not None and meta.namespace not in ("", namespace):
            continue
        if names:
            if (meta.kind, meta.name) in names:
                chosen.append(manifest)
        elif isinstance(model, Event) or _is_beneath(meta, judged):
            continue
        elif isinstance(model, Unruled):
            passed_over.update([meta.kind] if meta.owner_uid not in there else [])
        elif not (isinstance(model, Pod) and model.finished and meta.owner_uid in there):
            # A pod that ended is a run of its owner's, a Job's say, and no verdict on it.
            chosen.append(manifest)
    if passed_over:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(passed_over.items()))
        print(f"not judged, no rule is written for the kind: {_clean(kinds)}", file=sys.stderr)
    return chosen


def _is_beneath(meta: Metadata, judged: Mapping[str, str]) -> bool:
    """Whether an object is controlled by one that is judged itself; by UID, owners of those."""
    seen = {meta.uid}
    owner = meta.owner_uid
    while owner in judged:
        if owner in seen:
            # Who controls himself would vanish together with what he says.
            return False
        seen.add(owner)
        owner = judged[owner]
    return len(seen) > 1


def _absent(
    subjects: Sequence[_Subject], found: Iterable[Checked], namespace: str | None
) -> list[Checked]:
    there = {(entry.assessment.kind, entry.assessment.name) for entry in found}
    return [
        Checked(
            Assessment(
                health=Health.MISSING,
                activity=Activity.STEADY,
                up=False,
                reason="NotFound",
                message="not in the input",
                kind=subject.kind.kind,
                namespace=namespace or "",
                name=subject.name,
            )
        )
        for subject in subjects
        if (subject.kind.kind, subject.name) not in there
    ]


def _print(
    arguments: argparse.Namespace,
    found: Sequence[Checked],
    now: datetime,
    line: Line,
    *,
    listed: bool,
) -> None:
    summary = summarize(entry.assessment for entry in found)
    if arguments.output == "json":
        _print_json(found, summary, now)
        return
    if arguments.output == "name":
        for item in summary.items:
            if not line.passes(item, now):
                print(_clean(f"{item.kind.lower()}/{item.name}"))
        return
    wide = arguments.output == "wide"
    if len(found) != 1:
        print(f"{_word(summary.health)} {_clean(summary.message)}")
    for item in summary.items:
        if len(found) > 1 and not listed and not wide and item.health is Health.HEALTHY:
            continue
        print(_row(item))
        if wide:
            for cause in item.causes:
                print(_cause_row(cause, now))


def _print_json(found: Sequence[Checked], summary: Summary, now: datetime) -> None:
    from k8s_heartbeat.adapters.http import rendering  # noqa: PLC0415  # for this form alone

    detail = rendering.Detail.FULL
    if len(found) == 1:
        body = rendering.object_body(found[0], now=now, detail=detail)
    else:
        body = rendering.summary_body(summary, now=now, detail=detail)
    print(rendering.to_json(body))


def _row(item: Assessment) -> str:
    place = "/".join(filter(None, (item.namespace, item.kind.lower(), item.name)))
    text = f"{_clean(place)}  {item.activity}  {_clean(item.reason)}: {_clean(item.message)}"
    return f"{_word(item.health)} {text}"


def _cause_row(cause: Cause, now: datetime) -> str:
    parts = [f"{cause.reason} {cause.kind.lower()}/{cause.name}"]
    if cause.container:
        parts.append(f"container {cause.container}")
    if cause.count > 1:
        parts.append(f"×{cause.count}")  # noqa: RUF001  # as it is written
    if cause.since is not None:
        parts.append(f"since {format_duration(now - cause.since)}")
    text = ", ".join(parts) + (f": {cause.message}" if cause.message else "")
    return f"          {_clean(text)}"


def _word(health: Health) -> str:
    word = f"{health!s:9}"
    if sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\033[{_COLOURS[health]}m{word}\033[0m"
    return word


def _clean(text: str) -> str:
    """Text of an object's without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _subject(text: str) -> _Subject:
    word, slash, name = text.partition("/")
    kind = resolve(word)
    if not slash or not name or kind is None:
        known = ", ".join(entry.kind.lower() for entry in KINDS)
        raise CommandError(
            f"{text[:60]!a} is no KIND/NAME with a kind of {known}, such as deployment/api",
            EXIT_USAGE,
        )
    return _Subject(kind, name)


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
        f"--now: {text[:60]!a} is no RFC 3339 time, such as 2026-01-01T12:00:00Z", EXIT_USAGE
    )


def _lasting(text: str | None) -> timedelta:
    try:
        return parse_duration(text) if text is not None else timedelta(0)
    except ValueError as error:
        raise CommandError(f"--for: {(text or '')[:60]!a} {error}", EXIT_USAGE) from None
