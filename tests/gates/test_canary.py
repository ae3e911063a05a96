"""Secrets on every way that an error takes: in no body, no header, and no line that is written."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.entrypoints.support import API, SERVE
from tests.servers.api_server import ApiServer, Behaviour, Exchange
from tests.servers.faults import FAULTS
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import Service, environment, free_port, serving

from .canaries import CANARIES, basic, occurrences
from .figures import Figures

TOKEN = CANARIES["token"]
WRONG = CANARIES["wrong token"]
BASIC = CANARIES["wrong token of Basic"]
QUERY = CANARIES["wrong token of the query"]
COOKIE = CANARIES["cookie"]
REQUEST = CANARIES["request id"]
URL_PASSWORD = CANARIES["password of the API server's URL"]
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
EVERY_BYTE = "".join(f"%{ord(letter):02X}" for letter in TOKEN)
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImMifQ." + b64encode(WRONG.encode()).decode().strip("=") + ".sig"
KEY = f"-----BEGIN PRIVATE KEY-----\n{CANARIES['client key']}\n-----END PRIVATE KEY-----\n"


def request(
    target: str = API, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> bytes:
    """The bytes of a request."""
    stated = {"Host": "heartbeat", "Connection": "close", **(headers or {})}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in stated.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


# Where a name is asked for, the body names it: those who ask are told what they sent themselves.
TOLD_BACK = {
    "the token as a name": request(f"/api/healthz/shop/deployment/{TOKEN}", RIGHT),
    "the token as a namespace": request(f"/api/healthz/{TOKEN}/deployment/api", RIGHT),
    "the token as a namespace alone": request(f"/api/healthz/{TOKEN}", RIGHT),
    "the token as a component": request(f"/api/components/{TOKEN}", RIGHT),
}

REQUESTS: dict[str, bytes] = {
    "right": request(API, RIGHT),
    "right, by Basic": request(API, {"Authorization": f"Basic {TOKEN}"}),
    "right, by the query": request(f"{API}?token={TOKEN}"),
    "right, by the query, encoded": request(f"{API}?token={EVERY_BYTE}"),
    "wrong": request(API, {"Authorization": f"Bearer {WRONG}"}),
    "wrong, by Basic": request(API, {"Authorization": f"Basic {BASIC}"}),
    "wrong, by user and password": request(API, {"Authorization": basic(BASIC)}),
    "wrong, by a scheme that is none": request(API, {"Authorization": f"Digest {WRONG}"}),
    "wrong, without a scheme": request(API, {"Authorization": WRONG}),
    "wrong, by the query": request(f"{API}?token={QUERY}"),
    "wrong, a JSON Web Token": request(API, {"Authorization": f"Bearer {JWT}"}),
    "wrong and right": request(f"{API}?token={QUERY}&token={TOKEN}", RIGHT),
    "for a proxy": request(API, {"Proxy-Authorization": f"Basic {BASIC}", **RIGHT}),
    "cookies": request(API, {"Cookie": f"session={COOKIE}; token={COOKIE}", **RIGHT}),
    "cookies in the path too": request(f"/{COOKIE}", {"Cookie": f"session={COOKIE}"}),
    "the token as an id": request(API, {"X-Request-Id": TOKEN}),
    "a wrong token as an id": request(
        API, {"X-Request-Id": WRONG, "Authorization": f"Bearer {WRONG}"}
    ),
    "a JSON Web Token as an id": request(API, {"X-Request-Id": JWT}),
    "an id with more than an id": request(API, {"X-Request-Id": f"{REQUEST} {REQUEST}"}),
    "an id that is too long": request(API, {"X-Request-Id": REQUEST * 10}),
    **{
        f"the token as {parameter}": request(f"{API}?{parameter}={TOKEN}", RIGHT)
        for parameter in ("for", "fail_on", "code", "explain", "verbose", "nonsense", TOKEN)
    },
    **{
        f"the token as {parameter} of a namespace": request(
            f"/api/healthz/shop?{parameter}={TOKEN}", RIGHT
        )
        for parameter in ("kind", "selector")
    },
    "a bad selector": request(f"/api/healthz/shop?selector={TOKEN}%3D%3D%3D", RIGHT),
    "a bad namespace": request(f"/api/healthz/{TOKEN}_/deployment/api", RIGHT),
    "a bad name": request(f"/api/healthz/shop/deployment/{TOKEN}_", RIGHT),
    "a bad name, encoded": request(f"/api/healthz/shop/deployment/{EVERY_BYTE}_", RIGHT),
    "a kind": request(f"/api/healthz/shop/{TOKEN}/api", RIGHT),
    "a bad kind": request(f"/api/healthz/shop/{TOKEN}_/api", RIGHT),
    "a bad component": request(f"/api/components/{TOKEN}_", RIGHT),
    "in place of everything": request(f"/api/healthz/{TOKEN}/{TOKEN}_/{TOKEN}", RIGHT),
    "no route": request(f"/{TOKEN}", RIGHT),
    "no route, without the token": request(f"/{TOKEN}"),
    "no route, encoded twice": request("/" + EVERY_BYTE.replace("%", "%25"), RIGHT),
    "a query within the path": request(f"{API}%3Ftoken={WRONG}", RIGHT),
    "a query within the path, encoded": request(f"{API}%3Ftoken%3D{WRONG}", RIGHT),
    "a URL with a password": request(f"/redis://u:{CANARIES['password of Redis']}@host", RIGHT),
    "a probe": request(f"/livez?token={QUERY}", RIGHT),
    "readiness": request(f"/readyz?verbose&token={TOKEN}", RIGHT),
    "the API server's health": request(f"/healthz?token={QUERY}", RIGHT),
    **{
        f"the method {method}": request(f"{API}?token={TOKEN}", RIGHT, method)
        for method in ("HEAD", "POST", "DELETE", "TRACE", "BREW", "CONNECT", TOKEN, TOKEN.upper())
    },
    "a preflight": request(
        f"{API}?token={QUERY}",
        {
            "Origin": f"https://{WRONG}.example",
            "Access-Control-Request-Method": "GET",
            "Authorization": f"Bearer {WRONG}",
        },
        "OPTIONS",
    ),
    "an origin": request(API, {"Origin": f"https://{TOKEN}.example", **RIGHT}),
    "odd headers": request(
        API,
        {
            "Accept": TOKEN,
            "Referer": f"https://heartbeat{API}?token={TOKEN}",
            "User-Agent": TOKEN,
            "X-Forwarded-For": TOKEN,
            "Forwarded": f"for={TOKEN}",
            "Range": TOKEN,
            "If-None-Match": TOKEN,
            "Content-Type": TOKEN,
            "Upgrade": TOKEN,
            TOKEN: TOKEN,
        },
    ),
    "a host": request(API, {"Host": TOKEN}),
    "a host with a password": request(API, {"Host": f"user:{TOKEN}@heartbeat"}),
    "two hosts": b"GET / HTTP/1.1\r\nHost: %s\r\nHost: x\r\n\r\n" % TOKEN.encode(),
    "the token twice": request(API, RIGHT).replace(
        b"Connection", b"Authorization: Bearer %s\r\nConnection" % WRONG.encode()
    ),
    "an absolute target": request(f"http://user:{WRONG}@heartbeat{API}?token={TOKEN}", RIGHT),
    "an absolute target of another scheme": request(f"token://{TOKEN}", RIGHT),
    "no target": f"GET HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode(),
    "no version": f"GET {API}?token={TOKEN}\r\n\r\n".encode(),
    "a bad version": f"GET {API}?token={TOKEN} HTTP/{TOKEN}\r\n\r\n".encode(),
    "the token alone": f"{TOKEN}\r\n\r\n".encode(),
    "a bad name of a header": f"GET / HTTP/1.1\r\n{TOKEN} : x\r\n\r\n".encode(),
    "a bad header": f"GET / HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\n\r\n".encode(),
    "a folded header": f"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n {TOKEN}\r\n\r\n".encode(),
    "a bad length": request(API, {"Content-Length": TOKEN, **RIGHT}),
    "chunks": request(API, {"Transfer-Encoding": TOKEN, **RIGHT}),
    "a body": request(API, {"Content-Length": str(len(TOKEN)), **RIGHT}, "POST") + TOKEN.encode(),
    "a body too large": request(API, {"Content-Length": "99999", **RIGHT}, "POST"),
    "headers too large": request(API, {"X": TOKEN * 1000, **RIGHT}),
    "a path too long": request("/" + TOKEN * 300, RIGHT),
    "a line too long": request("/" + TOKEN * 1000, RIGHT),
    "odd bytes": b"GET /\xff\x00%s HTTP/1.1\r\nHost: x\r\n\r\n" % TOKEN.encode(),
    "a line within the path": request(f"/%0a%0d{EVERY_BYTE}%e2%80%a8%1b[31m", RIGHT),
}


@dataclass(slots=True)
class Said:
    """All that was said to callers and written down, and which canaries were in it."""

    count: int = 0
    found: list[str] = field(default_factory=list[str])

    def hear(self, where: str, said: bytes) -> None:
        """Look through something."""
        self.count += 1
        self.found += [f"{name} in {where}" for name in occurrences(said)]

    def take(self, figures: Figures, gate: str) -> None:
        """Note how many were found, which is to be none."""
        print(*self.found, sep="\n")
        assert self.count
        figures.take(f"{gate}: occurrences", len(self.found), 0, f"of {self.count} looked through")


def told(port: int, raw: bytes) -> bytes:
    """Whatever the service answers to bytes, until it closes or is done."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        # So that what is incomplete is over.
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(OSError):
            while piece := connection.recv(2**16):
                answer += piece
    return answer


