"""serving.knative.dev/v1 Service, Route, Configuration and Revision.

Source: Knative's conditions (knative.dev/pkg/apis/condition_types.go and condition_set.go) and the
lifecycles of these kinds (knative.dev/serving/pkg/apis/serving/v1).
"""

from __future__ import annotations

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS
from ..kinds import Kind
from ..model import Condition, Conditions
from ..waiting import has_waited
from ..wording import quoted
from .condition_view import ConditionView, as_cause, is_true, read_condition_view, word_of
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["KNATIVE_RULES"]

_STILL_SERVES = ", and what it served still serves"
_SERVES = {"Service": "RoutesReady", "Route": "AllTrafficAssigned"}


def _judge(subject: ConditionView, context: Context) -> Verdict:
    """By its Ready condition: True is healthy, False is down.

    But a Service whose RoutesReady is True goes on serving with the revision that it had, when a
    newer one fails: it is degraded and up, as a Deployment is whose rollout fails.

    Unknown, absent, or of an older spec is degraded and progressing, and up only while a Service's
    RoutesReady or a Route's AllTrafficAssigned is True; once that takes longer than the policy
    allows it is steady, and down unless it is up. Conditions of severity Info or Warning do not
    count. A Revision without traffic is scaled to zero: healthy and suspended.
    """
    counted = {
        type_: condition
        for type_, condition in subject.conditions.items()
        if not condition.severity
    }
    ready = counted.get("Ready")
    causes = _causes(subject, counted)
    if ready is None or subject.meta.stale or ready.status not in ("True", "False"):
        return _on_its_way(subject, counted, causes, context)
    if ready.status == "True":
        return _ready(subject, ready, causes)
    # A Route is ready to serve only if all of its conditions are.
    serves = subject.meta.kind == "Service" and is_true(counted, _SERVES["Service"])
    return Verdict(
        Health.DEGRADED if serves else Health.DOWN,
        Activity.STEADY,
        up=serves,
        reason=word_of(ready, "NotReady"),
        message=f"it is not ready{_STILL_SERVES * serves}",
        detail=quoted(ready.message),
        causes=causes,
        since=ready.since,
    )


def _ready(subject: ConditionView, ready: Condition, causes: tuple[Cause, ...]) -> Verdict:
    activity, reason, message = Activity.STEADY, word_of(ready, "Ready"), "it is ready"
    active = subject.conditions.get("Active")
    idle = active is not None and active.status == "False" and active.reason == "NoTraffic"
    if subject.meta.kind == "Revision" and idle:
        activity, reason = Activity.SUSPENDED, "ScaledToZero"
        message = "scaled to zero replicas until there is traffic"
    return Verdict(
        Health.HEALTHY, activity, True, reason, message, causes=causes, since=ready.since
    )


def _on_its_way(
    subject: ConditionView, counted: Conditions, causes: tuple[Cause, ...], context: Context
) -> Verdict:
    """Whether it still serves is shown by its conditions on routes, not by Ready."""
    serves = is_true(counted, _SERVES.get(subject.meta.kind, ""))
    ready = None if subject.meta.stale else counted.get("Ready")
    remark = _STILL_SERVES * serves
    message = f"it is not ready yet{remark}"
    # The API does not say when the spec of a stale status changed.
    since = () if subject.meta.stale else (ready.since if ready else None, subject.meta.created)
    health, activity = Health.DEGRADED, Activity.PROGRESSING
    age = has_waited(context.now, context.policy.stuck_after, *since)
    if age:
        health, activity = Health.DEGRADED if serves else Health.DOWN, Activity.STEADY
        message = f"it is not ready after {age}{remark}"
    return Verdict(
        health,
        activity,
        up=serves,
        reason=word_of(ready, "NotReady"),
        message=message,
        causes=causes,
        since=ready.since if ready else None,
        detail=quoted(ready.message if ready else ""),
    )


def _causes(subject: ConditionView, counted: Conditions) -> tuple[Cause, ...]:
    """The False conditions, each message once: Ready repeats the one that caused it."""
    found: dict[tuple[str, str], Cause] = {}
    for type_ in sorted(counted, key=lambda name: (name == "Ready", name)):
        condition = counted[type_]
        if condition.status == "False":
            # The type itself has the word that monitors take as good news.
            word = "ContainerNotReady" if type_ == "ContainerHealthy" else type_
            cause = as_cause(subject.meta, condition, word, "NotReady")
            found.setdefault((cause.reason, cause.message), cause)
    return tuple(found.values())


def _rule(kind: str, short_names: tuple[str, ...], *, shared_words: bool = False) -> Rule:
    return Rule(
        Kind(
            kind,
            f"{kind.lower()}s",
            "serving.knative.dev",
            "v1",
            short_names,
            shared_words=shared_words,
        ),
        _judge,
        read_condition_view,
        fields=CONDITIONS,
    )


KNATIVE_RULES: tuple[Rule, ...] = (
    # The words mean Kubernetes' own Service, and OpenShift's Route.
    _rule("Service", ("kservice", "ksvc"), shared_words=True),
    _rule("Route", ("rt",), shared_words=True),
    _rule("Configuration", ("config", "cfg")),
    _rule("Revision", ("rev",)),
)
"""A rule for each of Knative Serving's kinds."""
