"""The parameters of a request, checked before anything is read from the cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import falcon

from k8s_heartbeat.core import Health, Threshold
from k8s_heartbeat.core.durations import parse_duration
from k8s_heartbeat.core.failure_policy import FailurePolicy
from k8s_heartbeat.core.query import InvalidQuery

__all__ = ["MEDIA_HEALTH", "ResponseOptions", "flag", "response_options_of"]

MEDIA_HEALTH = "application/health+json"
# The policy of most requests, which have no parameters.
_ANY_DOWN = FailurePolicy()
_EXAMPLES = {
    "code": "200",
    "explain": "true",
    "fail_on": "degraded",
    "for": "2m",
    "items": "all",
    "kind": "deploy,sts",
    "min": "50%",
    "selector": "app=api",
    "token": "TOKEN",
}
"""The parameters that the service takes, each with a value that it can have."""
_PLAIN_NAMES = {
    **{name.replace("_", ""): name for name in _EXAMPLES},
    # What the same is called in the API of Kubernetes, the settings, the annotation, the policy.
    "codes": "code",
    "fail": "fail_on",
    "failing": "fail_on",
    "kinds": "kind",
    "label": "selector",
    "labels": "selector",
    "labelselector": "selector",
    "minavailable": "min",
    "minimum": "min",
    "minreplicas": "min",
    "mins": "min",
}
# Of the shorter ones too many other words are nearly the same.
_LONG_NAMES = [name for name in _EXAMPLES if len(name) > 4]
_ONCE = _EXAMPLES.keys() - {"kind", "token"}
_JOINTS = re.compile("[:=?]")
_MOST_PARTS = 20
_LONGEST_NAME = 20
_SIMILARITY = 0.8
_JSON_RANGES = ("application/json", "application/*", "*/*")


@dataclass(frozen=True, slots=True)
class ResponseOptions:
    """The caller's options for the response.

    Attributes:
        failure_policy: What counts as failing, and from when on.
        fixed_code: The code whatever the verdict; None for the verdict's own.
        health_json: Whether as health+json.
        min_available: How many replicas `up` needs; None for the policy's value.
        all_items: Whether to list every member of a group, whatever its status.
    """

    failure_policy: FailurePolicy
    fixed_code: int | None
    health_json: bool
    min_available: Threshold | None = None
    all_items: bool = False


_PLAIN = ResponseOptions(_ANY_DOWN, None, health_json=False)
_PLAIN_HEALTH = ResponseOptions(_ANY_DOWN, None, health_json=True)


def response_options_of(req: falcon.Request) -> ResponseOptions:
    """The options of a request for its response.

    Raises:
        InvalidQuery: A parameter is invalid.
    """
    health_json = _wants_health_json(req)
    if not req.params:
        return _PLAIN_HEALTH if health_json else _PLAIN
    _refuse_misspelled(req.params)
    return ResponseOptions(
        _failure_policy(req), _fixed_code(req), health_json, _min_available(req), _all_items(req)
    )


def _refuse_misspelled(params: Mapping[str, str | list[str]]) -> None:
    """Raise for a name that is nearly one of ours: an alarm that never comes is the worst answer.

    Other names are ignored: monitors append some to bypass caches.
    """
    for name, found in params.items():
        values: list[str] = [found] if isinstance(found, str) else found
        if name in _ONCE and len(values) > 1:
            raise InvalidQuery(name, f"it is given {len(values)} times, as in {_example(name)}")
        joined = _JOINTS.sub(";", name)
        meant = [
            "" if name in _EXAMPLES else _meant(name),
            _hidden(f";{joined}") if ";" in joined else "",
            *(_hidden(value) for value in values),
        ]
        right = next((found for found in meant if found), "")
        if right:
            spelt = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
            raise InvalidQuery(right, f"it is not spelled {spelt!a}, but as in {_example(right)}")


def _example(name: str) -> str:
    return f"{name}={_EXAMPLES[name]}"


def _meant(name: str) -> str:
    """The name that another one is nearly; empty if there is none."""
    if len(name) > _LONGEST_NAME:
        return ""
    import difflib  # noqa: PLC0415  # for what is not ours alone

    plain = _plain(name)
    if plain in _PLAIN_NAMES:
        return _PLAIN_NAMES[plain]
    return "".join(difflib.get_close_matches(plain, _LONG_NAMES, n=1, cutoff=_SIMILARITY))


def _hidden(text: str) -> str:
    """The first of our names after a semicolon, as in a URL that was copied from HTML."""
    _, semicolon, rest = text.partition(";")
    if not semicolon:
        return ""
    named = (_plain(part.partition("=")[0]) for part in rest.split(";", _MOST_PARTS))
    return next((_PLAIN_NAMES[plain] for plain in named if plain in _PLAIN_NAMES), "")


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _failure_policy(req: falcon.Request) -> FailurePolicy:
    fail_on = req.get_param("fail_on", default="down")
    if fail_on not in (Health.DEGRADED, Health.DOWN):
        raise InvalidQuery("fail_on", "it is neither degraded nor down, such as fail_on=degraded")
    lasting = req.get_param("for", default="0s")
    try:
        return FailurePolicy(Health(fail_on), parse_duration(lasting))
    except ValueError as error:
        raise InvalidQuery("for", f"{lasting[:40]!a} {error}; here for=2m") from None


def _min_available(req: falcon.Request) -> Threshold | None:
    stated = req.get_param("min")
    if stated is None:
        return None
    try:
        return Threshold.parse(stated)
    except ValueError as error:
        raise InvalidQuery("min", f"{stated[:40]!a} {error}, as in min=2") from None


def _all_items(req: falcon.Request) -> bool:
    items = req.get_param("items")
    if items not in (None, "all"):
        raise InvalidQuery("items", "it can only be all, as in items=all")
    return items is not None


def _fixed_code(req: falcon.Request) -> int | None:
    code = req.get_param("code")
    if code not in (None, "200"):
        raise InvalidQuery("code", "it can only be 200, as in code=200")
    return 200 if code else None


def flag(req: falcon.Request, name: str) -> bool:
    """Whether a parameter is true; false where it is not there.

    Raises:
        InvalidQuery: It is neither.
    """
    value = req.get_param(name, default="false") if req.params else "false"
    if value not in ("true", "false"):
        raise InvalidQuery(name, f"it is neither true nor false, as in {name}=true")
    return value == "true"


def _wants_health_json(req: falcon.Request) -> bool:
    """Whether health+json is named and no less wanted than JSON; a wildcard never chooses it."""
    accept: str = req.env.get("HTTP_ACCEPT", "").lower()
    if MEDIA_HEALTH not in accept:
        return False
    wanted = _qualities(accept)
    health = wanted.get(MEDIA_HEALTH, 0.0)
    # The most specific range for JSON counts.
    plain = next((wanted[entry] for entry in _JSON_RANGES if entry in wanted), 0.0)
    return health > 0 and health >= plain


def _qualities(accept: str) -> dict[str, float]:
    """How much each media range of an Accept header is wanted; a malformed one is passed over."""
    found: dict[str, float] = {}
    for entry in accept.split(","):
        media, *parameters = map(str.strip, entry.split(";"))
        stated = [text[2:] for text in parameters if text.startswith("q=")]
        try:
            quality = float(stated[0]) if stated else 1.0
        except ValueError:
            continue
        if 0 <= quality <= 1:
            found[media] = max(quality, found.get(media, 0.0))
    return found
