"""What a terminal shows: colour, text that cannot break it, and displays that are repainted.

It is plain ANSI, as ECMA-48 and xterm have it. Nothing that is printed through this module holds a
control character, however hostile the names and messages in a cluster are.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType, TracebackType
from typing import NamedTuple, Self, TextIO

__all__ = [
    "Line",
    "Progress",
    "Screen",
    "fitted",
    "is_coloured",
    "is_terminal",
    "printable",
    "shown",
]

_ENTER, _LEAVE = "\033[?1049h", "\033[?1049l"
_HIDE, _SHOW = "\033[?25l", "\033[?25h"
_NO_WRAP, _WRAP = "\033[?7l", "\033[?7h"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\033[H", "\033[K", "\033[J"
_RESET = "\033[0m"

_LABEL = 9
_LOOK_AGAIN = 0.1
# Other terminals are as large as this one when they do not say.
_COLUMNS, _ROWS = 80, 24


class Line(NamedTuple):
    """A line for people.

    Attributes:
        text: What it says; may hold anything.
        label: The word in front of it, in its column.
        colour: The parameters of the label's ANSI colour; empty for none.
    """

    text: str
    label: str = ""
    colour: str = ""


def printable(text: str) -> str:
    """A text without control characters and without invisible ones."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is there and is a terminal that understands ANSI."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def is_coloured(choice: str, stream: TextIO | None) -> bool:
    """Whether to colour a stream.

    Args:
        choice: ``always``, ``never``, or ``auto`` for terminals where NO_COLOR is not set.
        stream: Where the text goes.
    """
    if choice == "auto":
        return is_terminal(stream) and not os.environ.get("NO_COLOR")
    return choice == "always"


def shown(lines: Sequence[Line], *, coloured: bool) -> list[str]:
    """Lines as they are printed, their texts in one column."""
    return [text for text, _ in _pieces(lines, coloured=coloured)]


def fitted(lines: Sequence[Line], width: int, height: int, *, coloured: bool) -> list[str]:
    """Lines as they fit on a screen: wrapped where there is room, and otherwise cut."""
    pieces = list(_pieces(lines, coloured=coloured))
    wrapped = [part for text, label in pieces for part in _wrapped(text, label, width)]
    if len(wrapped) <= height:
        return wrapped
    cut = [_cut(text, width) for text, _ in pieces]
    if len(cut) <= height:
        return cut
    kept = max(0, height - 1)
    return [*cut[:kept], _cut(f"... and {len(cut) - kept} more lines", width)][:height]


def _pieces(lines: Sequence[Line], *, coloured: bool) -> Iterator[tuple[str, int]]:
    """Each line, and how wide the column of labels is."""
    width = max([_LABEL, *(len(line.label) + 1 for line in lines)])
    for line in lines:
        label, text = f"{printable(line.label):{width}}", printable(line.text)
        if coloured and line.colour:
            label = f"\033[{line.colour}m{label}{_RESET}"
        yield f"{label} {text}", width + 1


def _cells(text: str) -> Iterator[tuple[str, int]]:
    """Each character of printable text, or escape sequence of ours, with its width in cells."""
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # for displays alone

    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\033":
            end = text.index("m", at) + 1
            yield text[at:end], 0
            at = end
            continue
        at += 1
        if letter == "\ufe0f":
            # It makes an emoji of the character before it, which is wide then.
            yield letter, 1
        elif combining(letter):
            yield letter, 0
        else:
            yield letter, 2 if east_asian_width(letter) in "WF" else 1


def _cut(text: str, width: int) -> str:
    """A text of at most so many cells; three dots where something is missing."""
    cells = list(_cells(text))
    if sum(size for _, size in cells) <= width:
        return text
    kept, room = "", width - 3
    for letter, size in cells:
        room -= size
        if room < 0 and size:
            break
        kept += letter
    return (kept + _RESET * ("\033" in kept) + "...")[: None if width >= 3 else 0]


