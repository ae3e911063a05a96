"""A rule's verdict on one object, before what all kinds have in common is added."""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity, Cause, Health
from ..model import record

__all__ = ["Verdict"]


@record
class Verdict:
    """A rule's result; the fields are those of `Assessment`."""

    health: Health
    activity: Activity
    up: bool
    reason: str
    message: str
    desired: int | None = None
    available: int | None = None
    causes: tuple[Cause, ...] = ()
    since: datetime | None = None
    detail: str = ""
