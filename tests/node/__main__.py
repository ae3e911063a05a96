"""Real nodes under a control plane, in a world of their own that ends with the command.

`python -m tests.node hold` starts a cluster, says how to get at it and stays until interrupted;
`python -m tests.node run COMMAND` runs a command where one can be started, and
`python -m tests.node record` writes the fixtures of the offline tests that come from real pods.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tests.cluster import build
from tests.node import namespace
from tests.node.cluster import MODULES, missing

_USAGE = "usage: python -m tests.node {hold | record | run COMMAND...}"


def main(arguments: Sequence[str]) -> int:
    """Run the command line."""
    match list(arguments):
        case ["hold"]:
            command = [sys.executable, "-m", "tests.node.cluster"]
        case ["record"]:
            command = [sys.executable, "-m", "tests.node.record"]
        case ["run", _, *_]:
            command = list(arguments[1:])
        case _:
            print(_USAGE, file=sys.stderr)
            return 2
    why = missing()
    if why:
        # Without any of it the tests are skipped; who asks for a cluster, or is CI, has failed.
        fails = arguments[0] != "run" or bool(os.environ.get("CI"))
        print(f"tests.node: {why}", file=sys.stderr)
        return 1 if fails else 0
    try:
        for module in MODULES:
            build.build(module)
    except build.BuildError as error:
        print(f"tests.node: {error}", file=sys.stderr)
        return 1
    return namespace.run(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
