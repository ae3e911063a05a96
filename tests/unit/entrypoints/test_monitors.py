"""`monitors`: configuration that each client takes as it is."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from k8s_heartbeat.core.fields import is_list, is_mapping
from tests.builders import Manifest, deployment, metadata, stateful_set
from tests.monitors.recipes import block
from tests.unit.entrypoints.support import Done, Shell

URL = ("--url", "https://heartbeat.example.com")
LISTING = ("gatus", "uptime-kuma", "blackbox --form static", "upptime")
FINDING = ("blackbox", "blackbox --form discovery", "blackbox --form module", "prometheus")
_CHECK = re.compile(r"https?://[^\"]*/api/(?:healthz|components)/[^\"]*")
HOSTILE = '"]}\n- {{ x }} {% y %} ${HEARTBEAT_TOKEN} <img onerror=1> \u2028 ü: #'
COMPONENT = {"name": "pay", "title": "Payments", "members": [{"namespace": "shop"}]}
SERVICE: Manifest = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": metadata("web"),
    "spec": {"selector": {"app": "web"}},
}


def named(manifest: Manifest, name: str, namespace: str = "shop", **annotations: str) -> Manifest:
    """The same object under another name."""
    noted = {f"k8s-heartbeat.io/{key}": value for key, value in annotations.items()}
    own: Manifest = {
        "name": name,
        "namespace": namespace,
        "uid": f"{namespace}/{name}",
        "annotations": noted,
    }
    return {**manifest, "metadata": {**manifest["metadata"], **own}}


SHOP = (
    named(deployment(3), "web"),
    named(stateful_set(), "db"),
    named(deployment(3, 0), "api", "bank"),
    named(deployment(3), "old", ignore="true"),
    SERVICE,
)


def monitors(shell: Shell, client: str, *objects: Manifest, options: tuple[str, ...] = ()) -> Done:
    """Print what a client takes for a dump."""
    dump = ("-f", shell.file(*objects)) if objects else ()
    return shell.run("monitors", *client.split(), *dump, *URL, *options)


def parsed(done: Done) -> Any:
    """The content of what was printed."""
    assert (done.code, done.err) == (0, "")
    return yaml.safe_load(done.out)


def urls_in(found: Any) -> list[str]:
    """The URLs of checks in what was printed; they have no character that JSON escapes."""
    return _CHECK.findall(json.dumps(found))


@pytest.mark.parametrize("client", LISTING)
def test_each_workload_is_asked_for_once(shell: Shell, client: str) -> None:
    """What is no workload, and what its owner ignores, is not."""
    found = [urlsplit(url).path for url in urls_in(parsed(monitors(shell, client, *SHOP)))]
    assert found == [
        "/api/healthz/bank/deployment/api",
        "/api/healthz/shop/deployment/web",
        "/api/healthz/shop/statefulset/db",
    ]


@pytest.mark.parametrize("client", [*LISTING, *FINDING])
def test_it_says_the_same_from_run_to_run(shell: Shell, client: str) -> None:
    """In whatever order the cluster lists what it has."""
    if client in FINDING:
        runs = {monitors(shell, client).out for _ in range(2)}
    else:
        runs = {monitors(shell, client, *order).out for order in (SHOP, SHOP[::-1])}
    assert len(runs) == 1


@pytest.mark.parametrize("client", [*LISTING, *FINDING])
def test_no_token_is_printed(shell: Shell, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this process knows; a client reads it by itself."""
    for name in ("AUTH_TOKEN_BASIC", "HEARTBEAT_TOKEN"):
        monkeypatch.setenv(name, "canary-token-of-mine")
    done = monitors(shell, client, *(SHOP if client in LISTING else ()))
    assert done.code == 0
    assert "canary" not in done.out
    # The static job has none: the exporter's module has it.
    assert "static" in client or "heartbeat-token" in done.out or "HEARTBEAT_TOKEN" in done.out


@pytest.mark.parametrize("client", LISTING)
def test_a_hostile_name_stays_a_name(shell: Shell, client: str) -> None:
    """Kubernetes has no such names, but a dump may."""
    objects = (named(deployment(3), HOSTILE), named(deployment(3), "web"))
    found = parsed(monitors(shell, client, *objects))
    plain = parsed(monitors(shell, client, named(deployment(3), "other"), objects[1]))

    def shape(entry: Any) -> Any:
        if is_mapping(entry):
            return {key: shape(value) for key, value in entry.items()}
        return [*map(shape, entry)] if is_list(entry) else ""

    assert shape(found) == shape(plain)
    (hostile,) = (url for url in urls_in(found) if "onerror" in url)
    assert re.fullmatch(r"https://[A-Za-z0-9./%_~-]+(\?code=200)?", hostile)


