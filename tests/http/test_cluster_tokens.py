"""Callers by the cluster's own tokens: who is asked what, and how long an answer is believed."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from k8s_heartbeat.adapters.http.app import Contract
from k8s_heartbeat.adapters.http.cluster_tokens import ClusterAuthenticator
from k8s_heartbeat.adapters.http.quota import RateLimit
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import Deadline, ReadError
from k8s_heartbeat.core.checks.reviewer import Access, Identity
from tests.builders import Manifest, deployment, stateful_set
from tests.http.support import (
    PATH,
    TIMEOUT,
    UPSTREAM,
    Answer,
    Clock,
    FakeReader,
    Service,
    ask,
    healthy,
    service,
)
from tests.servers.process import all_at_once

MONITOR = Identity("system:serviceaccount:ops:monitor", "uid-1", ("system:authenticated",))
NOW = 1_700_000_000.0
GOOD = "good"
GET_API = Access("get", "apps", "v1", "deployments", "shop", "api")


@dataclass(slots=True)
class FakeReviewer:
    """A cluster that knows some tokens, and grants what it is told to."""

    tokens: dict[str, Identity] = field(default_factory=dict[str, Identity])
    granted: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]])
    everything: bool = False
    failure: ReadError | None = None
    holds: threading.Event | None = None
    identified: list[str] = field(default_factory=list[str])
    asked: list[Access] = field(default_factory=list[Access])

    def identify(self, token: str, deadline: Deadline) -> Identity | None:
        """Whose it is."""
        self.identified.append(token)
        if self.holds is not None:
            self.holds.wait(10)
        if self.failure is not None:
            raise self.failure
        return self.tokens.get(token)

    def allows(self, identity: Identity, access: Access, deadline: Deadline) -> bool:
        """Whether it was granted: by verb, resource, namespace and name."""
        self.asked.append(access)
        if self.failure is not None:
            raise self.failure
        key = (access.verb, access.resource, access.namespace, access.name)
        return self.everything or key in self.granted or (*key[:3], "*") in self.granted


def guarded(
    reviewer: FakeReviewer, *objects: Manifest, believed: float = 300.0, **changes: Any
) -> Service:
    """A service that takes the cluster's tokens; changes are those of fields of `Contract`."""
    clock = Clock()
    authenticator = ClusterAuthenticator(
        reviewer,
        clock=clock.monotonic,
        wall=lambda: NOW + clock.seconds,
        believed=believed,
        memory=Memory(),
        places=threading.BoundedSemaphore(64),
    )
    pay = Component("pay", "Pay", (Member(("shop",), "deployment", "api"),))
    return service(
        reader=FakeReader(objects or [healthy()]),
        contract=Contract(authenticator=authenticator),
        components={"pay": pay},
        clock=clock,
        **changes,
    )


def told(served: Service, path: str = PATH, *, token: str = GOOD) -> Answer:
    """What a caller with a token is told."""
    return ask(served, path=path, headers={"Authorization": f"Bearer {token}"})


def jwt(**claims: object) -> str:
    """A token that states claims; the fake cluster looks at no signature."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def test_a_caller_sees_what_rbac_lets_them_get() -> None:
    """`get` on the very object: verb, group, version, resource, namespace and name."""
    reviewer = FakeReviewer({"good": MONITOR}, {("get", "deployments", "shop", "api")})
    served = guarded(reviewer)
    assert told(served).status == 200
    assert reviewer.asked == [GET_API]
    assert told(served, "/api/healthz/shop/deployment/other").status == 404


@pytest.mark.parametrize("token", ["bad", "", "good good", "gööd", "good\x7f", "g" * 8000])
def test_whom_the_cluster_does_not_know_is_refused(token: str) -> None:
    """401, and nothing of the objects is read; what no cluster made is not even asked about."""
    reviewer = FakeReviewer({"good": MONITOR}, everything=True)
    served = guarded(reviewer)
    answer = told(served, token=token)
    assert answer.status == 401
    assert answer.header("WWW-Authenticate") == 'Bearer realm="k8s-heartbeat"'
    assert served.reader.calls == 0
    assert reviewer.identified == (["bad"] if token == "bad" else [])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic good"}])
def test_only_a_bearer_token_is_taken(headers: dict[str, str]) -> None:
    """A cluster's token belongs into no URL and no other scheme."""
    reviewer = FakeReviewer({"good": MONITOR}, everything=True)
    assert ask(guarded(reviewer), query="token=good", headers=headers).status == 401
    assert reviewer.identified == []


