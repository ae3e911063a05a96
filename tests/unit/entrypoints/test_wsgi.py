"""`application` in a process of somebody else's, who has logging of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.builders import deployment
from tests.servers.process import environment

TOKEN, LATER = "canary-token-90fe21", "canary-password-11ab"
# A host as gunicorn is one, and what it does once the application is there.
HOST = textwrap.dedent(
    """
    import io, logging, sys, threading, warnings

    told = io.StringIO()
    logging.basicConfig(stream=told, level="DEBUG")
    own = logging.getLogger("gunicorn.error")
    own.addHandler(logging.StreamHandler(told))
    own.propagate, own.level = False, logging.INFO
    for hook in ("excepthook", "unraisablehook"):
        setattr(sys, hook, lambda *_: None)
    threading.excepthook = lambda *_: None

    def state():
        loggers = {"": logging.root, **logging.root.manager.loggerDict}
        return (
            sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning,
            logging.getLogRecordFactory(), logging.getLoggerClass(), logging.root.manager.disable,
            [
                (name, list(logger.handlers), logger.propagate, logger.level, logger.disabled)
                for name, logger in sorted(loggers.items())
                if isinstance(logger, logging.Logger) and name in known
            ],
        )

    known = {"", *logging.root.manager.loggerDict}
    before = state()
    from k8s_heartbeat.entrypoints.wsgi import application
    assert state() == before

    from falcon.testing import TestClient
    token = sys.argv[1]
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": token}
    answer = TestClient(application).simulate_get(f"/api/healthz/shop/{token}", headers=headers)
    from k8s_heartbeat.adapters.masking import KNOWN
    KNOWN.learn(sys.argv[2])
    try:
        raise ValueError(f"{sys.argv[1]} and {sys.argv[2]}")
    except ValueError:
        logging.getLogger("k8s_heartbeat.anything").exception("it holds %s", sys.argv[2])
    own.info("the host goes on")
    assert told.getvalue() == "the host goes on\\n", told.getvalue()
    assert state() == before
    """
)


def test_importing_it_changes_nothing_of_the_hosts_logging(tmp_path: Path) -> None:
    """Ours goes to stderr as lines of JSON, without secrets, and to none of the host's handlers."""
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps(deployment()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", HOST, TOKEN, LATER],
        env=environment(tmp_path, HEARTBEAT_SNAPSHOT=str(dump), AUTH_TOKEN_BASIC=TOKEN),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"k8s_heartbeat.requests", "k8s_heartbeat.anything"} <= {
        line["logger"] for line in lines
    }
    assert "Traceback" in lines[-1]["exception"]
    for secret in (TOKEN, LATER):
        assert secret not in done.stderr