def _wrapped(text: str, indent: int, width: int) -> Iterator[str]:
    """A text in lines of at most so many cells, the later ones indented."""
    indent = indent if indent < width // 2 else 0
    line, room = "", width
    for letter, size in _cells(text):
        if size > room:
            yield line
            line, room = " " * indent, width - indent
        line, room = line + letter, room - size
    yield line


def _size(stream: TextIO) -> tuple[int, int]:
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return _COLUMNS, _ROWS
    return size.columns or _COLUMNS, size.lines or _ROWS


class Progress:
    """Lines that stay, and below them, on a terminal, one that changes in place.

    Args:
        stream: Where they go, such as standard error.
        coloured: Whether labels are coloured.
    """

    def __init__(self, stream: TextIO | None, *, coloured: bool) -> None:
        self._stream = stream
        self._coloured = coloured
        self._live = is_terminal(stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._clear()

    def add(self, lines: Sequence[Line]) -> None:
        """Print lines that stay."""
        if lines and self._stream is not None:
            self._clear()
            print(*shown(lines, coloured=self._coloured), sep="\n", file=self._stream, flush=True)

    def pause(self, seconds: float, status: Callable[[], str]) -> None:
        """Wait, and meanwhile keep the last line up to date, once a second."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._status(status())
            time.sleep(min(left, 1.0))

    def _status(self, text: str) -> None:
        if self._live and self._stream is not None:
            text = _cut(printable(text), _size(self._stream)[0] - 1)
            # Without wrapping no mistake about a width makes a second line.
            print(f"\r{_NO_WRAP}{text}{_WRAP}{_CLEAR_LINE}", end="", file=self._stream, flush=True)

    def _clear(self) -> None:
        if self._live and self._stream is not None:
            print(f"\r{_CLEAR_LINE}", end="", file=self._stream, flush=True)


class Screen:
    """A screen of its own, which is repainted; what was there before comes back when it ends.

    It follows the terminal's size. Where the process is suspended, the terminal is given back
    meanwhile. Main thread only.

    Args:
        stream: A terminal.
        coloured: Whether labels are coloured.
    """

    def __init__(self, stream: TextIO, *, coloured: bool) -> None:
        self._stream = stream
        self._coloured = coloured
        self._lines: Sequence[Line] = ()
        self._before: signal.Handlers | Callable[[int, FrameType | None], object] | int | None = (
            None
        )

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTSTP, self._suspend)
        self._write(_ENTER + _HIDE + _NO_WRAP)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._write(_WRAP + _SHOW + _LEAVE)
        signal.signal(signal.SIGTSTP, self._before)

    def paint(self, lines: Sequence[Line]) -> None:
        """Show these lines in place of the last ones."""
        self._lines = lines
        self._paint()

    def pause(self, seconds: float) -> None:
        """Wait, and repaint meanwhile when the terminal changes its size."""
        ends, size = time.monotonic() + seconds, _size(self._stream)
        while (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_AGAIN))
            if size != (size := _size(self._stream)):
                self._paint()

    def _paint(self) -> None:
        width, height = _size(self._stream)
        painted = fitted(self._lines, width, height, coloured=self._coloured)
        # Cleared first: the last cell of a full line would be cleared too otherwise.
        self._write(_HOME + _CLEAR_BELOW + "\r\n".join(painted))

    def _suspend(self, number: int, _frame: FrameType | None) -> None:
        self._write(_WRAP + _SHOW + _LEAVE)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here it goes on.
        signal.signal(number, self._suspend)
        self._write(_ENTER + _HIDE + _NO_WRAP)
        self._paint()

    def _write(self, text: str) -> None:
        # Not through the stream, in the midst of whose own writing a signal may come.
        data = text.encode(self._stream.encoding, "backslashreplace")
        while data:
            data = data[os.write(self._stream.fileno(), data) :]
