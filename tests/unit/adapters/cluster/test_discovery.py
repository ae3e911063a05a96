"""What discovery makes of whatever a server says that it serves."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.cluster import LiveReader
from k8s_heartbeat.adapters.cluster.client import Request
from k8s_heartbeat.adapters.memory import LARGEST, Memory
from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout, UpstreamError
from k8s_heartbeat.core.kinds import Kind, ServedKinds
from tests.builders import Manifest
from tests.property import strategies as some
from tests.servers.told_client import ToldClient

VERBS = ["get", "list"]


def aggregated(*resources: Manifest, group: str = "example.com", version: str = "v1") -> Manifest:
    """The aggregated answer for one group version."""
    return {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": group},
                "versions": [{"version": version, "resources": list(resources)}],
            }
        ],
    }


WIDGETS: Manifest = {
    "resource": "widgets",
    "responseKind": {"kind": "Widget"},
    "scope": "Namespaced",
    "verbs": VERBS,
    "shortNames": ["wi"],
}
PODS: Manifest = {
    "resource": "pods",
    "responseKind": {"kind": "Pod"},
    "scope": "Namespaced",
    "verbs": VERBS,
}
AGGREGATED: dict[str, Any] = {
    "/api": aggregated(PODS, group=""),
    "/apis": aggregated(WIDGETS),
}
LEGACY: dict[str, Any] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {
        "kind": "APIResourceList",
        "resources": [{"name": "pods", "kind": "Pod", "namespaced": True, "verbs": VERBS}],
    },
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "example.com",
                "versions": [{"groupVersion": "example.com/v1", "version": "v1"}],
            }
        ],
    },
    "/apis/example.com/v1": {
        "kind": "APIResourceList",
        "resources": [
            {
                "name": "widgets",
                "kind": "Widget",
                "namespaced": True,
                "verbs": VERBS,
                "shortNames": ["wi"],
            },
            {"name": "widgets/status", "kind": "Widget", "namespaced": True, "verbs": ["get"]},
        ],
    },
}


def discovered(answers: Mapping[str, Any], asked: list[str] | None = None) -> ServedKinds:
    """What these answers tell; a path without one is answered with 404."""

    def answer(request: Request) -> tuple[int, bytes]:
        if asked is not None:
            asked.append(request.path)
        if request.path not in answers:
            return 404, b"404 page not found"
        return 200, json.dumps(answers[request.path], default=str).encode()

    reader = LiveReader(ToldClient(answer), Memory())
    return reader.discover(Deadline.after(60, time.monotonic))


def ask(answers: Mapping[str, Any], asked: list[str] | None = None) -> list[Kind]:
    """The kinds that these answers tell."""
    return list(discovered(answers, asked).kinds)


@pytest.mark.parametrize("answers", [AGGREGATED, LEGACY], ids=["aggregated", "one by one"])
def test_both_forms_say_the_same(answers: Mapping[str, Any]) -> None:
    """The core group first, each kind with its group and version."""
    assert ask(answers) == [
        Kind("Pod", "pods", "", "v1"),
        Kind("Widget", "widgets", "example.com", "v1", ("wi",)),
    ]


def test_a_server_may_mix_both_forms() -> None:
    """An aggregating one behind a proxy that does not."""
    assert ask({**LEGACY, "/apis": AGGREGATED["/apis"]}) == ask(AGGREGATED)


@pytest.mark.parametrize("verbs", [["list"], [], None, "get", {"get": True}])
def test_what_cannot_be_read_by_name_is_left_out(verbs: object) -> None:
    """Reviews and the like can only be made."""
    assert ask({**AGGREGATED, "/apis": aggregated({**WIDGETS, "verbs": verbs})}) == ask(
        {**AGGREGATED, "/apis": aggregated()}
    )
    widgets = {"name": "widgets", "kind": "Widget", "verbs": verbs}
    listed = {"kind": "APIResourceList", "resources": [widgets]}
    assert ask({**LEGACY, "/apis/example.com/v1": listed}) == [Kind("Pod", "pods", "", "v1")]


def test_what_stands_in_no_namespace_is_told_so() -> None:
    """Only the very word Namespaced says that it does."""
    clusters = [{**WIDGETS, "scope": scope} for scope in ("Cluster", "", None, "namespaced")]
    found = ask({"/api": aggregated(group=""), "/apis": aggregated(*clusters)})
    assert [kind.namespaced for kind in found] == [False] * 4


def test_the_order_of_preference_is_the_servers() -> None:
    """The first version of a group is the one that is meant."""
    versions = [{"version": version, "resources": [WIDGETS]} for version in ("v2", "v1")]
    answer = {"kind": "APIGroupDiscoveryList", "items": [
        {"metadata": {"name": "example.com"}, "versions": versions}]}  # fmt: skip
    kinds = discovered({"/api": aggregated(group=""), "/apis": answer})
    found = kinds.find("widget")
    assert found is not None
    assert found.version == "v2"


@pytest.mark.parametrize(
    "group_version",
    [
        "../v1",
        "example.com/../../secrets",
        "a/b/c",
        "",
        "example.com/v1?x=y",
        "example.com/v 1",
        "http://elsewhere/v1",
        "exämple.com/v1",
        "a..b/v1",
        7,
        None,
        ["v1"],
    ],
)
def test_a_group_version_that_is_no_path_is_not_asked_for(group_version: object) -> None:
    """A server's word leads to no other place."""
    asked: list[str] = []
    groups = [{"versions": [{"groupVersion": group_version}]}]
    core = {"kind": "APIVersions", "versions": [group_version]}
    assert ask({"/api": core, "/apis": {"kind": "APIGroupList", "groups": groups}}, asked) == []
    assert asked == ["/api", "/apis"]


