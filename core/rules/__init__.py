"""The rules of health: one file per kind or family, and the table that finds them.

A rule reads a model from an object and judges it at a time, under a policy. What is common to all
kinds (malformed objects, deletion, stale statuses, annotations) is in `judgement`.
"""

from __future__ import annotations

from .attachments import ATTACHMENT_RULES
from .autoscaling import HORIZONTAL_POD_AUTOSCALER_RULE
from .cron_job import CRON_JOB_RULE
from .daemon_set import DAEMON_SET_RULE
from .deployment import DEPLOYMENT_RULE
from .disruption import POD_DISRUPTION_BUDGET_RULE
from .existence import EXISTENCE_RULES
from .extensions import API_SERVICE_RULE, CUSTOM_RESOURCE_DEFINITION_RULE
from .ingress import INGRESS_RULE
from .job import JOB_RULE
from .knative import KNATIVE_RULES
from .lease import LEASE_RULE
from .namespace import NAMESPACE_RULE
from .node import NODE_RULE
from .pod import POD_RULE
from .replica_set import REPLICA_SET_RULE, REPLICATION_CONTROLLER_RULE
from .rollout import ROLLOUT_RULE
from .rule import Context, Evidence, Rule
from .service import ENDPOINT_SLICE_RULE, ENDPOINTS_RULE, SERVICE_RULE
from .stateful_set import STATEFUL_SET_RULE
from .table import Rules
from .verdict import Verdict
from .volumes import PERSISTENT_VOLUME_CLAIM_RULE, PERSISTENT_VOLUME_RULE, STORAGE_CLASS_RULE

__all__ = ["KINDS", "RULES", "WORKLOADS", "Context", "Evidence", "Rule", "Rules", "Verdict"]

RULES = Rules(
    DEPLOYMENT_RULE,
    STATEFUL_SET_RULE,
    DAEMON_SET_RULE,
    REPLICA_SET_RULE,
    REPLICATION_CONTROLLER_RULE,
    POD_RULE,
    JOB_RULE,
    CRON_JOB_RULE,
    ROLLOUT_RULE,
    SERVICE_RULE,
    ENDPOINT_SLICE_RULE,
    ENDPOINTS_RULE,
    INGRESS_RULE,
    PERSISTENT_VOLUME_CLAIM_RULE,
    PERSISTENT_VOLUME_RULE,
    STORAGE_CLASS_RULE,
    HORIZONTAL_POD_AUTOSCALER_RULE,
    POD_DISRUPTION_BUDGET_RULE,
    NODE_RULE,
    NAMESPACE_RULE,
    CUSTOM_RESOURCE_DEFINITION_RULE,
    API_SERVICE_RULE,
    LEASE_RULE,
    *ATTACHMENT_RULES,
    *EXISTENCE_RULES,
    # Where neither a group nor an apiVersion is stated, the core group's Service comes first.
    *KNATIVE_RULES,
)
"""Every kind that has its own rule; the conditions rule applies to any other."""

KINDS = tuple(rule.kind for rule in RULES)
"""The kinds of the table, in its order."""

WORKLOADS = tuple(rule.kind for rule in RULES if rule.workload)
"""The kinds that a namespace's aggregate counts."""
