"""`check -f`: dumps judged offline, its codes, its outputs, its filters."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.entrypoints.cli import main
from tests.builders import (
    Manifest,
    available,
    before,
    condition,
    container,
    deployment,
    event,
    owner,
    pod,
    progressing,
    replica_set,
    stateful_set,
    terminated,
    waiting,
)
from tests.unit.entrypoints.support import AT, Shell, environment, process

UP = deployment(3)
DEGRADED = deployment(3, 2)
DOWN = deployment(3, 0, conditions=[available("False", before(minutes=5)), progressing()])
DOWN_POD = pod("web-1", phase="Failed")
DOWN_POD["metadata"]["labels"] = {"app": "web"}
CONFIG_MAP: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}


def named(manifest: Manifest, name: str, namespace: str = "shop") -> Manifest:
    """The same object under another name."""
    meta = {
        **manifest["metadata"],
        "name": name,
        "namespace": namespace,
        "uid": f"{namespace}/{name}",
    }
    return {**manifest, "metadata": meta}


def served(name: str) -> Manifest:
    """A Service that selects pods."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata_of(name),
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
        "status": {"loadBalancer": {}},
    }


def looping(name: str) -> Manifest:
    """A pod of the ReplicaSet `api-rs` in a crash loop."""
    state = waiting("CrashLoopBackOff")
    status = container(state=state, last=terminated(1), restarts=5)
    return pod(name, ready=False, containers=[status], owned_by="api-rs")


CODES: list[tuple[list[Any], tuple[str, ...], int]] = [
    ([UP], (), 0),
    ([DEGRADED], (), 0),
    ([DEGRADED], ("--fail-on", "degraded"), 1),
    ([UP], ("--fail-on", "degraded"), 0),
    ([DOWN], (), 1),
    ([UP, DOWN], (), 1),
    ([DOWN], ("--for", "10m"), 0),
    ([DOWN], ("--for", "5m"), 1),
    ([deployment(3, 0, conditions=[available("False")])], ("--for", "10m"), 1),
    ([deployment(0)], ("--fail-on", "degraded"), 0),
    ([{"kind": "Deployment", "metadata": {"name": "api"}}], (), 1),
    ([{}], (), 1),
    ([CONFIG_MAP], (), 0),
    ([{"kind": "List", "items": []}], (), 1),
    ([UP], ("deployment/api",), 0),
    ([UP], ("deployment/web",), 1),
    ([UP], ("-n", "other"), 1),
    ([], (), 3),
    (["Deployment"], (), 3),
    ([UP], ("--for", "soon"), 2),
    ([UP], ("--now", "yesterday"), 2),
    ([UP], ("--now", "2026-01-01T12:00:00"), 2),
    ([UP], ("deployments",), 0),
    ([UP, DOWN_POD], ("deploy,sts",), 0),
    ([UP, DOWN_POD], ("deploy,pods",), 1),
    ([UP, DOWN_POD], ("deploy", "pods"), 2),
    ([UP], ("statefulsets",), 1),
    ([UP], ("-A",), 0),
    ([UP, DOWN_POD], ("-l", "app!=web"), 0),
    ([UP, DOWN_POD], ("-l", "app=web"), 1),
    ([UP], ("-l", "app="), 1),
    ([UP], ("sprockets/api",), 2),
    ([UP], ("deployment/",), 2),
    ([UP], ("/api",), 2),
    ([UP], ("a b/api",), 2),
    ([UP], ("deployment/api/web",), 2),
    ([UP], ("shop/deployment/api",), 2),
    ([UP], ("deployment/a:b",), 2),
    ([UP], ("clusterrole/a:b",), 1),
    ([named(UP, "Odd_Name")], ("deployment/Odd_Name",), 0),
    ([UP], ("-n", "Shop"), 2),
    ([UP], ("-l", "=app"), 2),
    ([UP], ("-A", "-n", "shop"), 2),
    ([UP], ("deployment/api", "-l", "app=api"), 2),
    ([UP], ("deployment/api", "deployments"), 2),
    ([UP], ("--component", "shop"), 2),
    ([UP], ("--fail-on", "unknown"), 2),
    ([UP], ("-o", "yaml"), 2),
    ([UP], ("--nonsense",), 2),
]


