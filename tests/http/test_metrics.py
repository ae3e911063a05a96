"""What Prometheus scrapes: the service's own metrics, and verdicts as series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as open_metrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from k8s_heartbeat.adapters.http.quota import RateLimit
from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core import Threshold
from k8s_heartbeat.core.checks.component import Component, Member
from tests.builders import NOW, Manifest, deployment, stamp, stateful_set
from tests.http.support import (
    FORBIDDEN,
    GUARDED,
    OPEN,
    TIMEOUT,
    TOKEN,
    UPSTREAM,
    Answer,
    Clock,
    FakeReader,
    Service,
    ask,
    caller,
    degraded,
    down,
    guarding,
    healthy,
    remembering,
    service,
    unread,
)

OWN, ALL, SHOP = "/metrics", "/api/metrics", "/api/metrics/shop"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
# As Prometheus 2.42 and 3 send it.
OF_PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
OF_PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
    "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
WORDS = ("down", "unknown", "missing", "degraded", "healthy")
PAY = Component("pay", "Payments", (Member(("shop",), "deploy", "api"),), None)

Samples = dict[tuple[str, ...], float]
"""Values by a name and the values of labels, in the order of the labels."""


def parse_open_metrics(text: str) -> Iterable[Metric]:
    """The metrics of a text in the form OpenMetrics."""
    found: Iterable[Metric] = cast(Any, open_metrics).text_string_to_metric_families(text)
    return found


def samples(answer: Answer) -> Samples:
    """The samples of an answer, of which no two may have the same labels."""
    assert answer.status == 200, answer
    assert answer.header("Content-Type") == TEXT
    found: Samples = {}
    for family in parse_text(answer.body.decode()):
        for sample in family.samples:
            key = sample.name, *(value for _, value in sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def scrape(served: Service, path: str = ALL, query: str = "", **headers: str) -> Samples:
    """The samples of a path."""
    return samples(ask(served, path=path, query=query, headers=headers))


def of(found: Samples, name: str) -> Samples:
    """The samples of a metric, without its name."""
    return {key[1:]: value for key, value in found.items() if key[0] == f"k8s_heartbeat_{name}"}


def statuses(found: Samples) -> dict[tuple[str, ...], str]:
    """The word that holds for each object, of which there is exactly one."""
    held = {key[:3]: key[3] for key, value in of(found, "status").items() if value == 1}
    told = Counter(key[:3] for key in of(found, "status"))
    assert told == dict.fromkeys(held, len(WORDS))
    assert held.keys() == of(found, "up").keys()
    return held


def named(manifest: Manifest, name: str, namespace: str = "shop") -> Manifest:
    """The object under another name and UID."""
    own: Manifest = {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}"}
    return {**manifest, "metadata": {**manifest["metadata"], **own}}


@pytest.mark.parametrize(
    ("workload", "up", "word", "reason", "replicas"),
    [
        pytest.param(healthy(), 1, "healthy", "MinimumReplicasAvailable", (3, 3), id="healthy"),
        pytest.param(degraded(), 1, "degraded", "MinimumReplicasAvailable", (3, 2), id="degraded"),
        pytest.param(down(), 0, "down", "MinimumReplicasUnavailable", (3, 0), id="down"),
        pytest.param(unread(), 0, "unknown", "StatusMissing", (3, None), id="unknown"),
        pytest.param(deployment(0), 1, "healthy", "ScaledToZero", (0, 0), id="scaled to zero"),
    ],
)
def test_a_verdict_is_a_few_series(
    workload: Manifest, up: int, word: str, reason: str, replicas: tuple[int, int | None]
) -> None:
    """The word that holds is 1, the others 0; what is not stated has no series."""
    found = scrape(service(workload))
    api = ("deployment", "api", "shop")
    assert of(found, "up") == {api: up}
    assert of(found, "status") == {(*api, each): each == word for each in WORDS}
    told = of(found, "reason_info")
    assert list(told.values()) == [1]
    assert [key[:3] for key in told] == [api]
    answered = service(workload).get("/api/healthz/shop/deployment/api").json
    assert [key[3] for key in told] == [answered["reason"]]
    assert of(found, "replicas_desired").get(api) == answered.get("desired")
    assert of(found, "replicas_available").get(api) == answered.get("available")
    assert of(found, "reading_age_seconds") == {api: 0}


def test_since_is_a_unix_time_where_it_is_known() -> None:
    """As the API states it."""
    found = scrape(service(down(stamp(NOW)), stateful_set()))
    assert of(found, "since_seconds") == {("deployment", "api", "shop"): NOW.timestamp()}


@pytest.mark.parametrize("path", [OWN, ALL, SHOP])
@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/html,*/*;q=0.8", TEXT),
        ("application/openmetrics-text", OPEN_METRICS),
        (OF_PROMETHEUS, OPEN_METRICS),
        (OF_PROMETHEUS_3, OPEN_METRICS),
        ("application/openmetrics-text;version=1.0.0;q=0.1,text/plain;q=0.9", TEXT),
        ("application/openmetrics-text;version=a.b", TEXT),
        ("application/openmetrics-text;version=99.0.0\x01evil", TEXT),
        ("text/plain;version=1.0.0", TEXT),
        (";;;=,", TEXT),
    ],
)
def test_it_is_in_the_form_that_is_asked_for(path: str, accept: str, media: str) -> None:
    """In one of two, whatever is asked for; and both say the same."""
    served = service(healthy(), named(down(), "web"), components={"pay": PAY})
    answer = ask(served, path=path, headers={"Accept": accept} if accept else {})
    assert (answer.status, answer.header("Content-Type")) == (200, media)
    assert answer.header("Cache-Control") == "no-store"
    text = answer.body.decode()
    assert text.endswith("# EOF\n") == (media == OPEN_METRICS)
    assert text.count("# EOF") == (media == OPEN_METRICS)
    families = list((parse_open_metrics if media == OPEN_METRICS else parse_text)(text))
    assert all(family.documentation for family in families)
    told = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name == "k8s_heartbeat_status"
    }
    assert sum(told.values()) == (1 if path == OWN else 2)


@pytest.mark.parametrize("path", [OWN, ALL, SHOP, f"{ALL}/", "/api/metrics/nowhere"])
def test_head_answers_as_get_does(path: str) -> None:
    """The same code and headers, without a body."""
    served = service(healthy(), components={"pay": PAY})
    got, headed = ask(served, path=path), ask(served, "HEAD", path)
    assert (headed.status, headed.body) == (got.status, b"")
    counted = {"x-ratelimit-remaining", "ratelimit", "x-ratelimit-reset", "content-length"}
    ours = [{k: v for k, v in each.headers if k.lower() not in counted} for each in (got, headed)]
    assert ours[0] == ours[1]


@pytest.mark.parametrize(
    ("objects", "word"),
    [([healthy()], "healthy"), ([healthy(), stateful_set(3, 0)], "down"), ([], "unknown")],
)
def test_the_header_has_the_worst_word(objects: Sequence[Manifest], word: str) -> None:
    """And the code is 200 whatever it is: otherwise there was nothing to scrape."""
    answer = ask(service(*objects), path=ALL)
    assert (answer.status, answer.header("Heartbeat-Status")) == (200, word)


class TestComponents:
    """`/metrics` has them, and is 200 whatever became of the API server."""

    def test_a_component_is_a_series_like_any_other(self) -> None:
        """Up while enough of it is."""
        both = (Member(("shop",), "deploy", "api"), Member(("shop",), "sts", "db"))
        one = {"pay": Component("pay", "Payments", both, Threshold(1))}
        found = scrape(service(healthy(), stateful_set(3, 0), components=one), OWN)
        pay = ("component", "pay", "")
        assert of(found, "up") == {pay: 1}
        assert statuses(found) == {pay: "degraded"}
        assert list(of(found, "reason_info")) == [(*pay, "MinimumReplicasUnavailable")]

    @pytest.mark.parametrize("failure", [UPSTREAM, TIMEOUT])
    def test_what_cannot_be_read_is_unknown(self, failure: Exception) -> None:
        """It is neither left out nor 502."""
        reader = FakeReader([healthy()], failure=failure)
        found = scrape(service(reader=reader, components={"pay": PAY}), OWN)
        assert of(found, "up") == {("component", "pay", ""): 0}
        assert statuses(found) == {("component", "pay", ""): "unknown"}
        assert list(of(found, "reason_info")) == [("component", "pay", "", "EvidenceUnread")]

    def test_a_last_good_reading_says_how_old_it_is_and_ends(self) -> None:
        """After 150 s it is unknown."""
        reader, clock = FakeReader([healthy()]), Clock()
        served = remembering(reader, clock=clock, components={"pay": PAY})
        pay = ("component", "pay", "")
        assert of(scrape(served, OWN), "reading_age_seconds") == {pay: 0}
        reader.failure = UPSTREAM
        clock.seconds = 100
        found = scrape(served, OWN)
        assert statuses(found) == {pay: "healthy"}
        assert of(found, "reading_age_seconds") == {pay: 100}
        clock.seconds = 160
        found = scrape(served, OWN)
        assert (of(found, "up"), statuses(found)) == ({pay: 0}, {pay: "unknown"})

    def test_where_no_name_may_be_told_one_without_a_name_is_unknown(self) -> None:
        """Which components a caller may see may be unknown too."""
        from k8s_heartbeat.adapters.http.verdict_series import (  # noqa: PLC0415  # as in the app
            component_unread,
            verdict_families,
        )

        up, *_ = verdict_families([component_unread()], Detail.SUMMARY)
        (only,) = up.samples
        assert (only.labels["kind"], only.labels["name"], only.value) == ("component", "", 0)

    def test_without_a_component_it_is_the_service_alone(self) -> None:
        """And the API server is not asked."""
        served = service(healthy())
        found = scrape(served, OWN)
        assert served.reader.calls == 0
        assert of(found, "up") == {}
        assert of(found, "build_info")


class TestEvidence:
    """Good news only where something was read."""

    @pytest.mark.parametrize(("failure", "code"), [(UPSTREAM, 502), (TIMEOUT, 504)])
    @pytest.mark.parametrize("path", [ALL, SHOP])
    def test_where_nothing_can_be_read_there_is_nothing_to_scrape(
        self, path: str, failure: Exception, code: int
    ) -> None:
        """As in the API; Prometheus then has `up` 0."""
        answer = ask(service(reader=FakeReader([healthy()], failure=failure)), path=path)
        assert answer.status == code
        assert answer.header("Content-Type") == "application/problem+json"

    @pytest.mark.parametrize("failure", [UPSTREAM, TIMEOUT, FORBIDDEN])
    def test_a_list_that_failed_is_an_unknown_series(self, failure: Exception) -> None:
        """Of its kind, without a name."""
        reader = FakeReader([healthy()], unread={"StatefulSet": failure})
        found = scrape(service(reader=reader))
        assert statuses(found) == {
            ("deployment", "api", "shop"): "healthy",
            ("statefulset", "", ""): "unknown",
        }
        assert of(found, "up")["statefulset", "", ""] == 0
        assert ("statefulset", "", "", "EvidenceUnread") in of(found, "reason_info")

    def test_a_list_that_was_cut_is_one_too(self) -> None:
        """Beside what was read of it, in its namespace."""
        reader = FakeReader([healthy()], truncated=["Deployment"])
        assert statuses(scrape(service(reader=reader), SHOP)) == {
            ("deployment", "api", "shop"): "healthy",
            ("deployment", "", "shop"): "unknown",
        }

    def test_a_reading_that_stands_in_says_how_old_it_is(self) -> None:
        """In the series, and in the header `Age`."""
        reader = FakeReader([healthy(), stateful_set()], stale_kinds={"Deployment": 40.0})
        served = service(reader=reader, components={"pay": PAY})
        ages = of(scrape(served), "reading_age_seconds")
        assert ages["deployment", "api", "shop"] == 40
        assert ages["statefulset", "db", "shop"] == 0
        host = {"Host": "localhost"}
        for path in (OWN, ALL, SHOP, "/api/targets"):
            assert ask(served, path=path, headers=host).header("Age") == "40"
            assert ask(service(healthy()), path=path, headers=host).header("Age") is None

    def test_lists_are_read_once_a_kind_and_lifetime_for_everybody(self) -> None:
        """Those of `/api/healthz`, which shares its verdicts."""
        reader, clock = FakeReader([healthy(), named(healthy(), "b", "bank")]), Clock()
        served = remembering(reader, clock=clock)
        ask(served, path="/api/healthz")
        asked = Counter(query.kind for query in reader.queries)
        assert set(asked.values()) == {1}
        for _ in range(3):
            scrape(served)
        assert Counter(query.kind for query in reader.queries) == asked
        clock.seconds = 6
        scrape(served)
        assert Counter(query.kind for query in reader.queries) == asked + asked


class TestLabels:
    """Few, told apart, and nothing of a caller's own."""

    def test_kinds_of_two_groups_are_told_apart(self) -> None:
        """As kubectl names them."""
        groups = ("a.example.com", "b.example.com")
        kinds = [_resource(group) for group in groups]
        objects = [_gadget(f"{group}/v1", "x", "True") for group in groups]
        served = service(reader=FakeReader(objects, resources=kinds))
        query = ",".join(f"gadgets.{group}" for group in groups)
        found = scrape(served, SHOP, f"kind={query}")
        assert set(statuses(found)) == {(f"gadget.{group}", "x", "shop") for group in groups}

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_of_two_that_cannot_be_told_apart_the_worse_counts(
        self, order: tuple[int, int]
    ) -> None:
        """A series that is there twice makes all of a scrape invalid."""
        groups = ("a.k8s.io", "b.k8s.io")
        kinds = [_resource(group) for group in groups]
        ready = ("True", "False")
        objects = [
            _gadget(f"{group}/v1", "x", ready[o]) for group, o in zip(groups, order, strict=True)
        ]
        served = service(reader=FakeReader(objects, resources=kinds))
        query = ",".join(f"gadgets.{group}" for group in groups)
        found = scrape(served, SHOP, f"kind={query}")
        assert of(found, "up") == {("gadget", "x", "shop"): 0}

    def test_odd_text_is_quoted(self) -> None:
        """Also what no cluster would take."""
        odd = named(healthy(), 'a"\\\nb\ud800ü')
        served = service(reader=FakeReader([odd]))
        assert set(of(scrape(served), "up")) == {("deployment", 'a"\\\nb?ü', "shop")}
        answer = ask(served, path=ALL, headers={"Accept": OPEN_METRICS})
        assert list(parse_open_metrics(answer.body.decode()))

    def test_a_request_is_counted_by_the_template_of_its_route(self) -> None:
        """And by what there are a few of, whatever is sent."""
        served = service(healthy(), contract=GUARDED, components={"pay": PAY})
        before = _requests(served)
        for number in range(40):
            name = f"canary-{number}"
            ask(served, path=f"/api/healthz/{name}/deployment/{name}", headers=BEARER)
            ask(served, path=f"/{name}", headers=BEARER)
            ask(served, f"CANARY{number}", "/livez")
            ask(served, path=f"/api/metrics/{name}", query=f"x={name}", headers=BEARER)
            ask(served, path=ALL, headers={"Authorization": f"Bearer {name}"})
        ask(served, "HEAD", "/livez/")
        added = Counter(_requests(served))
        added.subtract(Counter(before))
        assert {key: count for key, count in added.items() if count} == {
            ("404", "GET", "/api/healthz/{namespace}/{kind}/{name}"): 40,
            ("404", "GET", "other"): 40,
            ("404", "GET", "/api/metrics/{namespace}"): 40,
            ("400", "other", "/livez"): 40,
            ("401", "GET", "other"): 10,
            ("429", "GET", "other"): 30,
            ("200", "HEAD", "/livez"): 1,
            ("200", "GET", OWN): 1,
        }
        answer = ask(served, path=OWN, headers=BEARER)
        assert b"canary" not in answer.body.lower()


