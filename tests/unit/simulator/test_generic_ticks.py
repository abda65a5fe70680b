"""The list of generic ticks: what is taken, and the refusal a real gateway was seen to send."""

import pytest

from gateway.simulator.wire.generic_ticks import GenericTicks, read, refusal

CAPTURED = (
    "Error validating request.-'bQ' : cause - Incorrect generic tick list of mdoff,292:.  Legal ones for (STK) are: "
    "100(Option Volume),101(Option Open Interest),105(Average Opt Volume),106(impvolat),165(Misc. Stats),"
    "221/220(Creditman Mark Price),225(Auction),232/221(Pl Price),233(RTVolume),236(inventory),258/47(Fundamentals),"
    "292(Wide_news),293(TradeCount),294(TradeRate),295(VolumeRate),318(LastRTHTrade),375(RTTrdVolume),411(rthistvol),"
    "456/59(IBDividends),460(Bond Factor Multiplier),577(EtfNavLast(navlast)),586(IPOHLMPRC),587(Pl Price Delayed),"
    "588(Futures Open Interest),595(Short-Term Volume X Mins),614(EtfNavMisc(high/low)),619(Creditman Slow Mark Price),"
    "623(EtfFrozenNavLast(fznavlast))"
)


def test_the_captured_refusal() -> None:
    assert read("mdoff,292:", "STK") is None
    assert refusal("mdoff,292:", "STK") == CAPTURED


@pytest.mark.parametrize(
    ("text", "sec_type", "codes"),
    [
        ("", "STK", ()),
        ("233, 236 ,", "STK", (233, 236)),
        ("221,220,47,104", "STK", (232, 221, 258, 104)),
        ("+233,233", "STK", (233,)),
        ("162", "IND", (162,)),
        ("456", "FUT", (456,)),
        ("595", "CRYPTO", (595,)),
    ],
)
def test_lists_that_are_taken(text: str, sec_type: str, codes: tuple[int, ...]) -> None:
    assert read(text, sec_type) == GenericTicks(codes)


def test_news_without_quotes() -> None:
    assert read("mdoff,292:BRFG+DJNL", "STK") == GenericTicks((292,), "BRFG+DJNL", quotes=False)


@pytest.mark.parametrize(
    ("text", "sec_type"),
    [
        ("999", "STK"), ("233,999", "STK"), ("292:", "STK"), (":5", "STK"), ("mdoff", "STK"), (",", "STK"),
        (" ", "STK"), ("abc", "STK"), ("²", "STK"), ("456", "CASH"), ("162", "STK"), ("595", "IND"), ("512", "STK"),
    ],
)  # fmt: skip
def test_lists_that_are_refused(text: str, sec_type: str) -> None:
    assert read(text, sec_type) is None


def test_what_is_legal_depends_on_the_security_type() -> None:
    assert "456/59" not in refusal("1", "CASH")
    assert ",162(Index Future Premium)," in refusal("1", "IND")
    assert "595(" not in refusal("1", "IND")
