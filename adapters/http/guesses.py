"""Guesses: a bound on the unknown credentials that a client may send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from hashlib import sha256

from cachetools import TTLCache

from ..waits import waiting
from .callers import Credential
from .limits import Limit, OverLimit

__all__ = ["Guesses"]

# Of right and of wrong ones; some 300 bytes each.
_MOST_KNOWN = 4096
_RIGHT_SECONDS = 3600.0
_NOTED_SECONDS = 600.0
# How long, and how many requests at most, wait for the trials of other requests to end: each of
# them keeps a thread of the server.
_PATIENCE_SECONDS = 1.0
_MOST_WAITING = 32
_MANY_AT_ONCE = "too many tokens of this address are new at once; retry in 1 s"


class Guesses:
    """Decides which credentials may be checked, and counts the wrong ones.

    A credential is known for a client for an hour after it was right, and for a period after it was
    counted as wrong. A known one is not a guess: it is checked however much the client has guessed,
    and is not counted, whatever the result. So a client that was right is not shut out by others
    behind the same address, and an old token that is sent repeatedly counts once a period.

    Wrong credentials are kept apart from right ones, so that guessing cannot evict the right ones.

    Args:
        failures: The limit of wrong credentials from each client.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, failures: Limit, clock: Callable[[], float]) -> None:
        self._failures = failures
        self._clock = clock
        self._lock = threading.Lock()
        # By the SHA-256 of a client and a credential.
        period = failures.quota.limit.period.total_seconds()
        self._right: TTLCache[bytes, float] = TTLCache(_MOST_KNOWN, _RIGHT_SECONDS, clock)
        self._wrong: TTLCache[bytes, None] = TTLCache(_MOST_KNOWN, period, clock)
        self._ended = threading.Condition(self._lock)
        self._waiting = 0
        # The guesses of each client under trial: parallel guesses count too.
        self._tried: dict[str, list[bytes]] = {}

    def was_just_right(self, client: str, credential: Credential) -> bool:
        """Whether it was right from there so lately that it need not be noted again."""
        digest = _digest(client, credential)
        with self._lock:
            try:
                noted = self._right[digest]
            except KeyError:
                return False
        return self._clock() - noted < _NOTED_SECONDS

    @contextmanager
    def trial(
        self,
        client: str,
        offered: Iterable[Credential],
        refusal: Callable[[], OverLimit | None] | None = None,
    ) -> Generator[Mapping[bytes, Credential]]:
        """The credentials that may be checked, by the digests that `settle` takes.

        These are all that were offered; if there are too many, those that were right before.

        Args:
            client: Their client.
            offered: The credentials.
            refusal: Called if some were not right before; if it returns an error, these are not
                checked. None to check them.

        Raises:
            OverLimit: None may be checked.
        """
        # Of equal ones, the first.
        admitted = {_digest(client, each): each for each in dict.fromkeys(offered)}
        with self._lock:
            right = [key for key in admitted if key in self._right]
            guesses = self._unknown(admitted)
        over = refusal() if refusal and len(right) < len(admitted) else None
        if over is None and guesses:
            over = self._begin(client, guesses)
        if over is not None:
            if not right:
                raise over
            guesses = []
            admitted = {key: admitted[key] for key in right}
        try:
            yield admitted
        finally:
            if guesses:
                self._end(client, guesses)

    def were_right(self, digests: Iterable[bytes]) -> bool:
        """Whether one under trial was right before."""
        with self._lock:
            return any(digest in self._right for digest in digests)

    def settle(self, client: str, right: Collection[bytes], wrong: Collection[bytes]) -> None:
        """Remember the results of a trial, before it ends, and count the wrong guesses.

        Raises:
            OverLimit: They exceed the client's limit, including parallel ones and those in other
                processes; whether they are wrong is not revealed.
        """
        with self._lock:
            if right:
                self._right.update(dict.fromkeys(right, self._clock()))
            guesses = self._unknown(wrong) if wrong else []
            # Before counting, so that of many equal ones at once one counts.
            self._wrong.update(dict.fromkeys(guesses))
        if not guesses:
            return
        usage = self._failures.quota.hit(client, len(guesses))
        if usage.over:
            with self._lock:
                for digest in guesses:
                    self._wrong.pop(digest, None)
            raise OverLimit(self._failures, client, usage)

    def _unknown(self, digests: Iterable[bytes]) -> list[bytes]:
        return [each for each in digests if each not in self._right and each not in self._wrong]

    def _begin(self, client: str, guesses: list[bytes]) -> OverLimit | None:
        """Put guesses on trial, unless these are too many.

        If only other trials are in the way, which may be right, wait a moment for their end: many
        monitors behind one address may be new at once.
        """
        ends = time.monotonic() + _PATIENCE_SECONDS
        while True:
            usage = self._failures.quota.usage(client)
            with self._lock:
                tried = self._tried.get(client, [])
                if len({*tried, *guesses}) <= usage.remaining:
                    self._tried[client] = tried + guesses
                    return None
                if len(guesses) > usage.remaining:
                    return OverLimit(self._failures, client, usage)
                left = ends - time.monotonic()
                if left <= 0 or self._waiting >= _MOST_WAITING:
                    used = max(0, usage.remaining - len(set(tried)))
                    usage = usage._replace(remaining=used, wait=0.0)
                    return OverLimit(self._failures, client, usage, _MANY_AT_ONCE)
                self._waiting += 1
                try:
                    with waiting():
                        self._ended.wait(left)
                finally:
                    self._waiting -= 1

    def _end(self, client: str, guesses: list[bytes]) -> None:
        with self._lock:
            tried = self._tried.get(client, [])
            for digest in guesses:
                tried.remove(digest)
            if not tried:
                self._tried.pop(client, None)
            self._ended.notify_all()


def _digest(client: str, credential: Credential) -> bytes:
    """One for each token of a client, however it is spelled: the user's name says nothing."""
    token = credential.password or credential.value
    return sha256(client.encode("utf-8", "surrogatepass") + b"\0" + token).digest()
