"""What can be traded here: an underlying and the class of its options that expires every day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.model.identifiers import InstrumentId

from engine.settings import Underlier

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Underlying:
    """A stock or an index. One venue for it and its options, so that Nautilus can find the one from the other."""

    contract: IBContract
    venue: str
    trading_class: str
    raw: bool = False

    @property
    def symbol(self) -> str:
        """IBKR's symbol of it and of its options."""
        return str(self.contract.symbol)

    @property
    def is_index(self) -> bool:
        """Whether it has a price but no quote: nobody trades an index."""
        return bool(self.contract.secType == "IND")

    @property
    def instrument_id(self) -> InstrumentId:
        """Nautilus' name of it; the adapter marks an index with a caret, and writes the type in raw symbology."""
        if self.raw:
            return InstrumentId.from_str(f"{self.symbol}={self.contract.secType}.{self.venue}")
        return InstrumentId.from_str(f"{'^' if self.is_index else ''}{self.symbol}.{self.venue}")

    def options(self, date: str) -> IBContract:
        """Return the question for every option that expires on a date (YYYYMMDD): one answer has the whole chain."""
        return IBContract(
            secType="OPT",
            symbol=self.symbol,
            exchange="SMART",
            currency="USD",
            lastTradeDateOrContractMonth=date,
            tradingClass=self.trading_class,
        )


def _stock(symbol: str, primary: str, venue: str) -> Underlying:
    contract = IBContract(secType="STK", symbol=symbol, exchange="SMART", primaryExchange=primary, currency="USD")
    return Underlying(contract, venue, symbol)


UNDERLYINGS: Mapping[Underlier, Underlying] = {
    Underlier.SPY: _stock("SPY", "ARCA", "ARCX"),
    Underlier.QQQ: _stock("QQQ", "NASDAQ", "XNAS"),
    # The class SPX itself is settled on the morning after its last trading day; SPXW at the close of every day.
    Underlier.SPX: Underlying(
        IBContract(secType="IND", symbol="SPX", exchange="CBOE", currency="USD"), "XCBO", trading_class="SPXW"
    ),
}
