"""Contracts over a socket: every key, ambiguity, chains, rules, venues."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.market import rules
from gateway.simulator.market.instruments import ContractQuery, Instrument
from gateway.simulator.market.listings import LISTED
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at
from tests.unit.simulator.asks import IBAPI, contract
from tests.unit.simulator.binary import BinaryClient
from tests.unit.simulator.raw import Message, RawClient
from tests.unit.simulator.rig import AAPL, CALENDARS, INSTRUMENTS, NOON, SPY, spy_call, stock
from tests.unit.simulator.run import Run

NOTHING = [""] * 12


async def details(client: RawClient, *, tail: tuple[str, ...] = ("0", "", "", ""), **said: object) -> list[Message]:
    """Ask for details; what comes back, to the end or the refusal."""
    names = "con_id symbol sec_type expiry strike right multiplier exchange primary currency local_symbol trading_class"
    client.send("9", "8", "1", *(str(said.get(name, "")) for name in names.split()), *tail)
    return await client.until(lambda message: message[0] == "52" or message[:2] == ["4", "1"])


def told(messages: list[Message]) -> list[str]:
    """Symbol, type, currency and contract id of the contracts in messages of version 200."""
    return [f"{m[2]} {m[3]} {m[9]} {m[13]}" for m in messages if m[0] == "10"]


async def test_every_key_finds_it(run: Run) -> None:
    apple = ["AAPL STK USD 265598"]
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()
        assert told(await details(client, con_id=AAPL)) == apple
        assert told(await details(client, symbol="AAPL", sec_type="STK", exchange="SMART")) == apple
        assert told(await details(client, local_symbol="AAPL", sec_type="STK", currency="USD")) == apple
        for kind, value in (("ISIN", "US0378331005"), ("CUSIP", "037833100"), ("FIGI", "BBG000B9XRY4")):
            assert told(await details(client, tail=("0", kind, value, ""), currency="USD")) == apple, kind
        occ = await details(client, local_symbol="SPY   261118C00600000", sec_type="OPT", exchange="SMART")
        assert told(occ) == [f"SPY OPT USD {spy_call().con_id}"]


async def test_an_ambiguous_query_has_several_answers(run: Run) -> None:
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()
        assert told(await details(client, symbol="AAPL", sec_type="STK")) == [
            "AAPL STK USD 265598",
            "AAPL STK MXN 38708077",
        ]
        assert len(told(await details(client, symbol="BTC", sec_type="CRYPTO"))) == 2
        assert len(told(await details(client, symbol="ES", sec_type="FUT", exchange="CME"))) == 5


async def test_what_there_is_not_is_refused(run: Run) -> None:
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()
        for said in ({"symbol": "XYZ", "sec_type": "STK"}, {"con_id": 5}, {"symbol": "SPY", "sec_type": "BAG"}):
            [refused] = await details(client, **said)
            assert refused[:4] == ["4", "1", "200", "No security definition has been found for the request"]


async def test_bonds_have_a_message_of_their_own(run: Run) -> None:
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()
        for ask in (
            {"symbol": "91282CJZ5", "sec_type": "BOND"},
            {"symbol": "US-T", "sec_type": "BOND", "exchange": "SMART"},
            {"tail": ("0", "ISIN", "US91282CJZ59", "")},
            {"tail": ("0", "", "", "e1400001")},
        ):
            bond, end = await details(client, **ask)
            assert bond[:7] == ["18", "1", "US-T", "BOND", "91282CJZ5", "4", "20340215"]
            assert end[0] == "52"


async def test_chains(run: Run) -> None:
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()

        async def chains(*asked: str) -> list[Message]:
            client.send("78", "1", *asked)
            *rows, end = await client.until(lambda message: message[0] == "76")
            assert end == ["76", "1"]
            return rows

        spy = await chains("SPY", "", "STK", str(SPY))
        assert {row[2] for row in spy} >= {"SMART", "CBOE"}
        expiries = spy[0][7 : 7 + int(spy[0][6])]
        assert expiries[0] == "20261118"
        assert expiries == sorted(set(expiries))
        assert len(spy[0]) == 7 + len(expiries) + 1 + int(spy[0][7 + len(expiries)])
        index = await chains("SPX", "", "IND", "416904")
        assert {(row[2], row[4]) for row in index} >= {("SMART", "SPX"), ("CBOE", "SPXW")}
        [future, *_] = INSTRUMENTS.find(ContractQuery(symbol="ES", sec_type="FUT"), NOON)
        on_future = await chains("ES", "CME", "FUT", str(future.con_id))
        assert {row[4] for row in on_future} == {"ES", "EW2", "EW3", "EW4", "EW1"}
        assert {row[5] for row in on_future} == {"50"}
        assert await chains("ES", "NYMEX", "FUT", str(future.con_id)) == []
        assert await chains("SPY", "", "FUT", str(SPY)) == []
        assert await chains("XYZ", "", "STK", "5") == []


async def test_a_long_answer_can_be_cancelled(run: Run) -> None:
    """And nothing is said where there is none."""
    run.gateway.settings = replace(run.gateway.settings, server_version=223)
    chain = contract(IBAPI, strike=0, right="", localSymbol="")
    async with BinaryClient(run.server.port) as client:
        await client.start()
        client.ask(lambda c: c.reqContractDetails(5, chain))
        *told, end = await client.until(lambda message: message[0] != "10")
        assert (len(told), end) == (242, ["52", "\x08\x05"])
        client.ask(lambda c: c.reqContractDetails(6, chain))
        client.ask(lambda c: c.cancelContractData(6))
        client.ask(lambda c: c.cancelContractData(7))
        client.ask(lambda c: c.reqIds(1))
        assert {message[0] for message in await client.until(lambda message: message[0] == "9")} <= {"10", "9"}
        assert await client.silence()


async def test_rules_and_venues(run: Run) -> None:
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()
        client.send("91", "110")
        assert await client.receive() == ["93", "110", "2", "0", "0.05", "3", "0.1"]
        client.send("83", "2", "9c0001")
        components = await client.receive()
        assert components[:3] == ["82", "2", "17"]
        assert components[3:6] == ["0", "AMEX", "A"]
        client.send("83", "2", "b0b")
        assert await client.receive() == ["82", "2", "0"]
        client.send("82")
        exchanges = await client.receive()
        assert exchanges[0] == "80"
        assert len(exchanges) == 2 + 5 * int(exchanges[1])


async def test_symbols(run: Run) -> None:
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()
        client.send("81", "1", "apple")
        answer = await client.receive()
        assert answer[:12] == ["79", "1", "2", "265598", "AAPL", "STK", "NASDAQ", "USD", "3", "CFD", "OPT", "BAG"]


@pytest.mark.parametrize(
    "said",
    [
        {"symbol": "SPX", "sec_type": "IND", "exchange": "CBOE"},
        {"symbol": "EUR", "sec_type": "CASH", "currency": "USD", "exchange": "IDEALPRO"},
        {"local_symbol": "USD.JPY", "sec_type": "CASH"},
        {"symbol": "ETH", "sec_type": "CRYPTO", "exchange": "PAXOS"},
        {"symbol": "IBUS500", "sec_type": "CFD", "exchange": "SMART"},
        {"symbol": "XAUUSD", "sec_type": "CMDTY", "exchange": "SMART"},
        {"symbol": "VFIAX", "sec_type": "FUND", "exchange": "FUNDSERV"},
        {"symbol": "CL", "sec_type": "FUT", "expiry": "202701", "exchange": "NYMEX", "multiplier": "1000"},
        {"symbol": "XSP", "sec_type": "OPT", "expiry": "20261120", "strike": 600.0, "right": "P"},
    ],
)
def test_one_of_every_kind(said: dict[str, str]) -> None:
    [found] = INSTRUMENTS.find(ContractQuery(**said), NOON)  # type: ignore[arg-type]
    assert INSTRUMENTS.find(ContractQuery(con_id=found.con_id, exchange=said.get("exchange", "")), NOON) == [found]


def test_isins_are_sound() -> None:
    """By their check digit: letters as two digits, every other digit doubled."""
    for product in LISTED:
        digits = [int(digit) for letter in product.isin for digit in str(int(letter, 36))]
        doubled = [digit * (2 if n % 2 else 1) for n, digit in enumerate(reversed(digits))]
        assert sum(n // 10 + n % 10 for n in doubled) % 10 == 0, product.symbol


def every_quoted() -> list[Instrument]:
    return [found for found in INSTRUMENTS.listed() if found.quoted] + [spy_call(), spy_call(612.0)]


def test_the_books_prices_keep_to_the_rules() -> None:
    market = Market(INSTRUMENTS, CALENDARS, 1, 0.6)
    first = step_at(NOON.timestamp())
    for instrument in every_quoted():
        for step in range(first, first + 40):
            quote = market.quote(instrument, step)
            assert quote.ask > max(quote.bid, 0.0)
            assert market.conforms(instrument, quote.ask), (instrument.local_symbol, quote)
            assert quote.bid < 0 or market.conforms(instrument, quote.bid), (instrument.local_symbol, quote)
            assert (quote.bid == -1.0) == (quote.bid_size == 0)
            assert quote.bid_size == pytest.approx(round(quote.bid_size / instrument.size_step) * instrument.size_step)


@given(st.sampled_from(sorted(rules.MARKET_RULES)), st.floats(0.01, 5000.0))
def test_prices_are_brought_onto_the_grid(rule: int, price: float) -> None:
    below, above = rules.below(rule, price), rules.above(rule, price)
    assert below <= price + 1e-9
    assert above >= price - 1e-9
    assert above - below <= rules.increment(rule, price) * 1.0001
    for found in (below, above):
        ticks = found / rules.increment(rule, found)
        assert ticks == pytest.approx(round(ticks), abs=1e-5)


def test_tick_rules_of_options() -> None:
    [apple] = INSTRUMENTS.find(
        ContractQuery(symbol="AAPL", sec_type="OPT", expiry="20261120", strike=250.0, right="C"), NOON
    )
    assert rules.conforms(apple, 2.99)
    assert not rules.conforms(apple, 3.01)
    assert rules.conforms(apple, 3.05)
    assert rules.conforms(spy_call(), 3.01), "penny prices everywhere"
    assert not rules.conforms(stock(), 600.005)


def test_ids_never_change() -> None:
    """Clients store them over days: these are promises."""
    assert spy_call().con_id == 920587696
    assert [f.con_id for f in INSTRUMENTS.find(ContractQuery(local_symbol="ESZ6", sec_type="FUT"), NOON)] == [
        2040850771
    ]
    tomorrow = NOON + dt.timedelta(days=1)
    query = ContractQuery(symbol="SPY", sec_type="OPT", expiry="20261218", strike=600.0, right="C")
    assert INSTRUMENTS.find(query, NOON) == INSTRUMENTS.find(query, tomorrow)


async def test_a_combinations_market_data(run: Run) -> None:
    lower, upper = spy_call(600.0), spy_call(605.0)
    async with RawClient(run.server.port, "v100..200") as client:
        await client.start()
        legs: list[str | int] = [2, lower.con_id, 1, "BUY", "SMART", upper.con_id, 1, "SELL", "SMART"]
        client.send(
            "1", "11", "5", "0", "SPY", "BAG", "", "0", "", "", "SMART", "", "USD", "", "", *legs, "0", "", "1", "0", ""
        )
        told = await client.until(lambda message: message[0] == "57")
    prices = {message[3]: float(message[4]) for message in told if message[0] == "1"}
    step = run.gateway.step()
    low, high = (run.gateway.market.quote(leg, step) for leg in (lower, upper))
    assert prices["1"] == pytest.approx(low.bid - high.ask)
    assert prices["2"] == pytest.approx(low.ask - high.bid)
