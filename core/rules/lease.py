"""coordination.k8s.io/v1 Lease: whether its holder is still alive.

Source: the API's LeaseSpec (k8s.io/api/coordination/v1/types.go). Controllers, kubelets and API
servers renew theirs every few seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ..assessment import Activity, Health
from ..durations import format_duration
from ..fields import FieldError, integer, said, time
from ..kinds import Kind
from ..model import Source, record
from ..wording import quoted
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["LEASE_RULE"]

_PATIENCE = 3


@record
class Lease:
    """A coordination.k8s.io/v1 Lease."""

    holder: str
    renewed: datetime | None
    seconds: int | None
    """How long it lasts; None if that is not stated."""


def _read(source: Source) -> Lease:
    spec = source.spec
    renewed = spec.get("renewTime")
    if renewed is not None and time(renewed) is None:
        raise FieldError("spec.renewTime is not a time, such as 2026-01-01T12:00:00.000000Z")
    return Lease(
        said(spec.get("holderIdentity")), time(renewed), integer(spec.get("leaseDurationSeconds"))
    )


def _judge(lease: Lease, context: Context) -> Verdict:
    """By spec.renewTime: within three times spec.leaseDurationSeconds is healthy, otherwise down.

    Without a holder it is healthy and suspended. Without a duration it is healthy if it exists;
    with one it is unknown if never renewed, or renewed as far in the future as is allowed in the
    past.
    """
    if not lease.holder:
        return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, "NoHolder", "nobody holds it")
    if lease.seconds is None or lease.seconds <= 0:
        return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")
    if lease.renewed is None:
        return Verdict(
            Health.UNKNOWN,
            Activity.STEADY,
            up=False,
            reason="NeverRenewed",
            message="its holder has never renewed it",
            detail=quoted(f"held by {lease.holder}"),
        )
    age, most = context.now - lease.renewed, _PATIENCE * timedelta(seconds=lease.seconds)
    if age < -most:
        ahead = f"renewed at a time that is {format_duration(-age)} ahead of the clock here"
        return Verdict(Health.UNKNOWN, Activity.STEADY, False, "RenewedInFuture", ahead)
    well = age <= most
    return Verdict(
        Health.HEALTHY if well else Health.DOWN,
        Activity.STEADY,
        up=well,
        reason="Renewed" if well else "LeaseExpired",
        message=f"renewed {format_duration(age)} ago, it lasts {lease.seconds} seconds",
        since=lease.renewed,
        detail=quoted(f"held by {lease.holder}"),
    )


LEASE_RULE = Rule(
    Kind("Lease", "leases", "coordination.k8s.io", "v1"),
    _judge,
    _read,
    fields=("spec.holderIdentity", "spec.renewTime", "spec.leaseDurationSeconds"),
    needs_status=False,
)
