"""The gateway's past, one question at a time. A question that it refuses raises; NautilusTrader would say "nothing"."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersInstrumentProviderConfig
from nautilus_trader.adapters.interactive_brokers.historical.client import HistoricInteractiveBrokersClient
from nautilus_trader.model.instruments import OptionContract

from engine.errors import GatewayAway, RequestRefused
from engine.history import plan
from engine.private.history import Historic
from engine.wire.history import Asked, History

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from engine.clock import Clock
    from engine.instruments import Underlying

CONNECT_SECONDS = 30.0
ANSWER_SECONDS = 60
PAGE = 1000
_NO_DATA = "no data"
_NEW_YORK = ZoneInfo("America/New_York")


async def reachable(host: str, port: int) -> None:
    """Raise GatewayAway where nobody listens: NautilusTrader's client would go on trying."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
    except (TimeoutError, OSError) as error:
        raise _away(f"{host}:{port}", str(error) or "no answer") from None
    writer.close()


def _away(where: str, found: str) -> GatewayAway:
    return GatewayAway(
        f"a gateway's API at {where}", found, "start a stack (make up SIM=1), or name the port of yours with PORT="
    )


class Past:
    """One session with the gateway, for questions about one underlying and its options."""

    def __init__(
        self, underlying: Underlying, host: str, port: int, client_id: int, clock: Clock, told: Callable[[str], None]
    ) -> None:
        """Begin to connect; on a running loop. `told` hears of every wait that pacing makes."""
        self._where = f"{host}:{port}"
        self._underlying = underlying
        self._clock = clock
        self._told = told
        self._asked = History()
        loop = asyncio.get_running_loop()
        self._historic = HistoricInteractiveBrokersClient(
            host=host,
            port=port,
            client_id=client_id,
            # What it would log is told here in a sentence, and standard output is for the answer.
            log_level="OFF",
            instrument_provider_config=InteractiveBrokersInstrumentProviderConfig(
                symbol_to_mic_venue={underlying.symbol: underlying.venue}
            ),
        )
        # It switches the loop's debugging on, which tells of every slow step on standard error.
        loop.set_debug(False)
        self._inside = Historic(self._historic, loop)

    async def connect(self) -> None:
        """Wait for the session. Raises GatewayAway."""
        begun = self._clock.monotonic()
        while not self._inside.ready:
            if self._clock.monotonic() - begun > CONNECT_SECONDS:
                raise _away(self._where, f"no session within {CONNECT_SECONDS:g} s")
            await self._clock.sleep(0.1)
        await self._historic.connect()

    async def close(self) -> None:
        """Close the socket."""
        self._inside.stop()
        await self._clock.sleep(0.1)

    async def sessions(self, first: date, last: date) -> list[plan.Session]:
        """Ask for the underlying's regular sessions of these dates, both included."""
        after = datetime.combine(last + timedelta(days=1), time(), _NEW_YORK).astimezone(UTC)
        end = min(after, self._clock.now() + timedelta(days=1))
        days = (last - first).days + 3
        rows = await self._inside.sessions(
            self._underlying.contract, f"{end:%Y%m%d-%H:%M:%S}", days, True, float(ANSWER_SECONDS)
        )
        return plan.sessions(rows, first, last)

    async def underlying(self) -> Any:
        """Load the underlying. Raises RequestRefused."""
        found = await self._inside.answer(self._historic.request_instruments(contracts=[self._underlying.contract]))
        return found[0]

    async def options(self, day: date) -> list[Any]:
        """Load the options that expire on a date; none where the gateway lists none (any more)."""
        contract = msgspec.structs.replace(
            self._underlying.contract,
            build_options_chain=True,
            lastTradeDateOrContractMonth=f"{day:%Y%m%d}",
            options_chain_exchange="SMART",
        )
        try:
            found = await self._inside.answer(self._historic.request_instruments(contracts=[contract]))
        except RequestRefused as refusal:
            if refusal.code == 200:
                return []
            raise
        # The underlying comes along, and of an index another class that is settled in the morning.
        options = [one for one in found if isinstance(one, OptionContract)]
        return [one for one in options if one.info["contract"]["tradingClass"] == self._underlying.trading_class]

    async def bars(self, instrument: Any, size: str, price: str, span: plan.Span) -> list[Any]:
        """Ask for the bars of a span, one request. Raises RequestRefused and TimeoutError."""
        if plan.bar_length(size) <= timedelta(seconds=30):
            await self._turn(f"{instrument.id} {price}", f"{size} {span}", 1)
        contract = IBContract(**instrument.info["contract"])
        found = await self._ask(
            lambda: self._historic.request_bars(
                bar_specifications=[f"{size}-{price}"],
                start_date_time=_naive(span.begin),
                end_date_time=_naive(span.end),
                tz_name="UTC",
                contracts=[contract],
                use_rth=True,
                timeout=ANSWER_SECONDS,
            )
        )
        begin, end = _ns(span.begin), _ns(span.end)
        # A duration of days reaches back over days without a session; and no bar twice.
        return list({bar.ts_init: bar for bar in found if begin < bar.ts_init <= end}.values())

    async def ticks(self, instrument: Any, kind: str, span: plan.Span) -> list[Any]:
        """Ask for the ticks of a span, backwards in pages of whole seconds. Raises RequestRefused and TimeoutError."""
        contract = IBContract(**instrument.info["contract"])
        pages: list[list[Any]] = []
        end = span.end
        while end > span.begin:
            # The adapter asks twice where a page is not full.
            await self._turn(f"{instrument.id} {kind}", f"{end}", 4 if kind == "BID_ASK" else 2)
            until = end
            page = await self._ask(
                lambda until=until: self._historic.request_ticks(  # type: ignore[misc]
                    tick_type=kind,
                    start_date_time=_naive(span.begin),
                    end_date_time=_naive(until),
                    tz_name="UTC",
                    contracts=[contract],
                    use_rth=True,
                    timeout=ANSWER_SECONDS,
                    limit=PAGE,
                )
            )
            page = [tick for tick in page if tick.ts_init < _ns(until)]
            if not page:
                break
            oldest = page[0].ts_init // 10**9
            whole = [tick for tick in page if tick.ts_init // 10**9 > oldest]
            if len(page) < PAGE:
                pages.append(page)
                break
            # The oldest second may be cut; it is asked for again with what lies before it, unless it is all there is.
            pages.append(whole or page)
            end = datetime.fromtimestamp(oldest + 1 if whole else oldest, UTC)
        return [tick for page in reversed(pages) for tick in page]

    async def _ask(self, question: Callable[[], Any]) -> list[Any]:
        begun = self._clock.monotonic()
        try:
            found = await self._inside.answer(question())
        except RequestRefused as refusal:
            if refusal.code == 162 and _NO_DATA in str(refusal):
                return []
            raise
        if not found and self._clock.monotonic() - begun >= ANSWER_SECONDS:
            raise TimeoutError(f"no answer within {ANSWER_SECONDS} s")
        return list(found)

    async def _turn(self, series: str, span: str, weight: int) -> None:
        asked = Asked((series,), (span,), weight)
        while rest := self._asked.wait(asked, self._clock.monotonic()):
            self._told(f"waiting {rest:.0f} s: IBKR's pacing")
            await self._clock.sleep(rest)
        self._asked.note(asked, self._clock.monotonic())


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
