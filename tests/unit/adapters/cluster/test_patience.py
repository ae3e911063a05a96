"""An API server that hangs: found out once, and then nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from k8s_heartbeat.adapters.cluster import patience
from k8s_heartbeat.adapters.cluster.patience import Patience
from k8s_heartbeat.adapters.cluster.reader import LiveReader
from k8s_heartbeat.core.checks.reader import Deadline, ReadError, ReadTimeout, UpstreamError
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.query import Query
from tests.builders import pod
from tests.servers.api_server import ApiServer, until
from tests.servers.faults import hang

PODS = Query(POD, "shop")
BRIEF = 0.1 + 0.5
"""How long a reading may take while the API server is known to hang, and what a machine adds."""


@pytest.fixture(autouse=True)
def shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The looks follow one another faster."""
    monkeypatch.setattr(patience, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(patience, "_PAUSE", 0.05)


def seconds_of(reader: LiveReader, deadline: float) -> float:
    """How long a reading takes that ends in no answer."""
    began = time.monotonic()
    with pytest.raises(ReadTimeout):
        reader.read(PODS, Deadline.after(deadline, time.monotonic))
    return time.monotonic() - began


def answers(reader: LiveReader) -> bool:
    """Whether a reading with little time is one."""
    try:
        return bool(reader.read(PODS, Deadline.after(5.0, time.monotonic)).objects)
    except ReadTimeout:
        return False


def test_who_knows_that_it_hangs_does_not_wait(api: ApiServer, reader: LiveReader) -> None:
    """Not even where there is all the time; and once it answers, everybody waits as before."""
    api.objects = [pod("web-1")]
    assert answers(reader)
    api.behave("/", hang)
    assert seconds_of(reader, 0.3) >= 0.3
    until(lambda: seconds_of(reader, 5.0) < BRIEF, "it is known to hang")
    for _ in range(3):
        assert seconds_of(reader, 5.0) < BRIEF
    api.forget("/")
    until(lambda: answers(reader), "it answers again")


def test_a_slow_answer_is_no_server_that_hangs(api: ApiServer, reader: LiveReader) -> None:
    """One that answers something small at once is waited for, however long a list takes."""
    api.objects = [pod("web-1")]
    api.behave("/api/v1/", hang)
    for _ in range(3):
        assert seconds_of(reader, 0.3) >= 0.3


def watching() -> int:
    """How many threads look whether an API server answers."""
    return sum(thread.name == "api-server-watch" for thread in threading.enumerate())


class Looked:
    """A look that is answered as it is told to."""

    def __init__(self, error: ReadError | None) -> None:
        self.error = error
        self.looks = 0
        self.looked = threading.Event()

    def __call__(self, deadline: Deadline) -> None:
        self.looks += 1
        self.looked.set()
        if self.error is not None:
            raise self.error


@pytest.fixture
def hung() -> Iterator[tuple[Looked, Patience]]:
    """A server that hangs, and what is known of it."""
    look = Looked(ReadTimeout("it", "the API server did not answer in time"))
    made = Patience(look, time.monotonic)
    yield look, made
    made.close()
    until(lambda: not made.hangs, "nobody looks any more")


def test_one_thread_looks_however_many_are_lost(hung: tuple[Looked, Patience]) -> None:
    """And it ends as soon as there is an answer of whatever kind."""
    look, known = hung
    until(lambda: watching() == 0, "those of other tests have ended")
    for _ in range(20):
        known.lost()
    until(lambda: known.hangs, "it is known to hang")
    assert watching() == 1
    look.error = UpstreamError("it", "the API server answered 500")
    until(lambda: not known.hangs, "it answers")
    until(lambda: watching() == 0, "the thread ends")


def test_what_is_closed_looks_no_further(hung: tuple[Looked, Patience]) -> None:
    """Until the next request is lost."""
    look, known = hung
    known.lost()
    until(lambda: known.hangs, "it is known to hang")
    known.close()
    until(lambda: not known.hangs, "nobody looks any more")
    count = look.looks
    known.lost()
    until(lambda: look.looks > count, "somebody looks again")


def test_a_brief_wait_is_never_longer_than_the_time_that_is_left() -> None:
    """A deadline that comes first stays."""
    known = Patience(lambda deadline: None, lambda: 100.0)
    for left, brief in ((5.0, 0.08), (0.05, 0.05)):
        assert known.brief(Deadline(100.0 + left, lambda: 100.0)).remaining() == pytest.approx(
            brief
        )
