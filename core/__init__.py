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
(<Health.DEGRADED: 'degraded'>, True, '2 of 3 replicas available')
"""

from .assessment import SEVERITY, Activity, Assessment, Cause, Health
from .judgement import assess
from .policy import Policy
from .summary import Summary, summarize

__all__ = [
    "SEVERITY",
    "Activity",
    "Assessment",
    "Cause",
    "Health",
    "Policy",
    "Summary",
    "assess",
    "summarize",
]
