"""10,000 pods from the bytes of the API server's pages to verdicts: time, and peak memory.

    python -m tests.benchmarks.ten_thousand_pods

Each way runs in a process of its own, so that one's memory is not the other's. Peak memory is what
the process had resident at most, less what it had before the first page.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PODS, PAGE = 10_000, 2_000
NOW = datetime(2026, 12, 1, tzinfo=UTC)
POD = Path(__file__).with_name("pod.json")
"""A Ready pod as an API server of 1.37 gave it, its volumes and `managedFields` and all."""


def pages() -> list[bytes]:
    """What the API server would send, page by page."""
    pod = json.loads(POD.read_bytes())
    page = json.dumps({"kind": "PodList", "metadata": {}, "items": [pod] * PAGE}).encode()
    return [page] * (PODS // PAGE)


def trimmed() -> Counter[str]:
    """As the server does it: the decoder drops what no rule reads."""
    from k8s_heartbeat.adapters.cluster.decode import decode_page  # noqa: PLC0415  # not in the other
    from k8s_heartbeat.core import RULES, assess  # noqa: PLC0415  # the same

    fields = RULES.find("Pod", "v1").fields
    held: list[Any] = []
    for page in pages():
        held += decode_page(page, "PodList", fields).objects
    stated = {"kind": "Pod", "apiVersion": "v1"}
    return Counter(str(assess({**pod, **stated}, now=NOW).health) for pod in held)


def loaded() -> Counter[str]:
    """With `json.loads` in place of the decoder."""
    from k8s_heartbeat.core import assess  # noqa: PLC0415  # as above

    held: list[Any] = []
    for page in pages():
        held += json.loads(page)["items"]
    stated = {"kind": "Pod", "apiVersion": "v1"}
    return Counter(str(assess({**pod, **stated}, now=NOW).health) for pod in held)


def only_loaded() -> Counter[str]:
    """Nothing but `json.loads` of the same bytes: the yardstick."""
    held: list[Any] = []
    for page in pages():
        held += json.loads(page)["items"]
    return Counter({"not judged": len(held)})


WAYS = {
    "decoder of the server": trimmed,
    "json.loads and assess": loaded,
    "json.loads alone": only_loaded,
}


def measure(way: str) -> None:
    """One way, in this process."""
    size = len(pages()[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    found = WAYS[way]()
    took = time.perf_counter() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    per_pod = size / PAGE
    print(
        f"{way:24} {took:6.2f} s  {grown / 1024:7.1f} MiB  {per_pod:.0f} bytes a pod  {dict(found)}"
    )


def main() -> None:
    """All ways, one process after the other."""
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    for way in WAYS:
        command = [sys.executable, "-m", "tests.benchmarks.ten_thousand_pods", way]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
