"""Delivers a report: again and again while that may help, and no longer than it is new."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from k8s_heartbeat.adapters.masking import KNOWN, without_credentials

from .receiver import Receiver, Reply, Request, cut
from .report import Outcome, Report
from .sender import SendError

__all__ = ["Delivery", "DeliveryError"]

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_LONGEST_TOLD = 200


class DeliveryError(Exception):
    """A receiver did not take a report; the message says why, without the URL and the token."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How reports get to a receiver.

    Attributes:
        receiver: The receiver.
        send: Sends a request; raises SendError.
        clock: A monotonic clock, in seconds.
        wait: Waits for seconds.
        jitter: A random number from 0 up to 1.
    """

    receiver: Receiver
    send: Callable[[Request], Reply]
    clock: Callable[[], float]
    wait: Callable[[float], None]
    jitter: Callable[[], float] = random.random

    def withholds(self, report: Report) -> bool:
        """Whether nothing is sent, so that the receiver's own alarm for silence goes off."""
        return report.outcome is Outcome.UNKNOWN and not self.receiver.tells_unknown

    def deliver(self, report: Report, until: float) -> None:
        """Have a report taken; one that is withheld sends nothing.

        Args:
            report: The report.
            until: By the clock, after when no new attempt begins.

        Raises:
            DeliveryError: It was not taken.
        """
        if self.withholds(report):
            return
        request = self.receiver.request(report)
        longest = _FIRST_WAIT
        while True:
            problem, again, asked = self._attempt(request)
            if not problem:
                return
            # Half of the wait is chance: many that fail together do not come back together.
            wait = max(longest * (1 + self.jitter()) / 2, asked)
            if not again or self.clock() + wait >= until:
                raise DeliveryError(problem)
            self.wait(wait)
            longest = min(2 * longest, _LONGEST_WAIT)

    def _attempt(self, request: Request) -> tuple[str, bool, float]:
        """What is wrong, if anything; whether to try again, and after how many seconds at least."""
        try:
            reply = self.send(request)
        except SendError as error:
            return str(error), error.passing, 0.0
        if 200 <= reply.status < 300 and self.receiver.took(reply):
            return "", False, 0.0
        again = reply.status >= 500 or reply.status in (408, 429)
        return _refusal(reply), again, reply.retry_after or 0.0


def _refusal(reply: Reply) -> str:
    if 300 <= reply.status < 400:
        return f"it answered {reply.status}, a redirect, which is not followed"
    text = " ".join(reply.body.decode("utf-8", "replace").split())
    # A page for people says nothing in its beginning.
    if not text or text.startswith("<") or not text.isprintable():
        what = "a page or no text" if text else "an empty body"
        return f"it answered {reply.status}" + f" with {what}" * (reply.status < 300)
    told = without_credentials(KNOWN.mask(text))
    return f"it answered {reply.status}: {cut(told, _LONGEST_TOLD)}"
