"""The status page in a real browser, over a real stack in which something really breaks."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.stack import ALL_WELL_SECONDS, ROOT, Stack, docker
from tests.page.browser import Visitor, chromium

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

LONG = ALL_WELL_SECONDS * 1000


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    with chromium() as browser:
        made = Visitor(browser)
        yield made
        assert (made.errors, made.elsewhere) == ([], [])


@pytest.fixture
def page(trading: Stack, visitor: Visitor) -> Page:
    return visitor.goes_to(trading.url("supervisor", "/"))


def test_a_gateway_dies_and_comes_back_before_the_eyes_of_who_watches(trading: Stack, page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Trading.")
    docker("kill", trading.container("gateway"))
    expect(page.get_by_role("heading", name="container-exit")).to_be_visible(timeout=LONG)
    expect(page.locator(".steps")).to_contain_text("container-exit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Trading.", timeout=LONG)
    expect(page.locator("#trouble article").filter(has_text="container-exit")).to_have_count(0, timeout=LONG)
    row = page.locator("#recent tr").filter(has_text="container-exit").first
    expect(row).to_contain_text("recovered")
    day = page.locator("#timeline p").first
    expect(day).to_contain_text(re.compile(r"trading \d"))
    expect(day).to_contain_text(re.compile(r"down \d"))


def test_no_market_data_and_where_it_is_told_what_to_do(trading: Stack, page: Page) -> None:
    try:
        trading.inject("market-farm")
        expect(page.get_by_role("heading", name="market-farm")).to_be_visible(timeout=LONG)
        page.get_by_role("link", name="What to do about market-farm").click()
        assert "check-farms" in page.url
        expect(page.locator("#check-farms")).to_be_visible()
    finally:
        httpx.delete(trading.url("simulator", "/api/v1/faults"), timeout=10).raise_for_status()
    trading.until(trading.all_well, "all well again")


def test_a_pause_from_the_page_and_its_end(trading: Stack, page: Page) -> None:
    token = (ROOT / "secrets/operator_token").read_text().strip()
    page.get_by_label("Operator token").fill(token)
    page.get_by_label("Reason").fill("lunch")
    page.get_by_role("button", name="Pause").click()
    try:
        expect(page.get_by_role("heading", level=1)).to_have_text("Paused by a person.")
        assert trading.status()["pause"]["reason"] == "lunch"
    finally:
        page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trading.")
