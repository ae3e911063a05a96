"""``check``: judge live objects, or those in dumps and manifests."""

from __future__ import annotations

import argparse

from .errors import EXIT_NOT_UP
from .judging import judge_for
from .question import Question
from .report import report

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Judge the named objects and print the verdicts.

    Raises:
        CommandError: Nothing could be judged.
    """
    question = Question.of(arguments)
    judge = judge_for(arguments, question, explain_all=arguments.output != "text")
    answer = judge(question.now)
    good = report(answer, arguments.output, question.now, question.failure_policy)
    return 0 if good else EXIT_NOT_UP