def test_gatus(shell: Shell) -> None:
    """A name that is no longer one to Gatus is kept from its own variables."""
    document = parsed(monitors(shell, "gatus", *SHOP, options=("--alert", "slack")))
    assert document["endpoints"][0] == {
        "name": "deployment/api",
        "group": "bank",
        "url": "https://heartbeat.example.com/api/healthz/bank/deployment/api",
        "interval": "60s",
        "headers": {"Authorization": "Bearer ${HEARTBEAT_TOKEN}"},
        "conditions": ["[STATUS] == 200", "[BODY].up == true"],
        "alerts": [{"type": "slack"}],
    }
    (entry,) = parsed(monitors(shell, "gatus", named(deployment(3), "$A")))["endpoints"]
    assert entry["name"] == "deployment/$$A"


def test_gatus_has_no_two_endpoints_of_one_key(shell: Shell) -> None:
    """It would not start: to it a dot is a hyphen."""
    objects = [named(deployment(3), name) for name in ("a.b", "a-b", "c")]
    names = [entry["name"] for entry in parsed(monitors(shell, "gatus", *objects))["endpoints"]]
    keys = {name.replace(".", "-") for name in names}
    assert len(keys) == 3
    assert names[-1] == "deployment/c"
    assert all(name.startswith(("deployment/a.b ", "deployment/a-b ")) for name in names[:2])


def test_what_lasts_is_told_by_the_code_alone(shell: Shell) -> None:
    """The body tells the truth at once, and would turn these red."""
    options = ("--for", "120s", "--fail-on", "degraded")
    (entry,) = parsed(monitors(shell, "gatus", SHOP[0], options=options))["endpoints"]
    assert entry["conditions"] == ["[STATUS] == 200"]
    assert urlsplit(str(entry["url"])).query == "fail_on=degraded&for=2m"
    _, kuma = parsed(monitors(shell, "uptime-kuma", SHOP[0], options=options))["items"]
    config = kuma["spec"]["config"]
    assert (config["type"], config["url"]) == ("http", entry["url"])
    assert "json_path" not in config
    for client in ("prometheus", "blackbox --form module"):
        done = monitors(shell, client, options=options)
        assert (done.code, done.out) == (2, "")


def test_uptime_kuma(shell: Shell) -> None:
    """Objects of AutoKuma's; their names are the ids that it knows the monitors by."""
    items = parsed(monitors(shell, "uptime-kuma", *SHOP))["items"]
    names = [entry["metadata"]["name"] for entry in items]
    assert names == [
        "heartbeat.group.bank",
        "heartbeat.group.shop",
        "heartbeat.bank.deployment.api",
        "heartbeat.shop.deployment.web",
        "heartbeat.shop.statefulset.db",
    ]
    assert {entry["kind"] for entry in items} == {"KumaEntity"}
    config = items[2]["spec"]["config"]
    assert config["parent_name"] == "heartbeat.group.bank"
    assert config["url"].endswith("/api/healthz/bank/deployment/api?code=200")
    assert json.loads(config["headers"]) == {
        "Authorization": "Bearer {{ get_env(name='AUTOKUMA__ENV__HEARTBEAT_TOKEN') }}"
    }
    long = monitors(
        shell, "uptime-kuma", named(deployment(3), "x" * 253), named(deployment(3), "X")
    )
    for entry in parsed(long)["items"]:
        name = entry["metadata"]["name"]
        assert len(name) <= 253
        assert name == name.lower()


@pytest.mark.parametrize("client", ["blackbox", "blackbox --form static"])
def test_blackbox_asks_through_the_exporter(shell: Shell, client: str) -> None:
    """At its own address."""
    objects = SHOP if "static" in client else ()
    options = ("--exporter", "blackbox.monitoring.svc:9115")
    (job,) = parsed(monitors(shell, client, *objects, options=options))["scrape_configs"]
    assert job["relabel_configs"][-1] == {
        "target_label": "__address__",
        "replacement": "blackbox.monitoring.svc:9115",
    }
    assert (job["metrics_path"], job["params"]) == ("/probe", {"module": ["heartbeat"]})
    if "static" in client:
        assert job["static_configs"][0]["labels"] == {
            "namespace": "bank",
            "kind": "deployment",
            "name": "api",
        }
    else:
        (found,) = job["http_sd_configs"]
        assert found["url"] == "https://heartbeat.example.com/api/targets"


def test_what_finds_by_itself_is_narrowed_by_a_namespace(shell: Shell) -> None:
    """And by what decides an answer; it reads nothing itself."""
    options = ("-n", "shop", "--for", "2m")
    (job,) = parsed(monitors(shell, "blackbox", options=options))["scrape_configs"]
    assert job["http_sd_configs"][0]["url"].endswith("/api/targets/shop?for=2m")
    (job,) = parsed(monitors(shell, "prometheus", options=("-n", "shop")))["scrape_configs"]
    assert job["metrics_path"] == "/api/metrics/shop"
    assert (job["scheme"], job["static_configs"]) == (
        "https",
        [{"targets": ["heartbeat.example.com"]}],
    )
    for narrowed in (("deployments",), ("-l", "a=b"), ("-f", shell.file(*SHOP))):
        for client in ("prometheus", "blackbox"):
            done = monitors(shell, client, options=narrowed)
            assert (done.code, done.out) == (2, "")