def test_group_versions_have_an_end() -> None:
    """However many a server names, a few hundred are asked for."""
    asked: list[str] = []
    many = [{"groupVersion": f"g{number}/v1"} for number in range(10_000)]
    nothing = {"kind": "APIResourceList"}
    answers: dict[str, Any] = {f"/apis/g{number}/v1": nothing for number in range(10_000)}
    groups = {"kind": "APIGroupList", "groups": [{"versions": many}]}
    ask({"/api": {"kind": "APIVersions"}, "/apis": groups, **answers}, asked)
    assert len(asked) == 202


def groups_of(count: int, resources: list[Manifest]) -> dict[str, Any]:
    """The answers of a server of so many groups that all serve the same, told one by one."""
    names = [f"g{number}/v1" for number in range(count)]
    listed = {"kind": "APIResourceList", "resources": resources}
    return {
        "/api": {"kind": "APIVersions"},
        "/apis": {
            "kind": "APIGroupList",
            "groups": [{"versions": [{"groupVersion": name} for name in names]}],
        },
        **{f"/apis/{name}": listed for name in names},
    }


def many_resources(count: int, **fields: object) -> list[Manifest]:
    """So many resources of different names."""
    return [
        {"name": f"widgets{number}", "kind": f"Widget{number}", "verbs": VERBS, **fields}
        for number in range(count)
    ]


def test_of_each_group_the_kinds_alone_are_kept() -> None:
    """All answers at once would take many times what the kinds do."""
    answers = {
        path: json.dumps(answer).encode()
        for path, answer in groups_of(5, many_resources(100, **{"canary-6a1f": "x"})).items()
    }
    kept: list[int] = []

    def answer(request: Request) -> tuple[int, bytes]:
        dicts: list[Any] = [entry for entry in gc.get_objects() if type(entry) is dict]
        held = [entry for entry in dicts if "canary-6a1f" in entry]
        kept.append(len(held))
        return 200, answers[request.path]

    served = LiveReader(ToldClient(answer), Memory()).discover(Deadline.after(60, time.monotonic))
    assert len(served.kinds) == 500
    assert kept == [0] * 7


@pytest.mark.parametrize("path", ["/api", "/apis", "/apis/g0/v1"])
def test_what_much_is_made_of_takes_its_room(path: str) -> None:
    """Few letters of JSON may be many objects."""
    answers = groups_of(1, [])
    answers[path] = {**answers[path], "padding": [{}] * 10_000}
    memory = Memory(LARGEST)

    def answer(request: Request) -> tuple[int, bytes]:
        return 200, json.dumps(answers[request.path]).encode()

    reader = LiveReader(ToldClient(answer), memory)
    with memory.room() as other:
        other.grow("it", Deadline.after(1, time.monotonic))
        with pytest.raises(ReadTimeout, match="too many large answers"):
            reader.discover(Deadline.after(0.05, time.monotonic))
    assert reader.discover(Deadline.after(60, time.monotonic)).whole
    assert memory.held == 0


