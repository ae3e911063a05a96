"""``check --wait`` and ``check --watch``: the same question again and again, until it is answered.

On a terminal the display changes in place; elsewhere each change is a line.
"""

from __future__ import annotations

import argparse
import re
import select
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TextIO

from k8s_heartbeat.adapters.masking import KNOWN
from k8s_heartbeat.adapters.refused import repeated
from k8s_heartbeat.core import Activity, Assessment, Summary
from k8s_heartbeat.core.durations import format_duration, parse_duration, print_duration
from k8s_heartbeat.core.failure_policy import FailurePolicy

from .answer import Answer
from .errors import EXIT_NOT_UP, EXIT_UNREADABLE, EXIT_USAGE, CommandError
from .parser import called_as
from .report import body_text, lines_of, place_of, report, row, summary_of
from .signals import raised_by_a_stop
from .terminal import Line, Progress, Screen, is_coloured, is_terminal, shown

__all__ = ["Repetition", "wait", "watch"]

_TIMEOUT, _INTERVAL = "5m", "2s"
_SHORTEST = timedelta(milliseconds=100)
_UNSETTLED = (Activity.PROGRESSING, Activity.TERMINATING)
_FAILED = "35"
# Ages change with every look, though nothing happened.
_AGE = re.compile(r"\b(\d+[dhms])+\b")

