"""What needs no credentials: the page and the badges of the components that are public."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["PublicPage", "is_public"]

_BADGE = "/api/badge/components/"


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What people without a token may see: the status of these components, and nothing else.

    Attributes:
        title: The title of their page.
        components: The names of the components, in the order of the page.
    """

    title: str
    components: tuple[str, ...]


def is_public(path: str, components: Collection[str]) -> bool:
    """Whether a path is that of the public page, or of a badge of a public component.

    Args:
        path: The path of a request.
        components: The names of the public components; if there are none, there is no page.
    """
    if path == "/":
        return bool(components)
    name = path.removeprefix(_BADGE)
    return name != path and name.removesuffix(".svg") in components