@contextmanager
def guarded(home: Path, api: ApiServer, **variables: str) -> Generator[Service]:
    """The service, with a canary in whatever it is given that is secret."""
    url = api.url.replace("://", f"://admin:{URL_PASSWORD}@")
    config = kubeconfig(url, user={"token": CANARIES["bearer token of the cluster"]})
    path = write_kubeconfig(home / "config", config)
    settings = {
        "KUBECONFIG": str(path),
        "AUTH_TOKEN_BASIC": TOKEN,
        "LOG_LEVEL": "DEBUG",
        "HEARTBEAT_TIMEOUT": "300ms",
        "HEARTBEAT_CACHE_TTL": "100ms",
        "HEARTBEAT_STALE_FOR": "0s",
        "HEARTBEAT_DRAIN_SECONDS": "0",
        "HEARTBEAT_DETAIL": "full",
        "RATE_LIMIT": "1000000",
        "HEARTBEAT_FAILED_AUTH_LIMIT": "1000000",
        # Nobody is there: each of its failures may be told of.
        "HEARTBEAT_RATE_LIMIT_STORAGE": f"redis://:{CANARIES['password of Redis']}@127.0.0.1:1",
    }
    with serving(home, SERVE, **{**settings, **variables}) as service:
        yield service


def is_json(line: str) -> bool:
    """Whether a line is an object of JSON."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def hear_log(said: Said, service: Service) -> None:
    """Look through all that a service wrote, each line of which is one of JSON."""
    logged = service.log.read_bytes()
    assert [line for line in logged.decode().splitlines() if not is_json(line)] == []
    for line in logged.splitlines():
        said.hear("the log: " + line.decode()[:300], line)


def test_no_request_brings_a_secret_to_light(home: Path, api: ApiServer, figures: Figures) -> None:
    """Right, wrong, malformed or misplaced; and nothing of it when the service stops."""
    said = Said()
    api.token = CANARIES["bearer token of the cluster"]
    with guarded(home, api) as service:
        for name, raw in REQUESTS.items():
            said.hear(name, told(service.port, raw))
        for raw in TOLD_BACK.values():
            said.hear("headers", told(service.port, raw).partition(b"\r\n\r\n")[0])
        assert service.stop() == 0
        logged = service.logged()
        hear_log(said, service)
    assert '"status": 200' in logged
    assert '"status": 401' in logged
    said.take(figures, "canary, every request")


def test_no_failure_of_the_api_server_brings_a_secret_to_light(
    home: Path, api: ApiServer, figures: Figures
) -> None:
    """502 and 504, and what is logged of them."""
    said = Said()
    behaviours: Mapping[str, Behaviour] = {**FAULTS, "redirect": redirect, "echo": echo}
    with guarded(home, api) as service:
        for number, (fault, behaviour) in enumerate(behaviours.items()):
            api.behave("/", behaviour)
            # Names of its own, so that each is asked for.
            for place in (f"/deployment/api-{number}", f"/cronjob/{TOKEN}", "?kind=widgets", ""):
                raw = request(f"/api/healthz/shop{place}", RIGHT)
                answer = told(service.port, raw)
                if TOKEN not in place:
                    said.hear(f"{fault}, {place}", answer)
            said.hear(f"{fault}, health", told(service.port, request("/healthz", RIGHT)))
        assert service.stop() == 0
        service.says('"status": 502')
        service.says('"status": 504')
        hear_log(said, service)
    said.take(figures, "canary, every fault of the API server")


def redirect(exchange: Exchange) -> None:
    """Send the client to a place that has its token in it."""
    repeat(exchange, 302)


def echo(exchange: Exchange) -> None:
    """Answer with an error that repeats what was sent, as debugging proxies do."""
    repeat(exchange, 500)


def repeat(exchange: Exchange, status: int) -> None:
    """Repeat the headers of a request in an answer's body and headers."""
    sent = json.dumps(dict(exchange.request.headers))
    stated = {"Location": f"{exchange.server.url}/?{quote(sent)}", "X-Debug": sent}
    exchange.answer(status, sent.encode(), headers=stated)


