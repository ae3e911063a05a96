"""More pods and fewer, and new revisions, while clients ask: nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.plane import Manifest
from tests.knative.served import DOWN, UP, Served, annotated, is_ready, variable
from tests.node.load import Load

pytestmark = pytest.mark.node

REVISION = "serving.knative.dev/revision"
OWN = "/api/healthz/k8s-heartbeat/services.serving.knative.dev/k8s-heartbeat"
"""What the service is asked about itself."""


@pytest.fixture(autouse=True)
def restored(service: Served, folder: Path, own_image: str) -> Iterator[None]:
    """The overlay as it is shipped, again at the end."""
    yield
    service.deploy(folder, own_image)


def load(service: Served, clients: int) -> Load:
    """So many clients that ask through the gateway for what is up and what is not."""
    return Load(
        service.gateway,
        service.token,
        [UP, DOWN],
        clients=clients,
        wanted=(200, 503),
        host=service.host,
    )


def test_it_grows_and_shrinks_without_losing_a_request(
    service: Served, folder: Path, own_image: str, figures: list[str]
) -> None:
    """More clients than a pod is to have, then one alone."""
    service.deploy(
        folder, own_image, annotated(autoscaling__target="1", autoscaling__max_scale="4")
    )

    def count() -> int:
        return len([pod for pod in service.pods() if is_ready(pod)])

    began = time.monotonic()
    with load(service, 1) as one:
        with load(service, 12) as many:
            service.cluster.wait_until(lambda: count() > 1, 60, "there are more pods")
            grown = time.monotonic() - began
            many.goes_on(service.cluster)
            most = count()
        service.cluster.wait_until(lambda: count() == 1, 90, "there is one pod again")
        one.goes_on(service.cluster)
    figures.append(
        f"scaled to {most} pods under load, the second after {grown:.1f} s: {many}; and to one "
        f"again: {one}"
    )
    assert (many.lost, one.lost) == ([], [])
    assert {*many.codes} == {200, 503}


def test_a_new_revision_takes_over_without_losing_a_request(
    service: Served, folder: Path, own_image: str, figures: list[str]
) -> None:
    """The old one's pods answer what they were sent."""
    before = service.revision
    with load(service, 4) as running:
        running.goes_on(service.cluster)
        took, _ = service.deploy(folder, own_image, variable("HEARTBEAT_DETAIL", "full"))
        running.goes_on(service.cluster)
        service.cluster.wait_until(
            lambda: not service.cluster.objects("Pod", service.namespace, f"{REVISION}={before}"),
            90,
            "the old revision has no pods",
        )
        running.goes_on(service.cluster)
    figures.append(f"a new revision under load, Ready after {took:.1f} s: {running}")
    assert service.revision != before
    assert running.lost == []


def test_a_revision_that_does_not_start_is_told_of_itself(
    service: Served, folder: Path, own_image: str, figures: list[str]
) -> None:
    """The old one still answers, and says that its own Knative Service is not well."""
    good = service.revision
    assert service.ask(OWN).body["status"] == "healthy"
    wrong = variable("HEARTBEAT_CACHE_TTL", "soon")
    # By default Knative gives a revision ten minutes before it calls it failed.
    deadline = annotated(serving__progress_deadline="20s")
    service.deploy(folder, own_image, deadline, wrong, wait=False)

    def told() -> Manifest | None:
        body = service.ask(OWN).body
        is_settled = body["status"] != "healthy" and body["activity"] != "progressing"
        return body if is_settled else None

    body = service.cluster.wait_until(told, 60, "it is told")
    bad = service.get()["status"]["latestCreatedRevisionName"]
    figures.append(f"{bad} does not start: {body['status']}, {body['reason']}: {body['message']}")
    assert service.revision == good != bad
    assert (body["status"], body["up"], body["reason"]) == ("degraded", True, "RevisionFailed")
