"""What the page of all reads: if one part cannot be read, the other is still shown."""

from __future__ import annotations

from collections.abc import Sequence

from k8s_heartbeat.core.checks.object import ObjectResult
from k8s_heartbeat.core.checks.overview import Overview
from k8s_heartbeat.core.checks.reader import ReadError
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.result import SelectionResult

from ...masking import KNOWN, without_credentials
from ..questions import SelectionQuestion
from ..rendering import Detail
from ..resources import Dependencies
from ..state import RequestState
from ..view import Absence

__all__ = ["Contents"]


class Contents:
    """The components and workloads that a caller sees.

    With a namespace nothing outside of it is read: components that have members elsewhere are
    left out.

    Args:
        given: What is read with.
        state: The state of the request.
        namespace: The namespace; empty for all.

    Attributes:
        namespace: The namespace; empty for all.
        components: The components.
        other_components: How many components have members elsewhere, and so were not read.
        found: The workloads; None if the caller sees none.
        absent: Whether the namespace does not exist, or the caller may not see it.
        unread: The part that could not be read: the components or the workloads; empty if none.
        problems: Why that part could not be read.

    Raises:
        ReadError: Nothing could be read.
    """

    def __init__(self, given: Dependencies, state: RequestState, namespace: str) -> None:
        view, unread = given.view(state), None
        self._groups = given.judging.groups
        self.namespace: str = namespace
        self.components: Sequence[Overview] = ()
        self.other_components: int = 0
        self.found: SelectionResult | None = None
        self.absent: bool = False
        self.unread: str = ""
        self.problems: list[str] = []
        self._absence: ObjectResult | None = None
        try:
            self.found = view.workloads(SelectionQuestion(namespace, (), None, False))
        except Absence as absence:
            self.absent, self._absence = True, absence.found
        except ReadError as error:
            unread = error
        try:
            if not namespace:
                self.components = view.components()
            elif not self.absent and given.detail_for(state) is not Detail.STATUS:
                # To others this would tell in which namespace the members of a component are.
                self.components = view.components(within=namespace)
                self.other_components = len(view.seen_components()) - len(self.components)
        except ReadError as error:
            if self.found is None:
                raise unread or error from None
            self._keep("the components", state, error)
        if unread is not None:
            if not self.components:
                raise unread
            self._keep("the workloads", state, unread)

    def worths(self) -> list[Worth]:
        """How old each reading is."""
        found = [self._groups.worth(entry) for entry in self.components]
        found += [self._groups.worth(self.found)] if self.found is not None else []
        return found or ([self._absence.worth] if self._absence is not None else [])

    def _keep(self, what: str, state: RequestState, error: ReadError) -> None:
        state.cause = str(error)
        text = KNOWN.mask(state.mask(without_credentials(str(error))))
        self.unread = what
        self.problems.append(f"{what.capitalize()} could not be read: {text}")
