"""Settings: from flags before the environment, every fault at once."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.rendering import DEFAULT_CODES, Detail
from k8s_heartbeat.entrypoints import cli
from k8s_heartbeat.entrypoints.config.settings import (
    PLACEHOLDER_TOKENS,
    SETTINGS,
    Settings,
    SettingsError,
    explain,
    load,
    secrets_of,
    token_faults,
)

SECRET = "a-t0ken-of-ours"
SECOND = timedelta(seconds=1)

GOOD: list[tuple[str, str, object]] = [
    ("PORT", "0", 0),
    ("PORT", "65535", 65535),
    ("PORT", "08080", 8080),
    ("HEARTBEAT_HOST", "127.0.0.1", "127.0.0.1"),
    ("HEARTBEAT_HOST", "::", "::"),
    ("HEARTBEAT_HOST", "0:0:0:0:0:0:0:0", "::"),
    ("HEARTBEAT_HOST", "::1", "::1"),
    ("HEARTBEAT_HOST", "[::1]", "::1"),
    ("HEARTBEAT_HOST", "2001:DB8::1", "2001:db8::1"),
    ("HEARTBEAT_HOST", "fe80::1%eth0", "fe80::1%eth0"),
    ("HEARTBEAT_HOST", "::ffff:127.0.0.1", "127.0.0.1"),
    ("HEARTBEAT_HOST", "localhost", "localhost"),
    ("HEARTBEAT_BASE_PATH", "/heartbeat", "/heartbeat"),
    ("HEARTBEAT_BASE_PATH", "/ops/heart-beat.v1/_~", "/ops/heart-beat.v1/_~"),
    ("HEARTBEAT_URL", "https://heartbeat.example.com", "https://heartbeat.example.com"),
    ("HEARTBEAT_URL", "http://10.0.0.1:8080/ops/", "http://10.0.0.1:8080/ops"),
    ("HEARTBEAT_URL", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ("LOG_LEVEL", "debug", "DEBUG"),
    ("LOG_LEVEL", "warn", "WARNING"),
    ("LOG_LEVEL", "Fatal", "CRITICAL"),
    ("RATE_LIMIT", "1", 1),
    ("RATE_LIMIT", "100000000", 100_000_000),
    ("RATE_LIMIT_PERIOD", "90s", 90 * SECOND),
    ("RATE_LIMIT_PERIOD", "1h30m", 5400 * SECOND),
    ("HEARTBEAT_TOKEN_RATE_LIMIT", "1", 1),
    ("HEARTBEAT_FAILED_AUTH_LIMIT", "25", 25),
    ("HEARTBEAT_FAILED_AUTH_PERIOD", "1h", 3600 * SECOND),
    *(
        ("HEARTBEAT_RATE_LIMIT_STORAGE", url, url)
        for url in (
            "redis://redis",
            "redis://redis:6379/",
            "redis://redis:6379/15",
            "redis://[2001:db8::1]:6379",
            "redis://user:p%40ss@redis.example.svc:6379/0",
            "rediss://:secret@redis:6380/0?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=false",
            "redis+unix:///run/redis.sock",
            "redis+unix://:secret@/run/redis.sock",
        )
    ),
    ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.0/8", (ip_network("10.0.0.0/8"),)),
    (
        "HEARTBEAT_TRUSTED_PROXIES",
        "127.0.0.1, ::1,2001:DB8::/32 ,",
        (ip_network("127.0.0.1/32"), ip_network("::1/128"), ip_network("2001:db8::/32")),
    ),
    (
        "HEARTBEAT_TRUSTED_PROXIES",
        "::ffff:10.0.0.0/104,::ffff:192.0.2.1",
        (ip_network("10.0.0.0/8"), ip_network("192.0.2.1/32")),
    ),
    ("HEARTBEAT_TRUSTED_PROXIES", "0.0.0.0/0,::/0", (ip_network("0.0.0.0/0"), ip_network("::/0"))),
    ("HEARTBEAT_AUTH", "none", "none"),
    ("HEARTBEAT_AUTH", "Token", "token"),
    ("HEARTBEAT_AUTH", "kubernetes", "kubernetes"),
    ("HEARTBEAT_TOKENS_FILE", "tokens.yaml", "tokens.yaml"),
    ("HEARTBEAT_AUDIENCES", "k8s-heartbeat", ("k8s-heartbeat",)),
    ("HEARTBEAT_AUDIENCES", "https://a.example, b", ("https://a.example", "b")),
    ("HEARTBEAT_REVIEW_TTL", "1s", SECOND),
    ("HEARTBEAT_REVIEW_TTL", "1h", 3600 * SECOND),
    ("AUTH_TOKEN_BASIC", SECRET, SECRET),
    ("AUTH_TOKEN_BASIC", "a/b+c==", "a/b+c=="),
    ("HEARTBEAT_CONTEXT", "prod", "prod"),
    ("HEARTBEAT_SNAPSHOT", "/tmp/dump.json", "/tmp/dump.json"),  # noqa: S108 - never opened
    ("HEARTBEAT_CONFIG", "heartbeat.yaml", "heartbeat.yaml"),
    ("HEARTBEAT_DETAIL", "full", Detail.FULL),
    ("HEARTBEAT_DETAIL", "status", Detail.STATUS),
    ("HEARTBEAT_STATUS_CODES", "down=400", {**DEFAULT_CODES, "down": 400}),
    (
        "HEARTBEAT_STATUS_CODES",
        " down=400, missing=410 ,",
        {**DEFAULT_CODES, "down": 400, "missing": 410},
    ),
    ("HEARTBEAT_CORS_ORIGINS", "*", ()),
    ("HEARTBEAT_CORS_ORIGINS", "https://a.example", ("https://a.example",)),
    (
        "HEARTBEAT_CORS_ORIGINS",
        "https://a.example/, http://localhost:3000",
        ("https://a.example", "http://localhost:3000"),
    ),
    ("HEARTBEAT_CACHE_TTL", "100ms", 0.1 * SECOND),
    ("HEARTBEAT_CACHE_TTL", "10m", 600 * SECOND),
    ("HEARTBEAT_STALE_FOR", "0s", 0 * SECOND),
    ("HEARTBEAT_TIMEOUT", "1m", 60 * SECOND),
    ("HEARTBEAT_TIMEOUT", "1.5s", 1.5 * SECOND),
    ("HEARTBEAT_THREADS", "2", 2),
    ("HEARTBEAT_THREADS", "1000", 1000),
    ("HEARTBEAT_DRAIN_SECONDS", "0", 0),
    ("HEARTBEAT_DRAIN_SECONDS", "3600", 3600),
    ("HEARTBEAT_PUSH_URL", "http://[::1]:9091/a?b=c", "http://[::1]:9091/a?b=c"),
    ("HEARTBEAT_PUSH_URL", "https://user:pass@example.com", "https://user:pass@example.com"),
    ("HEARTBEAT_PUSH_AS", "Uptime-Kuma", "uptime-kuma"),
    ("HEARTBEAT_PUSH_TOKEN", "!~", "!~"),
    ("HEARTBEAT_PUSH_EVERY", "1s", SECOND),
    ("HEARTBEAT_PUSH_EVERY", "24h", 86_400 * SECOND),
    ("HEARTBEAT_PUSH_TIMEOUT", "100ms", 0.1 * SECOND),
    ("HEARTBEAT_PUSH_TIMEOUT", "1m", 60 * SECOND),
]

BAD: list[tuple[str, str]] = [
    ("PORT", "http"),
    ("PORT", "-1"),
    ("PORT", "65536"),
    ("PORT", "80.0"),
    ("PORT", "٨٠"),
    ("PORT", "9" * 5000),
    *(
        ("HEARTBEAT_BASE_PATH", path)
        for path in ("/", "heartbeat", "/heartbeat/", "//a", "/a//b", "/a b", "/a%20b", "/a?b")
    ),
    *(("HEARTBEAT_BASE_PATH", path) for path in ("/..", "/a/./b", "/a/..", "/é", "/a\n", "/{a}")),
    ("HEARTBEAT_URL", "heartbeat.example.com"),
    ("HEARTBEAT_URL", "ftp://heartbeat.example.com"),
    ("HEARTBEAT_URL", "https://"),
    ("HEARTBEAT_URL", "https://user:secret@heartbeat.example.com"),
    ("HEARTBEAT_URL", "https://heartbeat.example.com/?token=x"),
    ("HEARTBEAT_URL", "https://heartbeat.example.com:65536"),
    ("HEARTBEAT_URL", "https://heartbeat.example.com/../x"),
    ("HEARTBEAT_URL", "https://heart beat.example.com"),
    ("LOG_LEVEL", "loud"),
    ("RATE_LIMIT", "0"),
    ("RATE_LIMIT", "1e3"),
    ("RATE_LIMIT", "100000001"),
    ("RATE_LIMIT_PERIOD", "1"),
    ("RATE_LIMIT_PERIOD", "1d"),
    ("RATE_LIMIT_PERIOD", "0s"),
    *(
        ("HEARTBEAT_HOST", text)
        for text in (
            "[::1]:8080",
            "127.0.0.1:8080",
            "::1:8080:http",
            "[127.0.0.1]",
            "[::1",
            "*",
            "8080",
            "127.0.0.1, ::1",
            "http://127.0.0.1",
            "2001:db8::/32",
            "-a.example",
        )
    ),
    ("RATE_LIMIT_PERIOD", "500ms"),
    ("RATE_LIMIT_PERIOD", "9000h"),
    ("HEARTBEAT_TOKEN_RATE_LIMIT", "0"),
    ("HEARTBEAT_TOKEN_RATE_LIMIT", "-"),
    ("HEARTBEAT_FAILED_AUTH_LIMIT", "none"),
    ("HEARTBEAT_FAILED_AUTH_PERIOD", "0s"),
    *(
        ("HEARTBEAT_RATE_LIMIT_STORAGE", url)
        for url in (
            "redis",
            "redis:6379",
            "redis://",
            "redis://:6379",
            "memory://",
            "http://redis:6379",
            "valkey://redis:6379",
            "redis+cluster://redis:6379",
            "redis://redis:port",
            "redis://redis:0",
            "redis://redis:65536",
            "redis://:p/ss@redis:6379",
            "redis://:p#ss@redis:6379",
            "redis://redis:6379/zero",
            "redis://redis:6379/0/1",
            "redis://redis:6379/0#1",
            "redis://redis:6379?socket_timeout=60",
            "rediss://redis:6379?socket_timeout=60",
            "rediss://redis:6379?ssl_ca_certs",
            "rediss://redis:6379?ssl_ca_certs=",
            "rediss://redis:6379?ssl_cert_reqs=maybe",
            "rediss://redis:6379?ssl_check_hostname=0",
            "redis://[redis]:6379",
            "redis://re dis:6379",
            "redis://rédis:6379",
            "redis+unix://",
            "redis+unix:///",
            "redis+unix://host/run/redis.sock",
        )
    ),
    ("HEARTBEAT_TRUSTED_PROXIES", "*"),
    ("HEARTBEAT_TRUSTED_PROXIES", "ingress"),
    ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.0/33"),
    ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.1/8"),
    ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.0/255.0.0.0"),
    ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.0/"),
    ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.0/8;192.0.2.1"),
    ("HEARTBEAT_TRUSTED_PROXIES", "10.0.0.0/8 192.0.2.1"),
    ("HEARTBEAT_TRUSTED_PROXIES", "010.0.0.1"),
    ("HEARTBEAT_AUTH", "off"),
    ("HEARTBEAT_AUTH", "token,kubernetes"),
    ("HEARTBEAT_AUDIENCES", ","),
    ("HEARTBEAT_AUDIENCES", "a\x07"),
    ("HEARTBEAT_REVIEW_TTL", "0s"),
    ("HEARTBEAT_REVIEW_TTL", "61m"),
    ("AUTH_TOKEN_BASIC", "two words"),
    ("AUTH_TOKEN_BASIC", "schlüssel"),
    ("AUTH_TOKEN_BASIC", "bell\x07"),
    ("HEARTBEAT_DETAIL", "everything"),
    ("HEARTBEAT_STATUS_CODES", "down"),
    ("HEARTBEAT_STATUS_CODES", "down:400"),
    ("HEARTBEAT_STATUS_CODES", "sideways=400"),
    ("HEARTBEAT_STATUS_CODES", "down=99"),
    ("HEARTBEAT_STATUS_CODES", "down=600"),
    ("HEARTBEAT_STATUS_CODES", "down=OK"),
    ("HEARTBEAT_CORS_ORIGINS", "status.example.com"),
    ("HEARTBEAT_CORS_ORIGINS", "*,https://a.example"),
    ("HEARTBEAT_CORS_ORIGINS", "ftp://a.example"),
    ("HEARTBEAT_CORS_ORIGINS", "https://a.example/status"),
    ("HEARTBEAT_CORS_ORIGINS", "https://"),
    ("HEARTBEAT_CACHE_TTL", "0s"),
    ("HEARTBEAT_CACHE_TTL", "11m"),
    ("HEARTBEAT_CACHE_TTL", "five"),
    ("HEARTBEAT_STALE_FOR", "-1s"),
    ("HEARTBEAT_STALE_FOR", "601s"),
    ("HEARTBEAT_TIMEOUT", "99ms"),
    ("HEARTBEAT_TIMEOUT", "61s"),
    ("HEARTBEAT_THREADS", "1"),
    ("HEARTBEAT_THREADS", "1001"),
    ("HEARTBEAT_DRAIN_SECONDS", "5s"),
    ("HEARTBEAT_DRAIN_SECONDS", "3601"),
    *(
        ("HEARTBEAT_PUSH_URL", url)
        for url in (
            "example.com",
            "ftp://example.com",
            "https://",
            "https://:443",
            "https://a:0/",
            "https://a:65536/",
            "https://a/#b",
            "https://a/ b",
            "https://a/é",
        )
    ),
    ("HEARTBEAT_PUSH_AS", "statuspage"),
    ("HEARTBEAT_PUSH_TOKEN", "a b"),
    ("HEARTBEAT_PUSH_EVERY", "60"),
    ("HEARTBEAT_PUSH_EVERY", "999ms"),
    ("HEARTBEAT_PUSH_EVERY", "25h"),
    ("HEARTBEAT_PUSH_TIMEOUT", "0s"),
    ("HEARTBEAT_PUSH_TIMEOUT", "61s"),
]
FREE_TEXT = {
    "HEARTBEAT_TOKENS_FILE",
    "HEARTBEAT_CONTEXT",
    "HEARTBEAT_SNAPSHOT",
    "HEARTBEAT_CONFIG",
}
FIELDS = {setting.variable: setting for setting in SETTINGS if setting.variable}


@pytest.mark.parametrize(("variable", "text", "value"), GOOD)
def test_variable_is_taken(variable: str, text: str, value: object) -> None:
    """Each form that a value may have, up to its bounds; the origin is the variable."""
    settings, origins = load({variable: text})
    field = FIELDS[variable].field
    assert getattr(settings, field) == value
    assert origins[field] == variable
    assert {origin for name, origin in origins.items() if name != field} == {"default"}


@pytest.mark.parametrize(("variable", "text"), BAD)
def test_bad_value_is_refused_with_form_and_example(variable: str, text: str) -> None:
    """The fault is one line that names the variable, what it takes, and a value that it takes."""
    with pytest.raises(SettingsError) as caught:
        load({variable: text})
    (fault,) = caught.value.faults
    setting = FIELDS[variable]
    assert fault.startswith(f"{variable}: ")
    assert setting.form.words in fault
    assert setting.form.example in fault
    assert fault.isprintable()
    assert len(fault) < 300


def test_tables_name_every_variable() -> None:
    """A setting that is added is tested too."""
    assert {variable for variable, *_ in GOOD} == FIELDS.keys()
    assert {variable for variable, _ in BAD} | FREE_TEXT == FIELDS.keys()


def test_each_example_is_taken() -> None:
    """Whoever copies the example out of a fault gets no second fault."""
    examples = {
        setting.variable: setting.form.example
        for setting in SETTINGS
        if setting.variable and not setting.form.secret
    }
    load(examples)


def test_defaults_are_the_originals_where_it_has_them() -> None:
    """PORT, RATE_LIMIT, RATE_LIMIT_PERIOD and LOG_LEVEL stand as they stood."""
    settings, origins = load({})
    assert (settings.port, settings.log_level) == (8080, "INFO")
    assert (settings.rate_limit, settings.rate_limit_period) == (3600, timedelta(hours=1))
    assert (settings.auth, settings.token) == ("token", "")
    assert set(origins.values()) == {"default"}


def test_empty_variable_counts_as_absent() -> None:
    """A template that leaves a value out leaves the default."""
    assert load(dict.fromkeys(FIELDS, "")) == load({})


def test_all_faults_are_reported_at_once() -> None:
    """Nobody starts a service ten times to find ten faults; what is good stands in the settings."""
    firsts = dict(reversed(BAD))
    with pytest.raises(SettingsError) as caught:
        load({**firsts, "HEARTBEAT_CONTEXT": "prod"})
    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        variable for variable in FIELDS if variable not in FREE_TEXT
    ]
    assert str(caught.value).splitlines() == caught.value.faults
    assert caught.value.settings == dataclasses.replace(Settings(), context="prod")


def test_fault_of_a_secret_does_not_show_it() -> None:
    """Not even a wrong one: it may be right but for a space."""
    with pytest.raises(SettingsError) as caught:
        load({"AUTH_TOKEN_BASIC": f"{SECRET} x"})
    assert SECRET not in str(caught.value)


def test_flag_goes_before_the_environment() -> None:
    """And its origin, or its fault, is the flag."""
    environ = {"PORT": "1000", "HEARTBEAT_DRAIN_SECONDS": "7"}
    settings, origins = load(environ, {"port": "2000", "kubeconfig": "/k"})
    assert (settings.port, settings.drain_seconds, settings.kubeconfig) == (2000, 7, "/k")
    assert (origins["port"], origins["drain_seconds"]) == ("--port", "HEARTBEAT_DRAIN_SECONDS")
    with pytest.raises(SettingsError, match=r"^--drain-seconds: 'soon' is not whole seconds"):
        load(environ, {"drain_seconds": "soon"})


def test_bad_variable_that_a_flag_overrides_is_no_fault() -> None:
    """What is not used is not judged."""
    assert load({"PORT": "http"}, {"port": "81"})[0].port == 81


def test_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """As Kubernetes mounts it, with or without a line end, and as its variable takes it."""
    for text in (SECRET, f"{SECRET}\n", f"{SECRET}\r\n", f"  {SECRET} \n", f"{SECRET} "):
        path = tmp_path / "token"
        path.write_bytes(text.encode())
        settings, origins = load({"AUTH_TOKEN_BASIC_FILE": str(path)})
        assert (settings.token, origins["token"]) == (SECRET, "AUTH_TOKEN_BASIC_FILE")
        assert load({"AUTH_TOKEN_BASIC": text})[0] == settings


@pytest.mark.parametrize("odd", ["\n\n", "\r", "\n\r\n", "\t", "\x0b\n", "\x1c", "\x85", "\xa0\n"])
def test_of_a_secret_nothing_goes_but_one_line_end_and_spaces(tmp_path: Path, odd: str) -> None:
    """What else stands at its end may be part of it: it is no token, and not quietly another."""
    path = tmp_path / "token"
    path.write_bytes(f"{SECRET}{odd}".encode())
    for environ in ({"AUTH_TOKEN_BASIC_FILE": str(path)}, {"AUTH_TOKEN_BASIC": f"{SECRET}{odd}"}):
        with pytest.raises(SettingsError, match="printable ASCII without a space"):
            load(environ)


def test_a_secret_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """What is larger is no secret but a file that was named by mistake."""
    path = tmp_path / "token"
    path.write_bytes(b"x" * 2**16)
    assert len(load({"AUTH_TOKEN_BASIC_FILE": str(path)})[0].token) == 2**16
    path.write_bytes(b"x" * (2**16 + 1))
    with pytest.raises(SettingsError, match=r"AUTH_TOKEN_BASIC_FILE: .*larger than 64 KiB"):
        load({"AUTH_TOKEN_BASIC_FILE": str(path)})


def test_variable_goes_before_its_file(tmp_path: Path) -> None:
    """The file is not even opened."""
    absent = str(tmp_path / "none")
    settings, _ = load({"AUTH_TOKEN_BASIC": SECRET, "AUTH_TOKEN_BASIC_FILE": absent})
    assert settings.token == SECRET


def test_file_that_cannot_be_read_is_a_fault_like_any_other(tmp_path: Path) -> None:
    """It names the variable, its form and an example, beside all other faults."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(SettingsError) as caught:
            load({"AUTH_TOKEN_BASIC_FILE": str(path), "PORT": "x"})
        (fault,) = (line for line in caught.value.faults if "PORT" not in line)
        assert fault.startswith("AUTH_TOKEN_BASIC_FILE: ")
        assert str(path) in fault
        assert "a path" in fault
        assert len(caught.value.faults) == 2


