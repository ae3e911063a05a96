"""The operator's settings, from flags and environment; all faults are reported at once.

Each field of `Settings` is declared once, with its flag, variable, form, example, default and
meaning, for ``--help``, ``k8s-heartbeat config``, the faults and the documentation's table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from k8s_heartbeat.adapters.http.rendering import DEFAULT_CODES, Detail
from k8s_heartbeat.adapters.push import FORMS
from k8s_heartbeat.adapters.refused import (
    is_plain,
    is_plain_host,
    is_plain_path,
    repeated,
    repeated_path,
)
from k8s_heartbeat.adapters.regular_files import read_regular_file
from k8s_heartbeat.core.durations import print_duration

from .forms import (
    Form,
    address,
    base_path,
    codes,
    duration,
    http_url,
    level,
    names,
    networks,
    one_of,
    origins,
    plain_ascii,
    redis,
    service_url,
    whole,
)

if TYPE_CHECKING:
    from k8s_heartbeat.adapters.http.client_address import Network

__all__ = [
    "PLACEHOLDER_TOKENS",
    "SETTINGS",
    "Setting",
    "Settings",
    "SettingsError",
    "explain",
    "given_flags",
    "load",
    "printed",
    "secrets_of",
    "token_faults",
]

T = TypeVar("T")

PLACEHOLDER_TOKENS = ("xxx", "dGVzdDp0ZXN0")
"""Tokens from public examples; a service with one of them is open to everyone."""

_MOST_SECRET_BYTES = 2**16
_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_DAY, _MOMENT, _YEAR = timedelta(days=1), timedelta(milliseconds=100), timedelta(days=365)
_MANY = 10**8


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of a setting.

    Attributes:
        field: Name of the field of `Settings`.
        default: Its value where it is not set.
        variable: Environment variable; empty for a flag alone.
        form: The form of its value. A secret is masked, and may be in a file that ``…_FILE`` names.
        meaning: Its meaning, in Markdown.
        has_flag: Whether the command line takes it too.
        none: How an empty value is shown.
        free: If its form allows nearly any text, returns whether one cannot be a secret.
        called: Its flag, if that is not made of the field's name.
    """

    field: str
    default: Any
    variable: str
    form: Form[Any]
    meaning: str
    has_flag: bool
    none: str
    free: Callable[[str], bool] | None
    called: str

    @property
    def flag(self) -> str:
        """Its flag on the command line, even if there is none."""
        return self.called or f"--{self.field.replace('_', '-')}"


def _declared(
    default: T,
    variable: str,
    form: Form[T],
    meaning: str,
    *,
    has_flag: bool = False,
    none: str = "",
    free: Callable[[str], bool] | None = None,
    called: str = "",
) -> T:
    """The declaration of a field, in place of its default; see `Setting`."""

    def setting(name: str) -> Setting:
        return Setting(name, default, variable, form, meaning, has_flag, none, free, called)

    return field(default_factory=lambda: default, metadata={"setting": setting})


def _is_plain_audience(name: str) -> bool:
    return is_plain(name, ("k8s-heartbeat",))


def _path(example: str) -> Form[str]:
    return Form(str, "a path", example)


