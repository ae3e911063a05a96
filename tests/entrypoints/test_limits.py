"""Limits of processes: who their clients are, and what they share."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers.api_server import PATIENCE, until
from tests.servers.process import Service, free_port, run, serving
from tests.servers.redis_server import RedisServer

from .support import TOKEN

DEMO = ("-m", "k8s_heartbeat", "serve", "--demo")
PATH = "/api/healthz/shop/deployment/storefront"
SECRET = "redis-s3cret"
WRONG = "wr0ng-t0ken"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


def codes(service: Service, times: int, headers: Mapping[str, str] | None = None) -> list[int]:
    """The codes of so many requests, one after the other."""
    return [service.get(PATH, headers=headers).status for _ in range(times)]


def test_trusted_proxy_names_the_client(home: Path) -> None:
    """Through the server too, on one line of the header or on several."""
    with serving(home, DEMO, RATE_LIMIT="2", HEARTBEAT_TRUSTED_PROXIES="127.0.0.1") as service:
        for client in ("203.0.113.1", "203.0.113.2"):
            assert codes(service, 3, {"X-Forwarded-For": client}) == [200, 200, 429]
        lines = b"X-Forwarded-For: 203.0.113.1\r\nx-forwarded-for: 203.0.113.3\r\n"
        assert [raw(service, lines) for _ in range(3)] == [200, 200, 429]
        # What stands in no header that we read, a server of ours passes on and nobody believes.
        others = b"X_Forwarded_For: 203.0.113.4\r\nForwarded: for=203.0.113.4\r\n"
        assert [raw(service, others) for _ in range(3)] == [200, 200, 429]


def test_stranger_names_no_client(home: Path) -> None:
    """Where no proxy is trusted, nor this machine."""
    with serving(home, DEMO, RATE_LIMIT="2") as service:
        found = [codes(service, 1, {"X-Forwarded-For": f"203.0.113.{last}"}) for last in range(3)]
        assert found == [[200], [200], [429]]


def raw(service: Service, headers: bytes) -> int:
    """The code of a request with these very lines."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as sock:
        sock.sendall(f"GET {PATH} HTTP/1.1\r\nHost: a\r\n".encode() + headers + b"\r\n")
        return int(sock.recv(2**16)[9:12])


def test_other_forwarding_headers_change_nothing(home: Path) -> None:
    """The server hands them over, and nothing of ours reads them."""
    invented = {
        "Forwarded": "for=203.0.113.9;proto=https;host=evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
        "X-Forwarded-By": "203.0.113.9",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "/livez",
    }
    with serving(home, DEMO, HEARTBEAT_TRUSTED_PROXIES="127.0.0.1") as service:
        plain, forwarded = (
            service.get("/api/healthz/shop/deployment/none", headers=headers)
            for headers in ({}, invented)
        )
    assert plain.status == forwarded.status == 404
    assert {*plain.headers} == {*forwarded.headers}
    assert b"evil" not in forwarded.body
    assert "evil" not in str(forwarded.headers)


