"""All logging through one formatter: one JSON object a line, secrets gone."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TextIO, TypeAlias

from .log_lines import JsonFormatter, line_of
from .masking import KNOWN
from .unwaiting import unwaiting

__all__ = ["Lines", "configure_logging", "configure_own_logging"]

_ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

_OURS = "k8s_heartbeat"
# They write a line for each connection at levels that are ours to use.
_NOISY = ("urllib3", "waitress.queue", "kubernetes", "client")


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream that may be full or closed: a lost line is no reason to fail."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is logging's
        """Ignore it: there is nowhere to report it."""


class Lines:
    """Writes a logger's lines as the handler would, without a record of `logging` for each.

    Making one and handing it on takes longer than all else that a cached answer takes.

    Args:
        handler: Whose stream and lock it uses.
    """

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler

    def __call__(self, logger: str, level: int, message: str, fields: Mapping[str, object]) -> None:
        """Write a line, of a level that the logger is enabled for.

        One that cannot be written is lost.
        """
        text = line_of(time.time(), logging.getLevelName(level), logger, message, fields)
        handler = self._handler
        handler.acquire()
        try:
            handler.stream.write(f"{text}\n")
        except Exception:
            # There may be no stream at all, and there is nowhere to say it.
            return
        finally:
            handler.release()


def configure_logging(level: str, secrets: Collection[str], stream: TextIO = sys.stderr) -> Lines:
    """Send all that the process has to say through the formatter to `stream`.

    That is the log records and warnings of all libraries, uncaught exceptions, and the lines
    written through the returned `Lines`.

    Args:
        level: The lowest level that is written.
        secrets: Texts that never appear; `masking.KNOWN` learns those that come up later.
        stream: Where to.
    """
    handler = _handler(secrets, stream)
    handler.addFilter(_is_told)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        # Its lines would come in another form, or not at all.
        logger.handlers.clear()
        logger.propagate = True
    # It logs each request that has to wait, at a level that would create a record.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # Our lines do not include them; see Optimization in Python's Logging HOWTO.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_of_thread
    sys.unraisablehook = _log_unraisable
    return Lines(handler)


def configure_own_logging(
    level: str, secrets: Collection[str], stream: TextIO = sys.stderr
) -> Lines:
    """Send the log output of this package only through the formatter to `stream`.

    For a host process, whose loggers, warnings and hooks stay unchanged. Its handlers get none of
    our lines: they do not mask secrets.

    Args:
        level: The lowest level that is written.
        secrets: Texts that never appear; `masking.KNOWN` learns those that come up later.
        stream: Where to.
    """
    handler = _handler(secrets, stream)
    logger = logging.getLogger(_OURS)
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level)
    return Lines(handler)


def _handler(secrets: Collection[str], stream: TextIO) -> _Handler:
    KNOWN.keep(*secrets)
    handler = _Handler(unwaiting(stream))
    handler.setFormatter(JsonFormatter())
    return handler


def _is_told(record: logging.LogRecord) -> bool:
    # Not by the loggers' levels, which the libraries set themselves.
    return record.levelno >= logging.ERROR or not record.name.startswith(_NOISY)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    _log_exception("an exception that nobody caught", (kind, error, traceback))


def _log_uncaught_of_thread(arguments: threading.ExceptHookArgs) -> None:
    error = arguments.exc_value or arguments.exc_type()
    info = (arguments.exc_type, error, arguments.exc_traceback)
    _log_exception("an exception that nobody caught in a thread", info)


def _log_unraisable(arguments: sys.UnraisableHookArgs) -> None:
    error = arguments.exc_value or arguments.exc_type()
    info = (arguments.exc_type, error, arguments.exc_traceback)
    _log_exception("an exception that could not be raised", info)


def _log_exception(message: str, info: _ExcInfo) -> None:
    # As the interpreter ends there may be nothing left to log with.
    with suppress(Exception):
        logging.getLogger(__name__).critical(message, exc_info=info)
