"""``check``: judge live objects, or those in dumps and manifests."""

from __future__ import annotations

import argparse

from .judging import judge_for
from .question import Question
from .report import report

__all__ = ["run"]

_EXPLAINED = ("wide", "json")


def run(arguments: argparse.Namespace) -> int:
    """Judge the named objects, once or again and again, and print the verdicts.

    Raises:
        CommandError: Nothing could be judged.
    """
    question, output = Question.of(arguments), arguments.output
    flags = (arguments.wait, arguments.watch, arguments.timeout, arguments.interval)
    if any(flags):
        from .repeating import Repetition, wait, watch  # noqa: PLC0415  # not for one look

        how = Repetition.of(arguments)
        judge = judge_for(arguments, question, explain_all=output in _EXPLAINED)
        if how.watch:
            watch(judge, how)
        return wait(judge, question.failure_policy, how)
    judge = judge_for(arguments, question, explain_all=output in _EXPLAINED)
    answer = judge(question.now)
    return report(answer, output, question.now, question.failure_policy, colour=arguments.color)
