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
from typing import NoReturn

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

__all__ = [
    "find_namespace",
    "is_in_sight",
    "list_nothing",
    "out_of_sight",
    "read_nothing",
    "sees",
]

_KEY = secrets.token_bytes(32)


def read_nothing(reader: ClusterReader, query: Query, deadline: Deadline) -> NoReturn:
    """Ask for nothing in place of an object.

    Raises:
        NotFound: With the age of that reading.
        ReadError: It could not be read; as if the object itself had been asked for.
    """
    decoy = replace(query, name=_nowhere(str(query)))
    age = 0.0
    try:
        reader.read(decoy, deadline)
    except (NotFound, Forbidden) as error:
        age = error.age
    except ReadError as error:
        error.args = (str(error).replace(str(decoy), str(query)),)
        raise
    raise out_of_sight(age)


def list_nothing(
    reader: ClusterReader, selection: Selection, now: datetime, deadline: Deadline
) -> NoReturn:
    """List nothing in place of a namespace.

    Raises:
        NotFound: With the age of the oldest reading.
        ReadError: It could not be read; as if the namespace itself had been asked for.
    """
    place = selection.namespace
    decoy = replace(selection, namespace=_nowhere(place), selector=None)
    age = 0.0
    try:
        age = check_selection(reader, decoy, now=now, deadline=deadline).age
    except Forbidden as error:
        age = error.age
    except ReadError as error:
        error.args = (str(error).replace(decoy.namespace, place),)
        raise
    try:
        find_namespace(reader, decoy.namespace, deadline)
    except NotFound as error:
        age = max(age, error.age)
    except ReadError as error:
        error.args = (str(error).replace(decoy.namespace, place),)
        raise
    raise out_of_sight(age)


def find_namespace(reader: ClusterReader, namespace: str, deadline: Deadline) -> None:
    """Return where a namespace is there, as far as the service may see.

    Raises:
        NotFound: It is not.
        ReadError: It could not be read.
    """
    try:
        reader.read(Query(NAMESPACE, "", namespace), deadline)
    except Forbidden:
        return


def out_of_sight(age: float = 0.0) -> NotFound:
    """The error for what a caller may not see; the log tells the operator that it is one."""
    error = NotFound("it is out of the caller's scope")
    error.age = age
    return error


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
        if not selection.namespace and may_list(kind, ""):
            return True
        if not selection.namespace and not caller.knows_namespaces:
            return False
        return bool(namespace) and may_list(kind, namespace)

    return may_be_told


def _nowhere(text: str) -> str:
    """A name that no object and no namespace has: for one text always the same."""
    return f"x{hmac.digest(_KEY, text.encode(), 'sha256').hex()[:40]}"