@pytest.mark.parametrize(("objects", "options", "code"), CODES)
def test_exit_code_says_up_or_not_or_wrong_or_unread(
    shell: Shell, objects: list[Any], options: tuple[str, ...], code: int
) -> None:
    """0 all up, 1 something is not, 2 the command line is wrong, 3 nothing could be read."""
    done = shell.check(*objects, options=options)
    assert done.code == code
    assert "Traceback" not in done.err
    assert bool(done.out) is (code in (0, 1))
    if code in (2, 3):
        assert done.err.splitlines()[-1].startswith("k8s-heartbeat")


@pytest.mark.parametrize("path", ["none.json", ".", "none/none.json"])
def test_file_that_cannot_be_read_is_named(shell: Shell, path: str) -> None:
    """One line: which file, and what is wrong with it."""
    done = shell.run("check", "-f", path)
    assert done.code == 3
    assert done.err.startswith(f"k8s-heartbeat: {path}: ")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe{}", b"{", b"[1]", b"\x00", b'{"kind":"Pod","x":' + b"1" * 5000 + b"}"]
)
def test_junk_on_standard_input_is_one_line(shell: Shell, data: bytes) -> None:
    """Whatever comes down a pipe, there is no traceback, and 3 is the code."""
    done = shell.run("check", "-f", "-", stdin=data)
    assert done.code == 3
    assert done.err.startswith("k8s-heartbeat: -: ")
    assert len(done.err.splitlines()) == 1


def test_one_unreadable_file_among_several_is_not_passed_over(shell: Shell) -> None:
    """A verdict on half of what was asked for would be taken for the whole."""
    done = shell.run("check", "-f", shell.file(UP), "-f", "none.json")
    assert (done.code, done.out) == (3, "")


def test_a_name_of_three_parts_says_where_the_namespace_goes(shell: Shell) -> None:
    """In an error that has the form and an example."""
    done = shell.check(UP, options=("deploy/a/b",))
    assert "'deploy/a/b' is not KIND/NAME, such as deployment/api; the" in done.err
    assert "deployment/api -n shop" in done.err


def test_of_several_kinds_the_unknown_one_is_told(shell: Shell) -> None:
    """Not all that were asked for."""
    done = shell.check(UP, options=("deployments,sprockets",))
    assert "'sprockets' is neither" in done.err
    assert "deployments" not in done.err


def test_names_of_nothing_are_explained(shell: Shell) -> None:
    """An exit code without a word would be a riddle."""
    done = shell.check(UP, options=("statefulsets", "-o", "name"))
    assert (done.code, done.out) == (1, "")
    assert done.err == "k8s-heartbeat: nothing matched that could be judged\n"


def test_an_unknown_kind_is_told(shell: Shell) -> None:
    """A word that stands for no kind, of the rules or of the dump."""
    done = shell.check(UP, options=("sprockets",))
    assert done.code == 2
    assert "'sprockets' is neither a well-known kind, such as deployment, nor a kind of" in done.err


@pytest.mark.parametrize(
    "now", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z"]
)
@pytest.mark.parametrize("output", ["text", "wide", "json", "name"])
def test_time_at_the_edge_of_the_calendar_is_taken_or_refused(
    shell: Shell, now: str, output: str
) -> None:
    """A slip in a script's date does not end in a traceback."""
    found = [
        {"metadata": {**DOWN["metadata"], "deletionTimestamp": before()}, **DOWN},
        looping("a"),
    ]
    done = shell.run("check", "-f", shell.file(*found), "--now", now, "-o", output)
    assert done.code in (1, 2)


