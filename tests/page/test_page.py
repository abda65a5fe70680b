"""The status page in Chromium: what it shows, that it lives, who may act, and that everybody can use it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from supervisor.observation import Container, Status
from supervisor.states import EngineState, GatewayState
from tests.page import browser as browsers
from tests.page.browser import Visitor
from tests.page.world import TOKEN, World, world
from tws.clock import SystemClock

pytestmark = pytest.mark.timeout(180)

MOST_LINKS = 2


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsers.chromium() as made:
        yield made


@pytest.fixture(scope="module")
def axe() -> str:
    return browsers.axe()


@pytest.fixture
def well(place: World) -> World:
    """The world in which all is well, whatever the test before it saw."""
    place.all_is_well()
    return place


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Visitor]:
    made = Visitor(chromium)
    yield made
    made.close()
    assert (made.errors, made.elsewhere) == ([], [])


def gateway(state: GatewayState) -> Any:
    return lambda memory: replace(memory, gateway=replace(memory.gateway, state=state))


def waiting(memory: Any) -> Any:
    return replace(memory, engine=replace(memory.engine, state=EngineState.WAITING))


# -- what it shows, and that it lives ----------------------------------------------------------------------------------


def test_each_verdict_is_said_live_in_words(well: World, visitor: Visitor) -> None:
    page = visitor.goes_to(well.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Trading.")
    for change, title in (
        (gateway(GatewayState.FAILING), "Not trading: the gateway is down."),
        (gateway(GatewayState.DEGRADED), "Not trading as it should."),
        (gateway(GatewayState.STARTING), "Starting."),
        (waiting, "Starting."),
        (gateway(GatewayState.READY), "Trading."),
    ):
        well.sees(change)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page).to_have_title(f"{title} sim – Watchkeeper")
        expect(page.locator("#said")).to_contain_text(title)


def test_an_incident_appears_step_by_step_and_goes_without_a_reload(well: World, visitor: Visitor) -> None:
    page = visitor.goes_to(well.url)
    page.evaluate("window.same = true")
    well.has("jvm-dead", standing=False)
    expect(page.get_by_role("heading", name="jvm-dead")).to_be_visible()
    expect(page.locator(".steps")).to_contain_text("sim: gateway has jvm-dead")
    well.sees(sentence="sim: gateway has jvm-dead; now container-restart", change=lambda memory: well.memory)
    expect(page.locator(".steps")).to_contain_text("now container-restart")
    well.sees()
    expect(page.get_by_role("heading", name="jvm-dead")).to_have_count(0)
    assert page.evaluate("window.same") is True


def test_what_is_unfolded_and_where_the_keyboard_is_outlive_an_update(well: World, visitor: Visitor) -> None:
    page = visitor.goes_to(well.url)
    page.locator("#timeline summary").focus()
    page.keyboard.press("Enter")
    old = page.locator("#timeline summary").element_handle()
    well.has("slow")
    expect(page.locator("#timeline")).to_contain_text("slow at")
    assert old is not None
    assert not old.evaluate("one => one.isConnected"), "the section was put in the place of the old one"
    assert page.evaluate("document.activeElement.textContent") == "The newest of it in words"
    expect(page.locator("#timeline-words")).to_have_attribute("open", "")


def test_it_says_when_it_is_not_live(well: World, chromium: Browser) -> None:
    """Its own visitor: that nothing can be fetched is an error of the console's."""
    visitor = Visitor(chromium)
    visitor.page.clock.install()
    visitor.page.route("**/events*", lambda route: route.abort())
    page = visitor.goes_to(well.url)
    expect(page.locator("#live")).to_be_hidden()
    page.clock.fast_forward(30_000)
    expect(page.locator("#live")).to_have_text("Not live: what is shown here is old. Reload the page.")
    visitor.close()


def test_without_a_script_it_is_whole(well: World, chromium: Browser) -> None:
    well.has("naked-position")
    visitor = Visitor(chromium, script=False)
    page = visitor.goes_to(well.url)
    expect(page.locator("#trouble")).to_contain_text("naked-position")
    well.sees()
    page.reload()
    expect(page.locator("#trouble")).to_be_empty()
    page.get_by_label("Operator token").fill(TOKEN)
    page.get_by_label("Reason").fill("lunch")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("No restarts until")
    assert well.watch.pause is not None
    page.get_by_role("link", name="Back to the status").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trading.")
    assert (visitor.errors, visitor.elsewhere) == ([], [])
    visitor.close()


# -- who may act -------------------------------------------------------------------------------------------------------


def test_nothing_is_done_without_the_right_token(well: World, visitor: Visitor) -> None:
    page = visitor.goes_to(well.url)
    page.get_by_label("Reason").fill("lunch")
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("document.activeElement.id") == "token", "the browser itself asks for it first"
    assert well.watch.pause is None
    page.get_by_label("Operator token").fill("guessed")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("alert")).to_contain_text("that is not the operator's token")
    assert well.watch.pause is None
    # What the browser makes of a 401 is an error of the console's, and here the only one.
    assert [error for error in visitor.errors if "401" not in error] == []
    visitor.errors.clear()


