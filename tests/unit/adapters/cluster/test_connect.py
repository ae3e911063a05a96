"""Where the cluster is found, and what is said when it is not."""

from __future__ import annotations

import copy
import logging
import os
import sys
import time
import traceback
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from k8s_heartbeat.adapters.cluster import Client, LiveReader, NoClusterError, connect
from k8s_heartbeat.adapters.cluster.connect import ClusterConfig, Connection, CredentialsError
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.core.checks.reader import Deadline, UpstreamError
from k8s_heartbeat.core.fields import is_list, is_mapping
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.query import Query
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig

CANARY = "canary-51c07d2b"
"""A secret, to be looked for where it must not be."""


@contextmanager
def connected(
    environ: Mapping[str, str], *, named: Path | str = "", context: str = ""
) -> Generator[Connection]:
    """A connection that ends with the test."""
    connection = connect(ClusterConfig(kubeconfig=str(named), context=context, environ=environ))
    try:
        yield connection
    finally:
        connection.close()


def no_cluster(
    environ: Mapping[str, str], *, named: Path | str = "", context: str = ""
) -> NoClusterError:
    """The error where no cluster can be had."""
    with pytest.raises(NoClusterError) as caught, connected(environ, named=named, context=context):
        pass
    return caught.value


class TestOrder:
    """Explicit, the cluster that one runs in, KUBECONFIG, and the home folder."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        """A home folder with a kubeconfig."""
        content = kubeconfig("http://home:1", namespace="at-home")
        write_kubeconfig(tmp_path / "home" / ".kube" / "config", content)
        return tmp_path / "home"

    def test_the_home_folder_is_the_last_place(self, home: Path) -> None:
        """It counts where nothing else is said."""
        with connected({"HOME": str(home)}) as connection:
            assert (connection.host, connection.namespace) == ("http://home:1", "at-home")
            assert "home folder" in connection.origin

    def test_kubeconfig_goes_before_the_home_folder(self, home: Path, tmp_path: Path) -> None:
        """As with kubectl."""
        path = write_kubeconfig(tmp_path / "other", kubeconfig("http://other:1"))
        with connected({"HOME": str(home), "KUBECONFIG": str(path)}) as connection:
            assert (connection.host, connection.namespace) == ("http://other:1", "default")
            assert connection.origin == f"KUBECONFIG ('{path}')"

    def test_what_is_named_goes_before_everything(self, home: Path, tmp_path: Path) -> None:
        """Whoever names a file means it."""
        path = write_kubeconfig(tmp_path / "named", kubeconfig("http://named:1/"))
        environ = {
            "HOME": str(home),
            "KUBECONFIG": str(home / ".kube" / "config"),
            "KUBERNETES_SERVICE_HOST": "10.0.0.1",
            "KUBERNETES_SERVICE_PORT": "443",
        }
        with connected(environ, named=path) as connection:
            assert connection.host == "http://named:1"

    def test_the_environment_of_a_pod_without_its_token_is_no_cluster(self, home: Path) -> None:
        """With automountServiceAccountToken off, the variables are there and the token is not."""
        environ = {
            "HOME": str(home),
            "KUBERNETES_SERVICE_HOST": "10.0.0.1",
            "KUBERNETES_SERVICE_PORT": "443",
        }
        with connected(environ) as connection:
            assert connection.host == "http://home:1"

    def test_an_empty_kubeconfig_variable_counts_as_absent(self, home: Path) -> None:
        """A manifest that sets it to nothing means none."""
        with connected({"HOME": str(home), "KUBECONFIG": ""}) as connection:
            assert connection.host == "http://home:1"

    def test_no_cluster_names_every_place(self, tmp_path: Path) -> None:
        """Whoever reads it knows where to put one."""
        message = str(no_cluster({"HOME": str(tmp_path)}))
        assert "service account" in message
        assert "KUBECONFIG" in message
        assert str(tmp_path / ".kube" / "config") in message

    @pytest.mark.parametrize("home", ["", ".", "home", None])
    def test_only_an_absolute_home_counts(
        self, home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Otherwise a file of the working folder would be loaded, and the programs it names run."""
        for folder in (tmp_path, tmp_path / "home"):
            write_kubeconfig(folder / ".kube" / "config", kubeconfig("http://planted:1"))
        monkeypatch.chdir(tmp_path)
        environ = {} if home is None else {"HOME": home}
        assert "HOME is not an absolute path" in str(no_cluster(environ))
        named = {**environ, "KUBECONFIG": "~/.kube/config"}
        message = str(no_cluster(named))
        assert "KUBECONFIG" in message
        assert "HOME is not an absolute path" in message

    def test_a_tilde_is_the_home_folder(self, home: Path) -> None:
        """As a shell has it, which expands only the first of several."""
        environ = {"HOME": str(home), "KUBECONFIG": "/no/such:~/.kube/config"}
        with connected(environ) as connection:
            assert connection.host == "http://home:1"

    @pytest.mark.parametrize("by", ["flag", "variable"])
    def test_a_file_that_is_not_there_is_not_passed_over(self, home: Path, by: str) -> None:
        """A typo must not end in another cluster's verdicts."""
        environ = {"HOME": str(home)} | ({"KUBECONFIG": "/no/such"} if by == "variable" else {})
        message = str(no_cluster(environ, named="/no/such" if by == "flag" else ""))
        assert "/no/such" in message


