"""The state of an object or a group, as every page shows it."""

from __future__ import annotations

from typing import NamedTuple

from k8s_heartbeat.core import Assessment, Health, Summary

from ..rendering import status_text

__all__ = ["UNKNOWN", "State"]


class State(NamedTuple):
    """A status, and whether the object or group is up: a degraded one can be up or not.

    Attributes:
        health: The status.
        up: Whether it is up.
    """

    health: Health
    up: bool

    @classmethod
    def of(cls, verdict: Assessment | Summary) -> State:
        """The state of a verdict."""
        return cls(verdict.health, verdict.up)

    @property
    def word(self) -> str:
        """The status in one word."""
        return str(self.health)

    @property
    def text(self) -> str:
        """The status in words, such as ``degraded, not up``."""
        return status_text(self.health, up=self.up)

    @property
    def alarming(self) -> bool:
        """Whether it is degraded and not up, and so has the colour of `down`."""
        return self.health is Health.DEGRADED and not self.up

    @property
    def classes(self) -> str:
        """The CSS classes that colour it."""
        return f"{self.word} not-up" if self.alarming else self.word


UNKNOWN = State(Health.UNKNOWN, up=False)
"""The state if nothing is known."""
