"""``push``: judge what ``check`` judges, and report it to what cannot reach the cluster."""

from __future__ import annotations

import argparse
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from k8s_heartbeat.adapters.logs import configure_logging
from k8s_heartbeat.adapters.masking import KNOWN
from k8s_heartbeat.adapters.push.delivery import Delivery
from k8s_heartbeat.adapters.push.forms import ReceiverError, receiver_at, secrets_in
from k8s_heartbeat.adapters.push.sender import Sender
from k8s_heartbeat.core.durations import print_duration

from .config.settings import Settings, SettingsError, given_flags, load, secrets_of
from .errors import EXIT_USAGE, CommandError
from .judging import judge_for
from .pushing import Pushing
from .question import Question
from .signals import ended_by_a_stop

__all__ = ["run"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

# As a shell has it for a process that SIGTERM ended: nothing was reported.
_STOPPED = 143


def run(arguments: argparse.Namespace) -> int:
    """Report once, or until asked to stop.

    Raises:
        CommandError: The command line or the configuration is wrong, nothing could be judged, or
            the receiver did not take it.
    """
    question = Question.of(arguments)
    try:
        settings, origins = load(os.environ, given_flags(arguments))
    except SettingsError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    KNOWN.keep(*secrets_of(settings))
    form, delivery = _delivery(settings, origins["push_url"])
    connect = partial(judge_for, arguments, question, explain_all=True)
    pushing = Pushing(connect, question, form, delivery)
    every = settings.push_every
    if every is None:
        with ended_by_a_stop(_STOPPED):
            print(_apart(pushing.once))
        return 0
    if arguments.filename:
        raise CommandError(
            "--every: a dump does not change; push each new dump once, as "
            "in: kubectl get all -A -o json | k8s-heartbeat push -f - --to URL",
            EXIT_USAGE,
        )
    configure_logging(settings.log_level, secrets_of(settings))
    with ended_by_a_stop():
        _log.info("reporting to %s every %s", form, print_duration(every))
        return _apart(lambda: pushing.forever(every.total_seconds()))


def _delivery(settings: Settings, origin: str) -> tuple[str, Delivery]:
    """The name of the receiver's form, and how reports get there.

    Args:
        settings: The settings.
        origin: What the URL was set by.
    """
    if not settings.push_url:
        raise CommandError(
            "name the URL to report to with --to, HEARTBEAT_PUSH_URL or HEARTBEAT_PUSH_URL_FILE, "
            "such as https://hc-ping.com/YOUR-UUID",
            EXIT_USAGE,
        )
    try:
        form, receiver = receiver_at(settings.push_url, settings.push_as)
    except ReceiverError as error:
        raise CommandError(f"{origin}: {error}", EXIT_USAGE) from None
    url = urlsplit(settings.push_url)
    if settings.push_token and url.username is not None:
        raise CommandError(
            "HEARTBEAT_PUSH_TOKEN: the URL has a user already; give one of them", EXIT_USAGE
        )
    if form == "gatus" and not settings.push_token:
        raise CommandError(
            "HEARTBEAT_PUSH_TOKEN: gatus asks for the token of its external endpoint; set it, or "
            "HEARTBEAT_PUSH_TOKEN_FILE",
            EXIT_USAGE,
        )
    KNOWN.keep(*secrets_in(settings.push_url, form))
    send = Sender(url, settings.push_token, settings.push_timeout.total_seconds())
    return form, Delivery(receiver, send, time.monotonic, time.sleep)


def _apart(work: Callable[[], T]) -> T:
    """What some work returns, in a thread of its own.

    The main thread only waits, so that a signal takes effect at once: a name lookup in the main
    thread could not be interrupted.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:  # it is raised where it is waited for
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=do, name="pushing", daemon=True).start()
    done.wait()
    if errors:
        raise errors[0]
    return results[0]