def make_folder(path: Path) -> None:
    """A folder in place of a file, as when a volume is mounted one level too high."""
    path.mkdir()


def make_fifo(path: Path) -> None:
    """A FIFO that nobody writes to."""
    os.mkfifo(path)


def make_device(path: Path) -> None:
    """A file without an end."""
    path.symlink_to("/dev/zero")


def make_large(path: Path) -> None:
    """A file of more than a MiB."""
    path.write_bytes(b" " * (2**20 + 1))


FILES = [
    ("cluster", "certificate-authority"),
    ("user", "client-certificate"),
    ("user", "client-key"),
    ("user", "tokenFile"),
]
"""What names a file, by the entry that it stands in."""

USERS: dict[str, dict[str, Any]] = {
    "token": {"token": CANARY, "username": CANARY, "password": CANARY},
    "password": {"username": CANARY, "password": CANARY},
    "token-file": {"tokenFile": CANARY},
    "certificate": {"client-certificate-data": CANARY, "client-key-data": CANARY},
    "certificate-file": {"client-certificate": CANARY, "client-key": CANARY},
    "exec": {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": f"/nowhere/{CANARY}",
            "args": [CANARY],
            "env": [{"name": CANARY, "value": CANARY}],
        }
    },
    "oidc": {"auth-provider": {"name": "oidc", "config": {"id-token": CANARY}}},
    "gcp": {
        "auth-provider": {
            "name": "gcp",
            "config": {"access-token": CANARY, "expiry": CANARY, "cmd-path": CANARY},
        }
    },
}
"""The ways of a user to be known, all their values secrets."""

WRONG: tuple[object, ...] = (None, 7, "", CANARY, f"{CANARY}:x://\n", [CANARY], {CANARY: CANARY})
"""What may stand in the wrong place of a kubeconfig."""


def full_kubeconfig(user: dict[str, Any]) -> dict[str, Any]:
    """A kubeconfig of a user, in each of whose other entries there is a secret too."""
    cluster = {"proxy-url": f"http://u:{CANARY}@127.0.0.1:1", "tls-server-name": CANARY}
    content = kubeconfig("https://127.0.0.1:1", cluster=cluster, user=copy.deepcopy(user))
    content["contexts"][0]["context"] |= {"namespace": "shop", "extensions": [CANARY]}
    for part in ("clusters", "users", "contexts"):
        content[part].append({"name": CANARY, part[:-1]: {"x": CANARY}})
    return content


def places_in(content: object, at: tuple[str | int, ...] = ()) -> Generator[tuple[str | int, ...]]:
    """Every place in a structure, as the way that leads there."""
    if at:
        yield at
    if is_mapping(content):
        for key in content:
            yield from places_in(content[key], (*at, key))
    elif is_list(content):
        for number, entry in enumerate(content):
            yield from places_in(entry, (*at, number))


