"""The rules of the CustomResourceDefinition and the APIService."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, Kind, assess
from k8s_heartbeat.core.fields import CONDITIONS
from tests.builders import NOW, Manifest, before, condition, metadata


def stated(type_: str, status: str = "True", reason: str = "") -> Manifest:
    """A condition that has stood for an hour."""
    return condition(type_, status, reason, "as it is", since=before(hours=1))


def new(type_: str, status: str = "True", reason: str = "") -> Manifest:
    """A condition of a minute ago."""
    return condition(type_, status, reason, "as it is", since=before(minutes=1))


def definition(*conditions: Manifest) -> Manifest:
    """A CustomResourceDefinition with these conditions."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata("sprockets.example.com", generation=1),
        "spec": {"group": "example.com"},
        "status": {"conditions": list(conditions)},
    }


def service(*conditions: Manifest) -> Manifest:
    """An APIService with these conditions."""
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": metadata("v1beta1.metrics.k8s.io"),
        "spec": {"group": "metrics.k8s.io"},
        "status": {"conditions": list(conditions)},
    }


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "reason", "message"),
    [
        pytest.param(
            definition(
                stated("NamesAccepted", reason="NoConflicts"),
                stated("Established", reason="InitialNamesAccepted"),
            ),
            "healthy",
            "steady",
            "InitialNamesAccepted",
            "it is established",
            id="established",
        ),
        pytest.param(
            definition(stated("NamesAccepted"), stated("Established")),
            "healthy",
            "steady",
            "Established",
            "it is established",
            id="established without a word",
        ),
        pytest.param(
            definition(stated("NamesAccepted", "False", "PluralConflict"), stated("Established")),
            "degraded",
            "steady",
            "PluralConflict",
            "it is established, but its newer names are not accepted: as it is",
            id="its newer names are another's",
        ),
        pytest.param(
            definition(stated("NonStructuralSchema"), stated("Established")),
            "degraded",
            "steady",
            "NonStructuralSchema",
            "it is established, but its schema is not structural: as it is",
            id="its schema is not structural",
        ),
        pytest.param(
            definition(
                stated("NamesAccepted", "False", "PluralConflict"), stated("Established", "False")
            ),
            "down",
            "steady",
            "PluralConflict",
            "its names are not accepted: as it is",
            id="its names are another's",
        ),
        pytest.param(
            definition(stated("NamesAccepted", "False")),
            "down",
            "steady",
            "NamesNotAccepted",
            "its names are not accepted: as it is",
            id="its names are another's, without a word",
        ),
        pytest.param(
            definition(stated("NamesAccepted"), new("Established", "False", "Installing")),
            "down",
            "progressing",
            "Installing",
            "the API does not serve it yet: as it is",
            id="being installed",
        ),
        pytest.param(
            definition(stated("NamesAccepted"), stated("Established", "False", "Installing")),
            "down",
            "steady",
            "Installing",
            "the API does not serve it yet: as it is",
            id="being installed for too long",
        ),
        pytest.param(
            definition(stated("NamesAccepted")),
            "down",
            "progressing",
            "NotEstablished",
            "the API does not serve it yet",
            id="accepted and no more",
        ),
        pytest.param(
            definition(stated("Established"), stated("NamesAccepted", "Unknown", "Checking")),
            "healthy",
            "steady",
            "Established",
            "it is established",
            id="its names are being checked",
        ),
        pytest.param(
            definition(stated("Established")),
            "healthy",
            "steady",
            "Established",
            "it is established",
            id="its names are not mentioned",
        ),
        pytest.param(
            definition(),
            "down",
            "progressing",
            "NotEstablished",
            "the API does not serve it yet",
            id="new",
        ),
        pytest.param(
            service(stated("Available", reason="Passed")),
            "healthy",
            "steady",
            "Passed",
            "it is available",
            id="an API that answers",
        ),
        pytest.param(
            service(stated("Available", "False", "MissingEndpoints")),
            "down",
            "steady",
            "MissingEndpoints",
            "it is not available: as it is",
            id="an API without endpoints",
        ),
        pytest.param(
            service(stated("Available", "Unknown")),
            "down",
            "steady",
            "NotAvailable",
            "it is not available: as it is",
            id="an API of which nothing is known",
        ),
        pytest.param(
            service(),
            "down",
            "progressing",
            "NotAvailable",
            "nothing says yet whether it is available",
            id="a new API",
        ),
    ],
)
def test_an_extension_is_judged(
    manifest: Manifest, health: str, activity: str, reason: str, message: str
) -> None:
    """The table of what they may look like; what the API does not serve is not up."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity) == (health, activity)
    assert verdict.up == (health != "down")
    assert (verdict.reason, verdict.sentence) == (reason, message)


@pytest.mark.parametrize(
    "manifest",
    [
        definition(stated("NamesAccepted", "False", "PluralConflict")),
        definition(stated("NamesAccepted"), stated("Established", "False", "PluralConflict")),
        service(stated("Available", "False", "PluralConflict")),
    ],
)
def test_the_deciding_condition_is_told(manifest: Manifest) -> None:
    """Its own sentence and its time stand in a cause."""
    verdict = assess(manifest, now=NOW)
    (cause,) = verdict.causes
    assert (cause.reason, cause.kind, cause.message) == (
        "PluralConflict",
        manifest["kind"],
        "as it is",
    )
    assert verdict.since == cause.since == NOW - timedelta(hours=1)


def test_what_is_well_tells_since_when() -> None:
    """The time is that of the condition which makes it so, and there is no cause."""
    for manifest in (
        definition(stated("Established"), condition("NamesAccepted")),
        service(stated("Available")),
    ):
        verdict = assess(manifest, now=NOW)
        assert (verdict.since, verdict.causes) == (NOW - timedelta(hours=1), ())
    assert assess(definition(), now=NOW).since is None


def test_how_it_is_called_and_what_is_read_of_a_definition() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("CustomResourceDefinition", "apiextensions.k8s.io/v1")
    assert rule is not None
    assert rule.kind == Kind(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "apiextensions.k8s.io",
        "v1",
        ("crd", "crds"),
        namespaced=False,
    )
    assert {*rule.fields} == {*CONDITIONS}


def test_how_it_is_called_and_what_is_read_of_a_service() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("APIService", "apiregistration.k8s.io/v1")
    assert rule is not None
    assert rule.kind == Kind(
        "APIService", "apiservices", "apiregistration.k8s.io", "v1", namespaced=False
    )
    assert {*rule.fields} == {*CONDITIONS}