def test_standard_input_is_read_for_a_dash(shell: Shell) -> None:
    """`kubectl get deploy -o json | k8s-heartbeat check -f -`."""
    done = shell.run("check", "-f", "-", *AT, stdin=json.dumps(UP))
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "healthy   shop/deployment/api  steady  "
        "MinimumReplicasAvailable: 3 of 3 replicas available\n"
    )


def test_yaml_is_read(shell: Shell) -> None:
    """Manifests that people keep are YAML; without a status nobody knows how they do."""
    text = "---\nkind: Deployment\nmetadata:\n  name: api\n  namespace: shop\n"
    done = shell.run("check", "-f", "-", stdin=text)
    assert done.code == 1
    assert "unknown   shop/deployment/api  progressing  NoStatus: " in done.out


def test_several_files_are_one_input(shell: Shell) -> None:
    """Pods in one file explain the Deployment in another."""
    first = shell.file(DOWN, name="deploy.json")
    second = shell.file(replica_set(3, 0), looping("api-1"), name="pods.json")
    done = shell.run("check", "-f", first, "-f", second, *AT, "-o", "json")
    assert done.code == 1
    assert done.json()["causes"][0]["reason"] == "CrashLoopBackOff"


def test_what_another_object_controls_is_not_counted_again(shell: Shell) -> None:
    """A Deployment, its ReplicaSet and its pods are one thing that is down, not four."""
    objects = [DOWN, replica_set(3, 0), looping("api-1"), looping("api-2"), event()]
    body = shell.check(*objects, options=("-o", "json")).json()
    assert (body["kind"], body["name"]) == ("Deployment", "api")
    assert {cause["reason"]: cause["count"] for cause in body["causes"]}["CrashLoopBackOff"] == 2


IGNORED = {"k8s-heartbeat.io/ignore": "true"}


def metadata_of(name: str) -> Manifest:
    """An object's metadata; its UID is its name."""
    return {"name": name, "namespace": "shop", "uid": name}


OPERATOR: Manifest = {
    "apiVersion": "search.example.com/v1",
    "kind": "SearchCluster",
    "metadata": {"name": "search", "namespace": "shop", "uid": "operator-uid"},
}


def owned(manifest: Manifest, uid: str) -> Manifest:
    """A manifest that the object with that UID controls."""
    return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": [owner(uid)]}}


def test_what_an_object_without_a_rule_controls_is_judged_all_the_same(shell: Shell) -> None:
    """An operator's custom resource in the dump hides none of what it made."""
    done = shell.check(OPERATOR, owned(DOWN, "operator-uid"), named(UP, "web"))
    assert done.code == 1
    assert "shop/deployment/api" in done.out


def test_a_finished_run_of_an_object_without_a_rule_is_no_verdict(shell: Shell) -> None:
    """The pod that failed before a workflow went through is the workflow's matter."""
    run = pod("run-1", phase="Failed", owned_by="operator-uid")
    assert shell.check(run, UP).code == 0
    assert shell.check(run, UP, options=("pod/run-1",)).code == 1
    assert shell.check(pod("run-1", phase="Failed"), UP).code == 1


def test_owners_in_a_circle_hide_nothing(shell: Shell) -> None:
    """An object that claims to control itself, or two that control each other, are judged."""
    one, other = named(DOWN, "one"), named(DOWN, "other")
    uids = [entry["metadata"]["uid"] for entry in (one, other)]
    assert shell.check(owned(one, uids[0]), named(UP, "web")).code == 1
    circle = [owned(one, uids[1]), owned(other, uids[0])]
    body = shell.check(*circle, named(UP, "web"), options=("-o", "json")).json()
    assert body["counts"] == {"down": 2, "healthy": 1}


