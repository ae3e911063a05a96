"""The `page` of the configuration file: titles, and what needs no token."""

from __future__ import annotations

from collections.abc import Collection

from k8s_heartbeat.adapters.http.public import PublicPage

from .document import Value
from .forms import Form, any_text, listed

__all__ = ["TITLE", "take_page"]

_LONGEST_TITLE = 200
_EXAMPLE = "{title: Shop, public: {components: [checkout]}}"
_PUBLIC_EXAMPLE = "{title: Shop, components: [checkout]}"


def take_page(value: Value, components: Collection[str]) -> tuple[str, PublicPage | None]:
    """The title of the status page, and what people without a token may see.

    Args:
        value: The `page` of the file.
        components: The names of the components that the file defines.
    """
    if value.found is None or not value.is_mapping_of(("title", "public"), _EXAMPLE):
        return "", None
    title = value.take_at("title", TITLE) or ""
    public = value.at("public")
    if public.found is None or not public.is_mapping_of(("title", "components"), _PUBLIC_EXAMPLE):
        return title, None
    own_title = public.take_at("title", TITLE) or title or "Status"
    if public.need_at("components", _NAMES) is None:
        return title, None
    entries = public.at("components").entries()
    names = [entry.take(_name_of(components)) for entry in entries]
    return title, PublicPage(own_title, tuple(dict.fromkeys(name for name in names if name)))


def _title(found: object) -> str:
    title = any_text(found)
    if not title.isprintable() or not title.strip() or len(title) > _LONGEST_TITLE:
        raise ValueError
    return title


def _name_of(components: Collection[str]) -> Form[str]:
    """The name of one of the components."""

    def parse(found: object) -> str:
        if any_text(found) not in components:
            raise ValueError
        return any_text(found)

    return Form(parse, "the name of a component of this file", next(iter(components), "checkout"))


TITLE = Form(_title, f"printable text of 1 to {_LONGEST_TITLE} characters", "Checkout")
_NAMES = Form(listed(least=1), "a list of at least one component", "[checkout]")
