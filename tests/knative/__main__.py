"""Knative Serving on real nodes, for people and for what runs the tests.

`python -m tests.knative build` builds what is missing and prints where it is;
`python -m tests.knative hold` starts a cluster with it, says how to get at it and stays until
interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.cluster import build
from tests.knative import serving
from tests.node import __main__ as node
from tests.node.cluster import Cluster, hold


def main(arguments: Sequence[str]) -> int:
    """Run the command line."""
    match list(arguments):
        case ["build"]:
            return _build()
        case ["hold"]:
            again = [sys.executable, "-m", "tests.knative", "hold-inside"]
            return _build() or node.main(["run", *again])
        case ["hold-inside"]:
            hold(_install)
            return 0
        case _:
            print("usage: python -m tests.knative {build | hold}", file=sys.stderr)
            return 2


def _build() -> int:
    try:
        for module in serving.MODULES:
            print(build.build(module))
    except build.BuildError as error:
        print(f"tests.knative: {error}", file=sys.stderr)
        return 1
    return 0


def _install(cluster: Cluster) -> None:
    serving.install(cluster)
    gateway = serving.gateway_address(cluster)
    print(f"ask a service: curl -H 'Host: NAME.NAMESPACE.{serving.DOMAIN}' http://{gateway}/")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
