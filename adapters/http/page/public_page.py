"""The public page: the state of the public components, for people without a token."""

from __future__ import annotations

import falcon

from ..state import RequestState
from .base import Page
from .cards import bare_card
from .headline import headline_of_components
from .markup import write

__all__ = ["PublicPage"]


class PublicPage(Page):
    """The public components by title, each with its state, and nothing else."""

    def answer(self, state: RequestState, resp: falcon.Response) -> None:
        """Answer with the components that the caller may see, which are the public ones.

        Raises:
            ReadError: The API server gave no reading.
        """
        given, judging = self._given, self._given.judging
        page, groups = judging.public, judging.groups
        with groups.answering():
            found = given.view(state).components()
            with groups.computing(state.deadline):
                # In the order of the public page, which has one of its own.
                names = () if page is None else page.components
                found.sort(key=lambda entry: names.index(entry.component.name))
                overall, headline = headline_of_components(found, None)
                worths = list(map(groups.worth, found))
                at = self._read_at(state, resp, worths, given.now())
                write(
                    resp,
                    "public.html",
                    overall,
                    title=judging.title if page is None else page.title,
                    headline=at.dated(headline),
                    cards=list(map(bare_card, found)),
                    at=at,
                    home="",
                    repaints=True,
                )
