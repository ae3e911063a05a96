"""An object on one line: its state, figures, first cause, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from urllib.parse import quote

from k8s_heartbeat.core import Activity, Assessment, Cause, Health
from k8s_heartbeat.core.assessment import UNREAD
from k8s_heartbeat.core.causes import foremost
from k8s_heartbeat.core.failure_policy import failing_since

from ..questions import NO_NAMESPACE
from ..rendering import Detail, cause_body, message_of, reason_of
from .kubectl import kind_word
from .phrases import Moment, clock_time, moment_of, phrase, shortened
from .sizes import LONGEST_MESSAGE, LONGEST_REASON, LONGEST_WHERE
from .states import State

__all__ = ["Line", "Lines", "path_of", "since_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """An object on one line.

    Attributes:
        key: Identifies it on the page, also after a refresh.
        state: Its state.
        kind: Its kind.
        namespace: Its namespace; empty if it has none.
        name: Its name; empty for the part of a list that was not read.
        path: The path of its page, below the prefix; empty if it has no page.
        activity: What its controller is doing with it; empty if nothing.
        figures: How many of its replicas are available, such as ``0/3``; empty if it has none.
        short: Whether fewer are available than desired.
        since: Since when.
        reason: The reason of its first cause, or that of the verdict.
        where: What shows that cause, such as ``container app, 3 times``.
        message: The message of that cause, or that of the verdict.
    """

    key: str
    state: State
    kind: str
    namespace: str
    name: str
    path: str
    activity: str
    figures: str
    short: bool
    since: Moment | None
    reason: str
    where: str
    message: str


class Lines:
    """Makes lines of verdicts, at one level of detail.

    Args:
        detail: How much to say; at `Detail.STATUS` an object is only named.
        now: The time of the page.
    """

    def __init__(self, detail: Detail, now: datetime) -> None:
        self._detail = detail
        self._now = now

    def line(self, item: Assessment) -> Line:
        """An object on one line."""
        first = _first(item)
        own = "/".join((item.api_version, item.kind, item.namespace, item.name, item.reason))
        return Line(
            key=blake2b(own.encode(errors="replace"), digest_size=6).hexdigest(),
            state=State.of(item),
            kind=item.kind,
            namespace=item.namespace,
            name=item.name,
            path=path_of(item),
            activity="" if item.activity is Activity.STEADY else str(item.activity),
            figures="" if item.desired is None else f"{item.available or 0}/{item.desired}",
            short=item.desired is not None and (item.available or 0) < item.desired,
            since=moment_of(since_of(item), self._now),
            reason=_reason(item, first),
            where=_where(first),
            message=self._message(item, first),
        )

    def text(self, item: Assessment) -> str:
        """All text on the line: what a filter can find."""
        first = _first(item)
        reason, message = _reason(item, first), self._message(item, first)
        return "\n".join((item.namespace, item.kind, item.name, reason, _where(first), message))

    def why(self, item: Assessment, *, named: bool = False) -> str:
        """Why an object fails, as the end of a sentence.

        Args:
            item: The verdict on it.
            named: Whether the sentence has named the object already.
        """
        first = _first(item)
        desired, available = item.desired, item.available or 0
        if item.health is Health.MISSING and item.name:
            return f"there is no {item.kind} {item.name}"
        if desired is not None and available < desired:
            pods = "pods" if named else f"{item.name} pods"
            text = f"{available} of {desired} {pods} available"
        else:
            shown = item.name and not named
            about = " ".join(part for part in (item.kind, item.name) if part) if shown else ""
            message = item.message.partition("; ")[0]
            text = ": ".join(part for part in (about, message) if part)
        reason = "" if first is None else phrase(reason_of(first.reason, item.health))
        if reason and item.reason != UNREAD:
            text = f"{text}, {reason}"
        # Not the time of the first cause: that of a crash loop moves with every restart.
        since = since_of(item)
        return f"{text} since {clock_time(since, self._now)}" if since is not None else text

    def _message(self, item: Assessment, first: Cause | None) -> str:
        if first is None:
            message = message_of(item, self._detail)
        elif self._detail is Detail.FULL:
            message = str(cause_body(first, item, self._detail)["message"])
        else:
            return ""
        return shortened(message, LONGEST_MESSAGE)


def since_of(item: Assessment) -> datetime | None:
    """Since when an object has its status; the first cause may state it if the object fails."""
    since = failing_since(item)
    if since is None and item.health is not Health.HEALTHY:
        first = _first(item)
        return None if first is None else first.since
    return since


def path_of(item: Assessment) -> str:
    """The path of an object's page, below the prefix; empty if it has no name or no kind."""
    if not (item.kind and item.name):
        return ""
    place = item.namespace or NO_NAMESPACE
    parts = (place, kind_word(item.kind, item.api_version), item.name)
    return "/status/" + "/".join(quote(part, safe="", errors="replace") for part in parts)


def _first(item: Assessment) -> Cause | None:
    """The cause to show first; None for a healthy object.

    A cause that adds to the verdict's own reason comes before one that repeats it.
    """
    if item.health is Health.HEALTHY:
        return None
    others = [cause for cause in item.causes if cause.reason != item.reason]
    return foremost(others) or foremost(item.causes)


def _reason(item: Assessment, first: Cause | None) -> str:
    reason = item.reason if first is None else first.reason
    return shortened(reason_of(reason, item.health), LONGEST_REASON)


def _where(cause: Cause | None) -> str:
    if cause is None:
        return ""
    parts = [f"container {cause.container}"] if cause.container else []
    parts += [f"{cause.count} times"] if cause.count > 1 else []
    return shortened(", ".join(parts), LONGEST_WHERE)
