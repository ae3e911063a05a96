"""The parameters of requests, each declared once and checked before anything is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import falcon

from k8s_heartbeat.core import SEVERITY, Health, Threshold
from k8s_heartbeat.core.durations import parse_duration
from k8s_heartbeat.core.failure_policy import FailurePolicy
from k8s_heartbeat.core.query import InvalidQuery

__all__ = [
    "CLUSTER_KIND",
    "CLUSTER_KINDS",
    "CLUSTER_NAME",
    "CODE",
    "COMPONENT",
    "EXPLAIN",
    "FAIL_ON",
    "FOR",
    "ITEMS",
    "KIND",
    "KINDS",
    "LABEL",
    "MEDIA_HEALTH",
    "MIN",
    "NAME",
    "NAMESPACE",
    "PAGE_KIND",
    "PAGE_NAMESPACE",
    "PAGE_NUMBER",
    "PAGE_STATUS",
    "PAGE_TEXT",
    "SELECTOR",
    "TOKEN",
    "VERBOSE",
    "Parameter",
    "ResponseOptions",
    "Spelling",
    "flag",
    "min_available_of",
    "response_options_of",
]

MEDIA_HEALTH = "application/health+json"

Schema = Mapping[str, object]
"""A JSON Schema."""


def _text(**rest: object) -> Schema:
    return {"type": "string", **rest}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path or query parameter.

    Attributes:
        name: Its name.
        example: An example of its value, as written in a URL.
        description: What it does, for people.
        schema: The schema of its value.
        in_path: Whether it is a path parameter; otherwise it is a query parameter.
        may_repeat: Whether it may occur several times.
        is_needed: Whether a query parameter is required; path parameters always are.
        may_be_empty: Whether a query parameter may have an empty value.
        mistaken: Names that callers use by mistake, such as those of the Kubernetes API, the
            settings or the annotations; in lower case, without ``_``.
    """

    name: str
    example: str
    description: str
    schema: Schema = field(default_factory=_text)
    in_path: bool = False
    may_repeat: bool = False
    is_needed: bool = False
    may_be_empty: bool = False
    mistaken: tuple[str, ...] = ()


NAMESPACE = Parameter(
    "namespace",
    "shop",
    "The namespace.",
    _text(pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength=63),
    in_path=True,
)
KIND = Parameter(
    "kind",
    "deployment",
    "The kind, as in kubectl: singular, plural or short, `name.group` or "
    "`name.version.group`, in any case.",
    _text(pattern="^[A-Za-z0-9]([-A-Za-z0-9.]{0,251}[A-Za-z0-9.])?$"),
    in_path=True,
)
NAME = Parameter(
    "name",
    "api",
    "The name of the object: up to 253 lower-case letters, digits, `-` and `.`; for a kind of RBAC "
    "also upper-case letters, `:` and `_`.",
    _text(format="kubernetes-name", minLength=1, maxLength=253),
    in_path=True,
)
CLUSTER_KIND = Parameter("kind", "node", KIND.description, KIND.schema, in_path=True)
CLUSTER_NAME = Parameter("name", "node-1", NAME.description, NAME.schema, in_path=True)
COMPONENT = Parameter(
    "name", "checkout", "The name of the component.", NAMESPACE.schema, in_path=True
)

