"""More clients than connections, all of them slow: whoever asks properly is answered."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.entrypoints.support import API, served
from tests.servers.api_server import ApiServer
from tests.servers.crowd import crowd

from .asking import slowest
from .figures import Figures

_HEADERS = b"GET /livez HTTP/1.1\r\nHost: a\r\nX: "
_BODY = b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(
    ("what", "opening", "drip"),
    [
        ("headers a byte a second", _HEADERS, b"x"),
        ("bodies a byte a second", _BODY, b"x"),
        ("a body that never comes", _BODY, b""),
        ("not a word", b"", b""),
    ],
)
def test_a_thousand_slow_clients(
    home: Path, api: ApiServer, figures: Figures, what: str, opening: bytes, drip: bytes
) -> None:
    """Each comes back as it is closed, for five seconds and more."""
    with ExitStack() as opened:
        service = opened.enter_context(served(home, api, LOG_LEVEL="WARNING"))
        opened.enter_context(crowd(service.port, 1000, opening, drip=drip))
        took = slowest(service, ("/livez", API), 6)
    figures.take(f"1,000 slow clients ({what}): a request", took, 1, "s", below=True)


def test_more_than_there_is_room_for(home: Path, api: ApiServer, figures: Figures) -> None:
    """1,500 of all these sorts, for ten seconds, longer than any of them is waited for."""
    with ExitStack() as opened:
        service = opened.enter_context(served(home, api, LOG_LEVEL="WARNING"))
        for opening, drip in ((_HEADERS, b"x"), (_BODY, b""), (b"", b"")):
            opened.enter_context(crowd(service.port, 500, opening, drip=drip))
        took = slowest(service, ("/livez", API), 10)
        assert "Traceback" not in service.logged()
        lines = service.logged().count("\n")
    figures.take("1,500 slow clients of all sorts: a request", took, 1, "s", below=True)
    figures.take("1,500 slow clients of all sorts: lines in the log", lines, 10, "lines")
