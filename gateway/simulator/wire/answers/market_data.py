"""Quotes and trades as they happen. What many subscribers get is encoded once for all of them (`wire.splice`)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.options import Valuation
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.answers.tick import midpoint, quote, trade
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.splice import VOLUMES_IN_SHARES, Tick
from gateway.simulator.wire.text import double, plain

# Ticks are not frozen, unlike all other answers: frozen ones take three times as long to make, and they are what the
# server makes most of.


@dataclass(slots=True)
class MarketDataType(Tick):
    """Whether what follows is live, frozen, delayed or both."""

    id: ClassVar = 58
    head: ClassVar = (1,)
    kind: int

    def values(self, version: int) -> Fields:
        return [self.kind]

    def proto(self, version: int) -> Any:
        return pb.MarketDataType(reqId=self.req_id, marketDataType=self.kind)


@dataclass(slots=True)
class TickParameters(Tick):
    """Smallest price step, the key of the exchanges behind the best price (captured), and 3: snapshots are allowed."""

    id: ClassVar = 81
    instrument: Instrument

    def values(self, version: int) -> Fields:
        return [plain(self.instrument.min_tick), "9c0001", 3]

    def proto(self, version: int) -> Any:
        return pb.TickReqParams(
            reqId=self.req_id, minTick=plain(self.instrument.min_tick), bboExchange="9c0001", snapshotPermissions=3
        )


@dataclass(slots=True)
class TickPrice(Tick):
    """A price and the size at it."""

    id: ClassVar = 1
    head: ClassVar = (6,)
    kind: int
    price: str
    size: float
    mask: int
    """1 can be executed automatically, 2 beyond the day's limit, 4 before the open."""

    def values(self, version: int) -> Fields:
        return [self.kind, self.price, self.size, self.mask]

    def proto(self, version: int) -> Any:
        return pb.TickPrice(
            reqId=self.req_id,
            tickType=self.kind,
            price=float(self.price),
            size=plain(self.size),
            attrMask=self.mask,
        )


