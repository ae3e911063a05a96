"""The tokens file: what it takes, what it refuses, and in which words."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.adapters.http.tokens import Token
from k8s_heartbeat.core.checks.reader import Deadline
from k8s_heartbeat.core.kinds import POD, REPLICA_SET
from k8s_heartbeat.entrypoints.config import document
from k8s_heartbeat.entrypoints.config.document import ConfigurationError
from k8s_heartbeat.entrypoints.config.settings import PLACEHOLDER_TOKENS
from k8s_heartbeat.entrypoints.config.tokens_file import parse_tokens, read_tokens
from tests.unit.entrypoints.support import Shell

A, B = sha256(b"token-a").hexdigest(), sha256(b"token-b").hexdigest()
DEADLINE = Deadline.after(5, time.monotonic)


@dataclass(slots=True)
class Clock:
    """Both clocks, which move when they are told to."""

    seconds: float = field(default_factory=lambda: time.time() + 60)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.seconds

    def time(self) -> float:
        """Unix seconds."""
        return self.seconds


def one(text: str) -> Token:
    """The only token of a file with one entry."""
    (token,) = parse_tokens(f"tokens:\n- {{name: a, sha256: '{A}', {text}}}")
    return token


def faults(text: str) -> list[str]:
    """What is wrong with a file."""
    with pytest.raises(ConfigurationError) as caught:
        parse_tokens(text)
    return caught.value.faults


def test_whole_file() -> None:
    """Names, one hash or two, scopes and detail, in the order of the file."""
    first, second = parse_tokens(
        f"""
        tokens:
          - name: uptimerobot
            sha256: ["{A}", "{B.upper()}"]
            namespaces: [shop, "-"]
            kinds: deploy
            components: [checkout]
            detail: status
          - {{name: boss, sha256: "{"0" * 64}"}}
        """
    )
    assert first == Token(
        "uptimerobot",
        (bytes.fromhex(A), bytes.fromhex(B)),
        namespaces=frozenset({"shop", "-"}),
        kinds=("deploy",),
        components=frozenset({"checkout"}),
        detail=Detail.STATUS,
    )
    assert second == Token("boss", (bytes(32),))


@pytest.mark.parametrize(
    ("scope", "shop", "bank", "pods", "component"),
    [
        ("", True, True, True, True),
        ("namespaces: [shop]", True, False, True, False),
        ("kinds: [rs]", True, True, False, False),
        ("components: [checkout]", False, False, False, True),
        ("components: '*'", False, False, False, True),
        ("namespaces: ['*']", True, True, True, False),
        ("namespaces: [shop], components: [checkout]", True, False, True, True),
        ("namespaces: [shop], kinds: [pods, rs], components: [other]", True, False, True, False),
        ("detail: full", True, True, True, True),
    ],
)
def test_what_a_scope_does_not_name_it_does_not_give(
    scope: str, shop: bool, bank: bool, pods: bool, component: bool
) -> None:
    """Only a token without any scope sees everything."""
    token = one(scope)
    assert token.may_list(REPLICA_SET, "shop", DEADLINE) is shop
    assert token.may_list(REPLICA_SET, "bank", DEADLINE) is bank
    assert token.may_list(POD, "shop", DEADLINE) is pods
    assert token.may_see_component("checkout", DEADLINE) is component


def test_an_empty_list_shuts_everybody_out_and_an_empty_file_is_a_fault() -> None:
    """The one is meant, the other is an accident."""
    assert parse_tokens("tokens: []") == ()
    assert faults("") != []
    assert faults("tokens:") != []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "tokens file: an empty list is not a mapping"),
        ("token: []", "token: unknown; did you mean tokens?"),
        ("tokens: {}", "tokens: a mapping is not a list of up to 1000 tokens"),
        ("tokens: [7]", "tokens[0]: 7 (a number) is not a mapping"),
        ("tokens: [{}]", "tokens[0].name: is needed"),
        (f"tokens: [{{sha256: '{A}'}}]", "tokens[0].name: is needed"),
        ("tokens: [{name: a}]", "tokens[0].sha256: is needed"),
        ("tokens: [{name: a, sha256: abc}]", "tokens[0].sha256: its value is not the SHA-256"),
        ("tokens: [{name: a, sha256: []}]", "tokens[0].sha256: its value is not"),
        (f"tokens: [{{name: 'a b', sha256: '{A}'}}]", "tokens[0].name: 'a b' is not"),
        (f"tokens: [{{name: a, sha256: '{A}', kinds: ['']}}]", "tokens[0].kinds"),
        (f"tokens: [{{name: a, sha256: '{A}', kinds: [deployy]}}]", "tokens[0].kinds"),
        (f"tokens: [{{name: a, sha256: '{A}', kinds: certificates}}]", "with its group"),
        ("tokens: [" + "{}, " * 1001 + "]", "up to 1000 tokens"),
        (f"tokens: [{{name: a, sha256: '{A}', namespaces: [S]}}]", "tokens[0].namespaces"),
        (f"tokens: [{{name: a, sha256: '{A}', components: 1}}]", "tokens[0].components: 1"),
        (f"tokens: [{{name: a, sha256: '{A}', detail: all}}]", "tokens[0].detail: 'all'"),
        (f"tokens: [{{name: a, sha256: '{A}', scope: x}}]", "tokens[0].scope: unknown"),
        ("tokens: [", "it is no YAML"),
    ],
)
def test_fault_names_its_place_its_form_and_an_example(text: str, words: str) -> None:
    """One line each."""
    found = faults(text)
    assert any(words in fault for fault in found), found
    assert all(fault.isprintable() for fault in found)


def test_all_faults_are_reported_at_once() -> None:
    """Nobody edits a file ten times to find ten faults."""
    text = f"tokens: [{{name: ' ', sha256: x}}, {{name: b, sha256: '{A}', detail: x, kind: y}}]"
    assert len(faults(text)) == 4


@pytest.mark.parametrize("token", ["", *PLACEHOLDER_TOKENS])
def test_hash_of_a_placeholder_is_refused(token: str) -> None:
    """Whoever runs with a token from public examples is open to everyone."""
    text = f"tokens: [{{name: a, sha256: ['{A}', '{sha256(token.encode()).hexdigest()}']}}]"
    (fault,) = faults(text)
    assert "placeholder" in fault
    assert "k8s-heartbeat token" in fault


def test_a_name_and_a_token_stand_for_one_caller() -> None:
    """Otherwise the log and the limits would name the wrong one."""
    twice = f"tokens: [{{name: a, sha256: '{A}'}}, {{name: a, sha256: '{B}'}}]"
    assert "sha256: [OLD, NEW]" in faults(twice)[0]
    shared = f"tokens: [{{name: a, sha256: '{A}'}}, {{name: b, sha256: '{A}'}}]"
    assert "'b' has a token of 'a'" in faults(shared)[0]


def test_default_is_the_name_of_the_token_of_the_variable(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is set; without it the name is as good as any other."""
    path = shell.folder / "tokens.yaml"
    path.write_text(f"tokens: [{{name: default, sha256: '{A}'}}]", encoding="utf-8")
    monkeypatch.setenv("HEARTBEAT_TOKENS_FILE", str(path))
    assert "token default" in shell.run("config").out
    monkeypatch.setenv("AUTH_TOKEN_BASIC", "token-b")
    for command in ("config", "serve"):
        done = shell.run(command)
        (fault,) = (line for line in done.err.splitlines() if "tokens[0]" in line)
        assert done.code == 2
        assert "tokens[0].name: default is what the log and the limits call" in fault
        assert "AUTH_TOKEN_BASIC" in fault