def test_objects_with_one_uid_and_two_names_are_two(shell: Shell) -> None:
    """A manifest that was exported, copied and renamed carries its model's UID."""
    copied = {**UP, "metadata": {**UP["metadata"], "uid": "same"}}
    model = named(DOWN, "web")
    model = {**model, "metadata": {**model["metadata"], "uid": "same"}}
    body = shell.check(model, copied, options=("-o", "json")).json()
    assert body["counts"] == {"down": 1, "healthy": 1}


def test_pods_without_their_owner_in_the_dump_are_judged(shell: Shell) -> None:
    """`kubectl get pods -o json` is a dump too."""
    body = shell.check(
        looping("api-1"), pod("api-2", owned_by="api-rs"), options=("-o", "json")
    ).json()
    assert body["counts"] == {"down": 1, "healthy": 1}


def test_object_that_stands_in_two_files_counts_once(shell: Shell) -> None:
    """`kubectl get all` and `kubectl get pods` overlap."""
    objects = [named(DOWN, "web"), DOWN, replica_set(3, 0), looping("api-1")]
    path = shell.file(*objects)
    once = shell.run("check", "-f", path, *AT, "-o", "json")
    twice = shell.run("check", "-f", path, "-f", path, *AT, "-o", "json")
    assert once.json()["counts"] == {"down": 2}
    assert twice == once


def test_events_are_no_members(shell: Shell) -> None:
    """They explain; whatever else is in a dump is judged, by its conditions if need be."""
    widget = {**OPERATOR, "status": {"conditions": [condition("Ready", "False", "Broken")]}}
    body = shell.check(UP, CONFIG_MAP, event(), widget, options=("-o", "json")).json()
    assert body["counts"] == {"down": 1, "healthy": 2}
    assert (body["items"][0]["kind"], body["items"][0]["reason"]) == ("SearchCluster", "Broken")


def test_what_the_owner_leaves_out_is_left_out(shell: Shell) -> None:
    """By the annotation, and with it what the object controls."""
    left = {**DOWN, "metadata": {**DOWN["metadata"], "annotations": IGNORED}}
    objects = [left, replica_set(3, 0), named(UP, "web"), named(UP, "cart")]
    assert shell.check(*objects, options=("-o", "json")).json()["counts"] == {"healthy": 2}
    assert shell.check(left, options=("deployment/api",)).code == 1


def test_a_cron_job_is_judged_by_its_jobs_in_the_dump(shell: Shell) -> None:
    """They are evidence, and no members beside it."""
    cron_job = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {**metadata_of("nightly"), "creationTimestamp": before(days=9)},
        "spec": {"schedule": "0 3 * * *"},
        "status": {"lastScheduleTime": before(hours=9)},
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**metadata_of("nightly-1"), "ownerReferences": [owner("nightly")]},
        "spec": {},
        "status": {"conditions": [condition("Failed", "True", "BackoffLimitExceeded")]},
    }
    body = shell.check(cron_job, job, named(UP, "web"), options=("-o", "json")).json()
    assert body["counts"] == {"degraded": 1, "healthy": 1}
    assert body["items"][0]["name"] == "nightly"
    alone = shell.check(cron_job, options=("-o", "json"))
    assert (alone.code, alone.json()["reason"]) == (1, "EvidenceUnread")
    assert "jobs: not in the input" in alone.json()["message"]


def test_what_lacks_its_evidence_is_shown_and_decides_nothing(shell: Shell) -> None:
    """`kubectl get all` lists Services without EndpointSlices; one that is named counts."""
    dump = [UP, served("web")]
    done = shell.check(*dump, options=("-o", "json"))
    body = done.json()
    assert (done.code, body["status"], body["total"]) == (0, "healthy", 1)
    (aside,) = body["notCounted"]
    assert (aside["kind"], aside["status"], aside["reason"]) == (
        "Service",
        "unknown",
        "EvidenceUnread",
    )
    assert shell.check(*dump).out.splitlines()[1:] == [
        "unknown   shop/service/web  steady  EvidenceUnread: it is judged by what could not be "
        "read: endpointslices: not in the input (not counted)"
    ]
    for options in (("services",), ("service/web",)):
        assert shell.check(*dump, options=options).code == 1
    assert shell.check(served("web")).code == 1


