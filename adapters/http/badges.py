"""Badges: the status of an object or a component as one word, for shields.io and as a picture.

Pages show a broken image for any code but 200. Each result, including a failure to read, is
therefore a word with a colour and the code 200; only an invalid parameter is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import falcon

from k8s_heartbeat.core import Health, Threshold, summarize
from k8s_heartbeat.core.checks.reader import NotServed, ReadError
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.query import InvalidQuery

from .callers import Stranger
from .parameters import LABEL, Spelling, min_available_of
from .picture import cleaned, picture
from .problems import API_SERVER, STATUS_HEADER
from .questions import ObjectQuestion
from .rendering import DEGRADED_NOT_UP, status_text, to_json
from .resources import Dependencies, freshness, set_age
from .state import RequestState, state_of
from .view import Absence

__all__ = ["Badge", "ComponentBadge", "ObjectBadge", "draw", "print_json"]

_SECONDS = 60
_SPELLING = Spelling([LABEL])
_LONGEST = 253
# shields.io's name of the colour for each word; all other words have `_NO_COLOR`.
_COLORS = {"healthy": "brightgreen", "degraded": "orange", DEGRADED_NOT_UP: "red", "down": "red"}
_NO_COLOR = "lightgrey"
# Darker than those of shields.io: white on them is readable to everyone (WCAG AA, 4.5:1).
_DRAWN = {"brightgreen": "#2b7f1c", "orange": "#a85800", "red": "#c5322d", "lightgrey": "#6e6e6e"}


class Badge(NamedTuple):
    """What a badge says.

    Attributes:
        label: The text on the left; empty for none.
        word: The word on the right.
        is_up: Whether the object or component is up.
    """

    label: str
    word: str
    is_up: bool

    @property
    def color(self) -> str:
        """Its colour, by shields.io's name."""
        return _COLORS.get(self.word, _NO_COLOR)


def print_json(badge: Badge, resp: falcon.Response) -> None:
    """Answer with a badge for shields.io, which rejects unknown keys."""
    resp.content_type = falcon.MEDIA_JSON
    resp.text = to_json(
        {
            "schemaVersion": 1,
            "label": badge.label,
            "message": badge.word,
            "color": badge.color,
            # Keeps a page from overriding the colour.
            "isError": not badge.is_up,
            "cacheSeconds": _SECONDS,
        }
    )


def draw(badge: Badge, resp: falcon.Response) -> None:
    """Answer with a badge's picture."""
    resp.content_type = "image/svg+xml"
    # A picture that is opened by itself is a document.
    resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
    resp.text = picture(badge.label, badge.word, _DRAWN[badge.color])


class _Verdict(NamedTuple):
    health: Health
    is_up: bool
    worth: Worth


class _Badge:
    """The base of the badges: turns a verdict, or the failure to reach one, into an answer.

    Args:
        dependencies: What the resources use.
        write: Writes the body.
    """

    def __init__(
        self,
        dependencies: Dependencies,
        write: Callable[[Badge, falcon.Response], None] = print_json,
    ) -> None:
        self._given = dependencies
        self._write = write

    def _answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        name: str,
        verdict: Callable[[RequestState, Threshold | None], _Verdict],
        *,
        is_public: bool = False,
    ) -> None:
        """Answer with the word for a verdict, or for the reason that there is none.

        Raises:
            InvalidQuery: A parameter is invalid.
        """
        state = state_of(req)
        _SPELLING.check(req.params)
        label = cleaned(req.get_param(LABEL.name, default=name))[:_LONGEST]
        needed = min_available_of(req)
        if isinstance(state.caller, Stranger):
            # Trying one minimum after another would reveal the number of replicas.
            needed = None
        health, is_up = Health.UNKNOWN, False
        try:
            found = verdict(state, needed)
        except InvalidQuery as error:
            word, state.cause = "invalid", str(error)
        except NotServed as error:
            word, state.cause = str(Health.MISSING), str(error)
        except ReadError as error:
            word, state.failure, state.cause = "no data", API_SERVER, str(error)
        else:
            health, is_up = found.health, found.is_up
            if health is Health.HEALTHY and not is_up:
                health = Health.DOWN
            # Below its minimum, such as the caller's own `min`, the colour of "up" would mislead.
            word = status_text(health, up=is_up)
            set_age(resp, freshness(state, found.worth))
        self._write(Badge(label, word, is_up), resp)
        resp.set_header(STATUS_HEADER, str(health))
        private = "" if is_public else "private, "
        resp.set_header("Cache-Control", f"{private}max-age={_SECONDS}")
        # Another caller may see less, and CORS headers differ by origin.
        resp.set_header("Vary", "Authorization, Origin")


class ObjectBadge(_Badge):
    """The badge of one object."""

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, namespace: str, kind: str, name: str
    ) -> None:
        """Answer with its status.

        Raises:
            InvalidQuery: A parameter is invalid.
        """

        def verdict(state: RequestState, needed: Threshold | None) -> _Verdict:
            question = ObjectQuestion.of(namespace, kind, name)
            try:
                found = self._given.view(state).object(question, needed)
            except Absence as absence:
                found = absence.found
            state.reason = found.assessment.reason
            return _Verdict(found.assessment.health, found.assessment.up, found.worth)

        self._answer(req, resp, name, verdict)

    on_head = on_get


class ComponentBadge(_Badge):
    """The badge of a component."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer with its status.

        Raises:
            InvalidQuery: A parameter is invalid.
        """
        judging = self._given.judging

        def verdict(state: RequestState, needed: Threshold | None) -> _Verdict:
            with judging.groups.answering():
                try:
                    component, found = self._given.view(state).component(name, needed)
                except Absence as absence:
                    assessment = absence.found.assessment
                    state.reason = assessment.reason
                    return _Verdict(assessment.health, assessment.up, absence.found.worth)
                with judging.groups.computing(state.deadline):
                    summary = summarize(found.assessments, component.up)
                state.reason = summary.reason
                return _Verdict(summary.health, summary.up, judging.groups.worth(found))

        public = judging.public
        is_public = public is not None and name in public.components
        self._answer(req, resp, name, verdict, is_public=is_public)

    on_head = on_get
