"""What the documentation says of rights and kustomizations, run as it is written."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import ROOT
from tests.cluster.custom_kinds import defines
from tests.cluster.plane import ControlPlane, Manifest, PlaneError
from tests.cluster.service import NAMESPACE

pytestmark = pytest.mark.cluster

SHOP = "shop"
MONITOR = f"system:serviceaccount:{SHOP}:monitor"
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "deploy/**/*.yaml")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
COMMAND = re.compile(
    r"kubectl (?:create (?:[a-z]*role[a-z]*|serviceaccount|token)"
    r"|auth can-i) (?:[^`\n\\]|\\\n)*"
)
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.M | re.S)


def commands(path: Path) -> list[list[str]]:
    """The commands of a page, or of a manifest's comments, that make accounts and rights."""
    text = path.read_text("utf-8").replace("\\\n#", "\\\n")
    return [
        shlex.split(found.replace("\\\n", " "), comments=True)[1:]
        for found in COMMAND.findall(text)
    ]


def kustomizations(path: Path) -> list[Manifest]:
    """The kustomizations that a page shows."""
    blocks = BLOCK.findall(path.read_text("utf-8"))
    return [yaml.safe_load(block) for block in blocks if block.startswith("# kustomization.yaml\n")]


def roles(path: Path) -> list[Manifest]:
    """The objects of RBAC that a page shows."""
    blocks = BLOCK.findall(path.read_text("utf-8"))
    shown = (block for block in blocks if "apiVersion: rbac.authorization.k8s.io/" in block)
    return [item for block in shown for item in yaml.safe_load_all(block)]


SAID = [path for path in PAGES if commands(path)]
SHOWN = [path for path in PAGES if path.suffix == ".md" and kustomizations(path)]


def name_of(path: Path) -> str:
    """A page, for people."""
    return str(path.relative_to(ROOT))


@pytest.fixture
def ready(deployed: ControlPlane) -> Iterator[ControlPlane]:
    """What the pages take for granted: the service, the namespace of a shop, cert-manager."""
    defines("Certificate.cert-manager.io")(deployed, "")
    deployed.namespace(SHOP)
    yield deployed
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        for item in deployed.objects(kind):
            name = item["metadata"]["name"]
            if name in ("k8s-heartbeat-more", "checkout"):
                deployed.delete(kind, "", name)
    deployed.delete("Namespace", "", SHOP)
    deployed.wait_gone("Namespace", "", SHOP, 60)


def test_there_are_commands_and_kustomizations() -> None:
    """They are found where they stand."""
    assert {"docs/access.md", "docs/operating.md", "deploy/base/cluster-role.yaml"} <= {
        name_of(path) for path in SAID
    }
    assert {"docs/operating.md", "docs/push.md"} <= {name_of(path) for path in SHOWN}


@pytest.mark.parametrize("path", SAID, ids=name_of)
def test_commands_of_a_page_work_as_they_are_written(ready: ControlPlane, path: Path) -> None:
    """In their order; whatever is refused fails, and so does a `can-i` that says no."""
    for command in commands(path):
        if command[:2] == ["create", "token"] and "-n" not in command:
            # In the text, of the account above it.
            command += ["-n", SHOP]
        printed = ready.kubectl(*command)
        assert printed


def test_a_component_is_granted_by_the_file_and_not_by_a_command(ready: ControlPlane) -> None:
    """`kubectl create clusterrole` looks the resource up; RBAC itself does not."""
    assert not may_see(ready, "checkout")
    with pytest.raises(PlaneError, match="the server doesn't have a resource type"):
        ready.kubectl(
            *("create", "clusterrole", "checkout", "--verb=get"),
            *("--resource=components.k8s-heartbeat.io", "--resource-name=checkout"),
        )
    ready.apply(roles(ROOT / "docs" / "access.md"))
    ready.wait_until(lambda: may_see(ready, "checkout"), what="the role is in force")
    assert not may_see(ready, "billing")


def may_see(plane: ControlPlane, component: str) -> bool:
    """Whether the monitor's account may see a component, asked as the service asks."""
    attributes = {"verb": "get", "group": "k8s-heartbeat.io", "resource": "components"}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": MONITOR, "resourceAttributes": {**attributes, "name": component}},
    }
    answer = plane.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


@pytest.mark.parametrize("path", SHOWN, ids=name_of)
def test_kustomizations_of_a_page_are_taken(
    ready: ControlPlane, path: Path, tmp_path: Path
) -> None:
    """As an operator has them, beside a clone of the repository."""
    deploy = os.path.relpath(ROOT / "deploy", tmp_path.resolve())
    for shown in kustomizations(path):
        for key in ("resources", "components"):
            shown[key] = [re.sub("^deploy", deploy, entry) for entry in shown.get(key, ())]
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(shown), "utf-8")
        ready.kubectl("apply", "--dry-run=server", "-k", str(tmp_path))


def test_the_rule_of_ones_own_is_in_the_role(ready: ControlPlane, tmp_path: Path) -> None:
    """And the account has it once that is applied; under `namespaced` it is in the Role."""
    (shown,) = (
        item for item in kustomizations(ROOT / "docs" / "operating.md") if "patches" in item
    )
    deploy = os.path.relpath(ROOT / "deploy", tmp_path.resolve())
    added = {"apiGroups": ["cert-manager.io"], "resources": ["certificates"]}
    for overlay, kind in (("classic", "ClusterRole"), ("namespaced", "Role")):
        shown["resources"] = [f"{deploy}/overlays/{overlay}"]
        shown["patches"][0]["target"]["kind"] = kind
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(shown), "utf-8")
        made = yaml.safe_load_all(ready.kubectl("kustomize", str(tmp_path)))
        (role,) = (item for item in made if item["kind"] == kind and is_ours(item))
        assert role["rules"][-1] == {**added, "verbs": ["get", "list"]}
        ready.apply(role, dry_run=True)


def is_ours(item: Manifest) -> bool:
    """Whether it is what the service itself may read in a namespace."""
    return bool(item["metadata"]["name"] == NAMESPACE)
