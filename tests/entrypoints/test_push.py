"""`push` as a process, between an API server and receivers of every form."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Manifest, deployment
from tests.servers.api_server import PATIENCE, ApiServer, Behaviour, until
from tests.servers.faults import closed_port, forbidden, hang
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import environment, run
from tests.servers.receiver import (
    CHECK,
    GATUS_TOKEN,
    KEY,
    PUSH_TOKEN,
    Answered,
    Form,
    Pushed,
    Receiver,
    any_webhook,
    gatus,
    healthchecks,
    says,
    uptime_kuma,
)
from tests.servers.receiver import hang as hang_up

PUSH = ("-m", "k8s_heartbeat", "push")
API = ("deployment/api", "-n", "shop")
PLACES: dict[str, tuple[Form, str]] = {
    "healthchecks": (healthchecks, f"/ping/{CHECK}"),
    "uptime-kuma": (uptime_kuma, f"/api/push/{PUSH_TOKEN}?status=up&msg=OK&ping="),
    "gatus": (gatus, f"/api/v1/endpoints/{KEY}/external"),
    "webhook": (any_webhook, "/hooks/hook-secret-5b1c"),
}
GOOD: dict[str, Callable[[Pushed], bool]] = {
    "healthchecks": lambda pushed: not pushed.path.endswith("/fail"),
    "uptime-kuma": lambda pushed: pushed.query["status"] == "up",
    "gatus": lambda pushed: pushed.query["success"] == "true",
    "webhook": lambda pushed: json.loads(pushed.body)["outcome"] == "up",
}
SECRETS = (CHECK, PUSH_TOKEN, GATUS_TOKEN, "hook-secret-5b1c")
every_form = pytest.mark.parametrize("form", list(PLACES))
DOWN: Manifest = deployment(3, 0, conditions=[])
MALFORMED: Manifest = {**deployment(), "status": "up"}


def variables(home: Path, server: str, form: str, receiver: Receiver) -> dict[str, str]:
    """An environment with the cluster and the receiver."""
    path = write_kubeconfig(home / "config", kubeconfig(server))
    return {
        "KUBECONFIG": str(path),
        "HEARTBEAT_TIMEOUT": "500ms",
        "HEARTBEAT_PUSH_URL": receiver.url + PLACES[form][1],
        "HEARTBEAT_PUSH_AS": form,
        **({"HEARTBEAT_PUSH_TOKEN": GATUS_TOKEN} if form == "gatus" else {}),
    }


def once(
    home: Path, server: str, form: str, *arguments: str, **changes: str
) -> tuple[subprocess.CompletedProcess[str], Receiver]:
    """Push once to a receiver of this form."""
    with Receiver(PLACES[form][0]) as receiver:
        told = variables(home, server, form, receiver) | changes
        done = run(home, *PUSH, *(arguments or API), **told)
    printed = done.stdout + done.stderr
    assert not [secret for secret in SECRETS if secret in printed]
    assert "Traceback" not in printed
    return done, receiver


@every_form
@pytest.mark.parametrize(
    ("objects", "word"),
    [([deployment()], "up"), ([deployment(3, 2)], "up"), ([DOWN], "down"), ([], "down")],
    ids=["healthy", "degraded", "down", "missing"],
)
def test_each_verdict_is_reported(
    home: Path, form: str, objects: list[Manifest], word: str
) -> None:
    """Exit 0: it was delivered, whatever it says."""
    with ApiServer(objects) as api:
        done, receiver = once(home, api.url, form)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{word}, reported to {form}: Deployment shop/api: ")
    (taken,) = receiver.taken
    assert GOOD[form](taken) is (word == "up")


def refused(exchange: Any) -> None:
    """The API server forbids it."""
    forbidden(exchange)


def malformed(exchange: Any) -> None:
    """The object is none that the rules can read."""
    exchange.json(200, MALFORMED)


@every_form
@pytest.mark.parametrize("behaviour", [hang, refused, malformed], ids=["hangs", "403", "malformed"])
def test_what_cannot_be_judged_is_unknown_or_withheld(
    home: Path, api: ApiServer, form: str, behaviour: Behaviour
) -> None:
    """Exit 3 everywhere; a webhook is told, the others hear nothing."""
    api.behave("/apis/apps/v1/namespaces/shop/deployments", behaviour)
    done, receiver = once(home, api.url, form)
    assert (done.returncode, done.stdout) == (3, "")
    if form != "webhook":
        assert receiver.pushed == []
        assert done.stderr.startswith(f"k8s-heartbeat: unknown, withheld from {form}: Deployment")
        return
    (taken,) = receiver.taken
    body = json.loads(taken.body)
    assert (body["outcome"], body["status"], body["up"]) == ("unknown", "unknown", False)
    assert (body["kind"], body["namespace"], body["name"]) == ("Deployment", "shop", "api")


@every_form
def test_an_api_server_that_is_away_is_unknown(home: Path, form: str) -> None:
    """Of a whole namespace too."""
    with closed_port() as away:
        done, receiver = once(home, away, form, "-n", "shop")
    assert done.returncode == 3
    assert len(receiver.taken) == (form == "webhook")
    if form == "webhook":
        body = json.loads(receiver.taken[0].body)
        assert body["outcome"] == body["status"] == "unknown"
        assert (body["kind"], body["name"], body["reason"]) == ("Namespace", "shop", "Unreadable")


def test_a_group_that_is_partly_unread_is_withheld(home: Path, api: ApiServer) -> None:
    """Unless what was read is bad news already."""
    api.behave("/apis/apps/v1/namespaces/shop/statefulsets", refused)
    done, receiver = once(home, api.url, "healthchecks", "deploy,sts", "-n", "shop")
    assert (done.returncode, receiver.pushed) == (3, [])
    api.objects = [DOWN]
    done, receiver = once(home, api.url, "healthchecks", "deploy,sts", "-n", "shop")
    assert (done.returncode, len(receiver.taken)) == (0, 1)
    assert receiver.taken[0].path.endswith("/fail")


def test_the_policy_of_check_is_that_of_push(home: Path) -> None:
    """--fail-on and --for too."""
    with ApiServer([deployment(3, 2)]) as api:
        done, receiver = once(home, api.url, "webhook", *API, "--fail-on", "degraded")
    assert done.stdout.startswith("down, reported to webhook")
    body = json.loads(receiver.taken[0].body)
    assert (body["outcome"], body["status"], body["up"]) == ("down", "degraded", True)


@every_form
def test_a_dump_is_pushed_on_the_same_terms(home: Path, form: str) -> None:
    """Without a cluster, a kubeconfig and a library."""
    (home / "dump.json").write_text(json.dumps(DOWN), "utf-8")
    arguments = ("-S", *PUSH, "-f", "dump.json")
    with Receiver(PLACES[form][0]) as receiver:
        told = variables(home, "http://127.0.0.1:1", form, receiver)
        source = Path(__file__).parents[2] / "src"
        done = run(home, *arguments, **told, PYTHONPATH=str(source))
    assert (done.returncode, done.stderr) == (0, "")
    assert GOOD[form](receiver.taken[0]) is False
    with Receiver(PLACES[form][0]) as receiver:
        told = variables(home, "http://127.0.0.1:1", form, receiver)
        done = run(home, *PUSH, "-f", "no-dump.json", **told)
    assert done.returncode == 3
    assert len(receiver.taken) == (form == "webhook")


def test_a_receiver_that_refuses_is_exit_3(home: Path, api: ApiServer) -> None:
    """Without a word of the token that it was given."""
    wrong = "another-token-of-the-tests"
    done, receiver = once(home, api.url, "gatus", HEARTBEAT_PUSH_TOKEN=wrong)
    assert done.returncode == 3
    assert done.stderr == (
        "k8s-heartbeat: gatus did not take the report: it answered 401: invalid token\n"
    )
    assert len(receiver.pushed) == 1


@pytest.mark.parametrize("answer", [b"OK (not found)", b"OK (rate limited)", b"Welcome"])
def test_another_answer_of_healthchecks_is_exit_3(
    home: Path, api: ApiServer, answer: bytes
) -> None:
    """Each is a 200, and one line says what came."""
    with Receiver(lambda _: Answered(200, answer)) as receiver:
        told = variables(home, api.url, "healthchecks", receiver)
        told.pop("HEARTBEAT_PUSH_AS", None)
        done = run(home, *PUSH, *API, **told)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"k8s-heartbeat: healthchecks did not take the report: it answered 200: {answer.decode()}\n"
    )


def test_a_page_is_no_receipt(home: Path, api: ApiServer) -> None:
    """Uptime Kuma answers 200 at any path."""
    with Receiver(lambda _: Answered(200, b"<!DOCTYPE html>")) as receiver:
        told = variables(home, api.url, "uptime-kuma", receiver)
        done = run(home, *PUSH, *API, **told)
    assert (done.returncode, done.stdout) == (3, "")


def test_secrets_may_be_in_files(home: Path, api: ApiServer) -> None:
    """Both the URL and the token, with the line end of an editor."""
    with Receiver(gatus) as receiver:
        told = variables(home, api.url, "gatus", receiver)
        for name in ("HEARTBEAT_PUSH_URL", "HEARTBEAT_PUSH_TOKEN"):
            path = home / name
            path.write_text(told.pop(name) + "\n", "utf-8")
            told[f"{name}_FILE"] = str(path)
        done = run(home, *PUSH, *API, **told)
    assert (done.returncode, len(receiver.taken)) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the URL to report to with --to, HEARTBEAT_PUSH_URL or"),
        (("--to", "example.com"), "--to: its value is not an http:// or https:// URL"),
        (("--to", "https://example.com/a"), "--to: the form of the receiver does not follow"),
        (("--to", "https://a.example/b", "--as", "mail"), "--as: 'mail' is not healthchecks"),
        (("--to", "https://a.example/b", "--as", "gatus"), "--to: the URL does not fit gatus"),
        (
            ("--to", "https://a.example/api/v1/endpoints/a_b/external"),
            "HEARTBEAT_PUSH_TOKEN: gatus asks for",
        ),
        (("--to", "https://hc-ping.com/a", "--every", "60"), "--every: '60' is not a Go duration"),
        (
            ("--to", "https://hc-ping.com/a", "--every", "60s", "-f", "-"),
            "--every: a dump does not change",
        ),
        (("--to", "https://hc-ping.com/a", "-A", "-n", "shop"), "give --namespace or"),
        (("--to", "https://hc-ping.com/a", "sprockets/api"), "sprockets"),
    ],
)
def test_a_wrong_command_line_is_exit_2(
    home: Path, api: ApiServer, arguments: tuple[str, ...], message: str
) -> None:
    """In one line, before anything is sent."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    done = run(home, *PUSH, *arguments, KUBECONFIG=str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@contextmanager
