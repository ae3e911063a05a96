"""One budget: what is in hand comes first, and what is kept gives way to it."""

from __future__ import annotations

import time

import pytest
from cachetools import TLRUCache

from k8s_heartbeat.adapters.memory import LARGEST, Memory
from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout
from tests.unit.adapters.support import PATIENCE, Crowd

MIB = 2**20
Shelf = TLRUCache[str, int]


def soon(seconds: float = PATIENCE) -> Deadline:
    """A deadline in real time."""
    return Deadline.after(seconds, time.monotonic)


def shelf_of(memory: Memory, most: int = 2**40) -> Shelf:
    """A shelf of sizes, each as heavy as it says."""
    return memory.shelf(
        most, clock=time.monotonic, ends=lambda key, value, now: now + 3600.0, size=int
    )


def put(memory: Memory, shelf: Shelf, **sizes: int) -> None:
    """Keep something as users of a shelf do."""
    with memory.lock:
        for key, size in sizes.items():
            shelf[key] = size
            memory.fit()


def test_shelves_share_the_budget() -> None:
    """What is beyond it is taken from the fullest, the longest unused first."""
    memory = Memory(100 * MIB)
    full, other = shelf_of(memory), shelf_of(memory)
    put(memory, other, small=10 * MIB)
    put(memory, full, a=30 * MIB, b=30 * MIB, c=30 * MIB)
    assert memory.held == 100 * MIB
    assert full["a"]
    put(memory, other, more=5 * MIB)
    assert (sorted(full), sorted(other)) == (["a", "c"], ["more", "small"])
    assert memory.held == 75 * MIB


def test_a_shelf_has_a_bound_of_its_own() -> None:
    """However much of the budget is left."""
    memory = Memory(100 * MIB)
    shelf = shelf_of(memory, 10 * MIB)
    put(memory, shelf, a=6 * MIB, b=6 * MIB)
    assert sorted(shelf) == ["b"]


def test_what_is_kept_gives_way_to_what_is_in_hand() -> None:
    """As much of it as is needed, and it is not there again afterwards."""
    memory = Memory(100 * MIB)
    shelf = shelf_of(memory)
    put(memory, shelf, **{f"a{at}": 10 * MIB for at in range(10)})
    with memory.room() as room:
        assert memory.held == 100 * MIB
        room.grow("pods", soon())
        assert memory.held == 100 * MIB
        assert len(shelf) == 6
        room.grow("pods", soon())
        assert len(shelf) == 6
    assert memory.held == 60 * MIB


def test_who_finds_no_room_waits_for_it_until_the_deadline() -> None:
    """Two large readings fit; the third one comes in when one of them is through."""
    memory = Memory(2 * LARGEST)

    def read(seconds: float) -> str:
        with memory.room() as room:
            room.grow("pods in shop", soon(seconds))
            return "read"

    with memory.room() as one:
        with memory.room() as two:
            one.grow("one", soon())
            two.grow("two", soon())
            assert memory.held == 2 * LARGEST
            with pytest.raises(ReadTimeout, match="pods in shop: overloaded"):
                read(0.0)
            waiting = Crowd(lambda: read(PATIENCE))
            waiting.start(3)
            assert not waiting.outcomes
        assert waiting.end() == ["read"] * 3
    assert memory.held == 0


@pytest.mark.parametrize("error", [None, KeyError("odd")], ids=["nothing", "an error"])
def test_room_is_given_back_whatever_happens_in_it(error: Exception | None) -> None:
    """A reading that never was large takes none."""
    memory = Memory(LARGEST)
    for grows in (True, False, True):
        try:
            with memory.room() as room:
                if grows:
                    room.grow("pods", soon(0.0))
                assert memory.held == (LARGEST if grows else 0)
                if error is not None:
                    raise error
        except KeyError:
            assert error is not None
        assert memory.held == 0


def test_the_largest_reading_always_fits() -> None:
    """Whatever budget it is given."""
    with Memory(1).room() as room:
        room.grow("pods", soon(0.0))


class Large(int):
    """A size with an identity."""


def handed(memory: Memory, shelf: Shelf, key: str, size: int) -> Large:
    """Keep a value and count it as in hand, as who has just read it does."""
    value = Large(size)
    with memory.lock:
        shelf[key] = value
        memory.fit()
    memory.hand_over(shelf, key, value, size)
    return value


def test_what_somebody_holds_counts_as_long_as_they_do() -> None:
    """Once where it is kept as well, and on where it had to give way to something else."""
    memory = Memory(100 * MIB)
    shelf, other = shelf_of(memory), shelf_of(memory)
    with memory.holding():
        held = handed(memory, shelf, "a", 60 * MIB)
        memory.hand_over(shelf, "a", held, 60 * MIB)
        assert memory.held == 60 * MIB
        with memory.lock:
            del shelf["a"]
        assert memory.held == 60 * MIB
        put(memory, other, b=30 * MIB, c=30 * MIB)
        assert sorted(other) == ["c"]
    assert memory.held == 30 * MIB


def test_nothing_is_dropped_in_vain() -> None:
    """What is held is there whether it is kept or not."""
    memory = Memory(100 * MIB)
    shelf = shelf_of(memory)
    put(memory, shelf, old=10 * MIB)
    with memory.holding():
        handed(memory, shelf, "a", 70 * MIB)
        with memory.holding():
            handed(memory, shelf, "b", 70 * MIB)
            # For the second one there was no room, and it is there all the same.
            assert sorted(shelf) == ["a"]
            assert memory.held == 140 * MIB
        assert memory.held == 70 * MIB


def test_nothing_counts_for_who_does_not_hold() -> None:
    """Nor what is too small to count."""
    memory = Memory(100 * MIB)
    shelf = shelf_of(memory)
    handed(memory, shelf, "a", 10 * MIB)
    with memory.holding():
        handed(memory, shelf, "b", 10)
        with memory.lock:
            shelf.clear()
        assert memory.held == 0


def test_who_holds_something_first_goes_on() -> None:
    """Others wait until that one is through: two that hold something would wait for ever."""
    memory = Memory(2 * LARGEST)
    shelf = shelf_of(memory)

    def read_on(seconds: float) -> str:
        with memory.holding(), memory.room() as room:
            handed(memory, shelf, f"of {seconds}", LARGEST // 2)
            room.grow("pods", soon(seconds))
            return "read"

    with memory.holding():
        handed(memory, shelf, "of the first", LARGEST)
        waiting = Crowd(lambda: read_on(PATIENCE))
        waiting.start(2)
        late = Crowd(lambda: read_on(0.0))
        late.start(1)
        assert [type(outcome) for outcome in late.end()] == [ReadTimeout]
        with memory.room() as room:
            room.grow("pods", soon(0.0))
            assert not waiting.outcomes
    assert waiting.end() == ["read"] * 2
    assert memory.held <= 2 * LARGEST


def test_what_a_shelf_keeps_that_nobody_has_any_more_is_not_counted() -> None:
    """Caches come and go, as the configuration that they are made for does."""
    memory = Memory()
    shelf = shelf_of(memory)
    put(memory, shelf, a=MIB)
    assert memory.held == MIB
    del shelf
    assert memory.held == 0
