"""The service under test: its real entry point as a process, and what it answers."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.cluster.story import Expected

NAMESPACE = "k8s-heartbeat"
"""Where `deploy/` puts the service."""

SUPERVISOR = Path(__file__).with_name("supervisor.py")
_TOKEN = "a-token-of-the-tests"
_PORT = re.compile(rb"listening on \S+ port (\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    code: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def health(self) -> str:
        """The health that the answer states."""
        return str(self.body.get("status", ""))

    @property
    def activity(self) -> str:
        """The activity that the answer states."""
        return str(self.body.get("activity", ""))

    @property
    def reason(self) -> str:
        """The reason that the answer states."""
        return str(self.body.get("reason", ""))

    @property
    def causes(self) -> tuple[str, ...]:
        """The reasons of the causes."""
        return tuple(cause["reason"] for cause in self.body.get("causes", ()))


class Service:
    """`k8s-heartbeat serve` over a kubeconfig; it ends with the block."""

    def __init__(
        self, kubeconfig: Path, *, ttl: float, config: Path | None = None, **variables: str
    ) -> None:
        """Read with a kubeconfig; `config` has the components."""
        self.kubeconfig = kubeconfig
        self._ttl = ttl
        self._config = config
        self._variables = variables

    def __enter__(self) -> Self:
        # A file and not a pipe: nobody reads along while the tests run. It lies in the folder that
        # ends with the control plane, and the process ends with this one, even if that is killed.
        command = [sys.executable, "-m", "k8s_heartbeat", "serve", "--port", "0"]
        descriptor, name = tempfile.mkstemp(".log", "service-", self.kubeconfig.parent)
        self._log = Path(name)
        with os.fdopen(descriptor, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR), "part", str(os.getpid()), *command],
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "KUBECONFIG": str(self.kubeconfig),
                    "AUTH_TOKEN_BASIC": _TOKEN,
                    "HEARTBEAT_HOST": "127.0.0.1",
                    "HEARTBEAT_CACHE_TTL": f"{int(self._ttl * 1000)}ms",
                    "HEARTBEAT_DETAIL": "full",
                    "HEARTBEAT_DRAIN_SECONDS": "0",
                    "HEARTBEAT_CONFIG": str(self._config or ""),
                    "RATE_LIMIT": "1000000",
                    **self._variables,
                },
                stderr=log,
            )
        try:
            self.port = self._listening()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            self._log.unlink(missing_ok=True)

    def _listening(self) -> int:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            found = _PORT.search(self._log.read_bytes())
            if found:
                return int(found.group(1))
            time.sleep(0.02)
        raise AssertionError(f"the service did not start: {self.log()}")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is still the process that was started."""
        return self._process.poll() is None

    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text("utf-8", "replace")

    def check(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """What `k8s-heartbeat check` says with the same kubeconfig: its exit code and its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "k8s_heartbeat", "check", "-o", "json", *arguments],
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "KUBECONFIG": str(self.kubeconfig),
                "HEARTBEAT_CONFIG": str(self._config or ""),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout)

    def ask(self, path: str, *, token: str = _TOKEN) -> Answer:
        """GET a path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            text = response.read().decode()
            is_json = "json" in (response.headers["Content-Type"] or "")
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                json.loads(text) if is_json else {"text": text},
            )
        finally:
            connection.close()


def fits(answer: Answer, expected: Expected) -> bool:
    """Whether an answer is the one that is due."""
    return (
        (answer.health, answer.code, answer.body["up"])
        == (expected.health, expected.code, expected.up)
        and answer.headers["heartbeat-status"] == expected.health
        and expected.activity in (None, answer.activity)
        and expected.reason in (None, answer.reason)
        and (not expected.causes or bool(expected.causes & set(answer.causes)))
    )


def due(service: Service, path: str, expected: Expected, within: float) -> tuple[Answer, float]:
    """The right answer and how soon it came, or the last wrong one once its time is over."""
    began = time.monotonic()
    while True:
        answer = service.ask(f"{path}?explain=true")
        took = time.monotonic() - began
        if fits(answer, expected) or took > within:
            return answer, took
        time.sleep(0.05)