def test_pause_resume_and_restart_with_the_token(well: World, visitor: Visitor) -> None:
    page = visitor.goes_to(well.url)
    page.get_by_label("Operator token").fill(TOKEN)
    page.get_by_label("Reason").fill("lunch")
    page.get_by_label("for", exact=True).select_option("1 h")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("alert")).to_contain_text("No restarts until")
    assert well.watch.pause is not None
    assert well.watch.pause.reason == "lunch"
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("alert")).to_contain_text("The supervisor acts again.")
    well.do(lambda: well.watch._see(gateway=Container("i", "n", Status.RUNNING, "s")))
    page.get_by_text("Restart by hand").click()
    page.get_by_role("button", name="Restart the gateway").click()
    expect(page.get_by_role("alert")).to_contain_text("container-restart")
    assert [ask.subject for ask in well.watch._asks] == ["gateway"]


# -- everybody can use it ----------------------------------------------------------------------------------------------


def a_bad_day(place: World) -> None:
    """Something in every part of the page."""
    place.has("jvm-dead", standing=False)
    place.has("twofa-pending")
    place.do(lambda: setattr(place.watch, "preflighted", (report(), SystemClock().now().timestamp())))


def report() -> dict[str, Any]:
    check = {
        "group": "time",
        "expected": "times in UTC",
        "found": "America/New_York",
        "docs": ["docs/preflight.md#gateway-zone"],
    }
    return {
        "version": 1,
        "verdict": "no-go",
        "seconds": 1.0,
        "left_out": [],
        "checks": [
            {**check, "name": "utc", "result": "fail", "remedy": "set `TIME_ZONE=Etc/UTC`"},
            {**check, "name": "disk", "result": "warn", "remedy": ""},
            {**check, "name": "port", "result": "pass", "remedy": ""},
        ],
    }


@pytest.mark.parametrize(
    ("dark", "width", "doc"), [(False, "desk", "faults.md"), (True, "phone", "runbooks/LoginNeedsPerson.md")]
)
def test_axe_finds_nothing_and_a_phone_is_wide_enough(
    well: World, chromium: Browser, axe: str, dark: bool, width: str, doc: str
) -> None:
    visitor = Visitor(chromium, dark=dark, width=width)
    for prepare in (lambda _: None, a_bad_day):
        prepare(well)
        page = visitor.goes_to(well.url)
        for unfolded in page.locator("details").all():
            unfolded.evaluate("one => { one.open = true }")
        assert visitor.violations(axe) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    visitor.goes_to(f"{well.url}/docs/{doc}")
    assert visitor.violations(axe) == []
    assert visitor.errors == []
    visitor.close()


def test_axe_does_find_something(chromium: Browser, axe: str) -> None:
    visitor = Visitor(chromium)
    visitor.page.set_content('<html lang="en"><title>t</title><main><h1>t</h1><img src="data:,"></main></html>')
    assert "image-alt" in {one["rule"] for one in visitor.violations(axe)}
    visitor.close()


def test_all_of_it_is_reached_by_keyboard(well: World, visitor: Visitor) -> None:
    a_bad_day(well)
    page = visitor.goes_to(well.url)
    expect(page.get_by_role("heading", name="twofa-pending")).to_be_visible()
    wanted = page.locator("a, button, input:not([type=hidden]), select, summary").count()
    unfolded = page.locator("details:not([open]) a, details:not([open]) button").count()
    names = "document.activeElement.textContent.trim() || document.activeElement.id"
    reached = []
    for _ in range(wanted + 10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(names))
    assert {"What to do", "token", "reason", "Pause", "Resume", "Restart by hand"} <= set(reached)
    assert len(set(reached)) >= wanted - unfolded - 5, "but for links of the same name"


# -- the remedy, in two links ------------------------------------------------------------------------------------------


def follows(page: Page, *links: str) -> str:
    assert len(links) <= MOST_LINKS
    for link in links:
        page.get_by_role("link", name=link, exact=True).first.click()
    return page.locator("main").inner_text()


@pytest.mark.parametrize(
    ("fault", "links", "remedy"),
    [
        ("data-competed", ["What to do"], "Log the other session of this user off"),
        ("market-farm", ["What to do about market-farm"], "Check farms"),
    ],
)
def test_the_remedy_of_what_is_wrong(well: World, visitor: Visitor, fault: str, links: list[str], remedy: str) -> None:
    """A login, a naked position, a wrong zone and no market data: tests/e2e/test_page.py and test_logins.py."""
    well.has(fault)
    page = visitor.goes_to(well.url)
    assert remedy in follows(page, *links)


def test_what_to_do_is_about_what_the_sentence_asks_for(well: World, visitor: Visitor) -> None:
    """A gateway whose login waits for a push is also one that does not answer: the push comes first, and its page."""
    well.has("jvm-dead", standing=False)
    well.has("twofa-pending")
    page = visitor.goes_to(well.url)
    expect(page.locator("#verdict")).to_contain_text("Approve the push")
    assert "approve the push on your phone" in follows(page, "What to do")
