"""What kubelets, load balancers and the original's users ask."""

from __future__ import annotations

import pytest

from tests.http.support import TIMEOUT, UPSTREAM, FakeReader, service


@pytest.mark.parametrize("draining", [False, True])
def test_livez_never_touches_the_reader(draining: bool) -> None:
    """An outage of the API server, or a stop, must not restart the monitor."""
    reader = FakeReader(failure=RuntimeError("must not be asked"))
    answer = service(reader=reader, draining=lambda: draining).get("/livez")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert reader.calls == 0


@pytest.mark.parametrize(
    ("draining", "query", "code", "text"),
    [
        (False, "", 200, "ok\n"),
        (True, "", 503, "draining\n"),
        (False, "verbose", 200, "[+]configured ok\n[+]draining ok\nreadyz check passed\n"),
        (False, "verbose=", 200, "[+]configured ok\n[+]draining ok\nreadyz check passed\n"),
        (
            True,
            "verbose=true",
            503,
            "[+]configured ok\n[-]draining failed: shutting down\nreadyz check failed\n",
        ),
    ],
)
def test_readyz_says_whether_requests_should_come(
    draining: bool, query: str, code: int, text: str
) -> None:
    """503 while draining; `?verbose` lists the checks as Kubernetes does; nothing is read."""
    served = service(
        reader=FakeReader(failure=RuntimeError("must not be asked")), draining=lambda: draining
    )
    answer = served.get("/readyz", query_string=query)
    assert (answer.status_code, answer.text) == (code, text)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["heartbeat-status"] == ("down" if draining else "healthy")
    assert served.reader.calls == 0


def test_objects_are_still_answered_for_while_draining() -> None:
    """Who has not noticed yet gets an answer, not an outage."""
    served = service(draining=lambda: True)
    assert served.get().status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/health"])
@pytest.mark.parametrize(
    ("failure", "code", "word"),
    [
        (None, 200, "healthy"),
        (
            UPSTREAM,
            502,
            "unknown",
        ),
        (TIMEOUT, 504, "unknown"),
    ],
)
def test_the_originals_check_tells_whether_the_api_server_answers(
    path: str, failure: Exception | None, code: int, word: str
) -> None:
    """200 when it answers, 502 when it fails, 504 when it does not answer."""
    served = service(reader=FakeReader(failure=failure))
    answer = served.get(path)
    assert (answer.status_code, answer.headers["heartbeat-status"]) == (code, word)
    assert (served.reader.pings, served.reader.queries) == (1, [])
