"""Slots: so many compute, and whoever waits for something else leaves theirs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from k8s_heartbeat.adapters.slots import ComputeSlots
from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout
from tests.unit.adapters.support import PATIENCE, Crowd, Hold, holding


def soon(seconds: float = PATIENCE) -> Deadline:
    """A deadline in real time."""
    return Deadline.after(seconds, time.monotonic)


def computing(
    slots: ComputeSlots, hold: Hold, deadline: Deadline | None = None
) -> Callable[[], str]:
    """Something that computes in a slot while it is held."""

    def compute() -> str:
        with slots.taken(deadline or soon()):
            hold()
        return "done"

    return compute


def test_so_many_compute_and_all_come_to_it() -> None:
    """The others wait, and none is left out."""
    with holding() as hold:
        crowd = Crowd(computing(ComputeSlots(2), hold))
        crowd.start(6)
        hold.wait_for(2)
        assert not hold.is_waited_at
        hold.release()
        assert crowd.end() == ["done"] * 6


@pytest.mark.parametrize("had", [True, False], ids=["who has a slot", "who has none"])
def test_only_a_slot_that_one_has_can_be_left(had: bool) -> None:
    """Others have it meanwhile, and it is taken again; a probe leaves the bound as it is."""
    slots = ComputeSlots(1)
    with holding() as hold, holding() as other:
        if had:
            with slots.taken(soon()):
                assert slots.leave()
                crowd = Crowd(computing(slots, hold))
                crowd.start(1)
                hold.wait_for()
                hold.release()
                slots.resume(True)
                late = Crowd(computing(slots, other, soon(0.01)))
                late.start(1)
                assert [type(outcome) for outcome in late.end()] == [ReadTimeout]
                crowd.end()
        else:
            assert not slots.leave()
            slots.resume(False)
        pair = Crowd(computing(slots, other))
        pair.start(2)
        other.wait_for()
        assert not other.is_waited_at
        other.release()
        pair.end()


def test_a_slot_ends_with_what_raises() -> None:
    """Neither an error in a slot nor one beside it loses it, and a timeout takes none."""
    slots = ComputeSlots(1)
    for leaves in (False, True, False):
        with pytest.raises(KeyError), slots.taken(soon()):
            if leaves:
                slots.leave()
            raise KeyError
    with slots.taken(soon()):
        late = Crowd(computing(slots, Hold(), soon(0.0)))
        late.start(1)
        (outcome,) = late.end()
        assert isinstance(outcome, ReadTimeout)
        assert "no slot became free in time" in str(outcome)
    with slots.taken(soon(0.0)):
        pass
