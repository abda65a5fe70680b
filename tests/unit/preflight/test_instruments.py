"""How instruments are named."""

import pytest

from preflight.instruments import Instrument, parse
from tests.unit.preflight.told import settings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SPY", Instrument("SPY")),
        ("spy@arca", Instrument("SPY", exchange="ARCA")),
        ("BRK B", Instrument("BRK B")),
        ("SPY:0DTE", Instrument("SPY", options=True)),
        ("SPX@CBOE:IND:0DTE", Instrument("SPX", "IND", "CBOE", options=True)),
        ("EUR.USD:CASH", Instrument("EUR.USD", "CASH")),
    ],
)
def test_each_form_is_read_and_written(text: str, found: Instrument) -> None:
    assert parse(text) == (found,)
    assert parse(str(found)) == (found,)


def test_a_list_names_each_once() -> None:
    assert parse("SPY, SPY:0DTE,,spy") == (Instrument("SPY"), Instrument("SPY", options=True))


@pytest.mark.parametrize(
    "text", ["SPY:1DTE", "SPY:FUT", "EUR.USD", "EURUSD:CASH", "SPX:IND", "EUR.USD:CASH:0DTE", "S/P"]
)
def test_other_forms_are_refused_with_what_was_found(text: str) -> None:
    with pytest.raises(ValueError, match="SPX@CBOE:IND") as refusal:
        parse(text)
    assert text in str(refusal.value)


@pytest.mark.parametrize("text", ["SPY:FUT", ","])
def test_settings_refuse_what_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="instrument"):
        settings(instruments=text)


def test_what_contracts_are_asked_for() -> None:
    spy, index, pair = (one.contract for one in parse("SPY@ARCA,SPX@CBOE:IND,EUR.USD:CASH"))
    assert (spy.symbol, spy.secType, spy.exchange, spy.primaryExchange) == ("SPY", "STK", "SMART", "ARCA")
    assert (index.symbol, index.secType, index.exchange) == ("SPX", "IND", "CBOE")
    assert (pair.symbol, pair.secType, pair.currency) == ("EUR", "CASH", "USD")
