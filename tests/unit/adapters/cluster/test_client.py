"""A configuration that is replaced while the process runs, and what an exchange costs."""

from __future__ import annotations

import ssl
import sys
import threading
import time
import traceback
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from k8s_heartbeat.adapters.cluster import Client, LiveReader, connect
from k8s_heartbeat.adapters.cluster.client import Request
from k8s_heartbeat.adapters.cluster.connect import ClusterConfig, Connection
from k8s_heartbeat.adapters.memory import LARGEST, SMALL, Memory
from k8s_heartbeat.core.checks.reader import Deadline, ReadError, ReadTimeout, UpstreamError
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from tests.builders import deployment
from tests.servers.api_server import ApiServer, Exchange, head, truthful, until
from tests.servers.certificates import Certificate, self_signed
from tests.servers.faults import closed_port, full_port, unauthorised
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig
from tests.servers.process import all_at_once

API = Query(KINDS[0], "shop", "api")
PAUSE = 10
"""Seconds between two looks for a configuration."""


def ample(seconds: float = 10) -> Deadline:
    """A deadline that no test reaches."""
    return Deadline.after(seconds, time.monotonic)


def failure(reader: LiveReader, deadline: Deadline | None = None) -> ReadError:
    """The error of a reading."""
    with pytest.raises(ReadError) as caught:
        reader.read(API, deadline or ample())
    return caught.value


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Its time."""
        return self.now


class Looks:
    """Counts how often a configuration is looked for, at a path or as it is told to."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        self.path = path
        self.before: Callable[[], None] | None = None

    def __call__(self) -> Connection:
        """A connection by the configuration as it is now."""
        self.count += 1
        if self.before:
            self.before()
        return connect(ClusterConfig(str(self.path), environ={}))


def _asking(server: Certificate, known: Certificate, version: ssl.TLSVersion) -> ssl.SSLContext:
    """How a server shows itself that takes only those clients whose certificate it knows."""
    context = server.context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(known.certificate)
    context.minimum_version = context.maximum_version = version
    return context


def _showing(folder: Path, api: ApiServer, server: Certificate, shown: Certificate) -> Path:
    """A kubeconfig of a client that shows a certificate."""
    cluster = {"certificate-authority": str(server.certificate)}
    user = {"client-certificate": str(shown.certificate), "client-key": str(shown.key)}
    return write_kubeconfig(folder / "config", kubeconfig(api.url, cluster=cluster, user=user))


