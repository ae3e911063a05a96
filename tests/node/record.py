"""Records what real kubelets wrote: `python -m tests.node record` writes these fixtures anew.

Look at the difference before you commit it.
"""

from __future__ import annotations

import sys

from tests.cluster.plane import PlaneError
from tests.cluster.record import FIXTURES, for_keeping, write
from tests.cluster.service import Service
from tests.node.cluster import Cluster
from tests.node.fates import RECORDED
from tests.node.telling import TTL, telling


def main() -> int:
    """Record with a cluster of its own."""
    try:
        with (
            Cluster() as cluster,
            Service(cluster.kubeconfig, ttl=TTL) as service,
            telling(cluster, service) as told,
        ):
            for name in RECORDED:
                print(name, file=sys.stderr)
                write(FIXTURES / f"{name}.json", for_keeping(told[name].result().held))
    except PlaneError as error:
        print(f"record: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
