"""Who asks, seen through gateway, activator and queue-proxy; and what is remembered of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.knative.served import UP, Served, variable
from tests.node.namespace import NETWORK
from tests.servers.redis_server import RedisServer

pytestmark = pytest.mark.node

PODS = [f"{NETWORK}.{part}" for part in ("16/28", "32/27", "64/26", "128/25")]
"""The networks of the pods, without the nodes, which the clients are in these tests."""
PROXIES = variable("HEARTBEAT_TRUSTED_PROXIES", ",".join(["127.0.0.1", *PODS]))
ONE, OTHER = f"{NETWORK}.1", f"{NETWORK}.2"
FORGED = "203.0.113.9"
LIMIT = 10
"""Wrong tokens that an address may try in a minute."""


@pytest.fixture(scope="module")
def known(service: Served, folder: Path, own_image: str) -> Iterator[Served]:
    """The service that knows its proxies."""
    service.deploy(folder, own_image, PROXIES)
    yield service
    service.deploy(folder, own_image)


def guess(served: Served, count: int) -> list[int]:
    """The codes that so many wrong tokens from one address get."""
    wrong = (f"a-guess-that-is-wrong-{number}" for number in range(count))
    return [served.ask(UP, source=ONE, token=token).code for token in wrong]


def test_clients_are_told_apart_by_their_own_addresses(known: Served) -> None:
    """And not by what they say of themselves."""
    for source in (ONE, OTHER):
        assert known.ask(UP, source=source, X_Forwarded_For=FORGED).code == 200
    (pod,) = known.pods()

    def clients() -> list[str]:
        return [line["client"] for _, line in known.log(pod) if line.get("path") == UP][-2:]

    known.cluster.wait_until(lambda: clients() == [ONE, OTHER], what="both are in the log")


def test_wrong_tokens_shut_out_their_own_client_alone_until_the_pod_is_gone(known: Served) -> None:
    """What a pod has counted goes with it: after zero the count begins anew."""
    assert guess(known, LIMIT + 2) == [401] * LIMIT + [429] * 2
    assert known.ask(UP, source=OTHER).code == 200
    known.wait_zero()
    assert guess(known, 1) == [401]


@pytest.fixture
def redis(known: Served, tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the service's pods reach."""
    assert known.gateway
    with RedisServer(tmp_path, password="of-the-tests", host=ONE) as server:
        yield server


def test_with_redis_the_count_outlives_the_pod(
    known: Served, redis: RedisServer, folder: Path, own_image: str
) -> None:
    """All pods count together, those that come later too."""
    storage = variable("HEARTBEAT_RATE_LIMIT_STORAGE", redis.url)
    # Longer than it takes to get to zero and back.
    period = variable("HEARTBEAT_FAILED_AUTH_PERIOD", "10m")
    known.deploy(folder, own_image, PROXIES, storage, period)
    assert guess(known, LIMIT + 1) == [401] * LIMIT + [429]
    known.wait_zero()
    assert guess(known, 1) == [429]
    assert known.ask(UP, source=OTHER).code == 200
