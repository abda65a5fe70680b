"""Which options, which day: the choices, and the loading against a provider that only remembers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from nautilus_trader.model.enums import OptionKind
from nautilus_trader.model.identifiers import InstrumentId

from engine.chain.loader import RETRY_SECONDS, Chain
from engine.chain.plan import Listed, around, near_money_call, segment, session_at
from engine.errors import RequestRefused
from engine.hours import CUT_OFF
from engine.instruments import UNDERLYINGS
from engine.settings import Underlier

ZONE = "America/New_York"
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
# A Monday; Thursday is a holiday and Friday a half day.
WEEK = (
    "20261123:0930-20261123:1600;20261124:0930-20261124:1600;20261125:0930-20261125:1600;20261126:CLOSED;"
    "20261127:0930-20261127:1300;20261128:CLOSED"
)


def listed(strike: float, expires: datetime, call: bool = True) -> Listed:
    return Listed(
        InstrumentId.from_str(f"{strike:g}{'C' if call else 'P'}{expires:%d%H%M}.ARCX"), strike, call, expires
    )


@pytest.mark.parametrize(
    ("now", "date", "closes"),
    [
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "20261123", 21),  # before the open it is today's already
        (NOON, "20261123", 21),
        (datetime(2026, 11, 23, 21, 0, tzinfo=UTC), "20261124", 21),
        (datetime(2026, 11, 26, 17, 0, tzinfo=UTC), "20261127", 18),  # a holiday, and the half day after it
    ],
)
def test_today_is_the_session_that_is_open_or_comes_next(now: datetime, date: str, closes: int) -> None:
    found = session_at(WEEK, ZONE, now)
    assert found is not None
    assert (found.date, found.closes.hour) == (date, closes)


def test_a_session_over_midnight_is_of_the_day_on_which_it_ends() -> None:
    found = session_at("20261122:1800-20261123:1700;20261123:1800-20261124:1700", ZONE, NOON - timedelta(hours=12))
    assert found is not None
    assert found.date == "20261123"


@pytest.mark.parametrize("hours", ["", "20261126:CLOSED", "20261120:0930-20261120:1600", "nonsense"])
def test_without_hours_that_lie_ahead_there_is_no_today(hours: str) -> None:
    assert session_at(hours, ZONE, NOON) is None


def test_hours_change_with_the_clocks() -> None:
    found = session_at("20261030:0930-20261030:1600;20261102:0930-20261102:1600", ZONE, NOON - timedelta(days=25))
    assert found is not None
    assert found.closes == datetime(2026, 10, 30, 20, 0, tzinfo=UTC)
    found = session_at("20261030:0930-20261030:1600;20261102:0930-20261102:1600", ZONE, NOON - timedelta(days=22))
    assert found is not None
    assert found.closes == datetime(2026, 11, 2, 21, 0, tzinfo=UTC)


def test_a_session_is_written_in_the_options_own_zone() -> None:
    half_day = session_at(WEEK, ZONE, datetime(2026, 11, 27, 15, 0, tzinfo=UTC))
    assert half_day is not None
    assert segment(half_day, ZONE) == "20261127:0930-20261127:1300"
    assert segment(half_day, "America/Chicago") == "20261127:0830-20261127:1200"
    with pytest.raises(ValueError, match="No/Where"):
        segment(half_day, "No/Where")


def test_strikes_begin_with_the_nearest_and_go_outwards() -> None:
    strikes = [float(strike) for strike in range(590, 611)]
    assert around(strikes, 598.7, 2) == [599, 598, 600, 597, 601]
    assert around(strikes, 600.0, 1) == [600, 599, 601]
    assert around([6000.0, 6005.0, 6010.0], 6007.0, 0) == [6005.0]
    assert around(strikes, 598.7, 100) == sorted(strikes, key=lambda strike: abs(strike - 598.7))


def test_the_nearest_call_wins_until_the_cut_off() -> None:
    expires = NOON + timedelta(hours=3)
    options = [listed(600, expires), listed(601, expires), listed(600, expires, call=False)]
    assert near_money_call(options, 600.2, NOON) == options[0]
    assert near_money_call(options, 600.8, NOON) == options[1]
    assert near_money_call(options, 600.2, expires - CUT_OFF - timedelta(seconds=1)) == options[0]
    assert near_money_call(options, 600.2, expires - CUT_OFF) is None


class World:
    """An adapter, its provider and the cache over a tiny exchange: 21 strikes, every date expires at 21:00 UTC."""

    def __init__(self, *dates: str) -> None:
        self.dates = set(dates)
        self.asked: list[str] = []
        self.made: list[float] = []
        self.known: dict[Any, Any] = {}
        self.hours = WEEK
        self.in_use: list[Any] = []
        self.forgotten: list[Any] = []
        self.forgotten_by_provider: list[Any] = []
        self.time = NOON
        self.ready = True
        self.bid: float | None = 600.19
        self.refusal = 200

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, _: float) -> None:
        return

    def instrument(self, instrument_id: Any) -> Any:
        return self.known.get(instrument_id)

    def instruments(self) -> list[Any]:
        return [*self.known.values()]

    def purge_instrument(self, instrument_id: Any) -> None:
        if instrument_id not in self.in_use:
            del self.known[instrument_id]

    def forget_instruments(self, _: Any, gone: list[Any]) -> None:
        self.forgotten_by_provider += gone

    async def forget(self, gone: list[Any]) -> None:
        self.forgotten += gone

    def quote_tick(self, _: Any) -> Any:
        return SimpleNamespace(bid_price=self.bid, ask_price=self.bid + 0.02) if self.bid is not None else None

    def index_price(self, _: Any) -> Any:
        return SimpleNamespace(value=6002.0)

    async def contract_details(self, contract: Any) -> list[Any]:
        if contract.secType != "OPT":
            return [
                SimpleNamespace(contract=contract, liquidHours=self.hours, tradingHours=self.hours, timeZoneId=ZONE)
            ]
        date = contract.lastTradeDateOrContractMonth
        self.asked.append(date)
        if date not in self.dates:
            raise RequestRefused(self.refusal, "No security definition has been found")
        return [
            SimpleNamespace(
                contract=SimpleNamespace(lastTradeDateOrContractMonth=date, strike=float(strike), right=right),
                tradingHours="20261123:0930-20261123:1615;20261124:CLOSED",
                liquidHours="20261127:0930-20261127:1615",
                timeZoneId=ZONE,
            )
            for strike in range(590, 611)
            for right in "CP"
        ]

    def add_instruments(self, _: Any, details: list[Any], renew: bool = False) -> list[Any]:
        ids = []
        for one in details:
            if renew:
                continue
            date, strike, right = one.contract.lastTradeDateOrContractMonth, one.contract.strike, one.contract.right
            # As the adapter does: whatever day the last segment is of, its hour is the expiry's.
            hour = int(one.tradingHours.rpartition(":")[2][:2])
            expires = datetime.strptime(f"{date}{hour + 5}", "%Y%m%d%H").replace(tzinfo=UTC)
            name = InstrumentId.from_str(f"{date}{right}{strike:g}.ARCX")
            kind = OptionKind.CALL if right == "C" else OptionKind.PUT
            self.known[name] = SimpleNamespace(
                id=name,
                strike_price=strike,
                option_kind=kind,
                expiration_ns=int(expires.timestamp() * 1e9),
                info={
                    "contract": {"lastTradeDateOrContractMonth": date},
                    "liquidHours": one.liquidHours,
                    "timeZoneId": one.timeZoneId,
                },
            )
            self.made.append(strike)
            ids.append(name)
        return ids


def chain(world: World, width: int = 2, underlier: Underlier = Underlier.SPY) -> Chain:
    return Chain(UNDERLYINGS[underlier], width, world, world, world, world, world.forget)  # type: ignore[arg-type]


async def test_one_question_and_then_the_money_first() -> None:
    world = World("20261123", "20261124")
    kept = chain(world)
    assert "not loaded yet" in kept.view().missing
    await kept.ensure()
    await kept.ensure()
    assert world.asked == ["20261123"]
    assert world.made == [600, 600, 601, 601, 599, 599, 602, 602, 598, 598]
    view = kept.view()
    assert (view.date, view.listed, view.wanted, view.loaded, view.missing) == ("20261123", 42, 10, 10, "")
    assert view.load_seconds is not None
    assert str(kept.call()) == "20261123C600.ARCX"


async def test_the_price_moves_and_the_strikes_follow_without_a_question() -> None:
    world = World("20261123")
    kept = chain(world)
    await kept.ensure()
    world.bid = 607.89
    assert kept.call() is None
    await kept.ensure()
    assert str(kept.call()) == "20261123C608.ARCX"
    assert world.asked == ["20261123"]
    assert len(world.made) == len(set(world.made)) * 2 == 20


async def test_tomorrow_is_never_taken_for_today() -> None:
    world = World("20261124", "20261125")
    kept = chain(world)
    await kept.ensure()
    assert kept.call() is None
    assert kept.view().missing == (
        "the gateway lists no option of SPY (SPY) that expires on 20261123: today's chain is missing"
    )
    world.time += timedelta(seconds=1)
    await kept.ensure()
    assert world.asked == ["20261123"], "a gateway that has none is not asked without pause"
    world.dates.add("20261123")
    world.time += timedelta(seconds=RETRY_SECONDS)
    await kept.ensure()
    assert kept.view().missing == ""
    assert str(kept.call()) == "20261123C600.ARCX"


async def test_an_answer_of_another_date_is_not_todays_chain() -> None:
    world = World("20261123")
    kept = chain(world)
    answer = world.contract_details

    async def of_tomorrow(contract: Any) -> list[Any]:
        found = await answer(contract)
        for one in found:
            if contract.secType == "OPT":
                one.contract.lastTradeDateOrContractMonth = "20261124"
        return found

    world.contract_details = of_tomorrow  # type: ignore[method-assign]
    await kept.ensure()
    assert world.made == []
    assert "today's chain is missing" in kept.view().missing


async def test_between_cut_off_and_close_there_is_nothing_to_trade_and_then_the_next_session() -> None:
    world = World("20261123", "20261124")
    kept = chain(world)
    await kept.ensure()
    world.time = datetime(2026, 11, 23, 20, 55, tzinfo=UTC)
    await kept.ensure()
    assert kept.call() is None
    assert kept.view().missing == ""
    world.time = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    assert "the session of 20261123 has ended" in kept.view().missing
    await kept.ensure()
    assert (kept.view().date, kept.view().missing) == ("20261124", "")
    assert kept.call() is None, "the next session's options are loaded, but it is not open yet"
    world.time = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    await kept.ensure()
    assert str(kept.call()) == "20261124C600.ARCX"


async def test_a_half_day_expires_at_its_own_close() -> None:
    world = World("20261127")
    world.time = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    kept = chain(world)
    await kept.ensure()
    instrument_id, instrument = next(iter(world.known.items()))
    assert kept.expires(instrument_id) == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert instrument.expiration_ns == datetime(2026, 11, 27, 18, 0, tzinfo=UTC).timestamp() * 1e9


async def test_nothing_is_asked_without_a_session_or_a_price() -> None:
    world = World("20261123")
    world.ready = False
    await chain(world).ensure()
    world.ready, world.bid = True, None
    await chain(world).ensure()
    assert world.asked == []


async def test_a_refusal_that_says_nothing_of_the_date_is_no_missing_chain() -> None:
    world = World()
    world.refusal = 100
    with pytest.raises(RequestRefused):
        await chain(world).ensure()


async def test_an_index_is_priced_by_its_value_and_has_its_own_class() -> None:
    world = World("20261123")
    kept = chain(world, width=1, underlier=Underlier.SPX)
    assert kept.price() == 6002.0
    await kept.ensure()
    assert kept.view().underlying == "SPX"
    assert world.made == [610, 610, 609, 609, 608, 608]
    spx = UNDERLYINGS[Underlier.SPX]
    assert (str(spx.instrument_id), spx.options("20261123").tradingClass) == ("^SPX.XCBO", "SPXW")


async def test_what_expired_days_ago_is_forgotten_unless_it_is_in_use() -> None:
    world = World("20261123", "20261124", "20261130")
    kept = chain(world, width=1)
    await kept.ensure()
    monday = [*world.known]
    world.time = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    await kept.ensure()
    assert world.forgotten == [], "the broker may still tell of yesterday's"
    world.in_use = [monday[0]]
    world.time = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    world.hours = "20261130:0930-20261130:1600"
    await kept.ensure()
    assert kept.view().date == "20261130"
    assert monday[0] in world.known
    assert set(monday[1:]) < set(world.forgotten) == set(world.forgotten_by_provider)
    assert not set(world.forgotten) & set(world.known)
