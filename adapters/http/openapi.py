"""The contract as an OpenAPI 3.1 document, made from the declared routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import falcon

import k8s_heartbeat
from k8s_heartbeat.core.assessment import Activity, Health

from .parameters import TOKEN, Parameter
from .problems import MEDIA_PROBLEM
from .rendering import Detail, to_json
from .routes import Answer, Parts, Route

__all__ = ["Document", "document_of"]

Json = dict[str, Any]


class Document:
    """The document, made on the first request for it.

    Args:
        routes: The routes.
        parts: What the routes are served with.
    """

    def __init__(self, routes: Sequence[Route], parts: Parts) -> None:
        self._text = to_json(document_of(routes, parts))

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the document."""
        resp.content_type = falcon.MEDIA_JSON
        resp.text = self._text

    on_head = on_get


def document_of(routes: Sequence[Route], parts: Parts) -> Json:
    """The document that describes the routes.

    Args:
        routes: The routes.
        parts: What the routes are served with: codes, prefix and authentication.
    """
    shared = _Shared()
    paths = {route.path: _path(route, parts, shared) for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "k8s-heartbeat",
            "version": k8s_heartbeat.__version__,
            "summary": "Whether Kubernetes workloads are up",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": parts.base_path or "/"}],
        "security": _security(parts),
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "headers": _HEADERS,
            **shared.sections,
            **({"securitySchemes": _schemes(parts)} if parts.authenticator else {}),
        },
    }


_DESCRIPTION = (
    "All routes answer GET and HEAD with the same code and headers; HEAD has no body. A trailing "
    "slash makes no difference. Unknown query parameters are ignored, as monitors append some to "
    "bypass caches; a name that is nearly a parameter's is a 400 with the right name. "
    "Codes follow the verdict; errors are problems (RFC 9457) for any Accept, with "
    '`"up": false`. All answers have the header `Heartbeat-Status`: an answer without it comes '
    "from a proxy."
)


class _Shared:
    """Parts that operations share, each stated once and referred to.

    Attributes:
        sections: The parts, by the section of the document's components and by name.
    """

    def __init__(self) -> None:
        self.sections: dict[str, Json] = {}

    def refer(self, section: str, name: str, value: Json) -> Json:
        """A reference to a value, under its name, or a numbered name if that is taken."""
        known = self.sections.setdefault(section, {})
        number, free = 1, name
        while known.setdefault(free, value) != value:
            number, free = number + 1, f"{name}-{number + 1}"
        return {"$ref": f"#/components/{section}/{free}"}


def _path(route: Route, parts: Parts, shared: _Shared) -> Json:
    return {
        "summary": route.summary,
        **({"description": route.description} if route.description else {}),
        "parameters": [
            shared.refer("parameters", entry.name, _parameter(entry)) for entry in route.parameters
        ],
        "get": _operation(route, parts, shared, "get"),
        "head": _operation(route, parts, shared, "head"),
    }


def _operation(route: Route, parts: Parts, shared: _Shared, method: str) -> Json:
    words = re.findall(r"\w+", route.path.replace("/-", "/cluster-scoped"))
    operation: Json = {
        "operationId": method + "".join(f"{word[0].upper()}{word[1:]}" for word in words),
        "tags": [route.tag],
        "summary": route.summary + (", without the body" if method == "head" else ""),
        "responses": {
            code: shared.refer("responses", f"{method}-{code}", response)
            for code, response in _responses(route, parts, has_body=method == "get").items()
        },
    }
    if route.is_probe:
        operation["security"] = []
    elif route.for_strangers and parts.authenticator:
        operation["security"] = [*_security(parts), {}]
    return operation


def _parameter(parameter: Parameter) -> Json:
    is_list = parameter.schema.get("type") == "array"
    return {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.in_path or parameter.is_needed,
        "description": parameter.description,
        "schema": parameter.schema,
        "example": parameter.example.split(",") if is_list else parameter.example,
        **({"style": "form", "explode": False} if is_list else {}),
        **({"allowEmptyValue": True} if parameter.may_be_empty else {}),
    }


