"""v1 Node.

Source: node conditions in Kubernetes' documentation (reference/node/node-status); the node
lifecycle controller, which turns Ready to Unknown when the kubelet falls silent
(kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go); and those that others add:
node-problem-detector (config/*.json of kubernetes/node-problem-detector), whose types name a
problem, and the node monitoring agent of EKS, whose types name what is ready.
"""

from __future__ import annotations

import re

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, boolean, conditions_of
from ..kinds import Kind
from ..model import Condition, Conditions, Metadata, Source, record
from ..waiting import has_waited
from ..wording import quoted
from .condition_view import as_cause, is_true, word_of
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["NODE_RULE", "Node"]

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
# Types that name what is wrong, so that True is bad.
# Text, compiled when a node is first judged: at import it would cost every start 5 ms.
_BAD = (
    r"Pressure$|Unavailable$|NotReady$|NotWorking$|Down$|Shutdown$"
    r"|^Frequent|^Corrupt|^Bad[A-Z]|^Missing"
    r"|Deadlock|Read-?[Oo]nly|Problem|Un[Hh]ealthy|Corrupt(ed|ion)|Fail(ed|ing|ure)|Error|Fatal"
    r"|Hung|Stuck|Panic|Degraded|Missing|Exhausted|Flapping|Unreachable|Broken|Unresponsive|Leak"
)
# Types that name what is well, so that False is bad.
_GOOD = r"(Ready|(?<!Un)[H]ealthy|Available|Operational)$"


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

    Pressure on memory, disk or PIDs and an unavailable network make it degraded at best; so does
    any other condition whose type names a problem (KernelDeadlock, ReadonlyFilesystem,
    FrequentKubeletRestart, ...Problem) and that is True, and any whose type ends in Ready
    (StorageReady, NetworkingReady) and that is False. A type that names neither is ignored.
    Cordoned is suspended, not a failure.
    """
    ready = node.conditions.get("Ready")
    problems = _problems(node.conditions)
    names = "".join(f", {_named(problem)}" for problem in problems)
    remark = f"{names}, cordoned" if node.cordoned else names
    causes = tuple(_as_cause(node, problem) for problem in problems)
    if ready is None or ready.status != "True":
        return _not_ready(node, ready, remark, causes, context)
    deciding = problems[0] if problems else ready
    return Verdict(
        Health.DEGRADED if problems else Health.HEALTHY,
        Activity.SUSPENDED if node.cordoned else Activity.STEADY,
        up=True,
        reason=word_of(deciding, deciding.type, "NodeProblem"),
        message=f"it is ready{remark}",
        detail=quoted(deciding.message) if problems else "",
        causes=causes,
        since=deciding.since,
    )


def _problems(conditions: Conditions) -> list[Condition]:
    """The stated problems, Kubernetes' own first."""
    others = sorted(type_ for type_ in conditions if type_ not in _PRESSURES)
    found = [conditions[type_] for type_ in _PRESSURES if is_true(conditions, type_)]
    found += [conditions[type_] for type_ in others if _is_bad(conditions[type_])]
    return found


def _is_bad(condition: Condition) -> bool:
    if condition.type == "Ready":
        return False
    if re.search(_BAD, condition.type):
        return condition.status == "True"
    return condition.status == "False" and re.search(_GOOD, condition.type) is not None


def _named(problem: Condition) -> str:
    """Its type, without the word that monitors search for."""
    if "healthy" in problem.type.lower():
        return "another problem"
    return f"not {problem.type}" if problem.status == "False" else problem.type


def _as_cause(node: Node, problem: Condition) -> Cause:
    named = problem.type if "healthy" not in problem.type.lower() else "NodeProblem"
    return as_cause(node.meta, problem, named, "NodeProblem")


def _not_ready(
    node: Node,
    ready: Condition | None,
    remark: str,
    causes: tuple[Cause, ...],
    context: Context,
) -> Verdict:
    waiting = Activity.STEADY
    said = "it is not ready"
    if ready is None:
        # It has only just joined.
        late = has_waited(context.now, context.policy.waiting_after, node.meta.created)
        waiting = Activity.STEADY if late else Activity.PROGRESSING
    elif ready.status != "False":
        said = "its kubelet does not report"
    own = () if ready is None else (as_cause(node.meta, ready, "NotReady"),)
    return Verdict(
        Health.DOWN,
        Activity.SUSPENDED if node.cordoned else waiting,
        up=False,
        reason=word_of(ready, "NotReady"),
        message=f"{said}{remark}",
        detail=quoted(ready.message if ready else ""),
        causes=(*own, *causes),
        since=ready.since if ready else None,
    )


NODE_RULE = Rule(
    Kind("Node", "nodes", "", "v1", ("no",), namespaced=False),
    _judge,
    _read,
    fields=("spec.unschedulable", *CONDITIONS),
)
