"""What needs no credentials: the public page, and the badges of public components."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["PublicPage", "is_public"]

_BADGE = "/api/badge/components/"


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What callers without a token may see: the status of these components, and nothing else.

    Attributes:
        title: The title of the public page.
        components: The names of its components, in order.
    """

    title: str
    components: tuple[str, ...]


def is_public(path: str, components: Collection[str]) -> bool:
    """Whether a path is the public page or the badge of a public component.

    Args:
        path: The path of a request.
        components: The names of the public components; without any, there is no public page.
    """
    if path == "/":
        return bool(components)
    name = path.removeprefix(_BADGE)
    return name != path and name.removesuffix(".svg") in components