Judge = Callable[[datetime], Answer]


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often to judge, and for how long.

    Attributes:
        watch: Whether to repeat until interrupted, not only until all are up and steady.
        interval: How long between two looks.
        timeout: How long to wait in all.
        output: The form of the result, as ``-o`` names it.
        colour: Whether to colour, as ``--color`` says it.
    """

    watch: bool
    interval: timedelta
    timeout: timedelta
    output: str
    colour: str

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Repetition:
        """What the arguments of ``check`` ask for.

        Raises:
            CommandError: They contradict one another, or one has another form.
        """
        flag = "--watch" if arguments.watch else "--wait"
        for wrong, message in (
            (arguments.wait and arguments.watch, "give --wait or --watch, not both"),
            (
                not (arguments.wait or arguments.watch),
                "--timeout goes with --wait, and --interval with --wait or --watch",
            ),
            (arguments.watch and arguments.timeout, "--timeout goes with --wait, not with --watch"),
            (
                arguments.filename,
                f"{flag}: a dump does not change; without -f it looks at the cluster",
            ),
            (arguments.now, f"{flag} judges as of now: leave --now out"),
            (
                arguments.wait and arguments.lasting,
                "--wait ends once all are up: leave --for, which excuses what is not, out",
            ),
            (
                arguments.output == "nagios" or (arguments.watch and arguments.output == "name"),
                f"{flag} has no form {arguments.output}: leave -o out",
            ),
        ):
            if wrong:
                raise CommandError(message, EXIT_USAGE)
        interval = _duration("--interval", arguments.interval or _INTERVAL)
        if interval < _SHORTEST:
            raise CommandError("--interval: at least 100ms, such as 2s", EXIT_USAGE)
        timeout = _duration("--timeout", arguments.timeout or _TIMEOUT)
        return cls(bool(arguments.watch), interval, timeout, arguments.output, arguments.color)


def _duration(flag: str, text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise CommandError(f"{flag}: {repeated(text)} {error}", EXIT_USAGE) from None


def wait(judge: Judge, failure_policy: FailurePolicy, how: Repetition) -> int:
    """Judge until all are up and steady, or the time is over; print the last verdict.

    What could not be read is tried again.

    Returns:
        0 once all are up and steady, 1 if the time ran out before.

    Raises:
        CommandError: Nothing could be read in all that time, or nothing of the kind can be.
    """
    with raised_by_a_stop():
        seen, failure, is_done = _waited(judge, failure_policy, how)
    if seen is None:
        raise failure or AssertionError("one look is always taken")
    answer, now = seen
    report(answer, how.output, now, failure_policy, colour=how.colour)
    if is_done:
        return 0
    ran_out = f"not all were up and steady within {print_duration(how.timeout)}"
    lately = f"; the last look failed: {_told(failure)}" if failure else ""
    print(f"{called_as(sys.argv[0])}: {ran_out}{lately}", file=sys.stderr)
    return EXIT_NOT_UP


def _waited(
    judge: Judge, failure_policy: FailurePolicy, how: Repetition
) -> tuple[tuple[Answer, datetime] | None, CommandError | None, bool]:
    began = time.monotonic()
    ends = began + how.timeout.total_seconds()
    changes, seen, failure = _Changes(), None, None
    told = "nothing is read yet"

    def status() -> str:
        lasted = timedelta(seconds=time.monotonic() - began)
        return f"{told}; {format_duration(lasted)} of {print_duration(how.timeout)}"

    def is_left(item: Assessment) -> bool:
        return not (failure_policy.is_good(item) and _is_steady(item.activity))

    with Progress(sys.stderr, coloured=is_coloured(how.colour, sys.stderr)) as progress:
        while True:
            now = datetime.now(UTC)
            try:
                answer = judge(now)
            except CommandError as error:
                failure, told = _if_unreadable(error), "waiting for the cluster to be readable"
                progress.add(changes.failed(error))
            else:
                seen, failure, summary = (answer, now), None, summary_of(answer)
                left = sum(map(is_left, summary.items))
                progress.add([*changes.recovered(), *changes.rows(summary, at_first=is_left)])
                if failure_policy.passes_group(summary, now) and _is_steady(summary.activity):
                    return seen, None, True
                told = f"{left} of {len(summary.items)} not up and steady"
            remaining = ends - time.monotonic()
            if remaining <= 0:
                return seen, failure, False
            progress.pause(min(how.interval.total_seconds(), remaining), status)


def _if_unreadable(error: CommandError) -> CommandError:
    """An error that may pass; any other is raised."""
    if error.exit_code != EXIT_UNREADABLE:
        raise error
    return error


def _is_steady(activity: Activity) -> bool:
    return activity not in _UNSETTLED


def watch(judge: Judge, how: Repetition) -> NoReturn:
    """Judge and show the verdict until a signal ends it.

    Raises:
        CommandError: Nothing of the kind can be read.
        KeyboardInterrupt: It was interrupted.
        Stopped: It was stopped by another signal.
    """
    with raised_by_a_stop():
        if is_terminal(sys.stdout) and how.output != "json":
            _repaint(judge, how)
        _print_changes(judge, how)


def _repaint(judge: Judge, how: Repetition) -> NoReturn:
    coloured, lines = is_coloured(how.colour, sys.stdout), list[Line]()
    try:
        with Screen(sys.stdout, coloured=coloured) as screen:
            screen.paint([Line("reading the cluster ...")])
            while True:
                now = datetime.now(UTC)
                try:
                    answer = judge(now)
                    lines = lines_of(answer, summary_of(answer), now, wide=how.output == "wide")
                except CommandError as error:
                    # Old rows would pass for the present state.
                    lines = [_failed(_if_unreadable(error))]
                head = f"{now:%H:%M:%S} UTC, every {print_duration(how.interval)}, Ctrl-C ends it"
                screen.paint([Line(head), *lines])
                screen.pause(how.interval.total_seconds())
    finally:
        # What was last seen stays readable.
        if lines:
            print(*shown(lines, coloured=coloured), sep="\n", flush=True)


def _print_changes(judge: Judge, how: Repetition) -> NoReturn:
    changes = _Changes()
    while True:
        now = datetime.now(UTC)
        try:
            answer = judge(now)
        except CommandError as error:
            _print(changes.failed(_if_unreadable(error)), how, sys.stderr)
        else:
            _print(changes.recovered(), how, sys.stderr)
            summary, is_first = summary_of(answer), not changes.has_seen
            rows = changes.rows(summary)
            if how.output == "json":
                if rows:
                    print(body_text(answer, summary, now), flush=True)
            elif is_first:
                _print(lines_of(answer, summary, now, wide=how.output == "wide"), how, sys.stdout)
            else:
                _print(rows, how, sys.stdout)
        _pause(sys.stdout, how.interval.total_seconds())


def _pause(output: TextIO, seconds: float) -> None:
    """Wait, unless nobody reads the output any more.

    Raises:
        BrokenPipeError: The reader of a pipe is gone.
    """
    poll = select.poll()
    # Only errors and hang-ups, which are always reported.
    poll.register(output, 0)
    if poll.poll(seconds * 1000):
        raise BrokenPipeError


def _print(lines: Sequence[Line], how: Repetition, stream: TextIO) -> None:
    for text in shown(lines, coloured=is_coloured(how.colour, stream)):
        print(text, file=stream, flush=True)


class _Changes:
    """What differs from the last look, as rows.

    Attributes:
        has_seen: Whether there was a look before.
    """

    def __init__(self) -> None:
        self.has_seen = False
        self._rows: dict[tuple[str, str, str, str], tuple[str, str, str]] = {}
        self._failure = ""

    def rows(
        self, summary: Summary, *, at_first: Callable[[Assessment], bool] = lambda _: True
    ) -> list[Line]:
        """The rows of what changed.

        Args:
            summary: The verdicts of this look.
            at_first: Which of them to report at the first look.
        """
        lines: list[Line] = []
        rows: dict[tuple[str, str, str, str], tuple[str, str, str]] = {}
        for item in summary.items:
            line = row(item)
            key = (item.api_version, item.kind, item.namespace, item.name)
            rows[key] = (place_of(item), line.label, _AGE.sub("", line.text))
            if rows[key] != self._rows.get(key) and (self.has_seen or at_first(item)):
                lines.append(line)
        lines += [
            Line(f"{place}  it is no longer there", "gone")
            for key, (place, _, _) in self._rows.items()
            if key not in rows
        ]
        if not rows and (self._rows or not self.has_seen):
            lines.append(Line(summary.message, summary.health))
        self._rows, self.has_seen = rows, True
        return lines

    def failed(self, error: CommandError) -> list[Line]:
        """The row of a failure, if it is another one than at the last look."""
        told, before = _told(error), self._failure
        self._failure = told
        return [] if told == before else [_failed(error)]

    def recovered(self) -> list[Line]:
        """The row that ends a failure, if there was one at the last look."""
        before, self._failure = self._failure, ""
        return [Line("the cluster can be read again")] if before else []


def _failed(error: CommandError) -> Line:
    return Line(f"it cannot be read: {_told(error)}", "unknown", _FAILED)


def _told(error: CommandError) -> str:
    return KNOWN.mask("; ".join(str(error).splitlines()))
