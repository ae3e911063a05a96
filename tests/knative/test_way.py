"""The way from zero, part by part, beside the least that any program takes."""

from __future__ import annotations

import copy
from statistics import median

import pytest
import yaml

from tests.knative import serving
from tests.knative.served import SHOP, UP, WEB, Served
from tests.knative.way import Way, from_zero, table
from tests.node.service import DEPLOY

pytestmark = pytest.mark.node

ROUNDS = 5
MOST = 2.5
"""How many times the floor's way ours may be: 1.2 to 1.7 times where nothing else runs, and more
where something does, as ours is the one that takes the processor."""
MOST_OURS = 1.2
"""How long the program's own parts may take, beside the floor's whole way; some half of it."""


@pytest.fixture
def floor(service: Served) -> Served:
    """The same Knative Service, but for the program in it."""
    rendered = service.cluster.kubectl("kustomize", str(DEPLOY / "overlays" / "knative"))
    objects = [it for it in yaml.safe_load_all(rendered) if it["kind"] == "Service"]
    (manifest,) = copy.deepcopy(objects)
    manifest["metadata"]["name"] = "floor"
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    container |= {"image": serving.image_of("floor"), "command": ["/floor"]}
    service.cluster.apply(manifest)
    served = Served(service.cluster, service.gateway, name="floor", token=service.token)
    served.wait_ready()
    return served


def test_most_of_the_way_from_zero_is_the_platforms(
    service: Served, floor: Served, figures: list[str]
) -> None:
    """Both go to zero at the same time and are asked one after the other, in turns."""
    paths = {service: UP, floor: f"/apis/apps/v1/namespaces/{SHOP}/daemonsets/{WEB}"}
    ways: dict[str, list[Way]] = {served.name: [] for served in paths}
    for number in range(ROUNDS):
        for served in paths:
            served.wait_zero()
        for served in (service, floor) if number % 2 else (floor, service):
            way = from_zero(served, paths[served])
            assert way.answer.code == 200
            ways[served.name].append(way)
    figures += table(ways)
    ratios = [ours.total / least.total for ours, least in zip(*ways.values(), strict=True)]
    figures.append(f"all of it, beside the floor: {median(ratios):.2f} times")
    assert median(ratios) < MOST
    own = [ours.ours / least.total for ours, least in zip(*ways.values(), strict=True)]
    assert median(own) < MOST_OURS