class TestScope:
    """What lies outside is not there."""

    def test_a_scoped_caller_scrapes_their_scope(self) -> None:
        """By namespace and by kind."""
        world = [
            healthy(),
            named(down(), "vault", "bank"),
            stateful_set(3, 0),
        ]
        scoped = caller(namespaces=frozenset({"shop"}), kinds=("deploy",))
        served = service(*world, contract=guarding(scoped))
        answer = ask(served, path=ALL, headers=BEARER)
        assert statuses(samples(answer)) == {("deployment", "api", "shop"): "healthy"}
        assert answer.header("Heartbeat-Status") == "healthy"

    def test_a_namespace_out_of_sight_is_one_that_does_not_exist(self) -> None:
        """To the byte, but for its name."""
        world = [healthy(), named(down(), "vault", "bank")]
        scoped = guarding(caller(namespaces=frozenset({"shop"})))
        hidden, absent = (
            ask(service(*world, contract=scoped), path=f"{ALL}/{place}", headers=BEARER)
            for place in ("bank", "none")
        )
        assert hidden.status == absent.status == 404
        assert hidden.body.replace(b"bank", b"none") == absent.body

    def test_components_out_of_sight_are_not_there(self) -> None:
        """Not even unknown, when nothing can be read."""
        components = {name: Component(name, "", PAY.members, None) for name in ("pay", "vault")}
        scoped = guarding(caller(components=frozenset({"pay"})))
        for failure in (None, UPSTREAM):
            reader = FakeReader([healthy()], failure=failure)
            served = service(reader=reader, contract=scoped, components=components)
            found = scrape(served, OWN, Authorization=BEARER["Authorization"])
            assert set(of(found, "up")) == {("component", "pay", "")}

    def test_no_component_is_no_good_news(self) -> None:
        """The header says what is known, and that is nothing."""
        answer = ask(service(down()), path=OWN)
        assert (answer.status, answer.header("Heartbeat-Status")) == (200, "unknown")

    @pytest.mark.parametrize(
        ("detail", "told"),
        [
            (Detail.STATUS, {"up", "status"}),
            (Detail.SUMMARY, {"reason_info", "replicas_desired", "since_seconds"}),
            (Detail.FULL, {"reason_info", "replicas_available", "reading_age_seconds"}),
        ],
    )
    def test_the_detail_decides_what_is_told(self, detail: Detail, told: set[str]) -> None:
        """The lowest has the word and `up` alone."""
        contract = guarding(caller(detail=detail))
        served = service(down(stamp(NOW)), contract=contract, components={"pay": PAY})
        for path in (ALL, OWN):
            answer = ask(served, path=path, headers=BEARER)
            names = {
                name.removeprefix("k8s_heartbeat_")
                for name, *labels in samples(answer)
                # Requests are counted for the process, whoever asked.
                if not name.startswith("k8s_heartbeat_api_request")
                and ("deployment" in labels or "component" in labels)
            }
            if path == ALL:
                assert told <= names
            if detail is Detail.STATUS:
                assert names == told
                assert b"MinimumReplicas" not in answer.body

    def test_no_canary_is_told(self) -> None:
        """Of tokens, other namespaces, other kinds, pods and messages; in either form."""
        canary = "canary-7f3a"
        world = [
            named(down(), f"{canary}-name", f"{canary}-space"),
            healthy(),
            _gadget(f"{canary}.example.com/v1", "x", "False"),
        ]
        reader = FakeReader(world, resources=[_resource(f"{canary}.example.com")])
        scoped = caller(namespaces=frozenset({"shop"}), components=frozenset())
        other = caller(f"{canary}-token", name=f"{canary}-caller")
        part = f"{canary}-part"
        components = {part: Component(part, "", PAY.members, None)}
        served = service(reader=reader, contract=guarding(scoped, other), components=components)
        everything = {"Authorization": f"Bearer {canary}-token"}
        for path in (ALL, OWN, f"{ALL}/{canary}-space"):
            told = ask(served, path=path, headers=everything)
            assert canary in told.body.decode()
            ask(served, path=path, query=f"token={canary}-wrong")
        for path in (ALL, OWN, SHOP):
            for accept in (TEXT, OPEN_METRICS):
                answer = ask(served, path=path, headers={**BEARER, "Accept": accept})
                assert answer.status == 200
                assert canary not in answer.body.decode() + str(answer.headers)

    def test_a_token_is_needed(self) -> None:
        """For all of them."""
        served = service(healthy(), contract=GUARDED)
        for path in (OWN, ALL, SHOP):
            assert ask(served, path=path).status == 401


