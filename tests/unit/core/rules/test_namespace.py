"""The rule of the Namespace."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, Kind, assess
from k8s_heartbeat.core.fields import CONDITIONS
from tests.builders import NOW, Manifest, before, condition, metadata

FAILED = condition(
    "NamespaceDeletionContentFailure",
    "True",
    "ContentDeletionFailed",
    "admission webhook denied it",
    since=before(minutes=9),
)
REMAINING = condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", "pods. has 2")
FINALIZERS = condition("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", "x/y in 1")


def namespace(phase: object, *conditions: Manifest, deleted: str = "") -> Manifest:
    """A Namespace in this phase."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": metadata("shop", deleted=deleted),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": phase, "conditions": list(conditions)},
    }


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "reason", "message", "causes"),
    [
        pytest.param(
            namespace("Active"), "healthy", "steady", "Active", "it is active", [], id="active"
        ),
        pytest.param(
            namespace("Active", FAILED, REMAINING),
            "healthy",
            "steady",
            "Active",
            "it is active",
            [],
            id="only a deletion fails",
        ),
        pytest.param(
            namespace("Terminating"),
            "healthy",
            "terminating",
            "Terminating",
            "it is being deleted",
            [],
            id="terminating",
        ),
        pytest.param(
            namespace("Terminating", REMAINING, FINALIZERS),
            "healthy",
            "terminating",
            "Terminating",
            f"it is being deleted and not empty yet: {REMAINING['message']}",
            ["SomeResourcesRemain", "SomeFinalizersRemain"],
            id="not empty yet",
        ),
        pytest.param(
            namespace("Terminating", REMAINING, FAILED),
            "degraded",
            "terminating",
            "ContentDeletionFailed",
            "its deletion fails: admission webhook denied it",
            ["ContentDeletionFailed", "SomeResourcesRemain"],
            id="its deletion fails",
        ),
        pytest.param(
            namespace(
                "Terminating",
                condition("NamespaceDeletionDiscoveryFailure"),
                condition("NamespaceDeletionContentFailure", "False", "ContentDeleted"),
                condition("NamespaceContentRemaining", "False", "ContentRemoved"),
                condition("Novel"),
            ),
            "degraded",
            "terminating",
            "NamespaceDeletionDiscoveryFailure",
            "its deletion fails",
            ["NamespaceDeletionDiscoveryFailure"],
            id="a failure without a word",
        ),
        pytest.param(
            namespace("Terminating", condition("some Failure")),
            "degraded",
            "terminating",
            "DeletionFailed",
            "its deletion fails",
            ["DeletionFailed"],
            id="a failure of no name",
        ),
        pytest.param(
            namespace("Terminating", condition("NamespaceContentRemaining", "False")),
            "healthy",
            "terminating",
            "Terminating",
            "its content is deleted, and it waits for finalizers kubernetes",
            [],
            id="nothing of it is left",
        ),
    ],
)
def test_a_namespace_is_judged(
    manifest: Manifest, health: str, activity: str, reason: str, message: str, causes: list[str]
) -> None:
    """The table of what a Namespace may look like, and what is said of it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == (health, activity, True)
    assert (verdict.reason, verdict.sentence) == (reason, message)
    assert [cause.reason for cause in verdict.causes] == causes


def test_a_failure_is_told_with_its_message_and_time() -> None:
    """Why the deletion fails is the controller's own sentence."""
    verdict = assess(namespace("Terminating", FAILED), now=NOW)
    (cause,) = verdict.causes
    assert (cause.kind, cause.name) == ("Namespace", "shop")
    assert cause.message == "admission webhook denied it"
    assert verdict.since == cause.since == NOW - timedelta(minutes=9)


def test_a_deletion_that_hangs_is_told() -> None:
    """What is common to all deletions holds here too."""
    verdict = assess(namespace("Terminating", deleted=before(hours=2)), now=NOW)
    assert (verdict.health, verdict.reason) == ("degraded", "TerminatingStuck")


@pytest.mark.parametrize("phase", [None, "", "Sideways", True, ["Active"]])
def test_a_namespace_without_a_phase_is_unknown(phase: object) -> None:
    """The verdict rests on the phase, and its form is told."""
    verdict = assess(namespace(phase), now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("unknown", False, "Malformed")
    assert verdict.sentence == "status.phase is not a namespace's phase, such as Active"


def test_how_it_is_called_and_what_is_read_of_it() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("Namespace", "v1")
    assert rule is not None
    assert rule.kind == Kind("Namespace", "namespaces", "", "v1", ("ns",), namespaced=False)
    assert {*rule.fields} == {"spec.finalizers", "status.phase", *CONDITIONS}