@pytest.mark.parametrize("word", ["gateways/public", "gateway/public", "gateways.example.com"])
def test_a_kind_of_the_input_is_called_as_its_plural(shell: Shell, word: str) -> None:
    """No rule makes gateways of Gateway and policies of Policy."""
    gateway = {
        "apiVersion": "example.com/v1",
        "kind": "Gateway",
        "metadata": metadata_of("public"),
        "status": {"conditions": [condition("Ready")]},
    }
    assert shell.check(gateway, options=(word,)).code == 0


CONFIGURATION = """
policy: {zero: down}
components:
  - name: checkout
    title: Checkout
    up: 1
    members:
      - {namespace: shop, kind: deployment, name: api}
      - {namespace: shop, kind: deployment, name: pay}
"""


def test_a_component_is_judged_as_the_configuration_says(shell: Shell) -> None:
    """Its members, and how many of them must be up."""
    path = shell.folder / "heartbeat.yaml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    options = ("--config", str(path), "--component", "checkout")
    done = shell.check(UP, named(DOWN, "pay"), options=(*options, "-o", "json"))
    assert done.code == 0
    body = done.json()
    assert (body["kind"], body["name"], body["title"]) == ("Component", "checkout", "Checkout")
    assert (body["status"], body["up"], body["needed"], body["total"]) == ("degraded", True, 1, 2)
    assert shell.check(named(DOWN, "pay"), options=options).code == 1
    unknown = shell.check(UP, options=("--config", str(path), "--component", "other"))
    assert (unknown.code, "checkout" in unknown.err) == (2, True)


def test_the_policy_of_the_configuration_holds(shell: Shell) -> None:
    """Offline as in the service; a broken file is told with all its faults."""
    path = shell.folder / "heartbeat.yaml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    assert shell.check(deployment(0)).code == 0
    assert shell.check(deployment(0), options=("--config", str(path))).code == 1
    shell.monkeypatch.setenv("HEARTBEAT_CONFIG", str(path))
    assert shell.check(deployment(0)).code == 1
    path.write_text("policy: {zero: up, stuckafter: 1h}", encoding="utf-8")
    done = shell.check(deployment(0))
    assert (done.code, len(done.err.splitlines())) == (2, 2)


def test_text_lists_what_is_not_fine(shell: Shell) -> None:
    """A headline for several, then only the rows that matter, the worst first."""
    done = shell.check(UP, named(DEGRADED, "cart"), named(DOWN, "pay"))
    assert done.out.splitlines() == [
        "down          2 of 3 failing; worst: Deployment shop/pay: 0 of 3 replicas available, "
        "2 needed",
        "down          shop/deployment/pay  steady  "
        "MinimumReplicasUnavailable: 0 of 3 replicas available, 2 needed",
        "degraded, up  shop/deployment/cart  steady  "
        "ReplicasUnavailable: 2 of 3 replicas available, 2 needed",
    ]


def test_text_of_a_healthy_many_is_one_line(shell: Shell) -> None:
    """No news is good news, but somebody looked."""
    done = shell.check(UP, named(UP, "web"))
    assert done.out == "healthy   all 2 are doing their job\n"


def test_wide_adds_the_causes_and_the_healthy(shell: Shell) -> None:
    """Beneath each object what is wrong with it, with count, age and message."""
    objects = [DOWN, replica_set(3, 0), looping("api-1"), looping("api-2"), named(UP, "web")]
    done = shell.check(*objects, options=("-o", "wide"))
    assert "shop/deployment/web" in done.out
    assert (
        "          CrashLoopBackOff pod/api-1, container app, \u00d72, since 1m: "
        "restarted 5 times, last ended with exit code 1 (Error)\n"
    ) in done.out


