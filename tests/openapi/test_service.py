"""Schemathesis against the service as a process: every answer is as the document says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import ApiServer, Behaviour, Exchange, truthful
from tests.servers.faults import FAULTS
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.lies import LIES, ODDITIES
from tests.servers.process import Service, environment, serving

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SERVE = ("-m", "k8s_heartbeat", "serve", "--host", "127.0.0.1")
TOKEN = "a-token-of-the-operator"
SECONDS = 120
"""What one set-up may take on a busy machine; the four take less than that together."""
FEWEST = 500
"""Requests that each set-up sees at least."""
UNLIMITED = {"RATE_LIMIT": "100000000", "HEARTBEAT_FAILED_AUTH_LIMIT": "100000000"}
"""Otherwise nearly every answer is a 429."""
SLOW = {
    "bomb-of-two-codings",
    "br-bomb",
    "conditions-100000",
    "deflate-bomb",
    "gzip-bomb",
    "gzip-unsaid",
    "headers-100000",
    "large",
    "zstd-bomb",
}
"""What costs this machine more than an answer; tests/gates has them."""
CONFIGURATION = {
    "page": {"title": "The shop", "public": {"components": ["storefront"]}},
    "components": [
        {
            "name": "checkout",
            "title": "Checkout",
            "up": 1,
            "members": [
                {"namespace": "shop", "kind": "deployment", "name": "checkout"},
                {"namespace": "shop", "kind": "deployment", "name": "payments"},
            ],
        },
        {"name": "storefront", "members": [{"namespace": "shop"}]},
    ],
}
TOKENS = {
    "tokens": [
        {
            "name": "status-page",
            "sha256": sha256(TOKEN.encode()).hexdigest(),
            "namespaces": ["shop"],
            "kinds": ["deploy", "sts"],
            "components": ["checkout"],
            "detail": "status",
        }
    ]
}


@dataclass(frozen=True, slots=True)
class SetUp:
    """A service, and how it is asked.

    Attributes:
        start: Starts it.
        options: Further options of schemathesis.
        base_path: Its prefix.
        seen: Codes that it answers some of the requests with; without these, nothing was tested.
    """

    start: Callable[[Path], AbstractContextManager[Service]]
    options: Sequence[str] = ()
    base_path: str = ""
    seen: Collection[int] = ()


@contextmanager
def demo(home: Path) -> Generator[Service]:
    """The demo, open, with all that it can say."""
    with serving(home, (*SERVE, "--demo"), **UNLIMITED) as service:
        yield service


@contextmanager
def with_token(home: Path) -> Generator[Service]:
    """The demo behind one token, with codes of the operator's own."""
    codes = "down=424,degraded=424,unknown=424"
    with serving(
        home,
        (*SERVE, "--demo"),
        AUTH_TOKEN_BASIC=TOKEN,
        HEARTBEAT_DETAIL="summary",
        HEARTBEAT_STATUS_CODES=codes,
        **UNLIMITED,
    ) as service:
        yield service


@contextmanager
def with_scopes(home: Path) -> Generator[Service]:
    """The demo behind a token that sees a part of it, with a public component, under a prefix."""
    tokens, configuration = home / "tokens.yaml", home / "heartbeat.yaml"
    tokens.write_text(json.dumps(TOKENS), "utf-8")
    configuration.write_text(json.dumps(CONFIGURATION), "utf-8")
    with serving(
        home,
        (*SERVE, "--demo", "--config", str(configuration)),
        HEARTBEAT_TOKENS_FILE=str(tokens),
        HEARTBEAT_BASE_PATH="/heartbeat",
        **UNLIMITED,
    ) as service:
        yield service


@contextmanager
def faulty(home: Path) -> Generator[Service]:
    """A live cluster whose API server fails, hangs or lies every second time."""
    wrongs = {**FAULTS, **LIES, **ODDITIES}
    turns = cycle(
        behaviour
        for name, wrong in sorted(wrongs.items())
        if name not in SLOW
        for behaviour in (truthful, wrong)
    )
    lock = threading.Lock()

    def behave(exchange: Exchange) -> None:
        with lock:
            behaviour: Behaviour = next(turns)
        behaviour(exchange)

    objects = [
        {**deployment(3, ready), "metadata": {**deployment()["metadata"], "name": name}}
        for name, ready in (("storefront", 3), ("payments", 0), ("checkout", 2))
    ]
    configuration = home / "heartbeat.yaml"
    configuration.write_text(json.dumps(CONFIGURATION), "utf-8")
    with ApiServer(objects) as api:
        path = write_kubeconfig(home / "config", kubeconfig(api.url))
        api.behave("/", behave)
        with serving(
            home,
            (*SERVE, "--kubeconfig", str(path), "--config", str(configuration)),
            HEARTBEAT_AUTH="none",
            HEARTBEAT_TIMEOUT="100ms",
            HEARTBEAT_CACHE_TTL="100ms",
            HEARTBEAT_STALE_FOR="1s",
            HEARTBEAT_DRAIN_SECONDS="0",
            **UNLIMITED,
        ) as service:
            yield service


# HEAD is as GET, which tests/http holds; here it is asked in one set-up.
GETS = ("--exclude-method", "HEAD")
GUARDED = (*GETS, "--header", f"Authorization: Bearer {TOKEN}")
SETUPS: dict[str, SetUp] = {
    "demo": SetUp(demo, seen={200, 400, 404, 405, 503}),
    "token": SetUp(with_token, GUARDED, seen={200, 400, 401, 404, 405, 424}),
    "scopes": SetUp(with_scopes, GUARDED, "/heartbeat", {200, 400, 401, 404, 405, 503}),
    "faulty": SetUp(faulty, GETS, seen={200, 400, 404, 405, 502, 503, 504}),
}


def run_schemathesis(home: Path, url: str, options: Sequence[str]) -> str:
    """What it prints; its own files go to the home folder."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
            *("--config-file", str(HERE / "schemathesis.toml")),
            *("run", url, "--checks", "all", "--no-color", *options),
        ],
        cwd=home,
        env=environment(
            home, PYTHONPATH=str(ROOT), SCHEMATHESIS_HOOKS="tests.openapi.hooks", CI="true"
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    return done.stdout


@pytest.mark.parametrize("name", SETUPS)
def test_every_answer_is_as_the_document_says(
    name: str, tmp_path: Path, note: Callable[[str], None]
) -> None:
    """Codes, headers, media types, bodies; what is valid is taken, and nothing else."""
    setup = SETUPS[name]
    with setup.start(tmp_path) as service:
        url = f"http://127.0.0.1:{service.port}{setup.base_path}/openapi.json"
        printed = run_schemathesis(tmp_path, url, setup.options)
        assert service.stop() == 0
        counted = Counter(map(int, re.findall(r'"status": ?(\d+)', service.logged())))
    assert counted.total() >= FEWEST, printed
    assert set(setup.seen) <= set(counted), counted
    told = ", ".join(f"{code}: {count}" for code, count in sorted(counted.items()))
    note(f"{name}: {counted.total()} requests ({told})")
