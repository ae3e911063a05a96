"""Renders pages as HTML, with headers that let nothing run but their own script and style."""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import falcon
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..problems import STATUS_HEADER
from .phrases import counted, plain
from .states import UNKNOWN, State

__all__ = ["home_of", "write"]

_PACKAGE = "k8s_heartbeat.adapters.http.page"
_REPAINT_SECONDS = 15
# Longer: a reload without a script loses the scroll position and what is typed.
_RELOAD_SECONDS = 60
# One shape for each status.
_SHAPES = {
    "unknown": '<path d="M8 .8 15.2 8 8 15.2.8 8z"/>'
    '<path class="i" d="M6.2 6.4a1.9 1.9 0 1 1 2.6 1.7q-.8.4-.8 1.2M8 11.3v.1"/>',
    "healthy": '<circle cx="8" cy="8" r="7.2"/><path class="i" d="m4.7 8.3 2.2 2.2 4.4-4.7"/>',
    "degraded": '<path d="M8 1.2 15.4 14.4H.6z"/><path class="i" d="M8 6v4M8 12.1v.1"/>',
    "down": '<path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z"/>'
    '<path class="i" d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4"/>',
    "missing": '<circle cx="8" cy="8" r="6.4" class="o"/><path class="m" d="M4.8 8h6.4"/>',
}
_COLOURS = {
    "healthy": "#156c2e",
    "degraded": "#8a5a00",
    "down": "#c0221f",
    "unknown": "#6342b0",
    "missing": "#c0221f",
}


def write(resp: falcon.Response, template: str, overall: State, **values: Any) -> None:
    """Answer with a page.

    Args:
        resp: The response; its code is set by the caller.
        template: The name of the template.
        overall: The state of everything on the page.
        **values: The values of the template.
    """
    resp.content_type = falcon.MEDIA_HTML
    resp.set_headers(_headers())
    resp.set_header(STATUS_HEADER, overall.word)
    page = _environment().get_template(template)
    resp.text = page.render(overall=overall, icon=_icon(overall), **_same_on_all(), **values)


def home_of(req: falcon.Request) -> str:
    """The path of the overview, which is never the public page."""
    return f"{req.root_path}/status"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _same_on_all() -> dict[str, Any]:
    return {
        "style": Markup(_asset("style.css")),  # noqa: S704  # a file of ours
        "script": Markup(_asset("script.js")),  # noqa: S704  # a file of ours
        "shapes": {word: Markup(shape) for word, shape in _SHAPES.items()},  # noqa: S704  # ours too
        "unknown_icon": _icon(UNKNOWN),
        "counted": counted,
        "reload_seconds": _RELOAD_SECONDS,
    }


def _finalized(value: Any) -> Any:
    return plain(value) if type(value) is str else value


@cache
def _asset(name: str) -> str:
    text = files(_PACKAGE).joinpath("templates", name).read_text("utf-8")
    return text.replace("REPAINT_SECONDS", str(_REPAINT_SECONDS))


@cache
def _headers() -> dict[str, str]:
    policy = {
        "default-src": "'none'",
        "style-src": _hash_of(_asset("style.css")),
        "script-src": _hash_of(_asset("script.js")),
        "connect-src": "'self'",
        "img-src": "data:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
    }


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _icon(state: State) -> str:
    """A state as the icon of a browser's tab."""
    colour = _COLOURS["down" if state.alarming else state.word]
    shape = _SHAPES[state.word].replace('class="i"', 'fill="none" stroke="#fff" stroke-width="1.8"')
    shape = shape.replace('class="o"', f'fill="none" stroke="{colour}" stroke-width="1.8"')
    shape = shape.replace('class="m"', f'fill="none" stroke="{colour}" stroke-width="1.8"')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="{colour}">{shape}</svg>'
    )
    return f"data:image/svg+xml,{quote(svg)}"
