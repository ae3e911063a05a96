"""What all pages share: when their readings began, and the URL that they show for monitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import falcon

from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.query import InvalidQuery

from ..resources import Dependencies, freshness, set_age
from ..state import RequestState
from .phrases import Moment, age, moment_of

__all__ = ["Page", "ReadAt"]


@dataclass(frozen=True, slots=True)
class ReadAt:
    """When the readings behind a page began.

    Attributes:
        moment: When the oldest one began.
        age: How old it is.
        stale: Whether no newer one could be read.
    """

    moment: Moment | None
    age: str
    stale: bool

    def dated(self, headline: str) -> str:
        """A headline, with its time if it is not current."""
        if self.stale and self.moment is not None:
            return f"At {self.moment.clock}: {headline}"
        return headline


class Page:
    """The base of the pages.

    Args:
        dependencies: What they use.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    def _read_at(
        self, state: RequestState, resp: falcon.Response, worths: Sequence[Worth], now: datetime
    ) -> ReadAt:
        """When the oldest reading began, set as `Age` too."""
        fresh = freshness(state, Worth.worst(worths, state.deadline.clock()))
        set_age(resp, fresh)
        moment = moment_of(now - timedelta(seconds=fresh.age), now)
        return ReadAt(moment, age(fresh.age), fresh.stale)

    def _own_url(self, req: falcon.Request) -> str:
        try:
            return self._given.own_url.of(req)
        except InvalidQuery:
            # A path alone is of use to people too.
            return req.root_path
