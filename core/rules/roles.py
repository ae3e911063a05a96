"""The roles of an object's conditions, and which of them states a failure or progress."""

from __future__ import annotations

import re
from functools import lru_cache

from ..model import Condition, Conditions
from .entry import Entry
from .finding import Custom, Roles
from .words import Role, Sense, is_under_way, role_of, sense_of

__all__ = [
    "LATE",
    "has_failed",
    "has_held",
    "is_behind",
    "is_change",
    "is_given_up",
    "is_on_its_way",
    "is_progress",
    "is_ready",
    "roles_of",
    "states_failure",
]

_FAILED_REASON = re.compile(
    r"^(?!No[A-Z]|Not|Non)\w*(Failed|Failing|Failure|Errors?|Exception|Invalid|Denied)$|^(Failed|Invalid)"
)
_HELD_REASON = re.compile(
    r"^(Stopped|Disabled|Shutdown|(?!Not|Un|Non)\w*(Paused|Suspended|Hibernated|ScaledToZero))$"
)
_HEALTH = (Role.PRIMARY, Role.INVERSE)
_ORDER = (
    Role.PRIMARY,
    Role.INVERSE,
    Role.NEGATIVE,
    Role.POSITIVE,
    Role.MOVING,
    Role.HOLDING,
    Role.OTHER,
)
# What Kubernetes allows.
_LONGEST = 316
LATE = "ProgressDeadlineExceeded"
# With the first two, the controllers of Deployments and of DeploymentConfigs call a rollout
# finished; with the last, Flux says that a reconciliation failed and will be tried again.
_NOT_MOVING = (
    "NewReplicaSetAvailable",
    "NewReplicationControllerAvailable",
    "ProgressingWithRetry",
    "Succeeded",
)


def roles_of(entry: Entry, conditions: Conditions) -> Roles:
    """The roles of the conditions in a list."""
    roles = _roles(entry, tuple(sorted(type_ for type_ in conditions if len(type_) <= _LONGEST)))
    if len(roles.by_type) == len(conditions) or "*" in entry.ignore:
        return roles
    # A reason may say what a name does not.
    odd = [
        type_
        for type_, condition in conditions.items()
        if type_ not in roles.by_type
        and type_ not in entry.ignore
        and condition.status == "False"
        and has_failed(condition)
    ]
    if not odd:
        return roles
    by_type = {**roles.by_type, **dict.fromkeys(sorted(odd), Role.OTHER)}
    return Roles(by_type, roles.primary, roles.moving)


@lru_cache(4096)
def _roles(entry: Entry, types: tuple[str, ...]) -> Roles:
    found = {type_: role for type_ in types if (role := _role(entry, type_)) is not None}

    def rank(type_: str) -> tuple[int, bool, str]:
        return _ORDER.index(found[type_]), type_ != "Ready", type_

    by_type = {type_: found[type_] for type_ in sorted(found, key=rank)}
    moving = tuple(type_ for type_, role in by_type.items() if role is Role.MOVING)
    return Roles(by_type, Role.PRIMARY in by_type.values(), moving)


def _role(entry: Entry, type_: str) -> Role | None:
    if type_ in entry.must or type_ in entry.soft:
        return Role.PRIMARY
    if type_ in entry.fails:
        return Role.NEGATIVE
    if type_ in entry.moves:
        return Role.MOVING
    if type_ in entry.holds:
        return Role.HOLDING
    if type_ in entry.ignore or "*" in entry.ignore:
        return None
    return role_of(type_)


def states_failure(custom: Custom) -> bool:
    """Whether any condition states a failure, which no progress excuses."""
    for found in custom.conditions:
        for type_, role in found.roles.by_type.items():
            if _is_failure(found.by_type[type_], role):
                return True
    return False


def is_behind(custom: Custom, condition: Condition) -> bool:
    """Whether a condition was stated for an older generation than the current one."""
    generation, observed = custom.meta.generation, condition.observed
    return observed is not None and generation is not None and observed < generation


def is_ready(custom: Custom) -> bool:
    """Whether Ready or the like is stated, and all of these are True."""
    own, ready = custom.conditions[0], False
    for type_, role in own.roles.by_type.items():
        if role in _HEALTH:
            ready = own.by_type[type_].status == ("True" if role is Role.PRIMARY else "False")
            if not ready:
                return False
    return ready


def _is_failure(condition: Condition, role: Role | None) -> bool:
    if role is Role.NEGATIVE:
        return condition.status == "True" and not is_change(condition)
    if role is Role.OTHER:
        return True
    if role is Role.INVERSE:
        return condition.status == "True" and has_failed(condition)
    if role is Role.PRIMARY or role is Role.POSITIVE:
        return condition.status != "True" and has_failed(condition)
    return role is Role.MOVING and is_given_up(condition)


def is_change(condition: Condition) -> bool:
    """Whether something bad only lasts as long as a change: Degraded, Updating."""
    return condition.type == "Degraded" and is_under_way(condition.reason)


def is_given_up(condition: Condition) -> bool:
    """Whether progress ended in a failure."""
    if condition.status != "False":
        return False
    return (
        condition.reason == LATE
        or has_failed(condition)
        or sense_of(condition.reason) is Sense.FAILED
    )


def is_progress(condition: Condition) -> bool:
    """Whether it says that something is being done, as a condition that is True."""
    moving = condition.status == "True" and condition.reason not in _NOT_MOVING
    return moving and not has_failed(condition)


def is_on_its_way(condition: Condition) -> bool:
    """Whether an unmet condition is in progress, by its reason."""
    # Cluster API's Info: nothing is wrong, no action is needed.
    if condition.severity == "Info" or condition.reason == "DependencyNotReady":
        return True
    return condition.reason not in _NOT_MOVING and is_under_way(condition.reason)


def has_failed(condition: Condition) -> bool:
    """Whether its reason is one of failure."""
    return _is_failed(condition.reason)


@lru_cache(4096)
def _is_failed(reason: str) -> bool:
    return _FAILED_REASON.search(reason) is not None


def has_held(entry: Entry, condition: Condition) -> bool:
    """Whether its reason says that the object was stopped on purpose."""
    if condition.status == "True" or not condition.reason:
        return False
    return condition.reason in entry.holds or bool(_HELD_REASON.search(condition.reason))
