"""v1 Node.

Source: node conditions in Kubernetes' documentation (reference/node/node-status), and the node
lifecycle controller, which turns Ready to Unknown when the kubelet falls silent
(kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go).
"""

from __future__ import annotations

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, boolean, conditions_of
from ..kinds import Kind
from ..model import Condition, Conditions, Metadata, Source, record
from .rule import Context, Rule
from .stated import as_cause, is_true, word_of
from .verdict import Verdict

__all__ = ["NODE_RULE", "Node"]

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


@record
class Node:
    """A v1 Node."""

    meta: Metadata
    cordoned: bool
    conditions: Conditions


def _read(source: Source) -> Node:
    cordoned = boolean(source.spec.get("unschedulable"))
    return Node(source.meta, cordoned, conditions_of(source.status))


def _judge(node: Node, context: Context) -> Verdict:
    """By its Ready condition: True is healthy, and anything else down, Unknown too.

    Pressure on memory, disk or PIDs and an unavailable network make it degraded at best. Cordoned
    is suspended, and no failure.
    """
    ready = node.conditions.get("Ready")
    pressures = [node.conditions[type_] for type_ in _PRESSURES if is_true(node.conditions, type_)]
    names = "".join(f", {pressure.type}" for pressure in pressures)
    remark = f"{names}, cordoned" if node.cordoned else names
    causes = tuple(as_cause(node.meta, pressure, pressure.type) for pressure in pressures)
    if ready is None or ready.status != "True":
        return _not_ready(node, ready, remark, causes)
    deciding = pressures[0] if pressures else ready
    return Verdict(
        Health.DEGRADED if pressures else Health.HEALTHY,
        Activity.SUSPENDED if node.cordoned else Activity.STEADY,
        up=True,
        reason=word_of(deciding, deciding.type),
        message=f"it is ready{remark}",
        causes=causes,
        since=deciding.since,
    )


def _not_ready(
    node: Node, ready: Condition | None, remark: str, causes: tuple[Cause, ...]
) -> Verdict:
    waiting = Activity.PROGRESSING if ready is None else Activity.STEADY
    silent = ready is not None and ready.status != "False"
    said = "its kubelet does not report" if silent else "it is not ready"
    own = () if ready is None else (as_cause(node.meta, ready, "NotReady"),)
    return Verdict(
        Health.DOWN,
        Activity.SUSPENDED if node.cordoned else waiting,
        up=False,
        reason=word_of(ready, "NotReady"),
        message=f"{said}{remark}",
        causes=(*own, *causes),
        since=ready.since if ready else None,
    )


NODE_RULE = Rule(
    Kind("Node", "nodes", "", "v1", ("no",), namespaced=False),
    _judge,
    _read,
    fields=("spec.unschedulable", *CONDITIONS),
)
