"""A secret in the wrong variable, flag or line of a file is printed nowhere."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from k8s_heartbeat.entrypoints.config.settings import SETTINGS
from tests.builders import deployment
from tests.unit.entrypoints.support import Shell, process

# As `k8s-heartbeat token` makes them, as openssl does, and as people do.
SECRETS = {
    "token": "Zq3v8Kx_2mLwR7tY-n0PbJc5HdGf1sAe9UoQiWzXkVM",
    "base64": b64encode(sha256(b"/").digest()).decode(),
    "words": "correct-horse-battery-staple",
    "lower": "wq7zk2m9x4p1c8v5b3n6",
}
VARIABLES = [
    *(setting.variable for setting in SETTINGS if setting.variable),
    *(f"{setting.variable}_FILE" for setting in SETTINGS if setting.form.secret),
]
every_secret = pytest.mark.parametrize("secret", SECRETS.values(), ids=list(SECRETS))


def nothing_of(secret: str, shell: Shell, *argv: str) -> tuple[int, str]:
    """The exit code and what a command printed, once no part of the secret is in it."""
    done = shell.run(*argv)
    printed = done.out + done.err
    for start in range(0, len(secret) - 8, 4):
        assert secret[start : start + 8] not in printed, printed
    return done.code, printed


@every_secret
@pytest.mark.parametrize("variable", VARIABLES)
def test_in_a_variable(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, variable: str, secret: str
) -> None:
    """Refused or taken, by the commands that print what is in force or what is wrong."""
    monkeypatch.setenv(variable, secret)
    code, printed = nothing_of(secret, shell, "config")
    assert code in (0, 2)
    if code == 2 and variable != "HEARTBEAT_CONFIG":
        assert f"{variable}: " in printed
    if variable not in ("HEARTBEAT_CONTEXT", "HEARTBEAT_SNAPSHOT", "HEARTBEAT_HOST"):
        # With these it goes on to look for a cluster.
        dump = shell.file(deployment())
        nothing_of(secret, shell, "check", "-f", dump, "--config", "absent.yaml")


@every_secret
def test_in_a_snapshots_place(shell: Shell, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """What is named is no path that leads anywhere."""
    monkeypatch.setenv("HEARTBEAT_AUTH", "none")
    monkeypatch.setenv("HEARTBEAT_SNAPSHOT", secret)
    code, printed = nothing_of(secret, shell, "serve")
    assert code == 3
    assert "snapshot: the dump, a path of" in printed


COMMANDS = (
    ("serve", "--snapshot"),
    ("serve", "--port"),
    ("serve", "--log-level"),
    ("serve", "--drain-seconds"),
    ("serve", "--demo", "--config"),
    ("config", "--config"),
    ("config", "--kubeconfig"),
    ("config", "--context"),
    ("check", "-f"),
    ("check", "-o"),
    ("check", "--fail-on"),
    ("check", "--now"),
    ("check", "--for"),
    ("check", "--config"),
    ("check", "-f", "dump.json", "--selector"),
    ("push", "-f", "dump.json", "--to"),
    ("push", "-f", "dump.json", "--to", "https://a.example/b", "--as"),
    ("push", "-f", "dump.json", "--every"),
    ("serve", "--token"),
    ("rules",),
    ("rules", "deployment"),
    ("token",),
    ("check", "--tokn"),
    (),
)


@every_secret
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("joined", [False, True], ids=["apart", "joined"])
def test_in_a_flag(shell: Shell, command: tuple[str, ...], secret: str, joined: bool) -> None:
    """Of the command line too, and behind what is no flag at all."""
    shell.file(deployment())
    shell.monkeypatch.setenv("HEARTBEAT_AUTH", "none")
    argv = (*command, secret)
    if joined:
        if not command:
            return
        argv = (*command[:-1], f"{command[-1]}{'=' * command[-1].startswith('--')}{secret}")
    nothing_of(secret, shell, *argv)


@pytest.mark.parametrize("argv", [("serve", "--drain-secnds=5"), ("check", "--namspace", "shop")])
def test_a_slip_of_the_pen_in_a_flag_is_told(shell: Shell, argv: tuple[str, ...]) -> None:
    """A flag is no secret."""
    assert argv[1].partition("=")[0] in shell.run(*argv).err


CONFIGURATIONS = [
    "{}: 1",
    "policy: {{'{}': 1}}",
    "policy: {{stuckAfter: {}}}",
    "policy: {}",
    "{}",
    "components: {}",
    "components: [{}]",
    "components: [{{'{}': 1}}]",
    "components: [{{name: 'X {}'}}]",
    "components: [{{name: a, up: {}, members: [{{namespace: shop}}]}}]",
    "components: [{{name: a, members: [{{namespace: 'X_{0}', kind: 'a/{0}', name: '_{0}'}}]}}]",
    "components: [{{name: a, members: [{{selector: '{}=('}}]}}]",
    "components: [{{name: a, members: [{{kind: node, namespace: '{}'}}]}}]",
    "policy: *{}",
    "policy: !{} 1",
    "policy: !!int '{}'",
    "'{0}': 1\n'{0}': 2",
    "policy: '{}",
    "policy: &a {}\n b",
]
TOKENS = [
    "tokens: {}",
    "{}: []",
    "tokens: [{}]",
    "tokens: [{{'{}': 1}}]",
    "tokens: [{{name: a, sha256: '{}'}}]",
    "tokens: [{{name: 'X {}', sha256: x}}]",
    "tokens: [{{name: a, sha256: x, namespaces: '_{}'}}]",
    "tokens: [{{name: a, sha256: x, kinds: ['{}']}}]",
    "tokens: [{{name: a, sha256: x, components: ['_{}']}}]",
    "tokens: [{{name: a, sha256: x, detail: '{}'}}]",
    "tokens: [{{name: 'a{0}', sha256: x}}, {{name: 'a{0}', sha256: x}}]",
]


@every_secret
@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_in_the_configuration(shell: Shell, text: str, secret: str) -> None:
    """As a key, as a value, and where it makes no YAML."""
    path = shell.folder / "heartbeat.yaml"
    path.write_text(text.format(secret), "utf-8")
    code, printed = nothing_of(secret, shell, "config", "--config", str(path))
    assert code == 2
    assert "heartbeat.yaml': " in printed


@every_secret
@pytest.mark.parametrize("text", TOKENS)
def test_in_the_tokens_file(shell: Shell, text: str, secret: str) -> None:
    """Where most of all people have one at hand."""
    path = shell.folder / "tokens.yaml"
    path.write_text(text.format(secret), "utf-8")
    shell.monkeypatch.setenv("HEARTBEAT_TOKENS_FILE", str(path))
    code, printed = nothing_of(secret, shell, "config")
    assert code == 2
    assert "HEARTBEAT_TOKENS_FILE: " in printed


@pytest.mark.parametrize("secret", [SECRETS["token"], SECRETS["words"]])
def test_as_the_name_of_its_own_token(shell: Shell, secret: str) -> None:
    """The log has the name in every line."""
    path = shell.folder / "tokens.yaml"
    digest = sha256(secret.encode()).hexdigest()
    path.write_text(f"tokens: [{{name: '{secret}', sha256: '{digest}'}}]", "utf-8")
    shell.monkeypatch.setenv("HEARTBEAT_TOKENS_FILE", str(path))
    code, printed = nothing_of(secret, shell, "config")
    assert code == 2
    assert "has its token for its name" in printed


@every_secret
@pytest.mark.parametrize("dump", ['"{}"', "- {}", '{{"kind": "{}List", "items": 7}}', "{}: *{}"])
def test_in_a_dump(shell: Shell, dump: str, secret: str) -> None:
    """A Secret that was dumped by mistake."""
    code, _ = nothing_of(secret, shell, "check", "-f", "-")
    path = shell.folder / "dump.json"
    path.write_text(dump.format(secret, secret), "utf-8")
    code, _ = nothing_of(secret, shell, "check", "-f", str(path))
    assert code == 3


def test_what_is_no_secret_is_still_told(shell: Shell) -> None:
    """Otherwise nobody would find what is wrong."""
    shell.monkeypatch.setenv("PORT", "http")
    shell.monkeypatch.setenv("HEARTBEAT_CORS_ORIGINS", "https://status.example.com/")
    path = shell.folder / "heartbeat.yaml"
    path.write_text("policy: {crashLoopMemmory: 1, zero: dwn, cronFailures: 99999}", "utf-8")
    assert "PORT: 'http' is not a TCP port" in shell.run("config").err
    shell.monkeypatch.delenv("PORT")
    done = shell.run("config", "--config", str(path))
    assert "HEARTBEAT_CORS_ORIGINS=https://status.example.com" in done.out
    for told in (
        "policy.crashLoopMemmory: unknown; did you mean",
        "'dwn' is not",
        "99999 (a number)",
    ):
        assert told in done.err
    assert json.dumps(str(path))[1:-1] in done.err


def test_in_the_address_to_listen_on(tmp_path: Path) -> None:
    """The network refuses it, not its form."""
    secret = SECRETS["lower"]
    done = process(tmp_path, "serve", "--demo", "--host", secret, environ={"PORT": "0"})
    assert done.returncode == 2
    assert "cannot listen on an address of 20 characters port 0: " in done.stderr
    assert secret not in done.stderr
