"""What a cluster serves, by Kubernetes' discovery API: in one answer, or group by group.

Clusters since 1.26 aggregate it; older ones, and servers that imitate them, are asked for each
group version. Both are told as APIResources with `group` and `version` stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from k8s_heartbeat.core.fields import is_list, items, mapping, mappings, text
from k8s_heartbeat.core.reader import UpstreamError

__all__ = ["ACCEPT", "Get", "served"]

Resource = Mapping[str, Any]

Get = Callable[[str], Mapping[str, Any]]
"""Fetches a path of the discovery API and decodes it; raises `ReadError`."""

ACCEPT = ",".join(
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    )
)
"""What is accepted: the aggregated form where the server has it."""

_MOST_GROUP_VERSIONS = 200


def served(get: Get) -> list[Resource]:
    """Every resource that can be read by name, in the server's order of preference.

    Raises:
        ReadError: An answer could not be had.
    """
    found: list[Resource] = []
    for root in ("/api", "/apis"):
        answer = get(root)
        if answer.get("kind") == "APIGroupDiscoveryList":
            found += _aggregated(answer)
        else:
            _expect(answer, "APIVersions", "APIGroupList")
            found += _one_by_one(get, root, answer)
    return found


def _aggregated(answer: Resource) -> Iterator[Resource]:
    for group in mappings(answer.get("items")):
        name = text(mapping(group.get("metadata")).get("name"))
        for version in mappings(group.get("versions")):
            for resource in mappings(version.get("resources")):
                if "get" in items(resource.get("verbs")):
                    yield {
                        "name": resource.get("resource"),
                        "kind": mapping(resource.get("responseKind")).get("kind"),
                        "group": name,
                        "version": version.get("version"),
                        "shortNames": resource.get("shortNames"),
                        "namespaced": resource.get("scope") == "Namespaced",
                    }


def _one_by_one(get: Get, root: str, answer: Resource) -> Iterator[Resource]:
    group_versions = [
        text(version.get("groupVersion"))
        for group in mappings(answer.get("groups"))
        for version in mappings(group.get("versions"))
    ]
    versions = answer.get("versions")
    if is_list(versions):
        # The core group's versions, each a text.
        group_versions += [text(version) for version in versions]
    for group_version in group_versions[:_MOST_GROUP_VERSIONS]:
        if not _is_path(group_version):
            continue
        group, _, version = group_version.rpartition("/")
        told = get(f"{root}/{group_version}")
        _expect(told, "APIResourceList")
        for resource in mappings(told.get("resources")):
            if "get" in items(resource.get("verbs")):
                yield {**resource, "group": group, "version": version}


def _expect(answer: Resource, *kinds: str) -> None:
    """Raise unless an answer is of a kind: of anything else it does not follow what is served."""
    if answer.get("kind") not in kinds:
        raise UpstreamError("what the cluster serves: the API server's answer is no discovery")


def _is_path(group_version: str) -> bool:
    """Whether a group and version are what a path may hold as they are."""
    plain = group_version.replace("/", "", 1).replace(".", "").replace("-", "")
    return plain.isascii() and plain.isalnum() and ".." not in group_version
