"""The command line: ``k8s-heartbeat``, and ``kubectl heartbeat`` by its other name."""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn, cast

from k8s_heartbeat.adapters.refused import is_plain, repeated

from .errors import EXIT_UNREADABLE, EXIT_USAGE, CommandError
from .signals import ended_by_a_stop

__all__ = ["main"]

_FLAG = re.compile("--[a-z]+(-[a-z]+)*")
_DECLARED = "as its setting is declared"
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")

if TYPE_CHECKING:
    # It has no public name.
    _Flags = argparse._ActionsContainer  # pyright: ignore[reportPrivateUsage]  # the same
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]  # it has no public name


class _Help(argparse.HelpFormatter):
    """Help that shows a setting's declared meaning for its flag, and loads it only then."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.help != _DECLARED:
            return action.help
        from .config.settings import SETTINGS  # noqa: PLC0415  # not worth its import otherwise

        (meaning,) = (entry.meaning for entry in SETTINGS if entry.field == action.dest)
        return _LINK.sub(r"\1", meaning).replace("`", "")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors do not quote what may be a secret in the wrong place.

    Args:
        given: The command line.
        named: Arguments of argparse.
    """

    def __init__(self, *, given: Sequence[str], **named: Any) -> None:
        super().__init__(formatter_class=_Help, **named)
        self._given = given

    def error(self, message: str) -> NoReturn:
        """End the process; given values in argparse's message are masked as in other errors."""
        for text in sorted(_values(self._given), key=len, reverse=True):
            if not is_plain(text):
                told = repeated(text)
                message = message.replace(repr(text), told).replace(text, told)
        super().error(message)


def _values(given: Iterable[str]) -> set[str]:
    """The values in a command line, without the flags."""
    found: set[str] = set()
    for text in given:
        flag, _, value = text.partition("=")
        # Unknown flags count as flags too: a typo must be shown.
        found |= {value} if _FLAG.fullmatch(flag) else {text, value}
        if not text.startswith("--"):
            # The value directly after a flag of one letter.
            found |= {text[2:]}
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1, 2 or 3 as its help says, 130 after Ctrl-C."""
    parser = _parser(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal cannot show is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    arguments = parser.parse_args(argv)
    try:
        return _run(arguments)
    except CommandError as error:
        from k8s_heartbeat.adapters.masking import KNOWN, without_credentials  # noqa: PLC0415  # of no use to a command that works

        if arguments.debug:
            import traceback  # noqa: PLC0415  # as above

            print(without_credentials(KNOWN.mask(traceback.format_exc())), file=sys.stderr)
        for line in KNOWN.mask(str(error)).splitlines():
            print(f"k8s-heartbeat: {line}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        _close_output()
        return 0
    except KeyboardInterrupt:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        code = command(arguments)
        # Here and not at exit, where an error could no longer be caught.
        print(end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _close_output()
        message = f"standard output cannot be written: {error.strerror}"
        raise CommandError(message, EXIT_UNREADABLE) from error
    return code


def _close_output() -> None:
    """Discard unwritten output; Python would report the error once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _check(arguments: argparse.Namespace) -> int:
    # Imported code stays: collecting garbage meanwhile takes a tenth of the start.
    gc.disable()
    from . import check_command  # noqa: PLC0415  # each command imports what it needs alone

    gc.enable()
    return check_command.run(arguments)


def _push(arguments: argparse.Namespace) -> int:
    from . import push_command  # noqa: PLC0415  # each command imports what it needs alone

    return push_command.run(arguments)


def _serve(arguments: argparse.Namespace) -> int:
    # As above; collection is on again while serving.
    gc.disable()
    try:
        with ended_by_a_stop():
            from . import serve_command  # noqa: PLC0415  # takes a while, in which it may be stopped

            return serve_command.run(arguments)
    finally:
        gc.enable()


def _rules(arguments: argparse.Namespace) -> int:
    from . import rules_command  # noqa: PLC0415  # each command imports what it needs alone

    return rules_command.run(arguments)


def _monitors(arguments: argparse.Namespace) -> int:
    from . import monitors_command  # noqa: PLC0415  # each command imports what it needs alone

    return monitors_command.run(arguments)


def _token(_: argparse.Namespace) -> int:
    """Make a token and show how it is given to the service and carried by callers."""
    import secrets  # noqa: PLC0415  # for this command alone
    from hashlib import sha256  # noqa: PLC0415  # for this command alone

    token = secrets.token_urlsafe(32)
    print(token)
    print(
        f"service:  AUTH_TOKEN_BASIC={token}\n"
        f"or, as a line under `tokens:` in HEARTBEAT_TOKENS_FILE,\n"
        f'          - {{name: NAME, sha256: "{sha256(token.encode()).hexdigest()}"}}\n'
        f"header:   Authorization: Bearer {token}\n"
        f"          Authorization: Basic {token}\n"
        f"query:    ?token={token}\n"
        "It is shown once and stored nowhere.",
        file=sys.stderr,
    )
    return 0


