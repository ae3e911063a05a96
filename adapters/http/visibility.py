"""Answers for what a caller may not see as if it did not exist, at equal cost to the API server.

Otherwise the time of a refusal, or its effect on the cache, would reveal what exists. So the
service looks up a name that cannot exist instead, in the same place: one that is derived from a key
of this process.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.checks.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
)
from k8s_heartbeat.core.checks.selection import Selection, workload_kinds
from k8s_heartbeat.core.kinds import NAMESPACE
from k8s_heartbeat.core.query import Query

from ..groups import Groups
from .callers import Caller

__all__ = ["CallerSight", "find_namespace", "list_nothing", "out_of_sight", "read_nothing"]

_KEY = secrets.token_bytes(32)


class CallerSight:
    """The part of a selection that a caller may see; each place is checked once.

    Args:
        caller: The caller.
        selection: The requested selection.
        deadline: When the checks must be done.
    """

    def __init__(self, caller: Caller, selection: Selection, deadline: Deadline) -> None:
        self._caller = caller
        self._selection = selection
        self._namespace = selection.namespace
        self._kinds = selection.kinds
        self._deadline = deadline
        self._known: dict[tuple[Kind, str], bool] = {}

    def sees(self, kind: Kind, namespace: str) -> bool:
        """Whether a kind is visible in a namespace."""
        if self._namespace:
            return self._may_list(kind, self._namespace)
        # A caller who sees all namespaces needs no check of each.
        if self._may_list(kind, ""):
            return True
        known = self._caller.knows_namespaces and namespace != ""
        return known and self._may_list(kind, namespace)

    def sees_some(self, kind: Kind) -> bool:
        """Whether a kind is visible anywhere in the selection."""
        if self._may_list(kind, self._namespace):
            return True
        return not self._namespace and self._caller.may_list_somewhere(kind)

    def has_selection(self) -> bool:
        """Whether the caller sees objects of every named kind, or of any kind if none is named."""
        if self._kinds:
            return all(map(self.sees_some, self._kinds))
        return any(map(self.sees_some, workload_kinds()))

    def share(self) -> Selection:
        """The selection, reduced to kinds the caller sees.

        A hidden CronJob does not stand in for its Jobs: otherwise they, and their failures, would
        be missing from the answer.
        """
        if self._kinds:
            return self._selection
        workloads = workload_kinds()
        seen = tuple(filter(self.sees_some, workloads))
        if len(seen) == len(workloads):
            return self._selection
        return replace(self._selection, kinds=seen, is_share=True)

    def _may_list(self, kind: Kind, namespace: str) -> bool:
        key = (kind, namespace)
        if key not in self._known:
            self._known[key] = self._caller.may_list(kind, namespace, self._deadline)
        return self._known[key]


def read_nothing(reader: ClusterReader, query: Query, deadline: Deadline) -> NoReturn:
    """Look up a name that cannot exist.

    Raises:
        NotFound: With the beginning of that reading.
        ReadError: It could not be read; phrased as if for the object itself.
    """
    decoy = replace(query, name=_nowhere(str(query)))
    began: float | None
    try:
        began = reader.read(decoy, deadline).began
    except (NotFound, Forbidden, NotServed) as error:
        began = error.began
    except ReadError as error:
        raise error.about(str(query)) from None
    raise out_of_sight(began)


def list_nothing(
    groups: Groups, reader: ClusterReader, selection: Selection, now: datetime, deadline: Deadline
) -> NoReturn:
    """Check a namespace that cannot exist.

    Raises:
        NotFound: With the beginning of the oldest reading.
        ReadError: It could not be read; phrased as if for the namespace itself.
    """
    place = selection.namespace
    decoy = replace(selection, namespace=_nowhere(place))
    began: float | None
    try:
        began = groups.check(decoy, now, deadline).worth(deadline.clock()).began
    except (Forbidden, NotServed) as error:
        began = error.began
    except ReadError as error:
        raise error.about(f"the objects in {place}") from None
    try:
        find_namespace(reader, decoy.namespace, deadline)
    except NotFound as error:
        raise out_of_sight(earliest(began, error.began)) from None
    except ReadError as error:
        raise error.about(f"namespaces {place}") from None
    raise out_of_sight(began)


def find_namespace(reader: ClusterReader, namespace: str, deadline: Deadline) -> None:
    """Return where a namespace exists, as far as the service may see.

    Raises:
        NotFound: It does not.
        ReadError: It could not be read.
    """
    try:
        reader.read(Query(NAMESPACE, "", namespace), deadline)
    except Forbidden:
        return


def out_of_sight(began: float | None = None) -> NotFound:
    """The error for what a caller may not see; the log says so to the operator."""
    error = NotFound("scope", "it is out of the caller's scope")
    error.began = began
    return error


def earliest(*moments: float | None) -> float | None:
    """The earliest of some moments; None where none is known."""
    return min((moment for moment in moments if moment is not None), default=None)


def _nowhere(text: str) -> str:
    """A name that no object and no namespace has: for one text always the same."""
    return f"x{hmac.digest(_KEY, text.encode(), 'sha256').hex()[:40]}"
