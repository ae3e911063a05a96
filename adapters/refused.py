"""How errors quote a refused value: not if it may be a secret in the wrong place.

There is one rule for all errors. A text is quoted if it is short, is the origin of a web page, or
is nearly one of the allowed words; a path is quoted if it leads somewhere or is named like a
document. Of everything else, only the length is given.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

__all__ = [
    "is_plain",
    "is_plain_host",
    "is_plain_path",
    "repeated",
    "repeated_host",
    "repeated_path",
]

# A text this short is no useful secret.
_SHORT = 12
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?/?", re.IGNORECASE)
_ADDRESS = re.compile(
    r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}", re.IGNORECASE
)
_DOCUMENTS = (".json", ".yaml", ".yml")
_LONGEST_PATH = 200
# No allowed word is longer.
_LONGEST_WORD = 40
_SIMILARITY = 0.8


def is_plain(text: str, known: Iterable[str] = ()) -> bool:
    """Whether a text cannot be a secret.

    Args:
        text: Anything.
        known: Words that could have stood in its place.
    """
    if len(text) <= _SHORT or _ORIGIN.fullmatch(text):
        return True
    if len(text) > _LONGEST_WORD:
        return False
    import difflib  # noqa: PLC0415  # for what is refused alone

    words = [word.lower() for word in known]
    return bool(difflib.get_close_matches(text.lower(), words, n=1, cutoff=_SIMILARITY))


def repeated(text: str, known: Iterable[str] = ()) -> str:
    """A refused text for an error message: in printable ASCII, or by its length only."""
    return ascii(text) if is_plain(text, known) else f"a text of {len(text)} characters"


def repeated_path(path: str) -> str:
    """A path for an error message; only the end of a very long one."""
    if not is_plain_path(path):
        return f"a path of {len(path)} characters"
    text = ascii(path)
    return text if len(text) <= _LONGEST_PATH else f"...{text[-_LONGEST_PATH:]}"


def repeated_host(host: str) -> str:
    """An address to listen on for an error message."""
    return host if is_plain_host(host) else f"an address of {len(host)} characters"


def is_plain_host(host: str) -> bool:
    """Whether an address to listen on cannot be a secret."""
    return is_plain(host) or _ADDRESS.fullmatch(host) is not None


def is_plain_path(path: str) -> bool:
    """Whether a path cannot be a secret."""
    if is_plain(path) or path.endswith(_DOCUMENTS):
        return True
    try:
        if os.path.lexists(path):
            return True
    except ValueError:
        # No path can have such a character in it.
        return False
    # The existence of / itself proves nothing: base64 may begin with it.
    while (path := os.path.dirname(path)).strip("/."):  # noqa: PTH120  # any text is one
        if os.path.isdir(path):  # noqa: PTH112  # any text is one
            return True
    return False
