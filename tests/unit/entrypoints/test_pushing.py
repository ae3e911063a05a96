"""The turns of judging and reporting, with a clock that only goes on while somebody waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from k8s_heartbeat.adapters.push.delivery import Delivery
from k8s_heartbeat.adapters.push.forms import receiver_at
from k8s_heartbeat.adapters.push.receiver import Reply, Request
from k8s_heartbeat.adapters.push.sender import SendError
from k8s_heartbeat.core import Health
from k8s_heartbeat.core.failure_policy import FailurePolicy
from k8s_heartbeat.entrypoints.answer import Answer, Verdict
from k8s_heartbeat.entrypoints.errors import EXIT_UNREADABLE, EXIT_USAGE, CommandError
from k8s_heartbeat.entrypoints.judging import UnreadError
from k8s_heartbeat.entrypoints.pushing import Pushing
from k8s_heartbeat.entrypoints.question import Question
from tests.builders import NOW
from tests.servers.receiver import CHECK
from tests.unit.adapters.push.reports import verdict

UP = Answer([Verdict(verdict(Health.HEALTHY))])
DOWN = Answer([Verdict(verdict(Health.DOWN))])
PARTLY = Answer([Verdict(verdict(Health.HEALTHY)), Verdict(verdict(Health.UNKNOWN, "web"))])
UNREAD = UnreadError("deployments shop/api: no answer", Answer((), group=("Namespace", "shop")))
NO_CLUSTER = CommandError("no cluster was found", EXIT_UNREADABLE)
WRONG = CommandError("no such kind", EXIT_USAGE)
AWAY = SendError("it cannot be reached: Connection refused")
QUESTION = Question((), (), None, None, "", FailurePolicy(), NOW)


class _OverError(Exception):
    """The story has been told."""


@dataclass
class Story:
    """What the cluster says round by round, and what the receiver answers; then it ends."""

    rounds: Sequence[Answer | CommandError]
    replies: Sequence[Reply | SendError] = (Reply(200, b"OK"),)
    url: str = f"https://hc-ping.com/{CHECK}"
    judging: float = 2.0
    now: float = 1000.0
    judged: list[float] = field(default_factory=list[float])
    sent: list[str] = field(default_factory=list[str])

    def connect(self) -> Callable[[datetime], Answer]:
        return self.judge

    def judge(self, now: datetime) -> Answer:
        assert now == self.wall()
        if len(self.judged) == len(self.rounds):
            raise _OverError
        said = self.rounds[len(self.judged)]
        self.judged.append(self.now)
        self.now += self.judging
        if isinstance(said, CommandError):
            raise said
        return said

    def wall(self) -> datetime:
        return NOW + timedelta(seconds=self.now)

    def send(self, request: Request) -> Reply:
        reply = self.replies[min(len(self.sent), len(self.replies) - 1)]
        self.sent.append(urlsplit(request.target).path.rpartition("/")[2])
        if isinstance(reply, SendError):
            raise reply
        return reply

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def pushing(self) -> Pushing:
        form, receiver = receiver_at(self.url, "")
        delivery = Delivery(receiver, self.send, lambda: self.now, self.wait, lambda: 1.0)
        return Pushing(self.connect, QUESTION, form, delivery, wall=self.wall)

    def tell(self, interval: float = 60.0) -> None:
        """Run until the rounds are over."""
        with pytest.raises(_OverError):
            self.pushing().forever(interval)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What was logged."""
    return [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "k8s_heartbeat.entrypoints.pushing")


def test_rounds_begin_at_the_same_distance() -> None:
    """However long judging takes; one that overruns leaves out what is past."""
    story = Story([UP] * 4)
    story.tell()
    assert story.judged == [1000, 1060, 1120, 1180]
    slow = Story([UP] * 3, judging=70.0)
    slow.tell()
    assert slow.judged == [1000, 1120, 1240]


def test_retries_end_before_the_next_round() -> None:
    """Then there is newer news to tell."""
    story = Story([DOWN, UP], [Reply(500)] * 6 + [Reply(200, b"OK")])
    story.tell()
    assert story.judged == [1000, 1060]
    assert story.sent == ["fail"] * 6 + [CHECK]


