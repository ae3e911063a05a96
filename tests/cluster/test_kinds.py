"""Many objects as one, any kind by any of its names, and what of all this the role grants."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from k8s_heartbeat.core import RULES, Kind
from k8s_heartbeat.core.kinds import EVENT
from tests.cluster.conftest import ALLOWED, TTL
from tests.cluster.custom_kinds import GADGETS, GROUP
from tests.cluster.kinds import api_service, cron_job, runs
from tests.cluster.plane import ControlPlane, Manifest
from tests.cluster.service import Answer, Service
from tests.cluster.story import WEB, applies, deployment, has_condition, pod

pytestmark = pytest.mark.cluster

SHOP = "many-as-one"
READY_GADGET = next(scenario for scenario in GADGETS if scenario.name == "gadget-ready")


def named(manifest: Manifest, name: str, **labels: str) -> Manifest:
    """An object under another name, with labels of its own."""
    return {**manifest, "metadata": {**manifest["metadata"], "name": name, "labels": labels}}


def until(ask: Callable[[], Answer], good: Callable[[Answer], bool]) -> Answer:
    """The first good answer, or the last one once a list and an absence are forgotten."""
    deadline = time.monotonic() + 2 * TTL + 5
    answer = ask()
    while not good(answer) and time.monotonic() < deadline:
        time.sleep(0.1)
        answer = ask()
    return answer


def members(answer: Answer | dict[str, Any]) -> list[tuple[str, str, str]]:
    """Health, kind and name of each item that an answer shows."""
    body = answer.body if isinstance(answer, Answer) else answer
    return [(item["status"], item["kind"], item["name"]) for item in body["items"]]


@pytest.fixture(scope="module")
def shop(deployed: ControlPlane) -> Iterator[ControlPlane]:
    """A namespace with four that count: one of them is broken, and two have pods and Jobs below."""
    deployed.namespace(SHOP)
    broken = deployment("crash-loop-waiting", replicas=1)
    broken["spec"]["selector"] = {"matchLabels": {"app": "broken"}}
    broken["spec"]["template"]["metadata"]["labels"] = {"app": "broken"}
    applies(
        named(deployment(replicas=2), WEB, tier="front"),
        named(broken, "broken", tier="back"),
        named(cron_job(), WEB, tier="back"),
        named(pod("ready"), "alone", tier="front"),
    )(deployed, SHOP)
    runs("web-good", "completed")(deployed, SHOP)
    deployed.wait_for("Deployment", SHOP, WEB, lambda item: available(item, 2))
    deployed.wait_for("Pod", SHOP, "alone", lambda item: item["status"]["phase"] == "Running")
    deployed.wait_until(lambda: crashing(deployed), what="the broken pod crashes")
    yield deployed
    deployed.delete("Namespace", "", SHOP)


def available(item: Manifest, count: int) -> bool:
    """Whether a Deployment has so many available replicas."""
    return bool(item.get("status", {}).get("availableReplicas", 0) == count)


def crashing(plane: ControlPlane) -> bool:
    """Whether the broken Deployment's pod is in its crash loop."""
    pods = plane.pods_of("Deployment", SHOP, "broken")
    statuses = [entry for item in pods for entry in item["status"].get("containerStatuses", ())]
    return any("CrashLoopBackOff" in str(entry["state"]) for entry in statuses)


