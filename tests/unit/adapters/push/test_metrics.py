"""The text format that a Pushgateway gets."""

from __future__ import annotations

from k8s_heartbeat.adapters.push.metrics import metrics_of
from k8s_heartbeat.core import Health
from tests.builders import NOW

from .reports import report, verdict


def samples(text: str) -> dict[str, str]:
    """The samples by their names and labels; each stands once."""
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    found = {name: value for name, _, value in lines}
    assert len(found) == len(lines)
    return found


def test_each_object_and_the_report_itself() -> None:
    """By the names that the service exports too."""
    down = verdict(Health.DOWN, desired=3, available=0, since=NOW)
    found = samples(metrics_of(report(down, verdict(Health.HEALTHY, "web"))))
    api = 'namespace="shop",kind="deployment",name="api"'
    assert found[f"k8s_heartbeat_up{{{api}}}"] == "0"
    assert found[f'k8s_heartbeat_status{{{api},status="down"}}'] == "1"
    assert found[f'k8s_heartbeat_status{{{api},status="healthy"}}'] == "0"
    assert found[f'k8s_heartbeat_reason_info{{{api},reason="Because"}}'] == "1"
    assert found[f"k8s_heartbeat_replicas_desired{{{api}}}"] == "3"
    assert found[f"k8s_heartbeat_replicas_available{{{api}}}"] == "0"
    stamp = f"{NOW.timestamp():.0f}"
    assert found[f"k8s_heartbeat_since_seconds{{{api}}}"] == stamp
    assert found['k8s_heartbeat_up{namespace="shop",kind="deployment",name="web"}'] == "1"
    assert found["k8s_heartbeat_push_up"] == "0"
    assert found['k8s_heartbeat_push_status{status="down"}'] == "1"
    assert found["k8s_heartbeat_push_timestamp_seconds"] == stamp
    assert metrics_of(report(down)).endswith("\n")


def test_without_objects_it_still_says_that_it_is_unknown() -> None:
    """An empty group is no good news, and replaces what was good."""
    found = samples(metrics_of(report()))
    assert found["k8s_heartbeat_push_up"] == "0"
    assert found['k8s_heartbeat_push_status{status="unknown"}'] == "1"
    assert not any(name.startswith("k8s_heartbeat_up") for name in found)


def test_of_objects_with_the_same_labels_the_worse_one_counts() -> None:
    """A duplicate would be refused; which one comes first must not decide."""
    good, bad = verdict(Health.HEALTHY, reason="Fine"), verdict(Health.UNKNOWN, reason="Gone")
    for told in (report(good, bad), report(good, uncounted=[bad])):
        found = samples(metrics_of(told))
        api = 'namespace="shop",kind="deployment",name="api"'
        assert found[f"k8s_heartbeat_up{{{api}}}"] == "0"
        assert found[f'k8s_heartbeat_status{{{api},status="unknown"}}'] == "1"
        assert f'k8s_heartbeat_reason_info{{{api},reason="Fine"}}' not in found


def test_a_kind_of_another_project_bears_its_group() -> None:
    """Knative's Service is not the cluster's."""
    knative = verdict(Health.DOWN, kind="Service", api_version="serving.knative.dev/v1")
    plain = verdict(Health.HEALTHY, kind="Service", api_version="v1")
    found = samples(metrics_of(report(knative, plain)))
    knatives = 'namespace="shop",kind="service.serving.knative.dev",name="api"'
    assert found[f"k8s_heartbeat_up{{{knatives}}}"] == "0"
    assert found['k8s_heartbeat_up{namespace="shop",kind="service",name="api"}'] == "1"


def test_a_component_is_an_object_too() -> None:
    """With the verdict on the whole."""
    found = samples(metrics_of(report(verdict(Health.DOWN), component="checkout")))
    assert found['k8s_heartbeat_up{namespace="",kind="component",name="checkout"}'] == "0"


def test_labels_are_escaped() -> None:
    """Whatever a custom resource states as its reason."""
    odd = verdict(Health.DOWN, reason='a"b\\c\nd')
    assert r'reason="a\"b\\c\nd"' in metrics_of(report(odd))
