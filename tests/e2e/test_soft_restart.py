"""A gateway that answers no more is cured by IBC's RESTART without a push; and its own kill switch, READ_ONLY=1."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.stack import Stack, make_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Stack]:
    stack = make_stack("soft", "10.91.4", ENGINE="none", SIM_TWOFA="1", TWOFA="yes")
    try:
        up = stack.make("up", "SIM=1")
        assert up.returncode == 0, up.stdout + up.stderr + stack.story()
        yield stack
    finally:
        stack.make("purge")


def login(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.get("simulator", "/api/v1/status")
    return found


def cured(stack: Stack) -> list[dict[str, Any]]:
    """What was wrong with it, once that is over."""
    found = [one for one in stack.incidents() if one["fault"] == "soft-dead" and not one["standing"]]
    return found if stack.status()["gateway"]["state"] == "READY" else []


def test_the_cure_of_a_hung_gateway_sends_no_push(gateway: Stack) -> None:
    first = login(gateway)
    assert first["pushes"] == 1
    gateway.inject("hang")
    [incident] = gateway.until(lambda: cured(gateway), "the gateway's cure")
    assert [act["rung"] for act in incident["actions"]] == ["ibc-restart"]
    assert login(gateway)["pushes"] == first["pushes"]


def test_read_only_is_in_force_where_it_was_asked_for_and_the_preflight_says_so(gateway: Stack) -> None:
    def told(**env: str) -> str:
        report = json.loads(gateway.run("preflight", "--mode", "sim", "--only", "read-only", "--json", **env).stdout)
        results: dict[str, str] = {check["name"]: check["result"] for check in report["checks"]}
        return results["read-only"]

    assert (told(), told(READ_ONLY_API="yes")) == ("pass", "fail")
    up = gateway.make("up", "SIM=1", READ_ONLY="1")
    assert up.returncode == 0, up.stdout + up.stderr + gateway.story()
    assert (told(), told(READ_ONLY_API="yes")) == ("fail", "pass")
