"""The document describes the routes that the app has, by the settings that it has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from falcon.inspect import inspect_routes

from k8s_heartbeat.adapters.http import parameters
from k8s_heartbeat.adapters.http.cluster_tokens import ClusterAuthenticator
from k8s_heartbeat.adapters.http.parameters import Parameter
from k8s_heartbeat.adapters.http.routes import ROUTES
from tests.http.support import GUARDED, OPEN, TOKEN, FakeReader, Service, ask, healthy, service

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def document(**changes: Any) -> dict[str, Any]:
    """The document of a service with these settings."""
    base = changes.get("base_path", "")
    answer = ask(service(**changes), path=f"{base}/openapi.json", headers=BEARER)
    assert answer.status == 200
    found: dict[str, Any] = answer.json()
    return found


def templates(served: Service) -> set[str]:
    """The paths that the app's router knows."""
    return {route.path for route in inspect_routes(served.client.app)}


def resolved(schema: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    """What a reference within the document refers to."""
    found: Any = schema
    for step in reference["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    value: dict[str, Any] = found
    return value


def test_the_document_has_the_apps_routes_and_no_other() -> None:
    """Both are made of one table."""
    served = service()
    described = set(document()["paths"])
    assert described == templates(served)
    assert described == {route.path for route in ROUTES}
    assert len(described) == len(ROUTES)


def test_every_path_answers_get_and_head_by_the_route_that_it_is() -> None:
    """With its parameters filled in as in the examples."""
    described = document()
    for path, item in described["paths"].items():
        filled = path
        query = ""
        for reference in item["parameters"]:
            parameter = resolved(described, reference)
            example = parameter["example"]
            if parameter["in"] == "path":
                filled = filled.replace(f"{{{parameter['name']}}}", example)
            elif parameter["required"]:
                query = f"{parameter['name']}={','.join(example)}"
        assert "{" not in filled
        assert set(item) >= {"get", "head"}
        for method in ("get", "head"):
            answer = ask(service(healthy()), method.upper(), filled, query)
            assert str(answer.status) in item[method]["responses"]


def test_operations_have_names_of_their_own() -> None:
    """Clients are generated from them."""
    paths = document()["paths"].values()
    names = [item[method]["operationId"] for item in paths for method in ("get", "head")]
    assert len(set(names)) == len(names)
    assert {"getApiHealthzNamespaceKindName", "headLivez"} <= set(names)


@pytest.mark.parametrize(
    "declared", [p for p in vars(parameters).values() if isinstance(p, Parameter)]
)
def test_an_example_is_taken(declared: Parameter) -> None:
    """Each parameter's own, where it is in a query."""
    if declared.in_path:
        return
    path = "/api/healthz/-" if declared is parameters.CLUSTER_KINDS else "/api/healthz/shop"
    if declared is parameters.LABEL:
        path = "/api/badge/shop/deployment/api"
    value = declared.example.replace("%", "%25")
    answer = ask(service(healthy()), path=path, query=f"{declared.name}={value}")
    assert answer.status != 400


def test_codes_are_the_operators() -> None:
    """What shares a code is one answer, with every body that it may have."""
    answers = document(codes={"down": 424, "unknown": 424, "degraded": 424, "missing": 400})
    item = answers["paths"]["/api/healthz/{namespace}/{kind}/{name}"]["get"]["responses"]
    assert {"200", "400", "404", "424", "502", "504"} <= set(item)
    assert "503" not in item
    content = resolved(answers, item["400"])["content"]
    assert set(content) == {
        "application/json",
        "application/health+json",
        "application/problem+json",
    }
    assert "503" in answers["paths"]["/readyz"]["get"]["responses"]


def test_an_open_service_asks_for_nothing() -> None:
    """There is no scheme, and no 401."""
    found = document(contract=OPEN)
    assert (found["security"], "securitySchemes" in found["components"]) == ([], False)
    assert not any(name.endswith("401") for name in found["components"]["responses"])


def test_who_may_ask_is_said() -> None:
    """Basic, Bearer or the query; nothing for probes, and nothing where strangers may look."""
    found = document(contract=GUARDED)
    every: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}, {"query": []}]
    assert found["security"] == every
    assert found["components"]["securitySchemes"]["query"]["name"] == "token"
    for route in ROUTES:
        operation = found["paths"][route.path]["get"]
        if route.is_probe:
            assert operation["security"] == []
            assert not {"401", "429"} & set(operation["responses"])
            continue
        assert operation.get("security") == ([*every, {}] if route.for_strangers else None)
        assert {"401", "429"} <= set(operation["responses"])


def test_a_token_of_the_cluster_comes_after_bearer_alone() -> None:
    """And reviewing it may fail."""
    assert (ClusterAuthenticator.schemes, ClusterAuthenticator.takes_query) == (("Bearer",), False)


def test_it_needs_a_token_and_says_nothing_of_the_cluster() -> None:
    """Like any other route; nothing is read for it."""
    reader = FakeReader([healthy()])
    served = service(reader=reader, contract=GUARDED)
    assert ask(served, path="/openapi.json").status == 401
    answer = ask(served, path="/openapi.json", headers=BEARER)
    assert (answer.status, reader.calls) == (200, 0)
    assert answer.json() == json.loads(
        ask(service(contract=GUARDED), path="/openapi.json", headers=BEARER).body
    )
    assert ask(served, "HEAD", "/openapi.json", headers=BEARER).body == b""


def test_the_prefix_is_its_server() -> None:
    """Relative: only a client knows by which name it came."""
    assert document()["servers"] == [{"url": "/"}]
    assert document(base_path="/heartbeat")["servers"] == [{"url": "/heartbeat"}]
