"""A terminal in which the commands of a page are typed, one after the other.

It stands in a fresh folder that looks like a clone of the repository, with the installed program,
a few others, and a kubeconfig whose cluster is the demo's shop. So a command that is not marked
cannot reach what the machine has: a container engine, a cluster, Git. What the pages call
127.0.0.1:8080 is the demo, until the page itself starts a service. `kubectl` is a stand-in that
runs the plugin and prints the shop for `get -o json`: anything else needs a cluster, and pages mark
it so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from k8s_heartbeat.adapters.demo import shop
from tests.builders import Manifest
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import fetch, free_port

from .pages import ROOT, Block, Command

__all__ = ["Terminal", "differences", "syntax_fault"]

_BASH = shutil.which("bash") or "bash"
_ADDRESS = "127.0.0.1:8080"
_EXAMPLE = "https://heartbeat.example.com"
_PROGRAMS = """
base64 basename cat curl cut dirname env false grep head ls mkdir printf promtool sed sh sleep sort
tail tee test tr true uniq wc xargs
""".split()  # noqa: SIM905  # a column of quotes is harder to read
"""What pages may use besides; a command that needs more has to be marked."""
_SECONDS = 120.0
"""How long a command may take."""
_SERVE = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:\S+/)?k8s-heartbeat serve\b")
_KUBECTL = """\
#!/bin/sh
case "$1 $*" in
    heartbeat*) shift; exec kubectl-heartbeat "$@" ;;
    get*" -o json"*) exec cat "$DUMP" ;;
