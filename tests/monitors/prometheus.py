"""A real Prometheus on a loopback port, with a data folder of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.servers.api_server import until
from tests.servers.process import fetch, free_port

__all__ = ["INTERVAL", "Prometheus", "Series", "prometheus"]

INTERVAL = "250ms"
"""Between two scrapes, and two evaluations of the rules."""

# Its first scrape of a target is up to an interval away, and a service discovery's takes longer.
_PATIENCE = 30.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer.

    Attributes:
        labels: Its labels, the name as ``__name__``.
        value: Its value.
    """

    labels: Mapping[str, str]
    value: float


@dataclass(slots=True)
class Prometheus:
    """A process that scrapes.

    Attributes:
        process: The process.
        port: The port on 127.0.0.1 of its API.
        log: The file that its output goes to.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def api(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API.

        Args:
            path: Below ``/api/v1/``.
            parameters: The query.

        Raises:
            AssertionError: It answered with an error.
        """
        query = f"?{urlencode(parameters)}" if parameters else ""
        answer = json.loads(fetch(self.port, f"/api/v1/{path}{query}").body)
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[Series]:
        """The series that an expression has now; a scalar is one without labels."""
        data = self.api("query", query=expression)
        result = data["result"]
        if data["resultType"] == "scalar":
            return [Series({}, float(result[1]))]
        return [Series(entry["metric"], float(entry["value"][1])) for entry in result]

    def targets(self) -> list[dict[str, Any]]:
        """Its active targets as its API describes them: `labels`, `health`, `lastError`, …"""
        found: list[dict[str, Any]] = self.api("targets", state="active")["activeTargets"]
        return found

    def alerts(self) -> list[dict[str, Any]]:
        """Its pending and firing alerts: `labels`, `annotations`, `state`, …"""
        found: list[dict[str, Any]] = self.api("alerts")["alerts"]
        return found

    def until_scraped(self, times: int = 1) -> None:
        """Return once each target, of which there is one at least, was scraped so often.

        Raises:
            AssertionError: One cannot be scraped, or it takes too long.
        """
        samples = "count_over_time(up[1h])"
        self.until(
            lambda: (
                bool(self.targets())
                and {entry["health"] for entry in self.targets()} == {"up"}
                and all(entry.value >= times for entry in self.query(samples))
                and len(self.query(samples)) >= len(self.targets())
            ),
            "a scrape of every target",
        )

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Return once a condition holds that is bound to.

        Raises:
            AssertionError: It takes too long; with the state of the targets.
        """
        try:
            until(condition, what, _PATIENCE)
        except AssertionError as error:
            seen = [(entry["scrapeUrl"], entry["lastError"]) for entry in self.targets()]
            raise AssertionError(f"{error}; targets: {seen}") from None


@contextmanager
def prometheus(
    program: str, folder: Path, configuration: Mapping[str, Any]
) -> Generator[Prometheus]:
    """Prometheus, ready, with a configuration; its end comes with the block's.

    Args:
        program: The path of the program.
        folder: Where its configuration, data and log are kept; paths in the configuration are
            relative to it.
        configuration: As in ``prometheus.yml``, of which `global` may be left out: it then scrapes
            every `INTERVAL`.
    """
    every = {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL}
    whole = {"global": {**every, "evaluation_interval": INTERVAL}, **configuration}
    # JSON is YAML.
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(whole), "utf-8")
    port, log = free_port(), folder / "prometheus.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    running = Prometheus(process, port, log)
    try:
        until(lambda: _is_ready(running), "Prometheus is ready", _PATIENCE)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_ready(running: Prometheus) -> bool:
    if running.process.poll() is not None:
        raise AssertionError(f"it ended by itself: {running.log.read_text('utf-8')}")
    try:
        return fetch(running.port, "/-/ready").status == 200
    except OSError:
        return False
