"""The command line: ``k8s-heartbeat``, and ``kubectl heartbeat`` by its other name."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO, cast

from .command_line import arranged, asks_for_nagios
from .errors import EXIT_UNREADABLE, EXIT_USAGE, PROGRAM, CommandError, tell
from .parser import DECLARED, FILE, Parser, called_as
from .serving import serve
from .signals import Stopped

__all__ = ["main"]

COMPLETE = "__complete"
"""The hidden command that the shells' completion calls, as kubectl's does."""

# As a shell has it for a process that SIGPIPE ended.
_UNREAD_OUTPUT = 141
_PATHS = ("config", "kubeconfig", "snapshot")


_COMPLETION = """\
For this session, or in the shell's start file for all:
  bash: source <(k8s-heartbeat completion bash)
  zsh:  source <(k8s-heartbeat completion zsh)      # after compinit
  fish: k8s-heartbeat completion fish | source
For `kubectl heartbeat`, where kubectl's own completion is set up, make this file, executable and in
the PATH, by the name kubectl_complete-heartbeat:
  #!/bin/sh
  exec kubectl-heartbeat __complete "$@"
"""

if TYPE_CHECKING:
    # They have no public names.
    _Flags = argparse._ActionsContainer  # pyright: ignore[reportPrivateUsage]  # the same
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]  # it has no public name


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0, 1, 2 or 3 as its help says; 130 after Ctrl-C; 141 once nobody reads the output.
    """
    given = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal cannot show is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    try:
        return _main(given, called_as(sys.argv[0]))
    except BrokenPipeError:
        _close_output()
        return EXIT_UNREADABLE if asks_for_nagios(given) else _UNREAD_OUTPUT
    except KeyboardInterrupt:
        return 130
    except Stopped as stopped:
        return stopped.exit_code


def _main(given: Sequence[str], program: str) -> int:
    parser = _parser(given, program)
    try:
        if given[:1] == [COMPLETE]:
            return _complete(parser, given[1:])
        return _run(parser, given, program)
    except CommandError as error:
        return _tell(error, given, program)
    except BrokenPipeError:
        raise
    except Exception as error:
        if not asks_for_nagios(given):
            raise
        # The exit code of a traceback would be a warning's.
        bug = CommandError(f"{type(error).__name__}: {error}", EXIT_UNREADABLE)
        return _tell(bug, ["--debug", *given], program)


def _tell(error: CommandError, given: Sequence[str], program: str) -> int:
    """Print an error; return the exit code."""
    if "--debug" in given:
        import traceback  # noqa: PLC0415  # of no use to a command that works

        from k8s_heartbeat.adapters.masking import KNOWN, without_credentials  # noqa: PLC0415  # as above

        print(without_credentials(KNOWN.mask(traceback.format_exc())), file=sys.stderr)
    lines = tell(error, program)
    if asks_for_nagios(given):
        from .nagios import tell_unknown  # noqa: PLC0415  # for this form alone

        return tell_unknown("; ".join(lines))
    return error.exit_code


def _run(parser: Parser, given: Sequence[str], program: str) -> int:
    try:
        arguments = parser.parse_args(arranged(given, parser, plugin=program != PROGRAM))
        if not arguments.silent and _is_closed(sys.stdout):
            raise CommandError("standard output cannot be written: it is closed", EXIT_UNREADABLE)
        command: Callable[[argparse.Namespace], int] = arguments.command
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


def _is_closed(stream: TextIO | None) -> bool:
    return stream is None


def _close_output() -> None:
    """Discard unwritten output; Python would report the error once more at exit."""
    if not _is_closed(sys.stdout):
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
    return serve(arguments, demo=arguments.demo)


def _rules(arguments: argparse.Namespace) -> int:
    from . import rules_command  # noqa: PLC0415  # each command imports what it needs alone

    return rules_command.run(arguments)


def _monitors(arguments: argparse.Namespace) -> int:
    from . import monitors_command  # noqa: PLC0415  # each command imports what it needs alone

    return monitors_command.run(arguments)


def _version(arguments: argparse.Namespace) -> int:
    from . import version_command  # noqa: PLC0415  # each command imports what it needs alone

    return version_command.run(arguments)


def _completion(arguments: argparse.Namespace) -> int:
    from . import completion  # noqa: PLC0415  # each command imports what it needs alone

    return completion.run(arguments)


def _complete(parser: Parser, words: Sequence[str]) -> int:
    from . import completion  # noqa: PLC0415  # each command imports what it needs alone

    return completion.complete(parser, words)


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
        from .config.configuration_file import told  # noqa: PLC0415  # only where there is one
        from .config.files import read_files  # noqa: PLC0415  # only where there is one

        files = read_files(settings)
        if files.faults:
            raise CommandError("\n".join(files.faults), EXIT_USAGE)
        lines = told(files.in_force()) if settings.config else []
        tokens = files.tokens.current() if files.tokens else ()
        print("\n".join([*lines, *map(str, tokens)]))
    return 0


