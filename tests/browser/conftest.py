"""One browser, one demo and one cluster whose workloads a test may change."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import Manifest
from tests.entrypoints.support import served, told
from tests.servers.api_server import ApiServer, Exchange, status_object, until
from tests.servers.process import Service, serving

from . import axe
from .states import CONFIGURATION

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder looks at the page in a browser."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.browser)


def _absent(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not there")
    pytest.skip(f"{what} is not there")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium; without it the test is skipped, or fails where CI is set."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        _absent("chromium")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  # of these tests alone
    except ModuleNotFoundError:
        _absent("playwright")
        raise
    with sync_playwright() as playwright:
        # Containers give it no sandbox of its own; it sees nothing but our own server.
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def rules() -> str:
    """The source of axe-core; without it the test is skipped, or fails where CI is set."""
    path = axe.find()
    if path is None:
        _absent("axe-core (python -m tests.browser.axe)")
        raise AssertionError
    return path.read_text("utf-8")


@dataclass(slots=True)
class Visitor:
    """A browser's page that notes what it complains about.

    Attributes:
        page: The page.
        complaints: Errors of scripts, and what the policy of the page has refused.
    """

    page: Page
    complaints: list[str]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """A person with a new browser."""
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    page = context.new_page()
    found = Visitor(page, [])
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            found.complaints.append(message.text)
            if message.type in ("error", "warning")
            and "Failed to load resource" not in message.text
            else None
        ),
    )
    page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
    yield found
    context.close()
    assert found.complaints == []


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `serve --demo`."""
    home = tmp_path_factory.mktemp("demo")
    arguments = ("-m", "k8s_heartbeat", "serve", "--demo")
    with serving(home, arguments, RATE_LIMIT="100000") as service:
        yield f"http://127.0.0.1:{service.port}"


@dataclass(slots=True)
class Cluster:
    """A service over an API server.

    Attributes:
        api: The API server.
        service: The service.
        url: Its address.
    """

    api: ApiServer
    service: Service
    url: str

    def becomes(self, objects: Sequence[Manifest]) -> None:
        """Hold these objects, and return once the service has forgotten what was before."""
        self.api.forget("/")
        self.api.objects = objects
        changed = time.monotonic()
        for path in ("/api/healthz", "/api/components"):
            until(partial(self._has_read_since, path, changed), "new readings")

    def fails(self) -> None:
        """Answer as an API server that has lost its store, and return once that is noticed."""
        self.api.behave("/", _fail)
        for path in ("/api/healthz", "/api/components"):
            until(partial(self._is_lost, path), "a failure")

    def _is_lost(self, path: str) -> bool:
        return self.service.get(path).status == 502

    def _has_read_since(self, path: str, moment: float) -> bool:
        asked = time.monotonic()
        body = told(self.service.get(path))
        age = body.get("ageSeconds")
        return isinstance(age, float) and asked - age > moment


def _fail(exchange: Exchange) -> None:
    exchange.json(500, status_object(500, "InternalError", "etcdserver: no leader"))


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The service that `cluster` lends to each test."""
    home = tmp_path_factory.mktemp("cluster")
    file = home / "heartbeat.yaml"
    file.write_text(CONFIGURATION, "utf-8")
    with (
        ApiServer() as api,
        served(
            home,
            api,
            timeout="5s",
            HEARTBEAT_CONFIG=str(file),
            HEARTBEAT_CACHE_TTL="1s",
            HEARTBEAT_STALE_FOR="0s",
            HEARTBEAT_DETAIL="full",
        ) as service,
    ):
        yield Cluster(api, service, f"http://127.0.0.1:{service.port}")


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """A service that reads everything anew, over an API server whose objects a test sets."""
    yield shared_cluster
    shared_cluster.api.forget("/")
