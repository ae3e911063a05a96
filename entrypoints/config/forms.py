"""The forms of values, in words and in code, for settings and files.

The parsers here raise ValueError for a text that does not match.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from k8s_heartbeat.adapters.http.rendering import DEFAULT_CODES
from k8s_heartbeat.core.durations import parse_duration, print_duration
from k8s_heartbeat.core.fields import is_list

if TYPE_CHECKING:
    from k8s_heartbeat.adapters.http.client_address import Network

__all__ = [
    "Form",
    "address",
    "any_text",
    "base_path",
    "codes",
    "duration",
    "http_url",
    "level",
    "listed",
    "matching",
    "names",
    "networks",
    "one_of",
    "origins",
    "plain_ascii",
    "redis",
    "service_url",
    "whole",
]

T = TypeVar("T")

# The options in a Redis address, with their values; none means any path. Options that would make it
# wait are not allowed.
_REDIS_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "ssl_ca_certs": (),
    "ssl_ca_path": (),
    "ssl_cert_reqs": ("none", "optional", "required"),
    "ssl_certfile": (),
    "ssl_check_hostname": ("true", "false"),
    "ssl_keyfile": (),
}
# Codes whose answers have no body, or another meaning than the answer's.
_BODILESS = (204, 205, 304)
_DATABASE = re.compile("/?|/[0-9]{1,9}")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_ORIGIN = re.compile(r"https?://[^/\s?#@]+/?")
_SERVICE_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)/?",
    re.ASCII,
)
# With a letter: a number alone is a port that was meant.
_HOST_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_LEVELS = {
    # The words of the original's logger too.
    "TRACE": "DEBUG",
    "DEBUG": "DEBUG",
    "INFO": "INFO",
    "WARN": "WARNING",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "FATAL": "CRITICAL",
    "PANIC": "CRITICAL",
    "CRITICAL": "CRITICAL",
}


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """The form that a value must have.

    Attributes:
        parse: Parses what was found, or raises ValueError.
        words: The form in words, to follow "is not" in a fault.
        example: An example value.
        secret: Whether a fault must not quote what was found.
        choices: All that it can be, where that is a few words, for a shell's completion.
    """

    parse: Callable[[Any], T]
    words: str
    example: str
    secret: bool = False
    choices: tuple[str, ...] = ()


def whole(least: int, most: int, words: str, example: str) -> Form[int]:
    """The form of a whole number."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise ValueError
        if not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return Form(parse, words, example)


def duration(least: timedelta, most: timedelta, example: str) -> Form[timedelta]:
    """The form of a Go duration within bounds."""

    def parse(text: str) -> timedelta:
        found = parse_duration(text)
        if not least <= found <= most:
            raise ValueError
        return found

    longest = "a year" if most == timedelta(days=365) else print_duration(most)
    bounds = f"from {print_duration(least)} to {longest}" if least else f"up to {longest}"
    return Form(parse, f"a Go duration {bounds}", example)


