"""The picture of the README: `python -m tests.browser.picture` writes docs/page.png."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.process import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["take"]

_ROOT = Path(__file__).parents[2]


def take(browser: Browser, url: str, path: Path) -> None:
    """Take a picture of a demo's page, in light colours."""
    context = browser.new_context(viewport={"width": 900, "height": 884}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{url}/")
    page.screenshot(path=path)
    context.close()


def _main() -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # of these tests alone

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        with serving(Path(home), ("-m", "k8s_heartbeat", "serve", "--demo")) as service:
            take(browser, f"http://127.0.0.1:{service.port}", _ROOT / "docs" / "page.png")
        browser.close()


if __name__ == "__main__":
    _main()