def _config(arguments: argparse.Namespace) -> int:
    """Print the effective settings, each with its origin."""
    from .config.settings import SettingsError, explain, given_flags, load  # noqa: PLC0415  # not for every command

    try:
        settings, origins = load(os.environ, given_flags(arguments))
    except SettingsError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    print("\n".join(explain(settings, origins)))
    if settings.config or settings.tokens_file:
        from .config.configuration import told  # noqa: PLC0415  # only where there is one
        from .config.files import read_files  # noqa: PLC0415  # only where there is one

        files = read_files(settings)
        if files.faults:
            raise CommandError("\n".join(files.faults), EXIT_USAGE)
        lines = told(files.in_force()) if settings.config else []
        tokens = files.tokens.current() if files.tokens else ()
        print("\n".join([*lines, *map(str, tokens)]))
    return 0


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        given=given,
        prog="k8s-heartbeat",
        description="Tells whether workloads in a Kubernetes cluster are doing their job.",
    )
    parser.add_argument(
        "--debug", action="store_true", default=False, help="show a traceback of errors"
    )
    made = cast("type[argparse.ArgumentParser]", partial(_Parser, given=given))
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=made)
    # After the command too, where people look for it first.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    _add_check(subparsers, common)
    _add_push(subparsers, common)
    _add_serve(subparsers, common)
    _add_rules(subparsers, common)
    _add_monitors(subparsers, common, made)
    token = subparsers.add_parser(
        "token", parents=[common], help="make a token and show how it is used"
    )
    token.set_defaults(command=_token)
    config = subparsers.add_parser(
        "config", parents=[common], help="the effective settings with their origin"
    )
    _add_flags(config, "kubeconfig", "context", "config")
    config.set_defaults(command=_config)
    return parser


def _add_check(subparsers: _Subparsers, common: argparse.ArgumentParser) -> None:
    check = subparsers.add_parser(
        "check",
        parents=[common],
        help="judge objects, live or in dumps",
        description="Judges live objects, or with -f those in dumps and manifests.",
        epilog="Exit codes: 0 all up; 1 something is not up; 2 the command line or the "
        "configuration is wrong; 3 nothing could be judged because it could not be read.",
    )
    _add_question(check)
    check.add_argument("-o", "--output", choices=("text", "wide", "json", "name"), default="text")
    check.add_argument("--now", metavar="TIME", help="judge as of then, RFC 3339, for old dumps")
    check.set_defaults(command=_check)


def _add_question(parser: argparse.ArgumentParser) -> None:
    """Add what `Question` and `judge_for` read, but for the time."""
    parser.add_argument(
        "objects",
        nargs="*",
        metavar="KIND[/NAME]",
        help="such as deployment/api, or deployments for all of them; default: the workloads",
    )
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        metavar="FILE",
        help="a dump or manifest of up to 512 MiB; - or /dev/stdin for stdin; <(COMMAND) is waited "
        "for; a named pipe is refused",
    )
    parser.add_argument(
        "-n", "--namespace", metavar="NS", help="default: the context's; with -f all"
    )
    parser.add_argument("-A", "--all-namespaces", action="store_true", help="in all namespaces")
    parser.add_argument("-l", "--selector", metavar="SELECTOR", help="such as app=api,tier!=edge")
    parser.add_argument("--component", metavar="NAME", help="a component of the configuration")
    parser.add_argument(
        "--fail-on", choices=("degraded", "down"), default="down", help="default: down"
    )
    parser.add_argument(
        "--for", dest="lasting", metavar="DURATION", help="not up only once it lasted, such as 2m"
    )
    _add_flags(parser, "kubeconfig", "context", "config")


def _add_push(subparsers: _Subparsers, common: argparse.ArgumentParser) -> None:
    push = subparsers.add_parser(
        "push",
        parents=[common],
        help="judge objects and report it, for clusters that no monitor can reach",
        description="Judges as check does, and reports it to Healthchecks.io, Uptime Kuma, Gatus, "
        "a Prometheus Pushgateway or a webhook. What could not be judged is reported as unknown "
        "to the last two, and withheld from the others, whose own alarm then says so.",
        epilog="Forms: healthchecks, uptime-kuma, gatus, pushgateway, webhook. "
        "Exit codes: 0 reported, up or down; 2 the command line or the configuration is "
        "wrong; 3 nothing could be judged, or the receiver did not take it. The token is set with "
        "HEARTBEAT_PUSH_TOKEN; HEARTBEAT_PUSH_URL, HEARTBEAT_PUSH_URL_FILE and "
        "HEARTBEAT_PUSH_TOKEN_FILE keep secrets off the command line.",
    )
    _add_question(push)
    push.add_argument("--to", dest="push_url", metavar="URL", help=_DECLARED)
    push.add_argument("--as", dest="push_as", metavar="FORM", help=_DECLARED)
    push.add_argument("--every", dest="push_every", metavar="DURATION", help=_DECLARED)
    push.set_defaults(command=_push, now=None)


