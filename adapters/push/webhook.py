"""A webhook: POST of the JSON body of the HTTP contract, with the outcome in front."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult

from k8s_heartbeat.adapters.http.rendering import to_json

from .receiver import Reply, Request
from .report import Report

__all__ = ["Webhook"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that takes JSON.

    Attributes:
        url: The URL.
    """

    url: SplitResult
    tells_unknown: bool = True

    @staticmethod
    def is_at(url: SplitResult) -> bool:
        """Never: any URL may be one."""
        del url
        return False

    @staticmethod
    def fault(url: SplitResult) -> str:
        """None."""
        del url
        return ""

    def request(self, report: Report) -> Request:
        """The body; `outcome` follows the policy, while `up` and `status` are the verdict."""
        query = f"?{self.url.query}" if self.url.query else ""
        body = to_json({"outcome": str(report.outcome), **report.body})
        kind = {"Content-Type": "application/json"}
        return Request("POST", f"{self.url.path or '/'}{query}", body.encode(), kind)

    def took(self, reply: Reply) -> bool:
        """Whatever it says, a code of success is one."""
        del reply
        return True