def test_file_that_takes_the_name_of_the_variables_token_later_is_not_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it said before stays in force, and the fault says why."""
    clock = Clock()
    monkeypatch.setattr(document, "time", clock)
    path = tmp_path / "tokens.yaml"
    path.write_text(f"tokens: [{{name: a, sha256: '{A}'}}]", encoding="utf-8")
    watched = read_tokens(str(path), beside_variable=True)
    path.write_text(f"tokens: [{{name: default, sha256: '{A}'}}]", encoding="utf-8")
    for _ in range(3):
        clock.seconds += 5
        assert [token.name for token in watched.current()] == ["a"]
    assert "AUTH_TOKEN_BASIC" in watched.fault()


def test_file_is_read_again(tmp_path: Path) -> None:
    """Its faults name it, and it has to be there to begin with."""
    path = tmp_path / "tokens.yaml"
    with pytest.raises(ConfigurationError, match=r"tokens\.yaml': cannot be read"):
        read_tokens(str(path))
    path.write_text("tokens: 7", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"tokens\.yaml': tokens: 7"):
        read_tokens(str(path))
    path.write_text(f"tokens: [{{name: a, sha256: '{A}'}}]", encoding="utf-8")
    assert [token.name for token in read_tokens(str(path)).current()] == ["a"]


def test_nobody_has_to_read_more_than_a_hundred_faults() -> None:
    """A file of nonsense is refused at once, and fills no memory."""
    assert len(faults("tokens: [" + "[], " * 1000 + "]")) == 100


def test_a_token_is_told_without_its_hash() -> None:
    """As `k8s-heartbeat config` prints it."""
    token = one("namespaces: [shop], kinds: [sts, deploy], detail: full")
    assert str(token) == (
        "token a (namespaces: shop; kinds: deploy, sts; components: none; detail: full)"
    )
