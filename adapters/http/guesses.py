"""Guesses: what a client offers that nobody knows it by, so much of it and no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from hashlib import sha256

from cachetools import TTLCache

from .callers import Credential
from .limits import Limit, OverLimit

__all__ = ["Guesses"]

# Of each of the two kinds; some 300 bytes each.
_MOST_KNOWN = 4096
_RIGHT_SECONDS = 3600.0
_NOTED_SECONDS = 600.0


class Guesses:
    """Tells what a client may have looked at, and counts what was found wrong.

    A credential is known of one client for an hour after it was right, and for a period after it
    was counted as wrong. What is known is no guess: it is looked at however much the client has
    guessed, and costs nothing, whatever comes of it this time. So whoever was right is not shut out
    by others behind the same address, and an old token that asks on and on counts once a period.

    What is wrong is remembered apart from what is right, which guessing cannot make it forget.

    Args:
        failures: How much that is wrong each client may offer.
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
        # What each client has on trial: guessing at once is not guessing faster.
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
        """What may be looked at, each once, by the digests that `settle` takes.

        That is all that is offered; where it is too much, what of it was right before.

        Args:
            client: Who offers it.
            offered: What is offered.
            refusal: Asked when something was not right before; what it returns keeps that from
                being looked at. None where nothing does.

        Raises:
            OverLimit: There is nothing that may.
        """
        # Of those that are alike the first.
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
        """Whether one of what is on trial was right before."""
        with self._lock:
            return any(digest in self._right for digest in digests)

    def settle(self, client: str, right: Collection[bytes], wrong: Collection[bytes]) -> None:
        """Remember what came of a trial, before it ends, and count what was a wrong guess.

        Raises:
            OverLimit: There were more than the client may have, others at this moment or in other
                processes included: not even that they are wrong is told.
        """
        with self._lock:
            if right:
                self._right.update(dict.fromkeys(right, self._clock()))
            guesses = self._unknown(wrong) if wrong else []
            # At once, so that of many that are alike at one moment one counts.
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
        """Put guesses on trial, unless these are too many."""
        usage = self._failures.quota.usage(client)
        with self._lock:
            tried = self._tried.get(client, [])
            if len({*tried, *guesses}) > usage.remaining:
                if len(guesses) <= usage.remaining:
                    # Only other trials are in the way; they end soon, and may be right.
                    left = max(0, usage.remaining - len(set(tried)))
                    usage = usage._replace(remaining=left, wait=0.0)
                return OverLimit(self._failures, client, usage)
            self._tried[client] = tried + guesses
        return None

    def _end(self, client: str, guesses: list[bytes]) -> None:
        with self._lock:
            tried = self._tried.get(client, [])
            for digest in guesses:
                tried.remove(digest)
            if not tried:
                self._tried.pop(client, None)


def _digest(client: str, credential: Credential) -> bytes:
    return sha256(client.encode("utf-8", "surrogatepass") + b"\0" + credential.value).digest()
