"""Who does something next, and what: a person's part before all others, and nobody called where nobody is needed."""

from typing import Any

import pytest

from supervisor.faults import FAULTS, Page
from supervisor.next_step import next_step
from supervisor.page.docs import pages
from supervisor.page.remedies import page_of

NOW = 1000.0
WELL: dict[str, Any] = {
    "verdict": "trading",
    "sentence": "sim: gateway READY; engine TRADING",
    "blind": False,
    "act": None,
    "withheld": None,
    "pause": None,
    "open": [],
    "gateway": {"login": {"hold": None, "sentence": "3 logins left"}},
    "engine": {"halted": False, "sentence": "trading"},
}
ACT = {"rung": "container-restart", "at": "1970-01-01T00:16:30Z", "reason": "jvm-dead"}
WITHHELD = {"rung": "container-restart", "why": "inside nightly: would container-restart"}
PAUSE = {"reason": "lunch", "until": None}


def open_(*faults: str, outcome: str = "open") -> list[dict[str, str]]:
    return [{"fault": fault, "outcome": outcome} for fault in faults]


@pytest.mark.parametrize(
    ("changed", "who", "said", "page"),
    [
        ({}, "nobody", "Nothing needs to be done.", None),
        ({"blind": True, "open": open_("twofa-pending")}, "you", "blind", "runbooks/SupervisorBlind.md"),
        ({"open": open_("soft-dead", outcome="gave_up")}, "you", "given up on soft-dead", "runbooks/GatewayDown.md"),
        (
            {"open": open_("jvm-dead", "twofa-pending"), "act": ACT},
            "you",
            "Approve the push on your phone",
            "runbooks/LoginNeedsPerson.md",
        ),
        (
            {"gateway": {"login": {"hold": "x", "sentence": "logins are on hold: x"}}},
            "you",
            "Logins are on hold: x.",
            "runbooks/LoginNeedsPerson.md",
        ),
        (
            {"gateway": {"login": {"hold": None, "turn": {"behind": ["a"]}, "sentence": "waits for its turn"}}},
            "supervisor",
            "It waits for its turn.",
            None,
        ),
        ({"open": open_("jvm-dead"), "act": ACT}, "supervisor", "container-restart for 10 s, because of jvm-dead", "…"),
        ({"open": open_("jvm-dead"), "withheld": WITHHELD}, "supervisor", "due and not done: inside nightly", "…"),
        ({"open": open_("jvm-dead"), "withheld": WITHHELD, "pause": PAUSE}, "you", "`make resume` ends the pause", "…"),
        ({"pause": PAUSE}, "nobody", "No restarts until somebody resumes: lunch.", None),
        ({"open": open_("jvm-dead")}, "supervisor", "container restart, inside the budget", "runbooks/GatewayDown.md"),
        ({"open": open_("clock-skew")}, "nobody", "to be looked at some time: clock-skew", "…"),
        ({"open": open_("clock-skew", "jvm-dead")}, "supervisor", "The supervisor is on it", "…"),
        ({"engine": {"halted": True, "sentence": ""}}, "you", "make halt LIFT=1", None),
        ({"verdict": "starting", "engine": {"halted": None, "sentence": None}}, "supervisor", "Sim: gateway", None),
    ],
)
def test_who_is_next(changed: dict[str, Any], who: str, said: str, page: str | None) -> None:
    found = next_step(WELL | changed, NOW)
    assert found["who"] == who
    assert said in found["sentence"]
    wanted = page_of(changed["open"][0]["fault"]) if page == "…" else page
    assert found["page"] == wanted


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_a_next_step_with_a_page_that_is_there(fault: str) -> None:
    found = next_step(WELL | {"verdict": "down", "open": open_(fault)}, NOW)
    assert found["page"] is not None
    assert found["page"].partition("#")[0] in pages()
    assert (found["who"] == "you") is (FAULTS[fault].page is Page.NOW)
