"""The feed's frames, one of each kind."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.greeks.unusual_whales.frames import Joined, Print, channel_of, join, leave, read
from tests.unit.engine.greeks.whales import samples, trade


def of(frame: Any) -> Any:
    return read(json.dumps(frame))


def test_the_recorded_stretch_is_read() -> None:
    heard = [of(frame) for frame in samples()]
    assert heard[0] == Joined("option_trades:SPY", "")
    assert heard[1] == Print(
        "SPY261123C00600000", 1795444200123 * 10**6, 600.21, 1.84, 0.1423, 0.5204, 0.1102, 0.0913, -1.1207
    )
    assert heard[2].delta == -0.2713
    assert heard[4] is None, "a cancelled trade"
    assert heard[7] is None, "another channel"
    assert [value.plausible() for value in heard if isinstance(value, Print)] == [True, True, True, False, False]


def test_a_refused_join_says_so() -> None:
    heard = of(["option_trades:SPY", {"response": {"reason": "unmatched topic"}, "status": "error"}])
    assert heard == Joined("option_trades:SPY", "error")


def test_the_moment_may_also_be_written_out() -> None:
    frame = trade("SPY261123C00600000", 0, executed_at="2026-11-23T14:30:00.123Z")
    assert of(frame).executed_ns == 1795444200123 * 10**6


@pytest.mark.parametrize(
    "more",
    [
        {"delta": "-0.2"},  # of a call
        {"delta": "1.0001"},
        {"delta": "NaN"},
        {"delta": None},
        {"implied_volatility": "0"},
        {"implied_volatility": "21"},
        {"gamma": "-0.1"},
        {"vega": "inf"},
        {"theta": None},
        {"underlying_price": "0"},
    ],
)
def test_what_cannot_be_the_greeks_of_this_option_is_not_plausible(more: dict[str, Any]) -> None:
    assert not of(trade("SPY261123C00600000", 0, **more)).plausible()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{}",
        "[]",
        '["option_trades:SPY"]',
        '["option_trades:SPY", 5]',
        '["option_trades:SPY", {"option_symbol": 5}]',
        '["option_trades:SPY", {"option_symbol": "SPY261123C00600000"}]',
        '["option_trades:SPY", {"option_symbol": "SPY261123C00600000", "executed_at": "yesterday"}]',
        '["option_trades:SPY", {"option_symbol": "SPY261123C00600000", "executed_at": 1, "delta": "much"}]',
        b"\xff\xfe",
    ],
)
def test_nonsense_is_a_value_error(raw: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(raw)


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
MOMENT = ANYTHING | st.datetimes().map(lambda moment: moment.isoformat()) | st.just("0001-01-01T00:00:00+23:59")
FIELD = st.sampled_from(sorted(samples()[1][1]))


@given(st.dictionaries(FIELD, ANYTHING, max_size=5), MOMENT)
@example({}, 1e300)
@example({}, -1)
def test_whatever_comes_is_read_or_is_a_value_error(changes: dict[str, Any], moment: Any) -> None:
    """Anything else would end the feed for good."""
    frame = trade("SPY261123C00600000", 0, executed_at=moment) if moment is not None else samples()[1]
    frame[1].update(changes)
    try:
        heard = read(json.dumps(frame))
    except ValueError:
        return
    assert not isinstance(heard, Print) or heard.plausible() in (True, False)


def test_joins_are_what_the_feed_understands() -> None:
    assert json.loads(join(channel_of("SPY"))) == {"channel": "option_trades:SPY", "msg_type": "join"}
    assert json.loads(leave(channel_of("SPY"))) == {"channel": "option_trades:SPY", "msg_type": "leave"}
    assert not math.isnan(of(trade("SPY261123C00600000", 0)).delta)
