"""What is asked of the API server is what `deploy/` grants, and the other way round.

The same holds on a real control plane, by its audit log: see tests/cluster/test_scenarios.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.kinds import EVENT, Kind
from tests.builders import Manifest, deployment
from tests.entrypoints.support import served
from tests.servers.api_server import ApiServer, Request

from .figures import Figures

ROLES = Path(__file__).parents[2] / "deploy" / "base" / "cluster-role.yaml"
# Of whatever has no status, only the metadata would be read: who wants that, grants it.
JUDGED = [rule.kind for rule in RULES if rule.fields and rule.kind != EVENT]
_PATH = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)(?:/namespaces/[^/]+(?=/))?/(?P<plural>[^/]+)(?P<name>/.+)?"
)

Right = tuple[str, str, str]


def granted() -> set[Right]:
    """Group, resource and verb of all that the ClusterRoles of `deploy/base` allow."""
    documents = yaml.safe_load_all(ROLES.read_text("utf-8"))
    return {
        (group, resource, verb)
        for role in documents
        if role["kind"] == "ClusterRole"
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def right_to(request: Request) -> Right | None:
    """What a request takes; None for what every account may, such as discovery."""
    found = _PATH.fullmatch(request.path)
    if found is None:
        return None
    assert request.line.startswith("GET ")
    return found["group"] or "", found["plural"], "get" if found["name"] else "list"


def test_rights_are_those_that_are_used(home: Path, figures: Figures) -> None:
    """Each judged kind by its name and as a list, and an outage that is explained."""
    place: Manifest = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "shop"}}
    outage = deployment(3, 0)
    outage["spec"]["selector"] = {"matchLabels": {"app": "api"}}
    claim: Manifest = {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "metadata": {"name": "data", "namespace": "shop"},
        "spec": {"storageClassName": "slow"},
        "status": {"phase": "Pending"},
    }
    with ApiServer([place, outage, claim], kinds=[*JUDGED, EVENT]) as api:
        with served(home, api, HEARTBEAT_CACHE_TTL="1m") as service:
            for path in ("/api/healthz/shop", "/api/healthz", "/healthz"):
                assert service.get(path).status in (200, 503)
            for kind in JUDGED:
                where = "shop" if kind.namespaced else "-"
                assert service.get(f"/api/healthz/{where}/{word(kind)}/none").status == 404
                assert service.get(f"/api/healthz/{where}?kind={word(kind)}").status in (200, 503)
            assert service.get("/api/healthz/shop/deployment/api").status == 503
            assert service.get("/api/healthz/shop/pvc/data").status in (200, 503)
        used = {right for request in api.requests if (right := right_to(request))}
    print(sorted(used ^ granted()))
    figures.take("rights used, not granted", len(used - granted()), 0, "rights")
    figures.take("rights granted, not used", len(granted() - used), 0, "rights")


def word(kind: Kind) -> str:
    """A kind as a caller names it beyond doubt."""
    return f"{kind.plural}.{kind.version}.{kind.group}".rstrip(".") if kind.group else kind.plural
