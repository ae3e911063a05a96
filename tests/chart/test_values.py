"""The chart agrees with what it installs, with the monitoring folder and the documentation."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s_heartbeat.core.fields import is_list, is_mapping
from k8s_heartbeat.core.rules.entry import Entry
from k8s_heartbeat.entrypoints.config.configuration import Configuration
from k8s_heartbeat.entrypoints.config.configuration_file import told
from k8s_heartbeat.entrypoints.config.settings import SETTINGS
from tests.chart.values_table import CHART, values, with_table

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not CHART.is_dir(), reason="an sdist has no deploy/")

# What the chart says itself, what only a secret may hold, and what has no meaning in a pod.
NOT_SET = {
    "AUTH_TOKEN_BASIC",
    "HEARTBEAT_AUDIENCES",
    "HEARTBEAT_AUTH",
    "HEARTBEAT_CONFIG",
    "HEARTBEAT_CONTEXT",
    "HEARTBEAT_RATE_LIMIT_STORAGE",
    "HEARTBEAT_SNAPSHOT",
    "HEARTBEAT_TOKENS_FILE",
    "PORT",
}


def schema() -> Any:
    """The schema of the values."""
    return json.loads((CHART / "values.schema.json").read_text("utf-8"))


def definition(name: str) -> dict[str, Any]:
    """The properties of one of its definitions."""
    found: dict[str, Any] = schema()["definitions"][name]["properties"]
    return found


def test_the_chart_has_the_version_of_the_project() -> None:
    """Its own and that of the application, which is the image's tag too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert (chart["version"], chart["appVersion"]) == (project["version"],) * 2
    assert (chart["name"], chart["annotations"]["artifacthub.io/license"]) == (
        project["name"],
        project["license"],
    )


@pytest.mark.parametrize("name", ["alerts.yml", "grafana-dashboard.json"])
def test_the_charts_copies_are_those_of_the_monitoring_folder(name: str) -> None:
    """Helm reads nothing outside of the chart; otherwise copy the file of deploy/monitoring."""
    shipped = ROOT / "deploy" / "monitoring" / name
    assert (CHART / "files" / name).read_bytes() == shipped.read_bytes()


def test_every_value_has_its_comment() -> None:
    """In plain English, and a sentence."""
    found = values()
    assert len(found) > 80
    assert [value.path for value in found if not value.meaning.endswith(".")] == []


def paths(shape: dict[str, Any], default: Any, prefix: str = "") -> Iterator[str]:
    """The values that a schema knows, as deep as the defaults go."""
    for name, below in shape["properties"].items():
        inner = default.get(name)
        if inner and "properties" in below and name not in ("resources", "probes", "strategy"):
            yield from paths(below, inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_the_schema_knows_every_value_and_no_other() -> None:
    """`global` alone is not ours: Helm gives it to every chart that another one includes."""
    defaults = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    stated = {value.path for value in values() if value.default}
    assert set(paths(schema(), defaults)) - {"global"} == stated


def objects(shape: object) -> Iterator[dict[str, Any]]:
    """Every schema in there that names properties."""
    if is_mapping(shape):
        if "properties" in shape and is_mapping(shape["properties"]) and shape.get("type"):
            yield dict(shape)
        for below in shape.values():
            yield from objects(below)
    elif is_list(shape):
        for below in shape:
            yield from objects(below)


def test_the_schema_refuses_what_it_does_not_know() -> None:
    """At every depth."""
    found = list(objects(schema()))
    assert len(found) > 30
    assert [shape for shape in found if shape.get("additionalProperties") is not False] == []


def test_the_schema_has_every_setting_of_the_service() -> None:
    """One that is new is added there, or to the few that no values file may set."""
    known = {setting.variable for setting in SETTINGS if setting.variable}
    known = {name for name in known if not name.startswith("HEARTBEAT_PUSH_")}
    assert known >= NOT_SET
    assert set(schema()["properties"]["settings"]["properties"]) == known - NOT_SET


@pytest.mark.parametrize(
    ("variable", "texts"),
    [
        ("HEARTBEAT_URL", "https:// https://a http://[::1]:80/b/ https://a/?b https://u@a //a"),
        ("HEARTBEAT_CORS_ORIGINS", "* https://a https://a/,http://b:80 a https://a/b"),
        ("HEARTBEAT_BASE_PATH", "/a /a/b a /a/ /a/?"),
    ],
)
def test_the_schema_takes_of_a_setting_what_the_service_takes(variable: str, texts: str) -> None:
    """Form by form, as far as a pattern can tell."""
    (form,) = (setting.form for setting in SETTINGS if setting.variable == variable)
    pattern = schema()["properties"]["settings"]["properties"][variable]["pattern"]

    def is_taken(text: str) -> bool:
        try:
            form.parse(text)
        except ValueError:
            return False
        return True

    given = texts.split()
    taken = [text for text in given if re.search(pattern, text)]
    assert taken == [text for text in given if is_taken(text)]
    assert re.search(pattern, form.example)
    assert 0 < len(taken) < len(given)


def test_the_schema_has_every_key_of_the_configuration() -> None:
    """The knobs of the policy, and the fields of a kind."""
    knobs = {
        line.removeprefix("policy.").partition("=")[0]
        for line in told(Configuration())
        if line.startswith("policy.")
    }
    assert set(definition("policy")) == knobs
    assert set(definition("kind")) == {field.name for field in fields(Entry)}


def test_the_documentation_has_every_value_as_it_is() -> None:
    """Otherwise run the command that stands in its marker."""
    text = (ROOT / "docs" / "helm.md").read_text("utf-8")
    assert with_table(text) == text