@pytest.mark.parametrize("form", ["aggregated", "one by one"])
@pytest.mark.parametrize(("count", "whole"), [(20_000, True), (20_001, False)])
def test_kinds_have_an_end(form: str, count: int, whole: bool) -> None:
    """And it is told that these are not all."""
    asked: list[str] = []
    if form == "aggregated":
        kinds = [{**WIDGETS, "resource": f"widgets{number}"} for number in range(count)]
        answers = {"/api": aggregated(group=""), "/apis": aggregated(*kinds)}
    else:
        answers = groups_of(3, many_resources(10_000))
        first, rest = many_resources(10_000), many_resources(count - 10_000)
        for path, resources in (("/apis/g0/v1", first), ("/apis/g1/v1", rest)):
            answers[path] = {"kind": "APIResourceList", "resources": resources}
        answers["/apis/g2/v1"] = {"kind": "APIResourceList", "resources": []}
    served = discovered(answers, asked)
    assert (len(served.kinds), served.whole) == (20_000, whole)
    # What could not be kept is not asked for.
    assert ("/apis/g2/v1" in asked) == (whole and form == "one by one")


@pytest.mark.parametrize("fields", [{"kind": "W" * 1_025}, {"shortNames": ["w"] * 1_000}])
def test_a_kind_of_endless_names_is_left_out(fields: dict[str, object]) -> None:
    """And it is told that these are not all."""
    served = discovered(groups_of(1, [*many_resources(1), *many_resources(1, **fields)]))
    assert [kind.kind for kind in served.kinds] == ["Widget0"]
    assert not served.whole
    assert not served.knows("apps")


@pytest.mark.parametrize("kind", ["APIVersions", "APIGroupList", "APIGroupDiscoveryList"])
@pytest.mark.parametrize("more", [{}, {"items": 3}, {"groups": "none"}, {"versions": {"a": 1}}])
def test_what_tells_of_no_kind_tells_of_none(kind: str, more: Manifest) -> None:
    """Odd lists are empty ones."""
    answer = {"kind": kind, **more}
    assert ask({"/api": answer, "/apis": answer}) == []


@pytest.mark.parametrize("answer", [{}, {"kind": "Status"}, {"kind": "PodList"}, {"kind": ["x"]}])
@pytest.mark.parametrize("path", ["/api", "/apis"])
def test_what_is_no_discovery_is_an_error(path: str, answer: Manifest) -> None:
    """From a proxy's word it does not follow that a kind is not served."""
    with pytest.raises(UpstreamError):
        ask({**LEGACY, path: answer})


@pytest.mark.parametrize("answer", [None, {}, {"kind": "Status"}, {"kind": "PodList"}])
def test_a_group_that_does_not_answer_hides_no_other(answer: Manifest | None) -> None:
    """A dead metrics server, say; and it is told that these are not all."""
    answers = {path: told for path, told in LEGACY.items() if path != "/apis/example.com/v1"}
    answers |= {} if answer is None else {"/apis/example.com/v1": answer}
    assert ask(answers) == [Kind("Pod", "pods", "", "v1")]
    served = discovered(answers)
    assert not served.whole
    assert (served.knows("apps"), served.knows("example.com")) == (True, False)
    assert discovered(LEGACY).whole


def test_an_aggregating_server_says_what_it_could_not_ask() -> None:
    """By the freshness of a version."""
    assert discovered(AGGREGATED).whole
    stale = aggregated(WIDGETS)
    stale["items"][0]["versions"][0]["freshness"] = "Stale"
    served = discovered({**AGGREGATED, "/apis": stale})
    assert not served.whole
    assert (served.knows("argoproj.io"), served.knows("example.com")) == (True, False)
    assert ask({**AGGREGATED, "/apis": stale}) == ask(AGGREGATED)


@given(st.sampled_from([AGGREGATED, LEGACY]).flatmap(
    lambda answers: st.fixed_dictionaries(
        {path: some.damaged(st.just(answer)) for path, answer in answers.items()}
    )
))  # fmt: skip
def test_any_answer_is_survived(answers: dict[str, Any]) -> None:
    """What is odd in it is passed over, or the API server's error; there is no third way."""
    objects = {path: answer for path, answer in answers.items() if some.is_object(answer)}
    try:
        served = discovered(objects)
    except UpstreamError:
        return
    for kind in served.kinds:
        assert kind.kind
        assert kind.plural
        assert kind.version
        assert "/" not in kind.plural
    for word in ("widget", "widgets.example.com", "pods.v1.", "wi"):
        served.find(word)