class TestReplaced:
    """A kubeconfig that is written anew is found without a restart."""

    def test_another_server_is_found(self, api: ApiServer, tmp_path: Path) -> None:
        """By the very reading that could not reach the old one, and for good."""
        with closed_port() as url:
            path = write_kubeconfig(tmp_path / "config", kubeconfig(url))
            with live_reader(path) as reader:
                write_kubeconfig(path, kubeconfig(api.url))
                for _ in range(2):
                    assert reader.read(API, ample()).objects
        assert [request.turn for request in api.requests] == [1, 2]

    def test_another_server_is_found_where_the_old_one_drops_packets(
        self, api: ApiServer, tmp_path: Path
    ) -> None:
        """A deadline that is over leaves the look to the next reading."""
        with full_port() as port:
            path = write_kubeconfig(tmp_path / "config", kubeconfig(f"http://127.0.0.1:{port}"))
            with live_reader(path) as reader:
                write_kubeconfig(path, kubeconfig(api.url))
                assert type(failure(reader, ample(0.2))) is ReadTimeout
                assert reader.read(API, ample()).objects

    @pytest.mark.parametrize("as_data", [True, False], ids=["data", "file"])
    def test_another_authority_is_believed(self, tmp_path: Path, as_data: bool) -> None:
        """A cluster that was made anew has another one."""
        old, new = self_signed(tmp_path / "old"), self_signed(tmp_path / "new")

        def write(authority: Path) -> Path:
            data = {"certificate-authority-data": b64encode(authority.read_bytes()).decode()}
            cluster = data if as_data else {"certificate-authority": str(authority)}
            return write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))

        with (
            ApiServer([deployment()], tls=new.context()) as api,
            live_reader(write(old.certificate)) as reader,
        ):
            write(new.certificate)
            assert reader.read(API, ample()).objects

    def test_a_certificate_that_stays_wrong_is_an_upstream_error(self, tmp_path: Path) -> None:
        """Before anything is sent, however often the configuration is looked for."""
        ours, theirs = self_signed(tmp_path / "ours"), self_signed(tmp_path / "theirs")
        with ApiServer([deployment()], tls=theirs.context()) as api:
            cluster = {"certificate-authority": str(ours.certificate)}
            path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, cluster=cluster))
            with live_reader(path) as reader:
                assert "SSL" in failure(reader).problem
            assert api.requests == []

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_another_client_certificate_is_shown(
        self, tmp_path: Path, version: ssl.TLSVersion
    ) -> None:
        """Also where the server refuses the old one only once the request was sent."""
        server, old, new = (self_signed(tmp_path / name) for name in ("server", "old", "new"))
        with ApiServer([deployment()], tls=_asking(server, new, version)) as api:
            path = _showing(tmp_path, api, server, old)
            with live_reader(path) as reader:
                _showing(tmp_path, api, server, new)
                for _ in range(2):
                    assert reader.read(API, ample()).objects
        assert [request.turn for request in api.requests] == [1, 2]

    def test_a_client_certificate_that_stays_refused_is_looked_for_once_in_a_while(
        self, tmp_path: Path
    ) -> None:
        """And what is wrong with the configuration is said."""
        clock = Clock()
        server, old, new = (self_signed(tmp_path / name) for name in ("server", "old", "new"))
        context = _asking(server, new, ssl.TLSVersion.TLSv1_3)
        with ApiServer([deployment()], tls=context) as api:
            looks = Looks(_showing(tmp_path, api, server, old))
            client = Client(looks, clock=clock)
            reader = LiveReader(client, Memory())
            for now, count in ((0, 2), (PAUSE - 0.1, 2), (PAUSE, 3)):
                clock.now = now
                assert "SSL" in failure(reader).problem
                assert looks.count == count
            looks.path.unlink()
            clock.now = 2 * PAUSE
            assert failure(reader).problem.endswith("no such file")
            client.close()

    def test_what_is_still_broken_is_looked_for_once_in_a_while(self, tmp_path: Path) -> None:
        """However many ask, and whether or not the configuration has changed."""
        clock = Clock()
        with closed_port() as url:
            looks = Looks(write_kubeconfig(tmp_path / "config", kubeconfig(url)))
            reader = LiveReader(Client(looks, clock=clock), Memory())
            assert looks.count == 1
            for now, count in ((0, 2), (PAUSE - 0.1, 2), (PAUSE, 3), (2 * PAUSE, 4)):
                clock.now = now
                errors = all_at_once(8, lambda: failure(reader))
                assert {type(error) for error in errors} == {UpstreamError}
                assert looks.count == count

    def test_credentials_that_stay_refused_are_looked_for_once_a_second(
        self, api: ApiServer, tmp_path: Path
    ) -> None:
        """However many ask for whatever: each look may run a credential plugin."""
        clock = Clock()
        looks = Looks(write_kubeconfig(tmp_path / "config", kubeconfig(api.url)))
        client = Client(looks, clock=clock)
        reader = LiveReader(client, Memory())
        api.behave("/", unauthorised)
        for now, count in ((0, 2), (0.9, 2), (1, 3), (1.9, 3), (2, 4)):
            clock.now = now
            errors = all_at_once(8, lambda: failure(reader))
            assert {type(error) for error in errors} == {UpstreamError}
            assert looks.count == count
        clock.now = 3
        api.behave("/", unauthorised, truthful)
        assert reader.read(API, ample()).objects
        client.close()

    def test_a_broken_configuration_leaves_the_old_one(
        self, api: ApiServer, tmp_path: Path
    ) -> None:
        """The error says what is wrong; what the API server then answers again is read."""
        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
        with live_reader(path) as reader:
            path.write_text("[", "utf-8")
            api.behave("/", unauthorised, truthful)
            problem = failure(reader).problem
            assert problem.startswith("the API server refuses the credentials; the kubeconfig")
            assert f"('{path}') cannot be used: not a kubeconfig" in problem
            assert reader.read(API, ample()).objects

    def test_an_error_quotes_no_entry_of_a_broken_configuration(
        self, api: ApiServer, tmp_path: Path
    ) -> None:
        """Whoever asks for an object is told what is wrong with it, and nobody's password."""
        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
        with live_reader(path) as reader:
            user = {"token": None, "username": "bob", "password": "canary-7b0c55d1"}
            write_kubeconfig(path, kubeconfig(api.url, user=user))
            api.behave("/", unauthorised)
            problem = failure(reader).problem
            assert "cannot be used: its token is set to nothing" in problem
            assert "canary" not in problem

    @pytest.mark.parametrize(
        "user", [{}, {"auth-provider": {"name": "none"}}], ids=["file", "plugin"]
    )
    def test_credentials_that_cannot_be_had_are_not_told(
        self,
        api: ApiServer,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        user: dict[str, object],
    ) -> None:
        """A plugin's error quotes what it was given."""

        def refuse(*_: object) -> None:
            raise KeyError("canary-7b0c55d1")

        monkeypatch.setattr("kubernetes.client.Configuration.get_api_key_with_prefix", refuse)
        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, user=user))
        with live_reader(path) as reader:
            error = failure(reader)
        assert error.problem == "the credentials cannot be had (KeyError)"
        assert "canary" not in "".join(traceback.format_exception(error))

    def test_an_error_names_a_broken_configuration(self, tmp_path: Path) -> None:
        """For as long as nothing else was found."""
        with closed_port() as url:
            path = write_kubeconfig(tmp_path / "config", kubeconfig(url))
            with live_reader(path) as reader:
                path.unlink()
                for _ in range(2):
                    problem = failure(reader).problem
                    assert problem.startswith("the API server cannot be reached; the kubeconfig")
                    assert problem.endswith("cannot be used: no such file")

    def test_an_error_of_any_kind_leaves_the_old_one(self, tmp_path: Path) -> None:
        """And whoever asks next is not kept waiting."""

        def fail() -> None:
            if looks.count > 1:
                raise RuntimeError("a library's own")

        with closed_port() as url:
            looks = Looks(write_kubeconfig(tmp_path / "config", kubeconfig(url)))
            looks.before = fail
            reader = LiveReader(Client(looks), Memory())
            for _ in range(2):
                assert "cannot be read (RuntimeError)" in failure(reader).problem

    def test_nobody_waits_longer_than_they_may(self, tmp_path: Path) -> None:
        """Neither whoever looks nor the others, for a credential plugin that hangs."""
        released = threading.Event()

        def hang() -> None:
            if looks.count > 1:
                released.wait(10)

        with closed_port() as url:
            looks = Looks(write_kubeconfig(tmp_path / "config", kubeconfig(url)))
            looks.before = hang
            reader = LiveReader(Client(looks), Memory())
            began = time.monotonic()
            all_at_once(4, lambda: failure(reader, ample(0.2)))
            assert time.monotonic() - began < 0.7
            released.set()
        assert looks.count == 2

    def test_the_old_connections_are_closed(self, api: ApiServer, tmp_path: Path) -> None:
        """An API server has a bounded number of them."""
        api.token = "old"
        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url, user={"token": "old"}))
        made: list[Connection] = []

        def reconnect() -> Connection:
            made.append(connect(ClusterConfig(str(path), environ={})))
            return made[-1]

        client = Client(reconnect)
        reader = LiveReader(client, Memory())
        reader.read(API, ample())
        api.token = "new"
        write_kubeconfig(path, kubeconfig(api.url, user={"token": "new"}))
        assert reader.read(API, ample()).objects
        assert len(made) == 2
        until(lambda: not made[0].pools.pools.keys(), "the old connection is closed")
        client.close()


