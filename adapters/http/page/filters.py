"""The filters of the status page: the values of its form, and links that change one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

import falcon

from k8s_heartbeat.core import RULES, SEVERITY, Assessment, Health
from k8s_heartbeat.core.checks.resolution import KindWord
from k8s_heartbeat.core.query import InvalidQuery, check_namespace

from ..parameters import PAGE_KIND, PAGE_NAMESPACE, PAGE_NUMBER, PAGE_STATUS, PAGE_TEXT, Spelling

__all__ = ["FAILING", "STATUSES", "Filters"]

FAILING = "failing"
"""Selects everything that is not healthy."""
STATUSES = (FAILING, *map(str, SEVERITY))
"""The values of `status`."""
_LONGEST_TEXT = 100
_SPELLING = Spelling([PAGE_NAMESPACE, PAGE_KIND, PAGE_STATUS, PAGE_TEXT, PAGE_NUMBER])
_MOST_PAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class Filters:
    """Which workloads to show; an empty filter selects all.

    Attributes:
        namespace: Workloads in this namespace; nothing else is read.
        kind: Workloads of this kind.
        status: Workloads with this status; `FAILING` for all that are not healthy.
        q: Workloads whose line contains this text.
        page: The page to show, from 1.
    """

    namespace: str = ""
    kind: str = ""
    status: str = ""
    q: str = ""
    page: int = 1

    @classmethod
    def of(cls, req: falcon.Request) -> Filters:
        """The filters of a request; nothing is read.

        Raises:
            InvalidQuery: A filter is invalid.
        """
        _SPELLING.check(req.params)
        given = {
            entry.name: (req.get_param(entry.name) or "").strip() if req.params else ""
            for entry in fields(cls)
        }
        if given["namespace"]:
            check_namespace(given["namespace"])
        if given["kind"]:
            given["kind"] = _kind(given["kind"])
        if given["status"] and given["status"] not in STATUSES:
            words = ", ".join(STATUSES)
            raise InvalidQuery("status", f"it must be one of {words}, as in status=down")
        if len(given["q"]) > _LONGEST_TEXT:
            raise InvalidQuery("q", f"it is longer than {_LONGEST_TEXT} characters, as in q=api")
        page = given.pop("page") or "1"
        if not (page.isascii() and page.isdigit() and 0 < int(page[:8]) <= _MOST_PAGES):
            raise InvalidQuery("page", "it is not a page number, as in page=2")
        return cls(**given, page=int(page))

    @property
    def narrow(self) -> bool:
        """Whether a filter other than the namespace is set."""
        return bool(self.kind or self.status or self.q)

    def link(self, **changes: str | int) -> str:
        """The query of the first page with these filters changed; never with a token."""
        then = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # of the fields' types
        return "?" + urlencode(
            [
                (entry.name, value)
                for entry in fields(then)
                if (value := getattr(then, entry.name)) not in ("", 1)
            ]
        )

    def takes(self, item: Assessment, text: Callable[[Assessment], str]) -> bool:
        """Whether to show a workload.

        Args:
            item: The verdict on it.
            text: Returns the text on its line: nothing else can be searched.
        """
        if self.kind and item.kind != self.kind:
            return False
        if self.status == FAILING and item.health is Health.HEALTHY:
            return False
        if self.status not in ("", FAILING) and item.health != self.status:
            return False
        return not self.q or self.q.casefold() in text(item).casefold()


def _kind(word: str) -> str:
    """The kind as the page shows it, for any name that kubectl accepts."""
    known = RULES.kind_called(KindWord(word).text)
    return word if known is None else known.kind
