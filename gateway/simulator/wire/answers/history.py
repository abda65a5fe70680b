"""Bars and ticks of the past."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields, rows
from gateway.simulator.wire.answers.tick import midpoint, quote, trade
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import plain

ENDS_APART = 196
"""From this server version on the ends of the stretch come in a message of their own."""

type Row = tuple[str, str, str, str, str, float, str, int]
"""A bar: date, open, high, low, close, volume, average and count."""


def _bar(row: Row) -> Any:
    date, opened, high, low, close, volume, average, count = row
    return pb.HistoricalDataBar(
        date=date,
        open=float(opened),
        high=float(high),
        low=float(low),
        close=float(close),
        volume=plain(volume),
        WAP=average,
        barCount=count,
    )


@dataclass(frozen=True, slots=True)
class HistoricalData(Answer):
    """Bars; before 196 with the ends of the stretch."""

    id: ClassVar = 17
    req_id: int
    start: str
    end: str
    bars: tuple[Row, ...]

    def text(self, version: int) -> Fields:
        fields: Fields = [17, self.req_id]
        if version < ENDS_APART:
            fields += [self.start, self.end]
        return [*fields, *rows(self.bars)]

    def proto(self, version: int) -> Any:
        return pb.HistoricalData(reqId=self.req_id, historicalDataBars=map(_bar, self.bars))


@dataclass(frozen=True, slots=True)
class HistoricalDataEnd(Answer):
    """The ends of the stretch, from 196 on."""

    id: ClassVar = 108
    req_id: int
    start: str
    end: str

    def text(self, version: int) -> Fields:
        return [108, self.req_id, self.start, self.end]

    def proto(self, version: int) -> Any:
        return pb.HistoricalDataEnd(reqId=self.req_id, startDateStr=self.start, endDateStr=self.end)


@dataclass(frozen=True, slots=True)
class HistoricalUpdate(Answer):
    """A live bar of a keepUpToDate query."""

    id: ClassVar = 90
    req_id: int
    bar: Row

    def text(self, version: int) -> Fields:
        date, opened, high, low, close, volume, average, count = self.bar
        return [90, self.req_id, count, date, opened, close, high, low, average, volume]

    def proto(self, version: int) -> Any:
        return pb.HistoricalDataUpdate(reqId=self.req_id, historicalDataBar=_bar(self.bar))


@dataclass(frozen=True, slots=True)
class HeadTimestamp(Answer):
    """When the past of an instrument begins."""

    id: ClassVar = 88
    req_id: int
    at: str

    def text(self, version: int) -> Fields:
        return [88, self.req_id, self.at]

    def proto(self, version: int) -> Any:
        return pb.HeadTimestamp(reqId=self.req_id, headTimestamp=self.at)


@dataclass(frozen=True, slots=True)
class Histogram(Answer):
    """Sizes by price."""

    id: ClassVar = 89
    req_id: int
    rows: tuple[tuple[float, int], ...]

    def text(self, version: int) -> Fields:
        return [89, self.req_id, *rows(self.rows)]

    def proto(self, version: int) -> Any:
        entries = [pb.HistogramDataEntry(price=price, size=plain(size)) for price, size in self.rows]
        return pb.HistogramData(reqId=self.req_id, histogramDataEntries=entries)


@dataclass(frozen=True, slots=True)
class HistoricalTicks(Answer):
    """Midpoints: (epoch, price); they have no size."""

    id: ClassVar = 96
    req_id: int
    rows: tuple[tuple[int, float], ...]
    done: bool

    def text(self, version: int) -> Fields:
        return [96, self.req_id, *rows((epoch, 0, plain(price), 0) for epoch, price in self.rows), int(self.done)]

    def proto(self, version: int) -> Any:
        ticks = [midpoint(*row) for row in self.rows]
        return pb.HistoricalTicks(reqId=self.req_id, historicalTicks=ticks, isDone=self.done)


@dataclass(frozen=True, slots=True)
class HistoricalTicksQuotes(Answer):
    """Quotes: (epoch, bid, ask, bid size, ask size)."""

    id: ClassVar = 97
    req_id: int
    rows: tuple[tuple[int, str, str, float, float], ...]
    done: bool

    def text(self, version: int) -> Fields:
        return [97, self.req_id, *rows((row[0], 0, *row[1:]) for row in self.rows), int(self.done)]

    def proto(self, version: int) -> Any:
        ticks = [quote(*row) for row in self.rows]
        return pb.HistoricalTicksBidAsk(reqId=self.req_id, historicalTicksBidAsk=ticks, isDone=self.done)


@dataclass(frozen=True, slots=True)
class HistoricalTicksTrades(Answer):
    """Trades: (epoch, price, size, exchange); no special conditions."""

    id: ClassVar = 98
    req_id: int
    rows: tuple[tuple[int, str, float, str], ...]
    done: bool

    def text(self, version: int) -> Fields:
        return [98, self.req_id, *rows((row[0], 0, *row[1:], "") for row in self.rows), int(self.done)]

    def proto(self, version: int) -> Any:
        ticks = [trade(*row) for row in self.rows]
        return pb.HistoricalTicksLast(reqId=self.req_id, historicalTicksLast=ticks, isDone=self.done)


@dataclass(frozen=True, slots=True)
class HistoricalSchedule(Answer):
    """Sessions as (start, end, date), local to the zone. From 165 on."""

    id: ClassVar = 106
    req_id: int
    start: str
    end: str
    zone: str
    sessions: tuple[tuple[str, str, str], ...]

    def text(self, version: int) -> Fields:
        return [106, self.req_id, self.start, self.end, self.zone, *rows(self.sessions)]

    def proto(self, version: int) -> Any:
        sessions = [
            pb.HistoricalSession(startDateTime=start, endDateTime=end, refDate=date)
            for start, end, date in self.sessions
        ]
        return pb.HistoricalSchedule(
            reqId=self.req_id,
            startDateTime=self.start,
            endDateTime=self.end,
            timeZone=self.zone,
            historicalSessions=sessions,
        )
