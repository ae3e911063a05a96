"""One JSON object a line, secrets gone."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters import log_lines, masking
from k8s_heartbeat.adapters.log_lines import JsonFormatter
from k8s_heartbeat.adapters.logs import configure_logging
from k8s_heartbeat.adapters.masking import KNOWN, Secrets
from k8s_heartbeat.adapters.work import Work, work_on

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
    """The line of a record, which is one, of a process with these secrets besides its own."""
    known = Secrets(secrets) if secrets else KNOWN
    with patch.object(masking, "KNOWN", known), patch.object(log_lines, "KNOWN", known):
        line = JsonFormatter().format(made)
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
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    found.handlers = []
    yield found
    found.handlers = handlers
    found.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)


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
    # As the Kubernetes client does.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    for name in ("urllib3.connectionpool", "waitress.queue", "kubernetes.client.rest"):
        logging.getLogger(name).warning("noise")
    assert root.level == logging.DEBUG
    assert stream.getvalue() == ""


def test_logs_go_to_standard_error_by_default() -> None:
    """Standard output is for results."""
    assert configure_logging.__defaults__ is not None
    assert sys.stdout not in configure_logging.__defaults__


def test_lines_of_a_request_have_its_id_until_it_is_over(root: logging.Logger) -> None:
    """Whichever library writes them, and in its own thread alone."""
    stream = io.StringIO()
    configure_logging("INFO", [], stream)
    work_on(Work("an-id"))
    logging.getLogger("deep.below").warning("within")
    other = threading.Thread(target=lambda: logging.getLogger("x").warning("beside"))
    other.start()
    other.join()
    work_on(None)
    logging.getLogger("x").warning("after")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["message"], line.get("requestId")) for line in lines] == [
        ("within", "an-id"),
        ("beside", None),
        ("after", None),
    ]


def test_what_a_request_offers_is_masked_while_it_is_worked_on() -> None:
    """Right or wrong, known or not; what is too short to keep anybody out stays."""
    work_on(Work("an-id", ["0ffered-by-somebody", "api"]))
    try:
        line = written(record("GET /api/0ffered-by-somebody", fields={"path": quote("0ffered%")}))
    finally:
        work_on(None)
    assert json.loads(line)["message"] == "GET /api/***"


def test_secret_that_is_learned_later_is_masked() -> None:
    """As credentials for the API server are renewed."""
    assert "le4rned-later" in written(record("le4rned-later"))
    KNOWN.learn("Bearer le4rned-later")
    assert "le4rned-later" not in written(record("le4rned-later"))


@pytest.mark.parametrize("secret", ['"', ":", "{", "message", "0", "\\", "***", "u"])
def test_no_secret_breaks_the_line(secret: str) -> None:
    """Whatever an operator chose for one."""
    line = decoded(record("a message", fields={"status": 200, "path": "/x"}), secret)
    assert {"time", "level", "logger", "message"} <= set(line)
    assert 200 in line.values()


class Untellable:
    """An object that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "made",
    [
        record("%d", "x"),
        record("%s %s", "x"),
        record("x", "y"),
        record("%s", Untellable()),
        record(Untellable()),  # type: ignore[arg-type]  # what a library may do
        record(fields={"value": Untellable(), 1: 2}),
    ],
)
def test_record_that_cannot_be_told_is_a_line_all_the_same(made: logging.LogRecord) -> None:
    """A slip in a library's message must not lose the line, nor raise."""
    assert decoded(made)["logger"] == "a.logger"


def nested(depth: int) -> object:
    """A list in a list, and so on."""
    found: object = "x" * 100
    for _ in range(depth):
        found = [found] * 100
    return found


@pytest.mark.parametrize(
    "made",
    [
        record("x" * 10**6),
        record("\U0001f600" * 10**6),
        record(fields={str(number) * 500: "\x00" * 10**5 for number in range(50)}),
        record(fields={"value": nested(3)}),
        record(error=RuntimeError("\ud800" * 10**6)),
    ],
    ids=["long", "escaped", "many", "nested", "exception"],
)
def test_line_is_bounded(made: logging.LogRecord) -> None:
    """Nothing fills a disk with one line."""
    assert len(written(made)) <= 32_000


def test_traceback_is_cut_in_its_middle() -> None:
    """Where it began and what came of it are at its ends."""

    def deep(left: int) -> None:
        if left == 0:
            raise RuntimeError("x" * 9_000 + " at last")
        deep(left - 1)

    with pytest.raises(RuntimeError) as raised:
        deep(5)
    told = decoded(record(error=raised.value))["exception"]
    assert told.startswith("Traceback")
    assert told.endswith("at last")
    assert len(told) < 9_000


def test_long_text_is_cut_without_a_part_of_a_secret() -> None:
    """What is cut before it is cleaned loses what the cut may have gone through."""
    for shift in range(0, 60, 7):
        text = "x" * shift + SECRET + "y" * (65_536 - 10)
        assert "chars" not in written(record(text), SECRET)


def test_warnings_and_uncaught_exceptions_are_lines(root: logging.Logger) -> None:
    """Of the main thread, of others, and those that Python can only print."""
    stream = io.StringIO()
    configure_logging("INFO", [SECRET], stream)

    def fail() -> None:
        raise RuntimeError(SECRET)

    class Failing:
        def __del__(self) -> None:
            fail()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"of {SECRET}", stacklevel=1)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Failing()
    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["WARNING", *["CRITICAL"] * 3]
    assert all("RuntimeError: ***" in line["exception"] for line in lines[1:])
    assert SECRET not in stream.getvalue()


def test_handlers_of_libraries_are_taken_away(root: logging.Logger) -> None:
    """One form, and every line once."""
    own, stream = io.StringIO(), io.StringIO()
    library = logging.getLogger("a.library.of.its.own")
    library.addHandler(logging.StreamHandler(own))
    library.propagate = False
    configure_logging("INFO", [], stream)
    library.warning("told")
    assert (own.getvalue(), len(stream.getvalue().splitlines())) == ("", 1)


def test_stream_that_cannot_be_written_raises_nothing(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk or a closed pipe is no reason to fail a request."""
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        configure_logging("INFO", [], stream)  # type: ignore[arg-type]  # as without a stderr
        logging.getLogger("x").error("lost")
    assert "Logging error" not in capsys.readouterr().err