def _optional(form: Form[T]) -> Form[T | None]:
    return Form(form.parse, form.words, form.example)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings; each comes from its flag, its variable, or its default."""

    token: str = _declared(
        "",
        "AUTH_TOKEN_BASIC",
        Form(
            plain_ascii,
            "printable ASCII without a space",
            "the output of: k8s-heartbeat token",
            secret=True,
        ),
        "the token; callers send it as `Authorization: Bearer`, as `Authorization: Basic` (as it "
        "is, or as the password of any user: `curl -u x:TOKEN`) or as `?token=`",
    )
    tokens_file: str = _declared(
        "",
        "HEARTBEAT_TOKENS_FILE",
        _path("/etc/heartbeat/tokens.yaml"),
        "a file of more tokens, with names, scopes and detail, read again when it changes: "
        "[docs/access.md](access.md)",
        free=is_plain_path,
    )
    auth: str = _declared(
        "token",
        "HEARTBEAT_AUTH",
        one_of("token", "kubernetes", "none"),
        "`kubernetes` takes the cluster's own tokens, and its RBAC decides what each sees; `none` "
        "runs open, and says so loudly",
    )
    audiences: tuple[str, ...] = _declared(
        (),
        "HEARTBEAT_AUDIENCES",
        Form(names, "names of audiences, parted by commas", "k8s-heartbeat"),
        "for whom a token of the cluster must be made; the API server itself where it is empty",
        free=_is_plain_audience,
    )
    review_ttl: timedelta = _declared(
        5 * _MINUTE,
        "HEARTBEAT_REVIEW_TTL",
        duration(_SECOND, _HOUR, "5m"),
        "how long the cluster's yes to a token or a caller is believed; its no a tenth of that",
    )
    port: int = _declared(
        8080,
        "PORT",
        whole(0, 65535, "a TCP port, 0 to 65535", "8080"),
        "the port to listen on; 0 for any that is free",
        has_flag=True,
    )
    host: str = _declared(
        "::",  # a pod is reached at an address it does not know
        "HEARTBEAT_HOST",
        Form(address, "an address to listen on, without a port", "127.0.0.1"),
        "the address to listen on; `::` is all addresses, of IPv6 and IPv4, and of IPv4 alone "
        "where the host has no IPv6",
        has_flag=True,
        free=is_plain_host,
    )
    base_path: str = _declared(
        "",
        "HEARTBEAT_BASE_PATH",
        Form(
            base_path,
            "a path that begins with a slash and does not end with one, of letters, digits, '.', "
            "'_', '~' and '-'",
            "/heartbeat",
        ),
        "a prefix of every path, for proxies that cannot strip it; probes answer without it too",
    )
    url: str = _declared(
        "",
        "HEARTBEAT_URL",
        Form(
            service_url,
            "an http:// or https:// URL of a host, a port and a path at most",
            "https://heartbeat.example.com",
        ),
        "the URL under which clients reach the service, for the URLs that `/api/targets` and "
        "`k8s-heartbeat monitors` tell; where it is empty, the former takes that of the request",
        has_flag=True,
        none="that of the request",
    )
    log_level: str = _declared(
        "INFO",
        "LOG_LEVEL",
        Form(
            level,
            "DEBUG, INFO, WARNING or ERROR",
            "INFO",
            choices=("DEBUG", "INFO", "WARNING", "ERROR"),
        ),
        "the least level that is logged",
        has_flag=True,
    )
    rate_limit: int = _declared(
        3600,
        "RATE_LIMIT",
        whole(1, _MANY, "a whole number from 1", "3600"),
        "requests without a valid token per client address and period (an IPv6 /64 is one client); "
        "probes do not count",
    )
    rate_limit_period: timedelta = _declared(
        _HOUR,
        "RATE_LIMIT_PERIOD",
        duration(_SECOND, _YEAR, "1h"),
        "the period of `RATE_LIMIT`. All limits slide: that many at once, then one more each "
        "period / limit, so that whoever is over waits for a second here",
    )
    token_rate_limit: int | None = _declared(
        None,
        "HEARTBEAT_TOKEN_RATE_LIMIT",
        _optional(whole(1, _MANY, "a whole number from 1", "72000")),
        "requests per valid token in the same period, whatever addresses carry it; the limit of "
        "the address does not apply to them. By default 20 a second: 500 URLs every 30 s are 17",
        none="20 * RATE_LIMIT",
    )
    failed_auth_limit: int = _declared(
        10,
        "HEARTBEAT_FAILED_AUTH_LIMIT",
        whole(1, _MANY, "a whole number from 1", "10"),
        "wrong tokens per client address and period, each counted once; past them 429 answers what "
        "is new from there, while who was right from there within the last hour is let in",
    )
    failed_auth_period: timedelta = _declared(
        _MINUTE,
        "HEARTBEAT_FAILED_AUTH_PERIOD",
        duration(_SECOND, _YEAR, "1m"),
        "the period of `HEARTBEAT_FAILED_AUTH_LIMIT`",
    )
    trusted_proxies: tuple[Network, ...] = _declared(
        (),
        "HEARTBEAT_TRUSTED_PROXIES",
        Form(networks, "addresses or CIDRs, parted by commas", "10.244.0.0/16,127.0.0.1"),
        "networks of proxies whose `X-Forwarded-For` tells the client's address, and whose "
        "`X-Forwarded-Proto` and `X-Forwarded-Host` tell the URL for `/api/targets`",
    )
    rate_limit_storage: str = _declared(
        "",
        "HEARTBEAT_RATE_LIMIT_STORAGE",
        Form(
            redis,
            "redis://, rediss:// (TLS, takes options such as ?ssl_ca_certs=FILE) or redis+unix://, "
            "with a password percent-encoded",
            "redis://:PASSWORD@redis.example.svc:6379/0",
            secret=True,
        ),
        "a Redis in which replicas share all limits (extra `redis`, Redis 5 or newer, in which it "
        "runs a script); while it is away each counts for itself",
    )
    kubeconfig: str = _declared(
        "",
        "",
        _path("~/.kube/config"),
        "a kubeconfig that goes before everything; otherwise the cluster that the process runs in, "
        "then `KUBECONFIG`, then `~/.kube/config`",
        has_flag=True,
        free=is_plain_path,
    )
    context: str = _declared(
        "",
        "HEARTBEAT_CONTEXT",
        Form(str, "a context of the kubeconfig", "prod"),
        "the context to use; the kubeconfig's current one where it is empty",
        has_flag=True,
        free=is_plain,
    )
    snapshot: str = _declared(
        "",
        "HEARTBEAT_SNAPSHOT",
        _path("dump.json"),
        "a dump to serve in place of a cluster",
        has_flag=True,
        free=is_plain_path,
    )
    config: str = _declared(
        "",
        "HEARTBEAT_CONFIG",
        _path("heartbeat.yaml"),
        "a file with the policy, components and kinds of your own, read again when it changes: "
        "[docs/configuration.md](configuration.md)",
        has_flag=True,
        free=is_plain_path,
    )
    detail: Detail = _declared(
        Detail.SUMMARY,
        "HEARTBEAT_DETAIL",
        Form(Detail, "status, summary or full", "summary"),
        "how much an answer says: `status` the word and `up` only, `full` pod names and messages "
        "too, as the demo does",
    )
    status_codes: Mapping[str, int] = _declared(
        DEFAULT_CODES,
        "HEARTBEAT_STATUS_CODES",
        Form(
            codes,
            "word=code pairs, codes with a body, of " + ", ".join(DEFAULT_CODES),
            "down=400,missing=400",
        ),
        "which code answers which word; what is not named keeps its own",
    )
    cors_origins: tuple[str, ...] = _declared(
        (),
        "HEARTBEAT_CORS_ORIGINS",
        Form(origins, "origins, parted by commas", "https://status.example.com"),
        "pages that may read the answers",
        none="*",
    )
    cache_ttl: timedelta = _declared(
        5 * _SECOND,
        "HEARTBEAT_CACHE_TTL",
        duration(_MOMENT, 10 * _MINUTE, "5s"),
        "how long a reading answers for itself; an absence twice as long",
    )
    stale_for: timedelta = _declared(
        150 * _SECOND,
        "HEARTBEAT_STALE_FOR",
        duration(timedelta(0), 10 * _MINUTE, "60s"),
        'how old a reading may be that stands in, marked `"stale":true`, while the API server is '
        "away",
    )
    timeout: timedelta = _declared(
        5 * _SECOND,
        "HEARTBEAT_TIMEOUT",
        duration(_MOMENT, _MINUTE, "5s"),
        "what the API server has for all that one request reads",
    )
    threads: int = _declared(
        128,
        "HEARTBEAT_THREADS",
        whole(2, 1000, "a whole number, 2 to 1000", "128"),
        "requests worked on at once; at most half of them wait for the API server",
    )
    drain_seconds: int = _declared(
        5,
        "HEARTBEAT_DRAIN_SECONDS",
        whole(0, 3600, "whole seconds, 0 to 3600", "5"),
        "how long to go on serving, unready, after SIGTERM or SIGHUP; 0 under Knative",
        has_flag=True,
    )
    push_url: str = _declared(
        "",
        "HEARTBEAT_PUSH_URL",
        Form(
            http_url,
            "an http:// or https:// URL",
            "https://hc-ping.com/YOUR-UUID",
            secret=True,
        ),
        "where `k8s-heartbeat push` reports to: [docs/push.md](push.md)",
        has_flag=True,
        called="--to",
    )
    push_as: str = _declared(
        "",
        "HEARTBEAT_PUSH_AS",
        one_of(*FORMS),
        "in which form it reports; where it is empty, the URL has to tell",
        has_flag=True,
        called="--as",
    )
    push_token: str = _declared(
        "",
        "HEARTBEAT_PUSH_TOKEN",
        Form(
            plain_ascii,
            "printable ASCII without a space",
            "the token of a Gatus external endpoint",
            secret=True,
        ),
        "the token that it sends as `Authorization: Bearer`",
    )
    push_every: timedelta | None = _declared(
        None,
        "HEARTBEAT_PUSH_EVERY",
        _optional(duration(_SECOND, _DAY, "60s")),
        "how often it reports; once where it is empty",
        has_flag=True,
        called="--every",
    )
    push_timeout: timedelta = _declared(
        10 * _SECOND,
        "HEARTBEAT_PUSH_TIMEOUT",
        duration(_MOMENT, _MINUTE, "10s"),
        "what the receiver has for each attempt",
    )


SETTINGS: tuple[Setting, ...] = tuple(
    entry.metadata["setting"](entry.name) for entry in fields(Settings)
)
"""The declarations of the fields of `Settings`, in order."""


class SettingsError(ValueError):
    """The configuration is wrong.

    Attributes:
        faults: The faults, a line each.
        settings: The settings with defaults for invalid values, to look for more faults.
        fields: The fields with faults.
    """

    def __init__(self, faults: list[str], settings: Settings, fields: Collection[str] = ()) -> None:
        super().__init__("\n".join(faults))
        self.faults: list[str] = faults
        self.settings: Settings = settings
        self.fields: frozenset[str] = frozenset(fields)


def given_flags(arguments: object) -> dict[str, str]:
    """The values of the flags that a command line has, by field."""
    # A command may have a flag of its own that is called as a setting without one.
    flags = [setting.field for setting in SETTINGS if setting.has_flag]
    stated = {name: getattr(arguments, name, None) for name in flags}
    return {name: value for name, value in stated.items() if value is not None}


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
    faults: dict[str, str] = {}
    for setting in SETTINGS:
        form = setting.form
        try:
            found = _find(setting, environ, flags or {})
        except OSError as error:
            path = environ[f"{setting.variable}_FILE"]
            faults[setting.field] = (
                f"{setting.variable}_FILE: {repeated_path(path)} cannot be read "
                f"({error.strerror}); "
                f"it is a path to a file that holds {form.words}, such as /run/secrets/token"
            )
            continue
        if found is None:
            origins[setting.field] = "default"
            continue
        origin, text = found
        try:
            values[setting.field] = form.parse(text)
        except ValueError:
            shown = "its value" if form.secret else repeated(text)
            faults[setting.field] = (
                f"{origin}: {shown} is not {form.words}; an example is {form.example}"
            )
        origins[setting.field] = origin
    if faults:
        raise SettingsError([*faults.values()], Settings(**values), faults)
    return Settings(**values), origins


def token_faults(settings: Settings, *, live: bool = True) -> list[str]:
    """The faults of serving with these settings: no token, or a public placeholder.

    Args:
        settings: The settings.
        live: Whether a live cluster could verify its own tokens.
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
    for setting in SETTINGS:
        value = getattr(settings, setting.field)
        shown = "***" if setting.form.secret and value else _told(setting, value)
        name = setting.variable or setting.flag
        lines.append(f"{name}={shown or setting.none or '-'}  ({origins[setting.field]})")
    return lines