def test_no_limit_brings_a_secret_to_light(home: Path, api: ApiServer, figures: Figures) -> None:
    """429, whoever asks and with what."""
    said = Said()
    with guarded(home, api, RATE_LIMIT="1", HEARTBEAT_TOKEN_RATE_LIMIT="1") as service:
        for name in ("wrong", "right", "wrong, by the query", "no route", "cookies"):
            said.hear(name, told(service.port, REQUESTS[name]))
        assert service.stop() == 0
        service.says('"status": 429')
        hear_log(said, service)
    said.take(figures, "canary, over the limit")


def test_no_stop_brings_a_secret_to_light(home: Path, api: ApiServer, figures: Figures) -> None:
    """With requests in flight whose clients go away."""
    said = Said()
    api.behave("/apis/", FAULTS["hung"])
    with guarded(home, api, HEARTBEAT_DRAIN_SECONDS="1") as service:
        for raw in (REQUESTS["right"], REQUESTS["right, by the query"], REQUESTS["a bad name"]):
            with socket.create_connection(("127.0.0.1", service.port)) as connection:
                connection.sendall(raw)
        service.process.send_signal(signal.SIGTERM)
        said.hear("drain", told(service.port, REQUESTS["right"]))
        assert service.process.wait(10) == 0
        hear_log(said, service)
    said.take(figures, "canary, a stop with requests in flight")


