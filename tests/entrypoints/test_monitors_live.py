"""`monitors` on a live cluster: all of it, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import deployment, stateful_set
from tests.servers.api_server import ApiServer, Behaviour, Exchange, status_object
from tests.servers.faults import forbidden
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import run

GATUS = ("-m", "k8s_heartbeat", "monitors", "gatus", "--url", "https://heartbeat.example.com")


def failing(exchange: Exchange) -> None:
    """Answer with an error."""
    exchange.json(500, status_object(500, "InternalError"))


def test_the_default_is_the_namespace_of_the_context(home: Path) -> None:
    """As with kubectl; -A is for all."""
    with ApiServer([deployment(), stateful_set()]) as api:
        content = kubeconfig(api.url, namespace="other")
        config = str(write_kubeconfig(home / "config", content))
        nothing = run(home, *GATUS, KUBECONFIG=config)
        found = run(home, *GATUS, "-n", "shop", KUBECONFIG=config)
        everything = run(home, *GATUS, "-A", KUBECONFIG=config)
    assert (nothing.returncode, nothing.stdout) == (3, ""), nothing.stderr
    assert found.stdout.count("url:") == 2, found.stderr
    assert everything.stdout == found.stdout


@pytest.mark.parametrize("behaviour", [forbidden, failing])
def test_part_of_it_is_no_configuration(home: Path, behaviour: Behaviour) -> None:
    """A file that lacks what could not be read would end its monitors."""
    with ApiServer([deployment(), stateful_set()]) as api:
        api.behave("/apis/batch/v1/namespaces/shop/cronjobs", behaviour)
        config = str(write_kubeconfig(home / "config", kubeconfig(api.url)))
        done = run(home, *GATUS, "-n", "shop", KUBECONFIG=config)
        named = run(home, *GATUS, "-n", "shop", "deploy,sts", KUBECONFIG=config)
    assert (done.returncode, done.stdout) == (3, "")
    assert "cronjobs" in done.stderr
    assert named.stdout.count("url:") == 2
