"""What an error may repeat of a refused value, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.refused import repeated, repeated_host, repeated_path

SECRETS = [
    "Zq3v8Kx_2mLwR7tY-n0PbJc5HdGf1sAe9UoQiWzXkVM",
    "bee938a7151a095f9f5d0f2bca477df6",
    "/YA4eIsC9zazDy0mDFpOqgRISKYotsy6sr47bFnRzdv7J",
    "e1c6d9f2f9a18b84/2ce898b831113f02",
    "663baf64-f6c4-4c02-a43b-5d4b9a7a4308",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "correct-horse-battery-staple",
    "1234567890123456",
    "redis://:hunter2hunter2@redis:6379",
    "https://monitor:hunter2hunter2@status.example.com",
    "https://hooks.example.com/T0000/B0000/abcdef",
    "Bearer dGVzdDp0ZXN0dGVzdA==",
    "two words\nof a secret",
]
KNOWN = ("crashLoopMemory", "autoscalerFailingAfter", "zero")


@pytest.mark.parametrize("secret", SECRETS)
def test_of_what_may_be_a_secret_only_the_length_is_told(secret: str) -> None:
    """As a text, as a path, and as an address."""
    length = f"{len(secret)} characters"
    assert repeated(secret, KNOWN) == f"a text of {length}"
    assert repeated_path(secret) == f"a path of {length}"
    assert repeated_host(secret) == f"an address of {length}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http", "'http'"),
        ("65536", "'65536'"),
        ("9000h", "'9000h'"),
        ("", "''"),
        ("sideways=400", "'sideways=400'"),
        ("a\x07☕", r"'a\x07\u2615'"),
        ("crashLoopMemmory", "'crashLoopMemmory'"),
        ("autoscaler_failing_after", "'autoscaler_failing_after'"),
        ("https://status.example.com", "'https://status.example.com'"),
        ("http://localhost:3000/", "'http://localhost:3000/'"),
    ],
)
def test_what_cannot_be_a_secret_is_repeated(text: str, told: str) -> None:
    """What is short, the origin of a page, and a slip of the pen in a known word."""
    assert repeated(text, KNOWN) == told


def test_a_path_that_leads_somewhere_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there, what would stand in a folder that is there, and what is named a document."""
    monkeypatch.chdir(tmp_path)
    Path("a-file-with-a-long-name").touch()
    for path in (
        "a-file-with-a-long-name",
        str(tmp_path / "not-there"),
        str(tmp_path / "no" / "such" / "folder"),
        "no-such-dump-of-ours.json",
        "no/such/heartbeat.yaml",
        "heartbeat.of.ours.yml",
        "dump",
    ):
        assert repeated_path(path) == ascii(path)
    assert repeated_path(f"{'x' * 300}.yaml") == f"...{'x' * 194}.yaml'"
    for path in ("./no-such-file-of-ours", "/no-such-folder/token", "../no-such-file-of-ours"):
        assert repeated_path(path) == f"a path of {len(path)} characters"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "255.255.255.255", "2001:db8:1234:5678:9abc:def0:1234:5678", "localhost"]
)
def test_an_address_is_repeated(host: str) -> None:
    """Of either family."""
    assert repeated_host(host) == host


@given(st.text())
def test_any_text_is_told_in_a_line(text: str) -> None:
    """Printable, short, and never failing."""
    for told in (repeated(text, KNOWN), repeated_path(text), repeated_path(f"{text}.json")):
        assert told.isascii()
        assert told.isprintable()
        assert len(told) <= 210