def put(content: Any, at: tuple[str | int, ...], value: object) -> None:
    """Put a value in a place of a structure."""
    for step in at[:-1]:
        content = content[step]
    content[at[-1]] = value


class TestFiles:
    """KUBECONFIG may name several files, and a file may be broken."""

    def test_several_files_are_one(self, tmp_path: Path) -> None:
        """Contexts of one, clusters of the other; the ones that are missing are passed over."""
        first = kubeconfig("http://unused:1", name="first")
        second = kubeconfig("http://second:1", name="second", namespace="two")
        first["current-context"] = "second"
        paths = [
            write_kubeconfig(tmp_path / "first", first),
            tmp_path / "missing",
            write_kubeconfig(tmp_path / "second", second),
        ]
        environ = {"KUBECONFIG": os.pathsep.join(map(str, paths)), "HOME": str(tmp_path)}
        with connected(environ) as connection:
            assert (connection.host, connection.namespace) == ("http://second:1", "two")

    def test_a_context_may_be_named(self, tmp_path: Path) -> None:
        """Its cluster and its namespace count, not the current one's."""
        both = kubeconfig("http://one:1", name="one", namespace="ns-one")
        two = kubeconfig("http://two:1", name="two", namespace="ns-two")
        for part in ("clusters", "users", "contexts"):
            both[part] += two[part]
        path = write_kubeconfig(tmp_path / "config", both)
        with connected({}, named=path, context="two") as connection:
            assert (connection.host, connection.namespace) == ("http://two:1", "ns-two")
        message = str(no_cluster({}, named=path, context="three"))
        assert "three" in message

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "null",
            "[]",
            "7",
            f"users: [{{name: a, user: {{token: {CANARY}}}}}",
            f"token: {CANARY}\n\tbroken: yes",
            f"apiVersion: v1\nkind: Config\nusers: {CANARY}\n",
            f"apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {CANARY}\n",
            f'{{"contexts": [], "clusters": [], "users": [], "x": "{CANARY}"}}',
            f"!!python/object/apply:os.system ['echo {CANARY}']",
            f"users: [{{name: a, user: {{token: *{CANARY}}}}}]",
            f"users: [{{name: a, user: {{token: !{CANARY} x}}}}]",
            f"{CANARY}\x00",
        ],
        ids=[
            "empty",
            "null",
            "list",
            "number",
            "unclosed",
            "tab",
            "users-of-odd-type",
            "contexts-of-odd-type",
            "no-contexts",
            "code",
            "alias",
            "tag",
            "control-character",
        ],
    )
    def test_a_broken_file_is_named_and_not_quoted(
        self, tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """A parser's error quotes the line, and the line may be a key."""
        path = tmp_path / "config"
        path.write_text(text, "utf-8")
        error = no_cluster({}, named=path)
        assert str(path) in str(error)
        # a traceback hides what lies behind it, as the program prints one with --debug
        assert CANARY not in "".join(traceback.format_exception(error))
        printed = capfd.readouterr()
        assert CANARY not in printed.out + printed.err

    def test_a_file_that_is_no_text_is_refused(self, tmp_path: Path) -> None:
        """The error says which file, and does not raise past its family."""
        path = tmp_path / "config"
        path.write_bytes(bytes(range(256)))
        assert str(path) in str(no_cluster({}, named=path))

    @pytest.mark.parametrize(
        ("make", "problem"),
        [
            (make_folder, "s a directory"),
            (make_fifo, "not a regular file"),
            (make_device, "not a regular file"),
            (make_large, "larger than 1 MiB"),
        ],
    )
    @pytest.mark.parametrize("place", ["flag", "home", "token", "authority"])
    def test_what_is_no_small_regular_file_is_refused_at_once(
        self, tmp_path: Path, make: Callable[[Path], None], problem: str, place: str
    ) -> None:
        """A FIFO would be waited for, and a device read without end."""
        odd = tmp_path / ".kube" / "config"
        odd.parent.mkdir()
        make(odd)
        named = "" if place == "home" else odd
        if place in ("token", "authority"):
            user = {"tokenFile": str(odd)} if place == "token" else {}
            cluster = {"certificate-authority": str(odd)} if place == "authority" else {}
            content = kubeconfig("https://127.0.0.1:1", user=user, cluster=cluster)
            named = write_kubeconfig(tmp_path / "config", content)
            problem = str(odd) if place == "authority" else problem
        error = str(no_cluster({"HOME": str(tmp_path)}, named=named))
        assert problem in error
        assert str(odd) in error

    @pytest.mark.parametrize(("part", "key"), FILES)
    @pytest.mark.parametrize(
        ("named", "told"),
        [
            ("pem", "'pem'"),
            ("pki/of-our-cluster.pem", "'{folder}/pki/of-our-cluster.pem'"),
            ("{folder}/of-our-cluster.pem", "'{folder}/of-our-cluster.pem'"),
            (CANARY, f"a path of {len(CANARY)} characters"),
            (f"./{CANARY}", f"a path of {len(CANARY) + 2} characters"),
            (f"/nowhere/{CANARY}", f"a path of {len(CANARY) + 9} characters"),
        ],
    )
    def test_a_file_that_is_missing_is_named_where_it_is_a_path(
        self, tmp_path: Path, part: str, key: str, named: str, told: str
    ) -> None:
        """Beside the kubeconfig, where a relative path leads; a key pasted there leads nowhere."""
        (tmp_path / "pki").mkdir()
        value = {key: named.format(folder=tmp_path)}
        cluster, user = (value, None) if part == "cluster" else (None, value)
        content = kubeconfig("https://127.0.0.1:1", cluster=cluster, user=user)
        error = no_cluster({}, named=write_kubeconfig(tmp_path / "config", content))
        assert f"{key}: {told.format(folder=tmp_path)}: no such file" in str(error)
        assert CANARY not in "".join(traceback.format_exception(error))

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"current-context": None}, "its current-context is not set"),
            ({"current-context": CANARY}, "its current-context is none of its contexts"),
            ({"contexts": [{"name": "test"}]}, "an entry of its contexts has no context"),
            ({"clusters": []}, "it has no cluster of the name that its context gives"),
            ({"clusters": [{"name": "test"}]}, "an entry of its clusters has no cluster"),
            ({"users": [{"name": "test", "x": CANARY}]}, "an entry of its users has no user"),
            ({"users": [{"name": "test", "user": CANARY}]}, "an entry of its users has no user"),
            (
                {"users": [{"name": "test", "user": {"token": None, "password": CANARY}}]},
                "its token is set to nothing",
            ),
            (
                {"clusters": [{"name": "test", "cluster": {"server": None, "x": CANARY}}]},
                "its server is set to nothing",
            ),
        ],
    )
    def test_what_is_missing_is_said(
        self, tmp_path: Path, change: dict[str, Any], problem: str
    ) -> None:
        """By the keys that a kubeconfig has."""
        content = kubeconfig("https://127.0.0.1:1", user={"password": CANARY}) | change
        error = no_cluster({}, named=write_kubeconfig(tmp_path / "config", content))
        assert str(error).endswith(f"cannot be used: {problem}")

    def test_a_namespace_that_there_cannot_be_is_refused(self, tmp_path: Path) -> None:
        """A value in the wrong place would be repeated wherever a namespace is."""
        content = kubeconfig("https://127.0.0.1:1", namespace=f"{CANARY}.x")
        error = no_cluster({}, named=write_kubeconfig(tmp_path / "config", content))
        assert "no name of a namespace" in str(error)

    @pytest.mark.parametrize("kind", USERS)
    def test_no_value_of_a_kubeconfig_is_told(
        self,
        tmp_path: Path,
        kind: str,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        """Whatever else is wrong with it, and wherever a secret has slipped to."""
        caplog.set_level(logging.DEBUG)
        path = tmp_path / "config"
        failures = 0
        for at in places_in(full_kubeconfig(USERS[kind])):
            for wrong in WRONG:
                content = full_kubeconfig(USERS[kind])
                put(content, at, wrong)
                write_kubeconfig(path, content)
                try:
                    with connected({}, named=path) as connection:
                        assert CANARY not in connection.origin
                        connection.headers("*/*", Deadline.after(10, time.monotonic))
                except (NoClusterError, CredentialsError) as error:
                    failures += 1
                    told = "".join(traceback.format_exception(error))
                    assert CANARY not in told, (at, wrong)
        assert failures > 50
        printed = capfd.readouterr()
        assert CANARY not in caplog.text + printed.out + printed.err

    @pytest.mark.parametrize(
        "server", ["127.0.0.1:6443", "", "ftp://127.0.0.1", "http://[::1", "http://"]
    )
    def test_a_server_that_is_no_url_is_an_error_of_a_family(
        self, tmp_path: Path, server: str
    ) -> None:
        """At start or with the first reading, and never as a library's own."""
        path = write_kubeconfig(tmp_path / "config", kubeconfig(server))
        with pytest.raises((NoClusterError, UpstreamError)):
            _read_once(path)

    @pytest.mark.parametrize(
        ("part", "field"),
        [
            ("cluster", "certificate-authority-data"),
            ("user", "client-certificate-data"),
        ],
    )
    def test_a_certificate_that_is_none_is_an_error_of_a_family(
        self, tmp_path: Path, part: str, field: str
    ) -> None:
        """At start or with the first reading, and it does not say what stood in its place."""
        given = {field: b64encode(CANARY.encode()).decode()}
        cluster, user = (given, {}) if part == "cluster" else ({}, given)
        content = kubeconfig("https://127.0.0.1:1", cluster=cluster, user=user)
        path = write_kubeconfig(tmp_path / "config", content)
        with pytest.raises((NoClusterError, UpstreamError)) as caught:
            _read_once(path)
        assert CANARY not in "".join(traceback.format_exception(caught.value))


class TestPlugins:
    """Credentials may come from a program."""

    def _content(self, url: str, script: str) -> dict[str, object]:
        command = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": ["-c", script],
            "interactiveMode": "Never",
        }
        return kubeconfig(url, user={"exec": command})

    def test_a_token_from_a_program_is_used(self, tmp_path: Path) -> None:
        """As with every managed cluster."""
        script = (
            'print(\'{"apiVersion":"client.authentication.k8s.io/v1",'
            f'"kind":"ExecCredential","status":{{"token":"{CANARY}"}}}}\')'
        )
        with ApiServer(token=CANARY) as api:
            path = write_kubeconfig(tmp_path / "config", self._content(api.url, script))
            with connected({}, named=path) as connection:
                LiveReader(Client(lambda: connection), Memory()).ping(
                    Deadline.after(5, time.monotonic)
                )

    @pytest.mark.parametrize(
        "script",
        [
            f"print('{CANARY}')",
            f"print('{CANARY}'); exit(1)",
            f"import sys; sys.exit('{CANARY}')",
            f"print('{{\"{CANARY}\":1}}')",
            f'print(\'{{"apiVersion":"{CANARY}","kind":1,"status":1}}\')',
        ],
        ids=["no-json", "failing", "explaining", "odd-json", "odd-version"],
    )
    def test_what_a_failing_program_says_is_not_repeated(
        self,
        tmp_path: Path,
        script: str,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        """Its output may be half a token."""
        caplog.set_level(logging.DEBUG)
        path = write_kubeconfig(tmp_path / "config", self._content("http://127.0.0.1:1", script))
        try:
            with connected({}, named=path):
                pass
        except NoClusterError as error:
            assert CANARY not in "".join(traceback.format_exception(error))
        assert CANARY not in caplog.text
        assert CANARY not in capfd.readouterr().out
        # That it failed is worth a line all the same.
        assert "the credential plugin of the kubeconfig failed" in caplog.text


def _read_once(path: Path) -> None:
    with connected({}, named=path) as connection:
        deadline = Deadline.after(1, time.monotonic)
        LiveReader(Client(lambda: connection), Memory()).read(Query(POD, "shop"), deadline)
