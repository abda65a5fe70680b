"""The status page in a real browser, over a real stack in which something really breaks."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.day import Hands, Remedy, the_step
from tests.e2e.stack import ALL_WELL_SECONDS, ROOT, Stack, docker
from tests.e2e.tour import read_remedy
from tests.page.browser import Visitor, chromium

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

LONG = ALL_WELL_SECONDS * 1000
MOST_LINKS = 2


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


def leads(page: Page, remedy: Remedy | None) -> bool:
    """Whether the page as it is now leads to what to do, by two links at most."""
    assert remedy is not None
    assert len(remedy.links) <= MOST_LINKS
    return remedy.words in read_remedy(page, remedy)


def test_a_login_that_waits_for_a_phone_and_where_it_is_told_what_to_do(trading: Stack, page: Page) -> None:
    step = the_step(trading, "twofa-pending")
    step.begin()
    try:
        expect(page.get_by_role("heading", name="twofa-pending")).to_be_visible(timeout=LONG)
        assert leads(page, step.remedy)
    finally:
        step.end()
    trading.until(trading.all_well, "all well again")


def test_a_naked_position_a_wrong_zone_and_no_market_data_and_where_it_is_told_what_to_do(
    trading: Stack, visitor: Visitor
) -> None:
    """All at once, since a preflight takes its time: the page has a card for each."""
    do = Hands(trading)
    naked, zone, data = (the_step(trading, name) for name in ("naked-position", "time-mode", "no-entitlement"))
    naked.begin()
    try:
        do.inject("time-mode", zone="America/New_York", form="operator")()
        trading.inject("no-entitlement")
        do.preflight()
        for step in (naked, zone, data):
            page = visitor.goes_to(trading.url("supervisor", "/"))
            expect(page.get_by_role("heading", name=step.opens, exact=True)).to_be_visible(timeout=LONG)
            expect(page.locator("main")).to_contain_text("set TIME_ZONE=Etc/UTC in .env")  # also without a link
            assert leads(page, step.remedy), step.opens
    finally:
        naked.end()
        httpx.delete(trading.url("simulator", "/api/v1/faults"), timeout=10).raise_for_status()
        do.preflight()
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