def test_denied_and_missing_are_one_answer() -> None:
    """Who may not get it does not learn whether it is there."""
    denied = told(guarded(FakeReviewer({"good": MONITOR})))
    missing = told(guarded(FakeReviewer({"good": MONITOR}, everything=True), stateful_set()))
    assert denied == missing
    assert denied.status == 404


def test_a_yes_is_believed_for_its_time_and_a_no_for_a_tenth() -> None:
    """So that a right that is withdrawn ends, and one that is granted begins, without a restart."""
    granted = ("get", "deployments", "shop", "api")
    reviewer = FakeReviewer({"good": MONITOR}, {granted})
    served = guarded(reviewer, believed=100.0)
    assert told(served).status == 200
    reviewer.granted.clear()
    served.clock.seconds = 99.0
    assert told(served).status == 200
    assert (len(reviewer.identified), len(reviewer.asked)) == (1, 1)
    served.clock.seconds = 101.0
    assert told(served).status == 404
    reviewer.granted.add(granted)
    served.clock.seconds = 110.0
    assert told(served).status == 404
    served.clock.seconds = 112.0
    assert told(served).status == 200


def test_a_token_is_not_believed_longer_than_it_is_valid() -> None:
    """By its own word, that the cluster has vouched for."""
    token = jwt(exp=NOW + 10)
    reviewer = FakeReviewer({token: MONITOR}, everything=True)
    served = guarded(reviewer)
    assert told(served, token=token).status == 200
    reviewer.tokens.clear()
    served.clock.seconds = 9.0
    assert told(served, token=token).status == 200
    served.clock.seconds = 10.0
    assert told(served, token=token).status == 401


@pytest.mark.parametrize("exp", ["soon", None, True, [1], {}, 10**400, float("inf"), float("nan")])
def test_a_token_that_states_no_time_is_believed_like_any(exp: object) -> None:
    """What a claim holds can break nothing."""
    token = jwt(exp=exp)
    reviewer = FakeReviewer({token: MONITOR}, everything=True)
    served = guarded(reviewer)
    assert [told(served, token=token).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("token", ["a.b.c", "..", "a.!!!.c", "e30.W10.x", "e30.bnVsbA.x"])
def test_a_token_in_three_parts_need_be_no_jwt(token: str) -> None:
    """Clusters take tokens of other makers too."""
    reviewer = FakeReviewer({token: MONITOR}, everything=True)
    assert told(guarded(reviewer), token=token).status == 200


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UPSTREAM, 502),
        (TIMEOUT, 504),
    ],
)
def test_an_api_server_in_trouble_is_no_refusal(failure: ReadError, code: int) -> None:
    """Neither 401 nor 404: who it is, or what they may, is not known; and it is soon asked anew."""
    reviewer = FakeReviewer({"good": MONITOR}, everything=True, failure=failure)
    served = guarded(reviewer)
    assert [told(served).status for _ in range(3)] == [code] * 3
    assert len(reviewer.identified) == 1
    reviewer.failure = None
    served.clock.seconds = 2.0
    assert told(served).status == 200
    reviewer.failure = failure
    assert told(served, "/api/healthz/shop/deployment/other").status == code


THREE_A_MINUTE = RateLimit(3, timedelta(minutes=1))


def test_an_address_over_its_limit_causes_no_review_and_refuses_nobody_it_knows() -> None:
    """What was right from there is looked at; what was not, right or wrong, has to wait."""
    reviewer = FakeReviewer({GOOD: MONITOR, "other": MONITOR}, everything=True)
    served = guarded(reviewer, limit=THREE_A_MINUTE)

    def codes(*tokens: str) -> list[int]:
        return [told(served, token=token).status for token in tokens]

    assert codes(GOOD, "wrong", "wrong", "wrong") == [200, 401, 401, 401]
    before = len(reviewer.identified)
    assert codes("other", "wrong", *(f"guess-{at}" for at in range(9))) == [429] * 11
    assert codes(*[GOOD] * 9) == [200] * 9
    answer = told(served, token="other")
    assert "over 3 requests of this address" in answer.json()["detail"]
    assert (answer.header("retry-after"), answer.header("ratelimit")) == (
        "20",
        '"default";r=0;t=20',
    )
    # The token's own name is asked about again, as long as its answer is believed.
    served.clock.seconds = 10.0
    assert codes(GOOD, "wrong") == [200, 429]
    assert len(reviewer.identified) == before
    served.clock.seconds = 20.0
    assert codes("other", "new", "new") == [200, 401, 429]


