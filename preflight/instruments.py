"""What is traded here, as `INSTRUMENTS` names it: `SPY`, `SPY:0DTE`, `SPX@CBOE:IND:0DTE`, `EUR.USD:CASH`."""

import re
from dataclasses import dataclass
from typing import Any, Literal, cast

from tws import contracts

Kind = Literal["STK", "IND", "CASH"]

_FORM = re.compile(
    r"(?P<symbol>[A-Z0-9 ]+(?:\.[A-Z]{3})?)(?:@(?P<exchange>[A-Z]+))?(?::(?P<kind>STK|IND|CASH))?(?P<options>:0DTE)?"
)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A stock, an index or a pair of currencies; with `options`, those of its options that expire today."""

    symbol: str
    kind: Kind = "STK"
    exchange: str = ""
    """Where it is listed, or where the index is computed."""
    options: bool = False

    def __str__(self) -> str:
        exchange = f"@{self.exchange}" if self.exchange else ""
        kind = "" if self.kind == "STK" else f":{self.kind}"
        return f"{self.symbol}{exchange}{kind}{':0DTE' if self.options else ''}"

    @property
    def underlying(self) -> "Instrument":
        """Itself, or what its options are on."""
        return Instrument(self.symbol, self.kind, self.exchange)

    @property
    def contract(self) -> Any:
        """How a gateway is asked for it, or for what its options are on."""
        if self.kind == "CASH":
            return contracts.forex(*self.symbol.split("."))
        if self.kind == "IND":
            return contracts.index(self.symbol, self.exchange)
        return contracts.stock(self.symbol, primary=self.exchange)


def parse(text: str) -> tuple[Instrument, ...]:
    """Read a comma-separated list; each is named once.

    Raises:
        ValueError: one of them is of no known form.
    """
    return tuple(dict.fromkeys(_one(part.strip()) for part in text.split(",") if part.strip()))


def _one(text: str) -> Instrument:
    match = _FORM.fullmatch(text.upper())
    if match is not None:
        symbol, exchange, kind = match["symbol"], match["exchange"] or "", cast("Kind", match["kind"] or "STK")
        options = bool(match["options"])
        pair = kind == "CASH"
        if pair is ("." in symbol) and not (pair and (exchange or options)) and not (kind == "IND" and not exchange):
            return Instrument(symbol, kind, exchange, options)
    raise ValueError(
        f"expected instruments such as SPY, SPY@ARCA, SPY:0DTE, SPX@CBOE:IND or EUR.USD:CASH, found {text!r}"
    )