def one_of(*words: str) -> Form[str]:
    """The form of one of some words, in any case; the first is the example."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError
        return text.lower()

    return Form(parse, f"{', '.join(words[:-1])} or {words[-1]}", words[0], choices=words)


def any_text(found: object) -> str:
    """A text."""
    if not isinstance(found, str):
        raise ValueError
    return found


def matching(pattern: re.Pattern[str]) -> Callable[[object], str]:
    """Takes a text that a pattern matches as a whole."""

    def parse(found: object) -> str:
        if pattern.fullmatch(any_text(found)) is None:
            raise ValueError
        return any_text(found)

    return parse


def listed(least: int = 0, most: int = sys.maxsize) -> Callable[[object], list[object]]:
    """Takes a list of a bounded length, of any entries."""

    def parse(found: object) -> list[object]:
        if not is_list(found) or not least <= len(found) <= most:
            raise ValueError
        return list(found)

    return parse


def level(text: str) -> str:
    """A level of the log."""
    if text.upper() not in _LEVELS:
        raise ValueError
    return _LEVELS[text.upper()]


def codes(text: str) -> Mapping[str, int]:
    """The table of codes with those changed that a text names, as ``down=400,missing=400``."""
    found = dict(DEFAULT_CODES)
    parse = whole(200, 599, "", "").parse
    for entry in filter(None, (part.strip() for part in text.split(","))):
        word, equals, code = entry.partition("=")
        if not equals or word not in found:
            raise ValueError
        found[word] = parse(code)
        if found[word] in _BODILESS:
            raise ValueError
    return found


def origins(text: str) -> tuple[str, ...]:
    """Origins of web pages, as browsers send them; none for ``*``."""
    # Browsers send an origin's host in lower case.
    found = tuple(part.lower() for part in _parts(text))
    if found == ("*",):
        return ()
    if not all(map(_ORIGIN.fullmatch, found)):
        raise ValueError
    return tuple(origin.rstrip("/") for origin in found)


def base_path(text: str) -> str:
    """A prefix of paths, such as ``/heartbeat``."""
    # Clients resolve path segments of dots.
    if not _PREFIX.fullmatch(text) or {".", ".."} & {*text.split("/")}:
        raise ValueError
    return text


def service_url(text: str) -> str:
    """The URL of a service, with neither credentials nor a query, without a slash at its end."""
    match = _SERVICE_URL.fullmatch(text)
    if match is None or {".", ".."} & {*match["path"].split("/")}:
        raise ValueError
    if match["port"] and not 1 <= int(match["port"]) <= 65535:
        raise ValueError
    return text.rstrip("/")


def names(text: str) -> tuple[str, ...]:
    """Printable names, at least one."""
    found = _parts(text)
    if not found or not all(map(str.isprintable, found)):
        raise ValueError
    return found


def plain_ascii(text: str) -> str:
    """A text of printable ASCII without a space."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def networks(text: str) -> tuple[Network, ...]:
    """Networks by their addresses or CIDRs."""
    from k8s_heartbeat.adapters.http.client_address import parse_network  # noqa: PLC0415  # where it is set

    return tuple(map(parse_network, _parts(text)))


def address(text: str) -> str:
    """An address to listen on, or a host's name; one of IPv6 may stand in brackets."""
    from ipaddress import IPv6Address, ip_address  # noqa: PLC0415  # where it is set

    is_bracketed = text.startswith("[") and text.endswith("]")
    try:
        found = IPv6Address(text[1:-1]) if is_bracketed else ip_address(text)
    except ValueError:
        if _HOST_NAME.fullmatch(text):
            return text
        raise
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def http_url(text: str) -> str:
    """The URL of an HTTP server, without a fragment."""
    from urllib.parse import urlsplit  # noqa: PLC0415  # where it is set

    url = urlsplit(plain_ascii(text))
    # Reading an invalid port raises ValueError.
    if url.scheme not in ("http", "https") or not url.hostname or url.port == 0 or url.fragment:
        raise ValueError
    return text


def redis(text: str) -> str:
    """The address of a Redis server."""
    from urllib.parse import parse_qsl, urlsplit  # noqa: PLC0415  # where it is set

    url = urlsplit(plain_ascii(text))
    options = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    if url.scheme == "redis+unix":
        good = not url.hostname and len(url.path) > 1 and not options
    else:
        # Reading an invalid port raises ValueError.
        good = bool(url.hostname) and url.port != 0 and bool(_DATABASE.fullmatch(url.path))
        good = good and all(_is_redis_option(name, value) for name, value in options)
        good = good and (url.scheme == "rediss" or (url.scheme == "redis" and not options))
    if not good or url.fragment:
        raise ValueError
    return text


def _is_redis_option(name: str, value: str) -> bool:
    values = _REDIS_OPTIONS.get(name)
    return values is not None and value != "" and (not values or value in values)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