@pytest.mark.parametrize("failure", [TIMEOUT, UPSTREAM])
def test_an_api_server_in_trouble_is_asked_no_more_often_than_an_address_may(
    failure: ReadError,
) -> None:
    """What it leaves open is no guess but a request; of who was right from there not even that."""
    reviewer = FakeReviewer({GOOD: MONITOR}, everything=True)
    served = guarded(reviewer, believed=1.0, limit=THREE_A_MINUTE, failed_auth=RateLimit(100))
    assert told(served).status == 200
    reviewer.failure = failure
    code = 504 if failure is TIMEOUT else 502
    for _ in range(9):
        served.clock.seconds += 2.0
        assert told(served).status == code
    asked = len(reviewer.identified)
    found = [told(served, token=f"another-{at}").status for at in range(9)]
    assert found == [code] * 3 + [429] * 6
    assert len(reviewer.identified) == asked + 3
    assert told(served).status == code
    reviewer.failure = None
    served.clock.seconds += 2.0
    assert told(served).status == 200


def test_many_at_once_are_one_review() -> None:
    """A cold token of sixty callers is asked about once."""
    holds = threading.Event()
    reviewer = FakeReviewer({"good": MONITOR}, everything=True, holds=holds)
    served = guarded(reviewer)
    timer = threading.Timer(0.2, holds.set)
    timer.start()
    codes = all_at_once(60, lambda: told(served).status)
    timer.join()
    assert codes == [200] * 60
    assert len(reviewer.identified) == 1


def test_guesses_do_not_evict_who_was_let_in() -> None:
    """However many tokens are tried, a caller who is known is not asked about again."""
    reviewer = FakeReviewer({"good": MONITOR}, everything=True)
    served = guarded(reviewer)
    assert told(served).status == 200
    for number in range(9_000):
        told(served, token=f"guess-{number}")
        served.clock.seconds += 0.001
    reviewer.identified.clear()
    assert told(served).status != 401
    assert reviewer.identified == []


def test_a_namespace_needs_the_right_to_list_its_kinds() -> None:
    """What may be listed is told, the rest left out; nothing at all is as if it were not there."""
    objects = [healthy(), stateful_set(3, 0)]
    for granted, code in (("deployments", 200), ("statefulsets", 503), ("pods", 404)):
        reviewer = FakeReviewer({"good": MONITOR}, {("list", granted, "shop", "")})
        if granted == "pods":
            reviewer.granted.clear()
        assert told(guarded(reviewer, *objects), "/api/healthz/shop").status == code


def test_all_namespaces_are_seen_by_who_may_list_them_all() -> None:
    """As with kubectl; nobody is asked about one namespace after the other, however many."""
    bank = deployment(3, 0)
    bank["metadata"] = {**bank["metadata"], "namespace": "bank", "uid": "bank"}
    every = FakeReviewer({"good": MONITOR}, {("list", "deployments", "", "")})
    answer = told(guarded(every, healthy(), bank, stateful_set(3, 0)), "/api/healthz")
    assert (answer.status, answer.json()["total"]) == (503, 2)
    one = FakeReviewer({"good": MONITOR}, {("list", "deployments", "shop", "")})
    assert told(guarded(one, healthy(), bank), "/api/healthz").status == 404
    assert {access.namespace for access in (*one.asked, *every.asked)} == {""}


def test_a_component_is_a_resource_of_its_own() -> None:
    """A status page's account may see a component without any right to what it is made of."""
    reviewer = FakeReviewer({"good": MONITOR}, {("get", "components", "", "pay")})
    served = guarded(reviewer)
    assert told(served, "/api/components/pay").status == 200
    assert told(served, "/api/components/other").status == 404
    assert told(served).status == 404
    assert reviewer.asked[0].attributes() == {
        "verb": "get",
        "group": "k8s-heartbeat.io",
        "resource": "components",
        "name": "pay",
    }


def test_callers_are_told_apart_by_all_that_the_cluster_says_of_them() -> None:
    """Of two accounts of one name, one made anew, only one may have the right."""
    other = Identity(MONITOR.username, "uid-2", MONITOR.groups)
    reviewer = FakeReviewer(
        {"good": MONITOR, "new": other}, {("get", "deployments", "shop", "api")}
    )
    served = guarded(reviewer)
    assert told(served).status == 200
    reviewer.granted.clear()
    assert told(served, token="new").status == 404