def pushing(home: Path, told: dict[str, str], *arguments: str) -> Generator[subprocess.Popen[str]]:
    """`push` in the background; what it prints goes to `push.log`."""
    log = home / "push.log"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, *PUSH, *arguments],
            cwd=home,
            env=environment(home, **told),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def lines(home: Path) -> list[dict[str, Any]]:
    """The log of `pushing`."""
    return [json.loads(line) for line in (home / "push.log").read_text("utf-8").splitlines()]


def test_every_so_often_until_it_is_stopped(home: Path, api: ApiServer) -> None:
    """What changes is reported, a fault is got over, and the log has no secret."""
    with Receiver(healthchecks) as receiver:
        told = variables(home, api.url, "healthchecks", receiver)
        receiver.faults = [says(403)]
        with pushing(home, told, *API, "--every", "1s") as process:
            until(lambda: len(receiver.taken) >= 1, "good news")
            api.objects = [DOWN]
            until(lambda: lines(home)[-1]["message"].startswith("down"), "bad news in the log")
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
    messages = [str(line["message"]) for line in lines(home)]
    assert [text.partition(":")[0] for text in messages if "reading the cluster" not in text] == [
        "reporting to healthchecks every 1s",
        "healthchecks did not take the report",
        "healthchecks takes reports again, after 1 failure",
        "up, reported to healthchecks",
        "down, reported to healthchecks",
    ]
    assert CHECK not in (home / "push.log").read_text("utf-8")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)]
)
@pytest.mark.parametrize("hanging", ["cluster", "receiver", "nothing"])
def test_a_stop_is_heeded_at_once(
    home: Path, api: ApiServer, number: signal.Signals, code: int, hanging: str
) -> None:
    """Whatever it waits for."""
    if hanging == "cluster":
        api.behave("/apis/apps/v1/namespaces/shop/deployments", hang)
    with Receiver(healthchecks) as receiver:
        told = variables(home, api.url, "healthchecks", receiver)
        told |= {"HEARTBEAT_TIMEOUT": "1m", "HEARTBEAT_PUSH_TIMEOUT": "1m"}
        receiver.faults = [hang_up] * (hanging == "receiver")
        with pushing(home, told, *API, "--every", "1h") as process:
            if hanging == "cluster":
                api.wait_for(1)
            else:
                receiver.wait_for(1)
            process.send_signal(number)
            assert process.wait(PATIENCE / 2) == code
    assert "Traceback" not in (home / "push.log").read_text("utf-8")


def test_a_push_that_is_stopped_did_not_report(home: Path, api: ApiServer) -> None:
    """Its exit code must not say that it did."""
    with Receiver(healthchecks) as receiver:
        receiver.faults = [hang_up]
        told = variables(home, api.url, "healthchecks", receiver)
        with pushing(home, told | {"HEARTBEAT_PUSH_TIMEOUT": "1m"}, *API) as process:
            receiver.wait_for(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE / 2) == 143