esac
echo "kubectl $*: needs a cluster, so that the block has to be marked" >&2
exit 64
"""
# 1 is the answer that something is not up, or that grep found nothing
_SCRIPT = """\
set -o pipefail
cd {folder}
. {state}
trap 'code=$?; if [ $code -gt 1 ] && [ -n "{strict}" ]; then exit $code; fi' ERR
{command}
code=$?
trap - ERR
{{ export -p; echo "cd '$PWD'"; }} > {state}
exit $code
"""
_CONFIGURATION = {
    "components": [
        {"name": "checkout", "members": [{"namespace": "shop", "kind": "deployment"}]},
    ]
}
_VARYING = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)", "TIME"),
    (r'"ageSeconds":[\d.]+', '"ageSeconds":0.0'),
    (r"(?m)^Date: .*$", "Date: NOW"),
)


class Terminal:
    """Where the commands of one page are run.

    Args:
        folder: An empty folder.
        demo: The port of the demo.
    """

    def __init__(self, folder: Path, demo: int) -> None:
        self._port = demo
        self._place = folder / "clone"
        self._state = folder / "state.sh"
        self._service: subprocess.Popen[bytes] | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self._log = folder / "serve.log"
        self._api = ApiServer(objects=[_labelled(entry) for entry in shop(datetime.now(UTC))])
        self._folder = folder

    def __enter__(self) -> Self:
        self._place.mkdir()
        for entry in ROOT.iterdir():
            if entry.name[0] != ".":
                (self._place / entry.name).symlink_to(entry)
        self._state.touch()
        tools = self._folder / "bin"
        tools.mkdir()
        for name in _PROGRAMS:
            if found := shutil.which(name):
                (tools / name).symlink_to(found)
        for name in ("k8s-heartbeat", "kubectl-heartbeat"):
            (tools / name).symlink_to(Path(sys.executable).parent / name)
        # Through a link it would not know its environment.
        python = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
        for name, text in (("kubectl", _KUBECTL), ("python", python)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        dump = {"apiVersion": "v1", "kind": "List", "items": list(self._api.objects)}
        for path in (self._folder / "dump.json", self._place / "dump.json"):
            path.write_text(json.dumps(dump))
        (self._place / "heartbeat.yaml").write_text(json.dumps(_CONFIGURATION))
        self._api.__enter__()
        home = self._folder / "home"
        write_kubeconfig(home / ".kube" / "config", kubeconfig(self._api.url, namespace="shop"))
        self._environment = {
            "PATH": str(tools),
            "HOME": str(home),
            "DUMP": str(self._folder / "dump.json"),
            "LANG": "C.UTF-8",
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()
        for process in self._started:
            # What a command has put into the background.
            _end(process)
        self._api.__exit__(kind, error, traceback)

    def run(self, block: Block) -> list[str]:
        """Run a block; what went otherwise than the page says."""
        return [fault for part in block.commands for fault in self._run(part, block.language)]

    def _run(self, command: Command, language: str) -> Iterator[str]:
        lines = command.text.split("\n")
        at = next((at for at, line in enumerate(lines) if _SERVE.match(line)), None)
        if at is not None:
            before, after = "\n".join(lines[:at]), "\n".join(lines[at + 1 :])
            if before.strip():
                yield from self._typed(Command(before), language)
            yield from self._serve(lines[at], command.output)
            if after.strip():
                yield from self._typed(Command(after), language)
            return
        yield from self._typed(command, language)

    def _typed(self, command: Command, language: str) -> Iterator[str]:
        strict = "1" if language == "sh" or not command.output else ""
        typed = subprocess.Popen(
            [_BASH, "-c", self._script(command.text, strict)],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._started.append(typed)
        try:
            output, _ = typed.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired as error:
            _end(typed)
            yield f"$ {command.text}\ndoes not end:\n{(error.stdout or b'').decode()}"
            return
        printed = output.decode()
        if strict and typed.returncode > 1:
            yield f"$ {command.text}\nended with {typed.returncode}:\n{printed}"
        if command.output:
            found = printed.replace(f"127.0.0.1:{self._port}", _ADDRESS)
            if fault := differences(command.output, found):
                yield f"$ {command.text}\n{fault}"

    def _script(self, command: str, strict: str = "") -> str:
        own = f"127.0.0.1:{self._port}"
        typed = command.replace(_ADDRESS, own).replace(_EXAMPLE, f"http://{own}")
        return _SCRIPT.format(folder=self._place, state=self._state, command=typed, strict=strict)

    def _serve(self, line: str, output: tuple[str, ...]) -> Iterator[str]:
        """Start a service that goes on until the page, or the next one, ends it."""
        self._stop()
        self._port = free_port()
        with self._log.open("wb") as log:
            self._service = subprocess.Popen(
                [_BASH, "-c", self._script(line)],
                env=self._environment | {"PORT": str(self._port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            until(self._answers, "the service's first answer")
        except AssertionError:
            yield f"$ {line}\ndoes not answer:\n{self._log.read_text()}"
            return
        told = self._log.read_text().replace(f"127.0.0.1:{self._port}", _ADDRESS).splitlines()
        for wanted in output:
            if not any(_is_like(wanted, each) for each in told):
                yield f"$ {line}\ndoes not print: {wanted}\nbut:\n" + "\n".join(told)

    def _answers(self) -> bool:
        try:
            return fetch(self._port, "/livez").status == 200
        except OSError:
            return False

    def _stop(self) -> None:
        if self._service is not None:
            _end(self._service)
            self._service = None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


def _labelled(entry: Mapping[str, Any]) -> Manifest:
    """An object of the shop with the labels that the pages select by."""
    if "ownerReferences" in entry["metadata"]:
        return dict(entry)
    labels = {"app": entry["metadata"]["name"], "team": "billing", "tier": "edge"}
    return {**entry, "metadata": {**entry["metadata"], "labels": labels}}


def syntax_fault(text: str) -> str:
    """What bash has against a script."""
    done = subprocess.run([_BASH, "-n"], input=text, capture_output=True, text=True, check=False)
    return done.stderr


def differences(wanted: tuple[str, ...], printed: str) -> str:
    """How an output differs from what a page shows of it; empty if it does not.

    Times and ages may differ. `…` on the page stands for the rest of a line, or for any lines.
    """
    found = [line for line in printed.splitlines() if line]
    rest = list(found)
    for line in wanted:
        if line == "…":
            return ""
        if not rest or not _is_like(line, rest[0]):
            break
        rest.pop(0)
    else:
        if not rest:
            return ""
    shown = "\n".join(wanted)
    return f"prints:\n{chr(10).join(found)}\nand not:\n{shown}"


def _is_like(wanted: str, found: str) -> bool:
    pattern = ".*".join(map(re.escape, _even(wanted).split("…")))
    return re.fullmatch(pattern, _even(found)) is not None or _even(wanted) == _even(found)


def _even(text: str) -> str:
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text)
    return text.rstrip()
