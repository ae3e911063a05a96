"""Load for a soak, in a process of its own: asks over kept connections and checks every answer.

Names carry the truth: `up-7` is up, `gone-3` does not exist, `turns-2` is up and down in turns, by
the clock that all processes of a machine share.
"""

from __future__ import annotations

import json
import random
import re
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

__all__ = [
    "DEGRADED",
    "DOWN",
    "GONE",
    "PLACES",
    "STALE_FOR",
    "TIMEOUT",
    "TOKEN",
    "TTL",
    "UP",
    "ill_now",
    "state_of",
]

TOKEN = "canary-of-the-soak"
TTL = 1.0
STALE_FOR = 8.0
TIMEOUT = 1.0
PERIOD = 11.0
"""Seconds after which what turns turns."""

UP, DEGRADED, DOWN, GONE = "healthy", "degraded", "down", "missing"
CODES = {UP: b"200", DEGRADED: b"200", DOWN: b"503", GONE: b"404"}
UNREAD = frozenset((b"502", b"504"))
_AGE = re.compile(rb'"ageSeconds":([0-9.]+)')
_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *([0-9]+)")
_HEALTH = re.compile(rb"\r\nHeartbeat-Status: ([a-z]+)\r\n")
_LINGER = 5.0


def state_of(name: str, now: float) -> str:
    """The health of an object at a moment of the monotonic clock."""
    word, _, number = name.partition("-")
    turn = int(now / PERIOD + int(number) / 7)
    if word == "turns":
        return UP if turn % 2 else DOWN
    if word == "comes":
        return UP if turn % 2 else GONE
    return {"up": UP, "degraded": DEGRADED, "down": DOWN, "gone": GONE}[word]


def ill_now(now: float) -> str:
    """The health of the namespace `turning`, of whose objects one turns."""
    return state_of("turns-0", now)


def _always(health: str) -> Callable[[float], str]:
    return lambda now: health


PLACES = {"well": _always(UP), "ill": _always(DOWN), "turning": ill_now}
"""Namespaces, and their health as a whole."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and what is right.

    Attributes:
        data: Its bytes.
        truth: The health at a moment; None for what is no question of health.
        codes: The codes that are right where it is none.
        head: Whether it is a HEAD request.
        failing: Whether what is degraded is to fail.
    """

    data: bytes
    truth: Callable[[float], str] | None
    codes: frozenset[bytes] = frozenset()
    head: bool = False
    failing: bool = False


def questions(dice: random.Random) -> Iterator[Question]:
    """Questions without end, in the mix that monitors and strangers make."""
    names = [f"up-{at}" for at in range(60)]
    names += [f"{word}-{at}" for word in ("down", "gone", "degraded") for at in range(12)]
    names += [f"{word}-{at}" for word in ("turns", "comes") for at in range(14)]
    auth = f"Authorization: Bearer {TOKEN}\r\n"
    while True:
        roll = dice.random()
        method = "HEAD" if dice.random() < 0.3 else "GET"
        if roll < 0.80:
            name = dice.choice(names)
            odd = dice.random() < 0.1
            tail = "?fail_on=degraded" if odd else f"?cb={dice.random()}"
            path = f"/api/healthz/soak/deployment/{name}{tail}"
            truth = _truth_of(name)
            yield Question(_bytes(method, path, auth), truth, head=method == "HEAD", failing=odd)
        elif roll < 0.90:
            place = dice.choice([*PLACES])
            path = f"/api/healthz/{place}?kind=deploy"
            yield Question(_bytes(method, path, auth), PLACES[place], head=method == "HEAD")
        else:
            yield dice.choice(_strange(method, auth))


def _truth_of(name: str) -> Callable[[float], str]:
    return lambda now: state_of(name, now)


def _strange(method: str, auth: str) -> list[Question]:
    head = method == "HEAD"
    up = "/api/healthz/soak/deployment/up-1"
    bad = frozenset((b"400",))
    # Whoever fails to say who asks may be told to come back later.
    refused = frozenset((b"401", b"429"))
    return [
        Question(_bytes(method, up, "Authorization: Bearer wrong\r\n"), None, refused, head),
        Question(_bytes(method, f"{up}?for=soon", auth), None, bad, head),
        Question(
            _bytes(method, "/api/healthz/soak/pod/UP", auth), None, frozenset((b"400",)), head
        ),
        Question(_bytes(method, "/api/healthz/soak/%00/x", auth), None, bad, head),
        Question(_bytes(method, "/nowhere", auth), None, frozenset((b"404",)), head),
        Question(_bytes(method, "/livez", ""), None, frozenset((b"200",)), head),
        Question(_bytes(method, "/readyz", ""), None, frozenset((b"200",)), head),
        Question(_bytes(method, "/healthz", ""), None, UNREAD | {b"200"}, head),
    ]


