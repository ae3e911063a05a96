"""The live reader against an API server that misbehaves, over real sockets."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from k8s_heartbeat.adapters.cluster import LiveReader
from k8s_heartbeat.adapters.cluster.decode import size_of
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.gap import GapReason
from k8s_heartbeat.core.kinds import EVENT, POD, Kind
from k8s_heartbeat.core.query import InvalidQuery, Query
from k8s_heartbeat.core.rules import KINDS, RULES
from k8s_heartbeat.core.selectors import LabelSelector, Requirement
from tests.builders import Manifest, deployment, event, metadata, pod
from tests.servers.api_server import (
    PLAIN,
    ApiServer,
    Behaviour,
    Exchange,
    head,
    status_object,
    truthful,
    until,
)
from tests.servers.faults import (
    FAULTS,
    chunks_cut_off,
    closed_port,
    closes_when_reused,
    drip_body,
    endless_pages,
    forbidden,
    full_port,
    hang,
    holding,
    in_chunks,
    redirect_to,
    silent_port,
    speaks,
    truncated,
    truth_of,
    unauthorised,
)
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig
from tests.servers.lies import LIES, ODDITIES
from tests.servers.process import all_at_once

SECONDS = 0.25
"""The deadline of a test in which something hangs."""
GRACE = 5
"""How long after its deadline an answer may come on a busy machine; what hangs does for longer."""
CANARY = "canary-7f3a9c1e"
"""A token, to be looked for where it must not be."""

DEPLOYMENT: Kind = next(kind for kind in KINDS if kind.kind == "Deployment")
API = Query(DEPLOYMENT, "shop", "api")
PODS = Query(POD, "shop")


def soon(seconds: float = SECONDS) -> Deadline:
    """A deadline in a moment, on the real clock."""
    return Deadline.after(seconds, time.monotonic)


def ample() -> Deadline:
    """A deadline that no test reaches."""
    return soon(10)


def failure(ask: Callable[[], object]) -> ReadError:
    """The error that a call raises."""
    with pytest.raises(ReadError) as caught:
        ask()
    return caught.value


def failure_in_time(ask: Callable[[], object]) -> ReadError:
    """The error of a call whose deadline is `soon`."""
    began = time.monotonic()
    error = failure(ask)
    assert time.monotonic() - began < SECONDS + GRACE
    return error


def in_namespace(namespace: str) -> dict[str, Any]:
    """The metadata of `api` in another namespace."""
    return {**metadata("api"), "namespace": namespace}


def reason_of(reading: Reading) -> GapReason | None:
    """Why a reading is not whole."""
    return reading.gap.reason if reading.gap else None


def failure_of(reader: LiveReader, deadline: Deadline) -> ReadError:
    """The error of a reading, however long it takes."""
    with pytest.raises(ReadError) as caught:
        reader.read(API, deadline)
    return caught.value


class TestFaults:
    """Whatever the API server does, the answer is an error of the port's, in time."""

    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
    @pytest.mark.parametrize("query", [API, PODS], ids=["object", "list"])
    def test_a_fault_is_no_reading_and_no_absence(
        self, api: ApiServer, reader: LiveReader, query: Query, fault: Behaviour
    ) -> None:
        """It is UpstreamError or ReadTimeout within the deadline, for objects and lists."""
        api.behave("/", fault)
        error = failure_in_time(lambda: reader.read(query, soon()))
        assert isinstance(error, (UpstreamError, ReadTimeout))

    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
    def test_a_ping_fails_when_the_answer_is_no_health_check(
        self, api: ApiServer, reader: LiveReader, fault: Behaviour
    ) -> None:
        """A login page with code 200 is not the API server's `ok`."""
        api.behave("/", fault)
        error = failure_in_time(lambda: reader.ping(soon()))
        assert isinstance(error, (UpstreamError, ReadTimeout))

    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
    def test_a_fault_is_no_discovery(
        self, api: ApiServer, reader: LiveReader, fault: Behaviour
    ) -> None:
        """What is served is not known then, whichever of its answers is bad."""
        for path in ("/api", "/apis"):
            api.behave("/", truthful)
            api.behave(path, fault)
            error = failure_in_time(lambda: reader.discover(soon()))
            assert isinstance(error, (UpstreamError, ReadTimeout))

    @pytest.mark.parametrize(
        "name",
        [
            "hung",
            "dripping-headers",
            "dripping-body",
            "dripping-chunks",
            "dripping-informational",
            "hung-in-headers",
            "hung-in-body",
        ],
    )
    def test_what_takes_too_long_is_a_timeout(
        self, api: ApiServer, reader: LiveReader, name: str
    ) -> None:
        """504 tells from 502, so a server that drips is not one that broke off."""
        api.behave("/", FAULTS[name])
        assert type(failure_in_time(lambda: reader.read(API, soon()))) is ReadTimeout

    @pytest.mark.parametrize("name", ["continue-flood", "early-hints-flood", "body-without-end"])
    def test_what_has_no_end_is_given_up(
        self, api: ApiServer, reader: LiveReader, name: str
    ) -> None:
        """Long before the deadline: so many bytes are no answer."""
        api.behave("/", FAULTS[name])
        with pytest.raises(UpstreamError, match=r"HTTPException|103|over 16 MiB"):
            reader.read(API, ample())

    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
    def test_after_a_fault_the_next_answer_is_whole(
        self, api: ApiServer, reader: LiveReader, fault: Behaviour
    ) -> None:
        """What is left of a bad answer is not taken for the next one."""
        api.behave("/", fault, fault, truthful)
        failure_in_time(lambda: reader.read(API, soon()))
        api.behave("/", truthful)
        assert reader.read(API, ample()).objects[0]["metadata"]["name"] == "api"

    def test_a_fault_on_a_connection_that_served_before_is_asked_once(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """An answer that broke off was an answer: only one that never began is asked again."""
        headers = (FAULTS["status-negative"], FAULTS["header-of-megabytes"], FAULTS["no-http"])
        for fault in (chunks_cut_off, truncated, *headers):
            api.behave("/", truthful)
            reader.read(API, ample())
            before = len(api.requests)
            api.behave("/", fault)
            assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError
            assert len(api.requests) - before == 1, fault

    @pytest.mark.parametrize(
        "name",
        ["reset", "hung-up", "internal-error", "unavailable", "too-many", "retry-after-hours"],
    )
    def test_a_failure_is_not_asked_again(
        self, api: ApiServer, reader: LiveReader, name: str
    ) -> None:
        """No library repeats a request behind our back, or sleeps for a Retry-After."""
        api.behave("/", FAULTS[name])
        assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError
        assert len(api.requests) == 1

    def test_a_refused_connection_is_an_upstream_error(self, tmp_path: Path) -> None:
        """Nobody listens: that is known at once."""
        with (
            closed_port() as url,
            live_reader(write_kubeconfig(tmp_path / "config", kubeconfig(url))) as reader,
        ):
            assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError

    def test_a_server_that_accepts_and_is_silent_is_a_timeout(self, tmp_path: Path) -> None:
        """The kernel takes the connection, and nobody is there."""
        with (
            silent_port() as url,
            live_reader(write_kubeconfig(tmp_path / "config", kubeconfig(url))) as reader,
        ):
            assert type(failure_in_time(lambda: reader.read(API, soon()))) is ReadTimeout

    def test_a_server_that_takes_no_connection_is_a_timeout(self, tmp_path: Path) -> None:
        """A full queue drops the first packet, as a firewall does."""
        with full_port() as port:
            path = write_kubeconfig(tmp_path / "config", kubeconfig(f"http://127.0.0.1:{port}"))
            with live_reader(path) as reader:
                assert type(failure_in_time(lambda: reader.read(API, soon()))) is ReadTimeout

    def test_a_name_of_many_silent_addresses_keeps_the_deadline(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A control plane of three nodes has three addresses, which share the time there is."""
        with full_port() as port:
            address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))

            def resolve_to_four(*_: object, **__: object) -> list[object]:
                return [address] * 4

            monkeypatch.setattr(socket, "getaddrinfo", resolve_to_four)
            path = write_kubeconfig(tmp_path / "config", kubeconfig(f"http://localhost:{port}"))
            with live_reader(path) as reader:
                assert type(failure_in_time(lambda: reader.read(API, soon()))) is ReadTimeout

    def test_a_name_that_no_one_resolves_is_an_upstream_error(self, tmp_path: Path) -> None:
        """RFC 2606 keeps `.invalid` free; the empty label fails before any DNS server is asked."""
        path = write_kubeconfig(tmp_path / "config", kubeconfig("http://api..invalid:6443"))
        with live_reader(path) as reader:
            assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError

    def test_a_deadline_that_is_over_asks_nobody(self, api: ApiServer, reader: LiveReader) -> None:
        """There is no time left for an answer, so no request is made."""
        assert type(failure(lambda: reader.read(API, soon(0)))) is ReadTimeout
        assert api.requests == []

    def test_a_hung_page_of_a_list_ends_with_the_deadline(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """The deadline covers all pages together, not each."""
        api.behave("/", endless_pages, endless_pages, drip_body)
        assert type(failure_in_time(lambda: reader.read(PODS, soon()))) is ReadTimeout

    def test_one_hung_reading_does_not_hold_up_another(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Each thread has a connection and a deadline of its own."""
        api.objects = [deployment(), pod("web-1")]
        api.behave("/apis/", hang)
        hung: list[ReadError] = []
        thread = threading.Thread(
            target=lambda: hung.append(failure_in_time(lambda: reader.read(API, soon())))
        )
        thread.start()
        api.wait_for(1)
        assert reader.read(PODS, soon(0.3)).objects
        thread.join(5)
        assert [type(error) for error in hung] == [ReadTimeout]


class TestHosts:
    """The reader talks to the host of its configuration and to no other."""

    @pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(
        self, api: ApiServer, reader: LiveReader, code: int
    ) -> None:
        """It would carry the credentials to another host."""
        with ApiServer([deployment(9)]) as other:
            api.behave("/", speaks(code, b"", Location=f"{other.url}/elsewhere"))
            assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError
            api.behave("/", redirect_to(other.url))
            assert type(failure(lambda: reader.read(PODS, ample()))) is UpstreamError
            assert other.requests == []


class TestKeepAlive:
    """Connections are kept, and one that the server had closed costs nobody an answer."""

    def test_readings_share_a_connection(self, api: ApiServer, reader: LiveReader) -> None:
        """A handshake for each reading would cost more than the reading."""
        for _ in range(3):
            reader.read(API, ample())
        assert [request.turn for request in api.requests] == [1, 2, 3]

    def test_a_connection_closed_just_as_it_is_reused_is_asked_again_once(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """The request never reached anybody, so it is made on a new connection."""
        api.behave("/", closes_when_reused)
        reader.read(API, ample())
        assert reader.read(API, ample()).objects
        assert [(entry.connection, entry.turn) for entry in api.requests] == [
            (1, 1),
            (1, 2),
            (2, 1),
        ]

    def test_the_second_try_goes_over_a_new_connection(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """A load balancer that forgot one idle connection has forgotten them all."""
        with holding() as (hold, released):
            api.behave("/", hold)
            waiting = threading.Thread(target=lambda: reader.read(API, ample()))
            waiting.start()
            api.wait_for(1)
            second = threading.Thread(target=lambda: reader.read(API, ample()))
            second.start()
            api.wait_for(2)
            released.set()
            waiting.join(5)
            second.join(5)
        api.behave("/", closes_when_reused)
        assert reader.read(API, ample()).objects

    def test_a_fault_after_the_second_try_is_final(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """There is one retry, not one for each failure."""
        reader.read(API, ample())
        api.behave("/", FAULTS["hung-up"])
        assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError
        assert len(api.requests) == 3

    def test_the_second_try_keeps_the_deadline(self, api: ApiServer, reader: LiveReader) -> None:
        """It gets the time that is left, not the whole of it again."""
        reader.read(API, ample())
        api.behave("/", FAULTS["hung-up"], hang)
        assert type(failure_in_time(lambda: reader.read(API, soon()))) is ReadTimeout


GONE = Query(DEPLOYMENT, "shop", "gone")


def poison() -> bytes:
    """A whole answer that says that `gone` exists."""
    body = json.dumps({**deployment(), "metadata": metadata("gone")}).encode()
    return head(200, {"Content-Length": str(len(body))}) + body


OPENINGS: dict[str, Callable[[bytes], bytes]] = {
    "whole": lambda truth: truth,
    "length 0": lambda truth: truth.replace(b"Content-Length: ", b"Content-Length: 0\r\nX-"),
    "no content": lambda truth: head(204, {}),
    "not modified": lambda truth: head(304, {"Content-Length": "9"}),
    "early hints": lambda truth: head(103, {}),
    "chunked": lambda truth: head(200, {"Transfer-Encoding": "chunked"}) + b"2\r\n{}\r\n0\r\n\r\n",
}
"""What comes first, made of the truth."""


class TestDesynchronised:
    """What comes over a connection beside the answer is never the answer to the next question."""

    @pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)
    @pytest.mark.parametrize("at_once", [True, False], ids=["at once", "on an idle connection"])
    def test_a_second_answer_is_not_the_next_ones(
        self,
        api: ApiServer,
        reader: LiveReader,
        opening: Callable[[bytes], bytes],
        at_once: bool,
    ) -> None:
        """It says in good order that there is what there is not."""
        sent = threading.Event()

        def split(exchange: Exchange) -> None:
            first = opening(truth_of(exchange))
            if at_once:
                exchange.send(first + poison())
            else:
                exchange.send(first)
                exchange.send(poison())
            sent.set()

        api.behave("/", split, truthful)
        with suppress(ReadError):
            reader.read(API, ample())
        assert sent.wait(5)
        assert type(failure(lambda: reader.read(GONE, ample()))) is NotFound

    @pytest.mark.parametrize("rest", [b"\r\n", b"HTTP/1.1 200", b"\0"])
    def test_a_connection_with_a_rest_is_not_used_again(
        self, api: ApiServer, reader: LiveReader, rest: bytes
    ) -> None:
        """What follows it may come only when the next question has been asked."""
        api.behave("/", lambda exchange: exchange.send(truth_of(exchange) + rest))
        for _ in range(2):
            assert reader.read(API, ample()).objects
        assert [request.turn for request in api.requests] == [1, 1]

    def test_an_answer_without_anything_beside_it_leaves_its_connection(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Otherwise no connection would ever be kept."""
        chunked = in_chunks(lambda body: b"%x;a=b\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(body), body))
        api.behave("/", chunked, truthful)
        for _ in range(3):
            assert reader.read(API, ample()).objects
        assert [request.turn for request in api.requests] == [1, 2, 3]


class TestLies:
    """Answers in good order, of something else than what was asked."""

    @pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
    @pytest.mark.parametrize("query", [API, Query(DEPLOYMENT, "shop")], ids=["object", "list"])
    def test_what_was_not_asked_for_is_no_reading(
        self, api: ApiServer, reader: LiveReader, query: Query, lie: Behaviour
    ) -> None:
        """It would be judged as if it were what was asked for."""
        api.behave("/", lie)
        if query.name or lie not in ONLY_OF_OBJECTS:
            assert type(failure(lambda: reader.read(query, ample()))) is UpstreamError
        else:
            assert reader.read(query, ample()).objects

    @pytest.mark.parametrize("oddity", ODDITIES.values(), ids=ODDITIES)
    @pytest.mark.parametrize("query", [API, Query(DEPLOYMENT, "shop")], ids=["object", "list"])
    def test_what_is_odd_is_read_or_no_reading(
        self, api: ApiServer, reader: LiveReader, query: Query, oddity: Behaviour
    ) -> None:
        """And nothing else is raised."""
        api.behave("/", oddity)
        try:
            reader.read(query, ample())
        except ReadError as error:
            assert type(error) is UpstreamError


# A list may hold other names.
ONLY_OF_OBJECTS = (LIES["another-name"],)


class TestCredentials:
    """Credentials that are refused are read anew, once."""

    @pytest.fixture
    def token_file(self, api: ApiServer, tmp_path: Path) -> Path:
        """A file with the token that the API server takes."""
        api.token = CANARY
        path = tmp_path / "token"
        path.write_text(CANARY, "utf-8")
        user = {"tokenFile": str(path)}
        write_kubeconfig(tmp_path / "config", kubeconfig(api.url, user=user))
        return path

    def test_a_token_replaced_on_disk_is_read_again(
        self, api: ApiServer, token_file: Path, tmp_path: Path
    ) -> None:
        """Projected tokens are replaced every hour, and the old ones end."""
        with live_reader(tmp_path / "config") as reader:
            reader.read(API, ample())
            api.token = "a-newer-one"
            token_file.write_text("a-newer-one", "utf-8")
            assert reader.read(API, ample()).objects
            assert len(api.requests) == 3
            reader.read(API, ample())
            assert len(api.requests) == 4

    def test_a_token_file_may_end_with_a_newline(
        self, api: ApiServer, token_file: Path, tmp_path: Path
    ) -> None:
        """As `echo` and editors leave it, and as kubectl takes it."""
        token_file.write_text(f"{CANARY}\n", "utf-8")
        with live_reader(tmp_path / "config") as reader:
            assert reader.read(API, ample()).objects

    def test_a_token_that_no_header_can_hold_is_not_repeated(
        self, api: ApiServer, token_file: Path, tmp_path: Path
    ) -> None:
        """The library's own error would quote it, in its message and in a traceback."""
        token_file.write_text(f"{CANARY}\nX-Injected: 1", "utf-8")
        with live_reader(tmp_path / "config") as reader:
            error = failure(lambda: reader.read(API, ample()))
            assert type(error) is UpstreamError
            assert CANARY not in "".join(traceback.format_exception(error))
        assert api.requests == []

    def test_a_refusal_that_stays_is_an_upstream_error_after_two_requests(
        self, api: ApiServer, token_file: Path, tmp_path: Path
    ) -> None:
        """Asking for ever with a token that does not count would be an attack."""
        with live_reader(tmp_path / "config") as reader:
            api.behave("/", unauthorised)
            error = failure(lambda: reader.read(API, ample()))
            assert type(error) is UpstreamError
            assert "401" in str(error)
            assert len(api.requests) == 2

    def test_a_refusal_once_is_healed(
        self, api: ApiServer, token_file: Path, tmp_path: Path
    ) -> None:
        """An API server that restarts refuses everyone for a moment."""
        api.behave("/", unauthorised, truthful)
        with live_reader(tmp_path / "config") as reader:
            assert reader.read(API, ample()).objects

    def test_a_kubeconfig_that_is_gone_by_then_is_an_upstream_error(
        self, api: ApiServer, token_file: Path, tmp_path: Path
    ) -> None:
        """The reading fails; the process goes on with what it has."""
        with live_reader(tmp_path / "config") as reader:
            (tmp_path / "config").unlink()
            api.behave("/", unauthorised, truthful)
            assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError
            assert reader.read(API, ample()).objects

    def test_many_refused_at_once_renew_once(
        self, api: ApiServer, token_file: Path, tmp_path: Path
    ) -> None:
        """Those who were refused with the old credentials share the new connection."""
        with live_reader(tmp_path / "config") as reader:
            reader.read(API, ample())
            api.token = "a-newer-one"
            token_file.write_text("a-newer-one", "utf-8")
            readings = all_at_once(8, lambda: reader.read(API, ample()))
            assert all(reading.objects for reading in readings)

    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
    def test_no_error_and_no_log_line_holds_the_token(
        self,
        api: ApiServer,
        token_file: Path,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        fault: Behaviour,
    ) -> None:
        """Neither the message nor any error that it came from, at any level of logging."""
        caplog.set_level(logging.DEBUG)
        with live_reader(tmp_path / "config") as reader:
            api.behave("/", fault)
            error = failure_in_time(lambda: reader.read(API, soon()))
        assert api.requests[0].headers["authorization"] == f"Bearer {CANARY}"
        assert CANARY not in "".join(traceback.format_exception(error))
        assert CANARY not in caplog.text


class TestQueries:
    """What is asked for on the wire."""

    @pytest.mark.parametrize(
        ("kind", "path"),
        [
            ("deployment", "/apis/apps/v1/namespaces/shop/deployments/api"),
            ("statefulset", "/apis/apps/v1/namespaces/shop/statefulsets/api"),
            ("daemonset", "/apis/apps/v1/namespaces/shop/daemonsets/api"),
            ("replicaset", "/apis/apps/v1/namespaces/shop/replicasets/api"),
            ("pod", "/api/v1/namespaces/shop/pods/api"),
        ],
    )
    def test_an_object_is_one_get_of_its_own_path(
        self, api: ApiServer, reader: LiveReader, kind: str, path: str
    ) -> None:
        """The group and version are those that the kind is read in."""
        resolved = RULES.kind_called(kind)
        assert resolved is not None
        with pytest.raises(NotFound) if kind != "deployment" else ExitStack():
            reader.read(Query(resolved, "shop", "api"), ample())
        assert [request.line for request in api.requests] == [f"GET {path} HTTP/1.1"]

    @pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.kind)
    def test_every_kind_has_its_paths(self, api: ApiServer, reader: LiveReader, kind: Kind) -> None:
        """By name, in a namespace, and in all of them; of some kinds there are no namespaces."""
        root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
        inside = f"{root}/namespaces/shop/{kind.plural}" if kind.namespaced else ""
        place = "shop" if kind.namespaced else ""
        with pytest.raises(NotFound):
            reader.read(Query(kind, place, "one"), ample())
        reader.read(Query(kind, place), ample())
        reader.read(Query(kind, ""), ample())
        assert [request.path for request in api.requests] == [
            f"{inside or f'{root}/{kind.plural}'}/one",
            inside or f"{root}/{kind.plural}",
            f"{root}/{kind.plural}",
        ]

    def test_all_namespaces_are_one_list(self, api: ApiServer, reader: LiveReader) -> None:
        """Not one for each of them."""
        elsewhere = pod("web-9")
        elsewhere["metadata"]["namespace"] = "other"
        api.objects = [pod("web-1"), elsewhere]
        found = reader.read(Query(POD, ""), ample()).objects
        places = [(entry["metadata"]["namespace"], entry["metadata"]["name"]) for entry in found]
        assert places == [("shop", "web-1"), ("other", "web-9")]
        assert len(api.requests) == 1

    def test_a_kind_that_discovery_names_oddly_is_one_quoted_step(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Whatever a server calls it, it leads to nowhere else."""
        odd = Kind("Odd", "a b?c#d/e%2f", "g/../h", "v1?x=y")
        with pytest.raises(ReadError):
            reader.read(Query(odd, "shop", "one"), ample())
        assert api.requests[0].line.split(" ")[1] == (
            "/apis/g%2F..%2Fh/v1%3Fx%3Dy/namespaces/shop/a%20b%3Fc%23d%2Fe%252f/one"
        )
        assert api.requests[0].parameters == {}

    def test_no_encoding_is_asked_for_and_json_is(self, api: ApiServer, reader: LiveReader) -> None:
        """A body that unpacks to gigabytes would be past any cap."""
        reader.read(API, ample())
        headers = api.requests[0].headers
        assert headers["accept"] == "application/json"
        assert headers["accept-encoding"] == "identity"
        assert headers["user-agent"] == "k8s-heartbeat"

    @pytest.mark.parametrize("namespace", ["..", ".", "shop/../x", "%2e%2e", "Shop", "a" * 64])
    def test_a_namespace_that_cannot_exist_never_leaves_the_process(
        self, api: ApiServer, reader: LiveReader, namespace: str
    ) -> None:
        """`..` would be sent as a path that lists the whole cluster."""
        with pytest.raises(InvalidQuery):
            reader.read(Query(POD, namespace), ample())
        assert api.requests == []

    @pytest.mark.parametrize("field", ["namespace", "name"])
    @pytest.mark.parametrize("value", ["..", ".", "a/b", "a?b", "a#b", "a\r\nX: y", "a%2fb", "a b"])
    def test_a_query_forged_past_its_own_check_is_refused_again(
        self, api: ApiServer, reader: LiveReader, field: str, value: str
    ) -> None:
        """The client checks too, or sends what it got as one quoted segment of the path."""
        query = Query(POD, "shop", "web-1")
        object.__setattr__(query, field, value)
        with pytest.raises((InvalidQuery, ReadError)):
            reader.read(query, ample())
        for request in api.requests:
            assert request.line.split(" ")[1].count("/") == 6, request.line
            assert "/../" not in request.path
            assert not request.path.endswith("/..")
            assert request.parameters == {}
            assert "x" not in request.headers

    def test_events_are_asked_for_by_type(self, api: ApiServer, reader: LiveReader) -> None:
        """A namespace holds thousands that are normal."""
        api.objects = [event(), event("other", type_="Normal")]
        found = reader.read(Query(EVENT, "shop"), ample()).objects
        assert [entry["type"] for entry in found] == ["Warning"]
        assert api.requests[0].parameters["fieldSelector"] == "type=Warning"

    def test_a_selector_with_odd_values_is_one_parameter(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """An `&` in a value must not add a parameter."""
        requirement = Requirement("app.kubernetes.io/name", "In", ("a&limit=1", "b#c"))
        selector = LabelSelector((requirement,))
        reader.read(Query(POD, "shop", selector=selector), ample())
        assert set(api.requests[0].parameters) == {"limit", "labelSelector"}
        assert api.requests[0].parameters["labelSelector"] == str(selector)


def numbered(manifest: dict[str, Any], number: int) -> dict[str, Any]:
    """The object under another name."""
    name = f"web-{number}"
    return {**manifest, "metadata": {**manifest["metadata"], "name": name, "uid": name}}


def small_pages(exchange: Exchange, size: int) -> None:
    """Serve pages of fewer objects than were asked for, as a server may."""
    request = exchange.request
    small = replace(request, parameters={**request.parameters, "limit": str(size)})
    truthful(Exchange(exchange.server, exchange.sock, small))


POD_LIST: Manifest = {"kind": "PodList", "apiVersion": "v1"}


def counting(count: int, *, limited: bool = True) -> Behaviour:
    """A server of so many pods that have nothing but a name."""

    def count_on(exchange: Exchange) -> None:
        parameters = exchange.request.parameters
        start = int(parameters.get("continue", "0"))
        end = min(count, start + int(parameters["limit"])) if limited else count
        more = {"continue": str(end)} if end < count else {}
        items = [{"metadata": {"name": f"p{at}", "namespace": "shop"}} for at in range(start, end)]
        exchange.json(200, {**POD_LIST, "metadata": more, "items": items})

    return count_on


class TestLists:
    """Lists come in pages, of which there is an end."""

    def test_two_thousand_are_one_request(self, api: ApiServer, reader: LiveReader) -> None:
        """A namespace of them is polled every few seconds."""
        api.objects = [numbered(deployment(), number) for number in range(2000)]
        found = reader.read(Query(DEPLOYMENT, "shop"), ample())
        assert (len(found.objects), found.gap) == (2000, None)
        assert [request.parameters for request in api.requests] == [{"limit": "2000"}]

    def test_all_pages_are_read(self, api: ApiServer, reader: LiveReader) -> None:
        """Each is asked for with the token of the one before."""
        api.objects = [numbered(pod(), number) for number in range(4001)]
        found = reader.read(PODS, ample())
        assert [entry["metadata"]["name"] for entry in found.objects] == [
            f"web-{at}" for at in range(4001)
        ]
        assert found.gap is None
        assert [request.parameters.get("continue") for request in api.requests] == [
            None,
            "2000",
            "4000",
        ]

    @pytest.mark.parametrize("first", [0, 2000], ids=["first page", "second page"])
    def test_what_is_too_large_is_asked_for_in_small_pages(
        self, api: ApiServer, reader: LiveReader, first: int
    ) -> None:
        """From the beginning, and nothing is read twice."""

        def heavy(exchange: Exchange) -> None:
            parameters = exchange.request.parameters
            if parameters["limit"] == "2000" and int(parameters.get("continue", "0")) >= first:
                FAULTS["large"](exchange)
            else:
                truthful(exchange)

        api.objects = [numbered(pod(), number) for number in range(2001)]
        api.behave("/", heavy)
        found = reader.read(PODS, ample())
        assert len({entry["metadata"]["name"] for entry in found.objects}) == 2001
        assert (len(found.objects), found.gap) == (2001, None)
        limits = [request.parameters["limit"] for request in api.requests]
        assert limits == ["2000"] * (1 + (first > 0)) + ["200"] * 11

    def test_what_is_too_large_in_small_pages_too_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """It is asked for twice, not over and over."""
        api.behave("/", FAULTS["large"])
        with pytest.raises(UpstreamError, match="over 16 MiB"):
            reader.read(PODS, ample())
        assert [request.parameters["limit"] for request in api.requests] == ["2000", "200"]

    def test_endless_pages_end(self, api: ApiServer, reader: LiveReader) -> None:
        """A server that always names one more page is asked 10 times, and the reading is cut."""
        api.behave("/", endless_pages)
        found = reader.read(PODS, ample())
        assert (found.objects, reason_of(found)) == ((), GapReason.CUT)
        assert len(api.requests) == 10

    @pytest.mark.parametrize(
        ("count", "reason"), [(20_000, None), (20_001, GapReason.CUT), (30_000, GapReason.CUT)]
    )
    def test_a_list_over_the_bound_is_cut_short_and_says_so(
        self, api: ApiServer, reader: LiveReader, count: int, reason: GapReason | None
    ) -> None:
        """What lies behind 20,000 is unknown, and that is no secret."""
        api.behave("/", counting(count))
        found = reader.read(PODS, ample())
        assert (len(found.objects), reason_of(found)) == (20_000, reason)
        assert len(api.requests) == 10

    @pytest.mark.parametrize(
        ("count", "most", "limits", "reason"),
        [
            (300, 300, ["300"], None),
            (301, 300, ["300"], GapReason.CUT),
            (4_000, 2_001, ["2000", "2000"], None),
            (4_001, 2_001, ["2000", "2000"], GapReason.CUT),
            (30_000, 30_000, ["2000"] * 10, GapReason.CUT),
        ],
    )
    def test_a_list_may_have_a_lower_bound(
        self,
        api: ApiServer,
        reader: LiveReader,
        count: int,
        most: int,
        limits: list[str],
        reason: GapReason | None,
    ) -> None:
        """No page is asked for behind it, and no larger one than it."""
        api.behave("/", counting(count))
        found = reader.read(PODS, ample(), most)
        assert [request.parameters["limit"] for request in api.requests] == limits
        assert (len(found.objects), reason_of(found)) == (
            min(count, sum(map(int, limits))),
            reason,
        )

    def test_a_list_over_the_bound_in_bytes_is_cut_short_and_says_so(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Memory is bounded too, over all pages together."""
        heavy = {**pod(), "metadata": {**metadata("web"), "labels": {"a": "x" * 7_000}}}
        api.objects = [numbered(heavy, number) for number in range(2_600)]
        api.behave("/", lambda exchange: small_pages(exchange, 1_000))
        found = reader.read(PODS, ample())
        assert 2_000 < len(found.objects) < 2_600
        assert 23 * 2**20 < found.size <= 24 * 2**20
        assert found.gap is not None
        assert found.gap.why == (
            f"there are more pods than the {len(found.objects):,} that are read; narrow it by "
            "kind or namespace"
        )

    def test_a_reading_says_when_it_began_and_what_it_takes(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """By the clock of its deadline, before anything was asked."""
        times: list[float] = []

        def late(exchange: Exchange) -> None:
            times.append(time.monotonic())
            truthful(exchange)

        api.behave("/", late)
        for query in (API, Query(DEPLOYMENT, "shop")):
            found = reader.read(query, ample())
            assert found.began <= times.pop()
            # What the items of a list do not repeat is not counted there.
            assert 0.9 < found.size / sum(map(size_of, found.objects)) <= 1
        assert reader.discover(ample()).began <= times[0]

    def test_a_server_that_knows_no_limit_is_bounded_too(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """It sends all that it has in one page, of which no more than a page is taken in."""
        api.behave("/", counting(20_001, limited=False))
        found = reader.read(PODS, ample())
        assert (len(found.objects), reason_of(found)) == (2_000, GapReason.CUT)
        assert len(api.requests) == 1

    @pytest.mark.parametrize("items", [None, []], ids=["null", "none"])
    def test_an_empty_list_is_a_reading(
        self, api: ApiServer, reader: LiveReader, items: list[object] | None
    ) -> None:
        """Go writes an empty slice as null."""
        body: Manifest = {**POD_LIST, "items": items}
        api.behave("/", speaks(200, json.dumps(body).encode()))
        assert reader.read(PODS, ample()).objects == ()

    @pytest.mark.parametrize(
        "body",
        [
            {**POD_LIST, "items": "none"},
            {**POD_LIST, "items": {"a": 1}},
            {**POD_LIST, "kind": "Pod", "items": []},
            {"apiVersion": "v1", "items": []},
            {"kind": "DeploymentList", "apiVersion": "apps/v1", "items": []},
            {**POD_LIST, "apiVersion": "v2", "items": []},
            {**POD_LIST, "apiVersion": "evil.example.com/v1", "items": []},
            {**POD_LIST, "apiVersion": None, "items": []},
            {"kind": "PodList", "items": []},
            {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "items": []},
            {**POD_LIST, "metadata": {"remainingItemCount": 1}, "items": []},
            {**POD_LIST, "metadata": {"continue": None, "remainingItemCount": 9}, "items": []},
        ],
        ids=[
            *("text", "map", "no-list", "no-kind", "other-kind"),
            *("other-version", "other-group", "null-version", "no-version", "metadata-alone"),
            *("part", "part-null"),
        ],
    )
    def test_what_is_no_list_of_the_kind_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader, body: dict[str, object]
    ) -> None:
        """No pods is a finding, so it takes a list of pods to say it."""
        api.behave("/", speaks(200, json.dumps(body).encode()))
        assert type(failure(lambda: reader.read(PODS, ample()))) is UpstreamError

    @pytest.mark.parametrize("item", [None, 7, "web-2", [], {}, {"metadata": "web-2"}])
    def test_an_item_that_is_no_object_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader, item: object
    ) -> None:
        """It stands for something, which may be what is down."""
        body = {**POD_LIST, "items": [{"metadata": metadata("web-1")}, item]}
        api.behave("/", speaks(200, json.dumps(body).encode()))
        assert type(failure(lambda: reader.read(PODS, ample()))) is UpstreamError

    @pytest.mark.parametrize(
        "odd",
        [
            {"kind": "Secret", "metadata": metadata("web-2")},
            {"apiVersion": "evil.example.com/v1", "metadata": metadata("web-2")},
            {"metadata": {"name": "web-2", "namespace": "other"}},
            {"metadata": {"name": "web-2"}},
            {"metadata": {"namespace": "shop"}},
        ],
        ids=["kind", "group", "namespace", "no namespace", "no name"],
    )
    def test_an_item_that_does_not_belong_there_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader, odd: dict[str, object]
    ) -> None:
        """The answer may be that to another question."""
        good = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata("web-1")}
        body = {**POD_LIST, "items": [good, odd]}
        api.behave("/", speaks(200, json.dumps(body).encode()))
        assert type(failure(lambda: reader.read(PODS, ample()))) is UpstreamError

    def test_pages_that_expired_are_read_from_the_first(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Kubernetes answers 410 to the token of a list that it has compacted away."""
        api.objects = [numbered(pod(), number) for number in range(4001)]
        api.behave("/", truthful, FAULTS["gone"], truthful)
        found = reader.read(PODS, ample())
        assert len({entry["metadata"]["name"] for entry in found.objects}) == 4001
        assert len(found.objects) == 4001
        tokens = [request.parameters.get("continue") for request in api.requests]
        assert tokens == [None, "2000", None, "2000", "4000"]

    def test_pages_that_expire_again_are_an_upstream_error(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """It is asked for twice, not over and over."""
        api.objects = [numbered(pod(), number) for number in range(4001)]
        api.behave("/", truthful, FAULTS["gone"], truthful, FAULTS["gone"])
        with pytest.raises(UpstreamError, match="answered 410"):
            reader.read(PODS, ample())
        assert len(api.requests) == 4

    def test_a_first_page_that_is_gone_is_not_asked_for_again(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """No token of ours has expired there."""
        api.behave("/", FAULTS["gone"])
        assert type(failure(lambda: reader.read(PODS, ample()))) is UpstreamError
        assert len(api.requests) == 1

    def test_large_answers_are_few_at_once(self, api: ApiServer, reader: LiveReader) -> None:
        """However many ask; the others wait for their turn, and no longer than they may."""
        with holding() as (hold, released):

            def half(exchange: Exchange) -> None:
                exchange.send(head(200, {"Content-Length": str(2**22)}) + b" " * 2**21)
                hold(exchange)
                exchange.close()

            def padded(exchange: Exchange) -> None:
                body = truth_of(exchange).partition(b"\r\n\r\n")[2] + b" " * 2**21
                exchange.answer(200, body)

            def waits() -> bool:
                try:
                    reader.read(late, soon())
                except ReadTimeout:
                    return True
                return False

            late = Query(DEPLOYMENT, "late", "api")
            api.objects = [deployment(), {**deployment(), "metadata": in_namespace("late")}]
            api.behave("/apis/apps/v1/namespaces/shop", half)
            api.behave("/apis/apps/v1/namespaces/late", padded)
            crowd = threading.Thread(
                target=lambda: all_at_once(2, lambda: failure_of(reader, ample())), daemon=True
            )
            crowd.start()
            api.wait_for(2)
            until(waits, "an answer that is too many")
            released.set()
            crowd.join(10)
        assert reader.read(late, ample()).objects

    @pytest.mark.parametrize(
        ("token", "asked"),
        [("again", 2), ("x" * 2**20, 1), (7, 1), (["a"], 1)],
        ids=["the same again", "of a MiB", "number", "list"],
    )
    def test_a_token_that_leads_nowhere_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader, token: object, asked: int
    ) -> None:
        """What lies behind it cannot be had, and asking on is of no use."""
        body: dict[str, object] = {**POD_LIST, "metadata": {"continue": token}, "items": []}
        api.behave("/", speaks(200, json.dumps(body).encode()))
        with pytest.raises(UpstreamError):
            reader.read(PODS, ample())
        assert len(api.requests) == asked

    @pytest.mark.parametrize("token", ["a b", "a&limit=1", "a\r\nX: y", "#é\0", "../?", "%2e%2e"])
    def test_a_token_of_odd_letters_comes_back_as_it_was(
        self, api: ApiServer, reader: LiveReader, token: str
    ) -> None:
        """It is the API server's own, and opaque."""
        first: Manifest = {**POD_LIST, "metadata": {"continue": token}, "items": []}
        last: Manifest = {**POD_LIST, "items": []}
        pages = [speaks(200, json.dumps(body).encode()) for body in (first, last)]
        api.behave("/", *pages)
        assert reader.read(PODS, ample()).objects == ()
        assert api.requests[1].parameters == {"limit": "2000", "continue": token}

    def test_a_token_that_no_url_can_hold_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Half of a character of two."""
        api.behave(
            "/",
            speaks(
                200,
                b'{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"\\ud800"},"items":[]}',
            ),
        )
        assert type(failure(lambda: reader.read(PODS, ample()))) is UpstreamError

    def test_a_page_of_another_kind_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Also when the first one was right."""
        api.objects = [numbered(pod(), number) for number in range(2001)]
        api.behave(
            "/", truthful, speaks(200, b'{"kind":"SecretList","apiVersion":"v1","items":[]}')
        )
        with pytest.raises(UpstreamError):
            reader.read(PODS, ample())

    def test_a_list_of_a_kind_that_is_not_served_says_so(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """In the API server's own words for a path that it does not know."""
        odd = Kind("Widget", "widgets", "example.com", "v1")
        for query in (Query(odd, "shop"), Query(odd, ""), Query(odd, "shop", "one")):
            error = failure(lambda query=query: reader.read(query, ample()))  # type: ignore[misc]  # mypy cannot infer it
            assert type(error) is NotServed
            assert error.problem.startswith("the cluster serves no 'widgets.example.com'; kubectl")

    def test_a_kind_of_the_core_group_that_is_not_served_is_named_plainly(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """No dot stands where no group follows."""
        error = failure(lambda: reader.read(Query(Kind("Odd", "odds", "", "v1"), ""), ample()))
        assert error.problem.startswith("the cluster serves no 'odds'; kubectl")

    def test_a_missing_list_is_no_absence(self, api: ApiServer, reader: LiveReader) -> None:
        """The port never says NotFound of a list: 404 means that the API is not there."""
        api.behave("/", speaks(404, json.dumps(status_object(404, "NotFound")).encode()))
        assert type(failure(lambda: reader.read(PODS, ample()))) is UpstreamError

    def test_a_forbidden_list_is_forbidden(self, api: ApiServer, reader: LiveReader) -> None:
        """RBAC may let us get an object and not list its pods."""
        api.behave("/", forbidden)
        listed = failure(lambda: reader.read(PODS, ample()))
        named = failure(lambda: reader.read(API, ample()))
        assert (type(listed), type(named)) == (Forbidden, Forbidden)
        assert str(listed).endswith("forbidden by the cluster's RBAC: it lacks list on pods")
        assert str(named).endswith(
            "forbidden by the cluster's RBAC: it lacks get on deployments.apps"
        )


SECRET, CONFIG_MAP = (
    next(kind for kind in KINDS if kind.kind == name) for name in ("Secret", "ConfigMap")
)
PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
PARTIALS = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def secret(name: str = "one") -> dict[str, Any]:
    """A Secret with something to keep."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(name),
        "data": {"password": CANARY},
    }


class TestMetadata:
    """Of some kinds nothing but the metadata is asked for: what they hold is nobody's business."""

    def test_an_object_is_asked_for_without_its_content(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """And told as the kind that it is."""
        api.objects = [secret()]
        (found,) = reader.read(Query(SECRET, "shop", "one"), ample()).objects
        assert api.requests[0].headers["accept"] == PARTIAL
        assert (found["kind"], found["apiVersion"]) == ("Secret", "v1")
        assert found["metadata"]["name"] == "one"
        assert CANARY not in json.dumps(found)

    def test_a_list_is_asked_for_without_its_content(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Each item is told as the kind that it is."""
        api.objects = [secret("one"), secret("two")]
        found = reader.read(Query(SECRET, "shop"), ample()).objects
        assert api.requests[0].headers["accept"] == PARTIALS
        assert [(entry["kind"], entry["metadata"]["name"]) for entry in found] == [
            ("Secret", "one"),
            ("Secret", "two"),
        ]
        assert CANARY not in json.dumps(found)

    @pytest.mark.parametrize("query", [Query(SECRET, "shop", "one"), Query(SECRET, "shop")])
    def test_a_server_that_sends_all_the_same_is_not_believed(
        self, api: ApiServer, reader: LiveReader, query: Query
    ) -> None:
        """What was not asked for is not kept."""
        listed = {"kind": "SecretList", "apiVersion": "v1", "items": [secret()]}
        whole = secret() if query.name else listed
        api.behave("/", speaks(200, json.dumps(whole).encode()))
        error = failure(lambda: reader.read(query, ample()))
        assert type(error) is UpstreamError
        assert CANARY not in str(error)

    @pytest.mark.parametrize("version", ["v1", "meta.k8s.io/v1beta1", "evil.example.com/v1", None])
    @pytest.mark.parametrize("query", [Query(SECRET, "shop", "one"), Query(SECRET, "shop")])
    def test_metadata_of_another_version_is_an_upstream_error(
        self, api: ApiServer, reader: LiveReader, query: Query, version: str | None
    ) -> None:
        """It was asked for in one."""
        kind = "PartialObjectMetadata" if query.name else "PartialObjectMetadataList"
        form: Manifest = {"kind": kind, "apiVersion": version}
        body: Manifest = {**form, "metadata": metadata("one"), "items": []}
        api.behave("/", speaks(200, json.dumps(body).encode()))
        assert type(failure(lambda: reader.read(query, ample()))) is UpstreamError

    def test_what_holds_a_verdict_is_asked_for_whole(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Metadata alone would make nothing of a Deployment."""
        form = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        metadata_alone = {**form, "metadata": metadata("api")}
        api.behave("/", speaks(200, json.dumps(metadata_alone).encode()))
        assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.kind}.{kind.group}")
    def test_a_kind_is_read_whole_exactly_when_its_rule_reads_something(self, kind: Kind) -> None:
        """Nothing is judged by what was not asked for."""
        rule = RULES.own(kind.kind, kind.api_version)
        assert rule is not None
        assert not (kind.metadata_only and any("metadata" not in field for field in rule.fields))


class TestAbsence:
    """Only the API server itself says that something does not exist."""

    def test_what_it_does_not_have_is_not_found(self, api: ApiServer, reader: LiveReader) -> None:
        """It says so in a Status."""
        api.objects = []
        assert type(failure(lambda: reader.read(API, ample()))) is NotFound

    @pytest.mark.parametrize("body", [b"404 page not found", b"404 page not found\n"])
    @pytest.mark.parametrize("query", [API, Query(DEPLOYMENT, "shop")], ids=["object", "list"])
    def test_a_kind_of_kubernetes_is_not_served_when_discovery_says_so(
        self, api: ApiServer, reader: LiveReader, query: Query, body: bytes
    ) -> None:
        """Its own words for a path that it does not know are those of many a proxy too."""
        api.behave("/apis/apps/v1/namespaces", speaks(404, body))
        assert type(failure(lambda: reader.read(query, ample()))) is UpstreamError
        api.kinds = [POD]
        assert type(failure(lambda: reader.read(query, ample()))) is NotServed

    @pytest.mark.parametrize("query", [API, PODS], ids=["object", "list"])
    def test_a_kind_of_kubernetes_is_not_missed_when_discovery_fails(
        self, api: ApiServer, reader: LiveReader, query: Query
    ) -> None:
        """Then nothing is known."""
        api.behave("/", speaks(404, b"404 page not found"))
        assert type(failure(lambda: reader.read(query, ample()))) is UpstreamError

    @pytest.mark.parametrize("name", ["", "one"], ids=["list", "object"])
    def test_another_projects_kind_is_not_served_at_once(
        self, api: ApiServer, reader: LiveReader, name: str
    ) -> None:
        """Few clusters have it, so its absence costs no more than one request."""
        rollout = next(kind for kind in KINDS if kind.kind == "Rollout")
        error = failure(lambda: reader.read(Query(rollout, "shop", name), ample()))
        assert type(error) is NotServed
        assert len(api.requests) == 1

    def test_a_status_of_another_projects_list_says_that_it_is_not_served(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """A list is never missing; of an object the same answer says that it is."""
        rollout = next(kind for kind in KINDS if kind.kind == "Rollout")
        api.behave("/", speaks(404, json.dumps(status_object(404, "NotFound")).encode()))
        assert type(failure(lambda: reader.read(Query(rollout, "shop"), ample()))) is NotServed
        assert type(failure(lambda: reader.read(Query(rollout, "shop", "x"), ample()))) is NotFound

    @pytest.mark.parametrize(
        "body", [b"", b"not found", b"<html>404 page not found</html>", b"404 page not found!"]
    )
    def test_anyone_elses_word_is_none(
        self, api: ApiServer, reader: LiveReader, body: bytes
    ) -> None:
        """A proxy's page says nothing about what exists."""
        api.behave("/", speaks(404, body))
        assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError

    def test_the_words_with_another_code_are_none(self, api: ApiServer, reader: LiveReader) -> None:
        """A 403 that says so says something else."""
        api.behave("/", speaks(403, b"404 page not found"))
        assert type(failure(lambda: reader.read(API, ample()))) is UpstreamError


class TestDiscovery:
    """What the cluster serves, whether it tells it in one answer or in many."""

    @pytest.mark.parametrize("aggregates", [True, False], ids=["aggregated", "one by one"])
    def test_every_kind_is_told(self, api: ApiServer, reader: LiveReader, aggregates: bool) -> None:
        """With its names, its group and version, and whether it stands in a namespace."""
        api.kinds, api.aggregates = KINDS, aggregates
        found = reader.discover(ample()).kinds
        told = {(kind.group, kind.kind): kind for kind in found}
        assert len(told) == len(found) == len(KINDS)
        for kind in KINDS:
            served = told[kind.group, kind.kind]
            assert served == Kind(
                kind.kind,
                kind.plural,
                kind.group,
                kind.version,
                kind.short_names,
                namespaced=kind.namespaced,
            )

    def test_an_aggregated_answer_is_two_requests(self, api: ApiServer, reader: LiveReader) -> None:
        """The core group's and that of all others, in the newest form that both know."""
        reader.discover(ample())
        assert [request.path for request in api.requests] == ["/api", "/apis"]
        for request in api.requests:
            forms = request.headers["accept"].split(",")
            assert [form.partition(";as")[0] for form in forms] == [
                "application/json;g=apidiscovery.k8s.io;v=v2",
                "application/json;g=apidiscovery.k8s.io;v=v2beta1",
                "application/json",
            ]

    def test_an_older_server_is_asked_for_each_group_version(
        self, api: ApiServer, reader: LiveReader
    ) -> None:
        """Once each."""
        api.kinds, api.aggregates = (POD, DEPLOYMENT, *(Kind("X", "xs", "a.b", v) for v in
                                                        ("v1", "v1beta1"))), False  # fmt: skip
        reader.discover(ample())
        assert [request.path for request in api.requests] == [
            "/api",
            "/api/v1",
            "/apis",
            "/apis/apps/v1",
            "/apis/a.b/v1",
            "/apis/a.b/v1beta1",
        ]

    @pytest.mark.parametrize("code", [401, 403, 404, 500, 503])
    @pytest.mark.parametrize("path", ["/api", "/apis"])
    def test_a_refusal_is_no_discovery(
        self, api: ApiServer, reader: LiveReader, path: str, code: int
    ) -> None:
        """What cannot be asked for is not empty; no object is said to be forbidden or missing."""
        api.behave(path, speaks(code, json.dumps(status_object(code, "No")).encode()))
        error = failure(lambda: reader.discover(ample()))
        assert type(error) is UpstreamError
        assert str(code) in str(error)

    def test_a_server_that_hangs_is_a_timeout(self, api: ApiServer, reader: LiveReader) -> None:
        """All its answers have one deadline."""
        api.behave("/apis", hang)
        assert type(failure_in_time(lambda: reader.discover(soon()))) is ReadTimeout
