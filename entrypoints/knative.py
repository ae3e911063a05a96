"""The Knative entry point: ``python -m k8s_heartbeat.entrypoints.knative``.

Knative sets PORT. Its queue-proxy takes a pod out of service and drains it before the process is
stopped, so that only the requests in flight are left to wait for.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

from .errors import CommandError, tell
from .serving import serve

__all__ = ["main"]


def main() -> int:
    """Serve as `k8s-heartbeat serve` does, without the wait of a drain.

    Returns:
        0 once it was stopped; 2 or 3 as `CommandError` has it; 130 after Ctrl-C.
    """
    # Who scales from zero waits for each import: there is no command line to parse.
    try:
        return serve(SimpleNamespace(drain_seconds="0"))
    except CommandError as error:
        tell(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
