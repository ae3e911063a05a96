"""Reviews: what the API server is asked, and what is made of its answers."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from k8s_heartbeat.adapters.cluster.reviews import Reviews
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.core.checks.reader import Deadline, UpstreamError
from k8s_heartbeat.core.checks.reviewer import Access, Identity
from tests.servers.told_client import ToldClient

DEADLINE = Deadline.after(5, time.monotonic)
GET_API = Access("get", "apps", "v1", "deployments", "shop", "api")
USER: dict[str, Any] = {
    "username": "system:serviceaccount:ops:monitor",
    "uid": "1",
    "groups": ["a", "b", 7],
    "extra": {"b": ["2"], "a": ["1", "3"]},
}


def told(code: int, body: bytes) -> ToldClient:
    """A client whose API server always answers alike."""
    return ToldClient(lambda _: (code, body))


def review(kind: str, **status: Any) -> ToldClient:
    """An API server that answers a review."""
    return told(201, json.dumps({"kind": kind, "status": status}).encode())


def identified(client: ToldClient, *audiences: str) -> Identity | None:
    """Whose token it is."""
    return Reviews(client, Memory(), audiences).identify("t0ken", DEADLINE)


def test_a_token_is_asked_about_and_its_user_told_in_full() -> None:
    """RBAC may rest on each part of it; what is odd is passed over."""
    client = review("TokenReview", authenticated=True, user=USER)
    assert identified(client) == Identity(
        USER["username"], "1", ("a", "b"), (("a", ("1", "3")), ("b", ("2",)))
    )
    (request,) = client.asked
    assert request.path == "/apis/authentication.k8s.io/v1/tokenreviews"
    assert json.loads(request.body or b"")["spec"] == {"token": "t0ken"}


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"authenticated": False, "error": "expired"},
        {"authenticated": "true", "user": USER},
        {"authenticated": 1, "user": USER},
        {"authenticated": True},
        {"authenticated": True, "user": {"username": ""}},
        {"authenticated": True, "user": {"username": ["root"]}},
        {"authenticated": True, "user": "root"},
    ],
)
def test_whatever_is_not_plainly_somebody_is_nobody(status: dict[str, Any]) -> None:
    """Only a true that is one, with a name."""
    assert identified(review("TokenReview", **status)) is None


@pytest.mark.parametrize(
    ("audiences", "known"),
    [(["ours"], True), (["theirs", "ours"], True), (["theirs"], False), ([], False), (None, False)],
)
def test_a_token_has_to_be_for_the_audience(audiences: object, known: bool) -> None:
    """An API server that knows no audiences says yes to all, and names none."""
    client = review("TokenReview", authenticated=True, user=USER, audiences=audiences)
    assert (identified(client, "ours") is not None) is known
    assert json.loads(client.asked[0].body or b"")["spec"]["audiences"] == ["ours"]


def test_rights_are_asked_for_with_all_that_is_known_of_the_user() -> None:
    """And of the object its very name."""
    client = review("SubjectAccessReview", allowed=True)
    somebody = Identity("me", "1", ("a",), (("k", ("v",)),))
    assert Reviews(client, Memory()).allows(somebody, GET_API, DEADLINE) is True
    assert json.loads(client.asked[0].body or b"")["spec"] == {
        "user": "me",
        "uid": "1",
        "groups": ["a"],
        "extra": {"k": ["v"]},
        "resourceAttributes": {
            "verb": "get",
            "group": "apps",
            "version": "v1",
            "resource": "deployments",
            "namespace": "shop",
            "name": "api",
        },
    }


@pytest.mark.parametrize(
    "status",
    [{}, {"allowed": False}, {"allowed": "yes"}, {"allowed": 1}, {"allowed": True, "denied": True}],
)
def test_whatever_is_not_plainly_allowed_is_denied(status: dict[str, Any]) -> None:
    """Only a true that is one, and that no other authorizer overrules."""
    client = review("SubjectAccessReview", **status)
    assert Reviews(client, Memory()).allows(Identity("me"), GET_API, DEADLINE) is False


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (403, b"{}"),
        (404, b"404 page not found"),
        (500, b"oops"),
        (200, b"<html>"),
        (200, b"null"),
        (201, b'{"kind":"TokenReview"}'),
        (201, b'{"kind":"TokenReview","status":null}'),
        (201, b'{"kind":"SubjectAccessReview","status":{"authenticated":true}}'),
        (302, b'{"kind":"TokenReview","status":{"authenticated":true,"user":{"username":"a"}}}'),
    ],
)
def test_what_is_no_review_is_an_upstream_error(code: int, body: bytes) -> None:
    """Neither somebody nor nobody; and the error has nothing of the token."""
    with pytest.raises(UpstreamError) as caught:
        identified(told(code, body))
    assert "t0ken" not in str(caught.value)


def test_a_user_of_whom_too_much_is_told_is_an_upstream_error() -> None:
    """It would be remembered, and sent back with every question."""
    groups = [f"group-{number}" for number in range(20_000)]
    with pytest.raises(UpstreamError, match="too much"):
        identified(review("TokenReview", authenticated=True, user={**USER, "groups": groups}))


def test_a_right_that_is_missing_is_told_to_the_operator_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log names the ClusterRole; a caller learns nothing of the inside."""
    with pytest.raises(UpstreamError) as caught:
        identified(told(403, b"{}"))
    assert "auth-delegator" not in str(caught.value)
    assert "system:auth-delegator" in caplog.text
