"""Prometheus' Pushgateway: PUT of the metrics of a group, which replaces all that it had.

https://github.com/prometheus/pushgateway/blob/master/README.md is the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult

from .metrics import LABELS, metrics_of
from .receiver import Reply, Request
from .report import Report

__all__ = ["Pushgateway"]

_PATH = re.compile(r"(/[^?]*)?/metrics/job(@base64)?/[^/]+(?P<pairs>(/[^/]+/[^/]+)*)/?")


@dataclass(frozen=True, slots=True)
class Pushgateway:
    """A group there.

    Attributes:
        url: Its URL.
    """

    url: SplitResult
    tells_unknown: bool = True

    @staticmethod
    def is_at(url: SplitResult) -> bool:
        """Whether a URL can be no other receiver's."""
        return _PATH.fullmatch(url.path) is not None

    @staticmethod
    def fault(url: SplitResult) -> str:
        """The form that a URL does not have; empty if it is one."""
        found = _PATH.fullmatch(url.path)
        if found is None:
            return "the URL of a group, …/metrics/job/k8s-heartbeat/cluster/NAME"
        labels = {name.removesuffix("@base64") for name in found["pairs"].split("/")[1::2]}
        # Those of the group would take the place of the metrics' own.
        taken = sorted(labels & {*LABELS})
        return f"a group without the label {taken[0]}, which the metrics have" if taken else ""

    def request(self, report: Report) -> Request:
        """All metrics of the report; what is not there any more vanishes."""
        kind = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        body = metrics_of(report).encode("utf-8", "replace")
        return Request("PUT", self.url.path.rstrip("/"), body, kind)

    def took(self, reply: Reply) -> bool:
        """Whether the body is empty, as its own answer is; a proxy would answer with a page."""
        return not reply.body.strip()