def test_upptime_has_a_state_for_what_is_degraded(shell: Shell) -> None:
    """By the body's own word."""
    sites = parsed(monitors(shell, "upptime", *SHOP))["sites"]
    assert sites[0] == {
        "name": "bank/deployment/api",
        "url": "https://heartbeat.example.com/api/healthz/bank/deployment/api",
        "headers": ["Authorization: Bearer $HEARTBEAT_TOKEN"],
        "expectedStatusCodes": [200],
        "__dangerous__body_degraded": '"status":"degraded"',
    }


def test_components_are_asked_for_unless_something_narrows(shell: Shell) -> None:
    """Their names are the configuration's, whatever stands in their titles."""
    path = shell.folder / "heartbeat.yaml"
    path.write_text(json.dumps({"components": [{**COMPONENT, "title": "<b> {{ pay }}"}]}), "utf-8")
    given = ("--config", str(path))
    endpoints = parsed(monitors(shell, "gatus", *SHOP, options=given))["endpoints"]
    assert (endpoints[0]["group"], endpoints[0]["name"]) == ("components", "pay")
    assert endpoints[0]["url"] == "https://heartbeat.example.com/api/components/pay"
    assert len(endpoints) == 4
    assert (
        len(parsed(monitors(shell, "gatus", *SHOP, options=(*given, "-n", "shop")))["endpoints"])
        == 2
    )
    kuma = parsed(monitors(shell, "uptime-kuma", *SHOP, options=given))["items"]
    titles = [entry["spec"]["config"]["name"] for entry in kuma]
    assert '<b> {{ "{" }}{{ "{" }} pay }}' in titles


def test_kinds_may_be_named(shell: Shell) -> None:
    """Then these are asked for, workloads or not."""
    found = parsed(monitors(shell, "gatus", *SHOP, options=("services",)))
    assert [entry["name"] for entry in found["endpoints"]] == ["service/web"]
    assert monitors(shell, "gatus", *SHOP, options=("deployment/gone",)).code == 3


def test_the_url_may_be_a_setting(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the prefix of all paths, once."""
    dump = shell.file(SHOP[0])
    monkeypatch.setenv("HEARTBEAT_BASE_PATH", "/hb")
    for url in ("https://hb.example", "https://hb.example/hb/"):
        monkeypatch.setenv("HEARTBEAT_URL", url)
        (found,) = urls_in(parsed(shell.run("monitors", "gatus", "-f", dump)))
        assert found == "https://hb.example/hb/api/healthz/shop/deployment/web"


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("gatus",), 2, "--url or HEARTBEAT_URL"),
        (("gatus", "--url", "ftp://x"), 2, "https://heartbeat.example.com"),
        (("nagios", *URL), 2, "invalid choice"),
        (("prometheus", "--alert", "slack", *URL), 2, "unrecognized arguments"),
        (("gatus", "--form", "static", *URL), 2, "unrecognized arguments"),
        (("gatus", "--exporter", "a:1", *URL), 2, "unrecognized arguments"),
        (("blackbox", "--exporter", "nowhere", *URL), 2, "127.0.0.1:9115"),
        (("gatus", "--alert", "Slack!", *URL), 2, "such as slack"),
        (("prometheus", "-n", "No", *URL), 2, "namespace"),
        (("gatus", "-n", "a", "-A", *URL), 2, "not both"),
        (("gatus", "--for", "x", *URL), 2, "--for"),
        (("gatus", "-f", "nowhere.json", *URL), 3, "nowhere.json"),
        (("gatus", *URL), 3, "kubeconfig"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    shell: Shell, argv: tuple[str, ...], code: int, said: str
) -> None:
    """And nothing is printed that a client might take."""
    done = shell.run("monitors", *argv)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_nothing_is_no_configuration(shell: Shell) -> None:
    """An empty file in place of the last one would end every monitor."""
    for options in ((), ("-n", "nowhere")):
        objects = (SERVICE,) if not options else SHOP
        done = monitors(shell, "gatus", *objects, options=options)
        assert (done.code, done.out) == (3, "")
        assert "nothing to ask for" in done.err


@pytest.mark.parametrize(
    ("client", "section", "number"),
    [
        ("blackbox --form module", "Prometheus and blackbox_exporter", 0),
        ("blackbox --form discovery", "Prometheus and blackbox_exporter", 1),
        ("gatus --alert slack", "Gatus", 0),
        ("upptime", "Upptime", 0),
    ],
)
def test_it_prints_what_the_documentation_shows(
    shell: Shell, client: str, section: str, number: int
) -> None:
    """And those of the documentation are run by the clients themselves."""
    objects = () if "blackbox" in client else (named(deployment(3), "api"),)
    assert parsed(monitors(shell, client, *objects)) == yaml.safe_load(
        block(section, "yaml", number)
    )


def test_the_documented_query_of_uptime_kuma_is_the_printed_one(shell: Shell) -> None:
    """Which its own library evaluates as the page says."""
    _, entity = parsed(monitors(shell, "uptime-kuma", SHOP[0]))["items"]
    assert block("Uptime Kuma", "text") == entity["spec"]["config"]["json_path"] + "\n"
