"""CustomResourceDefinition and APIService, which extend the API.

Source: the condition types of apiextensions.k8s.io/v1 and of apiregistration.k8s.io/v1
(k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go and
k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/types.go).
"""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity, Health
from ..fields import CONDITIONS
from ..kinds import Kind
from ..model import Condition
from ..waiting import has_waited
from ..wording import quoted
from .condition_view import ConditionView, as_cause, is_true, read_condition_view, word_of
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["API_SERVICE_RULE", "CUSTOM_RESOURCE_DEFINITION_RULE"]


def _judge_definition(definition: ConditionView, context: Context) -> Verdict:
    """By Established: True is healthy; NamesAccepted False, NonStructuralSchema True: degraded.

    The API then goes on serving what it has served. Not Established, it is down: for good with
    NamesAccepted False, because another definition has its names, and otherwise progressing until
    that takes longer than the policy allows.
    """
    conditions = definition.conditions
    names, established = conditions.get("NamesAccepted"), conditions.get("Established")
    refused = names is not None and names.status == "False"
    if established is not None and established.status == "True":
        if names is not None and refused:
            message = "it is established, but its newer names are not accepted"
            return _degraded(definition, names, "NamesNotAccepted", message)
        if is_true(conditions, "NonStructuralSchema"):
            schema = conditions["NonStructuralSchema"]
            message = "it is established, but its schema is not structural"
            return _degraded(definition, schema, "NonStructuralSchema", message)
        return _healthy(established, "it is established")
    if refused:
        message = "its names are not accepted"
        return _down(definition, names, "NamesNotAccepted", message, Activity.STEADY)
    since = established.since if established else None
    activity = _waiting(definition, since, context)
    message = "the API does not serve it yet"
    return _down(definition, established, "NotEstablished", message, activity)


def _judge_service(service: ConditionView, context: Context) -> Verdict:
    """By its Available condition: True is healthy, and anything else is down.

    Absent is progressing until that takes longer than the policy allows.
    """
    available = service.conditions.get("Available")
    if available is None:
        message = "nothing says yet whether it is available"
        return _down(service, None, "NotAvailable", message, _waiting(service, None, context))
    if available.status == "True":
        return _healthy(available, "it is available")
    return _down(service, available, "NotAvailable", "it is not available", Activity.STEADY)


def _waiting(subject: ConditionView, since: datetime | None, context: Context) -> Activity:
    age = has_waited(context.now, context.policy.waiting_after, since, subject.meta.created)
    return Activity.STEADY if age else Activity.PROGRESSING


def _degraded(subject: ConditionView, condition: Condition, fallback: str, message: str) -> Verdict:
    return Verdict(
        Health.DEGRADED,
        Activity.STEADY,
        up=True,
        reason=word_of(condition, fallback),
        message=message,
        detail=quoted(condition.message),
        causes=(as_cause(subject.meta, condition, fallback),),
        since=condition.since,
    )


def _healthy(condition: Condition, message: str) -> Verdict:
    return Verdict(
        Health.HEALTHY,
        Activity.STEADY,
        up=True,
        reason=word_of(condition, condition.type),
        message=message,
        since=condition.since,
    )


def _down(
    subject: ConditionView,
    condition: Condition | None,
    fallback: str,
    message: str,
    activity: Activity,
) -> Verdict:
    return Verdict(
        Health.DOWN,
        activity,
        up=False,
        reason=word_of(condition, fallback),
        message=message,
        detail=quoted(condition.message if condition else ""),
        causes=(as_cause(subject.meta, condition, fallback),) if condition else (),
        since=condition.since if condition else None,
    )


CUSTOM_RESOURCE_DEFINITION_RULE = Rule(
    Kind(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "apiextensions.k8s.io",
        "v1",
        ("crd", "crds"),
        namespaced=False,
    ),
    _judge_definition,
    read_condition_view,
    fields=CONDITIONS,
)
API_SERVICE_RULE = Rule(
    Kind("APIService", "apiservices", "apiregistration.k8s.io", "v1", namespaced=False),
    _judge_service,
    read_condition_view,
    fields=CONDITIONS,
)
