"""Where the statuses of two pods differ, apart from what is each pod's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from k8s_heartbeat.core.fields import is_list, is_mapping
from tests.cluster.plane import Manifest

_OWN = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"[0-9a-f]{64}"), "DIGEST"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\b\d+(\.\d+){3}\b"), "ADDRESS"),
    (re.compile(r"(?<![a-z])(real|played)-"), ""),
    (re.compile(r"\bweb-[a-z0-9]+(-[a-z0-9]+)?_"), "POD_"),
    (re.compile(r"back-off \d+s"), "back-off N s"),
    (re.compile(r"\b\d+[KM]i\b"), "MEMORY"),
    # An event of kwok's has the same message for every pod.
    (re.compile(r" \S+ in pod POD_\S+\(UID\)"), ""),
)
_COUNTED = ("restartCount", "observedGeneration")
# Nothing is judged by what a container has got, and the stages leave it out. An image that was
# imported and not pulled has no digest of a registry.
_LEFT_OUT = ("allocatedResources", "resources", "volumeMounts", "imageID")


def differences(real: Sequence[Manifest], played: Sequence[Manifest]) -> list[str]:
    """One line for each field of the pods' statuses that differs: the real one's, the other's."""
    one, other = (dict(_fields(_oldest(pods)["status"])) for pods in (real, played))
    return [
        f"{path}: {one.get(path, '-')} | {other.get(path, '-')}"
        for path in sorted({*one, *other})
        if one.get(path) != other.get(path)
    ]


def warnings(held: Manifest) -> set[str]:
    """The warnings about pods in what an API server held, a line each."""
    events = [item for item in held["items"] if item["kind"] == "Event"]
    return {
        f"{event['reason']}: {_masked('', event['message'])}"
        for event in events
        if event["type"] == "Warning" and event["involvedObject"]["kind"] == "Pod"
    }


def _oldest(pods: Sequence[Manifest]) -> Manifest:
    return min(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def _fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf and its path; entries of a list go by their name or type."""
    if is_mapping(value) and value:
        for key in value.keys() - set(_LEFT_OUT):
            entry = value[key]
            yield from _fields(entry, f"{path}.{key}" if path else key)
    elif is_list(value) and value:
        for index, entry in enumerate(value):
            yield from _fields(entry, f"{path}[{_key(entry, index)}]")
    else:
        yield path, _masked(path, value)


def _key(entry: object, index: int) -> str:
    if is_mapping(entry):
        for name in ("name", "type"):
            if name in entry:
                return str(entry[name])
    return str(index)


def _masked(path: str, value: object) -> str:
    if path.rpartition(".")[2] in _COUNTED:
        return "0" if value == 0 else "N"
    text = str(value)
    for pattern, word in _OWN:
        text = pattern.sub(word, text)
    return text
