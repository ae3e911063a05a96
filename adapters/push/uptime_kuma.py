"""Uptime Kuma's push monitors: GET with the state in the query."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import cast
from urllib.parse import SplitResult, parse_qsl, urlencode

from .receiver import Reply, Request, cut
from .report import Outcome, Report

__all__ = ["UptimeKuma"]

_PATH = re.compile(r"(/[^?]*)?/api/push/[^/]+/?")
_LONGEST = 250
# The URL that its page shows to be copied has them.
_OWN = ("status", "msg", "ping")


@dataclass(frozen=True, slots=True)
class UptimeKuma:
    """A push monitor there.

    Attributes:
        url: Its push URL; what its query says of the state is replaced.
    """

    url: SplitResult
    tells_unknown: bool = False

    @staticmethod
    def is_at(url: SplitResult) -> bool:
        """Whether a URL can be no other receiver's."""
        return _PATH.fullmatch(url.path) is not None

    @staticmethod
    def fault(url: SplitResult) -> str:
        """The form that a URL does not have; empty if it is one."""
        return "" if UptimeKuma.is_at(url) else "the push URL of a monitor, …/api/push/TOKEN"

    def request(self, report: Report) -> Request:
        """The push; its response time is how long judging took."""
        kept = [pair for pair in parse_qsl(self.url.query) if pair[0] not in _OWN]
        told = {
            "status": "up" if report.outcome is Outcome.UP else "down",
            "msg": cut(report.message, _LONGEST),
            "ping": str(round(report.seconds * 1000)),
        }
        query = urlencode([*kept, *told.items()], errors="replace")
        return Request("GET", f"{self.url.path.rstrip('/')}?{query}")

    def took(self, reply: Reply) -> bool:
        """Whether it says so: its own page is a 200 at any other path."""
        try:
            answer: object = json.loads(reply.body)
        except ValueError:
            return False
        return isinstance(answer, dict) and cast("dict[str, object]", answer).get("ok") is True
