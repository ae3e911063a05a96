"""The Knative entry point: ``python -m k8s_heartbeat.entrypoints.knative``.

Knative sets PORT. Its queue-proxy takes a pod out of service and drains it before the process is
stopped, so that only the requests in flight are left to wait for.
"""

from __future__ import annotations

import sys

from . import cli

__all__ = ["main"]


def main() -> int:
    """Serve as `k8s-heartbeat serve` does, without the wait of a drain."""
    return cli.main(["serve", "--drain-seconds", "0"])


if __name__ == "__main__":
    sys.exit(main())
