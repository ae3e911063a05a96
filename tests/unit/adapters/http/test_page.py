"""What the status page says in words, and the commands that it offers."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Any

import pytest

from k8s_heartbeat.adapters.http.page.filters import Filters
from k8s_heartbeat.adapters.http.page.kubectl import commands_for, kind_word
from k8s_heartbeat.adapters.http.page.phrases import age, moment_of, phrase, plain
from k8s_heartbeat.core import Activity, Assessment, Health
from k8s_heartbeat.core.selectors import LabelSelector, parse_selector
from tests.builders import NOW


def judged(
    kind: str, name: str = "api", *, namespace: str = "shop", version: str = ""
) -> Assessment:
    """A verdict that is bad."""
    return Assessment(
        Health.DOWN,
        Activity.STEADY,
        up=False,
        reason="Bad",
        message="it is bad",
        kind=kind,
        namespace=namespace,
        name=name,
        api_version=version,
    )


def cause(reason: str, kind: str = "Pod", **fields: Any) -> dict[str, Any]:
    """A cause as the API has it."""
    return {"reason": reason, "kind": kind, "count": 1, **fields}


def lines(
    item: Assessment, *causes: dict[str, Any], selector: LabelSelector | None = None
) -> list[str]:
    """The commands without their explanation."""
    return [command.line for command in commands_for(item, causes, selector)]


POD = {"name": "api-1", "container": "app"}
SELECTOR = parse_selector("app=api,tier in (a,b)")


@pytest.mark.parametrize(
    ("item", "causes", "selector", "expected"),
    [
        (
            judged("Deployment"),
            [cause("CrashLoopBackOff", **POD)],
            SELECTOR,
            [
                "describe deployment api -n shop",
                "logs api-1 -c app --previous -n shop",
                "describe pod api-1 -n shop",
                "get pods -o wide -l 'app=api,tier in (a,b)' -n shop",
                "events --for deployment/api -n shop",
            ],
        ),
        (
            judged("Deployment"),
            [cause("Init:Error", container="app")],
            None,
            [
                "describe deployment api -n shop",
                "logs deployment/api -c app --previous -n shop",
                "events --for deployment/api -n shop",
            ],
        ),
        (
            judged("StatefulSet"),
            [cause("NotReady", name="db-0"), cause("Unschedulable", name="db-1")],
            None,
            [
                "describe statefulset api -n shop",
                "logs db-0 --all-containers --tail=50 -n shop",
                "describe pod db-0 -n shop",
                "describe pod db-1 -n shop",
                "get nodes -o wide",
                "events --for statefulset/api -n shop",
            ],
        ),
        (
            judged("Deployment"),
            [cause("ProgressDeadlineExceeded", "Deployment", name="api")],
            None,
            [
                "describe deployment api -n shop",
                "rollout history deployment/api -n shop",
                "events --for deployment/api -n shop",
            ],
        ),
        (
            judged("CronJob"),
            [],
            None,
            [
                "describe cronjob api -n shop",
                "get jobs -n shop",
                "events --for cronjob/api -n shop",
            ],
        ),
        (
            judged("Service"),
            [],
            None,
            [
                "describe service api -n shop",
                "get endpointslices -l kubernetes.io/service-name=api -n shop",
                "events --for service/api -n shop",
            ],
        ),
        (
            judged("Node", "node-1", namespace="", version="v1"),
            [],
            None,
            ["describe node node-1", "events --for node/node-1 -n default"],
        ),
        (
            judged("Certificate", version="cert-manager.io/v1"),
            [],
            None,
            [
                "describe certificate.cert-manager.io api -n shop",
                "events --for certificate.cert-manager.io/api -n shop",
            ],
        ),
        (judged("Deployment", "--all"), [cause("Error", **POD)], SELECTOR, []),
        (judged("Deployment", "a;b"), [], None, []),
        (
            judged("Deployment"),
            [cause("Error", name="--all", container="$(reboot)")],
            None,
            ["describe deployment api -n shop", "events --for deployment/api -n shop"],
        ),
    ],
)
def test_commands_fit_the_kind_and_its_causes(
    item: Assessment,
    causes: list[dict[str, Any]],
    selector: LabelSelector | None,
    expected: list[str],
) -> None:
    """Each is one command to a shell, and none is offered for what can be no name."""
    found = lines(item, *causes, selector=selector)
    assert found == [f"kubectl {line}" for line in expected]
    for line in found:
        assert shlex.join(shlex.split(line)) == line


@pytest.mark.parametrize(
    ("kind", "version", "word"),
    [
        ("Deployment", "apps/v1", "deployment"),
        ("Deployment", "", "deployment"),
        ("Service", "v1", "service"),
        ("Service", "serving.knative.dev/v1", "service.serving.knative.dev"),
        ("Widget", "toys.example.com/v1", "widget.toys.example.com"),
        ("Widget", "v1", "widget"),
    ],
)
def test_a_kind_has_its_group_where_the_word_alone_means_another(
    kind: str, version: str, word: str
) -> None:
    """As kubectl takes it."""
    assert kind_word(kind, version) == word


@pytest.mark.parametrize(
    ("span", "ago", "clock"),
    [
        (timedelta(0), "0 s", "12:00 UTC"),
        (timedelta(seconds=59), "59 s", "11:59 UTC"),
        (timedelta(minutes=12), "12 min", "11:48 UTC"),
        (timedelta(hours=3, minutes=50), "3 h", "08:10 UTC"),
        (timedelta(hours=21), "21 h", "1 Mar, 15:00 UTC"),
        (timedelta(days=6), "6 d", "24 Feb, 12:00 UTC"),
        (timedelta(days=400), "400 d", "26 Jan 2025, 12:00 UTC"),
        (timedelta(seconds=-30), "0 s", "12:00 UTC"),
    ],
)
def test_a_moment_is_told_as_people_do(span: timedelta, ago: str, clock: str) -> None:
    """How long ago, and of the day where that is not today."""
    found = moment_of(NOW - span, NOW)
    assert found is not None
    assert (found.ago, found.clock) == (ago, clock)
    assert moment_of(None, NOW) is None


def test_a_text_stays_on_its_line_and_reads_from_left_to_right() -> None:
    """Whatever is in it."""
    assert plain("a\nb\t c") == "a b c"
    assert plain("a\u202eb\x1b\ud800") == "a\ufffdb\ufffd\ufffd"
    assert plain("größe, 大") == "größe, 大"


def test_reasons_in_plain_words() -> None:
    """One that is not known stays as it is."""
    assert phrase("CrashLoopBackOff") == "crash loop"
    assert phrase("Init:OOMKilled") == "init container: out of memory"
    assert phrase("SomethingElse") == "SomethingElse"
    assert (age(3.4), age(125)) == ("3 s", "2m5s")


def test_a_link_changes_one_filter_and_begins_at_the_first_page() -> None:
    """What is as it always is, is left out."""
    filters = Filters("shop", "Job", "down", "a&b", 3)
    assert filters.link(page=4) == "?namespace=shop&kind=Job&status=down&q=a%26b&page=4"
    assert filters.link(status="") == "?namespace=shop&kind=Job&q=a%26b"
    assert Filters().link() == "?"
