"""What the kernel says of a process."""

from __future__ import annotations

from pathlib import Path

__all__ = ["busy", "descriptors", "peak", "resident"]


def resident(pid: int) -> int:
    """Bytes of memory that a process has in use."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """The most bytes of memory that a process ever had in use."""
    return _status(pid, "VmHWM")


def busy(pid: int) -> float:
    """Seconds that a process has computed, however long it stood in line for a processor."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        spent += int((task / "schedstat").read_text("ascii").split()[0])
    return spent / 1e9


def descriptors(pid: int) -> int:
    """Files and sockets that a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"/proc/{pid}/status has no {name}")
