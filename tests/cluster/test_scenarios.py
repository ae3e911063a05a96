"""Every verdict over HTTP, judged on statuses that Kubernetes' own controllers wrote."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
import yaml

from tests.cluster.conftest import ROLES, ROOT, TTL, row
from tests.cluster.plane import ControlPlane, PlaneError
from tests.cluster.scenarios import ABSENT, SCENARIOS
from tests.cluster.service import NAMESPACE, Answer, Service, due, fits
from tests.cluster.story import Scenario, Step, changes, every, revision, rolled_out

pytestmark = pytest.mark.cluster

# An absence is remembered twice as long as a reading; the rest is the machine's own delay.
_WITHIN = 2 * TTL + 1.0
_BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_answer_is_right_within_a_ttl(
    scenario: Scenario,
    deployed: ControlPlane,
    report: list[str],
    request: pytest.FixtureRequest,
) -> None:
    """Word, code, reason and cause follow what the API server holds, there and back."""
    which = "allowed_service" if scenario.beyond_role else "service"
    service: Service = request.getfixturevalue(which)
    # A cause that counts only after a while has a test of its own: there is nothing to wait for.
    expected = scenario.expected
    if expected.causes_after:
        expected = replace(expected, causes=frozenset())
    try:
        scenario.play(deployed)
        answer, took = due(service, scenario.path, expected, _WITHIN)
        report.append(row(scenario.name, answer, took))
        assert fits(answer, expected), answer
        if scenario.recovery:
            scenario.recover(deployed)
            answer, took = due(service, scenario.path, scenario.recovered, _WITHIN)
            report.append(row(f"  back from {scenario.name}", answer, took))
            assert fits(answer, scenario.recovered), answer
    finally:
        scenario.end(deployed)


def test_unschedulable_is_a_cause_once_it_has_lasted_a_minute(
    deployed: ControlPlane, service: Service
) -> None:
    """A pod without a node is starting at first, and after a minute the scheduler's word counts."""
    scenario = replace(_BY_NAME["unschedulable"], name="unschedulable-for-a-minute")
    try:
        scenario.play(deployed)
        answer = service.ask(scenario.path)
        assert "Unschedulable" not in answer.causes
        deadline = time.monotonic() + scenario.expected.causes_after + 10
        while "Unschedulable" not in answer.causes and time.monotonic() < deadline:
            time.sleep(1)
            answer = service.ask(scenario.path)
        assert fits(answer, scenario.expected), answer
    finally:
        scenario.end(deployed)


def test_rollout_restart_under_load_is_never_answered_wrongly(
    deployed: ControlPlane, service: Service
) -> None:
    """While a Deployment is rolled out anew at full capacity, every single answer is 200."""
    scenario = replace(_BY_NAME["rollout-restart"], name="rollout-restart-under-load")
    answers: list[Answer] = []
    over = threading.Event()

    def poll() -> None:
        while not over.is_set():
            answers.append(service.ask(scenario.path))

    pollers = [threading.Thread(target=poll) for _ in range(2)]
    deployed.namespace(scenario.name)
    try:
        scenario.take(deployed, scenario.steps[:-1])
        for poller in pollers:
            poller.start()
        for number in ("2", "3", "4"):
            # What `kubectl rollout restart` does, which itself refuses a second one in a second.
            template = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": number}}}
            restart = changes("Deployment", {"spec": {"template": template}})
            scenario.take(deployed, [Step(restart, every(rolled_out(), revision(number)))])
    finally:
        over.set()
        for poller in pollers:
            poller.join(30)
        scenario.end(deployed)
    assert len(answers) > 20
    assert {(answer.code, answer.health) for answer in answers} == {(200, "healthy")}


def test_a_crash_loop_that_runs_again_is_seen_when_the_pod_is_asked_for(
    deployed: ControlPlane, service: Service
) -> None:
    """A pod that is Ready between two crashes is degraded, and says why."""
    scenario = replace(_BY_NAME["crash-loop-running"], name="crash-loop-between-two-crashes")
    try:
        view = scenario.play(deployed)
        name = view.pods[0]["metadata"]["name"]
        answer = service.ask(f"/api/healthz/{scenario.name}/pod/{name}")
        assert (answer.code, answer.health, answer.reason) == (200, "degraded", "CrashLoopBackOff")
    finally:
        scenario.end(deployed)


def test_what_does_not_exist_and_what_may_not_be_seen_are_answered_alike(
    deployed: ControlPlane, service: Service
) -> None:
    """A stranger learns neither which names nor which namespaces there are."""
    answers = [service.ask(path) for path in ABSENT]
    deployed.namespace("out-of-sight")
    deployed.kubectl("create", "serviceaccount", "stranger", "--namespace", "out-of-sight")
    config, _ = deployed.service_account_kubeconfig("out-of-sight", "stranger")
    seen = f"/api/healthz/{NAMESPACE}/deployment/k8s-heartbeat"
    with Service(config, ttl=TTL) as blind:
        answers += [blind.ask(path) for path in (seen, *ABSENT)]
    assert service.ask(seen).health != "missing"
    assert len({stripped(answer) for answer in answers}) == 1
    assert answers[0].code == 404


def stripped(answer: Answer) -> str:
    """An answer without what is the caller's own word, and the times."""
    ours = {"namespace", "name", "checkedAt"}
    body = {key: value for key, value in answer.body.items() if key not in ours}
    theirs = {"date", "content-length", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    theirs.add("x-request-id")
    headers = {key: value for key, value in answer.headers.items() if key not in theirs}
    return f"{answer.code} {sorted(headers.items())} {body}"


def test_what_was_asked_of_the_api_server_is_what_the_role_grants(
    deployed: ControlPlane, report: list[str]
) -> None:
    """The audit log of all scenarios and the ClusterRole name the same, both ways."""
    if len(report) < len(SCENARIOS):
        pytest.skip("it compares what all scenarios together have asked for")
    user = f"system:serviceaccount:{NAMESPACE}:k8s-heartbeat"
    asked = {(entry.group, entry.resource, entry.verb) for entry in deployed.audit_events(user)}
    text = (ROOT / "deploy" / "base" / "cluster-role.yaml").read_text("utf-8")
    roles = [entry for entry in yaml.safe_load_all(text) if entry["kind"] == "ClusterRole"]
    assert [role["metadata"]["name"] for role in roles] == list(ROLES)
    granted = {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert asked == granted
    # Which every account may: ours for /healthz and /health, what there is for a kind without a
    # rule, and the last by the tests themselves, who ask it whether a token is still good.
    paths = {path for _, path in deployed.audit_paths(user)}
    assert paths <= {"/healthz", "/api", "/apis", "/version"}


def test_the_service_may_not_do_what_its_role_does_not_grant(deployed: ControlPlane) -> None:
    """The service account is bound to these roles alone: it cannot even see a ConfigMap."""
    config, _ = deployed.service_account_kubeconfig(NAMESPACE, "k8s-heartbeat")
    with pytest.raises(PlaneError, match=r"(?i)forbidden"):
        deployed.kubectl("get", "configmaps", "--namespace", "default", kubeconfig=config)
