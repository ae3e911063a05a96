"""How long a verdict takes, beside a bare `json.loads` of the same bytes in the same run.

    python -m tests.benchmarks.verdicts -o verdicts.json   # takes pyperf's flags, such as --fast
    python -m pyperf compare_to before.json verdicts.json

Needs the extra `server` and pyperf (`pip install -r requirements/dev.txt`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyperf  # type: ignore[import-untyped]  # it states no types

from k8s_heartbeat.adapters.cluster.decode import decode_object
from k8s_heartbeat.core import RULES, assess

DEPLOYMENT = Path(__file__).with_name("deployment.json")
"""A healthy Deployment as an API server of 1.37 gave it, `managedFields` and all."""

NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIELDS = RULES.find("Deployment", "apps/v1").fields


def verdict_of_bytes(body: bytes) -> Any:
    """What the server does with an answer of the API server."""
    return assess(decode_object(body, FIELDS), now=NOW)


def main() -> None:
    """Measure, in worker processes of pyperf's."""
    body = DEPLOYMENT.read_bytes()
    manifest = json.loads(body)
    trimmed = decode_object(body, FIELDS)
    assert assess(manifest, now=NOW) == verdict_of_bytes(body)
    runner: Any = pyperf.Runner(metadata={"bytes": str(len(body))})
    runner.bench_func("json.loads", json.loads, body)
    runner.bench_func("decode, trimmed", decode_object, body, FIELDS)
    runner.bench_func("assess, whole mapping", lambda: assess(manifest, now=NOW))
    runner.bench_func("assess, trimmed mapping", lambda: assess(trimmed, now=NOW))
    runner.bench_func("bytes to verdict", verdict_of_bytes, body)


if __name__ == "__main__":
    main()
