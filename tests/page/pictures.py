"""`python -m tests.page.pictures URL CONTAINER`: the pictures in docs, of a stand-in stack whose gateway it kills."""

import subprocess
import sys

from playwright.sync_api import expect

from tests.page.browser import ROOT, Visitor, chromium


def main() -> None:
    url, container = sys.argv[1:]
    with chromium() as browser:
        light, dark = Visitor(browser), Visitor(browser, dark=True)
        phone = Visitor(browser, dark=True, width="phone")
        for visitor in (light, dark, phone):
            visitor.goes_to(url)
        expect(light.page.get_by_role("heading", level=1)).to_have_text("Trading.")
        light.page.screenshot(path=ROOT / "docs/status-page.png")
        subprocess.run(["docker", "kill", container], check=True, capture_output=True)
        for visitor in (dark, phone):
            expect(visitor.page.get_by_role("heading", name="container-exit")).to_be_visible()
        dark.page.screenshot(path=ROOT / "docs/status-page-incident.png")
        phone.page.screenshot(path=ROOT / "docs/status-page-phone.png")
        expect(light.page.get_by_role("heading", level=1)).to_have_text("Trading.", timeout=180_000)


if __name__ == "__main__":
    main()
