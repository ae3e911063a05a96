"""The document is valid, and has a place for everything that an answer says."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from k8s_heartbeat.adapters.http.app import Contract
from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.fields import is_list, is_mapping
from tests.builders import Manifest
from tests.http.support import (
    FORBIDDEN,
    GUARDED,
    OPEN,
    TOKEN,
    UPSTREAM,
    FakeReader,
    ask,
    degraded,
    down,
    healthy,
    service,
)

BEARER = {"Authorization": f"Bearer {TOKEN}"}
HEALTH = {"Accept": "application/health+json"}
COMPONENTS = {"pay": Component("pay", "Payments", (Member(("shop",), "deploy", "api"),))}
PATHS = {
    "/api/healthz/shop/deployment/api": "/api/healthz/{namespace}/{kind}/{name}",
    "/api/healthz/-/node/none": "/api/healthz/-/{kind}/{name}",
    "/api/healthz/shop": "/api/healthz/{namespace}",
    "/api/healthz/-?kind=node": "/api/healthz/-",
    "/api/healthz": "/api/healthz",
    "/api/components/pay": "/api/components/{name}",
    "/api/components": "/api/components",
    "/api/badge/shop/deployment/api": "/api/badge/{namespace}/{kind}/{name}",
    "/api/badge/components/pay": "/api/badge/components/{name}",
}
QUERIES = ("", "items=all", "code=200", "fail_on=degraded", "fail_on=x")


def document(contract: Contract) -> dict[str, Any]:
    """The document of a service."""
    found: dict[str, Any] = ask(
        service(contract=contract), path=f"{contract.base_path}/openapi.json", headers=BEARER
    ).json()
    return found


def closed(schema: Any) -> Any:
    """A schema in which every object has the keys that it states, and no other."""
    if is_list(schema):
        return [closed(entry) for entry in schema]
    if not is_mapping(schema):
        return schema
    found: dict[str, Any] = {key: closed(value) for key, value in schema.items()}
    if "properties" in found and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


@pytest.mark.parametrize(
    "contract",
    [
        OPEN,
        GUARDED,
        Contract(None, base_path="/heartbeat", codes={"down": 424, "missing": 400, "error": 400}),
        Contract(None, codes={"up": 204, "degraded": 418, "unknown": 418, "timeout": 599}),
    ],
    ids=["open", "token", "base path", "codes"],
)
def test_it_is_valid_by_its_own_schema(contract: Contract) -> None:
    """OpenAPI 3.1, its examples and defaults included."""
    validator: Any = import_module("openapi_spec_validator")
    validator.validate(document(contract), cls=validator.OpenAPIV31SpecValidator)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("headers", [{}, HEALTH], ids=["json", "health"])
@pytest.mark.parametrize(
    ("held", "failure"),
    [
        ([healthy()], None),
        ([degraded()], None),
        ([down()], None),
        ([], None),
        ([], FORBIDDEN),
        ([], UPSTREAM),
    ],
    ids=["healthy", "degraded", "down", "none", "forbidden", "error"],
)
def test_every_key_of_an_answer_is_declared(
    path: str,
    detail: Detail,
    headers: dict[str, str],
    held: list[Manifest],
    failure: Exception | None,
) -> None:
    """At each level of detail: none that is needed is missing, and none is there unannounced."""
    validator: Any = import_module("jsonschema").Draft202012Validator
    contract = Contract(None, detail=detail)
    described = document(contract)
    responses = described["paths"][PATHS[path]]["get"]["responses"]
    route, _, first = path.partition("?")
    for query in QUERIES:
        served = service(
            reader=FakeReader(held, failure=failure), contract=contract, components=COMPONENTS
        )
        answer = ask(served, "GET", route, "&".join(filter(None, (first, query))), headers)
        name = responses[str(answer.status)]["$ref"].rpartition("/")[2]
        response = described["components"]["responses"][name]
        media = answer.header("Content-Type") or ""
        schema = {
            **closed(response["content"][media]["schema"]),
            "components": closed({"schemas": described["components"]["schemas"]}),
        }
        faults = [fault.message for fault in validator(schema).iter_errors(answer.json())]
        assert faults == [], answer.body
        stated = {header.lower() for header in response["headers"]}
        said = {header.lower() for header, _ in answer.headers}
        assert said - stated <= {"content-type", "content-length"}
