"""What is used of waitress's insides, which it may change in any release."""

from __future__ import annotations

import ast
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from waitress import parser, wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

SOURCE = Path(__file__).parents[4] / "adapters" / "server"
USED = {
    "channel": """
        __init__ _flush_exception _flush_some addr adj close_when_flushed connected
        error_task_class handle_close handle_read handle_write parser_class readable received recv
        request requests requests_lock send_continue sent_continue server service socket task_class
        total_outbufs_len will_close writable
    """,
    "error task": """
        channel content_length execute request response_headers set_close_on_finish status version
        write
    """,
    "listener": """
        __init__ accept accepting adj bind_server_socket channel_class del_channel getsockname
        handle_accept pull_trigger readable set_socket_options sockinfo socket
    """,
    "loop": "close_all loop",
    "parser": """
        body_rcv completed content_length empty error expect_continue header_plus headers
        headers_finished parse_header path received version
    """,
    "parsing": "ParsingError",
    "task": "build_response_header channel get_environment set_close_on_finish",
}
"""Of each part the names that are used here, and are in no documentation."""
OURS = {"_map", "add_task", "cancel", "close", "listen", "run", "start"}
"""Called like something of waitress's, and something of ours, the socket's or documented."""


def mentioned() -> Iterator[str]:
    """Every attribute that the source of the server reads, sets or overrides."""
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(attr=name) | ast.FunctionDef(name=name):
                    yield name
                case ast.AnnAssign(target=ast.Name(id=name)):
                    yield name
                case ast.Call(
                    func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]
                ):
                    yield name
                case _:
                    pass


@pytest.fixture
def parts() -> Iterator[Mapping[str, Any]]:
    """One of each part, as waitress makes it."""
    adj: Any = Adjustments(listen="127.0.0.1:0")
    ours, theirs = socket.socketpair()
    entries: dict[int, Any] = {}
    dispatcher, app = ThreadedTaskDispatcher(), validator(lambda _environ, _start: [])
    with closing(ours), closing(theirs):
        listener = TcpWSGIServer(
            app, entries, dispatcher=dispatcher, adj=adj, sockinfo=adj.listen[0]
        )
        channel = HTTPChannel(listener, ours, ("127.0.0.1", 1), adj, map=entries)
        request: Any = HTTPRequestParser(adj)
        request.received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        yield {
            "channel": channel,
            "error task": ErrorTask(channel, request),
            "listener": listener,
            "loop": wasyncore,
            "parser": request,
            "parsing": parser,
            "task": WSGITask(channel, request),
        }
        wasyncore.close_all(entries, ignore_all=True)


def test_waitress_has_what_is_used_of_it(parts: Mapping[str, Any]) -> None:
    """A release that lacks one of them is not for this server."""
    missing = [
        f"{part}.{name}"
        for part, names in USED.items()
        for name in names.split()
        if not hasattr(parts[part], name)
    ]
    assert missing == []


def test_no_other_name_of_waitress_is_used(parts: Mapping[str, Any]) -> None:
    """What is used stands in the table, and what stands there is used."""
    known = {name for part in parts.values() for name in dir(part)}
    listed = {name for names in USED.values() for name in names.split()}
    assert listed - {"ParsingError"} == known & {*mentioned()} - OURS
