"""The end of a pod: queue-proxy drains it, then it is told to stop."""

from __future__ import annotations

import time

import pytest

from tests.knative.served import UP, Served
from tests.node.load import Load

pytestmark = pytest.mark.node


def test_a_pod_answers_what_it_was_sent_before_it_stops(
    service: Served, figures: list[str]
) -> None:
    """The only one is deleted under load: requests wait for the next one, and none is lost."""
    assert service.ask(UP).code == 200
    (pod,) = service.pods()
    name = pod["metadata"]["name"]
    with Load(service.gateway, service.token, [UP], host=service.host) as load:
        load.goes_on(service.cluster)
        deleted = time.time()
        service.cluster.delete("Pod", service.namespace, name)

        def stopped() -> dict[str, float] | None:
            said = {line["message"]: at for at, line in service.log(pod)}
            return said if "stopped" in said else None

        said = service.cluster.wait_until(stopped, 60, f"{name} says that it stopped")
        load.goes_on(service.cluster)
    told = next(at for message, at in said.items() if message.startswith("stopping"))
    last = max(at for message, at in said.items() if message.startswith("GET"))
    figures.append(
        f"the only pod deleted under load: told to stop after {told - deleted:.1f} s, its last "
        f"answer after {last - deleted:.2f} s, stopped {said['stopped'] - told:.2f} s later: {load}"
    )
    assert load.lost == []
    # It is told only once queue-proxy has nothing more for it.
    assert last < told
    assert "unanswered" not in str(said)
