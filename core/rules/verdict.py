"""What a rule says of one object, before what is common to all kinds is added."""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity, Cause, Health
from ..model import record

__all__ = ["Verdict"]


@record
class Verdict:
    """The words of a rule; the fields are those of `Assessment`."""

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
