"""What an operator decides, from flags and environment; all faults are reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from k8s_heartbeat.adapters.http.rendering import DEFAULT_CODES, Detail
from k8s_heartbeat.adapters.refused import (
    is_plain,
    is_plain_host,
    is_plain_path,
    repeated,
    repeated_path,
)
from k8s_heartbeat.adapters.regular_files import read_regular_file
from k8s_heartbeat.core.durations import parse_duration, print_duration

if TYPE_CHECKING:
    from k8s_heartbeat.adapters.http.client_address import Network

__all__ = [
    "PLACEHOLDER_TOKENS",
    "Setting",
    "Settings",
    "SettingsError",
    "explain",
    "load",
    "secrets_of",
    "token_faults",
]

PLACEHOLDER_TOKENS = ("xxx", "dGVzdDp0ZXN0")
"""Tokens that stand in public examples; whoever runs with one is open to everyone."""

# What an address of Redis may say besides, and the values of it where not any path will do. Nothing
# that would make it wait.
_REDIS_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "ssl_ca_certs": (),
    "ssl_ca_path": (),
    "ssl_cert_reqs": ("none", "optional", "required"),
    "ssl_certfile": (),
    "ssl_check_hostname": ("true", "false"),
    "ssl_keyfile": (),
}
_MOST_SECRET_BYTES = 2**16
# Codes whose answers have no body, or another meaning than the answer's.
_BODILESS = (204, 205, 304)
_DATABASE = re.compile("/?|/[0-9]{1,9}")
_ORIGIN = re.compile(r"https?://[^/\s?#@]+/?")


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings; each comes from its flag, its variable, or its default."""

    port: int = 8080
    """PORT, --port: the TCP port to listen on."""
    host: str = "0.0.0.0"  # noqa: S104  # a pod is reached at an address it does not know
    """HEARTBEAT_HOST, --host: the address to listen on."""
    log_level: str = "INFO"
    """LOG_LEVEL, --log-level: DEBUG, INFO, WARNING or ERROR."""
    rate_limit: int = 3600
    """RATE_LIMIT: requests that each client address may make in a period."""
    rate_limit_period: timedelta = timedelta(hours=1)
    """RATE_LIMIT_PERIOD: the period, as a Go duration."""
    token_rate_limit: int | None = None
    """HEARTBEAT_TOKEN_RATE_LIMIT: the same for each token; None for twenty times RATE_LIMIT."""
    failed_auth_limit: int = 10
    """HEARTBEAT_FAILED_AUTH_LIMIT: wrong tokens that each client address may offer in a period."""
    failed_auth_period: timedelta = timedelta(minutes=1)
    """HEARTBEAT_FAILED_AUTH_PERIOD: that period."""
    rate_limit_storage: str = ""
    """HEARTBEAT_RATE_LIMIT_STORAGE or …_FILE: Redis, that replicas share all limits in."""
    trusted_proxies: tuple[Network, ...] = ()
    """HEARTBEAT_TRUSTED_PROXIES: networks whose X-Forwarded-For tells the client's address."""
    auth: str = "token"
    """HEARTBEAT_AUTH: token; kubernetes for the cluster's own tokens; or none to run open."""
    token: str = ""
    """AUTH_TOKEN_BASIC or AUTH_TOKEN_BASIC_FILE: a token that is good for everything."""
    tokens_file: str = ""
    """HEARTBEAT_TOKENS_FILE: a file of tokens with names and scopes; read again when it changes."""
    audiences: tuple[str, ...] = ()
    """HEARTBEAT_AUDIENCES: for whom a cluster's token must be made; where empty, the API server."""
    review_ttl: timedelta = timedelta(minutes=5)
    """HEARTBEAT_REVIEW_TTL: how long the cluster's yes to a token or a caller is believed; its no
    a tenth of that."""
    kubeconfig: str = ""
    """--kubeconfig: a kubeconfig, before the cluster that the process runs in and KUBECONFIG."""
    context: str = ""
    """HEARTBEAT_CONTEXT, --context: the kubeconfig's context."""
    snapshot: str = ""
    """HEARTBEAT_SNAPSHOT, --snapshot: a dump to serve in place of a cluster."""
    config: str = ""
    """HEARTBEAT_CONFIG, --config: the file with the policy and the components."""
    detail: Detail = Detail.SUMMARY
    """HEARTBEAT_DETAIL: status, summary or full: how much an answer says."""
    status_codes: Mapping[str, int] = field(default_factory=lambda: DEFAULT_CODES)
    """HEARTBEAT_STATUS_CODES: which HTTP code answers which word."""
    cors_origins: tuple[str, ...] = ()
    """HEARTBEAT_CORS_ORIGINS: origins whose pages may read answers; all where none is named."""
    cache_ttl: timedelta = timedelta(seconds=5)
    """HEARTBEAT_CACHE_TTL: how long a reading answers for itself; an absence twice as long."""
    stale_for: timedelta = timedelta(seconds=150)
    """HEARTBEAT_STALE_FOR: how old a reading may be that stands in while the API server is away."""
    timeout: timedelta = timedelta(seconds=5)
    """HEARTBEAT_TIMEOUT: what the API server has for all that one request reads."""
    threads: int = 128
    """HEARTBEAT_THREADS: requests worked on at once; half of them may wait for the cluster."""
    drain_seconds: int = 5
    """HEARTBEAT_DRAIN_SECONDS: how long to go on serving, unready, once asked to stop."""


