"""Chromium as the machine has it, and what a test wants to know of a page in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.clients.node_client import install

ROOT = Path(__file__).parents[2]
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 30_000  # a bound on a busy machine, not a claim
_WIDTHS = {"desk": 1280, "phone": 360}


def executable() -> str:
    """CHROMIUM, else the first of its usual names on the path. `scripts/bootstrap --tests` sees to it."""
    named = os.environ.get("CHROMIUM")
    found = next((path for name in _NAMES if (path := shutil.which(name)) is not None), None)
    path = named or found
    assert path is not None, f"expected CHROMIUM, or one of {_NAMES} on the path; scripts/bootstrap --tests installs it"
    return path


def axe() -> str:
    """The rules of axe-core, as a script."""
    folder = ROOT / "var" / "axe"
    install(folder, Path(__file__).with_name("node"))
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Without the sandbox, which root has not; it only ever sees our own page."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One person's browser window, and what went wrong in it."""

    def __init__(self, browser: Browser, *, dark: bool = False, width: str = "desk", script: bool = True) -> None:
        self.context = browser.new_context(
            viewport={"width": _WIDTHS[width], "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(_PATIENCE)
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def goes_to(self, url: str) -> Page:
        parts = urlsplit(url)
        home = f"{parts.scheme}://{parts.netloc}/"
        self.page.on("request", lambda request: self._asks(request.url, home))
        self.page.goto(url)
        return self.page

    def _asks(self, url: str, home: str) -> None:
        if not url.startswith((home, "data:")):
            self.elsewhere.append(url)

    def violations(self, rules: str) -> list[dict[str, Any]]:
        """What axe-core finds against WCAG 2.2 AA and its own best practices, with the first elements of each."""
        self.page.evaluate(rules)
        found = self.page.evaluate("async () => (await axe.run(document)).violations")
        return [{"rule": one["id"], "at": [node["html"] for node in one["nodes"][:3]]} for one in found]

    def close(self) -> None:
        self.context.close()
