"""Files that somebody names: refused at once where they are none; nothing is read without end."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.regular_files import read_regular_file, read_within


def bound_socket(path: str) -> None:
    """A socket under a path."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path)


ODD: dict[str, Callable[[str], object]] = {
    "a FIFO": os.mkfifo,
    "a socket": bound_socket,
    "a device": lambda path: Path(path).symlink_to("/dev/zero"),
    "a terminal's device": lambda path: Path(path).symlink_to("/dev/ptmx"),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_regular_file_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    """Nobody writes into the FIFO, so that whoever waited for it would wait for ever."""
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    ODD[odd]("odd")
    with pytest.raises(OSError, match="not a regular file"):
        read_regular_file("odd", 10)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (".", "Is a directory"),
        ("none", "No such file"),
        ("nu\0ll", "embedded null"),
        ("\ud800", "surrogates not allowed"),
    ],
)
def test_what_cannot_be_read_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, problem: str
) -> None:
    """Always as an OSError with words for people."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError) as caught:
        read_regular_file(path, 10)
    assert problem in (caught.value.strerror or "")


@pytest.mark.parametrize(
    ("most", "told"), [(2**21, "2 MiB"), (2**10, "1 KiB"), (1000, "1000 bytes")]
)
def test_a_file_of_the_largest_size_is_read(tmp_path: Path, most: int, told: str) -> None:
    """A byte more is refused, and the bound told."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * most)
    assert read_regular_file(str(path), most) == b"x" * most
    path.write_bytes(b"x" * (most + 1))
    with pytest.raises(OSError, match=f"larger than {told}"):
        read_regular_file(str(path), most)


class Endless(io.BytesIO):
    """A stream without an end, which counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """As much as is asked for."""
        assert size is not None
        assert size > 0, "all of it was asked for"
        self.taken += size
        return b"x" * size


def test_of_an_endless_stream_no_more_is_read_than_the_bound() -> None:
    """Which is a byte more than there may be."""
    stream = Endless()
    with pytest.raises(OSError, match="larger than 3 MiB"):
        read_within(stream, 3 * 2**20)
    assert stream.taken == 3 * 2**20 + 1


def test_a_stream_that_comes_in_pieces_is_read_to_its_end() -> None:
    """As a pipe gives it."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        os.write(writing, b"one")
        assert stream.read(1) == b"o"
        os.write(writing, b"two")
        os.close(writing)
        assert read_within(stream, 5) == b"netwo"
