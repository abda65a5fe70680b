"""@stoqey/ib's decoder takes every message the stand-in can send, whole and with nothing left, at 157 to 193."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.node_client import VERSIONS
from tests.unit.simulator.rig import HandClock, make_gateway
from tests.unit.simulator.samples.everything import every_answer
from tests.unit.simulator.samples.sample import frame_of

if TYPE_CHECKING:
    from tests.clients.node_client import Node, Read

FLAWED = "CompletedOrder"
"""Below 177 the client forgets that this message has a faProfile, and so reads it shifted by one, whoever sends it."""
FA_PROFILE = 31
"""Where that field stands, the id being 0."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[tuple[str, list[bytes]]]]:
    """Every message's name and fields by version."""
    gateway, store = make_gateway(tmp_path_factory.mktemp("stoqey"), HandClock())
    made = {version: every_answer(version, gateway.broker) for version in VERSIONS}
    store.close()
    return {
        version: [(name, frame_of(said, version)[4:-1].split(b"\0")) for name, group in named.items() for said in group]
        for version, named in made.items()
    }


@pytest.fixture(scope="module")
def readings(node: Node, samples: dict[int, list[tuple[str, list[bytes]]]]) -> dict[int, list[tuple[str, Read]]]:
    """The same with what the client made of each. One process reads them all."""
    found = node.read(
        {version: [b"\0".join([*fields, b""]) for _, fields in made] for version, made in samples.items()}
    )
    return {
        version: [(name, read) for (name, _), read in zip(made, found[version], strict=True)]
        for version, made in samples.items()
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_stoqey_reads_everything(readings: dict[int, list[tuple[str, Read]]], version: int) -> None:
    for name, read in readings[version]:
        if version < 177 and name == FLAWED:
            [fault] = read.faults
            assert "COMPLETED_ORDER" in fault
        else:
            assert (read.faults, bool(read.events)) == ([], True), name


def test_the_flaw_is_the_clients_own(node: Node, samples: dict[int, list[tuple[str, list[bytes]]]]) -> None:
    """Without the field that it forgets, it reads the message to the end."""
    written = [fields for name, fields in samples[176] if name == FLAWED]
    assert {fields.pop(FA_PROFILE) for fields in written} == {b""}
    found = node.read({176: [b"\0".join([*fields, b""]) for fields in written]})[176]
    assert [read.faults for read in found] == [[]] * len(written)


def test_what_stoqey_reads_is_what_was_meant(readings: dict[int, list[tuple[str, Read]]]) -> None:
    """The fields sit where they belong: a shift by one would still decode, into nonsense."""

    def arguments(of: str, event: str) -> list[list[Any]]:
        return [args for name, read in readings[193] if name == of for kind, *args in read.events if kind == event]

    _, contract, order, state = arguments("OpenOrder", "openOrder")[1]
    assert contract["localSymbol"] == "SPY   261118C00600000"
    assert (order["orderRef"], order["clientId"], order["permId"], order["parentId"]) == ("O-1:5", 7, 600745656, 4)
    assert (order["ocaGroup"], order["ocaType"], order["lmtPrice"], order["auxPrice"]) == ("group", 1, 1.05, 1.1)
    assert (order["algoStrategy"], len(order["conditions"])) == ("Adaptive", 2)
    assert (order["minCompeteSize"], order["competeAgainstBestOffset"]) == (100, 0.02)
    assert state["status"] == "PreSubmitted"
    previewed = arguments("OpenOrder", "openOrder")[-1][3]
    assert previewed["initMarginAfter"] > 0
    assert previewed["commissionCurrency"] == "USD"
    _, details = arguments("ContractDetails", "contractDetails")[0]
    assert details["secIdList"] == [{"tag": "ISIN", "value": "US78462F1030"}]
    assert details["stockType"] == "ETF"
    [(_, contract, execution)] = arguments("Execution", "execDetails")[:1]
    assert (contract["symbol"], execution["execId"]) == ("AAPL", "0000e0d5.69dd7411.01.01")


def test_a_shifted_message_is_noticed(node: Node) -> None:
    """The harness sees what it is there to see."""
    short, long, odd = b"9\x001\x00", b"9\x001\x005\x007\x00", b"109\x001\x00"
    underrun, left, unknown = (read.faults[0] for read in node.read({193: [short, long, odd]})[193])
    assert "Underrun" in underrun
    assert "unprocessed data left" in left
    assert "No parser" in unknown
