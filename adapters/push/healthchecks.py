"""Healthchecks.io and its like: POST to the ping URL, or to its ``/fail``.

https://healthchecks.io/docs/http_api/ is the source. What could not be judged is not logged at
``/log`` either: receivers that are only alike may take any ping for good news.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult

from .receiver import Reply, Request
from .report import Outcome, Report

__all__ = ["Healthchecks"]

# What is kept of a body by default; hosted, it is more.
_LONGEST = 10_000
# All that its documentation has for a ping that it keeps, or that made the check too.
_TAKEN = (b"OK", b"Created")
_SIGNAL = re.compile(r"/(start|fail|log|[0-9]{1,3})/?$")
_HOSTS = ("hc-ping.com", "hchk.io")
_SELF_HOSTED = re.compile(r"/ping/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Healthchecks:
    """A check there.

    Attributes:
        url: Its ping URL.
    """

    url: SplitResult
    tells_unknown: bool = False

    @staticmethod
    def is_at(url: SplitResult) -> bool:
        """Whether a URL can be no other receiver's."""
        return url.hostname in _HOSTS or _SELF_HOSTED.fullmatch(url.path) is not None

    @staticmethod
    def fault(url: SplitResult) -> str:
        """The form that a URL does not have; empty if it is one."""
        good = len(url.path) > 1 and not _SIGNAL.search(url.path)
        return "" if good else "a ping URL without /fail or the like behind it"

    def request(self, report: Report) -> Request:
        """The ping: only good news is a success."""
        path = self.url.path.rstrip("/") + "/fail" * (report.outcome is not Outcome.UP)
        query = f"?{self.url.query}" if self.url.query else ""
        body = report.text.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
        kind = {"Content-Type": "text/plain; charset=utf-8"}
        return Request("POST", path + query, body.encode(), kind)

    def took(self, reply: Reply) -> bool:
        """Whether it did: "OK (not found)" and "OK (rate limited)" are 200 too.

        Receivers that are only alike answer with texts of their own.
        """
        if self.is_at(self.url):
            return reply.body.strip() in _TAKEN
        return not reply.body.lstrip().startswith((b"OK (", b"<"))
