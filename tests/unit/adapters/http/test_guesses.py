"""What is remembered of who guesses, and of who is right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import pytest
from cachetools import TTLCache

from k8s_heartbeat.adapters.http.callers import Credential
from k8s_heartbeat.adapters.http.guesses import Guesses
from k8s_heartbeat.adapters.http.limits import Limit, OverLimit
from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit

MORE_THAN_ARE_REMEMBERED = 5000


class World:
    """Guesses of which an address has so many a minute, on a clock that stands."""

    def __init__(self, limit: int = 1) -> None:
        self.seconds = 0.0
        clock = partial(getattr, self, "seconds")
        self.quota = LocalQuota(RateLimit(limit, timedelta(minutes=1)), clock)
        failures = Limit(
            self.quota, name="failed", who="address", what="guesses", setting="NONE", clock=clock
        )
        self.guesses = Guesses(failures, clock)

    def offer(self, *values: str, right: Iterable[str] = (), client: str = "here") -> int:
        """What of it was looked at, of which some is right; 0 where it is refused."""
        try:
            with self.guesses.trial(
                client, [Credential(each.encode()) for each in values]
            ) as tried:
                found = {key for key, each in tried.items() if each.value.decode() in right}
                self.guesses.settle(client, found, tried.keys() - found)
                return len(tried)
        except OverLimit:
            return 0

    def tables(self) -> list[TTLCache[bytes, None]]:
        """All that is remembered beyond a trial."""
        return [each for each in vars(self.guesses).values() if isinstance(each, TTLCache)]


def test_no_number_of_guesses_makes_it_forget_who_was_right() -> None:
    """From however many addresses; what they guessed is forgotten in its turn."""
    world = World()
    assert world.offer("right", right=["right"]) == 1
    assert world.offer("old") == 1
    for number in range(MORE_THAN_ARE_REMEMBERED):
        assert world.offer("guess", client=f"client-{number}") == 1
    assert world.offer("right", right=["right"]) == 1
    assert world.offer("old") == 0


def test_what_is_remembered_is_bounded_and_tells_no_token() -> None:
    """SHA-256 alone, another one for each address."""
    world = World(limit=2)
    for number in range(MORE_THAN_ARE_REMEMBERED):
        world.offer("a-token", "wrong", right=["a-token"], client=f"client-{number}")
    tables = world.tables()
    assert [len(table) for table in tables] == [4096, 4096]
    keys = [key for table in tables for key in table]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(keys)


def test_nothing_stays_on_trial() -> None:
    """Whatever ends a trial, it is over."""
    world = World(limit=2)
    with (
        pytest.raises(RuntimeError),
        world.guesses.trial("here", [Credential(b"one"), Credential(b"two")]),
    ):
        assert world.offer("three") == 0
        raise RuntimeError("the authenticator broke")
    assert world.quota.usage("here").remaining == 2
    assert world.offer("one", "two") == 2


def test_alike_is_what_has_the_same_bytes_wherever_it_stood() -> None:
    """And the first of these is what is looked at, as the header stands first."""
    world = World()
    bearer, other = Credential(b"one", is_bearer=True), Credential(b"one")
    with world.guesses.trial("here", [bearer, other]) as tried:
        assert [each.is_bearer for each in tried.values()] == [True]


def test_an_address_of_odd_characters_is_one() -> None:
    """A server hands on whatever it is told."""
    assert World().offer("one", client="\udcff") == 1
