"""SPY and today's options around the money, loaded as the day and the price move.

The adapter's own chain loading cannot do it: its range of days compares today's expiry, a midnight, with now, and so
leaves today out; and it loads every strike. Here each contract is asked for by name, and "today" is the nearest
expiry that can still be traded, whatever hour the exchange's day rolls at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.model.enums import OptionKind
from nautilus_trader.model.identifiers import InstrumentId

from engine.hours import CUT_OFF, last_close

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.clock import Clock

SYMBOL = "SPY"
# One venue for the stock and its options, so that Nautilus can find the one from the other.
VENUE = "ARCX"
UNDERLYING = InstrumentId.from_str(f"{SYMBOL}.{VENUE}")
UNDERLYING_CONTRACT = IBContract(secType="STK", symbol=SYMBOL, exchange="SMART", primaryExchange="ARCA", currency="USD")
# Strikes on either side of the money.
WIDTH = 2
CHECK_SECONDS = 2.0
DATES_VALID = timedelta(minutes=10)

log = structlog.get_logger("instruments")


@dataclass(frozen=True, slots=True)
class Listed:
    """One loaded option."""

    instrument_id: InstrumentId
    strike: float
    call: bool
    expires: datetime


def strikes_around(price: float, width: int = WIDTH) -> list[int]:
    """Return whole-dollar strikes around a price, the nearest first."""
    middle = round(price)
    return sorted(range(middle - width, middle + width + 1), key=lambda strike: abs(strike - price))


def candidate_dates(dates: Iterable[str], now: datetime) -> list[str]:
    """Return expiry dates (YYYYMMDD) that may still trade, the nearest first.

    Yesterday by UTC stays in: at the exchange it may still be today.
    """
    first = (now.astimezone(UTC) - timedelta(days=1)).strftime("%Y%m%d")
    return sorted(date for date in dates if date >= first)


def near_money_call(listed: Iterable[Listed], price: float, now: datetime) -> Listed | None:
    """Choose the call nearest to the money of the nearest expiry that lies beyond the cut-off."""
    usable = [option for option in listed if option.call and option.expires - now > CUT_OFF]
    return min(usable, key=lambda option: (option.expires, abs(option.strike - price)), default=None)


class Chain:
    """Keeps the options around the money loaded. Lives on the node's loop."""

    def __init__(self, cache: Any, provider: Any, client: Any, clock: Clock) -> None:
        """Take the node's cache, the adapter's instrument provider and its client."""
        self._cache = cache
        self._provider = provider
        self._client = client
        self._clock = clock
        self._dates: list[str] = []
        self._dates_at: datetime | None = None
        self._expires: dict[str, datetime] = {}
        self._listed: dict[tuple[str, int, str], Listed | None] = {}

    async def keep(self) -> None:
        """Check every two seconds for ever; a failure is told and tried again."""
        while True:
            try:
                await self.ensure()
            except (ConnectionError, TimeoutError, OSError) as error:
                log.warning("options could not be loaded", error=str(error) or type(error).__name__)
            await self._clock.sleep(CHECK_SECONDS)

    async def ensure(self) -> None:
        """Load what is missing around the present price, for the nearest expiry beyond the cut-off."""
        price = self.price()
        if price is None or not self._client.is_ready:
            return
        for date in candidate_dates(await self._expiries(), self._clock.now()):
            if await self._tradable(date, price):
                for strike in strikes_around(price):
                    for right in ("C", "P"):
                        await self._load(date, strike, right)
                return

    def price(self) -> float | None:
        """Return the middle of the underlying's last quote."""
        quote = self._cache.quote_tick(UNDERLYING)
        return (float(quote.bid_price) + float(quote.ask_price)) / 2 if quote is not None else None

    def call(self) -> InstrumentId | None:
        """Return the call to trade now, if it is loaded and near enough to the money."""
        price = self.price()
        if price is None:
            return None
        found = near_money_call(filter(None, self._listed.values()), price, self._clock.now())
        return found.instrument_id if found is not None and abs(found.strike - price) <= 1.0 else None

    def expires(self, instrument_id: InstrumentId) -> datetime | None:
        """Return when a loaded option expires."""
        instrument = self._cache.instrument(instrument_id)
        return last_close(instrument) if instrument is not None else None

    async def _expiries(self) -> list[str]:
        now = self._clock.now()
        if self._dates_at is None or now - self._dates_at > DATES_VALID:
            chains = await self._client.get_option_chains(self._provider.contract[UNDERLYING])
            self._dates = sorted({date for exchange, dates in chains or () if exchange == "SMART" for date in dates})
            self._dates_at = now if self._dates else None
        return self._dates

    async def _tradable(self, date: str, price: float) -> bool:
        if date not in self._expires:
            option = await self._load(date, strikes_around(price)[0], "C")
            if option is None:
                return False
            self._expires[date] = option.expires
        return self._expires[date] - self._clock.now() > CUT_OFF

    async def _load(self, date: str, strike: int, right: str) -> Listed | None:
        key = (date, strike, right)
        if key not in self._listed:
            self._listed[key] = await self._ask(date, strike, right)
        return self._listed[key]

    async def _ask(self, date: str, strike: int, right: str) -> Listed | None:
        contract = IBContract(
            secType="OPT",
            symbol=SYMBOL,
            exchange="SMART",
            currency="USD",
            lastTradeDateOrContractMonth=date,
            strike=float(strike),
            right=right,
            multiplier="100",
            tradingClass=SYMBOL,
        )
        ids = await self._provider.load_with_return_async(contract)
        option = self._cache.instrument(ids[0]) if ids else None
        if option is None:
            return None
        expires = last_close(option)
        if expires is None:
            return None
        return Listed(option.id, float(option.strike_price), option.option_kind == OptionKind.CALL, expires)
