"""A badge as an SVG image, as small as those of shields.io and without scripts."""

from __future__ import annotations

import unicodedata
from html import escape

__all__ = ["cleaned", "picture"]

_HEIGHT, _PADDING, _RADIUS = 20, 5, 3
_LEFT = "#555"
_FONT = "Verdana,Geneva,DejaVu Sans,sans-serif"
_SIZE = 11
_FEWEST_SHORTENED = 36
_HEAD, _TAIL = 23, 12

# Widths of characters in Verdana, in thousandths of an em.
_WIDTHS = {
    character: width
    for width, characters in {
        269: "'",
        274: "il",
        344: "j",
        352: " f",
        364: ",.",
        394: "!t",
        421: "I",
        427: "r",
        454: "()-/:;[\\]|",
        455: "J",
        459: '"',
        521: "cs",
        525: "z",
        545: "?",
        557: "L",
        575: "F",
        592: "kvxy",
        596: "e",
        601: "a",
        603: "P",
        607: "o",
        615: "Y",
        616: "T",
        623: "bdgpq",
        632: "E",
        633: "hnu",
        635: "{}",
        636: "$*0123456789_`",
        684: "ASV",
        685: "XZ",
        686: "B",
        693: "K",
        695: "R",
        698: "C",
        727: "&",
        732: "U",
        748: "N",
        751: "H",
        771: "D",
        775: "G",
        787: "OQ",
        818: "#+<=>^w~…",
        843: "M",
        973: "m",
        989: "W",
        1000: "@",
        1076: "%",
    }.items()
    for character in characters
}
_USUAL, _WIDE, _NONE = 640, 1000, 0


def picture(label: str, word: str, color: str) -> str:
    """A badge as SVG; its title has the whole text, and a long label is drawn shortened.

    Args:
        label: The text on the left; empty for none.
        word: The text on the right.
        color: The background of the text on the right, as an SVG colour.
    """
    title = _escaped(f"{label}: {word}" if label else word)
    left = _Side(_shortened(label), 0, _LEFT)
    right = _Side(word, left.width, color)
    width = left.width + right.width
    corners = (
        (right.path(starts=True, ends=True),)
        if not label
        else (
            left.path(starts=True, ends=False),
            right.path(starts=False, ends=True),
        )
    )
    texts = (left.text(), right.text()) if label else (right.text(),)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title>{"".join(corners)}'
        f'<g fill="#fff" text-anchor="middle" font-family="{_FONT}" font-size="{_SIZE}" '
        f'text-rendering="geometricPrecision">{"".join(texts)}</g></svg>\n'
    )


class _Side:
    """One half of a badge.

    Args:
        text: Its text; a half without text has no width.
        start: Its left edge, in pixels.
        color: Its background.
    """

    def __init__(self, text: str, start: int, color: str) -> None:
        self._text = text
        self._start = start
        self._color = color
        self._inner = _width_of(text)
        self.width = self._inner + 2 * _PADDING if text else 0

    def path(self, *, starts: bool, ends: bool) -> str:
        """Its background, with round corners at the start and the end of the badge."""
        left, right = (_RADIUS if starts else 0), (_RADIUS if ends else 0)
        straight, down = self.width - left - right, _HEIGHT
        corners = [f"M{self._start + left} 0h{straight}"]
        corners += [f"a3 3 0 0 1 3 3v{down - 6}a3 3 0 0 1-3 3" if ends else f"v{down}"]
        corners += [f"h-{straight}"]
        corners += [f"a3 3 0 0 1-3-3v-{down - 6}a3 3 0 0 1 3-3z" if starts else "z"]
        return f'<path fill="{self._color}" d="{"".join(corners)}"/>'

    def text(self) -> str:
        """Its text with a shadow, fitted to the width in any font."""
        middle = self._start + self.width / 2
        drawn = _escaped(self._text)
        fitted = f'x="{middle:g}" textLength="{self._inner}" lengthAdjust="spacingAndGlyphs"'
        return (
            f'<text {fitted} y="15" fill="#010101" fill-opacity=".3" aria-hidden="true">{drawn}'
            f'</text><text {fitted} y="14">{drawn}</text>'
        )


def cleaned(text: str) -> str:
    """A text on one line, without control characters and marks that change its direction.

    Joiners of letters and symbols are kept.
    """
    return "".join(filter(_is_text, " ".join(text.split()))).strip()


def _is_text(character: str) -> bool:
    if character in "\u200c\u200d":
        return True
    # Control, format, surrogate and private-use characters. XML allows no surrogates.
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co") and (
        character not in "\ufffe\uffff"
    )


def _shortened(text: str) -> str:
    """A text without its middle if it is long: names often differ only at the end."""
    if len(text) <= _FEWEST_SHORTENED:
        return text
    tail = text[-_TAIL:]
    while tail and (unicodedata.combining(tail[0]) or not tail[0].isprintable()):
        tail = tail[1:]
    return f"{text[:_HEAD]}…{tail}"


def _width_of(text: str) -> int:
    """The width of a text in pixels; odd, so that its middle is the middle of a pixel."""
    return int(sum(map(_width_of_one, text)) * _SIZE / 1000) | 1


def _width_of_one(character: str) -> int:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return _NONE
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _USUAL


def _escaped(text: str) -> str:
    return escape(text, quote=True)
