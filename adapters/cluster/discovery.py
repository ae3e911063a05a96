"""What a cluster serves, by Kubernetes' discovery API: in one answer, or group by group.

Clusters since 1.26 aggregate it; older ones, and servers that imitate them, are asked for each
group version. Both are told as APIResources with `group` and `version` stated. A group that is
served by somebody else, such as metrics, may be away while all others are there.
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


def served(get: Get) -> tuple[list[Resource], bool]:
    """Every resource that can be read by name, and whether these are all.

    In the server's order of preference. They are not all where a group's own server is away.

    Raises:
        ReadError: An answer of the API server's own could not be had.
    """
    found: list[Resource] = []
    whole = True
    for root in ("/api", "/apis"):
        answer = get(root)
        if answer.get("kind") == "APIGroupDiscoveryList":
            found += _aggregated(answer)
            whole = whole and not _is_stale(answer)
        else:
            _expect(answer, "APIVersions", "APIGroupList")
            for group_version in _group_versions(answer):
                try:
                    found += _resources(get, root, group_version)
                except UpstreamError:
                    whole = False
    return found, whole


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


def _is_stale(answer: Resource) -> bool:
    """Whether the API server could not ask a group's own server."""
    return any(
        version.get("freshness") == "Stale"
        for group in mappings(answer.get("items"))
        for version in mappings(group.get("versions"))
    )


def _group_versions(answer: Resource) -> list[str]:
    group_versions = [
        text(version.get("groupVersion"))
        for group in mappings(answer.get("groups"))
        for version in mappings(group.get("versions"))
    ]
    versions = answer.get("versions")
    if is_list(versions):
        # The core group's versions, each a text.
        group_versions += [text(version) for version in versions]
    return [entry for entry in group_versions[:_MOST_GROUP_VERSIONS] if _is_path(entry)]


def _resources(get: Get, root: str, group_version: str) -> Iterator[Resource]:
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
