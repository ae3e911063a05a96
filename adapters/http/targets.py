"""The targets that can be checked, for Prometheus' HTTP service discovery."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import falcon

from k8s_heartbeat.core.checks.reader import Forbidden, ReadTimeout, UpstreamError
from k8s_heartbeat.core.checks.result import SelectionResult

from ..monitors.target import Target, component_target, in_order, object_target, url_of
from .parameters import response_options_of
from .questions import SelectionQuestion
from .rendering import to_json
from .resources import Dependencies, freshness, set_age
from .state import RequestState, state_of
from .view import Absence

__all__ = ["Targets"]

# Parameters that are passed on to the URL of each target.
_PASSED_ON = ("code", "fail_on", "for", "min")


class Targets:
    """The targets that a caller may check; ``?kind=`` and ``?selector=`` narrow them.

    Prometheus replaces its list with each answer and keeps it after an error. An incomplete list is
    therefore an error: otherwise Prometheus would drop the targets that could not be read.

    Args:
        dependencies: What the resources use.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    def on_get(self, req: falcon.Request, resp: falcon.Response, namespace: str = "") -> None:
        """Answer with every workload and, for all namespaces, the components.

        Raises:
            HTTPNotFound: There is no such namespace, or the caller may see nothing of it.
            InvalidQuery: A namespace, kind, selector, parameter or Host is invalid.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading, or none of a part.
        """
        state, options = state_of(req), response_options_of(req)
        base = self._given.own_url.of(req)
        question = SelectionQuestion.of(req, namespace, options.min_available)
        groups = self._given.judging.groups
        view = self._given.view(state)
        narrowed = bool(namespace or question.words or question.selector)
        components = () if narrowed else view.seen_components()
        targets = [component_target(component) for component in components]
        with groups.answering():
            try:
                found = view.workloads(question)
            except Absence as absence:
                # The service may have had the right before: Prometheus keeps its list.
                if not components or isinstance(absence.error, Forbidden):
                    raise falcon.HTTPNotFound(description=str(absence)) from None
                found = SelectionResult()
            with groups.computing(state.deadline):
                targets += self._objects(state, resp, found.narrowed(selector=question.selector))
                query = urlencode(
                    [(name, req.get_param(name)) for name in _PASSED_ON if name in req.params]
                )
                resp.text = to_json([_entry(base, entry, query) for entry in in_order(targets)])
                resp.content_type = falcon.MEDIA_JSON

    on_head = on_get

    def _objects(
        self, state: RequestState, resp: falcon.Response, found: SelectionResult
    ) -> Iterator[Target]:
        """The objects that were found.

        Raises:
            ReadError: A part could not be read.
        """
        for entry in found.lists:
            if entry.part.gap is not None:
                kind = ReadTimeout if isinstance(entry.part.error, ReadTimeout) else UpstreamError
                raise kind(
                    entry.kind.plural,
                    f"{entry.part.gap.why}; a list without them would drop them: name the kinds "
                    "that can be read, as in kind=deploy,sts",
                )
        set_age(resp, freshness(state, self._given.judging.groups.worth(found)))
        for member in found.members:
            # A member without a kind represents a namespace that is being deleted.
            target = member.kind and object_target(member.assessment)
            if target:
                yield target


def _entry(base: str, target: Target, query: str) -> dict[str, object]:
    url = url_of(base, target, query)
    return {"targets": [url], "labels": {"__param_target": url, **target.labels}}