def users(**user: str) -> dict[str, object]:
    """A kubeconfig with a user of this kind."""
    return kubeconfig("http://127.0.0.1:1", user=user)


URL = f"http://u:{CANARIES['password of Redis']}@127.0.0.1:1"
BEARER = CANARIES["bearer token of the cluster"]
STARTS: dict[str, tuple[dict[str, str], str]] = {
    **{
        f"the token as {variable}": ({variable: TOKEN}, "")
        for variable in (
            "PORT",
            "LOG_LEVEL",
            "RATE_LIMIT",
            "RATE_LIMIT_PERIOD",
            "HEARTBEAT_AUTH",
            "HEARTBEAT_HOST",
            "HEARTBEAT_CONTEXT",
            "HEARTBEAT_SNAPSHOT",
            "HEARTBEAT_CONFIG",
            "HEARTBEAT_DETAIL",
            "HEARTBEAT_STATUS_CODES",
            "HEARTBEAT_CORS_ORIGINS",
            "HEARTBEAT_TIMEOUT",
            "HEARTBEAT_THREADS",
            "HEARTBEAT_TOKENS_FILE",
            "HEARTBEAT_REVIEW_TTL",
            "HEARTBEAT_TRUSTED_PROXIES",
            "HEARTBEAT_TOKEN_RATE_LIMIT",
            "HEARTBEAT_FAILED_AUTH_LIMIT",
            "HEARTBEAT_RATE_LIMIT_STORAGE",
            "KUBECONFIG",
        )
    },
    "the token as its own kind": ({"HEARTBEAT_AUTH": TOKEN, "AUTH_TOKEN_BASIC": ""}, ""),
    "a token with a space": ({"AUTH_TOKEN_BASIC": f"{TOKEN} {TOKEN}"}, ""),
    "a token with a line end": ({"AUTH_TOKEN_BASIC": f"{TOKEN}\n{TOKEN}"}, ""),
    "a token that is not ASCII": ({"AUTH_TOKEN_BASIC": f"{TOKEN}é"}, ""),
    "a file for a token": ({"AUTH_TOKEN_BASIC": "", "AUTH_TOKEN_BASIC_FILE": "/nowhere"}, ""),
    "tokens for their hashes": ({"HEARTBEAT_TOKENS_FILE": "tokens.yaml"}, ""),
    "no YAML": ({}, f"users: [{{token: {BEARER}"),
    "no mapping": ({}, f"- {BEARER}"),
    "a text": ({}, BEARER),
    "odd bytes": ({}, f"\x00token: {BEARER}"),
    "no server": ({}, json.dumps(kubeconfig(BEARER, user={"token": BEARER}))),
    "a bad server": ({}, json.dumps(kubeconfig(f"https://u:{BEARER}@[", user={"token": BEARER}))),
    "a password": (
        {},
        json.dumps(users(username="u", password=CANARIES["password of the cluster"])),
    ),
    "a key that is none": ({}, json.dumps(users(**{"client-key-data": KEY, "token": BEARER}))),
    "a key": ({}, json.dumps(users(**{"client-key-data": b64encode(KEY.encode()).decode()}))),
    "a token with a line end for the cluster": ({}, json.dumps(users(token=f"{BEARER}\nx"))),
    "a URL with a password": ({}, json.dumps(kubeconfig(URL, user={"token": BEARER}))),
    "a plugin that fails": (
        {},
        json.dumps(
            kubeconfig(
                "http://127.0.0.1:1",
                user={
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1",
                        "command": "sh",
                        "args": ["-c", f"echo {BEARER}; exit 1"],
                        "interactiveMode": "Never",
                    }
                },
            )
        ),
    ),
}


