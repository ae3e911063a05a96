"""A file that is read again: what is in force while it is changed, broken, and mended."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.reread import RereadFile

LONG_AGO, NOW = 1_000.0, 5_000.0


class World:
    """A file, and whoever reads it again; time moves when it is told to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = 0.0
        self.parsed: list[bytes] = []
        self.write(b"one")
        self.file = RereadFile(
            str(path), self._parse, clock=lambda: self.seconds, wall=lambda: NOW + self.seconds
        )

    def _parse(self, content: bytes) -> str:
        self.parsed.append(content)
        if b"!" in content:
            raise ValueError(f"{content.decode()} has a mark in it")
        return content.decode()

    def write(self, content: bytes, modified: float = LONG_AGO) -> None:
        """Replace what stands in the file, as if it had been written at a time."""
        self.path.write_bytes(content)
        os.utime(self.path, (modified, modified))

    def after(self, seconds: float) -> str:
        """What is in force some seconds later."""
        self.seconds += seconds
        return self.file.current()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A file that says ``one``."""
    return World(tmp_path / "file")


def test_a_change_is_in_force_once_it_is_looked_at(world: World) -> None:
    """Twice a second at most; one that stands still is taken at once."""
    world.write(b"two")
    assert world.after(0.4) == "one"
    assert world.after(0.2) == "two"
    assert world.file.fault() == ""


def test_a_file_that_is_being_written_is_not_taken_half(world: World) -> None:
    """What changed a moment ago has to stand still for a second."""
    world.write(b"tw", modified=NOW + 0.5)
    assert world.after(0.6) == "one"
    assert world.after(0.6) == "one"
    world.write(b"two", modified=NOW + 1.3)
    assert world.after(0.6) == "one"
    assert world.after(0.6) == "two"
    assert b"tw" not in world.parsed


def test_a_clock_that_runs_behind_the_file_system_is_no_obstacle(world: World) -> None:
    """A file from the future counts once it stands still."""
    world.write(b"two", modified=NOW + 9_999)
    assert [world.after(0.6) for _ in range(3)] == ["one", "one", "two"]


def test_a_broken_file_leaves_what_it_said_in_force(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once, parsed once, and mended without a restart."""
    with caplog.at_level(logging.INFO):
        world.write(b"two!")
        assert [world.after(0.6) for _ in range(5)] == ["one"] * 5
        assert "two! has a mark in it" in world.file.fault()
        world.write(b"three")
        assert world.after(0.6) == "three"
        assert world.file.fault() == ""
    assert world.parsed.count(b"two!") == 1
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "INFO"]
    assert "stays in force" in caplog.messages[0]


def test_a_file_that_is_mended_to_what_it_said_is_right_again(world: World) -> None:
    """Whoever takes a change back finds no fault left."""
    world.write(b"two!")
    world.after(0.6)
    world.write(b"one")
    assert world.after(0.6) == "one"
    assert world.file.fault() == ""
    world.write(b"two!")
    world.after(0.6)
    assert world.file.fault() != ""


def test_a_file_that_vanishes_leaves_what_it_said_in_force(world: World) -> None:
    """As while a volume is mounted anew."""
    world.path.unlink()
    assert [world.after(0.6), world.after(0.6)] == ["one", "one"]
    assert "No such file" in world.file.fault()
    world.write(b"two")
    assert world.after(0.6) == "two"


def test_it_must_be_right_to_begin_with(tmp_path: Path) -> None:
    """There is nothing yet that could stay in force."""
    path = tmp_path / "file"
    with pytest.raises(FileNotFoundError):
        RereadFile(str(path), bytes.decode, clock=lambda: 0.0, wall=lambda: 0.0)
    path.write_bytes(b"!")

    def parse(content: bytes) -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        RereadFile(str(path), parse, clock=lambda: 0.0, wall=lambda: 0.0)


def test_a_link_that_is_swapped_is_a_change(tmp_path: Path) -> None:
    """The way a kubelet updates a mounted Secret."""
    first, second, link = tmp_path / "first", tmp_path / "second", tmp_path / "link"
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    link.symlink_to(first)
    seconds = [0.0]
    file = RereadFile(
        str(link), bytes.decode, clock=lambda: seconds[0], wall=lambda: link.stat().st_mtime + 9
    )
    assert file.current() == "one"
    swap = tmp_path / "swap"
    swap.symlink_to(second)
    swap.replace(link)
    seconds[0] = 1.0
    assert file.current() == "two"


def test_what_is_no_file_is_a_fault_and_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to, or a folder, in its place."""
    world = World(tmp_path / "file")
    world.path.unlink()
    os.mkfifo(world.path)
    assert world.after(0.6) == "one"
    assert "not a regular file" in world.file.fault()
    world.path.unlink()
    world.path.mkdir()
    assert world.after(0.6) == "one"
    assert "cannot be read" in world.file.fault()


def test_a_file_that_was_emptied_changes_nothing(world: World) -> None:
    """As a full disk leaves it, or a write that was cut off: empty loosens what was strict."""
    for content in (b"", b" \n"):
        world.write(content)
        assert world.after(0.6) == "one"
        assert "is empty" in world.file.fault()
    world.write(b"two")
    assert (world.after(0.6), world.file.fault()) == ("two", "")
