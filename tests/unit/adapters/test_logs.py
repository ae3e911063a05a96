"""One JSON object a line, secrets gone."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.logs import JsonFormatter, configure_logging

SECRET = "s3cr3t/with+odd=chars"


def record(
    message: str = "hello", *args: object, error: BaseException | None = None, **extra: object
) -> logging.LogRecord:
    """A record of a logger named `a.logger`."""
    info = None if error is None else (type(error), error, error.__traceback__)
    found = logging.LogRecord("a.logger", logging.WARNING, "file.py", 1, message, args, info)
    found.__dict__.update(extra)
    return found


def written(made: logging.LogRecord, *secrets: str) -> str:
    """The line of a record, which is one."""
    line = JsonFormatter(secrets).format(made)
    assert line.splitlines() == [line]
    return line


def decoded(made: logging.LogRecord, *secrets: str) -> dict[str, Any]:
    """The fields of a record's line."""
    fields: dict[str, Any] = json.loads(written(made, *secrets))
    return fields


def test_record_becomes_an_object_with_time_level_logger_and_message() -> None:
    """The four fields that every line has."""
    made = record("%s of %d", "one", 2)
    made.created = 1772452800.25
    assert decoded(made) == {
        "time": "2026-03-02T12:00:00.250+00:00",
        "level": "WARNING",
        "logger": "a.logger",
        "message": "one of 2",
    }


def test_fields_join_the_line() -> None:
    """What a caller adds can be queried by its name."""
    line = decoded(record(fields={"status": 503, "path": "/x", "ready": None}))
    assert (line["status"], line["path"], line["ready"]) == (503, "/x", None)


@given(st.text())
def test_any_text_stays_on_one_ascii_line(text: str) -> None:
    """Line ends, control characters and lone surrogates forge nothing and break nothing."""
    line = written(record("%s", text, fields={"path": text}))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == json.loads(line)["path"]


FORMS = {
    "plain": SECRET,
    "as a URL carries it": quote(SECRET, safe=""),
    "as a form carries it": quote_plus(SECRET),
    "percent-encoded in lower case": quote(SECRET, safe="").lower(),
    "amid other text": f"<{SECRET}>",
    "in a header": f"Authorization: Bearer {SECRET}",
    "in a query": f"GET /x?a=b&token={quote(SECRET, safe='')}&c=d",
}


@pytest.mark.parametrize("form", FORMS)
def test_known_secret_is_masked_in_every_field(form: str) -> None:
    """In the message, its arguments, the fields and the exception."""
    text = FORMS[form]
    for made in (
        record(text),
        record("%s", text),
        record(fields={"path": text}),
        record(error=RuntimeError(text)),
    ):
        line = written(made, SECRET)
        assert "s3cr3t" not in line
        assert "***" in line


@pytest.mark.parametrize(
    "fields",
    [
        {SECRET: "value"},
        {"headers": {"Authorization": SECRET}},
        {"headers": {SECRET: 1}},
        {"offered": ["x", SECRET]},
        {"offered": (SECRET,)},
        {"error": RuntimeError(SECRET)},
        {"offered": SECRET.encode()},
    ],
    ids=["name", "in an object", "name in an object", "in a list", "in a tuple", "error", "bytes"],
)
def test_known_secret_is_masked_in_whatever_a_field_holds(fields: dict[str, object]) -> None:
    """A line is written for any value, and none lets the secret through."""
    assert "s3cr3t" not in written(record(fields=fields), SECRET)


@pytest.mark.parametrize("token", ["a\"quote'd-t0ken", "back\\slash-t0ken", "per%20cent-t0ken"])
@pytest.mark.parametrize("wrap", [str, repr, json.dumps], ids=["plain", "repr", "json"])
def test_known_secret_is_masked_as_python_and_json_quote_it(token: str, wrap: Any) -> None:
    """A KeyError shows its key by repr, and a body that is logged is JSON."""
    assert "t0ken" not in written(record("%s", wrap(token)), token)


def test_secret_is_masked_in_chained_exceptions() -> None:
    """The cause of an exception is told, and may hold the secret as well."""
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise RuntimeError("no such thing") from error
    except RuntimeError as error:
        line = decoded(record(error=error), SECRET)
    assert "Traceback" in line["exception"]
    assert "no such thing" in line["exception"]
    assert SECRET not in line["exception"]


def test_secret_inside_another_is_masked_with_it() -> None:
    """The longer one goes first: no tail of it is left over."""
    assert decoded(record("abcdef abc"), "abc", "abcdef")["message"] == "*** ***"


def test_empty_secret_masks_nothing() -> None:
    """A token that is not set is no text to look for."""
    assert decoded(record("hello"), "")["message"] == "hello"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /x?token=wr0ng", "GET /x?token=***"),
        ("GET /x?a=b&token=wr0ng&c=d", "GET /x?a=b&token=***&c=d"),
        ("GET /x?TOKEN=wr0ng", "GET /x?TOKEN=***"),
        ("token=wr0ng", "token=***"),
        ("?token%3Dwr0ng", "?token%3D***"),
        ("authorization: Bearer wr0ng", "authorization: Bearer ***"),
        ("'Basic wr0ng'", "'Basic ***'"),
        ("BEARER wr0ng, more", "BEARER ***, more"),
        ("a token is needed", "a token is needed"),
        ("tokens=3", "tokens=3"),
    ],
)
def test_what_may_be_a_secret_is_masked_unknown(text: str, shown: str) -> None:
    """A wrong token is somebody's right one elsewhere."""
    assert decoded(record("%s", text))["message"] == shown


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    found = logging.getLogger()
    handlers, level = found.handlers[:], found.level
    others = {
        name: logging.getLogger(name).level for name in ("urllib3", "waitress.queue", "kubernetes")
    }
    found.handlers = []
    yield found
    found.handlers = handlers
    found.setLevel(level)
    for name, before in others.items():
        logging.getLogger(name).setLevel(before)


def test_every_librarys_records_go_through_the_formatter(root: logging.Logger) -> None:
    """A record of waitress is a line of JSON like any other; below the level there is none."""
    stream = io.StringIO()
    configure_logging("INFO", [SECRET], stream)
    logging.getLogger("waitress").warning("client sent %s", SECRET)
    logging.getLogger("falcon").debug("not told")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["message"]) for line in lines] == [
        ("waitress", "client sent ***")
    ]
    assert len(root.handlers) == 1


def test_configuring_again_replaces_what_was_there(root: logging.Logger) -> None:
    """No line is written twice."""
    first, second = io.StringIO(), io.StringIO()
    configure_logging("INFO", [], first)
    configure_logging("ERROR", [], second)
    logging.getLogger("x").error("once")
    assert (first.getvalue(), len(second.getvalue().splitlines())) == ("", 1)
    assert root.level == logging.ERROR


def test_noisy_libraries_say_no_more_than_errors(root: logging.Logger) -> None:
    """A line for each connection to the API server helps nobody."""
    stream = io.StringIO()
    configure_logging("DEBUG", [], stream)
    for name in ("urllib3.connectionpool", "waitress.queue", "kubernetes.client.rest"):
        logging.getLogger(name).warning("noise")
    assert root.level == logging.DEBUG
    assert stream.getvalue() == ""


def test_logs_go_to_standard_error_by_default() -> None:
    """Standard output is for results."""
    assert configure_logging.__defaults__ is not None
    assert sys.stdout not in configure_logging.__defaults__