def test_processes_share_every_limit(home: Path, tmp_path: Path) -> None:
    """By address, by token, by token that is wrong; and no token stands in Redis."""
    settings = {"AUTH_TOKEN_BASIC": TOKEN, "RATE_LIMIT": "20", "HEARTBEAT_FAILED_AUTH_LIMIT": "4"}
    settings["HEARTBEAT_TOKEN_RATE_LIMIT"] = "100"
    settings["HEARTBEAT_TRUSTED_PROXIES"] = "127.0.0.1"
    with RedisServer(tmp_path, SECRET) as redis:
        settings["HEARTBEAT_RATE_LIMIT_STORAGE"] = redis.url
        with serving(home, DEMO, **settings) as one, serving(home, DEMO, **settings) as other:
            addresses = iter(range(1, 250, 2))
            spent: list[int] = []

            def share() -> bool:
                """Whether they do; a machine that is too busy for Redis makes them count alone."""
                last = next(addresses)
                here = {"X-Forwarded-For": f"203.0.113.{last}"}
                nobody = {"X-Forwarded-For": f"203.0.113.{last + 1}"}
                # The same one again counts once in each process.
                guesses = [{**here, "Authorization": f"Bearer {WRONG}-{at}"} for at in range(4)]
                guessed = codes(one, 3, guesses[0]) + codes(one, 1, guesses[1])
                guessed += codes(other, 3, guesses[2]) + codes(other, 1, guesses[3])
                refused = codes(one, 1, {**here, **RIGHT}) + codes(other, 1, {**here, **RIGHT})
                # Where they count alone, who has guessed in the one may ask in the other.
                spent.append(refused.count(200))
                answered = codes(one, 10, nobody) + codes(other, 10, nobody)
                over = codes(one, 1, nobody) + codes(other, 1, nobody)
                assert set(guessed) == {401}
                return (refused, answered, over) == ([429] * 2, [401] * 20, [429] * 2)

            until(share, "every limit is shared")
            # Were it not shared, there would be twice as many.
            tokens = codes(one, 90, RIGHT) + codes(other, 90, RIGHT)
            assert 100 <= sum(spent) + tokens.count(200) <= 150
            kept = redis.tell("KEYS", "*").decode()
            logged = one.logged() + other.logged()
    names = [line for line in kept.splitlines() if line[:1] not in "*$"]
    assert len(names) >= 3
    assert all(name.startswith("k8s-heartbeat:") for name in names)
    for secret in (TOKEN, WRONG):
        assert secret not in kept
    assert SECRET not in logged


def test_redis_that_is_away_is_no_reason_not_to_start(home: Path, tmp_path: Path) -> None:
    """The limit holds from the first request on; once it is there, it is shared."""
    port = free_port()
    url = f"redis://:{SECRET}@127.0.0.1:{port}"
    settings = {"RATE_LIMIT": "3", "HEARTBEAT_RATE_LIMIT_STORAGE": url}
    with serving(home, DEMO, HEARTBEAT_TRUSTED_PROXIES="127.0.0.1", **settings) as service:
        assert codes(service, 4) == [200, 200, 200, 429]
        service.says("limits are not shared")
        assert service.logged().count("limits are not shared") == 1
        verbose = service.get("/readyz?verbose")
        assert (verbose.status, b"[-]rate-limit-storage failed" in verbose.body) == (200, True)
        with RedisServer(tmp_path, SECRET, port):
            addresses = iter(range(250))

            def is_shared() -> bool:
                codes(service, 1, {"X-Forwarded-For": f"203.0.113.{next(addresses)}"})
                return "limits are shared again" in service.logged()

            until(is_shared, "it shares")
            ok = b"[+]rate-limit-storage ok"
            until(lambda: ok in service.get("/readyz?verbose").body, "the probe says so")
        assert SECRET not in service.logged()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HEARTBEAT_RATE_LIMIT_STORAGE", f"http://:{SECRET}@redis:6379"),
        ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.0/33"),
    ],
)
def test_malformed_setting_is_refused_at_start(home: Path, variable: str, value: str) -> None:
    """As every other one, and without the password."""
    done = run(home, *DEMO, **{variable: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"k8s-heartbeat: {variable}: ")
    assert "an example is" in done.stderr
    assert SECRET not in done.stderr


def test_extra_that_is_missing_is_named(home: Path) -> None:
    """Whoever shares limits without the library is told which extra brings it."""
    blocked = (
        "import sys; sys.modules['redis'] = None; sys.argv = ['k8s-heartbeat', 'serve', '--demo']; "
        "from k8s_heartbeat.entrypoints.cli import main; sys.exit(main())"
    )
    done = run(home, "-c", blocked, HEARTBEAT_RATE_LIMIT_STORAGE=f"redis://:{SECRET}@redis:6379")
    assert done.returncode == 2, done.stderr
    assert "k8s-heartbeat[server,redis]" in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr
