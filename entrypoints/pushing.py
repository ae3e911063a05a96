"""Judging and reporting, in turns: once, or at a pace."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

from k8s_heartbeat.adapters.push.delivery import Delivery, DeliveryError
from k8s_heartbeat.adapters.push.pace import Pace
from k8s_heartbeat.adapters.push.report import Outcome, Report, outcome_of
from k8s_heartbeat.core import summarize

from .answer import Answer
from .body import body_of
from .errors import EXIT_UNREADABLE, EXIT_USAGE, CommandError
from .judging import UnreadError
from .question import Question

__all__ = ["Pushing"]

_log = logging.getLogger(__name__)

# How long it is tried to deliver a report that no newer one follows.
_ONCE_SECONDS = 60.0
# Of one time that a receiver is away.
_MOST_PROBLEMS = 10


def _now() -> datetime:
    return datetime.now(UTC)


class Pushing:
    """Judges and reports, never two at once.

    Args:
        connect: Makes what judges, which is then used again; raises CommandError.
        question: What counts as failing.
        form: The name of the receiver's form.
        delivery: How reports get there.
        wall: The time to judge at.
    """

    def __init__(
        self,
        connect: Callable[[], Callable[[datetime], Answer]],
        question: Question,
        form: str,
        delivery: Delivery,
        *,
        wall: Callable[[], datetime] = _now,
    ) -> None:
        self._connect = connect
        self._policy = question.failure_policy
        self._form = form
        self._delivery = delivery
        self._wall = wall
        self._judge: Callable[[datetime], Answer] | None = None
        self._has_judged = False
        self._logged: Outcome | None = None
        self._failures = 0
        self._problems: set[str] = set()

    def once(self) -> str:
        """Report once; what was reported, for people.

        Raises:
            CommandError: Nothing could be judged, or the receiver did not take it.
        """
        report = self._report()
        try:
            self._delivery.deliver(report, self._delivery.clock() + _ONCE_SECONDS)
        except DeliveryError as error:
            text = f"{self._form} did not take the report: {error}"
            if report.outcome is Outcome.UNKNOWN:
                text = f"unknown: {report.message}\n{text}"
            raise CommandError(text, EXIT_UNREADABLE) from error
        text = self._told(report)
        if report.outcome is Outcome.UNKNOWN:
            raise CommandError(text, EXIT_UNREADABLE)
        return text

    def forever(self, interval: float) -> NoReturn:
        """Report every so many seconds; a change is logged, and so is the first of some failures.

        Raises:
            CommandError: The command line or the configuration is wrong.
        """
        pace = Pace(self._delivery.clock(), interval)
        while True:
            report = self._report()
            problem = ""
            try:
                self._delivery.deliver(report, pace.next(self._delivery.clock()))
            except DeliveryError as error:
                problem = str(error)
            self._log(report, problem)
            now = self._delivery.clock()
            self._delivery.wait(pace.next(now) - now)

    def _report(self) -> Report:
        now, began = self._wall(), self._delivery.clock()
        problem = ""
        try:
            if self._judge is None:
                self._judge = self._connect()
            answer = self._judge(now)
            self._has_judged = True
        except UnreadError as error:
            answer, problem = error.answer, str(error)
        except CommandError as error:
            # What was right once is no slip of the pen: a kind may have gone.
            if error.exit_code == EXIT_USAGE and not self._has_judged:
                raise
            answer, problem = Answer(()), str(error)
        return self._reported(answer, problem, now, self._delivery.clock() - began)

    def _reported(self, answer: Answer, problem: str, now: datetime, seconds: float) -> Report:
        summary = summarize((entry.assessment for entry in answer.found), answer.needed)
        if problem:
            summary = replace(summary, reason="Unreadable", message=problem)
        outcome = outcome_of(summary, answer.needed, self._policy, now)
        kind, name = answer.group or ("", "")
        return Report(
            outcome,
            summary,
            now,
            seconds,
            body_of(answer, summary, now, failing=outcome is not Outcome.UP),
            [entry.assessment for entry in answer.uncounted],
            component=name if kind == "Component" else "",
        )

    def _told(self, report: Report) -> str:
        if self._delivery.withholds(report):
            return f"unknown, withheld from {self._form}: {report.message}"
        return f"{report.outcome}, reported to {self._form}: {report.message}"

    def _log(self, report: Report, problem: str) -> None:
        if problem:
            self._failures += 1
            if problem not in self._problems and len(self._problems) < _MOST_PROBLEMS:
                self._problems.add(problem)
                _log.warning("%s did not take the report: %s", self._form, problem)
        elif self._failures and not self._delivery.withholds(report):
            failures = "1 failure" if self._failures == 1 else f"{self._failures} failures"
            _log.info("%s takes reports again, after %s", self._form, failures)
            self._failures = 0
            self._problems.clear()
        if report.outcome is not self._logged and not problem:
            level = logging.WARNING if report.outcome is Outcome.UNKNOWN else logging.INFO
            _log.log(level, "%s", self._told(report))
            self._logged = report.outcome
