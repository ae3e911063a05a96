"""The filters of the page: what its form sends, and links that change one of them."""

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
"""The word for whatever is not healthy."""
STATUSES = (FAILING, *map(str, SEVERITY))
"""The words that `status` takes."""
_LONGEST_TEXT = 100
_SPELLING = Spelling([PAGE_NAMESPACE, PAGE_KIND, PAGE_STATUS, PAGE_TEXT, PAGE_NUMBER])
_MOST_PAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What is shown of the workloads.

    Attributes:
        namespace: Of this namespace alone, which alone is read then.
        kind: Of this kind.
        status: Of this word; `FAILING` for all that are not healthy.
        q: With this text in what is shown of them.
        page: Which page of them, from 1.
    """

    namespace: str = ""
    kind: str = ""
    status: str = ""
    q: str = ""
    page: int = 1

    @classmethod
    def of(cls, req: falcon.Request) -> Filters:
        """Those of a request; nothing is read.

        Raises:
            InvalidQuery: One has another form.
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
            raise InvalidQuery("status", f"it is none of {words}, as in status=down")
        if len(given["q"]) > _LONGEST_TEXT:
            raise InvalidQuery("q", f"it is longer than {_LONGEST_TEXT} characters, as in q=api")
        page = given.pop("page") or "1"
        if not (page.isascii() and page.isdigit() and 0 < int(page[:8]) <= _MOST_PAGES):
            raise InvalidQuery("page", "it is no number of a page, as in page=2")
        return cls(**given, page=int(page))

    @property
    def narrow(self) -> bool:
        """Whether any but the namespace leaves something out."""
        return bool(self.kind or self.status or self.q)

    def link(self, **changes: str | int) -> str:
        """The query for the same page with these changes; never with a token."""
        then = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # of the fields' types
        return "?" + urlencode(
            [
                (entry.name, value)
                for entry in fields(then)
                if (value := getattr(then, entry.name)) not in ("", 1)
            ]
        )

    def takes(self, item: Assessment, text: Callable[[Assessment], str]) -> bool:
        """Whether a workload is shown.

        Args:
            item: The verdict on it.
            text: Returns what is shown of it: nothing else can be looked for.
        """
        if self.kind and item.kind != self.kind:
            return False
        if self.status == FAILING and item.health is Health.HEALTHY:
            return False
        if self.status not in ("", FAILING) and item.health != self.status:
            return False
        return not self.q or self.q.casefold() in text(item).casefold()


def _kind(word: str) -> str:
    """The kind as it is shown, for any word of kubectl's."""
    known = RULES.kind_called(KindWord(word).text)
    return word if known is None else known.kind
