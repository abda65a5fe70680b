"""A gateway and a supervisor that say what a test tells them to, and a check asked about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from preflight.check import Answer, Check, Site
from preflight.errors import NotSeen
from preflight.settings import Settings
from preflight.sources.engine import About, Health
from preflight.sources.gateway import Opening, Skew, Word
from preflight.sources.host import Host
from preflight.sources.house import House
from preflight.sources.local import LocalHost
from preflight.sources.supervision import Supervision
from tws.errors import RequestRefused, TwsError
from tws.handshake import Greeting
from tws.times import TimeMode, parse_connection_time
from tws.values import (
    AccountValue,
    Bar,
    Chain,
    Config,
    Definition,
    Execution,
    Look,
    Notice,
    OpenOrder,
    Position,
    Quote,
)

NOW = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)
FARMS = (
    (2104, "Market data farm connection is OK:usfarm.nj"),
    (2104, "Market data farm connection is OK:usfarm"),
    (2107, "HMDS data farm connection is inactive but should be available upon demand.ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)


class HandClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self._now)

    async def sleep(self, seconds: float) -> None:
        self._now += seconds


@dataclass
class Told:
    """A gateway that answers what a test tells it to."""

    time: str = "20261122 15:00:00 UTC"
    managed: tuple[str, ...] = ("DUSIM0001",)
    bar_times: Sequence[str] = ("20261122-14:00:00",)
    time_mode: TimeMode | None = None
    read_only: bool | None = None
    refuses: bool = False
    server_version: int = 200
    taken: tuple[int, ...] = ()
    clock_ahead: float = 0.0
    port: int | None = 4002
    executed: Sequence[str] = ()
    trades: str = "20261123:0930-20261123:1600;20261124:0930-20261124:1600"
    down: TwsError | None = None
    said: Sequence[tuple[int, str]] = FARMS
    known: Sequence[Definition] = ()
    listed: Sequence[Chain] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    """By security type."""
    values: Sequence[AccountValue] = ()
    held: Sequence[Position] = ()
    working: Sequence[OpenOrder] = ()
    filled: Sequence[Execution] = ()

    def _answer(self) -> None:
        if self.down is not None:
            raise self.down

    async def greeting(self) -> Greeting:
        self._answer()
        return Greeting(self.server_version, self.time, parse_connection_time(self.time), 0.003)

    async def opening(self) -> Opening:
        self._answer()
        return Opening(910 + len(self.taken), self.taken, 1, 0.04)

    async def skew(self) -> Skew:
        return Skew(self.clock_ahead, 0.01, exact=self.server_version >= 197)

    async def executions(self) -> list[Execution]:
        at = [
            Execution(str(n), "DUSIM0001", 756733, "SPY", "BOT", Decimal(1), 1.0, time, 1)
            for n, time in enumerate(self.executed)
        ]
        return [*self.filled, *at]

    async def reference(self) -> Definition:
        return Definition(
            con_id=756733,
            symbol="SPY",
            sec_type="STK",
            local_symbol="SPY",
            currency="USD",
            exchange="SMART",
            primary_exchange="ARCA",
            last_trade_date="",
            strike=0.0,
            right="",
            multiplier="",
            trading_class="SPY",
            order_types=("LMT",),
            exchanges=("SMART",),
            time_zone="US/Eastern",
            trading_hours=self.trades,
            liquid_hours=self.trades,
        )

    async def accounts(self) -> tuple[str, ...]:
        self._answer()
        return self.managed

    async def bars(self) -> list[Bar]:
        return [Bar(time, 1, 1, 1, 1, Decimal(1)) for time in self.bar_times]

    async def word(self) -> Word:
        if self.time_mode is None and self.read_only is None:
            return Word(None, "found server version 200")
        return Word(Config(self.time_mode, self.read_only, self.port, None, False, (), None, None))

    async def is_read_only(self) -> bool:
        return self.refuses

    async def notices(self) -> tuple[Notice, ...]:
        return tuple(Notice(code, text, NOW) for code, text in self.said)

    async def definitions(self, of: Any) -> list[Definition]:
        wanted = (of.symbol, of.secType, of.strike if of.secType == "OPT" else 0.0, of.right)
        found = [one for one in self.known if (one.symbol, one.sec_type, one.strike, one.right) == wanted]
        if not found:
            raise RequestRefused("contractDetails", 200, "No security definition has been found for the request")
        return found

    async def chains(self, underlying: Definition) -> list[Chain]:
        return list(self.listed)

    async def recent(self, of: Any) -> list[Bar]:
        return await self.bars()

    async def look(self, of: Any, enough: Callable[[Quote], bool]) -> Look:
        return self.looks[of.secType]

    async def account_values(self) -> list[AccountValue]:
        return list(self.values)

    async def positions(self) -> list[Position]:
        return list(self.held)

    async def open_orders(self) -> list[OpenOrder]:
        if self.refuses:
            raise RequestRefused("openOrders", 321, "Error validating request: The API interface is in Read-Only mode.")
        return list(self.working)


@dataclass
class Watched:
    """A supervisor and an engine that say what a test tells them to.

    `gateway` and `login` are laid over a gateway that is well.
    """

    gateway: dict[str, Any] = field(default_factory=dict)
    login: dict[str, Any] = field(default_factory=dict)
    windows: dict[str, Any] = field(default_factory=dict)
    weekly_token: dict[str, Any] | None = None
    silent: bool = False
    lines: int | None = 4
    """Of market data, which the engine holds."""
    health: Health | None = None
    about: About | None = None

    async def engine_lines(self) -> int:
        if self.lines is None:
            raise NotSeen("the engine does not say how many lines it holds")
        return self.lines

    async def supervision(self) -> Supervision:
        if self.silent:
            raise NotSeen("no supervisor answers at http://127.0.0.1:9180")
        login = {"phase": "quiet", "since": "2026-11-22T09:00:00Z", "attempts_left": 2, **self.login}
        well = {
            "state": "READY",
            "container": {"started_at": "2026-11-22T03:00:00Z", "restarts": 0},
            "inside": {"result": "answered", "at": "2026-11-22T14:59:58Z", "detail": "server version 200"},
            "clients": 3,
            "restarts_left": 3,
        }
        row = {"name": "sim", "gateway": {**well, **self.gateway, "login": login}, "windows": self.windows}
        return Supervision.model_validate({**row, "weekly_token": self.weekly_token})

    async def engine_health(self) -> Health:
        if self.health is None:
            raise NotSeen("no engine is configured")
        return self.health

    async def about_engine(self) -> About:
        if self.about is None:
            raise NotSeen("no engine answers")
        return self.about


def settings(**changes: Any) -> Settings:
    return Settings(**{"ib_account": "DUSIM0001", "mode": "sim", **changes})


async def ask(
    check: Check, told: Told | None = None, host: Host | None = None, house: House | None = None, **changes: Any
) -> Answer:
    given = settings(**changes)
    answer = await check.ask(Site(given, told or Told(), host or LocalHost(given), house or Watched(), NOW))
    assert set(answer.remedies) <= set(check.remedies), "a remedy that docs/preflight.md does not know"
    return answer


def remedy(answer: Answer) -> str:
    return "; ".join(remedy.text for remedy in answer.remedies)
