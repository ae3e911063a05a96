"""Gate: whatever the API server answers is told as what it is: no evidence."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.builders import Manifest, deployment
from tests.entrypoints.support import API, SERVE
from tests.servers.api_server import ApiServer, Behaviour, Exchange, head, until
from tests.servers.certificates import FLAWS, Certificate, self_signed
from tests.servers.faults import FAULTS, closed_port, speaks, truth_of
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.lies import LIES, ODDITIES
from tests.servers.process import Service, all_at_once, serving

from .figures import Figures
from .processes import peak, resident

SECONDS = 0.5
GRACE = 0.5
AT_ONCE = 3
"""Faults that are played at one moment; more would measure this machine."""
TOKEN = "canary-of-the-cluster"
NO_EVIDENCE = frozenset((502, 504))
OBJECT, LIST, PING, KINDS = "object", "list", "ping", "kinds"

VARIABLES = {
    "HEARTBEAT_AUTH": "none",
    "HEARTBEAT_TIMEOUT": f"{SECONDS}s",
    "HEARTBEAT_CACHE_TTL": "100ms",
    "HEARTBEAT_STALE_FOR": "0s",
    "HEARTBEAT_DRAIN_SECONDS": "0",
    "RATE_LIMIT": "100000",
}
"""Nothing is remembered for longer than it has to be."""

# A list may hold other names, and does not repeat a version.
FITS_A_LIST = frozenset(("another-name", "another-version"))
# Numbers that agree with one another are evidence, however odd: so many of so many.
AGREES = frozenset(("number-of-20-digits",))


@contextmanager
def cluster(
    home: Path, api: ApiServer, known: Certificate | None = None, **variables: str
) -> Generator[Service]:
    """The service over an API server, which knows its token."""
    about = {"certificate-authority": str(known.certificate)} if known else {}
    content = kubeconfig(api.url, user={"token": TOKEN}, cluster=about)
    path = write_kubeconfig(home / "config", content)
    with serving(home, SERVE, **{**VARIABLES, **variables, "KUBECONFIG": str(path)}) as service:
        yield service


@dataclass(slots=True)
class Tally:
    """What was answered wrongly, and how late the latest answer came."""

    wrong: list[str] = field(default_factory=list[str])
    answers: int = 0
    slowest: float = 0.0

    def ask(self, service: Service, path: str, what: str, right: frozenset[int]) -> None:
        """Ask, and note what came."""
        began = time.monotonic()
        code = service.get(path).status
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.answers += 1
        if code not in right:
            self.wrong.append(f"{what}: {code}")


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, in a namespace of its own."""

    number: int
    name: str
    behaviour: Behaviour
    object_codes: frozenset[int]
    list_codes: frozenset[int]

    @property
    def namespace(self) -> str:
        """Where its object stands."""
        return f"ns-{self.number}"

    @property
    def prefix(self) -> str:
        """Of the paths that it answers on."""
        return f"/apis/apps/v1/namespaces/{self.namespace}/"

    def paths(self) -> Mapping[str, str]:
        """What is asked, by what it is of."""
        place = f"/api/healthz/{self.namespace}"
        return {OBJECT: f"{place}/deployment/api", LIST: f"{place}?kind=deploy"}

    def right(self, of: str) -> frozenset[int]:
        """The codes that are right."""
        return self.object_codes if of == OBJECT else self.list_codes


def in_namespace(namespace: str) -> Manifest:
    """A healthy Deployment."""
    made = deployment()
    return {**made, "metadata": {**made["metadata"], "namespace": namespace}}


def redirects(url: str) -> Iterator[tuple[str, Behaviour]]:
    """To another host, with every code that there is."""
    for code in (301, 302, 303, 307, 308):
        yield f"redirect-{code}", speaks(code, b"", Location=f"{url}{API}")


def cases(elsewhere: str) -> list[Case]:
    """Every fault, lie and oddity."""
    odd = NO_EVIDENCE | {503}
    found: list[tuple[str, Behaviour, frozenset[int], frozenset[int]]] = [
        (name, fault, NO_EVIDENCE, NO_EVIDENCE)
        for name, fault in (*FAULTS.items(), *redirects(elsewhere))
    ]
    found += [
        (name, lie, NO_EVIDENCE, NO_EVIDENCE | {200} if name in FITS_A_LIST else NO_EVIDENCE)
        for name, lie in LIES.items()
    ]
    for name, oddity in ODDITIES.items():
        codes = odd | {200} if name in AGREES else odd
        found.append((name, oddity, codes, codes))
    return [Case(number, *entry) for number, entry in enumerate(found)]


def play(service: Service, api: ApiServer, tally: Tally, case: Case) -> None:
    """Play one fault, ask for what it hits, and ask again once it is over."""
    api.behave(case.prefix, case.behaviour)
    for of, path in case.paths().items():
        tally.ask(service, path, f"{case.name} ({of})", case.right(of))
    api.forget(case.prefix)
    for of, path in case.paths().items():
        recovers(service, path, f"{case.name} ({of})")


def recovers(service: Service, path: str, what: str) -> None:
    """Return once the truth is told."""
    until(lambda: service.get(path).status == 200, f"the truth after {what}", patience=3)


