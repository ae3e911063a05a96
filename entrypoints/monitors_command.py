"""``monitors``: configuration for the programs that ask this service."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from k8s_heartbeat.adapters.monitors.gatus import gatus
from k8s_heartbeat.adapters.monitors.plan import Plan
from k8s_heartbeat.adapters.monitors.prometheus import (
    blackbox_discovery,
    blackbox_module,
    blackbox_static,
    metrics,
)
from k8s_heartbeat.adapters.monitors.target import (
    Target,
    component_target,
    in_order,
    object_target,
)
from k8s_heartbeat.adapters.monitors.upptime import upptime
from k8s_heartbeat.adapters.monitors.uptime_kuma import uptime_kuma
from k8s_heartbeat.adapters.refused import repeated, repeated_host
from k8s_heartbeat.core import RULES, Assessment, Health
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.durations import print_duration

from .errors import EXIT_UNREADABLE, EXIT_USAGE, CommandError
from .judging import judge_for
from .question import Question

__all__ = ["run"]

Client = Callable[[Plan], str]

_CLIENTS: Mapping[str, Client] = {
    "gatus": gatus,
    "uptime-kuma": uptime_kuma,
    "prometheus": metrics,
    "upptime": upptime,
}
_FORMS: Mapping[str, Client] = {
    "discovery": blackbox_discovery,
    "static": blackbox_static,
    "module": blackbox_module,
}
# They find what there is by themselves.
_LISTLESS = (blackbox_discovery, blackbox_module, metrics)
_EXPORTER = "127.0.0.1:9115"
_ADDRESS = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}", re.ASCII)
_ALERT = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


def run(arguments: argparse.Namespace) -> int:
    """Print the configuration of a client.

    Raises:
        CommandError: The command line or the configuration is wrong, nothing could be read, or not
            all of it.
    """
    client = _client(arguments)
    question = Question.of(arguments)
    base, components = _configured(arguments)
    targets = [] if client in _LISTLESS else list(_targets(arguments, question, components))
    policy = question.failure_policy
    plan = Plan(
        base=base,
        targets=in_order(targets),
        namespace=question.namespace or "",
        fail_on="" if policy.fail_on is Health.DOWN else str(policy.fail_on),
        lasting=print_duration(policy.lasting) if policy.lasting else "",
        alerts=tuple(dict.fromkeys(arguments.alert or ())),
        exporter=arguments.exporter or _EXPORTER,
    )
    if client not in _LISTLESS and not plan.targets:
        raise CommandError("there is nothing to ask for, and so nothing to print", EXIT_UNREADABLE)
    print(client(plan))
    return 0


def _client(arguments: argparse.Namespace) -> Client:
    """The client, once what only some of them take is checked.

    Raises:
        CommandError: It does not take something of it.
    """
    client = _FORMS[arguments.form] if arguments.form else _CLIENTS[arguments.client]
    exporter = arguments.exporter
    if exporter and not _ADDRESS.fullmatch(exporter):
        raise CommandError(
            f"--exporter: {repeated_host(exporter)} is no host and port, such as {_EXPORTER}",
            EXIT_USAGE,
        )
    for alert in arguments.alert or ():
        if not _ALERT.fullmatch(alert):
            raise CommandError(
                f"--alert: {repeated(alert)} is no type of an alert, such as slack", EXIT_USAGE
            )
    if client in _LISTLESS and (arguments.objects or arguments.selector or arguments.filename):
        raise CommandError(
            f"--form {arguments.form} lists nothing: no KIND, -l or -f narrows it; --form static "
            "lists what there is",
            EXIT_USAGE,
        )
    if client is blackbox_module and (arguments.lasting or arguments.fail_on != Health.DOWN):
        raise CommandError(
            "--for and --fail-on are of a check, and the module states none", EXIT_USAGE
        )
    return client


def _configured(arguments: argparse.Namespace) -> tuple[str, Mapping[str, Component]]:
    """The URL of the service, and the components of the configuration.

    Raises:
        CommandError: The settings or the configuration are wrong, or the URL is not known.
    """
    from .config.files import read_for_command  # noqa: PLC0415  # not worth its import for a wrong flag

    settings, configuration = read_for_command(arguments)
    if not settings.url:
        raise CommandError(
            "--url or HEARTBEAT_URL has to say where clients reach the service, as in "
            "--url https://heartbeat.example.com",
            EXIT_USAGE,
        )
    base, prefix = settings.url, settings.base_path
    return (base if base.endswith(prefix) else f"{base}{prefix}"), configuration.components


def _targets(
    arguments: argparse.Namespace, question: Question, components: Mapping[str, Component]
) -> Iterator[Target]:
    """Whatever can be asked for.

    Raises:
        CommandError: Nothing could be read, or not all of it.
    """
    named = bool(question.subjects or question.kinds)
    if not (named or question.namespace or question.selector):
        yield from map(component_target, components.values())
    answer = judge_for(arguments, question, explain_all=False)(datetime.now(UTC))
    for verdict in (*answer.found, *answer.uncounted):
        assessment = verdict.assessment
        target = object_target(assessment)
        if target is None:
            # Without what was not read, its monitors would end with the last ones.
            raise CommandError(assessment.message, EXIT_UNREADABLE)
        if assessment.health is Health.MISSING:
            raise CommandError(f"{target.short_name}: {assessment.message}", EXIT_UNREADABLE)
        if named or _is_workload(assessment):
            yield target


def _is_workload(assessment: Assessment) -> bool:
    """Whether a kind counts where none is named; a dump has others too."""
    return RULES.find(assessment.kind, assessment.api_version).workload