@dataclass(slots=True)
class TickSize(Tick):
    """A size or a volume."""

    id: ClassVar = 2
    head: ClassVar = (6,)
    kind: int
    size: float
    lot: int = 1
    """In units of how many it is told before server version 220."""

    def values(self, version: int) -> Fields:
        return [self.kind, self.size if self.lot == 1 or version >= VOLUMES_IN_SHARES else self.size // self.lot]

    def proto(self, version: int) -> Any:
        size = self.size if self.lot == 1 or version >= VOLUMES_IN_SHARES else self.size // self.lot
        return pb.TickSize(reqId=self.req_id, tickType=self.kind, size=plain(size))


@dataclass(slots=True)
class TickGeneric(Tick):
    """Some other number."""

    id: ClassVar = 45
    head: ClassVar = (6,)
    kind: int
    value: float

    def values(self, version: int) -> Fields:
        return [self.kind, double(self.value)]

    def proto(self, version: int) -> Any:
        return pb.TickGeneric(reqId=self.req_id, tickType=self.kind, value=self.value)


@dataclass(slots=True)
class TickString(Tick):
    """A text."""

    id: ClassVar = 46
    head: ClassVar = (6,)
    kind: int
    value: str

    def values(self, version: int) -> Fields:
        return [self.kind, self.value]

    def proto(self, version: int) -> Any:
        return pb.TickString(reqId=self.req_id, tickType=self.kind, value=self.value)


class Greeks:
    """What the computations of one moment have in common, written once for all of them."""

    __slots__ = ("delta", "gamma", "rest", "theta", "underlying", "vega", "written_delta")

    def __init__(self, valued: Valuation, underlying: float) -> None:
        self.delta, self.gamma, self.vega, self.theta = valued.delta, valued.gamma, valued.vega, valued.theta
        self.underlying = round(underlying, 2)
        self.written_delta = plain(self.delta)
        rest = (0.0, self.gamma, self.vega, self.theta, self.underlying)
        self.rest = "\0".join([plain(number) for number in rest])


@dataclass(slots=True)
class TickOption(Tick):
    """Volatility and Greeks at a price (bid, ask, last) or of the model; a volatility of -1 is 'not computed'."""

    id: ClassVar = 21
    kind: int
    at_price: float
    volatility: float
    greeks: Greeks

    def values(self, version: int) -> Fields:
        return [self.kind, 0, self.volatility, self.greeks.written_delta, self.at_price, self.greeks.rest]

    def proto(self, version: int) -> Any:
        greeks = self.greeks
        return pb.TickOptionComputation(
            reqId=self.req_id,
            tickType=self.kind,
            tickAttrib=0,
            impliedVol=self.volatility,
            delta=greeks.delta,
            optPrice=self.at_price,
            pvDividend=0.0,
            gamma=greeks.gamma,
            vega=greeks.vega,
            theta=greeks.theta,
            undPrice=greeks.underlying,
        )


@dataclass(frozen=True, slots=True)
class SnapshotEnd(Answer):
    """The end of a snapshot."""

    id: ClassVar = 57
    req_id: int

    def text(self, version: int) -> Fields:
        return [57, 1, self.req_id]

    def proto(self, version: int) -> Any:
        return pb.TickSnapshotEnd(reqId=self.req_id)


@dataclass(slots=True)
class TickByTickLast(Tick):
    """A trade; no special conditions."""

    id: ClassVar = 99
    kind: int
    """1 Last, 2 AllLast."""
    epoch: int
    price: str
    size: float
    exchange: str

    def values(self, version: int) -> Fields:
        return [self.kind, self.epoch, self.price, self.size, 0, self.exchange, ""]

    def proto(self, version: int) -> Any:
        tick = trade(self.epoch, self.price, self.size, self.exchange)
        return pb.TickByTickData(reqId=self.req_id, tickType=self.kind, historicalTickLast=tick)


@dataclass(slots=True)
class TickByTickQuote(Tick):
    """The best bid and ask."""

    id: ClassVar = 99
    epoch: int
    bid: str
    ask: str
    bid_size: float
    ask_size: float
    mask: int
    """1 the bid is below the day's low, 2 the ask above its high."""

    def values(self, version: int) -> Fields:
        return [3, self.epoch, self.bid, self.ask, self.bid_size, self.ask_size, self.mask]

    def proto(self, version: int) -> Any:
        tick = quote(self.epoch, self.bid, self.ask, self.bid_size, self.ask_size, self.mask)
        return pb.TickByTickData(reqId=self.req_id, tickType=3, historicalTickBidAsk=tick)


@dataclass(slots=True)
class TickByTickMid(Tick):
    """The middle of bid and ask."""

    id: ClassVar = 99
    epoch: int
    price: float

    def values(self, version: int) -> Fields:
        return [4, self.epoch, round(self.price, 6)]

    def proto(self, version: int) -> Any:
        tick = midpoint(self.epoch, round(self.price, 6))
        return pb.TickByTickData(reqId=self.req_id, tickType=4, historicalTickMidPoint=tick)


@dataclass(slots=True)
class RealTimeBar(Tick):
    """Five seconds."""

    id: ClassVar = 50
    head: ClassVar = (3,)
    epoch: int
    prices: tuple[str, str, str, str]
    """Open, high, low and close."""
    volume: float
    """It, average and count are -1 where it is not trades."""
    average: float
    count: int

    def values(self, version: int) -> Fields:
        return [self.epoch, *self.prices, self.volume, self.average, self.count]

    def proto(self, version: int) -> Any:
        opened, high, low, close = map(float, self.prices)
        return pb.RealTimeBarTick(
            reqId=self.req_id,
            time=self.epoch,
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=plain(self.volume),
            WAP=plain(self.average),
            count=self.count,
        )


@dataclass(slots=True)
class MarketDepth(Tick):
    """One row of one exchange's book."""

    id: ClassVar = 12
    head: ClassVar = (1,)
    position: int
    operation: int
    """0 insert, 1 update, 2 delete."""
    side: int
    """0 ask, 1 bid."""
    price: str
    size: float

    def values(self, version: int) -> Fields:
        return [self.position, self.operation, self.side, self.price, self.size]

    def proto(self, version: int) -> Any:
        return pb.MarketDepth(reqId=self.req_id, marketDepthData=self.row())

    def row(self, **more: Any) -> Any:
        """The row in protobuf, and whatever else is said of it."""
        return pb.MarketDepthData(
            position=self.position,
            operation=self.operation,
            side=self.side,
            price=float(self.price),
            size=plain(self.size),
            **more,
        )


@dataclass(slots=True)
class MarketDepthL2(MarketDepth):
    """A row and whose it is: a market maker's, or an exchange's where the book is put together of several."""

    id: ClassVar = 13
    maker: str
    smart: bool

    def values(self, version: int) -> Fields:
        return [self.position, self.maker, self.operation, self.side, self.price, self.size, self.smart]

    def proto(self, version: int) -> Any:
        row = self.row(marketMaker=self.maker, isSmartDepth=self.smart)
        return pb.MarketDepthL2(reqId=self.req_id, marketDepthData=row)