def test_objects_and_lists(home: Path, figures: Figures) -> None:
    """Each fault hits an object and a list, never is 200, and leaves nothing behind."""
    with ApiServer([deployment()]) as elsewhere, ApiServer(token=TOKEN) as api:
        played = cases(elsewhere.url)
        api.objects = [in_namespace(case.namespace) for case in played]
        tally = Tally()
        with cluster(home, api) as service:
            started = resident(service.process.pid)
            with ThreadPoolExecutor(AT_ONCE) as players:
                list(players.map(partial(play, service, api, tally), played))
            grown = peak(service.process.pid) - started
            logged = service.logged()
        assert elsewhere.requests == []
    assert "Traceback" not in logged
    assert TOKEN not in logged
    assert tally.answers == 2 * len(played) > 200
    print(*tally.wrong, sep="\n")
    figures.take(
        f"{tally.answers} bad answers of an API server, told wrongly",
        len(tally.wrong),
        0,
        "answers",
    )
    late = tally.slowest - SECONDS
    figures.take("bad answers: the slowest past the deadline", late, GRACE, "s")
    figures.take("bad answers: peak of memory", grown / 2**20, 160, "MiB more")


@pytest.mark.parametrize("of", [PING, KINDS])
def test_pings_and_discovery(home: Path, figures: Figures, of: str) -> None:
    """Each fault in place of the health check, or of what the cluster serves."""
    path = {PING: "/healthz", KINDS: "/api/healthz/shop/widgets.example.com/one"}[of]
    # What is served, told at last, has no such kind; what failed says nothing.
    hit, last = {PING: ("/healthz", 200), KINDS: ("/api", 404)}[of]
    with ApiServer([deployment()]) as elsewhere, ApiServer([deployment()], token=TOKEN) as api:
        played = dict((*FAULTS.items(), *redirects(elsewhere.url)))
        tally = Tally()
        with cluster(home, api) as service:
            for name, fault in played.items():
                api.behave(hit, fault)
                tally.ask(service, path, f"{name} ({of})", NO_EVIDENCE)
                assert service.get("/livez").status == 200
                # A failure is remembered for less than this.
                time.sleep(0.05)
            api.forget(hit)
            until(lambda: service.get(path).status == last, "the truth")
            logged = service.logged()
        assert elsewhere.requests == []
    assert "Traceback" not in logged
    asked = len({request.path for request in api.requests_for(hit)})
    assert asked > 0
    print(*tally.wrong, sep="\n")
    question = {PING: "its health check", KINDS: "what it serves"}[of]
    figures.take(
        f"{tally.answers} bad answers to {question}, told wrongly",
        len(tally.wrong),
        0,
        "answers",
    )
    late = tally.slowest - SECONDS
    figures.take(f"bad answers to {question}: the slowest past the deadline", late, GRACE, "s")


def test_large_answers_at_once(home: Path, figures: Figures) -> None:
    """24 callers of objects that are padded to 15 MiB each, which is within what is taken in."""
    padding = b'{"padding":"' + b"x" * (15 * 2**20) + b'",'

    def padded(exchange: Exchange) -> None:
        body = truth_of(exchange).partition(b"\r\n\r\n")[2]
        exchange.send(head(200, {"Content-Length": str(len(padding) + len(body) - 1)}))
        exchange.send(padding)
        exchange.send(body[1:])

    with ApiServer(token=TOKEN) as api:
        api.objects = [in_namespace(f"ns-{number}") for number in range(24)]
        api.behave("/", padded)
        with cluster(home, api, HEARTBEAT_TIMEOUT="3s") as service:
            numbers = iter(range(24))
            started = resident(service.process.pid)

            def ask() -> int:
                return service.get(f"/api/healthz/ns-{next(numbers)}/deployment/api").status

            codes = all_at_once(24, ask)
            grown = peak(service.process.pid) - started
            assert "Traceback" not in service.logged()
    assert set(codes) <= {200, 504}
    assert 200 in codes
    figures.take("24 answers of 15 MiB at once: peak of memory", grown / 2**20, 200, "MiB more")


@pytest.mark.parametrize("flaw", [*FLAWS, "of nobody known", "none"])
def test_certificates(home: Path, tmp_path: Path, flaw: str) -> None:
    """One that is flawed is as good as none; no request is sent, nor a token."""
    shown = self_signed(tmp_path / "shown", flaw if flaw in FLAWS else "")
    known = self_signed(tmp_path / "known") if flaw == "of nobody known" else shown
    with (
        ApiServer([deployment()], token=TOKEN, tls=shown.context()) as api,
        cluster(home, api, known) as service,
    ):
        right = 200 if flaw == "none" else 502
        assert {service.get(path).status for path in (API, "/healthz")} == {right}
        assert service.get("/livez").status == 200
        assert bool(api.requests) == (flaw == "none")
        assert "Traceback" not in service.logged()


def test_nobody_there(home: Path) -> None:
    """A port that refuses."""
    with closed_port() as url:
        path = write_kubeconfig(home / "config", kubeconfig(url))
        with serving(home, SERVE, KUBECONFIG=str(path), **VARIABLES) as service:
            assert {service.get(path).status for path in (API, "/healthz")} == {502}