class SettingsError(ValueError):
    """The configuration is wrong.

    Attributes:
        faults: What is wrong, a line each.
        settings: The settings with defaults in place of what is wrong, to look for more faults.
    """

    def __init__(self, faults: list[str], settings: Settings) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
        self.settings = settings


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a setting comes from and which form it has.

    Attributes:
        field: Name of the field of `Settings`.
        variable: Environment variable; empty for a flag alone.
        form: The form of its value, for people.
        example: A value that it takes.
        parse: Makes the value of a text, or raises ValueError.
        secret: Whether it is masked, and may stand in a file that ``…_FILE`` names.
        none: How it is shown where it holds nothing.
        free: Where its form takes nearly any text, whether one cannot be a secret.
    """

    field: str
    variable: str
    form: str
    example: str
    parse: Callable[[str], Any]
    secret: bool = False
    none: str = "-"
    free: Callable[[str], bool] | None = None


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise ValueError
        if not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return parse


def _duration(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    def parse(text: str) -> timedelta:
        duration = parse_duration(text)
        if not least <= duration <= most:
            raise ValueError
        return duration

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError
        return text.lower()

    return parse


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


def _level(text: str) -> str:
    if text.upper() not in _LEVELS:
        raise ValueError
    return _LEVELS[text.upper()]


def _codes(text: str) -> Mapping[str, int]:
    codes = dict(DEFAULT_CODES)
    for entry in filter(None, (part.strip() for part in text.split(","))):
        word, equals, code = entry.partition("=")
        if not equals or word not in codes:
            raise ValueError
        codes[word] = _whole(200, 599)(code)
        if codes[word] in _BODILESS:
            raise ValueError
    return codes


def _origins(text: str) -> tuple[str, ...]:
    # Browsers send an origin's host in lower case.
    origins = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if origins == ("*",):
        return ()
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError
    return tuple(origin.rstrip("/") for origin in origins)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names or not all(name.isprintable() for name in names):
        raise ValueError
    return names


def _is_plain_audience(name: str) -> bool:
    return is_plain(name, ("k8s-heartbeat",))


def _token(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def _networks(text: str) -> tuple[Network, ...]:
    from k8s_heartbeat.adapters.http.client_address import parse_network  # noqa: PLC0415  # where it is set

    return tuple(parse_network(part.strip()) for part in text.split(",") if part.strip())


def _is_redis_option(name: str, value: str) -> bool:
    values = _REDIS_OPTIONS.get(name)
    return values is not None and value != "" and (not values or value in values)


def _redis(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    url = urlsplit(text)
    options = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    if url.scheme == "redis+unix":
        good = not url.hostname and len(url.path) > 1 and not options
    else:
        # Reading a port that is none raises ValueError.
        good = bool(url.hostname) and url.port != 0 and bool(_DATABASE.fullmatch(url.path))
        good = good and all(_is_redis_option(name, value) for name, value in options)
        good = good and (url.scheme == "rediss" or (url.scheme == "redis" and not options))
    if not good or url.fragment:
        raise ValueError
    return text


_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_MOMENT = timedelta(milliseconds=100)

SETTINGS: tuple[Setting, ...] = (
    Setting("port", "PORT", "a TCP port, 0 to 65535", "8080", _whole(0, 65535)),
    Setting(
        "host",
        "HEARTBEAT_HOST",
        "an address to listen on",
        "127.0.0.1",
        str,
        free=is_plain_host,
    ),
    Setting("log_level", "LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", "INFO", _level),
    Setting("rate_limit", "RATE_LIMIT", "a whole number from 1", "3600", _whole(1, 10**8)),
    Setting(
        "rate_limit_period",
        "RATE_LIMIT_PERIOD",
        "a Go duration from 1s to a year",
        "1h",
        _duration(_SECOND, 8760 * _HOUR),
    ),
    Setting(
        "token_rate_limit",
        "HEARTBEAT_TOKEN_RATE_LIMIT",
        "a whole number from 1",
        "72000",
        _whole(1, 10**8),
        none="20 * RATE_LIMIT",
    ),
    Setting(
        "failed_auth_limit",
        "HEARTBEAT_FAILED_AUTH_LIMIT",
        "a whole number from 1",
        "10",
        _whole(1, 10**8),
    ),
    Setting(
        "failed_auth_period",
        "HEARTBEAT_FAILED_AUTH_PERIOD",
        "a Go duration from 1s to a year",
        "1m",
        _duration(_SECOND, 8760 * _HOUR),
    ),
    Setting(
        "rate_limit_storage",
        "HEARTBEAT_RATE_LIMIT_STORAGE",
        "redis://, rediss:// (TLS, takes options such as ?ssl_ca_certs=FILE) or redis+unix://, "
        "with a password percent-encoded",
        "redis://:PASSWORD@redis.example.svc:6379/0",
        _redis,
        secret=True,
    ),
    Setting(
        "trusted_proxies",
        "HEARTBEAT_TRUSTED_PROXIES",
        "addresses or CIDRs, parted by commas",
        "10.244.0.0/16,127.0.0.1",
        _networks,
    ),
    Setting(
        "auth",
        "HEARTBEAT_AUTH",
        "token, kubernetes or none",
        "token",
        _one_of("token", "kubernetes", "none"),
    ),
    Setting(
        "token",
        "AUTH_TOKEN_BASIC",
        "printable ASCII without a space",
        "the output of: k8s-heartbeat token",
        _token,
        secret=True,
    ),
    Setting(
        "tokens_file",
        "HEARTBEAT_TOKENS_FILE",
        "a path",
        "/etc/heartbeat/tokens.yaml",
        str,
        free=is_plain_path,
    ),
    Setting(
        "audiences",
        "HEARTBEAT_AUDIENCES",
        "names of audiences, parted by commas",
        "k8s-heartbeat",
        _names,
        free=_is_plain_audience,
    ),
    Setting(
        "review_ttl",
        "HEARTBEAT_REVIEW_TTL",
        "a Go duration from 1s to 1h",
        "5m",
        _duration(_SECOND, _HOUR),
    ),
    Setting("kubeconfig", "", "a path", "~/.kube/config", str, free=is_plain_path),
    Setting(
        "context",
        "HEARTBEAT_CONTEXT",
        "a context of the kubeconfig",
        "prod",
        str,
        free=is_plain,
    ),
    Setting("snapshot", "HEARTBEAT_SNAPSHOT", "a path", "dump.json", str, free=is_plain_path),
    Setting("config", "HEARTBEAT_CONFIG", "a path", "heartbeat.yaml", str, free=is_plain_path),
    Setting("detail", "HEARTBEAT_DETAIL", "status, summary or full", "summary", Detail),
    Setting(
        "status_codes",
        "HEARTBEAT_STATUS_CODES",
        "word=code pairs, codes with a body, of " + ", ".join(DEFAULT_CODES),
        "down=400,missing=400",
        _codes,
    ),
    Setting(
        "cors_origins",
        "HEARTBEAT_CORS_ORIGINS",
        "origins, parted by commas",
        "https://status.example.com",
        _origins,
        none="*",
    ),
    Setting(
        "cache_ttl",
        "HEARTBEAT_CACHE_TTL",
        "a Go duration from 100ms to 10m",
        "5s",
        _duration(_MOMENT, 10 * _MINUTE),
    ),
    Setting(
        "stale_for",
        "HEARTBEAT_STALE_FOR",
        "a Go duration up to 10m",
        "60s",
        _duration(timedelta(0), 10 * _MINUTE),
    ),
    Setting(
        "timeout",
        "HEARTBEAT_TIMEOUT",
        "a Go duration from 100ms to 1m",
        "5s",
        _duration(_MOMENT, _MINUTE),
    ),
    Setting("threads", "HEARTBEAT_THREADS", "a whole number, 2 to 1000", "128", _whole(2, 1000)),
    Setting(
        "drain_seconds",
        "HEARTBEAT_DRAIN_SECONDS",
        "whole seconds, 0 to 3600",
        "5",
        _whole(0, 3600),
    ),
)


def load(
    environ: Mapping[str, str], flags: Mapping[str, str] | None = None
) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each field where it comes from.

    Args:
        environ: Environment variables; empty ones count as absent.
        flags: Values of flags by field; they go before the environment.

    Raises:
        SettingsError: Naming every fault at once, with the value's form and an example.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    faults: list[str] = []
    for setting in SETTINGS:
        try:
            found = _find(setting, environ, flags or {})
        except OSError as error:
            path = environ[f"{setting.variable}_FILE"]
            faults.append(
                f"{setting.variable}_FILE: {repeated_path(path)} cannot be read "
                f"({error.strerror}); "
                f"it is a path to a file that holds {setting.form}, such as /run/secrets/token"
            )
            continue
        if found is None:
            origins[setting.field] = "default"
            continue
        origin, text = found
        try:
            values[setting.field] = setting.parse(text)
        except ValueError:
            shown = "its value" if setting.secret else repeated(text)
            faults.append(
                f"{origin}: {shown} is not {setting.form}; an example is {setting.example}"
            )
        origins[setting.field] = origin
    if faults:
        raise SettingsError(faults, Settings(**values))
    return Settings(**values), origins


def token_faults(settings: Settings, *, live: bool = True) -> list[str]:
    """What is wrong with serving callers under these settings: no token, or a public placeholder.

    Args:
        settings: What is to be in force.
        live: Whether there is a cluster, that could tell its own tokens.
    """
    if settings.auth == "kubernetes" and not live:
        return [
            "HEARTBEAT_AUTH: kubernetes needs a cluster to tell tokens, and a snapshot is none; "
            "an example is token"
        ]
    if settings.auth != "token":
        return []
    if settings.token in PLACEHOLDER_TOKENS:
        found = "is a placeholder from public examples"
    elif not settings.token and not settings.tokens_file:
        found = "is not set, and neither is HEARTBEAT_TOKENS_FILE"
    else:
        return []
    return [
        f"AUTH_TOKEN_BASIC: {found}; make a token with: k8s-heartbeat token "
        "(or run open, for everyone who can reach it, with HEARTBEAT_AUTH=none)"
    ]


def explain(settings: Settings, origins: Mapping[str, str]) -> list[str]:
    """The settings for people, a line each with its origin; secrets masked."""
    lines: list[str] = []
    by_field = {setting.field: setting for setting in SETTINGS}
    for entry in fields(settings):
        setting = by_field[entry.name]
        value = getattr(settings, entry.name)
        shown = "***" if setting.secret and value else _told(setting, value) or setting.none
        lines.append(f"{setting.variable or _flag(setting)}={shown}  ({origins[entry.name]})")
    return lines


def secrets_of(settings: Settings) -> list[str]:
    """What must not stand in any log: secrets, and passwords inside of them."""
    password = urlsplit(settings.rate_limit_storage).password
    return [settings.token, settings.rate_limit_storage, unquote(password or "")]


def _find(
    setting: Setting, environ: Mapping[str, str], flags: Mapping[str, str]
) -> tuple[str, str] | None:
    """A setting's text and where it stands; None where it is not set."""
    if setting.field in flags:
        return _flag(setting), flags[setting.field]
    if not setting.variable:
        return None
    if environ.get(setting.variable):
        text = environ[setting.variable]
        return setting.variable, _trimmed(text) if setting.secret else text
    path = environ.get(f"{setting.variable}_FILE") if setting.secret else None
    if path:
        content = read_regular_file(path, _MOST_SECRET_BYTES).decode("utf-8", "replace")
        return f"{setting.variable}_FILE", _trimmed(content)
    return None


def _trimmed(secret: str) -> str:
    """A secret without the line end that an editor adds, and without spaces around it."""
    line = secret.removesuffix("\n")
    return (line.removesuffix("\r") if line != secret else line).strip(" ")


def _flag(setting: Setting) -> str:
    return f"--{setting.field.replace('_', '-')}"


def _told(setting: Setting, value: Any) -> str:
    """A value in force; one that its form does not tell from a secret as an error would have it."""
    if setting.free is None or not value:
        return _shown(value)
    texts = cast("tuple[str, ...]", value if isinstance(value, tuple) else (value,))
    return ",".join(text if setting.free(text) else f"({len(text)} characters)" for text in texts)


def _shown(value: timedelta | Mapping[str, int] | tuple[object, ...] | str | int | None) -> str:
    if isinstance(value, timedelta):
        return print_duration(value)
    if isinstance(value, Mapping):
        return ",".join(f"{key}={code}" for key, code in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
