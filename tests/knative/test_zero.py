"""Checks that find no pod, and what becomes of them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.cluster.service import Answer
from tests.knative import polls, serving
from tests.knative.served import DOWN, MISSING, UP, Served

pytestmark = pytest.mark.node

AT_ONCE = 20
RIGHT = {UP: 200, DOWN: 503, MISSING: 404}


@pytest.fixture
def at_zero(service: Served) -> Served:
    """The service without a pod."""
    service.wait_zero()
    return service


def timed(figures: list[str], what: str, began: float) -> None:
    """Note how long something took."""
    figures.append(f"{what}: {time.monotonic() - began:.2f} s")


def test_a_head_from_zero_is_answered(at_zero: Served, figures: list[str]) -> None:
    """As most uptime monitors ask; the code is all that there is."""
    began = time.monotonic()
    answer = at_zero.ask(DOWN, "HEAD")
    timed(figures, "HEAD from zero", began)
    assert (answer.code, answer.body) == (503, {"text": ""})
    assert int(answer.headers["content-length"]) > 0


def test_a_token_in_the_query_from_zero_is_taken(at_zero: Served, figures: list[str]) -> None:
    """And a wrong one is not, however far away the answer is."""
    began = time.monotonic()
    answer = at_zero.ask(f"{UP}?token={at_zero.token}", token="")
    timed(figures, "?token= from zero", began)
    assert (answer.code, answer.body["up"]) == (200, True)
    assert at_zero.ask(f"{UP}?token=no{at_zero.token}", token="").code == 401


def test_many_checks_at_once_from_zero_are_all_answered_by_one_pod(
    at_zero: Served, figures: list[str]
) -> None:
    """Each with what is so, and none of them asks for a pod of its own."""
    together = Barrier(AT_ONCE)
    paths = [list(RIGHT)[number % len(RIGHT)] for number in range(AT_ONCE)]

    def ask(path: str) -> tuple[Answer, float]:
        together.wait()
        began = time.monotonic()
        return at_zero.ask(path), time.monotonic() - began

    with at_zero.new_pods() as pods, ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(ask, paths))
    assert [answer.code for answer, _ in answers] == [RIGHT[path] for path in paths]
    assert len(pods) == 1
    took = sorted(seconds for _, seconds in answers)
    figures.append(
        f"{AT_ONCE} checks at once from zero: all answered by {len(pods)} pod, after "
        f"{took[0]:.2f} to {took[-1]:.2f} s"
    )


def test_what_looks_like_a_probe_is_answered_by_knative(at_zero: Served) -> None:
    """With 200, whatever it asks for; that it is no verdict shows in what is not there."""
    answer = at_zero.ask(MISSING, token="", User_Agent="kube-probe/1.37")
    assert answer.code == 200
    assert "heartbeat-status" not in answer.headers
    assert at_zero.pods() == []
    answer = at_zero.ask(MISSING)
    assert (answer.code, answer.headers["heartbeat-status"]) == (404, "missing")


def test_a_start_is_no_good_news(at_zero: Served) -> None:
    """Who may ask for nothing wakes a pod and is told nothing by it."""
    answer = at_zero.ask(UP, token="not-" + at_zero.token)
    assert (answer.code, answer.body["up"]) == (401, False)


def test_a_pod_goes_when_nobody_asks(at_zero: Served, figures: list[str]) -> None:
    """How long one check keeps a pod, its end included."""
    began = time.monotonic()
    with at_zero.new_pods() as pods:
        assert at_zero.ask(UP).code == 200
    (name,) = pods
    at_zero.wait_zero()
    timed(figures, "one check from zero, and to zero again", began)
    at_zero.cluster.wait_gone("Pod", at_zero.namespace, name, 120)
    life = time.monotonic() - began
    figures += polls.table(life)
    # The window, queue-proxy's drain of half a minute, and a start and a few ticks.
    assert 0 < life - serving.STABLE_WINDOW - 30 < 30
