"""Secrets in texts, in whatever spelling they stand there."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.masking import Secrets, credentials_of, without_credentials

SECRET = "s3cr3t/with+odd=chars"
UMLAUT = "pässwörd-ünter-uns"


def percent(text: str, encoding: str = "utf-8") -> str:
    """A text of which every byte is percent-encoded."""
    return "".join(f"%{byte:02x}" for byte in text.encode(encoding))


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda secret: quote(secret, safe=""),
    "in a form": quote_plus,
    "every byte percent-encoded": percent,
    "every other byte percent-encoded": lambda secret: "".join(
        percent(letter) if at % 2 else letter for at, letter in enumerate(secret)
    ),
    "percent-encoded twice": lambda secret: percent(secret).replace("%", "%25"),
    "percent-encoded as latin-1": lambda secret: percent(secret, "latin-1"),
    "its bytes as characters": lambda secret: secret.encode().decode("latin-1"),
    "by repr": repr,
    "by repr of its bytes": lambda secret: repr(secret.encode()),
    "by ascii": ascii,
    "as JSON": json.dumps,
    "as JSON in JSON": lambda secret: json.dumps(json.dumps({"key": secret})),
    "all of it escaped": lambda secret: "".join(f"\\u{ord(letter):04X}" for letter in secret),
}


@pytest.mark.parametrize("secret", [SECRET, UMLAUT, 'it\'s-a-"quoted"-one'])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_known_secret_is_found_in_every_spelling(secret: str, spelling: str) -> None:
    """Nothing of it is left, and what stands around it stays."""
    spelt = SPELLINGS[spelling](secret)
    masked = Secrets([secret]).mask(f"before {spelt} after")
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert spelt.strip("\"'b") not in masked
    assert "***" in masked


@given(st.text(max_size=9), st.text(max_size=9), st.booleans())
def test_secret_is_found_in_base64_of_any_text_around_it(
    before: str, after: str, for_urls: bool
) -> None:
    """As `Authorization: Basic` carries a user and a password."""
    encode = urlsafe_b64encode if for_urls else b64encode
    raw = (before + SECRET + after).encode("utf-8", "replace")
    masked = Secrets([SECRET]).mask(encode(raw).decode())
    assert "***" in masked
    # What is left beside the mask tells no more than the two bytes at its ends.
    assert len(masked) <= len(encode(raw)) - len(SECRET) * 8 // 6 + 5


@pytest.mark.parametrize(
    ("learned", "secrets"),
    [
        ("Bearer a-t0ken", ["a-t0ken"]),
        ("bearer   a-t0ken ", ["a-t0ken"]),
        ("a-t0ken", ["a-t0ken"]),
        ("Basic dXNlcjpwYXNzd29yZA==", ["dXNlcjpwYXNzd29yZA==", "user:password", "password"]),
        ("Basic n0-base64", ["n0-base64"]),
        ("redis://user:p%40ss@redis:6379/0", ["p%40ss", "p@ss"]),
        ("https://:only@host", ["only", "only"]),
        ("https://10.0.0.1:6443", ["https://10.0.0.1:6443"]),
        ("", []),
    ],
)
def test_credentials_are_taken_out_of_what_carries_them(learned: str, secrets: list[str]) -> None:
    """A header's value, a URL, or the secret alone."""
    assert list(credentials_of(learned)) == secrets


def test_learned_secret_is_masked_until_many_came_after_it() -> None:
    """Credentials are renewed for as long as the process runs; what is in use is learned anew."""
    secrets = Secrets(["kept-for-good"])
    for number in range(1_000):
        secrets.learn(f"renewed-token-{number:04}")
        assert secrets.mask(f"a renewed-token-{number:04}") == "a ***"
    assert secrets.mask("renewed-token-0000 kept-for-good") == "renewed-token-0000 ***"
    assert secrets.mask("renewed-token-0990") == "***"
    secrets.learn("renewed-token-0000")
    assert secrets.mask("renewed-token-0000") == "***"


def test_what_is_too_short_is_not_learned() -> None:
    """It would mask half of every line."""
    secrets = Secrets()
    secrets.learn("abc")
    secrets.learn("")
    assert secrets.mask("abc") == "abc"


PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIc4n4ry\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImMifQ.eyJpc3MiOiJjNG40cnkifQ.c4n4ry-signature"


@pytest.mark.parametrize(
    "text",
    [
        "GET /x?token=c4n4ry",
        "GET /x?a=b&token=c4n4ry",
        "token%3Dc4n4ry",
        "%3Ftoken=c4n4ry",
        "access_token=c4n4ry",
        "Bearer c4n4ry",
        "Basic%20c4n4ry",
        "Authorization: Bearer c4n4ry",
        "Authorization: Digest username=c4n4ry, response=c4n4ry",
        "{'Authorization': 'c4n4ry'}",
        "{b'Authorization': b'c4n4ry'}",
        json.dumps(json.dumps({"authorization": "Negotiate c4n4ry"})),
        "Cookie: a=c4n4ry; b=c4n4ry",
        "set-cookie=c4n4ry",
        "{'HTTP_COOKIE': 'session=c4n4ry; x=c4n4ry'}",
        '{"token": "c4n4ry"}',
        json.dumps(json.dumps({"password": "c4n4ry"})),
        "  password: c4n4ry",
        "    token: c4n4ry",
        "redis://user:c4n4ry@redis:6379/0",
        "redis://:c4n4ry@redis",
        "https://user:c4n4ry@@10.0.0.1:6443/api",
        PEM.replace("MII", "c4n4ry"),
        json.dumps(PEM),
        "client-key-data: " + b64encode(PEM.encode()).decode(),
        b64encode(PEM.encode()).decode(),
        JWT,
        f"/a/{JWT}/b",
        f"%22{JWT}%22",
        JWT.rpartition(".")[0],
        JWT[:60],
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    """Whoever pastes a credential where none belongs finds it nowhere."""
    masked = without_credentials(text)
    assert "***" in masked
    for part in ("c4n4ry", b64encode(b"c4n4ry")[:8].decode(), "LS0tLS1CRUdJTiBS", JWT[20:40]):
        assert part not in masked


@pytest.mark.parametrize(
    "text",
    [
        "a token is needed",
        "tokens=3",
        "GET /api/healthz/shop/deployment/api 200",
        "https://10.0.0.1:6443/apis/apps/v1",
        "deployments shop/hey: forbidden by the cluster's RBAC",
        "/heyJude",
        "listening on 127.0.0.1 port 8080",
        "someone@example.com",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    """A log that hides what happened helps nobody."""
    assert without_credentials(text) == text


ENDLESS = ["eyJ", "token=", "bearer ", "://", "a@", "-----BEGIN ", "cookie:", "\\", "%25", "'", " "]


@pytest.mark.parametrize("piece", ENDLESS)
@pytest.mark.parametrize("head", ["", "authorization:", "://", "'token': '", "-----BEGIN ", "eyJ"])
def test_no_text_takes_long(piece: str, head: str) -> None:
    """A caller chooses what is logged of a path; as many bytes are cleaned in no time.

    A pattern that looks at the rest from every place takes minutes for this many.
    """
    text = head + piece * (50_000 // len(piece))
    assert len(without_credentials(Secrets([SECRET, UMLAUT]).mask(text))) <= len(text) + 50_000 * 3
