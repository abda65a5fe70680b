"""The pure parts around the formulas: which source, which strike, which options to have quoted, which quote to read."""

from __future__ import annotations

import pytest
from nautilus_trader.model.data import DataType
from nautilus_trader.model.identifiers import InstrumentId

from engine.greeks.data import FEED, LOCAL, FeedState, Greeks, SourceChanged, TradeGreeks
from engine.greeks.local import Mid, work_out
from engine.greeks.options import alive, option_symbol, root_of, to_quote
from engine.greeks.select import by_delta
from engine.greeks.switch import STEADY_SECONDS, Switch
from tests.unit.engine.greeks import market
from tests.unit.engine.greeks.market import EXPIRY, RATE, SECOND, SPOT, fair, option, option_id

NOW = EXPIRY - 3600 * SECOND


def test_a_feed_is_on_trial_before_it_is_believed() -> None:
    switch = Switch(stale_after=10)
    assert switch.update(0, None) is None
    assert switch.update(1, 0.5) is None
    assert switch.update(1 + STEADY_SECONDS - 0.1, 0.5) is None
    change = switch.update(1 + STEADY_SECONDS, 0.5)
    assert change is not None
    assert change.source == FEED
    assert switch.update(20, 9.9) is None
    stale = switch.update(21, 10.1)
    assert stale is not None
    assert stale.source == LOCAL
    assert "10 s" in stale.reason


def test_a_feed_that_stutters_begins_its_trial_anew() -> None:
    switch = Switch(stale_after=10)
    for now in range(0, 60, 4):
        assert switch.update(now, 0.0 if now % 8 else 11.0) is None
    assert switch.source == LOCAL


def value(strike: float, delta: float, *, call: bool = True, expires: int = EXPIRY) -> Greeks:
    instrument_id = InstrumentId.from_str(f"O{strike:g}{'C' if call else 'P'}.ARCX")
    return Greeks(
        NOW, NOW, instrument_id=instrument_id, is_call=call, strike=strike, expiration_ns=expires, delta=delta
    )


def test_the_nearest_delta_of_the_nearest_living_expiry_is_chosen() -> None:
    values = [
        value(600, 0.5),
        value(602, 0.33),
        value(603, 0.22),
        value(601, 0.30, expires=EXPIRY + 86_400 * SECOND),
        value(601, 0.30, expires=NOW),
        value(598, -0.31, call=False),
    ]
    assert by_delta(values, 0.3, NOW, call=True) is values[1]
    assert by_delta(values, 0.3, NOW, call=False) is values[5]


def test_a_delta_that_is_too_far_off_is_not_what_was_asked_for() -> None:
    assert by_delta([value(600, 0.5)], 0.3, NOW, call=True) is None
    assert by_delta([value(600, 0.5)], 0.3, NOW, call=True, tolerance=0.25) is not None
    assert by_delta([], 0.3, NOW, call=True) is None


def test_one_line_a_strike_is_quoted_and_only_of_the_nearest_expiry() -> None:
    options = alive([market.stock(), *(option(s, c) for s in market.STRIKES for c in (True, False))], NOW)
    assert to_quote(options, SPOT, 2) == {option_id(601, True), option_id(602, True)} | {
        option_id(600, False),
        option_id(599, False),
    }
    assert to_quote([], SPOT, 2) == set()
    assert alive([option(600, True)], EXPIRY) == []


def test_symbols_are_those_of_the_exchanges() -> None:
    assert option_symbol(option(600, True)) == "SPY261123C00600000"
    assert option_symbol(market.stock()) is None
    assert root_of("SPXW261123C05900000") == "SPXW"


@pytest.mark.parametrize("call", [True, False])
def test_the_side_without_intrinsic_value_is_asked_first(call: bool) -> None:
    listed = next(found for found in alive([option(598, call)], NOW))
    spot = Mid(SPOT, NOW)
    quoted = {True: Mid(fair(598, True, NOW).price + 0.4, NOW), False: Mid(fair(598, False, NOW).price, NOW - 7)}
    found = work_out(listed, spot, quoted, RATE, NOW)
    assert found is not None
    assert found.vol == pytest.approx(market.VOL, abs=1e-9)
    assert found.delta == pytest.approx(fair(598, call, NOW).delta, abs=1e-9)
    assert found.ts_event == NOW - 7
    alone = work_out(listed, spot, {True: Mid(fair(598, True, NOW).price, NOW)}, RATE, NOW)
    assert alone is not None
    assert alone.vol == pytest.approx(market.VOL, abs=1e-6)


def test_no_quote_no_value() -> None:
    (listed,) = alive([option(598, True)], NOW)
    assert work_out(listed, Mid(SPOT, NOW), {}, RATE, NOW) is None
    assert work_out(listed, Mid(SPOT, NOW), {True: Mid(1.0, NOW)}, RATE, NOW) is None, "below what exercise is worth"
    assert work_out(listed, Mid(SPOT, NOW), {True: Mid(3.0, NOW)}, RATE, EXPIRY) is None


@pytest.mark.parametrize(
    "sample",
    [
        value(600, 0.5),
        TradeGreeks(1, 2, instrument_id=option_id(600, True), delta=0.5),
        FeedState(1, 2, connected=True, trouble="HTTP 401"),
        SourceChanged(1, 2, source=FEED, reason="fresh"),
    ],
)
def test_all_of_it_can_be_recorded_and_read_again(sample: Greeks) -> None:
    kind = type(sample)
    assert DataType(kind).type is kind
    assert kind.from_dict(sample.to_dict()).to_dict() == sample.to_dict()
    assert [found.to_dict() for found in kind.from_arrow(sample.to_arrow())] == [sample.to_dict()]
