"""`check --wait` and `check --watch` over an API server, in a pipe."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import deployment, progressing
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.faults import FAULTS, closed_port, forbidden
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import environment

OBJECT = "/apis/apps/v1/namespaces/shop/deployments/api"
LIST = "/apis/apps/v1/namespaces/shop/deployments"
OFTEN = ("--interval", "100ms")
STARTING = deployment(3, 0, updated=1, conditions=[progressing("ReplicaSetUpdated")])
ROLLING = deployment(3, 2, updated=2, conditions=[progressing("ReplicaSetUpdated")])


@dataclass
class Command:
    """A command that runs, and what it has printed so far, line by line."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list[str])
    err: list[str] = field(default_factory=list[str])
    readers: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def read(self) -> None:
        """Take what it prints, until it ends."""
        for lines, stream in ((self.out, self.process.stdout), (self.err, self.process.stderr)):
            assert stream is not None
            reader = threading.Thread(target=lines.extend, args=(stream,), daemon=True)
            self.readers.append(reader)
            reader.start()

    def says(self, text: str, *, on_stdout: bool = False) -> None:
        """Return once a line has it."""
        lines = self.out if on_stdout else self.err
        until(lambda: any(text in line for line in lines), f"{text!r} in {lines}")

    def ends(self, number: signal.Signals | None = None) -> int:
        """The exit code, after a signal, once all that it printed is there."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        for reader in self.readers:
            reader.join(PATIENCE)
        return code


@contextmanager
def running(home: Path, url: str, *arguments: str, timeout: str = "2s") -> Generator[Command]:
    """`check` with these arguments over the API server at a URL, its output in pipes."""
    path = write_kubeconfig(home / "config", kubeconfig(url, namespace="shop"))
    with subprocess.Popen(
        [sys.executable, "-m", "k8s_heartbeat", "check", *arguments],
        cwd=home,
        env=environment(home, KUBECONFIG=str(path), HEARTBEAT_TIMEOUT=timeout),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        command = Command(process)
        command.read()
        try:
            yield command
        finally:
            if process.poll() is None:
                process.kill()
            command.ends()


def test_it_waits_until_all_are_up_and_steady(home: Path, api: ApiServer) -> None:
    """One line a change on stderr, and the result on stdout."""
    api.objects = [STARTING]
    # The time to wait is not the time that one reading has, which is a minute at most.
    options = ("deploy/api", "--wait", "--timeout", "10m", *OFTEN)
    with running(home, api.url, *options) as command:
        command.says("0 of 3 replicas available")
        api.wait_for(len(api.requests) + 3)
        api.objects = [ROLLING]
        command.says("2 of 3 replicas available")
        # Up is not enough: it has to be steady too.
        api.objects = [deployment(3, updated=2, conditions=[progressing("ReplicaSetUpdated")])]
        command.says("progressing  MinimumReplicasAvailable")
        api.wait_for(len(api.requests) + 2)
        assert command.out == []
        api.objects = [deployment()]
        assert command.ends() == 0
    assert command.out == [
        "healthy   shop/deployment/api  steady  "
        "MinimumReplicasAvailable: 3 of 3 replicas available\n"
    ]
    assert len(command.err) == 4, command.err
    assert "\x1b" not in "".join(command.err)


def test_what_is_up_and_steady_is_not_waited_for(home: Path, api: ApiServer) -> None:
    """One look, and nothing but the result."""
    with running(home, api.url, "deploy/api", "--wait") as command:
        assert command.ends() == 0
    assert (len(command.out), command.err) == (1, [])
    assert len(api.requests_for("/deployments")) == 1


def test_a_missing_object_is_waited_for(home: Path, api: ApiServer) -> None:
    """Also a namespace in which there is nothing yet."""
    for arguments in (("deploy/api",), ("-n", "shop")):
        api.objects = []
        with running(home, api.url, *arguments, "--wait", *OFTEN) as command:
            command.says("missing" if arguments == ("deploy/api",) else "nothing matched")
            api.objects = [deployment()]
            assert command.ends() == 0
        assert "healthy" in command.out[0]


def test_the_time_runs_out(home: Path, api: ApiServer) -> None:
    """1, with the last verdict and what is missing."""
    api.objects = [STARTING]
    with running(home, api.url, "deploy/api", "--wait", "--timeout", "300ms", *OFTEN) as command:
        assert command.ends() == 1
    assert command.out[0].startswith("down")
    assert command.err[-1] == "k8s-heartbeat: not all were up and steady within 0.3s\n"


def test_degraded_is_waited_for_where_it_fails(home: Path, api: ApiServer) -> None:
    """--fail-on holds here too."""
    api.objects = [deployment(3, 2)]
    options = ("deploy/api", "--wait", "--timeout", "300ms", *OFTEN)
    with running(home, api.url, *options) as command:
        assert command.ends() == 0
    with running(home, api.url, *options, "--fail-on", "degraded") as command:
        assert command.ends() == 1


def test_an_api_server_that_comes_back(home: Path, api: ApiServer) -> None:
    """Its errors are told once, and tried again."""
    api.behave("/", FAULTS["internal-error"])
    with running(home, api.url, "deploy/api", "--wait", *OFTEN) as command:
        command.says("it cannot be read")
        api.wait_for(len(api.requests) + 3)
        api.forget("/")
        assert command.ends() == 0
    assert len(command.err) == 2, command.err
    assert "can be read again" in command.err[1]


def test_an_api_server_that_goes_away(home: Path, api: ApiServer) -> None:
    """The last verdict is not good news: 1, and it is said that it is the last one."""
    api.objects = [ROLLING]
    api.behave(OBJECT, lambda exchange: exchange.json(200, ROLLING), FAULTS["internal-error"])
    with running(home, api.url, "deploy/api", "--wait", "--timeout", "1s", *OFTEN) as command:
        assert command.ends() == 1
    assert "2 of 3 replicas available" in command.out[0]
    assert "the last look failed: " in command.err[-1]


def test_nothing_could_ever_be_read(home: Path) -> None:
    """3, as without --wait."""
    with (
        closed_port() as url,
        running(home, url, "deploy/api", "--wait", "--timeout", "300ms", *OFTEN) as command,
    ):
        assert command.ends() == 3
    assert command.out == []
    assert len(command.err) == 2, command.err


def test_a_kind_that_is_not_served_is_no_matter_of_time(home: Path, api: ApiServer) -> None:
    """2 at once."""
    with running(home, api.url, "sprockets/api", "--wait") as command:
        assert command.ends() == 2


@pytest.mark.parametrize("flag", ["--wait", "--watch"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it(
    home: Path, api: ApiServer, flag: str, number: signal.Signals, code: int
) -> None:
    """With the code that a shell expects, and without a word."""
    api.objects = [STARTING]
    with running(home, api.url, "deploy/api", flag) as command:
        command.says("0 of 3", on_stdout=flag == "--watch")
        assert command.ends(number) == code
    assert len(command.out + command.err) == 1


def test_a_watch_prints_a_line_for_each_change(home: Path, api: ApiServer) -> None:
    """And none for each look; what goes away is told too."""
    api.objects = [STARTING]
    with running(home, api.url, "--watch", *OFTEN) as command:
        command.says("0 of 3", on_stdout=True)
        api.wait_for(len(api.requests_for(LIST)) + 3, LIST)
        before = len(command.out)
        api.objects = [deployment()]
        command.says("3 of 3", on_stdout=True)
        api.behave("/", FAULTS["internal-error"])
        command.says("it cannot be read")
        api.forget("/")
        command.says("can be read again")
        api.objects = []
        command.says("gone", on_stdout=True)
        command.says("unknown", on_stdout=True)
        command.ends(signal.SIGINT)
    assert [line.split()[0] for line in command.out[before:]] == ["healthy", "gone", "unknown"]


@pytest.mark.parametrize("form", [(), ("-o", "json")], ids=["text", "json"])
def test_a_watch_ends_once_nobody_reads_it(
    home: Path, api: ApiServer, form: tuple[str, ...]
) -> None:
    """`| head -1`: without a change, and long before the next look."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url, namespace="shop"))
    with subprocess.Popen(
        [sys.executable, "-m", "k8s_heartbeat", "check", "--watch", "--interval", "1h", *form],
        cwd=home,
        env=environment(home, KUBECONFIG=str(path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.wait(PATIENCE) == 141
            assert process.stderr is not None
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_what_was_not_read_has_no_empty_name(home: Path, api: ApiServer) -> None:
    """Neither a cause whose objects were not read, nor a list for the next command of a pipe."""
    api.objects = [STARTING]
    for path in ("/api/v1/namespaces/shop/events", "/apis/apps/v1/namespaces/shop/statefulsets"):
        api.behave(path, forbidden)
    with running(home, api.url, "deploy/api", "-o", "wide") as command:
        assert command.ends() == 1
    assert any(line.lstrip().startswith("CausesUnreadable event: ") for line in command.out)
    with running(home, api.url, "-o", "name") as command:
        assert command.ends() == 1
    assert command.out == ["deployment/api\n"]
    assert [line.split()[1] for line in command.err] == ["shop/statefulset:"]


def test_an_age_is_no_change(home: Path, api: ApiServer) -> None:
    """It goes on with every look, though nothing happens."""
    renewed = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    meta = {"name": "leader", "namespace": "shop", "uid": "leader"}
    spec = {"holderIdentity": "one", "leaseDurationSeconds": 3600, "renewTime": renewed}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta}
    api.objects = [{**lease, "spec": spec}]
    with running(home, api.url, "lease/leader", "--watch", *OFTEN) as command:
        command.says("held by one", on_stdout=True)
        # Two seconds at least, each of which makes another age.
        api.wait_for(len(api.requests_for("/leases/leader")) + 22, "/leases/leader")
        before = len(command.out)
        api.objects = [{**lease, "spec": {**spec, "holderIdentity": "two"}}]
        command.says("held by two", on_stdout=True)
        command.ends(signal.SIGINT)
    assert (before, len(command.out)) == (1, 2), command.out


def test_a_watch_of_json_is_a_document_for_each_change(home: Path, api: ApiServer) -> None:
    """For `jq`, which takes them one by one."""
    api.objects = [STARTING]
    with running(home, api.url, "deploy/api", "-w", "-o", "json", *OFTEN) as command:
        command.says('"available":0', on_stdout=True)
        api.objects = [deployment()]
        command.says('"available":3', on_stdout=True)
        command.ends(signal.SIGINT)
    assert [json.loads(line)["up"] for line in command.out] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--wait", "--watch"), "not both"),
        (("--timeout", "5m"), "--timeout goes with --wait"),
        (("--interval", "5s"), "--interval with --wait or --watch"),
        (("--watch", "--timeout", "5m"), "not with --watch"),
        (("--wait", "-f", "dump.json"), "--wait: a dump does not change"),
        (("--watch", "-f", "-"), "--watch: a dump does not change"),
        (("--wait", "--now", "2026-01-01T12:00:00Z"), "leave --now out"),
        (("--wait", "--for", "2m"), "leave --for"),
        (("--watch", "-o", "name"), "no form name"),
        (("--wait", "--timeout", "soon"), "--timeout: 'soon' is not a duration"),
        (("--wait", "--interval", "1ms"), "--interval: at least 100ms"),
    ],
)
def test_flags_that_contradict_one_another(
    home: Path, arguments: tuple[str, ...], said: str
) -> None:
    """2, and one line that says which."""
    with running(home, "http://127.0.0.1:1", *arguments) as command:
        assert command.ends() == 2
    assert command.out == []
    assert len(command.err) == 1
    assert said in command.err[0]