def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """And nothing else."""
    Story([UP, UP, DOWN, DOWN, UP]).tell()
    assert lines(caplog) == [
        ("INFO", "up, reported to healthchecks: Deployment shop/api: it is healthy"),
        ("INFO", "down, reported to healthchecks: Deployment shop/api: it is down"),
        ("INFO", "up, reported to healthchecks: Deployment shop/api: it is healthy"),
    ]


def test_the_first_failure_of_a_kind_is_logged_and_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A receiver that is away for a day is two lines."""
    refused = Reply(403)
    story = Story(
        [UP] * 6, [refused, refused, Reply(404), refused, Reply(200, b"OK"), Reply(200, b"OK")]
    )
    story.tell()
    assert lines(caplog) == [
        ("WARNING", "healthchecks did not take the report: it answered 403"),
        ("WARNING", "healthchecks did not take the report: it answered 404"),
        ("INFO", "healthchecks takes reports again, after 4 failures"),
        ("INFO", "up, reported to healthchecks: Deployment shop/api: it is healthy"),
    ]


@pytest.mark.parametrize("unknown", [UNREAD, NO_CLUSTER, PARTLY, Answer(())])
def test_what_is_unknown_is_withheld(
    unknown: Answer | CommandError, caplog: pytest.LogCaptureFixture
) -> None:
    """It is neither up nor down, and the process goes on."""
    story = Story([UP, unknown, unknown, UP])
    story.tell()
    assert story.sent == [CHECK, CHECK]
    warnings = [text for level, text in lines(caplog) if level == "WARNING"]
    assert len(warnings) == 1
    assert warnings[0].startswith("unknown, withheld from healthchecks: ")


def test_a_usage_error_ends_it_at_the_start_only() -> None:
    """A kind that goes later is no slip of the pen, and could come back."""
    with pytest.raises(CommandError, match="no such kind"):
        Story([WRONG]).pushing().forever(60.0)
    story = Story([UP, WRONG, UP])
    story.tell()
    assert story.sent == [CHECK, CHECK]


def test_once_tells_what_it_reported() -> None:
    """Down is reported as well as up."""
    assert Story([UP]).pushing().once().startswith("up, reported to healthchecks: ")
    assert Story([DOWN]).pushing().once().startswith("down, reported to healthchecks: ")


@pytest.mark.parametrize(
    ("said", "reply", "told"),
    [
        (UP, Reply(403), "healthchecks did not take the report: it answered 403"),
        (UP, AWAY, "healthchecks did not take the report: it cannot be reached"),
        (UNREAD, Reply(200), "unknown, withheld from healthchecks: deployments shop/api: no"),
        (NO_CLUSTER, Reply(200), "unknown, withheld from healthchecks: no cluster was found"),
        (PARTLY, Reply(200), "unknown, withheld from healthchecks: 1 of 2 failing"),
    ],
)
def test_once_fails_where_nothing_was_told(
    said: Answer | CommandError, reply: Reply | SendError, told: str
) -> None:
    """Exit code 3, whichever of the two it was."""
    with pytest.raises(CommandError) as caught:
        Story([said], [reply]).pushing().once()
    assert caught.value.exit_code == EXIT_UNREADABLE
    assert str(caught.value).startswith(told)


def test_once_gives_up_within_a_minute() -> None:
    """Of trying; a CronJob has its own next run."""
    story = Story([UP], [AWAY])
    with pytest.raises(CommandError):
        story.pushing().once()
    assert 1030 < story.now <= 1062
    assert len(story.sent) == 6


def test_unknown_is_a_failure_even_where_it_can_be_told() -> None:
    """The exit code does not depend on the receiver's form."""
    story = Story([UNREAD], [Reply(200)], "http://pushgateway:9091/metrics/job/a")
    with pytest.raises(CommandError, match=r"^unknown, reported to pushgateway: deployments"):
        story.pushing().once()
    assert len(story.sent) == 1
