"""The list of generic ticks in reqMktData: which there are, for what, and how a gateway refuses a list.

Numbers, names, order and the refusal are those of a captured refusal (gateway 10.40); which are legal for which
security types was read from refusals, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_DIVIDENDS = frozenset(("STK", "CFD", "OPT", "FOP", "FUT", "IND", "SLB"))
_VOLUME = frozenset(("STK", "CFD", "OPT", "FOP", "WAR", "FUT", "FWD", "BOND", "BILL", "SLB", "IOPT", "CRYPTO"))
_LEGAL_FOR: Mapping[int, frozenset[str]] = {162: frozenset(("IND",)), 456: _DIVIDENDS, 595: _VOLUME}
"""Security types of the ticks that are not for all."""

_NAMES: Mapping[int, str] = {
    100: "Option Volume", 101: "Option Open Interest", 105: "Average Opt Volume", 106: "impvolat",
    162: "Index Future Premium", 165: "Misc. Stats", 221: "Creditman Mark Price", 225: "Auction", 232: "Pl Price",
    233: "RTVolume", 236: "inventory", 258: "Fundamentals", 292: "Wide_news", 293: "TradeCount", 294: "TradeRate",
    295: "VolumeRate", 318: "LastRTHTrade", 375: "RTTrdVolume", 411: "rthistvol", 456: "IBDividends",
    460: "Bond Factor Multiplier", 577: "EtfNavLast(navlast)", 586: "IPOHLMPRC", 587: "Pl Price Delayed",
    588: "Futures Open Interest", 595: "Short-Term Volume X Mins", 614: "EtfNavMisc(high/low)",
    619: "Creditman Slow Mark Price", 623: "EtfFrozenNavLast(fznavlast)",
}  # fmt: skip
_OLD_NUMBERS: Mapping[int, int] = {221: 220, 232: 221, 258: 47, 456: 59}
"""The older number that a tick answers to as well; 221 in a list is therefore Pl Price."""

HISTORICAL_VOLATILITY = 104
"""Taken, but in no list of legal ones."""

NEWS = 292


@dataclass(frozen=True, slots=True)
class GenericTicks:
    """What a list asks for."""

    codes: tuple[int, ...] = ()
    news: str = ""
    """Providers of 292, as written behind its colon."""
    quotes: bool = True
    """False with `mdoff`: generic ticks only."""


def _code(number: int) -> int | None:
    """Which tick a number of a list means; None if none."""
    if number == HISTORICAL_VOLATILITY:
        return number
    by_old = {old: code for code, old in _OLD_NUMBERS.items()}
    if number in by_old:
        return by_old[number]
    return number if number in _NAMES else None


def read(text: str, sec_type: str) -> GenericTicks | None:
    """Read a list for a security type; None if the gateway would refuse it. One bad entry spoils the whole list."""
    if not text:
        return GenericTicks()
    codes: dict[int, None] = {}
    news, quotes = "", True
    for entry in text.split(","):
        name = entry.strip()
        if not entry:
            continue
        if name.lower() == "mdoff":
            quotes = False
            continue
        number, colon, parameter = name.partition(":")
        if (colon and not parameter.strip(":")) or not number.removeprefix("+").isdecimal():
            return None
        code = _code(int(number))
        if code is None or sec_type not in _LEGAL_FOR.get(code, (sec_type,)):
            return None
        codes[code] = None
        if code == NEWS:
            news = parameter.split(":")[0]
    return GenericTicks(tuple(codes), news, quotes) if codes else None


def refusal(text: str, sec_type: str) -> str:
    """Error 321's text for a list that cannot be."""
    legal = ",".join(
        f"{code}/{_OLD_NUMBERS[code]}({name})" if code in _OLD_NUMBERS else f"{code}({name})"
        for code, name in _NAMES.items()
        if sec_type in _LEGAL_FOR.get(code, (sec_type,))
    )
    return (
        f"Error validating request.-'bQ' : cause - Incorrect generic tick list of {text}.  "
        f"Legal ones for ({sec_type}) are: {legal}"
    )