FAIL_ON = Parameter(
    "fail_on",
    "degraded",
    "With `degraded`, degraded also counts as failing.",
    _text(enum=["degraded", "down"], default="down"),
    mistaken=("fail", "failing"),
)
FOR = Parameter(
    "for",
    "2m",
    "Fails only after it has lasted this long: a Go duration of at most 366 days. Crash loops fail "
    "at once. The body does not change.",
    _text(
        format="go-duration",
        pattern=r"^([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h))+$",
        default="0s",
    ),
)
MIN = Parameter(
    "min",
    "50%",
    "How many replicas `up` needs: a number, or a percentage of the desired replicas; for a "
    "component, of each member.",
    _text(pattern="^([1-9][0-9]{0,8}|([1-9][0-9]?|100)%)$"),
    mistaken=("minavailable", "minimum", "minreplicas", "mins"),
)
CODE = Parameter(
    "code",
    "200",
    "Answers 200 for any verdict, for monitors that only then read the body.",
    _text(enum=["200"]),
    mistaken=("codes",),
)
EXPLAIN = Parameter(
    "explain",
    "true",
    "Also looks for causes of an object that is healthy and steady.",
    _text(enum=["true", "false"], default="false"),
)
ITEMS = Parameter(
    "items",
    "all",
    "Lists every member with its `up`, for clients that make time series of them; by default a "
    "failing body lists only what is failing.",
    _text(enum=["all"]),
)
KINDS = Parameter(
    "kind",
    "deploy,sts",
    "Only these kinds, up to 20, separated by commas or repeated; by default, the workloads.",
    {"type": "array", "items": KIND.schema, "minItems": 1, "maxItems": 20},
    may_repeat=True,
    mistaken=("kinds",),
)
CLUSTER_KINDS = Parameter(
    "kind",
    "node",
    "The cluster-scoped kinds, up to 20, separated by commas or repeated.",
    KINDS.schema,
    may_repeat=True,
    is_needed=True,
)
SELECTOR = Parameter(
    "selector",
    "app=api",
    "Only objects with matching labels, as in `kubectl get -l`.",
    _text(format="label-selector", minLength=1, maxLength=1024),
    mistaken=("label", "labels", "labelselector"),
)
TOKEN = Parameter(
    "token", "TOKEN", "The caller's token, for clients that cannot set headers.", may_repeat=True
)
LABEL = Parameter(
    "label",
    "Checkout",
    "The text on the left instead of the name; empty for none.",
    may_be_empty=True,
    mistaken=("labels",),
)
VERBOSE = Parameter(
    "verbose", "true", "Lists the checks; with any value, or none.", may_be_empty=True
)

PAGE_NAMESPACE = Parameter(
    "namespace",
    "shop",
    "Only this namespace; nothing outside of it is read.",
    _text(pattern="^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$", maxLength=63),
    may_be_empty=True,
)
PAGE_KIND = Parameter(
    "kind",
    "deployment",
    "Only workloads of this kind.",
    _text(pattern="^([A-Za-z0-9]([-A-Za-z0-9.]{0,251}[A-Za-z0-9.])?)?$"),
    may_be_empty=True,
)
PAGE_STATUS = Parameter(
    "status",
    "failing",
    "Only workloads with this status; `failing` for all that are not healthy.",
    _text(enum=["", "failing", *map(str, SEVERITY)]),
    may_be_empty=True,
)
PAGE_TEXT = Parameter(
    "q",
    "api",
    "Only workloads whose line contains this text.",
    _text(maxLength=100),
    may_be_empty=True,
)
PAGE_NUMBER = Parameter(
    "page",
    "2",
    "The page of the list of workloads.",
    {"type": "integer", "minimum": 1, "maximum": 1_000_000},
)

_ALL = (CODE, EXPLAIN, FAIL_ON, FOR, ITEMS, KINDS, MIN, SELECTOR, TOKEN)

# The policy of most requests, which have no parameters.
_ANY_DOWN = FailurePolicy()
_JOINTS = re.compile("[:=?]")
_MOST_PARTS = 20
_LONGEST_NAME = 20
# Too many other words are similar to shorter names.
_SHORTEST_NEARLY = 5
_SIMILARITY = 0.8
_JSON_RANGES = ("application/json", "application/*", "*/*")


