"""Threads that answer: who is woken, who is not, and how they end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from k8s_heartbeat.adapters.server.workers import Workers
from k8s_heartbeat.adapters.waits import waiting
from tests.servers.api_server import PATIENCE, until


@dataclass(eq=False)
class Job:
    """A task that ends when it is let go."""

    begun: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    cancelled: bool = False

    def service(self) -> None:
        """Note who does it, and wait."""
        self.thread = threading.current_thread()
        self.begun.set()
        assert self.released.wait(PATIENCE)

    def cancel(self) -> None:
        """Note that nobody will do it."""
        self.cancelled = True


class Broken(Job):
    """A task that fails."""

    def service(self) -> None:
        """Fail."""
        super().service()
        raise ValueError("broken on purpose")


@pytest.fixture
def workers() -> Iterator[Workers]:
    """Up to four threads, of which there is one."""
    made = Workers()
    made.start(4, "tested")
    yield made
    made.end(PATIENCE)


@pytest.fixture
def slept(workers: Workers) -> Workers:
    """Four threads, all of them asleep: each has done something."""
    jobs = [Job() for _ in range(4)]
    for job in jobs:
        workers.add_task(job)
    until(lambda: (workers.look(), all(job.begun.is_set() for job in jobs))[1], "four at once")
    for job in jobs:
        job.released.set()
    until(lambda: workers.asleep == 4, "four threads asleep")
    return workers


def done(workers: Workers) -> Job:
    """A task that somebody has done."""
    job = Job()
    job.released.set()
    workers.add_task(job)
    assert job.begun.wait(PATIENCE)
    return job


def test_one_after_another_is_done_by_one_thread(slept: Workers) -> None:
    """The one that slept last."""
    first = done(slept)
    for _ in range(5):
        until(lambda: slept.asleep == 4, "four threads asleep")
        assert done(slept).thread is first.thread


def test_no_more_threads_are_started_than_there_is_work_for(workers: Workers) -> None:
    """Each takes its time to start and its memory."""
    for _ in range(5):
        until(lambda: workers.asleep == 1, "the one thread asleep")
        done(workers)
    until(lambda: workers.asleep == 1, "the one thread asleep")


def test_where_no_more_can_be_started_those_that_there_are_go_on(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said with what to raise, and seldom, as it is tried again only after a while."""

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    jobs = [Job() for _ in range(3)]
    workers.add_task(jobs[0])
    assert jobs[0].begun.wait(PATIENCE)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        for job in jobs[1:]:
            workers.add_task(job)
        until(lambda: (workers.look(), caplog.messages)[1] != [], "it is said")
        for _ in range(10):
            workers.look()
            assert not jobs[1].begun.wait(0.02)
    for job in jobs:
        job.released.set()
        assert job.begun.wait(PATIENCE)
        assert job.thread is jobs[0].thread
    (said,) = caplog.messages
    assert "goes on with 1 of 4 tested threads" in said
    assert "can't start new thread" in said
    assert "ulimit -u" in said


def test_a_thread_that_could_not_be_started_is_tried_again_later(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit may have been somebody else's for a moment."""
    monkeypatch.setattr("k8s_heartbeat.adapters.server.workers._RETRY_SECONDS", 0.05)
    start, tried = threading.Thread.start, list[threading.Thread]()

    def refused_once(thread: threading.Thread) -> None:
        tried.append(thread)
        if len(tried) == 1:
            raise RuntimeError("can't start new thread")
        start(thread)

    jobs = [Job(), Job()]
    workers.add_task(jobs[0])
    assert jobs[0].begun.wait(PATIENCE)
    monkeypatch.setattr(threading.Thread, "start", refused_once)
    workers.add_task(jobs[1])
    until(lambda: (workers.look(), jobs[1].begun.is_set())[1], "another thread")
    assert jobs[1].thread is not jobs[0].thread
    for job in jobs:
        job.released.set()


def test_another_is_woken_when_nothing_gets_done(workers: Workers) -> None:
    """As when all that are awake wait for the cluster; and not before."""
    stuck, waiting = Job(), Job()
    workers.add_task(stuck)
    assert stuck.begun.wait(PATIENCE)
    workers.add_task(waiting)
    assert not waiting.begun.wait(0.05)
    until(lambda: workers.look() is None, "nothing in the queue")
    assert waiting.begun.wait(PATIENCE)
    assert waiting.thread is not stuck.thread
    stuck.released.set()
    waiting.released.set()


def test_all_threads_may_be_stuck_at_once(workers: Workers) -> None:
    """And what comes then waits for the first that is not."""
    jobs = [Job() for _ in range(5)]
    for job in jobs:
        workers.add_task(job)
    until(lambda: (workers.look(), all(job.begun.is_set() for job in jobs[:4]))[1], "four at once")
    for _ in range(10):
        assert workers.look() is not None
        assert not jobs[4].begun.wait(0.02)
    jobs[0].released.set()
    assert jobs[4].begun.wait(PATIENCE)
    for job in jobs:
        job.released.set()


def test_a_task_that_fails_ends_no_thread(workers: Workers) -> None:
    """It is logged, and the next one is done."""
    for _ in range(8):
        broken = Broken()
        broken.released.set()
        workers.add_task(broken)
        assert broken.begun.wait(PATIENCE)
    assert done(workers).thread is not None


def test_an_end_finishes_what_was_begun_and_cancels_the_rest() -> None:
    """Nobody waits longer than was said."""
    workers = Workers()
    workers.start(1, "tested")
    begun, queued = Job(), Job()
    workers.add_task(begun)
    assert begun.begun.wait(PATIENCE)
    workers.add_task(queued)
    ending = threading.Thread(target=workers.end, args=(PATIENCE,))
    ending.start()
    begun.released.set()
    ending.join(PATIENCE)
    assert not ending.is_alive()
    assert (begun.cancelled, queued.cancelled, queued.begun.is_set()) == (False, True, False)


def test_who_waits_lets_another_work(slept: Workers) -> None:
    """At once, and only as long as it waits."""
    resumed, waits, queued = threading.Event(), Job(), Job()

    class Waiting(Job):
        """A task that waits for something else."""

        def service(self) -> None:
            """Wait, then go on."""
            self.begun.set()
            assert waits.released.wait(PATIENCE)
            with waiting():
                assert resumed.wait(PATIENCE)
            super().service()

    first = Waiting()
    slept.add_task(first)
    assert first.begun.wait(PATIENCE)
    slept.add_task(queued)
    assert not queued.begun.wait(0.05)
    waits.released.set()
    assert queued.begun.wait(PATIENCE)
    late = Job()
    slept.add_task(late)
    assert not late.begun.wait(0.05)
    for job in (queued, late, first):
        job.released.set()
    assert late.begun.wait(PATIENCE)
    resumed.set()
