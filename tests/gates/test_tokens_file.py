"""A tokens file that is edited, broken and mended while everybody asks."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path

from tests.entrypoints.support import API, served
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.process import Service

from .figures import Figures

STAYS, LEAVES, COMES, STRANGER = "stays-all-along", "leaves-soon", "comes-late", "never-was-known"
# Twice a second it is looked at, and what was written a moment ago has to stand still.
SECONDS_TO_FORCE = 2.5


@dataclass(slots=True)
class Poller:
    """Somebody who asks all the time, over one connection, and notes each code and when."""

    service: Service
    token: str
    answers: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def poll(self, ended: threading.Event) -> None:
        """Ask until it is over."""
        connection = HTTPConnection("127.0.0.1", self.service.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            while not ended.is_set():
                connection.request("GET", API, headers=headers)
                response = connection.getresponse()
                response.read()
                self.answers.append((time.monotonic(), response.status))
        finally:
            connection.close()

    def codes(self, since: float) -> set[int]:
        """The codes that it got since then."""
        return {code for at, code in list(self.answers) if at >= since}

    def wait_for(self, code: int) -> float:
        """The moment of its first such answer from now on."""
        began = time.monotonic()
        until(lambda: code in self.codes(began), f"{code} for {self.token}")
        return next(at for at, found in list(self.answers) if at >= began and found == code)


def entry(token: str) -> str:
    """A line of the file."""
    return f'- {{name: of-{token}, sha256: "{sha256(token.encode()).hexdigest()}"}}\n'


def test_a_tokens_file_may_be_edited_under_load(
    home: Path, api: ApiServer, figures: Figures
) -> None:
    """Nobody who may is refused at any moment, nobody who may not is let in once it holds."""
    path = home / "tokens.yaml"
    path.write_text("tokens:\n" + entry(STAYS) + entry(LEAVES))
    with served(
        home,
        api,
        auth="token",
        HEARTBEAT_TOKENS_FILE=str(path),
        HEARTBEAT_FAILED_AUTH_LIMIT="100000000",
        HEARTBEAT_CACHE_TTL="1m",
        LOG_LEVEL="WARNING",
    ) as service:
        pollers = {token: Poller(service, token) for token in (STAYS, LEAVES, COMES, STRANGER)}
        ended = threading.Event()
        threads = [
            threading.Thread(target=poller.poll, args=(ended,), daemon=True)
            for poller in pollers.values()
        ]
        for thread in threads:
            thread.start()
        try:
            slowest = _edit(path, service, pollers)
        finally:
            ended.set()
            for thread in threads:
                thread.join(PATIENCE)
    refused = sum(code != 200 for _, code in pollers[STAYS].answers)
    let_in = sum(code != 401 for _, code in pollers[STRANGER].answers)
    figures.take("tokens file edited under load: refused wrongly", refused, 0, "answers")
    figures.take("tokens file edited under load: let in wrongly", let_in, 0, "answers")
    figures.take("tokens file: a change is in force", slowest, SECONDS_TO_FORCE, "s")
    assert len(pollers[STAYS].answers) > 100


def _edit(path: Path, service: Service, pollers: dict[str, Poller]) -> float:
    """Change the file in each way; the seconds until the slowest change was in force."""
    pollers[LEAVES].wait_for(200)
    pollers[STRANGER].wait_for(401)
    both = "tokens:\n" + entry(LEAVES) + entry(STAYS)
    # As an editor that is slow, or a full disk, leaves it: each piece is YAML, and says too little.
    for piece in ("", "tokens: []", "tokens:\n" + entry(LEAVES)):
        path.write_text(piece)
        time.sleep(0.7)
    path.write_text(both)

    path.write_text("tokens: [{name: nobody")
    until(lambda: "[-]tokens-file failed" in _checks(service), "the fault in /readyz")
    assert service.get("/readyz").status == 200
    service.says("stays in force")
    broken_at = time.monotonic()
    pollers[LEAVES].wait_for(200)
    assert pollers[LEAVES].codes(broken_at) == {200}

    began = time.monotonic()
    path.write_text("tokens:\n" + entry(STAYS) + entry(COMES))
    gone = pollers[LEAVES].wait_for(401)
    come = pollers[COMES].wait_for(200)
    until(lambda: "[+]tokens-file ok" in _checks(service), "the mended file in /readyz")
    # Requests that were under way as it changed may have either answer; none after them.
    settled = gone + 0.5
    until(lambda: len(pollers[LEAVES].codes(settled)) > 0, "answers once it has settled")
    assert pollers[LEAVES].codes(settled) == {401}
    return max(gone, come) - began


def _checks(service: Service) -> str:
    return service.get("/readyz?verbose").body.decode()
