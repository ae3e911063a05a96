"""The word that keyword monitors look for stands in no text of ours about bad news."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import Assessment, summarize
from tests.builders import Manifest
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, Json
from tests.property.support import every_kind, judged, share

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("core", "adapters/http", "adapters/cluster")
    for path in (ROOT / folder).rglob("*.py")
    # These hold what others write, to be recognized and never to be said.
    if (path.parent.name != "rules" or path.name not in ("words.py", "catalogue.py"))
    # The description of the contract, and the page for people.
    and path.parent.name != "page"
    and path.name != "parameters.py"
)
# Words of Kubernetes' own and names of fields that are read; our own word for good news; and what
# the library says of a policy that is none. None of them gets into an answer.
NO_TEXTS = {
    "healthy",
    "unhealthy",
    "Healthy",
    "Unhealthy",
    "status.healthy",
    "ContainerHealthy",
    "currentHealthy",
    "desiredHealthy",
    "status.currentHealthy",
    "status.desiredHealthy",
    " is not healthy, degraded or down, as in Policy(zero=Health.DOWN)",
}


def check(verdict: Assessment, *given_: Json) -> None:
    """Fail if the word is in a text that it was not in before."""
    assert "healthy" not in verdict.message.lower()
    assert "healthy" not in summarize([verdict]).message.lower()
    before = repr(given_).lower()
    others = [text for cause in verdict.causes for text in (cause.reason, cause.message)]
    for text in (verdict.reason, *others):
        assert "healthy" not in text.lower() or f"'reason': '{text.lower()}'" in before


class TestNoVerdictBringsTheWordIn:
    """Nothing in these objects is named with it but fields, and types and phases of the API."""

    @every_kind
    @share
    @given(data=st.data())
    def test_of_any_object(self, kind: str, data: st.DataObject) -> None:
        """Whatever its controller states."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        verdict = judged(manifest, around, data.draw(some.policies()))
        if verdict.health != "healthy":
            check(verdict, manifest, around)

    @every_kind
    @share
    @given(data=st.data())
    def test_of_any_broken_object(self, kind: str, data: st.DataObject) -> None:
        """What is malformed is told by its place, and that may be in no better words."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        broken = data.draw(some.broken(manifest))
        verdict = judged(broken, around)
        if verdict.health != "healthy":
            check(verdict, broken, around)

    @pytest.mark.parametrize("field", ["currentHealthy", "desiredHealthy"])
    @pytest.mark.parametrize("value", [-1, "2", None])
    def test_of_a_budget_whose_fields_are_named_so(self, field: str, value: Json) -> None:
        """The only fields that are."""
        status = {"currentHealthy": 1, "desiredHealthy": 2, field: value}
        budget: Manifest = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "api", "namespace": "shop"},
            "status": status,
        }
        check(judged(budget))

    @pytest.mark.parametrize(
        ("kind", "version", "type_"),
        [
            ("Widget", "example.com/v1", "Healthy"),
            ("Revision", "serving.knative.dev/v1", "ContainerHealthy"),
        ],
    )
    @pytest.mark.parametrize("status", ["False", "Unknown", "Degraded"])
    def test_of_a_condition_that_is_named_so(
        self, kind: str, version: str, type_: str, status: str
    ) -> None:
        """Its own reason is no word, so that ours is told."""
        stated = {"type": type_, "status": status, "reason": "two words"}
        ready = {"type": "Ready", "status": status}
        resource: Manifest = {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": "api", "namespace": "shop"},
            "status": {"conditions": [stated, *[ready] * (kind == "Revision")]},
        }
        verdict = judged(resource)
        assert verdict.health != "healthy"
        check(verdict)


def texts(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every text in a source, docstrings left out, and its line."""
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value, node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_text_in_the_source_has_the_word(path: Path) -> None:
    """Neither a message nor a reason, in whichever branch it stands."""
    tree = ast.parse(path.read_text("utf-8"))
    found = [
        f"line {line}: {text}"
        for text, line in texts(tree)
        if "healthy" in text.lower() and text not in NO_TEXTS and not text.startswith("(?")
    ]
    assert found == []
