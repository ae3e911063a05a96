"""Somebody who asks for one path after the other, in a process of its own.

What a thread of the tests waits for is, when they are busy, the tests themselves.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.client import HTTPConnection
from types import TracebackType
from typing import Self

__all__ = ["Prober"]

_PATIENCE = 20.0


class Prober:
    """Asks while it is entered, over a connection that is kept.

    Args:
        port: Whom to ask, on 127.0.0.1.
        paths: What for, in turns.
        pause: Seconds between two questions.

    Attributes:
        took: The seconds of each answer, once it is over.
        codes: Their codes.
    """

    def __init__(self, port: int, paths: Sequence[str], pause: float) -> None:
        self._told = json.dumps([port, list(paths), pause])
        self.took: list[float] = []
        self.codes: Counter[int] = Counter()

    def __enter__(self) -> Self:
        """Begin, and return once it has had an answer."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"here\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End, and take what it noted."""
        try:
            said = self._process.communicate(timeout=_PATIENCE)[0]
            for code, took in json.loads(said):
                self.codes[code] += 1
                self.took.append(took)
        finally:
            self._process.kill()
            self._process.wait(_PATIENCE)


def _ask(port: int, paths: Sequence[str], pause: float) -> None:
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    noted: list[tuple[int, float]] = []
    while not ended.wait(pause):
        began = time.monotonic()
        connection.request("GET", paths[len(noted) % len(paths)])
        with connection.getresponse() as response:
            response.read()
            noted.append((response.status, time.monotonic() - began))
        if len(noted) == 1:
            sys.stdout.write("here\n")
            sys.stdout.flush()
    sys.stdout.write(json.dumps(noted))


if __name__ == "__main__":
    _ask(*json.loads(sys.argv[1]))
