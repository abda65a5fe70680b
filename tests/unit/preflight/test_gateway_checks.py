"""Checks of the group gateway: each passes for a gateway that is well, and not for its own reason."""

from typing import Any

import pytest

from preflight.check import Check
from preflight.checks import clients, container, inside, login_phase, server_version, start_api
from preflight.errors import NotSeen
from preflight.report import Result
from tests.unit.preflight.told import Told, Watched, ask, remedy
from tws.errors import GatewayClosed

DEAD = GatewayClosed("found the connection closed")


@pytest.mark.parametrize("check", [container, inside, server_version, login_phase, start_api, clients])
async def test_it_passes_for_a_gateway_that_is_well(check: Any) -> None:
    assert (await ask(check.CHECK, Told())).result is Result.PASS


@pytest.mark.parametrize("check", [container.CHECK, inside.CHECK, clients.CHECK], ids=lambda check: check.name)
async def test_without_a_supervisor_it_is_not_seen(check: Check) -> None:
    with pytest.raises(NotSeen, match="no supervisor answers"):
        await ask(check, Told(), house=Watched(silent=True))


@pytest.mark.parametrize(
    "gateway", [{"container": {"started_at": "2026-11-22T03:00:00Z", "restarts": 3}}, {"restarts_left": 0}]
)
async def test_a_container_that_was_restarted_often_is_warned_of(gateway: dict[str, Any]) -> None:
    answer = await ask(container.CHECK, Told(), house=Watched(gateway))
    assert answer.result is Result.WARN
    assert "up 12.0 h" in answer.found
    assert "make incidents" in remedy(answer)


async def test_a_container_that_does_not_run_is_no_finding_of_its_age() -> None:
    answer = await ask(container.CHECK, Told(), house=Watched({"container": None, "state": "STOPPED"}))
    assert (answer.result, "STOPPED" in answer.found) == (Result.SKIPPED, True)


def inside_says(result: str) -> Watched:
    return Watched({"inside": {"result": result, "at": "2026-11-22T14:59:58Z", "detail": "port 4002"}})


async def test_a_gateway_that_answers_inside_alone_has_a_broken_way_to_it() -> None:
    answer = await ask(inside.CHECK, Told(down=DEAD))
    assert answer.result is Result.FAIL
    assert "answered" in answer.found
    assert "closed" in answer.found
    assert "forwarder" in remedy(answer)


@pytest.mark.parametrize("result", ["refused", "closed", "silent", "stale"])
async def test_an_answer_from_here_alone_may_be_somebody_elses(result: str) -> None:
    answer = await ask(inside.CHECK, Told(), house=inside_says(result))
    assert answer.result is Result.WARN
    assert f"inside, 2 s ago: {result} (port 4002)" in answer.found
    assert "GATEWAY_PORT" in remedy(answer)


async def test_where_neither_answers_the_port_check_has_said_so() -> None:
    answer = await ask(inside.CHECK, Told(down=DEAD), house=inside_says("refused"))
    assert (answer.result, answer.found[:16]) == (Result.SKIPPED, "neither answers.")


@pytest.mark.parametrize(
    ("version", "result"),
    [(157, Result.FAIL), (173, Result.FAIL), (174, Result.PASS), (223, Result.PASS), (224, Result.FAIL)],
)
async def test_a_server_version_is_one_whose_times_the_engine_reads(version: int, result: Result) -> None:
    assert (await ask(server_version.CHECK, Told(server_version=version))).result is result


@pytest.mark.parametrize(
    ("phase", "way"),
    [
        ("waiting for 2FA", "approve the push"),
        ("2FA timed out", "phone in hand"),
        ("login refused", "secrets/tws_password"),
        ("existing session", "end the other session"),
        ("logging in", "wait"),
        ("restarting", "wait"),
    ],
)
async def test_a_login_that_stands_still_is_named_with_its_way_out(phase: str, way: str) -> None:
    watched = Watched(login={"phase": phase})
    answer = await ask(login_phase.CHECK, Told(down=DEAD), house=watched)
    assert answer.result is Result.FAIL
    assert answer.found == f"{phase}, since 09:00:00 UTC"
    assert way in remedy(answer)
    assert (await ask(login_phase.CHECK, Told(), house=watched)).result is Result.PASS  # an account proves the log old


async def test_a_gateway_that_is_dead_after_its_login_is_not_the_logins_fault() -> None:
    assert (await ask(login_phase.CHECK, Told(down=DEAD))).result is Result.SKIPPED


@pytest.mark.parametrize(("taken", "result"), [((910,), Result.PASS), ((910, 911, 912), Result.WARN)])
async def test_ids_that_others_hold_are_named(taken: tuple[int, ...], result: Result) -> None:
    answer = await ask(start_api.CHECK, Told(taken=taken))
    assert answer.result is result
    assert f"taken: {', '.join(map(str, taken))}" in answer.found


@pytest.mark.parametrize(("count", "result"), [(27, Result.PASS), (28, Result.WARN), (32, Result.WARN)])
async def test_room_among_the_clients(count: int, result: Result) -> None:
    answer = await ask(clients.CHECK, Told(), house=Watched({"clients": count}))
    assert (answer.result, answer.found) == (result, f"{count} of 32")


async def test_clients_that_nobody_counted_are_not_seen() -> None:
    with pytest.raises(NotSeen, match="not counted"):
        await ask(clients.CHECK, Told(), house=Watched({"clients": None}))
