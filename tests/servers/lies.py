"""What an API server may say in good order that is not what was asked, or that no one can judge."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .api_server import Behaviour, Exchange
from .faults import truth_of

__all__ = ["LIES", "ODDITIES", "lying"]


def lying(change: Callable[[Any], object], *, only: int = 200) -> Behaviour:
    """Send what becomes of the truth's JSON; what is no JSON, and any other code, as it is."""

    def lie(exchange: Exchange) -> None:
        answer = truth_of(exchange)
        opening, _, body = answer.partition(b"\r\n\r\n")
        if b"application/json" in opening and opening.startswith(b"HTTP/1.1 %d" % only):
            changed = change(json.loads(body))
            exchange.answer(only, changed if isinstance(changed, bytes) else _json(changed))
        else:
            exchange.send(answer)

    return lie


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _listed(body: Any) -> list[Any]:
    """The objects of an answer: a list's items, or the one that it is."""
    found: list[Any] = body.get("items", [body])
    return found


def _renamed(**metadata: object) -> Callable[[Any], object]:
    """Every object with other metadata."""

    def change(body: Any) -> object:
        for entry in _listed(body):
            entry.get("metadata", {}).update(metadata)
        return body

    return change


def _as(**fields: object) -> Callable[[Any], object]:
    """Every object with other fields."""

    def change(body: Any) -> object:
        for entry in _listed(body):
            entry.update(fields)
        return body

    return change


def _twice(body: Any) -> bytes:
    """Each object's metadata twice, the second time of another."""
    for entry in _listed(body):
        entry["metadata2"] = {**entry["metadata"], "name": "other", "namespace": "other"}
    return _json(body).replace(b'"metadata2"', b'"metadata"')


def _with_number(number: bytes) -> Callable[[Any], bytes]:
    """Every number of an answer replaced by another."""

    def change(body: Any) -> bytes:
        marked = json.dumps(body, default=str)
        return re.sub(r": -?\d+(?=[,}\]])", ": NUMBER", marked).encode().replace(b"NUMBER", number)

    return change


LIES: Mapping[str, Behaviour] = {
    "another-name": lying(_renamed(name="other")),
    "another-namespace": lying(_renamed(namespace="other")),
    "no-name": lying(_renamed(name=None)),
    "no-namespace": lying(_renamed(namespace=None)),
    "name-of-odd-type": lying(_renamed(name=["api"])),
    "another-kind": lying(_as(kind="Secret", apiVersion="v1")),
    "another-version": lying(_as(apiVersion="extensions/v1beta1")),
    "kind-of-odd-type": lying(_as(kind=7)),
    "metadata-is-text": lying(_as(metadata="api")),
    "metadata-is-null": lying(_as(metadata=None)),
    "metadata-is-a-list": lying(_as(metadata=[{"name": "api"}])),
    "metadata-twice": lying(_twice),
    "a-list-for-the-object": lying(lambda body: [body]),
    "items-are-texts": lying(lambda body: {**body, "kind": "X", "items": ["api"]}),
    "everything-is-null": lying(dict.fromkeys),
    "everything-is-a-list": lying(lambda body: {key: [value] for key, value in body.items()}),
}
"""By name, answers in order to the letter that are of something else than what was asked."""

ODDITIES: Mapping[str, Behaviour] = {
    "status-is-null": lying(_as(status=None)),
    "status-is-text": lying(_as(status="up")),
    "status-is-a-list": lying(_as(status=[])),
    "spec-is-null": lying(_as(spec=None, status=None)),
    "number-1e999": lying(_with_number(b"1e999")),
    "number-nan": lying(_with_number(b"NaN")),
    "number-infinity": lying(_with_number(b"-Infinity")),
    "number-of-10000-digits": lying(_with_number(b"9" * 10_000)),
    "number-of-20-digits": lying(_with_number(b"9" * 20)),
    "number-negative": lying(_with_number(b"-7")),
    "number-with-a-fraction": lying(_with_number(b"0.5")),
    "numbers-are-texts": lying(_with_number(b'"3"')),
    "numbers-are-true": lying(_with_number(b"true")),
    "lone-surrogates": lying(
        lambda body: (
            json.dumps(_as(status={"conditions": "SURROGATE"})(body))
            .replace("SURROGATE", "\\ud800")
            .encode()
        )
    ),
    "nul-in-text": lying(_as(status={"conditions": [{"type": "\0", "message": "\0"}]})),
    "deep-status": lying(
        lambda body: (
            json.dumps(_as(status={"conditions": "DEEP"})(body))
            .replace('"DEEP"', "[" * 50_000 + "]" * 50_000)
            .encode()
        )
    ),
    "conditions-100000": lying(
        _as(status={"conditions": [{"type": "Available", "status": "False"}] * 100_000})
    ),
}
"""By name, the object that was asked for, in a state that no evidence of its health is left in."""