class Spelling:
    """Rejects names that are nearly those of parameters: otherwise an alarm might never come.

    Other unknown names are ignored: monitors append some to bypass caches.

    Args:
        own: Parameters of the route in addition to those of all routes; they take precedence for
            a name that could be meant for either.
    """

    def __init__(self, own: Iterable[Parameter] = ()) -> None:
        known = (*_ALL, *own)
        self._known = {parameter.name: parameter for parameter in known}
        self._meant = {word: entry.name for entry in known for word in entry.mistaken}
        self._meant |= {name.replace("_", ""): name for name in self._known}
        self._long = [name for name in self._known if len(name) >= _SHORTEST_NEARLY]

    def check(self, params: Mapping[str, str | list[str]]) -> None:
        """Raise for a name that is nearly a parameter's, and for a repeated parameter.

        Raises:
            InvalidQuery: It states the right spelling.
        """
        for name, found in params.items():
            values: list[str] = [found] if isinstance(found, str) else found
            parameter = self._known.get(name)
            if parameter and not parameter.may_repeat and len(values) > 1:
                raise InvalidQuery(
                    name, f"it is given {len(values)} times, as in {self._example(name)}"
                )
            joined = _JOINTS.sub(";", name)
            meant = [
                "" if parameter else self._nearly(name),
                self._hidden(f";{joined}") if ";" in joined else "",
                *(self._hidden(value) for value in values),
            ]
            right = next((found for found in meant if found), "")
            if right:
                spelt = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
                raise InvalidQuery(
                    right, f"it is not spelled {spelt!a}, but as in {self._example(right)}"
                )

    def _example(self, name: str) -> str:
        return f"{name}={self._known[name].example}"

    def _nearly(self, name: str) -> str:
        """The parameter's name that is nearly this one; empty if there is none."""
        if len(name) > _LONGEST_NAME:
            return ""
        import difflib  # noqa: PLC0415  # only for unknown names

        plain = _plain(name)
        if plain in self._meant:
            return self._meant[plain]
        return "".join(difflib.get_close_matches(plain, self._long, n=1, cutoff=_SIMILARITY))

    def _hidden(self, text: str) -> str:
        """The first parameter's name after a semicolon, as in a URL that was copied from HTML."""
        _, semicolon, rest = text.partition(";")
        if not semicolon:
            return ""
        named = (_plain(part.partition("=")[0]) for part in rest.split(";", _MOST_PARTS))
        return next((self._meant[plain] for plain in named if plain in self._meant), "")


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


_SPELLING = Spelling()


@dataclass(frozen=True, slots=True)
class ResponseOptions:
    """The caller's options for the response.

    Attributes:
        failure_policy: What counts as failing, and after how long.
        fixed_code: The code for any verdict; None for the code of the verdict.
        health_json: Whether the body is health+json.
        min_available: How many replicas `up` needs; None for the policy's value.
        all_items: Whether to list all members of a group.
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
    _SPELLING.check(req.params)
    return ResponseOptions(
        _failure_policy(req),
        _fixed_code(req),
        health_json,
        min_available_of(req),
        _all_items(req),
    )


def _failure_policy(req: falcon.Request) -> FailurePolicy:
    fail_on = req.get_param("fail_on", default="down")
    if fail_on not in (Health.DEGRADED, Health.DOWN):
        raise InvalidQuery("fail_on", "it is neither degraded nor down, such as fail_on=degraded")
    lasting = req.get_param("for", default="0s")
    try:
        return FailurePolicy(Health(fail_on), parse_duration(lasting))
    except ValueError as error:
        raise InvalidQuery("for", f"{lasting[:40]!a} {error}; here for=2m") from None


def min_available_of(req: falcon.Request) -> Threshold | None:
    """How many replicas `up` needs by a request; None if it does not say.

    Raises:
        InvalidQuery: The parameter is invalid.
    """
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
    """Whether a parameter is true; it is false by default.

    Raises:
        InvalidQuery: It is neither true nor false.
    """
    value = req.get_param(name, default="false") if req.params else "false"
    if value not in ("true", "false"):
        raise InvalidQuery(name, f"it is neither true nor false, as in {name}=true")
    return value == "true"


def _wants_health_json(req: falcon.Request) -> bool:
    """Whether Accept names health+json and prefers JSON no more; a wildcard never selects it."""
    accept: str = req.env.get("HTTP_ACCEPT", "").lower()
    if MEDIA_HEALTH not in accept:
        return False
    wanted = _qualities(accept)
    health = wanted.get(MEDIA_HEALTH, 0.0)
    # The most specific range for JSON applies.
    plain = next((wanted[entry] for entry in _JSON_RANGES if entry in wanted), 0.0)
    return health > 0 and health >= plain


def _qualities(accept: str) -> dict[str, float]:
    """The quality of each media range in an Accept header; malformed ones are ignored."""
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
