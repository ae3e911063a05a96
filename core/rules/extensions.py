"""CustomResourceDefinition and APIService, which extend the API.

Source: the condition types of apiextensions.k8s.io/v1 and of apiregistration.k8s.io/v1
(k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go and
k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/types.go).
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..fields import CONDITIONS
from ..kinds import Kind
from ..model import Condition
from .rule import Context, Rule
from .stated import Stated, as_cause, is_false, is_true, read_stated, word_of
from .verdict import Verdict

__all__ = ["API_SERVICE_RULE", "CUSTOM_RESOURCE_DEFINITION_RULE"]


def _judge_definition(definition: Stated, context: Context) -> Verdict:
    """Healthy with Established and NamesAccepted True.

    Down with NamesAccepted False: another definition has its names. Otherwise the API does not
    serve it yet: down and progressing.
    """
    conditions = definition.conditions
    names, established = conditions.get("NamesAccepted"), conditions.get("Established")
    if is_false(conditions, "NamesAccepted"):
        message = "its names are not accepted"
        return _down(definition, names, "NamesNotAccepted", message, Activity.STEADY)
    if established is not None and established.status == "True":
        if is_true(conditions, "NamesAccepted"):
            return _healthy(established, "it is established")
        established = names
    message = "the API does not serve it yet"
    return _down(definition, established, "NotEstablished", message, Activity.PROGRESSING)


def _judge_service(service: Stated, context: Context) -> Verdict:
    """By its Available condition: True is healthy, and anything else is down."""
    available = service.conditions.get("Available")
    if available is None:
        message = "nothing says yet whether it is available"
        return _down(service, None, "NotAvailable", message, Activity.PROGRESSING)
    if available.status == "True":
        return _healthy(available, "it is available")
    return _down(service, available, "NotAvailable", "it is not available", Activity.STEADY)


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
    subject: Stated, condition: Condition | None, fallback: str, message: str, activity: Activity
) -> Verdict:
    return Verdict(
        Health.DOWN,
        activity,
        up=False,
        reason=word_of(condition, fallback),
        message=message,
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
    read_stated,
    fields=CONDITIONS,
)
API_SERVICE_RULE = Rule(
    Kind("APIService", "apiservices", "apiregistration.k8s.io", "v1", namespaced=False),
    _judge_service,
    read_stated,
    fields=CONDITIONS,
)