class TestParameters:
    """Those of the API that make sense."""

    def test_kinds_and_labels_narrow_it(self) -> None:
        """As in the API."""
        served = service(healthy(), stateful_set())
        assert set(of(scrape(served, ALL, "kind=sts"), "up")) == {("statefulset", "db", "shop")}
        assert of(scrape(served, ALL, "selector=a=b"), "up") == {}

    def test_min_decides_what_is_up(self) -> None:
        """For a job that is stricter than the policy."""
        found = scrape(service(degraded()), ALL, "min=3")
        assert of(found, "up") == {("deployment", "api", "shop"): 0}

    @pytest.mark.parametrize(
        ("path", "query"),
        [(ALL, "kinds=sts"), (ALL, "kind=,"), ("/api/metrics/No", ""), (OWN, "fail-on=degraded")],
    )
    def test_what_is_wrong_is_said(self, path: str, query: str) -> None:
        """Before anything is read."""
        served = service(healthy(), components={"pay": PAY})
        assert ask(served, path=path, query=query).status == 400
        assert served.reader.calls == 0


class TestOwn:
    """What the service counts of itself."""

    def test_durations_are_a_histogram(self) -> None:
        """Cumulative, by route."""
        clock = Clock()
        served = service(healthy(), clock=clock)
        before = of(scrape(served, OWN), "http_request_duration_seconds_bucket")
        ask(served, path="/livez")
        after = of(scrape(served, OWN), "http_request_duration_seconds_bucket")
        added = {
            key[0]: value - before.get(key, 0) for key, value in after.items() if key[1] == "/livez"
        }
        assert len(added) == 14
        assert set(added.values()) == {1}

    def test_limits_and_failed_authentications_are_counted(self) -> None:
        """From zero, so that the first one is an increase."""
        served = service(healthy(), contract=GUARDED, limit=RateLimit(2), token_limit=RateLimit(3))

        def counted() -> tuple[Samples, Samples]:
            found = samples(ask(served, path=OWN, headers=BEARER))
            return of(found, "limited_requests_total"), of(found, "failed_authentications_total")

        limited, failed = counted()
        for _ in range(3):
            ask(served)
        ask(served, headers={"Authorization": "Bearer wrong"})
        limited_then, failed_then = counted()
        assert {key: limited_then[key] - limited[key] for key in limited} == {
            ("default",): 2,
            ("token",): 0,
            ("failed-auth",): 0,
        }
        assert {key: failed_then[key] - failed[key] for key in failed} == {
            ("missing",): 2,
            ("wrong",): 0,
        }

    def test_a_cache_counts_what_became_of_its_requests(self) -> None:
        """Also what stood in."""
        reader, clock = FakeReader([healthy()]), Clock()
        served = remembering(reader, OPEN, clock=clock)

        def counted() -> Counter[tuple[str, ...]]:
            found = scrape(served, OWN)
            all_of = {**of(found, "cache_requests_total"), **of(found, "cache_stale_answers_total")}
            return Counter({key: int(value) for key, value in all_of.items()})

        before = counted()
        ask(served)
        ask(served)
        reader.failure = UPSTREAM
        clock.seconds = 10
        ask(served)
        added = counted()
        added.subtract(before)
        assert {key: count for key, count in added.items() if count and key[0] == "readings"} == {
            ("readings", "miss"): 2,
            ("readings", "hit"): 1,
            ("readings",): 1,
        }


def _requests(served: Service) -> dict[tuple[str, ...], int]:
    found = samples(ask(served, path=OWN, headers=BEARER))
    return {key: int(value) for key, value in of(found, "http_requests_total").items()}


def _resource(group: str) -> Manifest:
    return {
        "name": "gadgets",
        "kind": "Gadget",
        "group": group,
        "version": "v1",
        "namespaced": True,
    }


def _gadget(api_version: str, name: str, ready: str) -> Manifest:
    conditions: list[dict[str, Any]] = [{"type": "Ready", "status": ready, "reason": "AsItIs"}]
    return {
        "apiVersion": api_version,
        "kind": "Gadget",
        "metadata": {"namespace": "shop", "name": name, "uid": f"{api_version}/{name}"},
        "status": {"conditions": conditions},
    }