@pytest.fixture(scope="module")
def status_page(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with components."""
    one = {"namespace": SHOP, "kind": "deployment", "name": WEB}
    other = {"namespace": SHOP, "kind": "deploy", "name": "broken"}
    nobody = {"namespace": SHOP, "kind": "deploy", "name": "nobody"}
    content = {
        "components": [
            {"name": "front", "members": [{"namespace": SHOP, "selector": "tier=front"}]},
            {"name": "checkout", "title": "Checkout", "members": [one, other]},
            {"name": "lenient", "up": "50%", "members": [one, other]},
            {"name": "gone", "members": [one, nobody]},
            {"name": "nodes", "members": [{"kind": "node"}]},
        ]
    }
    path: Path = tmp_path_factory.mktemp("configuration") / "heartbeat.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with Service(service.kubeconfig, ttl=TTL, config=path) as running:
        yield running


BAD = ("down", "Deployment", "broken")
FINE = {("healthy", "Deployment", WEB), ("healthy", "CronJob", WEB), ("healthy", "Pod", "alone")}


def test_a_namespace_is_as_well_as_its_worst_member(shop: ControlPlane, service: Service) -> None:
    """Four are counted, what they own is not, and only the broken one is named."""
    answer = until(lambda: service.ask(f"/api/healthz/{SHOP}"), lambda found: found.code == 503)
    assert (answer.code, answer.health, answer.body["up"]) == (503, "down", False)
    assert (answer.body["total"], answer.body["counts"]["down"]) == (4, 1)
    assert members(answer) == [BAD]
    assert answer.body["items"][0]["causes"][0]["reason"] == "CrashLoopBackOff"
    code, told = service.check("-n", SHOP)
    assert (code, told["status"], told["total"]) == (1, "down", 4)
    assert members(told) == [BAD]


@pytest.mark.parametrize(
    ("narrowed", "arguments", "code", "shown"),
    [
        pytest.param(
            "selector=tier=front",
            ("-l", "tier=front"),
            200,
            {("healthy", "Deployment", WEB), ("healthy", "Pod", "alone")},
            id="selector",
        ),
        pytest.param(
            "selector=tier+in+(back),tier",
            ("-l", "tier in (back),tier"),
            503,
            {BAD},
            id="selector of sets",
        ),
        pytest.param("kind=cj", ("cj",), 200, {("healthy", "CronJob", WEB)}, id="kind"),
        pytest.param("kind=deploy,rs,pods", ("deploy,rs,pods",), 503, {BAD}, id="kinds"),
        pytest.param(
            "kind=deploy&kind=cronjob&selector=tier!=back",
            ("deploy,cronjob", "-l", "tier!=back"),
            200,
            {("healthy", "Deployment", WEB)},
            id="kinds and selector",
        ),
        pytest.param("selector=tier=none", ("-l", "tier=none"), 503, set[Any](), id="nothing"),
    ],
)
def test_a_part_of_a_namespace(
    narrowed: str,
    arguments: tuple[str, ...],
    code: int,
    shown: set[tuple[str, str, str]],
    shop: ControlPlane,
    service: Service,
) -> None:
    """Kinds and labels narrow it, for HTTP and on the command line alike."""
    path = f"/api/healthz/{SHOP}?{quote(narrowed, safe='=&,!+()')}"
    answer = until(lambda: service.ask(path), lambda found: found.code == code)
    exit_code, told = service.check("-n", SHOP, *arguments)
    assert (answer.code, set(members(answer))) == (code, shown)
    assert (exit_code, set(members(told))) == (0 if code == 200 else 1, shown)
    assert (told["status"], told["reason"]) == (answer.health, answer.reason)
    if not shown:
        assert (answer.health, answer.reason) == ("unknown", "NothingMatched")


def test_all_namespaces(shop: ControlPlane, service: Service) -> None:
    """The broken one is found wherever it is, by both ways of asking."""
    answer = until(lambda: service.ask("/api/healthz"), lambda found: BAD in members(found))
    code, told = service.check("-A")
    assert (answer.code, answer.health, answer.body["kind"]) == (503, "down", "Cluster")
    assert (code, told["status"]) == (1, "down")
    assert BAD in members(answer)
    assert BAD in members(told)
    places = {item["namespace"] for item in answer.body["items"] if item["name"] == "broken"}
    assert places == {SHOP}


def test_kinds_that_stand_in_no_namespace(shop: ControlPlane, service: Service) -> None:
    """All nodes as one; a namespace that has some is refused."""
    answer = service.ask("/api/healthz/-?kind=nodes")
    assert (answer.code, answer.health) == (200, "healthy")
    assert {kind for _, kind, _ in members(answer)} == {"Node"}
    code, told = service.check("nodes")
    assert (code, told["total"]) == (0, answer.body["total"])
    assert service.ask(f"/api/healthz/{SHOP}?kind=nodes").code == 400


@pytest.mark.parametrize(
    ("name", "code", "health", "up"),
    [
        ("front", 200, "healthy", True),
        ("checkout", 503, "down", False),
        ("lenient", 200, "degraded", True),
        ("gone", 503, "missing", False),
        ("nodes", 200, "healthy", True),
    ],
)
def test_components(
    name: str, code: int, health: str, up: bool, shop: ControlPlane, status_page: Service
) -> None:
    """A named group is as well as its worst member, and up while enough of them are."""
    answer = until(
        lambda: status_page.ask(f"/api/components/{name}"), lambda found: found.code == code
    )
    assert (answer.code, answer.health, answer.body["up"]) == (code, health, up)
    assert (answer.body["kind"], answer.body["name"]) == ("Component", name)
    exit_code, told = status_page.check("--component", name)
    assert (exit_code, told["status"], told["up"]) == (0 if code == 200 else 1, health, up)


def test_unknown_component_is_missing(status_page: Service) -> None:
    """Nobody learns which components there are."""
    assert status_page.ask("/api/components/nobody").code == 404


@pytest.mark.parametrize(("subject", "code"), [("deploy/web", 0), ("deployment/broken", 1)])
def test_one_object_on_the_command_line(
    subject: str, code: int, shop: ControlPlane, service: Service
) -> None:
    """The command says what the service says, and ends accordingly."""
    answer = service.ask(f"/api/healthz/{SHOP}/{subject}")
    exit_code, told = service.check("-n", SHOP, subject)
    assert (exit_code, told["status"], told["reason"]) == (code, answer.health, answer.reason)
    assert answer.code == (503 if code else 200)


def test_repaired(shop: ControlPlane, service: Service) -> None:
    """Once the broken one is repaired all four are fine, each named once."""
    for item in shop.pods_of("Deployment", SHOP, "broken"):
        change = {"metadata": {"annotations": {"kubelet.test/fate": "ready"}}}
        shop.patch("Pod", SHOP, item["metadata"]["name"], change)
    shop.wait_for("Deployment", SHOP, "broken", lambda item: available(item, 1))
    answer = until(lambda: service.ask(f"/api/healthz/{SHOP}"), lambda found: found.code == 200)
    assert (answer.code, answer.health, answer.body["total"]) == (200, "healthy", 4)
    assert answer.body["counts"] == {"healthy": 4}
    assert sorted(members(answer)) == sorted(FINE | {("healthy", "Deployment", "broken")})
    code, told = service.check("-n", SHOP)
    assert (code, told["total"]) == (0, 4)


WORDS = ("gadget", "gadgets", "Gadget", "gdg", f"gadgets.{GROUP}", f"gadgets.v1.{GROUP}")


def test_custom_kind_by_all_its_names(deployed: ControlPlane, allowed_service: Service) -> None:
    """What the cluster calls it is what it can be asked for by, alone and as a list."""
    try:
        READY_GADGET.play(deployed)
        for word in WORDS:
            path = f"/api/healthz/{READY_GADGET.name}/{word}/{WEB}"
            answer = until(partial(allowed_service.ask, path), lambda found: found.code == 200)
            assert (answer.code, answer.health, answer.body["kind"]) == (200, "healthy", "Gadget")
        answer = allowed_service.ask(f"/api/healthz/{READY_GADGET.name}?kind=gdg")
        assert members(answer) == [("healthy", "Gadget", WEB)]
        assert allowed_service.check("-n", READY_GADGET.name, f"gdg/{WEB}")[0] == 0
    finally:
        READY_GADGET.end(deployed)


def test_custom_kind_is_found_while_another_api_is_away(
    deployed: ControlPlane, allowed: Path
) -> None:
    """An APIService without anybody behind it is no reason to know of no kind at all."""
    scenario = replace(READY_GADGET, name="gadget-beside-an-api-that-is-away")
    gone = api_service("absent.example")
    try:
        scenario.play(deployed)
        deployed.apply(gone)
        deployed.wait_for("APIService", "", gone["metadata"]["name"], is_unavailable)
        with Service(allowed, ttl=TTL) as asked:
            answer = asked.ask(scenario.path)
        assert (answer.code, answer.health) == (200, "healthy")
    finally:
        deployed.delete("APIService", "", gone["metadata"]["name"])
        scenario.end(deployed)


def is_unavailable(item: Manifest) -> bool:
    """Whether nobody is behind an APIService."""
    return has_condition(item.get("status", {}), "Available", "False")


@pytest.mark.parametrize("word", ["unicorn", "unicorns.example.com", "routes.serving.knative.dev"])
def test_a_kind_that_the_cluster_does_not_serve(word: str, service: Service) -> None:
    """A problem, not an object that is missing."""
    for path in (f"/api/healthz/default/{word}/{WEB}", f"/api/healthz/default?kind={word}"):
        answer = service.ask(path)
        assert answer.code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.body["detail"].startswith("kind: ")


def test_no_content_of_a_secret_is_read(deployed: ControlPlane, allowed_service: Service) -> None:
    """Whoever grants Secrets gives away their names: the API server sends no more than metadata."""
    applies({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": WEB}})(deployed, ALLOWED)
    for path in (f"/api/healthz/{ALLOWED}/secret/{WEB}", f"/api/healthz/{ALLOWED}?kind=secret"):
        answer = allowed_service.ask(path)
        assert (answer.code, answer.health) == (200, "healthy")
    user = f"system:serviceaccount:{ALLOWED}:allowed"
    kinds = {"PartialObjectMetadata", "PartialObjectMetadataList"}
    deployed.wait_until(lambda: deployed.audit_responses(user, "secrets") == kinds)


GRANTED = [rule.kind for rule in RULES if not rule.kind.metadata_only and rule.kind != EVENT]


@pytest.mark.parametrize("kind", GRANTED, ids=lambda kind: f"{kind.plural}.{kind.group}")
def test_every_kind_of_the_table_may_be_read_and_listed(kind: Kind, service: Service) -> None:
    """The role grants all that has a rule; what it has asked for is compared at the end."""
    place = "default" if kind.namespaced else "-"
    word = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
    named = service.ask(f"/api/healthz/{place}/{word}/nobody")
    assert named.code == 404
    listed = service.ask(f"/api/healthz/{place}?kind={word}")
    # Forbidden would be told as missing; not installed is a problem.
    assert listed.health != "missing"
    assert listed.code in (200, 503) or "serves no" in listed.body["detail"]