def _parser(given: Sequence[str], program: str) -> Parser:
    parser = Parser(
        given=given,
        prog=program,
        description="Tells whether workloads in a Kubernetes cluster are doing their job.",
        epilog=f"Without a command, {program} KIND/NAME is {program} check KIND/NAME.",
    )
    parser.add_argument(
        "--debug", action="store_true", default=False, help="show a traceback of errors"
    )
    # What a service or a push says on standard output is not its result.
    parser.set_defaults(silent=False)
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version")
    subparsers = parser.with_commands()
    # After the command too, where people look for it first.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    _add_check(subparsers, common)
    _add_push(subparsers, common)
    _add_serve(subparsers, common)
    _add_rules(subparsers, common)
    _add_monitors(subparsers, common)
    token = subparsers.add_parser(
        "token", parents=[common], help="make a token and show how it is used"
    )
    token.set_defaults(command=_token)
    config = subparsers.add_parser(
        "config", parents=[common], help="the effective settings with their origin"
    )
    _add_flags(config, "kubeconfig", "context", "config")
    config.set_defaults(command=_config)
    _add_version(subparsers, common)
    _add_completion(subparsers, common)
    return parser


class _ShowVersion(argparse.Action):
    """Looks the version up when it is asked for, and not at each start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.exit(_version(argparse.Namespace(output="short")))


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
    check.add_argument(
        "-o",
        "--output",
        choices=("text", "wide", "json", "name", "nagios"),
        default="text",
        help="wide: all, with causes; json: the body of the HTTP API; name: those that are not up; "
        "nagios: one line, with exit codes 0, 1, 2, 3 as monitoring plugins have them",
    )
    check.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: auto"
    )
    check.add_argument("--now", metavar="TIME", help="judge as of then, RFC 3339, for old dumps")
    check.add_argument(
        "--wait", action="store_true", help="until all are up and steady, or --timeout is over"
    )
    check.add_argument(
        "--timeout", metavar="DURATION", help="how long to --wait at most, such as 90s; default: 5m"
    )
    check.add_argument(
        "-w", "--watch", action="store_true", help="look again and again until Ctrl-C"
    )
    check.add_argument(
        "--interval", metavar="DURATION", help="between two looks of --wait or --watch; default: 2s"
    )
    check.set_defaults(command=_check)


def _add_question(parser: argparse.ArgumentParser) -> None:
    """Add what `Question` and `judge_for` read, but for the time."""
    parser.add_argument(
        "objects",
        nargs="*",
        metavar="KIND[/NAME]",
        help="such as deployment/api or deployment api, or deployments for all of them; default: "
        "the workloads",
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
    push.add_argument("--to", dest="push_url", metavar="URL", help=DECLARED)
    push.add_argument("--as", dest="push_as", metavar="FORM", help=DECLARED)
    push.add_argument("--every", dest="push_every", metavar="DURATION", help=DECLARED)
    push.set_defaults(command=_push, now=None, silent=True)


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
    serve.set_defaults(command=_serve, silent=True)


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


def _add_monitors(subparsers: _Subparsers, common: argparse.ArgumentParser) -> None:
    monitors = subparsers.add_parser(
        "monitors",
        help="configuration for Gatus, Uptime Kuma, Prometheus and others",
        description="Prints configuration with an entry for each workload and component, always "
        "in the same order and with the same names. It never holds a token: each client reads "
        "that by its own means.",
        epilog="Exit codes: 2 the command line or the configuration is wrong; 3 something could "
        "not be read, or there is nothing to ask for. Nothing is printed then.",
    )
    clients = cast("Parser", monitors).with_commands("CLIENT", dest="client")
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


def _add_version(subparsers: _Subparsers, common: argparse.ArgumentParser) -> None:
    version = subparsers.add_parser(
        "version", parents=[common], help="the version of the program, and of Python"
    )
    version.add_argument("-o", "--output", choices=("text", "json"), default="text")
    version.set_defaults(command=_version)


def _add_completion(subparsers: _Subparsers, common: argparse.ArgumentParser) -> None:
    completion = subparsers.add_parser(
        "completion",
        parents=[common],
        help="the script that completes commands in a shell",
        description="Prints the script by which a shell completes commands, flags and kinds.",
        epilog=_COMPLETION,
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    completion.set_defaults(command=_completion)


def _add_flags(parser: _Flags, *names: str) -> None:
    """Add the flags of these settings."""
    for name in names:
        metavar = FILE if name in _PATHS else None
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=DECLARED)