@pytest.mark.parametrize("data", [b"two words", b"\xff\xfe", b"first\nsecond"])
def test_file_that_holds_no_token_is_a_fault_that_shows_nothing(
    tmp_path: Path, data: bytes
) -> None:
    """A certificate mounted by mistake does not get into a log."""
    path = tmp_path / "token"
    path.write_bytes(data)
    with pytest.raises(SettingsError, match="AUTH_TOKEN_BASIC_FILE: its value is not") as caught:
        load({"AUTH_TOKEN_BASIC_FILE": str(path)})
    assert "first" not in str(caught.value)
    assert "two" not in str(caught.value)


def test_empty_token_file_is_no_token(tmp_path: Path) -> None:
    """An empty secret would let everyone in."""
    path = tmp_path / "token"
    path.write_text("\n", encoding="utf-8")
    settings, _ = load({"AUTH_TOKEN_BASIC_FILE": str(path)})
    assert token_faults(settings)


@pytest.mark.parametrize(
    "variable", sorted(variable for variable, setting in FIELDS.items() if not setting.form.secret)
)
def test_only_a_secret_has_a_file(variable: str) -> None:
    """Nothing else is read from where a variable points."""
    settings, _ = load({f"{variable}_FILE": "/nonexistent"})
    assert settings == Settings()


