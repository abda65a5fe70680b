"""Faults between the gateway and IBKR: the link itself, and the data farms behind it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gateway.simulator.api.farms import FARMS, Farm, State, connecting, notice, of_instrument
from gateway.simulator.api.farms import Kind as FarmKind
from gateway.simulator.api.refusals import no_history
from gateway.simulator.api.trouble import Late
from gateway.simulator.faults.about import contract_of, feeds
from gateway.simulator.faults.fault import Fault, text
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.requests import contracts, history, market_data
from gateway.simulator.wire.requests.base import Numbered, Request
from tws import codes

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


def _cure() -> str:
    made: str = text(
        "nothing",
        "the command of IBC's command server that ends it",
        "nothing",
        "RECONNECTDATA",
        "RECONNECTACCOUNT",
        "either",
    )
    return made


@dataclass(kw_only=True, eq=False)
class UpstreamLost(Fault):
    """The link to IBKR is down: 1100 (or 2110) to everybody, nothing fills, nothing ticks."""

    name = "upstream-lost"

    code: str = text("1100", "what the sessions are told; new ones hear 2110", "1100", "2110")
    back: str = text("1102", "what is said when it is back: data maintained, or lost", "1102", "1101")
    cured_by: str = _cure()

    async def begin(self) -> None:
        gateway = self.site.gateway
        gateway.upstream_lost = True
        gateway.broker.connected = False
        gateway.tell_all(int(self.code), codes.text(int(self.code)))

    def end(self) -> None:
        self.site.gateway.upstream_lost = False
        self.site.gateway.broker.connected = True
        if self.back == "1101":
            lose_data(self)
            return
        farms = "; ".join(farm.name for farm in FARMS)
        words = codes.text(codes.UPSTREAM_BACK, f" All data farms are connected: {farms}.")
        self.site.gateway.tell_all(codes.UPSTREAM_BACK, words)


@dataclass(kw_only=True, eq=False)
class UpstreamBroken(UpstreamLost):
    """The same, told as 2110."""

    name = "upstream-broken"

    code: str = text("2110", "what everybody is told", "1100", "2110")


def lose_data(fault: Fault) -> None:
    """Say 1101: every subscription to market data is gone."""
    gateway = fault.site.gateway
    for session in gateway.started():
        session.drop_market_data()
    gateway.tell_all(codes.UPSTREAM_BACK_DATA_LOST, codes.text(codes.UPSTREAM_BACK_DATA_LOST))
    for code, words in gateway.farms.notices():
        gateway.tell_all(code, words)


@dataclass(kw_only=True, eq=False)
class DataLost(Fault):
    """1101: the link is back, if it was away, and every subscription to market data is gone."""

    name = "data-lost"
    momentary = True

    async def begin(self) -> None:
        self.site.withdraw(UpstreamLost.name)
        self.site.withdraw(UpstreamBroken.name)
        self.site.gateway.upstream_lost = False
        self.site.gateway.broker.connected = True
        lose_data(self)


@dataclass(kw_only=True, eq=False)
class _FarmFault(Fault):
    """A farm, or all of a kind, is broken or asleep, or said to be well."""

    kind: ClassVar[FarmKind]

    farm: str
    state: str = text(
        "broken",
        "broken; inactive (it comes back as soon as it is asked for something); ok (only the notice is sent)",
        "broken",
        "inactive",
        "ok",
    )
    cured_by: str = _cure()

    def farms(self) -> list[Farm]:
        """The farms it is about."""
        return [one for one in FARMS if one.kind == self.kind and self.farm in ("all", one.name)]

    async def begin(self) -> None:
        for farm in self.farms():
            self._put(farm, State(self.state))

    def end(self) -> None:
        for farm in self.farms():
            self._mend(farm)

    def _put(self, farm: Farm, state: State) -> None:
        self.site.gateway.farms.put(farm.name, state)
        self.site.gateway.tell_all(*notice(farm, state))

    def _mend(self, farm: Farm) -> None:
        if self.site.gateway.farms.state(farm.name) is State.BROKEN and farm.kind == "market":
            self.site.gateway.tell_all(*connecting(farm))
        self._put(farm, State.OK)

    def _wake(self, farm: Farm) -> None:
        """An inactive farm is there as soon as somebody needs it."""
        if self.site.gateway.farms.state(farm.name) is State.INACTIVE:
            self._put(farm, State.OK)


def _farm_names(kind: FarmKind) -> str:
    made: str = text("all", "which one", "all", *(farm.name for farm in FARMS if farm.kind == kind))
    return made


@dataclass(kw_only=True, eq=False)
class MarketFarm(_FarmFault):
    """2103 (2108): no market data of the instruments that the farm serves."""

    name = "market-farm"
    kind = "market"

    farm: str = _farm_names("market")

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        gateway = self.site.gateway
        if feeds(answer) and (con_id := contract_of(session, answer)) is not None:
            served_by = of_instrument(gateway.instrument(con_id))
            if gateway.farms.state(served_by) is State.BROKEN and any(one.name == served_by for one in self.farms()):
                return []
        return [(0.0, answer)]

    def takes(self, session: "Session", request: Request) -> bool:
        if isinstance(request, (market_data.ReqMarketData, market_data.ReqTickByTick)):
            for farm in self.farms():
                self._wake(farm)
        return False


@dataclass(kw_only=True, eq=False)
class HistoryFarm(_FarmFault):
    """2105 (2107): every request for history is answered with 162."""

    name = "history-farm"
    kind = "history"

    farm: str = _farm_names("history")

    def takes(self, session: "Session", request: Request) -> bool:
        if not isinstance(request, ASKS_HISTORY):
            return False
        [farm] = self.farms()
        if self.site.gateway.farms.state(farm.name) is State.BROKEN:
            no_history(session, request.req_id, "HMDS server disconnect occurred.")
            return True
        self._wake(farm)
        return False


ASKS_HISTORY: tuple[type[Numbered], ...] = (
    history.ReqHistoricalData,
    history.ReqHistoricalTicks,
    history.ReqHeadTimestamp,
    history.ReqHistogram,
)


@dataclass(kw_only=True, eq=False)
class SecdefFarm(_FarmFault):
    """2157: questions about contracts and chains get no answer."""

    name = "secdef-farm"
    kind = "secdef"

    farm: str = _farm_names("secdef")
    state: str = text("broken", "broken; ok (only the notice is sent)", "broken", "ok")

    def takes(self, session: "Session", request: Request) -> bool:
        asks = (contracts.ReqContractDetails, contracts.ReqSecDefOptParams, contracts.ReqMatchingSymbols)
        return isinstance(request, asks) and not self.site.gateway.farms.all_ok("secdef")
