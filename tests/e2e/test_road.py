"""The whole road: an unmodified Nautilus engine trades through a gateway that we can kill."""

import json
import os
import signal
import socket
import sys
from typing import Any

import pytest

from tests.e2e.powercut import covered, lost
from tests.e2e.stack import Stack, docker
from tws.errors import GatewayClosed
from tws.handshake import probe

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def finished_bracket(stack: Stack) -> dict[str, Any] | None:
    """A bracket whose entry and one exit filled, and whose other exits the broker cancelled."""
    orders = stack.book()["orders"]
    groups: dict[str, dict[str, str]] = {}
    for order in orders:
        if order["oca_group"]:
            groups.setdefault(order["oca_group"], {})[order["order_ref"]] = order["status"]
    for group, statuses in groups.items():
        if sorted(statuses.values()) == ["Cancelled", "Cancelled", "Filled"]:
            return {"oca_group": group, "statuses": statuses}
    return None


def restarts_of(incident: dict[str, Any]) -> list[str]:
    """The rungs of an incident that restarted something, in their order."""
    return [action["rung"] for action in incident["actions"] if action["rung"].endswith("restart")]


def test_status_tells_that_everything_trades(trading: Stack) -> None:
    # Another test may have halted the engine until a moment ago.
    trading.until(lambda: trading.status()["verdict"] == "trading", "the verdict to be trading", 20)
    result = trading.make("status", "JSON=1")
    assert result.returncode == 0, result.stderr
    status = json.loads(result.stdout)
    assert (status["version"], status["verdict"]) == (1, "trading")
    tenant = status["tenants"][0]
    assert (tenant["gateway"]["state"], tenant["engine"]["state"]) == ("READY", "TRADING")
    assert tenant["account"] == "DUSIM0001"


def test_a_bracket_is_placed_filled_and_its_siblings_cancelled(trading: Stack) -> None:
    # Take-profit, stop, and the last resort that sleeps at the broker.
    bracket = trading.until(lambda: finished_bracket(trading), "a bracket with one exit filled, two cancelled", 300)
    trading.until(lambda: trading.books_agree(), "the stand-in's record and Nautilus's to agree", 30)
    engine_orders = {order["client_order_id"]: order["status"] for order in trading.engine()["orders"]}
    for reference, status in bracket["statuses"].items():
        client_order_id = reference.rsplit(":", 1)[0]
        if client_order_id in engine_orders:
            assert engine_orders[client_order_id] == {"Filled": "FILLED", "Cancelled": "CANCELED"}[status]


@pytest.mark.parametrize(
    ("fault", "name", "rung"),
    [
        ("kill", "container-exit", "container-start"),
        ("jvm-dead", "jvm-dead", "container-restart"),
        ("hang", "soft-dead", "ibc-restart"),
    ],
)
def test_the_gateway_dies_and_everything_trades_again(trading: Stack, fault: str, name: str, rung: str) -> None:
    known = {incident["id"] for incident in trading.incidents()}
    if fault == "kill":
        docker("kill", trading.container("gateway"))
    else:
        trading.inject(fault)
    new = trading.until(lambda: trading.recovered(known), f"recovery from {name}")
    assert [incident["fault"] for incident in new] == [name]
    (incident,) = new
    assert incident["outcome"] == "recovered"
    assert incident["detection_seconds"] > 0
    assert incident["recovery_seconds"] >= incident["detection_seconds"]
    rungs = [action["rung"] for action in incident["actions"]]
    assert rung in rungs
    assert rungs.count(rung) == 1
    trading.until(lambda: trading.books_agree(), "positions and orders to equal the stand-in's record", 60)
    identities = [execution["exec_id"] for execution in trading.book()["executions"]]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize(
    ("fault", "parameters", "name"),
    [
        ("freeze", {}, "soft-dead"),
        ("slow", {"latency": 3}, "soft-dead"),
        ("accept-and-close", {}, "jvm-dead"),
    ],
)
def test_what_ends_by_itself_is_told_and_nothing_is_restarted(
    trading: Stack, fault: str, parameters: dict[str, float], name: str
) -> None:
    known = {incident["id"] for incident in trading.incidents()}
    # Seen within 6 s, acted on from 20 s: in between it is over.
    trading.inject(fault, duration=10, **parameters)
    new = trading.until(lambda: trading.recovered(known), f"the end of {fault}")
    assert [incident["fault"] for incident in new] == [name]
    assert restarts_of(new[0]) == []
    trading.until(lambda: trading.books_agree(), "positions and orders to equal the stand-in's record", 60)