def test_json_of_one_is_the_body_of_the_contract(shell: Shell) -> None:
    """With full detail: who runs it may read the cluster anyway."""
    body = shell.check(DOWN, replica_set(3, 0), looping("api-1"), options=("-o", "json")).json()
    assert list(body)[:2] == ["status", "up"]
    assert body["causes"][0]["name"] == "api-1"
    assert body["causes"][0]["message"]
    assert body["checkedAt"] == "2026-03-02T12:00:00Z"


def test_json_of_several_is_an_aggregate(shell: Shell) -> None:
    """With counts, and the items that fail first."""
    body = shell.check(UP, named(DOWN, "pay"), options=("-o", "json")).json()
    assert (body["status"], body["up"]) == ("down", False)
    assert body["counts"] == {"down": 1, "healthy": 1}
    assert [item["name"] for item in body["items"]] == ["pay"]
    assert '"up":true' not in shell.check(UP, named(DOWN, "pay"), options=("-o", "json")).out


def test_json_of_none_is_an_empty_aggregate(shell: Shell) -> None:
    """Never healthy."""
    body = shell.check({"kind": "List", "items": []}, options=("-o", "json")).json()
    assert (body["status"], body["reason"], body["items"]) == ("unknown", "NothingMatched", [])


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ((), ["deployment/pay"]),
        (("--fail-on", "degraded"), ["deployment/pay", "deployment/cart"]),
        (("--for", "1h"), []),
    ],
)
def test_name_lists_only_what_is_below_the_line(
    shell: Shell, options: tuple[str, ...], lines: list[str]
) -> None:
    """For `xargs kubectl describe`."""
    objects = [UP, named(DEGRADED, "cart"), named(DOWN, "pay")]
    assert shell.check(*objects, options=("-o", "name", *options)).out.splitlines() == lines


@pytest.mark.parametrize("word", ["deployment", "deployments", "deploy", "Deployment", "DEPLOY"])
def test_named_object_alone_is_judged(shell: Shell, word: str) -> None:
    """KIND/NAME as kubectl takes it."""
    done = shell.check(UP, named(DOWN, "pay"), options=(f"{word}/api",))
    assert (done.code, len(done.out.splitlines())) == (0, 1)


def test_every_kind_can_be_named(shell: Shell) -> None:
    """A name that is not there is missing, whatever its kind."""
    for kind in KINDS:
        if kind.shared_words:
            continue
        done = shell.check(UP, options=(f"{kind.plural}/none",))
        assert done.code == 1
        assert f"missing   {kind.kind.lower()}/none  steady  NotFound: " in done.out


def test_named_objects_are_all_listed(shell: Shell) -> None:
    """Who names three wants to read of three, the healthy one and the missing one too."""
    done = shell.check(UP, named(DOWN, "pay"), options=("deploy/api", "deploy/pay", "deploy/none"))
    assert done.code == 1
    for name in ("healthy   shop/deployment/api", "down      shop/deployment/pay", "missing "):
        assert name in done.out


def test_pod_that_is_owned_can_be_named(shell: Shell) -> None:
    """It is counted with its owner, and still has a verdict of its own."""
    done = shell.check(
        DOWN, replica_set(3, 0), looping("api-1"), options=("pod/api-1", "-o", "json")
    )
    assert (done.code, done.json()["reason"]) == (1, "CrashLoopBackOff")


def test_namespace_narrows(shell: Shell) -> None:
    """`-n` leaves out the others' objects, and the same name there is another object."""
    objects = [UP, named(DOWN, "api", "staging")]
    assert shell.check(*objects, options=("-n", "shop")).code == 0
    assert shell.check(*objects, options=("-n", "staging", "deploy/api")).code == 1
    assert shell.check(*objects, options=("deploy/api",)).code == 1


