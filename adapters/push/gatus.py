"""Gatus' external endpoints: POST with the state in the query and a token of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode

from .receiver import Reply, Request, cut
from .report import Outcome, Report

__all__ = ["Gatus"]

_PATH = re.compile(r"(/[^?]*)?/api/v1/endpoints/[^/]+/external/?")
# Percent-encoded it must fit into a request line; Gatus reads 8 KiB of it by default.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Gatus:
    """An external endpoint there.

    Attributes:
        url: Its URL.
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
        return "" if Gatus.is_at(url) else "…/api/v1/endpoints/GROUP_NAME/external"

    def request(self, report: Report) -> Request:
        """The result; its duration is how long judging took."""
        up = report.outcome is Outcome.UP
        told = {"success": "true" if up else "false"}
        if not up:
            told["error"] = cut(report.message, _LONGEST)
        told["duration"] = f"{round(report.seconds * 1000)}ms"
        query = urlencode(told, errors="replace")
        return Request("POST", f"{self.url.path.rstrip('/')}?{query}", b"")

    def took(self, reply: Reply) -> bool:
        """Whether the body is empty, as Gatus' own answer is; a proxy would answer with a page."""
        return not reply.body.strip()
