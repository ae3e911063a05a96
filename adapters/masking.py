"""Masks secrets in texts: known ones, in any spelling, and text that looks like one."""

from __future__ import annotations

import json
import re
import threading
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import quote, quote_plus, unquote, urlsplit

__all__ = [
    "KNOWN",
    "MASK",
    "Secrets",
    "credentials_of",
    "forms_of",
    "is_clean",
    "spellings",
    "without_credentials",
]

MASK = "***"
"""The replacement for a secret."""

_MOST_LEARNED = 64
# A shorter secret protects nothing, and would mask half of the request.
_SHORTEST_OFFERED = 8
# A shorter secret would mask half of every line, and protects nothing.
_SHORTEST_LEARNED = 4
# Shorter ones leave too little in base64 to be distinguished from other text.
_SHORTEST_IN_BASE64 = 6
# A secret up to this length gets a pattern of each character's spellings.
_LONGEST_SPELT = 512

_ESCAPE = re.compile("%[0-9A-F]{2}")
# Base64 of `{"`, with which every part of a JSON Web Token begins.
_JWT = "eyJ"
_SHORTEST_JWT = 16
_WORD = re.compile(rf"[\w.-]{{{_SHORTEST_JWT},}}")
_CREDENTIALS = re.compile(
    # a field of a header, to its end
    r"(?P<field>(?:authorization|cookie)\\*['\"]?\s*[:=]\s*(?:b(?=\\*['\"]))?\\*['\"]?(?:(?:basic|bearer)\s+)?)"
    r"[^\s'\"\\][^'\"\\\r\n]*"
    # the same without its name
    r"|(?P<scheme>(?:basic|bearer)(?:\s+|%20|\+))[^\s\"',\\]+"
    # in a query, and in text that is written like one
    r"|(?P<parameter>(?:token|password|passwd|secret|api_?key)(?:=|%3d))[^&\s\"'\\]*"
    # in JSON, and as Python shows a mapping
    r"|(?P<quoted>(?:token|password|passwd|secret|key-data)\\*['\"]\s*:\s*b?\\*['\"])"
    r"(?:\\.|[^'\"\\])*"
    # in YAML
    r"|(?P<plain>(?:token|password|passwd|key-data):\s+)[^\s'\"\\]+"
    # in a URL
    r"|(?P<url>://)[^/\s?#'\"]*(?=@)"
    # a private key, as it is or as a kubeconfig holds it
    r"|(?P<pem>-----BEGIN )[^-]*PRIVATE KEY-----[^-]*"
    r"|(?P<base64>LS0tLS1CRUdJTi)[A-Za-z0-9+/=]*",
    re.IGNORECASE,
)


# Every match of the pattern contains one of them; checking takes a fortieth of the time.
_SIGNS = (
    "authorization",
    "cookie",
    "basic",
    "bearer",
    "token",
    "passw",
    "secret",
    "key",
    "://",
    "ls0tls1crudjti",
)


class Secrets:
    """A set of secret texts: some kept for good, and the last few of those learned later.

    Code that uses a replaceable secret calls `learn` at each use, which costs next to nothing once
    it is known; so memory is bounded, and secrets in use are never forgotten.

    Args:
        kept: Those that are known from the start.

    Attributes:
        version: A new object whenever the set changes.
    """

    def __init__(self, kept: Iterable[str] = ()) -> None:
        self.version: object = object()
        self._lock = threading.Lock()
        self._kept: dict[str, None] = {}
        self._learned: dict[str, None] = {}
        self._literals: tuple[str, ...] = ()
        self._spelt: tuple[str, ...] = ()
        self._latest = ""
        self.keep(*kept)

    def __contains__(self, secret: str) -> bool:
        """Whether a text is one of them."""
        return secret in self._kept or secret in self._learned

    def keep(self, *secrets: str) -> None:
        """Mask these from now on."""
        parts = [part for secret in secrets for part in credentials_of(secret)]
        with self._lock:
            self._kept.update(dict.fromkeys(parts))
            self._compile()

    def learn(self, secret: str) -> None:
        """Mask this too, until many others were learned after it.

        Args:
            secret: A password, a token, the value of an Authorization header, or a URL with a
                password; shorter than four characters, it is ignored.
        """
        if secret == self._latest:
            return
        parts = [part for part in credentials_of(secret) if len(part) >= _SHORTEST_LEARNED]
        with self._lock:
            self._latest = secret
            new = dict.fromkeys(part for part in parts if part not in self._kept)
            if new.keys() <= self._learned.keys():
                return
            self._learned.update(new)
            for old in list(islice(self._learned, max(0, len(self._learned) - _MOST_LEARNED))):
                del self._learned[old]
            self._compile()

    def mask(self, text: str) -> str:
        """A text without them."""
        for literal in self._literals:
            if literal in text:
                text = text.replace(literal, MASK)
        if "%" in text or "\\" in text:
            for secret in self._spelt:
                text = _pattern(secret).sub(MASK, text)
        return text

    def _compile(self) -> None:
        secrets = [*self._kept, *self._learned]
        forms = {form for secret in secrets for form in spellings(secret)}
        # Longest first, so that no tail is left.
        self._literals = tuple(sorted(forms, key=len, reverse=True))
        self._spelt = tuple(secret for secret in secrets if _is_spelt(secret))
        self.version = object()