def test_a_frozen_process_cannot_restart_itself_so_its_container_is_restarted(trading: Stack) -> None:
    known = {incident["id"] for incident in trading.incidents()}
    trading.inject("freeze")
    # On a busy machine one slow answer may still belong to the fault before: an incident of a moment, without an act.
    new = trading.until(
        lambda: [one for one in trading.recovered(known) if restarts_of(one)], "recovery from freeze by restarts"
    )
    assert [(one["fault"], restarts_of(one)) for one in new] == [("soft-dead", ["ibc-restart", "container-restart"])]
    trading.until(lambda: trading.books_agree(), "positions and orders to equal the stand-in's record", 60)


async def test_an_open_port_over_a_dead_gateway_is_no_gateway(trading: Stack) -> None:
    """The false healthy that all of this exists for: socat and Docker's proxy accept, only the handshake tells."""
    port = int(trading.environment["HOST_PORT_API"])
    assert (await probe("127.0.0.1", port, timeout=5)).server_version == 223
    trading.inject("jvm-dead")
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    with pytest.raises(GatewayClosed):
        await probe("127.0.0.1", port, timeout=5)
    trading.until(trading.all_well, "recovery")


def test_a_killed_engine_is_started_once_and_trades_again(trading: Stack) -> None:
    known = {incident["id"] for incident in trading.incidents()}
    docker("kill", trading.container("engine"))
    new = trading.until(lambda: trading.recovered(known), "recovery of the engine")
    assert [incident["fault"] for incident in new] == ["engine-exit"]
    assert [action["rung"] for action in new[0]["actions"]].count("engine-start") == 1
    trading.until(lambda: trading.books_agree(), "positions and orders to equal the stand-in's record", 60)


def restarts(container: str) -> int:
    """How often Docker's policy has started it again."""
    return int(docker("inspect", "--format", "{{.RestartCount}}", container))


def test_what_is_all_killed_at_once_trades_again_alone(trading: Stack) -> None:
    """As after a power cut, but for Docker itself, which `python -m tests.e2e.powercut` kills as well."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can kill what runs in containers")
    trading.until(lambda: covered(trading.book()), "a position with its exits", 300)
    before = trading.book()
    label = f"label=com.docker.compose.project=watchkeeper-{trading.tenant}"
    names = docker("ps", "--quiet", "--filter", label).split()
    supervisor = f"watchkeeper-{trading.tenant}-supervisor-1"
    restarted = restarts(supervisor)
    for pid in docker("inspect", "--format", "{{.State.Pid}}", *names).split():
        os.kill(int(pid), signal.SIGKILL)
    trading.until(trading.all_well, "gateway READY and engine TRADING")
    trading.until(lambda: trading.books_agree(), "positions and orders to equal the stand-in's record", 60)
    assert lost(before, trading.book()) == []
    assert restarts(supervisor) == restarted + 1


def test_a_supervisor_killed_in_mid_recovery_does_nothing_twice(trading: Stack) -> None:
    known = {incident["id"] for incident in trading.incidents()}
    trading.inject("jvm-dead")

    def restarting() -> bool:
        new = [incident for incident in trading.incidents() if incident["id"] not in known]
        return any(action["rung"] == "container-restart" for incident in new for action in incident["actions"])

    trading.until(restarting, "the restart to be under way", 90)
    supervisor = f"watchkeeper-{trading.tenant}-supervisor-1"
    restarted = restarts(supervisor)
    # As the kernel would: `docker kill` would count as a person's stop, after which Docker starts nothing.
    os.kill(int(docker("inspect", "--format", "{{.State.Pid}}", supervisor)), signal.SIGKILL)
    new = trading.until(lambda: trading.recovered(known), "recovery under the next supervisor")
    rungs = [action["rung"] for incident in new for action in incident["actions"]]
    assert rungs.count("container-restart") == 1
    assert restarts(supervisor) == restarted + 1
    trading.until(lambda: trading.books_agree(), "positions and orders to equal the stand-in's record", 60)