def test_no_review_brings_a_secret_to_light(home: Path, api: ApiServer, figures: Figures) -> None:
    """A caller's token is sent to the API server, whatever that makes of it."""
    said = Said()
    behaviours: Mapping[str, Behaviour] = {**FAULTS, "redirect": redirect, "echo": echo}
    with guarded(home, api, HEARTBEAT_AUTH="kubernetes", HEARTBEAT_REVIEW_TTL="1s") as service:
        for number, (fault, behaviour) in enumerate(behaviours.items()):
            api.behave("/", behaviour)
            for token in (f"{WRONG}-{number}", f"{JWT}{number}"):
                raw = request(API, {"Authorization": f"Bearer {token}"})
                said.hear(fault, told(service.port, raw))
        assert service.stop() == 0
        service.says('"status": 502')
        hear_log(said, service)
    said.take(figures, "canary, every fault of a TokenReview")


def test_no_start_brings_a_secret_to_light(home: Path, figures: Figures) -> None:
    """Whatever is wrong with the settings or the kubeconfig: it ends, or serves all the same."""
    said = Said()
    for start, (variables, text) in STARTS.items():
        path = home / "config"
        path.write_text(text or json.dumps(users(token=BEARER)), "utf-8")
        tokens = home / "tokens.yaml"
        tokens.write_text(f"tokens: [{{name: a, sha256: {TOKEN}}}, {TOKEN}: 1]", "utf-8")
        settings = {
            "KUBECONFIG": str(path),
            "AUTH_TOKEN_BASIC": TOKEN,
            "LOG_LEVEL": "DEBUG",
            "HEARTBEAT_TIMEOUT": "300ms",
            "HEARTBEAT_DRAIN_SECONDS": "0",
            "PORT": str(free_port()),
            **variables,
        }
        # With a traceback of what ends it, besides what is said without.
        for line in until_it_serves(home, [*SERVE, "--debug"], settings):
            said.hear(start, line)
    said.take(figures, "canary, every start")


def until_it_serves(home: Path, arguments: list[str], settings: Mapping[str, str]) -> list[bytes]:
    """What a service says until it ends, or has answered once."""
    log = home / "start.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=home,
            env=environment(home, **settings),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        while process.poll() is None:
            with suppress(OSError, ValueError):
                answer = told(int(settings["PORT"]), request(API, RIGHT))
                process.terminate()
                process.wait(10)
                return [answer, *log.read_bytes().splitlines()]
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
    finally:
        process.kill()
        process.wait()
    return log.read_bytes().splitlines()