def test_a_review_is_posted_as_json(api: ApiServer, tmp_path: Path) -> None:
    """And says so, where a GET has nothing to say."""
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
    client = Client(lambda: connect(ClusterConfig(str(path), environ={})))
    with Memory().room() as room:
        client.send(Request("/api", "it", body=b"{}"), ample(), room)
        client.send(Request("/api", "it"), ample(), room)
    posted, got = api.requests
    assert posted.line.startswith("POST ")
    assert posted.headers["content-type"] == "application/json"
    assert "content-type" not in got.headers
    client.close()


class TestRoom:
    """A large answer takes its room before it is read, and gives it back."""

    def test_only_a_large_answer_takes_room(self, api: ApiServer, tmp_path: Path) -> None:
        """All of it, before its second MiB is read, and once."""
        memory, held = Memory(), list[int]()

        def padded(exchange: Exchange) -> None:
            exchange.send(head(200, {"Content-Length": str(2 * SMALL)}) + b"x" * (SMALL + 2**17))
            while memory.held == 0 and not exchange.server.wait(0.01):
                pass
            held.append(memory.held)
            exchange.send(b"x" * (SMALL - 2**17))

        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
        client = Client(lambda: connect(ClusterConfig(str(path), environ={})))
        with memory.room() as room:
            client.send(Request("/api", "it"), ample(), room)
            assert memory.held == 0
            api.behave("/", padded)
            client.send(Request("/api", "it"), ample(), room)
        assert held == [LARGEST]
        assert memory.held == 0
        client.close()


OURS = str(Path(sys.modules[Client.__module__].__file__ or "").parent)


def calls_of(work: Callable[[], object]) -> tuple[list[str], int]:
    """The calls of our own functions in the adapter, and how deep below them urllib3 is asked."""
    calls: list[str] = []
    deepest = [0]

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        if frame.f_code.co_filename.startswith(OURS):
            calls.append(frame.f_code.co_name)
        if frame.f_code.co_name == "request" and "urllib3" in frame.f_code.co_filename:
            above: FrameType | None = frame.f_back
            ours = 0
            while above:
                ours += above.f_code.co_filename.startswith(OURS)
                above = above.f_back
            deepest[0] = max(deepest[0], ours)

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls, deepest[0]


@pytest.mark.parametrize("query", [API, Query(KINDS[0], "shop")], ids=["object", "list"])
def test_a_reading_is_few_calls(
    api: ApiServer, tmp_path: Path, reader: LiveReader, query: Query
) -> None:
    """On a connection of its own, the reader asks the client and the client urllib3."""
    with live_reader(write_kubeconfig(tmp_path / "other", kubeconfig(api.url))) as other:
        # What is made once for each kind is no part of a reading.
        other.read(query, ample())
    calls, depth = calls_of(lambda: reader.read(query, ample()))
    assert depth == 2
    assert len(calls) <= 31, calls