def _responses(route: Route, parts: Parts, *, has_body: bool) -> Json:
    """The answers by code; answers that the operator has given the same code are merged."""
    guards = () if route.is_probe else _guards(parts)
    answers = (*route.answers, *guards, *_UNREADABLE)
    by_code: dict[int, list[Answer]] = {}
    for answer in answers:
        for word in answer.codes:
            code = word if isinstance(word, int) else parts.codes[word]
            found = by_code.setdefault(code, [])
            if answer not in found:
                found.append(answer)
    return {
        str(code): _response(by_code[code], has_body=has_body, is_probe=route.is_probe)
        for code in sorted(by_code)
    }


def _response(answers: Sequence[Answer], *, has_body: bool, is_probe: bool) -> Json:
    names = [*_EVERYWHERE, *(() if is_probe else _LIMITS)]
    names += [name for answer in answers for name in answer.headers]
    bodies: dict[str, list[str]] = {}
    for answer in answers:
        for media, schema in answer.bodies.items():
            known = bodies.setdefault(media, [])
            if schema not in known:
                known.append(schema)
    return {
        "description": " Or: ".join(dict.fromkeys(answer.when for answer in answers)),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        **(
            {"content": {media: {"schema": _any_of(names)} for media, names in bodies.items()}}
            if has_body
            else {}
        ),
    }


def _any_of(names: Sequence[str]) -> Json:
    refs = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


# Answers before a request is routed.
_UNREADABLE = (
    Answer((400,), "The request is not valid HTTP.", {MEDIA_PROBLEM: "Problem"}),
    Answer((413,), "The body of the request is too large.", {MEDIA_PROBLEM: "Problem"}),
    Answer((431,), "The URL or the headers are too long.", {MEDIA_PROBLEM: "Problem"}),
)


def _guards(parts: Parts) -> tuple[Answer, ...]:
    """Answers of all routes but probes to callers without access or over a limit."""
    problem = {MEDIA_PROBLEM: "Problem"}
    limited = Answer((429,), "The caller is over a limit.", problem, ("Retry-After",))
    late = Answer(("timeout",), "The service had no time left for the request.", problem)
    if parts.authenticator is None:
        return limited, late
    unknown = Answer((401,), "No token, or a wrong one.", problem, ("WWW-Authenticate",))
    if not parts.authenticator.asks_api_server:
        return unknown, limited, late
    unread = Answer(("error",), "The API server could not review the token.", problem)
    return unknown, limited, late, unread


def _security(parts: Parts) -> list[Json]:
    return [{name: []} for name in _schemes(parts)]


def _schemes(parts: Parts) -> Json:
    authenticator = parts.authenticator
    if authenticator is None:
        return {}
    found: Json = {
        scheme.lower(): {
            "type": "http",
            "scheme": scheme.lower(),
            "description": _SCHEMES[scheme],
        }
        for scheme in authenticator.schemes
    }
    if authenticator.takes_query:
        found["query"] = {
            "type": "apiKey",
            "in": "query",
            "name": TOKEN.name,
            "description": TOKEN.description,
        }
    return found


_SCHEMES = {
    "Basic": "The token as the password, with any user name.",
    "Bearer": "The token.",
}

