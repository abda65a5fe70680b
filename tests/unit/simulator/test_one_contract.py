"""How a contract has to be named: what is refused before anybody looks, and what is said of none or several."""

import pytest

from gateway.simulator.api.one_contract import ambiguous, flaw
from gateway.simulator.market.instruments import ContractQuery
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import SPY
from tests.unit.simulator.run import Run

NO_TYPE = "Please enter a valid security type"
NO_EXCHANGE = "Please enter exchange"
NO_OPTION = "When the local symbol field is empty, please fill the following fields (right, strike, expiry)"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({"symbol": "SPY", "sec_type": "STK"}, None),
        ({"symbol": "SPY"}, NO_TYPE),
        ({"symbol": "SPY", "sec_type": "STOCK"}, NO_TYPE),
        ({"symbol": "SPY", "sec_type": "ETF"}, NO_TYPE),
        ({"con_id": SPY}, None),
        ({"con_id": SPY, "exchange": ""}, NO_EXCHANGE),
        ({"con_id": SPY, "sec_type": "STK", "exchange": ""}, NO_EXCHANGE),
        ({"sec_id_type": "ISIN", "sec_id": "US78462F1030"}, None),
        ({"issuer_id": "e1400001"}, None),
        ({"symbol": "ES", "sec_type": "CONTFUT"}, NO_TYPE),
        ({"symbol": "SPY", "sec_type": "OPT"}, NO_OPTION),
        ({"symbol": "SPY", "sec_type": "OPT", "right": "C", "strike": 600.0}, NO_OPTION),
        ({"symbol": "SPY", "sec_type": "OPT", "right": "C", "strike": 600.0, "expiry": "20261118"}, None),
        ({"local_symbol": "SPY   261118C00600000", "sec_type": "OPT"}, None),
    ],
)
def test_what_is_looked_for_at_all(said: dict[str, object], cause: str | None) -> None:
    query = ContractQuery(**{"exchange": "SMART", **said})  # type: ignore[arg-type]
    assert flaw(query, live=True, no_exchange=NO_EXCHANGE) == cause


def test_details_and_the_past_are_less_particular() -> None:
    assert flaw(ContractQuery(symbol="ES", sec_type="CONTFUT", exchange="CME"), no_exchange=NO_EXCHANGE) is None
    assert flaw(ContractQuery(symbol="SPY", sec_type="OPT")) is None
    assert flaw(ContractQuery(con_id=SPY)) is None


def test_several_contracts_are_told_from_none() -> None:
    assert ambiguous(ContractQuery(symbol="KWEB", sec_type="STK")) == (
        "The contract description specified for KWEB is ambiguous."
    )
    assert ambiguous(ContractQuery(symbol="SI", sec_type="FUT")) == (
        "The contract description specified for SI is ambiguous;\nyou must specify the multiplier or trading class."
    )


def contract(symbol: str = "SPY", kind: str = "STK", exchange: str = "", con_id: int = 0, currency: str = "USD"
) -> tuple[str | int, ...]:  # fmt: skip
    return (con_id, symbol, kind, "", 0, "", "", exchange, "", currency, "", "")


NOWHERE = contract()
REQUESTS: list[tuple[tuple[str | int, ...], str]] = [
    (("1", "11", 9, *NOWHERE, 0, "", 0, 0, ""), NO_EXCHANGE),
    (("1", "11", 9, *contract("", "", "", SPY, ""), 0, "", 1, 0, ""), NO_EXCHANGE),
    (("10", "5", 9, *NOWHERE, 5, 1, ""), NO_EXCHANGE),
    (("50", "3", 9, *NOWHERE, 5, "TRADES", 0, ""), NO_EXCHANGE),
    (("97", 9, *NOWHERE, "Last", 0, 0), NO_EXCHANGE),
    (("20", 9, *NOWHERE, 0, "", "1 hour", "1 D", 1, "TRADES", 1, 0, ""), NO_EXCHANGE),
    (("87", 9, *NOWHERE, 0, 1, "TRADES", 1), NO_EXCHANGE),
    (("88", 9, *NOWHERE, 0, 1, "3 days"), NO_EXCHANGE),
    (("96", 9, *NOWHERE, 0, "", "20261118-16:00:00", 10, "TRADES", 1, 0, ""), "Exchange must not be empty"),
    (("1", "11", 9, *contract("ES", "CONTFUT", "CME"), 0, "", 0, 0, ""), NO_TYPE),
    (("9", "8", 9, *contract("SPY", "ETF", "SMART"), 0, "", "", ""), NO_TYPE),
]


@pytest.mark.parametrize(("request_", "cause"), REQUESTS)
async def test_requests_that_name_no_contract(run: Run, request_: tuple[str | int, ...], cause: str) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        client.send(*request_)
        refusal = await client.receive()
        assert refusal[:3] == ["4", "9", "321"]
        assert refusal[3].startswith("Error validating request.-'")
        assert refusal[3].endswith(f" : cause - {cause}")
        assert await client.silence()
        assert run.gateway.lines() == 0


async def test_several_contracts_are_no_line(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        client.send("1", "11", 9, *contract("ES", "FUT", "CME"), 0, "", 0, 0, "")
        refusal = await client.receive()
        assert refusal[:4] == ["4", "9", "200", ambiguous(ContractQuery(symbol="ES", sec_type="FUT"))]
        assert await client.silence()