def _add_serve(subparsers: _Subparsers, common: argparse.ArgumentParser) -> None:
    serve = subparsers.add_parser(
        "serve",
        parents=[common],
        help="answer over HTTP",
        description="Serves the HTTP contract under waitress.",
        epilog="Settings come from flags, then the environment; k8s-heartbeat config shows them.",
    )
    source = serve.add_mutually_exclusive_group()
    source.add_argument(
        "--demo", action="store_true", help="an invented shop, on 127.0.0.1, open to try"
    )
    _add_flags(source, "snapshot")
    _add_flags(serve, "host", "port", "url", "log_level", "drain_seconds")
    _add_flags(serve, "kubeconfig", "context", "config")
    serve.set_defaults(command=_serve)


def _add_rules(subparsers: _Subparsers, common: argparse.ArgumentParser) -> None:
    rules = subparsers.add_parser(
        "rules",
        parents=[common],
        help="what is judged, and from which fields",
        description="Says in prose how each kind is judged, from which fields, and by which source "
        "of Kubernetes' own.",
    )
    rules.add_argument(
        "kind",
        nargs="?",
        metavar="KIND",
        help="such as deployment or certificates.cert-manager.io; default: all",
    )
    _add_flags(rules, "config")
    rules.set_defaults(command=_rules)


def _add_monitors(
    subparsers: _Subparsers, common: argparse.ArgumentParser, made: type[argparse.ArgumentParser]
) -> None:
    monitors = subparsers.add_parser(
        "monitors",
        help="configuration for Gatus, Uptime Kuma, Prometheus and others",
        description="Prints configuration with an entry for each workload and component, always "
        "in the same order and with the same names. It never holds a token: each client reads "
        "that by its own means.",
        epilog="Exit codes: 2 the command line or the configuration is wrong; 3 something could "
        "not be read, or there is nothing to ask for. Nothing is printed then.",
    )
    clients = monitors.add_subparsers(
        required=True, metavar="CLIENT", dest="client", parser_class=made
    )
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("-n", "--namespace", metavar="NS", help="one namespace")
    place.add_argument("-A", "--all-namespaces", action="store_true", help="all of them")
    _add_flags(place, "url", "config")
    place.set_defaults(
        command=_monitors,
        objects=[],
        filename=None,
        selector=None,
        component=None,
        now=None,
        fail_on="down",
        lasting=None,
        alert=None,
        form=None,
        exporter=None,
    )
    checks = argparse.ArgumentParser(add_help=False)
    checks.add_argument(
        "objects",
        nargs="*",
        metavar="KIND[/NAME]",
        help="such as deployments; default: the workloads, and the components of the configuration "
        "unless -n or -l narrows",
    )
    checks.add_argument(
        "-f", "--filename", action="append", metavar="FILE", help="a dump in place of a cluster"
    )
    checks.add_argument("-l", "--selector", metavar="SELECTOR", help="such as app=api,tier!=edge")
    checks.add_argument(
        "--fail-on", choices=("degraded", "down"), default="down", help="default: down"
    )
    checks.add_argument(
        "--for", dest="lasting", metavar="DURATION", help="not up only once it lasted, such as 2m"
    )
    _add_flags(checks, "kubeconfig", "context")
    of_checks = [common, place, checks]
    gatus = clients.add_parser("gatus", parents=of_checks, help="endpoints for Gatus")
    gatus.add_argument(
        "--alert", action="append", metavar="TYPE", help="alerts of this type, such as slack"
    )
    clients.add_parser(
        "uptime-kuma",
        parents=of_checks,
        help="KumaEntity objects for AutoKuma; Uptime Kuma 2 itself imports no file",
    )
    blackbox = clients.add_parser(
        "blackbox", parents=of_checks, help="a job of Prometheus' through its blackbox exporter"
    )
    blackbox.add_argument(
        "--form",
        choices=("discovery", "static", "module"),
        default="discovery",
        help="a job that finds the checks by itself (default), one that lists them, or the "
        "exporter's module",
    )
    blackbox.add_argument(
        "--exporter", metavar="HOST:PORT", help="its address; default: 127.0.0.1:9115"
    )
    clients.add_parser(
        "prometheus", parents=[common, place], help="a job of Prometheus' for the metrics"
    )
    clients.add_parser("upptime", parents=of_checks, help="sites for Upptime")


def _add_flags(parser: _Flags, *names: str) -> None:
    """Add the flags of these settings."""
    for name in names:
        parser.add_argument(f"--{name.replace('_', '-')}", help=_DECLARED)