def test_dump_taken_earlier_is_judged_as_of_then(shell: Shell) -> None:
    """`--now` in any timezone moves the ages."""
    path = shell.file(DOWN, replica_set(3, 0), looping("api-1"))
    for now, age in (("2026-03-02T12:00:00Z", "1m"), ("2026-03-02T16:59:00+01:00", "4h")):
        done = shell.run("check", "-f", path, "--now", now, "-o", "wide")
        assert f"since {age}" in done.out


NASTY = "a\x1b[31m\x1b]0;owned\x07\r\n\x9b2J\x00\u202e\u2028\x7fz"


@pytest.mark.parametrize("output", ["text", "wide", "json", "name"])
def test_no_control_character_reaches_the_terminal(shell: Shell, output: str) -> None:
    """Names, reasons and messages come from whoever may create objects."""
    ill = pod(
        NASTY,
        ready=False,
        phase="Failed",
        reason=NASTY,
        message=NASTY,
        containers=[container(NASTY, state=waiting("ErrImagePull", NASTY))],
    )
    space = {**named(DOWN, NASTY, NASTY)}
    odd_event = event(space["metadata"]["uid"], NASTY, message=NASTY, kind=NASTY)
    other = {"kind": f"{NASTY}Thing", "metadata": {"name": NASTY}}
    for objects in ([ill], [ill, space, odd_event, other], [{"kind": f"{NASTY}List", "items": 3}]):
        done = shell.check(*objects, options=("-o", output))
        for line in (done.out + done.err).removesuffix("\n").split("\n"):
            assert line.isprintable(), line


def test_lone_surrogate_can_be_printed(shell: Shell) -> None:
    """JSON can hold what UTF-8 cannot."""
    for output in ("text", "wide", "json", "name"):
        assert shell.check(named(DOWN, "a\ud800"), options=("-o", output)).code == 1


def test_text_that_a_terminal_cannot_encode_is_replaced(tmp_path: Path) -> None:
    """A message with an ellipsis on an ASCII terminal is no reason to break off."""
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(named(DOWN, "caf\u00e9\u2026")), encoding="utf-8")
    done = process(tmp_path, "check", "-f", str(path), environ={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, "caf" in done.stdout) == (1, True), done.stderr


def on_a_terminal(home: Path, *argv: str, environ: dict[str, str] | None = None) -> str:
    """What a command prints where its standard output is a terminal."""
    ours, theirs = os.openpty()
    try:
        done = process(home, *argv, environ=environ, stdout=theirs)
        assert done.stderr == ""
        return os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_colour_is_for_terminals_that_want_it(
    tmp_path: Path, environ: dict[str, str], coloured: bool
) -> None:
    """NO_COLOR is honoured where it is not empty, as no-color.org says."""
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(DOWN), encoding="utf-8")
    printed = on_a_terminal(tmp_path, "check", "-f", str(path), environ=environ)
    assert ("\x1b[31mdown" in printed) is coloured
    assert ("\x1b" in printed) is coloured


def test_no_colour_where_there_is_no_terminal(shell: Shell) -> None:
    """A pipe gets plain text."""
    assert "\x1b" not in shell.check(DOWN).out


@pytest.mark.parametrize("count", [1, 2000], ids=["small", "large"])
@pytest.mark.parametrize("output", ["text", "json", "nagios"])
def test_broken_pipe_ends_it_quietly(tmp_path: Path, count: int, output: str) -> None:
    """`| head -1`: no complaint, whether it notices while it prints or when it ends."""
    path = tmp_path / "dump.json"
    path.write_text(
        "".join(json.dumps(named(DOWN, f"a{number}")) for number in range(count)), "utf-8"
    )
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        done = process(tmp_path, "check", "-f", str(path), "-o", output, stdout=theirs)
    finally:
        os.close(theirs)
    assert done.stderr == ""
    # A verdict that nobody read is no success.
    assert done.returncode == (3 if output == "nagios" else 141)


