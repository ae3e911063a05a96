"""Who may ask: one token, carried in any of three ways."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest

from tests.http.support import (
    PATH,
    PROBES,
    TOKEN,
    Answer,
    Service,
    ask,
    caller,
    guarding,
    healthy,
    service,
)

ODD_TOKEN = "a/b=c&d%e#f?g~\"h'"
# What `str.strip` takes for white space besides the space, as far as a header may hold it.
NO_SPACES = "\t\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0"
ALL_ENCODED = "".join(f"%{ord(letter):02x}" for letter in TOKEN)


def basic(user: str, password: str) -> str:
    """The Authorization header of a user and a password, as `curl -u` sends it."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def guarded(token: str = TOKEN) -> Service:
    """A service over one healthy Deployment that asks for a token."""
    return service(healthy(), contract=guarding(caller(token)))


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        (f"Bearer {TOKEN}", ""),
        (f"Basic {TOKEN}", ""),
        (f"bearer {TOKEN}", ""),
        (f"BASIC {TOKEN}", ""),
        (f"Bearer   {TOKEN} ", ""),
        (basic("monitor", TOKEN), ""),
        (basic("", TOKEN), ""),
        ("", f"token={TOKEN}"),
        ("", f"a=b&token={TOKEN}&c"),
        ("", f"token={ALL_ENCODED}"),
        ("", f"%74oken={TOKEN}"),
        ("", f"token=wrong&token={TOKEN}"),
        ("", f"token={TOKEN}&token="),
        ("Bearer wrong", f"token={TOKEN}"),
        (f"Bearer {TOKEN}", "token=wrong"),
        ("Digest username=x", f"token={TOKEN}"),
    ],
)
def test_token_is_taken_however_a_monitor_can_carry_it(authorization: str, query: str) -> None:
    """Bearer, Basic, a password or the query; one right token among several is enough."""
    headers = {"Authorization": authorization} if authorization else {}
    answer = ask(guarded(), query=query, headers=headers)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        ("", ""),
        ("Bearer wrong", ""),
        ("Basic wrong", ""),
        ("Bearer", ""),
        ("Bearer ", ""),
        (basic("user", "wrong"), ""),
        (basic(TOKEN, ""), ""),
        (basic(TOKEN, "wrong"), ""),
        (f"{basic('user', TOKEN)}=", ""),
        (f"Bearer {basic('user', TOKEN)[6:]}", ""),
        (TOKEN, ""),
        (f"Token {TOKEN}", ""),
        (f"Bearer {TOKEN}x", ""),
        (f"Bearer {TOKEN[:-1]}", ""),
        (f"Bearer {TOKEN.upper()}", ""),
        (f"Bearer {TOKEN}, Bearer {TOKEN}", ""),
        *((f"Bearer {odd}{TOKEN}", "") for odd in NO_SPACES),
        *((f"Basic {TOKEN}{odd}", "") for odd in NO_SPACES),
        (f"Bearer\t{TOKEN}", ""),
        ("", "token="),
        ("", "token"),
        ("", "token=wrong&token=false"),
        ("", f"Token={TOKEN}"),
        ("", f"token={TOKEN}%00"),
        ("", f"token={TOKEN}%ff"),
        ("", f"token=%20{TOKEN}"),
        ("", f"x={TOKEN}"),
        ("", "token=\u00ff\u00fe"),
        ("", "token=%F0%9F%92%A3"),
        ("", f"token={'a' * 5000}"),
        ("Bearer \u00e9\u00ff", ""),
        ("Basic \u00e9", "token=%e9"),
    ],
)
def test_wrong_or_absent_token_is_refused_before_any_call(authorization: str, query: str) -> None:
    """401 tells how to authenticate; not even whether the names can exist is told."""
    served = guarded()
    headers = {"Authorization": authorization} if authorization else {}
    answer = ask(served, query=query, headers=headers)
    assert answer.status == 401
    challenges = answer.header("WWW-Authenticate") or ""
    assert "Basic realm=" in challenges
    assert "Bearer realm=" in challenges
    assert served.reader.calls == 0
    assert ask(served, path="/api/healthz/-/secret/%", query=query, headers=headers).status == 401


@pytest.mark.parametrize(
    "carried", [f"Bearer {ODD_TOKEN}", f"Basic {ODD_TOKEN}", f"token={quote(ODD_TOKEN, safe='')}"]
)
def test_token_may_hold_any_printable_character(carried: str) -> None:
    """What a URL would take for its own is percent-encoded in the query, and plain in a header."""
    served = guarded(ODD_TOKEN)
    in_query = carried.startswith("token=")
    answer = ask(
        served,
        query=carried if in_query else "",
        headers={} if in_query else {"Authorization": carried},
    )
    assert answer.status == 200


def answers_to(token: str) -> tuple[Answer, ...]:
    """What a token gets in the header and in the query."""
    return (
        ask(guarded(), headers={"Authorization": f"Bearer {token}"}),
        ask(guarded(), query=f"token={token}"),
    )


def test_every_wrong_token_gets_the_same_answer() -> None:
    """How near a guess came is not told, and no guess is repeated."""
    near, far = answers_to(TOKEN[:-1]), answers_to("zzz")
    assert near == far
    for answer in (*near, *far):
        assert b"zzz" not in answer.body
        assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_probes_need_no_token(path: str, method: str) -> None:
    """Kubelets and load balancers carry none."""
    assert ask(guarded(), method, path).status == 200
    assert ask(guarded(), method, f"{path}/").status == 200


@pytest.mark.parametrize(
    "path",
    [
        PATH,
        f"{PATH}/",
        f"/{PATH}",
        "//livez",
        "/livez//",
        "/livez/../api",
        "/livez/x",
        "/LIVEZ",
        "/livez\x00",
        "/livez;",
        "/api/healthz",
        "/",
        "",
        "/nothing",
    ],
)
def test_every_other_path_needs_the_token(path: str) -> None:
    """What looks like a probe is none, and what is no route is not told."""
    assert ask(guarded(), path=path).status == 401


def test_no_token_is_asked_for_where_none_is_set() -> None:
    """An open service takes anybody, a wrong token included."""
    assert ask(service(healthy()), query="token=wrong").status == 200