def secrets_of(settings: Settings) -> list[str]:
    """What must not appear in any log: secrets, and passwords inside them."""
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415  # where there is a service

    password = urlsplit(settings.rate_limit_storage).password
    push = [settings.push_url, settings.push_token]
    return [settings.token, settings.rate_limit_storage, unquote(password or ""), *push]


def _find(
    setting: Setting, environ: Mapping[str, str], flags: Mapping[str, str]
) -> tuple[str, str] | None:
    """A setting's origin and text; None if it is not set."""
    if setting.field in flags:
        return setting.flag, flags[setting.field]
    if not setting.variable:
        return None
    if environ.get(setting.variable):
        text = environ[setting.variable]
        return setting.variable, _trimmed(text) if setting.form.secret else text
    path = environ.get(f"{setting.variable}_FILE") if setting.form.secret else None
    if path:
        content = read_regular_file(path, _MOST_SECRET_BYTES).decode("utf-8", "replace")
        return f"{setting.variable}_FILE", _trimmed(content)
    return None


def _trimmed(secret: str) -> str:
    """A secret without the line end that an editor adds, and without spaces around it."""
    line = secret.removesuffix("\n")
    return (line.removesuffix("\r") if line != secret else line).strip(" ")


def _told(setting: Setting, value: Any) -> str:
    """A value in force; if it might be a secret, it is shown as in an error."""
    if setting.free is None or not value:
        return printed(value)
    texts = cast("tuple[str, ...]", value if isinstance(value, tuple) else (value,))
    return ",".join(text if setting.free(text) else f"({len(text)} characters)" for text in texts)


def printed(value: timedelta | Mapping[str, int] | tuple[object, ...] | str | int | None) -> str:
    """A value as its variable accepts it; empty if there is none."""
    if isinstance(value, timedelta):
        return print_duration(value)
    if isinstance(value, Mapping):
        return ",".join(f"{key}={code}" for key, code in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