@pytest.mark.parametrize("token", ["", *PLACEHOLDER_TOKENS])
def test_no_token_and_public_placeholders_are_refused(token: str) -> None:
    """The fault says how to make one and how to run open."""
    (fault,) = token_faults(Settings(token=token))
    assert fault.startswith("AUTH_TOKEN_BASIC: ")
    assert "k8s-heartbeat token" in fault
    assert "HEARTBEAT_AUTH=none" in fault


def test_placeholders_are_those_of_the_original() -> None:
    """The tokens that its README and its manifests show."""
    assert set(PLACEHOLDER_TOKENS) == {"xxx", "dGVzdDp0ZXN0"}


@pytest.mark.parametrize(
    "settings", [Settings(token=SECRET), Settings(auth="none"), Settings(auth="none", token="xxx")]
)
def test_token_of_ones_own_or_running_open_is_no_fault(settings: Settings) -> None:
    """Open is a choice that has to be made in words."""
    assert token_faults(settings) == []


def explained(environ: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Value and origin of each line of `config`, by its name."""
    found: dict[str, tuple[str, str]] = {}
    for line in explain(*load(environ)):
        match = re.fullmatch(r"([^=]+)=(.*)  \(([^()]+)\)", line)
        assert match, line
        found[match[1]] = (match[2], match[3])
    return found


def test_every_setting_is_explained_with_its_origin() -> None:
    """A line each, in the variables' own words."""
    lines = explained({"PORT": "81", "HEARTBEAT_STATUS_CODES": "down=400"})
    assert len(lines) == len(SETTINGS) == len(dataclasses.fields(Settings))
    assert lines["PORT"] == ("81", "PORT")
    assert lines["RATE_LIMIT_PERIOD"] == ("1h", "default")
    assert "down=400" in lines["HEARTBEAT_STATUS_CODES"][0]
    assert lines["HEARTBEAT_CORS_ORIGINS"] == ("*", "default")
    assert lines["HEARTBEAT_TRUSTED_PROXIES"] == ("-", "default")
    assert lines["HEARTBEAT_TOKEN_RATE_LIMIT"] == ("20 * RATE_LIMIT", "default")


def test_setting_that_is_a_flag_alone_is_explained_by_the_flag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Written as the command line takes it."""
    alone = [setting for setting in SETTINGS if setting.field == "drain_seconds"]
    others = [setting for setting in SETTINGS if setting not in alone]
    changed = [dataclasses.replace(setting, variable="") for setting in alone]
    monkeypatch.setattr(f"{load.__module__}.SETTINGS", (*others, *changed))
    assert any(line.startswith("--drain-seconds=5  ") for line in explain(*load({})))


def test_password_of_redis_is_a_secret_with_and_without_its_address() -> None:
    """Whatever writes a part of the address into a log."""
    url = f"redis://:{SECRET}%40@redis:6379"
    environ = {"HEARTBEAT_RATE_LIMIT_STORAGE": url}
    settings, _ = load(environ)
    assert {url, f"{SECRET}@"} <= set(secrets_of(settings))
    assert SECRET not in "\n".join(explain(*load(environ)))
    with pytest.raises(SettingsError) as caught:
        load({"HEARTBEAT_RATE_LIMIT_STORAGE": f"{url}/x"})
    assert SECRET not in str(caught.value)
    assert any(SECRET in secret for secret in secrets_of(settings))


def test_secret_is_masked_where_settings_are_explained(tmp_path: Path) -> None:
    """That one is set is told, and where, but not which."""
    path = tmp_path / "token"
    path.write_text(SECRET, encoding="utf-8")
    for environ in ({"AUTH_TOKEN_BASIC": SECRET}, {"AUTH_TOKEN_BASIC_FILE": str(path)}):
        assert SECRET not in "\n".join(explain(*load(environ)))
        assert explained(environ)["AUTH_TOKEN_BASIC"] == ("***", next(iter(environ)))


PLAIN = [entry for entry in GOOD if not FIELDS[entry[0]].form.secret]


@pytest.mark.parametrize(("variable", "text", "value"), PLAIN)
def test_explained_value_can_be_set_again(variable: str, text: str, value: object) -> None:
    """What `config` shows is what was set, in the form that the variable takes."""
    shown, _ = explained({variable: text})[variable]
    assert getattr(load({variable: shown})[0], FIELDS[variable].field) == value


@given(st.integers(1, 8760 * 3600))
def test_explained_duration_is_the_whole_truth(seconds: int) -> None:
    """36h1m1s is neither 1d12h, which no setting takes, nor 36h."""
    shown, _ = explained({"RATE_LIMIT_PERIOD": f"{seconds}s"})["RATE_LIMIT_PERIOD"]
    assert load({"RATE_LIMIT_PERIOD": shown})[0].rate_limit_period == timedelta(seconds=seconds)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text(), max_size=6))
def test_any_environment_is_taken_or_refused_for_its_faults(environ: dict[str, str]) -> None:
    """Never another exception, and never more faults than variables."""
    try:
        load(environ)
    except SettingsError as error:
        assert 0 < len(error.faults) <= len(environ)
        assert all(fault.partition(":")[0] in environ for fault in error.faults)


def test_every_flag_that_is_declared_is_one_with_the_meaning_that_is_declared(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`serve` takes all of them but those of `push`, and no flag of a setting that has none."""
    monkeypatch.setenv("COLUMNS", "1000")
    for command in ("serve", "push"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        told = re.findall(r"^  (--[a-z-]+) [A-Z_]+\s+(.+)$", capsys.readouterr().out, re.MULTILINE)
        declared = {
            setting.flag: re.sub(r"[`[\]]", "", setting.meaning).split("(")[0]
            for setting in SETTINGS
            if setting.has_flag and (command == "serve") is not setting.field.startswith("push_")
        }
        found = {flag: meaning.split("(")[0] for flag, meaning in told}
        if command == "push":
            # It takes what `check` does too.
            found = {flag: meaning for flag, meaning in found.items() if flag in declared}
        assert found == declared
