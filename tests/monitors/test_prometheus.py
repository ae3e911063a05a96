"""The Prometheus of the other tests, by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .prometheus import Prometheus

Start = Callable[[Mapping[str, Any]], Prometheus]


def test_it_scrapes_what_it_is_given(start_prometheus: Start) -> None:
    """Here a Prometheus that scrapes another one."""
    other = start_prometheus({})
    job = {
        "job_name": "other",
        "static_configs": [{"targets": [f"127.0.0.1:{other.port}"], "labels": {"a": "b"}}],
    }
    running = start_prometheus({"scrape_configs": [job]})
    running.until_scraped()
    (found,) = running.query("up == 1")
    assert (found.labels["job"], found.labels["a"], found.value) == ("other", "b", 1.0)
    assert [entry["labels"]["job"] for entry in running.targets()] == ["other"]
    assert running.query("scalar(vector(7))")[0].value == 7.0
    assert running.alerts() == []