KNOWN = Secrets()
"""The secrets of this process."""


def is_clean(text: str) -> bool:
    """Whether there is nothing in a text to mask; known at once of one that comes again."""
    return _is_clean(text, KNOWN.version)


# Polls write the same lines again and again. Keyed by the version, as the set may change.
@lru_cache(maxsize=256)
def _is_clean(text: str, _version: object) -> bool:
    return without_credentials(KNOWN.mask(text)) == text


def forms_of(offered: tuple[str, ...]) -> tuple[str, ...]:
    """The spellings of secrets that are not in `KNOWN`; the longest first.

    Args:
        offered: Values of an Authorization header.
    """
    return _forms_of(offered, KNOWN.version) if offered else ()


@lru_cache(maxsize=64)
def _forms_of(offered: tuple[str, ...], _version: object) -> tuple[str, ...]:
    secrets = {secret for value in offered for secret in credentials_of(value)}
    forms = {
        form
        for secret in secrets
        # Known secrets are masked anyway.
        if len(secret) >= _SHORTEST_OFFERED and secret not in KNOWN
        for form in spellings(secret)
    }
    return tuple(sorted(forms, key=len, reverse=True))


def without_credentials(text: str) -> str:
    """A text with everything masked that looks like a secret, known or not."""
    if _JWT in text:
        text = _WORD.sub(_without_jwt, text)
    folded = text.casefold()
    if not any(sign in folded for sign in _SIGNS):
        return text
    return _CREDENTIALS.sub(_masked, text)


def credentials_of(text: str) -> Iterator[str]:
    """The secrets in an Authorization header's value, in a URL, or in a text that is one."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() in ("basic", "bearer") and rest.strip():
        rest = rest.strip()
        yield rest
        if scheme.lower() == "basic" and (pair := _decoded(rest)):
            yield pair
            yield from filter(None, (pair.partition(":")[2],))
    elif "://" in text and "@" in text:
        yield from _password_of(text)
    elif text.strip():
        yield text.strip()


# Callers come again and again with the same token.
@lru_cache(maxsize=64)
def spellings(secret: str) -> frozenset[str]:
    """The spellings of a secret: plain, in a URL, quoted by Python or JSON, in base64."""
    # A server hands on bytes of UTF-8 as one character each.
    raw = secret.encode("utf-8", "surrogatepass")
    plain = {secret, raw.decode("latin-1")}
    encoded = {make(form, safe="") for form in (secret, raw) for make in (quote, quote_plus)}
    encoded |= {_ESCAPE.sub(lambda match: match.group().lower(), form) for form in encoded}
    based = set(_in_base64(raw)) if len(raw) >= _SHORTEST_IN_BASE64 else set[str]()
    quoted = {repr(secret)[1:-1], ascii(secret)[1:-1], repr(raw)[2:-1]}
    quoted |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    forms = plain | encoded | quoted | based
    # JSON in a text, or in JSON.
    return frozenset(forms | {json.dumps(form)[1:-1] for form in forms})


def _in_base64(raw: bytes) -> Iterator[str]:
    """The part of a secret in the base64 of any text around it, for each of three offsets."""
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(b"\0" * before + raw).decode().rstrip("=")
            # The first and the last character may hold bits of its neighbours.
            whole = encoded[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
            yield whole
            yield quote(whole, safe="")


def _is_spelt(secret: str) -> bool:
    """Whether its characters can be looked for in any spelling without ambiguity."""
    return len(secret) <= _LONGEST_SPELT and "\\" not in secret and "%" not in secret


# Only where a line calls for it: compiling takes milliseconds.
@lru_cache(maxsize=2 * _MOST_LEARNED)
def _pattern(secret: str) -> re.Pattern[str]:
    return re.compile("".join(f"(?:{'|'.join(_options(letter))})" for letter in secret))


def _options(letter: str) -> Iterator[str]:
    """One character as it is, percent-encoded however often, and as Python or JSON escapes it."""
    yield re.escape(letter)
    for raw in {letter.encode("utf-8", "surrogatepass"), letter.encode("latin-1", "ignore")} - {
        b""
    }:
        yield "".join(f"%(?:25)*(?i:{byte:02x})" for byte in raw)
        yield "".join(rf"\\{{1,8}}x(?i:{byte:02x})" for byte in raw)
    yield rf"\\{{1,8}}u(?i:{ord(letter):04x})"
    if letter in "\"'":
        yield rf"\\{{1,8}}{letter}"


def _without_jwt(match: re.Match[str]) -> str:
    word = match.group()
    at = word.find(_JWT)
    return f"{word[:at]}{MASK}" if 0 <= at <= len(word) - _SHORTEST_JWT else word


def _masked(match: re.Match[str]) -> str:
    return f"{match.group(match.lastgroup or 0)}{MASK}"


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode("utf-8")
    except ValueError:
        return ""


def _password_of(url: str) -> Iterator[str]:
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)
