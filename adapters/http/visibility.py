"""What a caller may not see is answered as what does not exist, and costs the API server the same.

Otherwise the time that a refusal takes, or what the cache makes of it, would tell what is there. So
in place of an object that is out of a caller's sight another one is asked for, in the same place,
that cannot be there: its name is drawn from a key that ends with the process.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from datetime import datetime

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.group import Sees, Selection, check_selection, workload_kinds
from k8s_heartbeat.core.kinds import NAMESPACE
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    Query,
    ReadError,
)

from .callers import Caller

__all__ = ["is_in_sight", "list_nothing", "namespace_missing_for", "read_nothing", "sees"]

_KEY = secrets.token_bytes(32)


def read_nothing(reader: ClusterReader, query: Query, deadline: Deadline) -> float:
    """Ask for nothing in place of an object; seconds since it was found not to be there.

    Raises:
        ReadError: It could not be read; as if the object itself had been asked for.
    """
    decoy = replace(query, name=_nowhere(str(query)))
    try:
        reader.read(decoy, deadline)
    except (NotFound, Forbidden) as error:
        return error.age
    except ReadError as error:
        error.args = (str(error).replace(str(decoy), str(query)),)
        raise
    return 0.0


def list_nothing(
    reader: ClusterReader, selection: Selection, now: datetime, deadline: Deadline
) -> float:
    """List nothing in place of a namespace; seconds since it was found not to be there.

    Raises:
        ReadError: It could not be read; as if the namespace itself had been asked for.
    """
    place = selection.namespace
    decoy = replace(selection, namespace=_nowhere(place), selector=None)
    try:
        age = namespace_missing_for(reader, decoy.namespace, deadline)
        found = check_selection(reader, decoy, now=now, deadline=deadline)
    except Forbidden as error:
        return error.age
    except ReadError as error:
        error.args = (str(error).replace(decoy.namespace, place),)
        raise
    return max(found.age, age or 0.0)


def namespace_missing_for(
    reader: ClusterReader, namespace: str, deadline: Deadline
) -> float | None:
    """Seconds since a namespace was found not to exist; None where it is there, as far as we see.

    Raises:
        ReadError: It could not be read.
    """
    try:
        reader.read(Query(NAMESPACE, "", namespace), deadline)
    except NotFound as error:
        return error.age
    except Forbidden:
        return None
    return None


def is_in_sight(selection: Selection, seen: Sees) -> bool:
    """Whether a caller sees all kinds that are named in a namespace, or any where none is."""
    if selection.kinds:
        return all(seen(kind, selection.namespace) for kind in selection.kinds)
    return any(seen(kind, selection.namespace) for kind in workload_kinds())


def sees(caller: Caller, selection: Selection, deadline: Deadline) -> Sees:
    """What of a selection a caller may be told of; each place is asked about once."""
    known: dict[tuple[Kind, str], bool] = {}

    def may_list(kind: Kind, namespace: str) -> bool:
        key = (kind, namespace)
        if key not in known:
            known[key] = caller.may_list(kind, namespace, deadline)
        return known[key]

    def may_be_told(kind: Kind, namespace: str) -> bool:
        # Who sees all namespaces need not be asked about each.
        anywhere = not selection.namespace and may_list(kind, "")
        return anywhere or (bool(namespace) and may_list(kind, namespace))

    return may_be_told


def _nowhere(text: str) -> str:
    """A name that no object and no namespace has: for one text always the same."""
    return f"x{hmac.digest(_KEY, text.encode(), 'sha256').hex()[:40]}"