_EVERYWHERE = ("Heartbeat-Status", "X-Request-Id", "Cache-Control", "X-Content-Type-Options")
_LIMITS = (
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
_COUNT = {"type": "string", "pattern": "^[0-9]+$"}


def _header(description: str, schema: Mapping[str, object], *, always: bool = False) -> Json:
    return {"description": description, "schema": schema, **({"required": True} if always else {})}


_TEXT: Json = {"type": "string"}
_HEALTHS = [str(word) for word in Health]
_HEADERS: Json = {
    "Heartbeat-Status": _header(
        "The status; `unknown` for an error. Answers of a proxy in between do not have it.",
        {"type": "string", "enum": _HEALTHS},
        always=True,
    ),
    "X-Request-Id": _header(
        "The ID of the request, or a new one if it has none that is valid; it is logged.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        always=True,
    ),
    "Cache-Control": _header(
        "`no-store`; for a badge, a minute.",
        {
            "type": "string",
            "enum": ["no-store", "max-age=60", "private, max-age=60"],
        },
        always=True,
    ),
    "X-Content-Type-Options": _header(
        "Browsers must not guess the type of the body.",
        {"type": "string", "const": "nosniff"},
        always=True,
    ),
    "Age": _header("The age of the reading in seconds, if it is past its lifetime.", _COUNT),
    "Vary": _header("The request headers that a cached answer depends on.", _TEXT, always=True),
    "Content-Security-Policy": _header(
        "It loads and runs nothing from elsewhere.", _TEXT, always=True
    ),
    "RateLimit": _header(
        'How many requests are left, and in how many seconds there is one more: `"default";r=9;t=1`'
        " (IETF draft).",
        {"type": "string", "pattern": '^"[a-z-]+";r=[0-9]+;t=[0-9]+$'},
    ),
    "RateLimit-Policy": _header(
        "The limit, as requests in a window of seconds.",
        {"type": "string", "pattern": '^"[a-z-]+";q=[0-9]+;w=[0-9]+$'},
    ),
    "X-RateLimit-Limit": _header("The limit.", _COUNT),
    "X-RateLimit-Remaining": _header("How many requests are left.", _COUNT),
    "X-RateLimit-Reset": _header("When there is one more, as a Unix time.", _COUNT),
    "Retry-After": _header("Seconds until the next try.", _COUNT, always=True),
    "WWW-Authenticate": _header("How to authenticate.", _TEXT, always=True),
}

_BOOLEAN: Json = {"type": "boolean"}
_INTEGER: Json = {"type": "integer", "minimum": 0}
_TIME: Json = {"type": "string", "format": "date-time"}
_TIME_OR_NULL: Json = {"type": ["string", "null"], "format": "date-time"}
_WORDS = {
    "": _HEALTHS,
    "Health": ["pass", "warn", "fail"],
}
_LEVELS = {
    "Status": Detail.STATUS,
    "Summary": Detail.SUMMARY,
    "Full": Detail.FULL,
}


def _object(properties: Mapping[str, object], optional: Iterable[str] = (), **more: object) -> Json:
    left_out = set(optional)
    return {
        "type": "object",
        "required": [name for name in properties if name not in left_out],
        "properties": dict(properties),
        **more,
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> Json:
    found: Json = {
        "Problem": _object(
            {
                "type": {"type": "string", "const": "about:blank"},
                "title": _TEXT,
                "status": {"type": "integer", "description": "The HTTP code."},
                "up": {"const": False},
                "detail": {"type": "string", "description": "What is wrong, for people."},
            },
            description="RFC 9457.",
        ),
        "Badge": _object(
            {
                "schemaVersion": {"const": 1},
                "label": _TEXT,
                "message": {"type": "string", "minLength": 1},
                "color": _TEXT,
                "isError": {
                    "type": "boolean",
                    "description": "Whether it is not up: a page can then not change the colour.",
                },
                "cacheSeconds": _INTEGER,
            },
            description="The endpoint badge of shields.io.",
        ),
        "Picture": {"type": "string", "description": "An SVG image.", "pattern": "^<svg "},
        "Text": {"type": "string", "description": "Plain text."},
        "Document": _object({"openapi": _TEXT, "info": {"type": "object"}, "paths": {}}),
        "Targets": {
            "type": "array",
            "description": "Targets for Prometheus' HTTP service discovery.",
            "items": _object(
                {
                    "targets": {"type": "array", "items": _TEXT},
                    "labels": {"type": "object", "additionalProperties": _TEXT},
                }
            ),
        },
        "CauseSummary": _cause(Detail.SUMMARY),
        "CauseFull": _cause(Detail.FULL),
    }
    for prefix, words in _WORDS.items():
        found |= _verdicts(prefix, words)
    return found


def _verdicts(prefix: str, words: Sequence[str]) -> Json:
    """The schemas of verdicts, for each level of detail."""
    status: Json = {"type": "string", "enum": list(words)}
    found: Json = {}
    for level, detail in _LEVELS.items():
        headline: Json = {"status": status, "up": _BOOLEAN}
        if detail is Detail.STATUS:
            body = _object(headline, description=f"At detail `{detail}`.", maxProperties=2)
            found[f"{prefix}Verdict{level}"] = body
            continue
        own = {"status": status, "up": _BOOLEAN} | _HEADLINE
        causes = {"type": "array", "maxItems": 20, "items": _ref(f"Cause{level}")}
        read = {"checkedAt": _TIME, "ageSeconds": {"type": "number", "minimum": 0}}
        figures = {"dependentRequired": {"desired": ["available"], "available": ["desired"]}}
        found[f"{prefix}Verdict{level}"] = _object(
            own | {"since": _TIME_OR_NULL} | read | {"stale": _BOOLEAN, "causes": causes},
            _FIGURES,
            description=f"At detail `{detail}`.",
            **figures,
        )
        found[f"{prefix}Item{level}"] = _object(
            own | {"title": _TEXT, "since": _TIME_OR_NULL, "causes": causes},
            ("up", "title", *_FIGURES),
            description="A member of a group; a failing body omits `up` of members that are up.",
            **figures,
        )
        found[f"{prefix}GroupVerdict{level}"] = _object(
            headline
            | _GROUP_HEADLINE
            | read
            | {
                "stale": _BOOLEAN,
                "items": {"type": "array", "items": _ref(f"{prefix}Item{level}")},
                "itemsOmitted": _INTEGER,
            },
            ("title",),
            description=f"At detail `{detail}`; failing members come first.",
        )
    for name in ("Verdict", "GroupVerdict"):
        levels = [f"{prefix}{name}Full", f"{prefix}{name}Summary", f"{prefix}VerdictStatus"]
        found[f"{prefix}{name}"] = {
            "description": "Its fields depend on the caller's detail.",
            "anyOf": [_ref(level) for level in levels],
        }
    return found


_FIGURES = ("desired", "available")
_ACTIVITY: Json = {"type": "string", "enum": [str(word) for word in Activity]}
_HEADLINE: Json = {
    "activity": _ACTIVITY,
    "kind": _TEXT,
    "namespace": {"type": "string", "description": "Empty for a cluster-scoped kind."},
    "name": _TEXT,
    "reason": {"type": "string", "description": "One CamelCase word, for machines."},
    "message": {"type": "string", "description": "One sentence, for people."},
    "desired": {"type": "integer", "description": "For kinds with replicas."},
    "available": {"type": ["integer", "null"], "description": "For kinds with replicas."},
}
_GROUP_HEADLINE: Json = {
    "activity": _ACTIVITY,
    "kind": {"type": "string", "enum": ["Namespace", "Cluster", "Component", "Components"]},
    "namespace": _TEXT,
    "name": _TEXT,
    "title": {"type": "string", "description": "The title of a component."},
    "reason": _TEXT,
    "message": _TEXT,
    "total": {"type": "integer", "minimum": 0, "description": "The number of members."},
    "needed": {"type": "integer", "minimum": 0, "description": "How many of them must be up."},
    "counts": {
        "type": "object",
        "description": "Members by status; a failing body leaves out those that work.",
        "properties": {word: {"type": "integer", "minimum": 1} for word in _HEALTHS},
        "additionalProperties": False,
    },
}


def _cause(detail: Detail) -> Json:
    properties: Json = {
        "reason": _TEXT,
        "kind": {"type": "string", "description": "The kind of the object that has the problem."},
        "name": {"type": "string", "description": "The name of the first object that has it."},
        "container": _TEXT,
        "count": {"type": "integer", "minimum": 1, "description": "How many objects have it."},
        "message": _TEXT,
        "since": _TIME_OR_NULL,
    }
    if detail is Detail.FULL:
        return _object(properties, ("container",), description="One problem behind a verdict.")
    del properties["message"]
    return _object(
        properties,
        ("container", "name"),
        description="One problem behind a verdict; with a name if it is the object's own.",
        **{"not": {"required": ["message"]}},
    )
