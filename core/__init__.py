"""Health rules for Kubernetes objects, as pure functions over plain mappings.

>>> from datetime import UTC, datetime
>>> deployment = {
...     "kind": "Deployment",
...     "metadata": {"name": "api", "namespace": "shop"},
...     "spec": {"replicas": 3},
...     "status": {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 2},
... }
>>> verdict = assess(deployment, now=datetime.now(UTC))
>>> verdict.health, verdict.up, verdict.message
(<Health.DEGRADED: 'degraded'>, True, '2 of 3 replicas available, 2 needed')
"""

from .assessment import SEVERITY, Activity, Assessment, Cause, Health
from .fields import FieldError
from .judgement import assess
from .kinds import Kind
from .model import Condition, Metadata, Source
from .policy import Policy
from .related import RelatedObjects
from .rules import RULES, Context, Evidence, Rule, Rules, Verdict
from .summary import Summary, summarize
from .threshold import Threshold

__all__ = [
    "RULES",
    "SEVERITY",
    "Activity",
    "Assessment",
    "Cause",
    "Condition",
    "Context",
    "Evidence",
    "FieldError",
    "Health",
    "Kind",
    "Metadata",
    "Policy",
    "RelatedObjects",
    "Rule",
    "Rules",
    "Source",
    "Summary",
    "Threshold",
    "Verdict",
    "assess",
    "summarize",
]