def _bytes(method: str, path: str, headers: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: soak\r\n{headers}\r\n".encode()


@dataclass(slots=True)
class Findings:
    """What came back."""

    codes: Counter[str] = field(default_factory=Counter[str])
    stale: int = 0
    wrong: list[str] = field(default_factory=list[str])
    broken: list[str] = field(default_factory=list[str])
    slowest: float = 0.0
    late: list[str] = field(default_factory=list[str])

    def check(self, question: Question, answer: bytes, sent: float, now: float) -> None:
        """Note one answer."""
        code = answer[9:12]
        self.codes[code.decode("latin-1")] += 1
        self.slowest = max(self.slowest, now - sent)
        if now - sent > TIMEOUT + 0.5 and len(self.late) < 1000:
            self.late.append(f"{now - sent:.2f} s, at {now:.1f}, {code!r}: {question.data[:70]!r}")
        flaw = _flaw(question, code, answer, sent, now)
        self.stale += b'"stale":true' in answer
        if flaw and len(self.wrong) < 1000:
            shown = answer[-600:].decode("latin-1")
            self.wrong.append(f"{flaw}: {question.data[:90]!r} at {now:.2f}: {shown}")


def _flaw(question: Question, code: bytes, answer: bytes, sent: float, now: float) -> str:
    """What is wrong with an answer; empty for nothing."""
    if question.truth is None:
        return "" if code in question.codes else f"code {code!r}"
    found = _HEALTH.search(answer)
    health = found[1].decode() if found else ""
    expected = UNREAD if health == "unknown" else {_code(question, health)}
    if code not in expected:
        return f"code {code!r} for the health {health!r}"
    if health == "unknown":
        return ""
    told = _AGE.search(answer)
    if not told:
        # HEAD: its age is not told, so that any truth it may have been read from is right.
        return _untrue(question.truth, health, sent - STALE_FOR - TIMEOUT, now)
    age, stale = float(told[1]), b'"stale":true' in answer
    if age > STALE_FOR + 0.2 or (
        health != GONE and stale != (age >= TTL) and abs(age - TTL) > 0.15
    ):
        return f"an age of {age}, and {'' if stale else 'not '}stale"
    # Its age counts from when the reading began, which may have taken as long as anything may. Bad
    # news is as old as the oldest reading that explains it: the object's own may be younger.
    until = now if health in (DEGRADED, DOWN) else now - age + TIMEOUT + 0.15
    return _untrue(question.truth, health, sent - age - 0.15, until)


def _code(question: Question, health: str) -> bytes:
    if question.failing and health == DEGRADED:
        return b"503"
    return CODES.get(health, b"")


def _untrue(truth: Callable[[float], str], health: str, since: float, until: float) -> str:
    """Whether a health was the truth at no moment of a time."""
    moments = [since + at * 0.25 for at in range(int((until - since) / 0.25) + 1)]
    truths = {truth(moment) for moment in (*moments, until)}
    return "" if health in truths else f"{health!r}, where the truth is {truths}"


class Caller:
    """One connection that asks one question after the other."""

    def __init__(self, port: int, asks: Iterator[Question], findings: Findings) -> None:
        self._port = port
        self._asks = asks
        self._findings = findings
        self.sock = self._connect()

    def _connect(self) -> socket.socket:
        self._buffer = b""
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=_LINGER)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def ask(self) -> None:
        """Send the next question."""
        self._question = next(self._asks)
        self.sent = time.monotonic()
        self.sock.sendall(self._question.data)

    def take(self) -> bool:
        """Read what is there; whether the answer is whole and checked."""
        part = self.sock.recv(2**17)
        self._buffer += part
        head, _, body = self._buffer.partition(b"\r\n\r\n")
        if not part or len(head) == len(self._buffer):
            if not part:
                self.reconnect(f"closed after {self._buffer[:200]!r}")
            return not part
        length = _LENGTH.search(head)
        if not self._question.head and len(body) < int(length[1] if length else 0):
            return False
        self._findings.check(self._question, self._buffer, self.sent, time.monotonic())
        self._buffer = b""
        if b"\r\nConnection: close" in head:
            self.sock.close()
            self.sock = self._connect()
        return True

    def reconnect(self, why: str) -> None:
        """Begin anew, and note why."""
        self._findings.broken.append(f"{self._question.data[:90]!r}: {why}")
        self.sock.close()
        self.sock = self._connect()


def run(port: int, seconds: float, seed: str, connections: int) -> Findings:
    """Ask for so long."""
    findings = Findings()
    asks = questions(random.Random(seed))  # noqa: S311  # load, no secret
    ends = time.monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        for _ in range(connections):
            caller = Caller(port, asks, findings)
            caller.ask()
            ready.register(caller.sock, selectors.EVENT_READ, caller)
        while ready.get_map():
            events = ready.select(_LINGER)
            if not events:
                findings.broken.append(f"{len(ready.get_map())} questions without an answer")
                break
            for key, _ in events:
                caller, before = key.data, key.fileobj
                try:
                    done = caller.take()
                except OSError as error:
                    caller.reconnect(repr(error))
                    done = True
                if done:
                    over = time.monotonic() > ends
                    if over or caller.sock is not before:
                        ready.unregister(before)
                    if over:
                        caller.sock.close()
                    else:
                        caller.ask()
                        if caller.sock is not before:
                            ready.register(caller.sock, selectors.EVENT_READ, caller)
    return findings


if __name__ == "__main__":
    found = run(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    print(json.dumps({each.name: getattr(found, each.name) for each in fields(found)}))
