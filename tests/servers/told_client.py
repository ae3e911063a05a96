"""A client of the live reader's that asks nobody."""

from __future__ import annotations

from collections.abc import Callable

from k8s_heartbeat.adapters.cluster.client import Client, Request
from k8s_heartbeat.adapters.memory import Room
from k8s_heartbeat.core.checks.reader import Deadline

__all__ = ["ToldClient"]


class ToldClient(Client):
    """A client whose API server answers as it is told to.

    Attributes:
        asked: What it was asked so far.
    """

    def __init__(self, answer: Callable[[Request], tuple[int, bytes]]) -> None:
        self._answer = answer
        self.asked: list[Request] = []

    def send(
        self, request: Request, deadline: Deadline, room: Room | None, *, patient: bool = False
    ) -> tuple[int, bytes]:
        """See `Client.send`."""
        self.asked.append(request)
        return self._answer(request)