def test_closed_standard_output_and_input_are_no_bug(tmp_path: Path) -> None:
    """Some supervisors start commands with neither; a verdict that is not told is no success."""
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(UP), encoding="utf-8")
    command = f'exec "{sys.executable}" -m k8s_heartbeat check -f'
    for tail, code in ((f'"{path}" >&-', 3), ("- <&-", 3), (f'"{path}" -o nagios >&-', 3)):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command} {tail}"],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == code


def test_ctrl_c_gives_130(shell: Shell) -> None:
    """While it waits for standard input, say."""

    class Interrupted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise KeyboardInterrupt

    shell.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Interrupted(), "utf-8"))
    assert main(["check", "-f", "-"]) == 130


@pytest.mark.parametrize(
    ("objects", "options", "code"),
    [([UP], [], 0), ([DOWN], [], 1), ([UP], ["--for", "x"], 2), ([], [], 3)],
)
def test_process_ends_with_the_code(
    tmp_path: Path, objects: list[Manifest], options: list[str], code: int
) -> None:
    """What a function returns is what a shell sees, results and errors on their own streams."""
    text = "".join(map(json.dumps, objects))
    done = process(tmp_path, "check", "-f", "-", *options, stdin=text)
    assert done.returncode == code
    assert bool(done.stdout) is (code < 2)
    assert bool(done.stderr) is (code >= 2)


@pytest.mark.parametrize("path", ["none.json", "-"])
def test_debug_shows_a_traceback_and_keeps_the_code(tmp_path: Path, path: str) -> None:
    """A script that watches the code is not told that something is down."""
    done = process(tmp_path, "--debug", "check", "-f", path)
    assert "Traceback" in done.stderr
    assert done.returncode == 3


@pytest.mark.parametrize("output", ["text", "wide", "json", "name"])
def test_dump_is_judged_without_the_libraries_of_a_server(tmp_path: Path, output: str) -> None:
    """Neither falcon nor kubernetes, nor PyYAML for JSON, is imported."""
    dump = json.dumps(DOWN) + json.dumps(stateful_set()) + json.dumps(looping("api-1"))
    code = (
        "import sys\n"
        "from k8s_heartbeat.entrypoints.cli import main\n"
        f"assert main(['check', '-f', '-', '-o', '{output}']) == 1\n"
        "heavy = {'falcon', 'kubernetes', 'waitress', 'cachetools', 'msgspec', 'urllib3', 'yaml'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=dump,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_live_check_without_a_cluster_names_where_it_looked(shell: Shell) -> None:
    """3: nothing could be judged because nothing could be read."""
    done = shell.run("check", "deployment/api")
    assert done.code == 3
    for place in ("KUBECONFIG", ".kube/config", "-f FILE"):
        assert place in done.err


CASES = Path(__file__).parents[2] / "cases"
FORMS: dict[str, tuple[int, str]] = {
    "m01-powershell-utf16le-json.json": (1, "1 of 2 failing; worst: Deployment shop/pay"),
    "m04-warning-before-json.json": (3, "its objects begin at line 3; before them it says"),
    "m07-gzip.json.gz": (1, "1 of 2 failing; worst: Deployment shop/pay"),
    "m10-watch-events-stream.json": (1, "1 of 2 failing; worst: Deployment shop/pay"),
    "m12-api-status-object.json": (3, 'deployments.apps "front" not found'),
    "m16-get-all-list.json": (0, "all 5 are doing their job"),
    "m25-plural-in-a-dump.json": (0, "its condition Ready is True"),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_shells_and_kubectl_leave_in_files_is_read_or_named(shell: Shell, form: str) -> None:
    """Whoever is paged saves a dump in whatever way is at hand."""
    code, said = FORMS[form]
    done = shell.run("check", "-f", str(CASES / form), *AT)
    assert done.code == code
    assert said in done.out + done.err
