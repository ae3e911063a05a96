"""What ``check`` prints: rows for people, names for scripts, the body of the HTTP contract."""

from __future__ import annotations

import sys
from datetime import datetime

from k8s_heartbeat.core import Assessment, Cause, Health, Summary, summarize
from k8s_heartbeat.core.durations import format_duration
from k8s_heartbeat.core.failure_policy import FailurePolicy
from k8s_heartbeat.core.kinds import kubectl_name

from .answer import Answer
from .errors import EXIT_NOT_UP
from .parser import called_as
from .terminal import Line, is_coloured, printable, shown

__all__ = ["body_text", "lines_of", "place_of", "report", "row", "summary_of", "word"]

_COLOURS = {
    Health.HEALTHY: "32",
    Health.DEGRADED: "33",
    Health.DOWN: "31",
    Health.MISSING: "31",
    Health.UNKNOWN: "35",
}
_SAME = 40
"""Characters of a cause's message by which it is found again in a verdict's sentence."""


def report(
    answer: Answer, output: str, now: datetime, failure_policy: FailurePolicy, *, colour: str
) -> int:
    """Print the result as `output`; return the exit code.

    Args:
        answer: The result.
        output: The form, as ``-o`` names it.
        now: The time it was judged at.
        failure_policy: What counts as failing.
        colour: Whether to colour rows, as ``--color`` says it.
    """
    summary = summary_of(answer)
    if output == "nagios":
        from . import nagios  # noqa: PLC0415  # for this form alone

        return nagios.report(answer, summary, now, failure_policy)
    if output == "json":
        print(body_text(answer, summary, now))
    elif output == "name":
        if not summary.items:
            _explain(summary.message)
        for item in summary.items:
            if item.name and not failure_policy.passes(item, now):
                print(printable(f"{_kind(item)}/{item.name}"))
            elif not item.name:
                # A list that was not read: `kind/` means nothing to the next command.
                _explain(f"{place_of(item)}: {item.message}")
    else:
        coloured = is_coloured(colour, sys.stdout)
        lines = lines_of(answer, summary, now, wide=output == "wide")
        print(*shown(lines, coloured=coloured), sep="\n")
    return 0 if failure_policy.passes_group(summary, now) else EXIT_NOT_UP


def summary_of(answer: Answer) -> Summary:
    """The verdict on all that counts."""
    return summarize((entry.assessment for entry in answer.found), answer.needed)


def lines_of(answer: Answer, summary: Summary, now: datetime, *, wide: bool) -> list[Line]:
    """The rows for people: a headline for several, then what is not well, the worst first.

    The only one that is not well is shown with its causes.

    Args:
        answer: The result.
        summary: The verdict on all of it.
        now: The time it was judged at.
        wide: Whether to show all, and the causes of all.
    """
    several = len(answer.found) != 1 or bool(answer.uncounted)
    bad = sum(item.health is not Health.HEALTHY for item in summary.items)
    lines: list[Line] = []
    if several or answer.group:
        label = word(summary.health, up=summary.up)
        lines.append(Line(summary.message, label, _COLOURS[summary.health]))
    for item in summary.items:
        healthy = item.health is Health.HEALTHY
        if healthy and not (wide or answer.listed or not (several or answer.group)):
            continue
        causes = item.causes if wide or (bad == 1 and not healthy) else ()
        lines.append(row(item, causes))
        lines += [Line(_cause(cause, now)) for cause in causes]
    for entry in answer.uncounted:
        aside = row(entry.assessment)
        lines.append(Line(f"{aside.text} (not counted)", aside.label, aside.colour))
    return lines


def row(item: Assessment, causes: tuple[Cause, ...] = ()) -> Line:
    """One object in one line.

    Args:
        item: Its verdict.
        causes: Those that are shown beneath it, which the line does not repeat.
    """
    repeats = any(cause.message and cause.message[:_SAME] in item.detail for cause in causes)
    said = item.message if repeats else item.sentence
    text = f"{place_of(item)}  {item.activity}  {item.reason}: {said}"
    return Line(text, word(item.health, up=item.up), _COLOURS[item.health])


def word(health: Health, *, up: bool) -> str:
    """The health, and whether it is up where the health alone does not say it."""
    if health is Health.DEGRADED or up is not (health is Health.HEALTHY):
        return f"{health}, up" if up else f"{health}, not up"
    return str(health)


def place_of(item: Assessment) -> str:
    """An object as NAMESPACE/KIND/NAME."""
    return "/".join(filter(None, (item.namespace, _kind(item), item.name)))


def body_text(answer: Answer, summary: Summary, now: datetime) -> str:
    """The body of the HTTP contract, as JSON."""
    from k8s_heartbeat.adapters.http.rendering import to_json  # noqa: PLC0415  # for this form alone

    from .body import body_of  # noqa: PLC0415  # for this form alone

    return to_json(body_of(answer, summary, now))


def _explain(text: str) -> None:
    print(f"{called_as(sys.argv[0])}: {printable(text)}", file=sys.stderr)


def _kind(item: Assessment) -> str:
    return kubectl_name(item.kind, item.api_version)


def _cause(cause: Cause, now: datetime) -> str:
    about = "/".join(filter(None, (cause.kind.lower(), cause.name)))
    parts = [f"{cause.reason} {about}"]
    if cause.container:
        parts.append(f"container {cause.container}")
    if cause.count > 1:
        parts.append(f"×{cause.count}")  # noqa: RUF001  # as it is written
    if cause.since is not None:
        parts.append(f"since {format_duration(now - cause.since)}")
    return ", ".join(parts) + (f": {cause.message}" if cause.message else "")
