"""Gates: monitors behind one address, while their token is rotated and while somebody guesses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path

from tests.entrypoints.support import API, served
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.process import Service

from .figures import Figures

MONITORS = 20
SECONDS_BETWEEN = 0.5
# Many times over what ten wrong tokens a minute leave of those who share an address with them.
SECONDS_AFTER = 5.0
OLD, NEW, GONE = "canary-token-old", "canary-token-new", "canary-token-long-gone"
IN_FORCE = "has changed and is in force"


@dataclass(frozen=True, slots=True)
class Polled:
    """A request that was answered: when, with which token, and what came of it."""

    began: float
    ended: float
    token: str
    code: int


@dataclass(slots=True)
class Monitor:
    """Somebody who polls twice a second, with the token that it has at the time."""

    service: Service
    token: str
    polls: list[Polled] = field(default_factory=list[Polled])

    def poll(self) -> None:
        """Ask once."""
        began, token = time.monotonic(), self.token
        code = self.service.get(API, headers={"Authorization": f"Bearer {token}"}).status
        self.polls.append(Polled(began, time.monotonic(), token, code))

    def since(self, moment: float) -> list[Polled]:
        """What it asked from then on."""
        return [each for each in list(self.polls) if each.began >= moment]

    def work(self, ended: threading.Event) -> None:
        """Poll until it is over."""
        while not ended.wait(SECONDS_BETWEEN):
            self.poll()


@contextmanager
def polling(monitors: Iterable[Monitor]) -> Generator[None]:
    """While they poll, each in its own time."""
    ended = threading.Event()
    threads = [
        threading.Thread(target=monitor.work, args=(ended,), daemon=True) for monitor in monitors
    ]
    try:
        for thread in threads:
            thread.start()
            time.sleep(SECONDS_BETWEEN / MONITORS)
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(2 * PATIENCE)


def all_polled(monitors: Sequence[Monitor]) -> None:
    """Return once each of them has asked again."""
    now = time.monotonic()
    until(lambda: all(monitor.since(now) for monitor in monitors), "every monitor has asked again")


def write(path: Path, *tokens: str) -> None:
    """A tokens file in which these are valid for one caller."""
    hashes = ", ".join(f'"{sha256(token.encode()).hexdigest()}"' for token in tokens)
    path.write_text(f"tokens: [{{name: monitors, sha256: [{hashes}]}}]\n")


def change(service: Service, path: Path, *tokens: str) -> None:
    """Write the file anew, and return once it is in force."""
    changes = service.logged().count(IN_FORCE)
    write(path, *tokens)

    def in_force() -> bool:
        # It is looked at when it is asked for, and who is refused unseen does not.
        service.get("/readyz?verbose")
        return service.logged().count(IN_FORCE) > changes

    until(in_force, "the changed file is in force")


def refused(monitors: Iterable[Monitor], was_right: Callable[[Polled], bool]) -> tuple[int, int]:
    """How many answers to a token that was right all along were not 200, and of how many."""
    codes = [each.code for monitor in monitors for each in monitor.polls if was_right(each)]
    return sum(code != 200 for code in codes), len(codes)


def test_a_rotation_shuts_out_nobody_who_is_right(
    home: Path, api: ApiServer, figures: Figures
) -> None:
    """In two steps, as documented: both tokens, then the new one only.

    One monitor more has a token that was taken out before the service began.
    """
    path = home / "tokens.yaml"
    write(path, OLD)
    with served(home, api, auth="token", HEARTBEAT_TOKENS_FILE=str(path)) as service:
        monitors = [Monitor(service, OLD) for _ in range(MONITORS)]
        stay, move, gone = monitors[::2], monitors[1::2], Monitor(service, GONE)
        with polling([gone, *monitors]):
            # Again and again, until it would have used up what may be guessed.
            until(lambda: len(gone.polls) > 12, "many requests with a token that is wrong")
            all_polled(monitors)
            change(service, path, OLD, NEW)
            new_is_valid = time.monotonic()
            for monitor in move:
                monitor.token = NEW
            all_polled(monitors)
            old_is_valid_until = time.monotonic()
            change(service, path, NEW)
            settled = time.monotonic()
            time.sleep(SECONDS_AFTER)
            all_polled(monitors)

    def was_right(each: Polled) -> bool:
        if each.token == NEW:
            return each.began >= new_is_valid
        return each.ended <= old_is_valid_until

    wrongly, right = refused(monitors, was_right)
    limited = sum(each.code == 429 for monitor in [gone, *monitors] for each in monitor.polls)
    what = f"a token rotated under {MONITORS} monitors"
    figures.take(f"{what}: a right token refused", wrongly, 0, f"of {right}")
    figures.take(f"{what}: 429 for anybody", limited, 0, "answers")
    assert {each.code for each in gone.polls} == {401}
    assert {each.code for monitor in stay for each in monitor.since(settled)} == {401}
    assert {each.token for monitor in move for each in monitor.since(settled)} == {NEW}
    assert min(len(monitor.since(settled)) for monitor in monitors) >= 3


def test_a_guesser_shuts_out_nobody_who_was_right(
    home: Path, api: ApiServer, figures: Figures
) -> None:
    """Whoever guesses behind the same address is refused, and nobody else is."""
    path = home / "tokens.yaml"
    write(path, OLD, NEW)
    with served(home, api, auth="token", HEARTBEAT_TOKENS_FILE=str(path)) as service:
        monitors = [Monitor(service, (OLD, NEW)[at % 2]) for at in range(MONITORS)]
        guessed: list[int] = []
        with polling(monitors):
            all_polled(monitors)
            ends = time.monotonic() + SECONDS_AFTER
            for number in count():
                if time.monotonic() > ends:
                    break
                guessed.append(_code(service, f"canary-guess-{number}"))
            all_polled(monitors)
    wrongly, right = refused(monitors, lambda each: True)
    what = f"a guesser beside {MONITORS} monitors"
    figures.take(f"{what}: a right token refused", wrongly, 0, f"of {right}")
    figures.take(f"{what}: guesses looked at", len(guessed) - guessed.count(429), 10, "a minute")
    assert guessed[:10] == [401] * 10
    assert len(guessed) > 100


def _code(service: Service, token: str) -> int:
    return service.get(API, headers={"Authorization": f"Bearer {token}"}).status
