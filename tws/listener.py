"""The hearing half of a session: ibapi's callbacks, sorted to the requests that wait for them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ibapi.wrapper import EWrapper

from tws import codes
from tws.clock import Clock
from tws.config import read_change, read_config
from tws.errors import ClientIdInUse, RequestRefused, TwsError
from tws.values import (
    NO_REQUEST,
    AccountValue,
    Bar,
    Chain,
    Definition,
    Execution,
    Notice,
    OpenOrder,
    Position,
    Profit,
    Quote,
)

OPEN_ORDERS = "openOrders"
"""Under what the one question for open orders waits."""

POSITIONS = "positions"
"""Under what the one question for positions waits."""

_READ_ONLY = "Read-Only mode"

# Live and delayed tick types carry the same three prices.
_PRICE_TICKS = {1: "bid", 2: "ask", 4: "last", 66: "bid", 67: "ask", 68: "last"}
_LAST_TRADE_TICKS = (45, 88)
_HALTED_TICKS = (49, 90)


@dataclass(slots=True)
class Request:
    """An answer being collected; `done` when its end has come, or cannot come any more."""

    name: str
    rows: list[Any] = field(default_factory=list)
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: TwsError) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # nobody need be waiting any more: an unread failure is no news


@dataclass(slots=True)
class Line:
    """A market data subscription."""

    quote: Quote
    on_tick: Callable[[Quote], None] | None
    error: RequestRefused | None = None
    notices: list[Notice] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


def says_read_only(code: int, text: str) -> bool:
    """Whether an error says that the API may only read. A gateway has no number of its own for it."""
    return code == codes.VALIDATION_ERROR and _READ_ONLY in text


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _unset(price: float) -> float | None:
    return None if price > 1e300 else price


class Listener(EWrapper):  # type: ignore[misc]  # ibapi carries no types
    """Collects what the gateway says.

    Attributes:
        started: finished when both managedAccounts and nextValidId have come.
        requests: by request id, or by name where the protocol allows one at a time.
        lines: market data subscriptions by request id.
        refusal: set when the gateway has said why it will close this session.
        on_position: hears of every position that is sent, asked for or because it changed.
        on_profit: who hears of an account's profit, by request id.
    """

    def __init__(self, client_id: int, on_notice: Callable[[Notice], None] | None, clock: Clock) -> None:
        super().__init__()
        self.accounts: tuple[str, ...] = ()
        self.next_order_id: int | None = None
        self.started = Request("startApi")
        self.requests: dict[int | str, Request] = {}
        self.lines: dict[int, Line] = {}
        self.refusal: TwsError | None = None
        self.on_position: Callable[[Position], None] | None = None
        self.on_profit: dict[int, Callable[[Profit], None]] = {}
        self._client_id = client_id
        self._on_notice = on_notice
        self._clock = clock

    def fail_all(self, error: TwsError) -> None:
        """Nothing more will come."""
        for request in (self.started, *self.requests.values()):
            request.fail(error)
        for line in self.lines.values():
            line.changed.set()

    def _row(self, key: int | str, row: Any) -> None:
        if request := self.requests.get(key):
            request.rows.append(row)

    def _end(self, key: int | str) -> None:
        if request := self.requests.get(key):
            request.finish()

    def _answer(self, key: int | str, row: Any) -> None:
        self._row(key, row)
        self._end(key)

    # The names and arguments below are ibapi's.

    def managedAccounts(self, accountsList: str) -> None:
        self.accounts = tuple(account for account in accountsList.split(",") if account)
        self._check_started()

    def nextValidId(self, orderId: int) -> None:
        self.next_order_id = orderId
        self._check_started()

    def _check_started(self) -> None:
        if self.accounts and self.next_order_id is not None:
            self.started.finish()

    def error(
        self, reqId: int, errorTime: int, errorCode: int, errorString: str, advancedOrderRejectJson: str = ""
    ) -> None:
        if errorCode == codes.CLIENT_ID_IN_USE:
            self.refusal = ClientIdInUse(
                f"expected client id {self._client_id} to be free, found it in use; take another of its band"
            )
            return
        ends = codes.ends_request(errorCode)
        # Orders are asked for without a request id, so the refusal has none either.
        key = OPEN_ORDERS if reqId == NO_REQUEST and says_read_only(errorCode, errorString) else reqId
        if ends and key in self.requests:
            request = self.requests[key]
            request.fail(RequestRefused(request.name, errorCode, errorString))
            return
        if ends and reqId in self.lines:
            line = self.lines[reqId]
            line.error = RequestRefused("marketData", errorCode, errorString)
            line.changed.set()
        at = datetime.fromtimestamp(errorTime / 1000, UTC) if errorTime > 0 else self._clock.now()
        notice = Notice(errorCode, errorString, at, reqId)
        if reqId in self.lines:
            self.lines[reqId].notices.append(notice)
        if self._on_notice is not None:
            self._on_notice(notice)

    def currentTime(self, time: int) -> None:
        self._answer("currentTime", time)

    def currentTimeInMillis(self, timeInMillis: int) -> None:
        self._answer("currentTimeMillis", timeInMillis)

    def position(self, account: str, contract: Any, position: Decimal, avgCost: float) -> None:
        row = Position(
            account,
            contract.conId,
            contract.symbol,
            contract.secType,
            contract.localSymbol,
            position,
            avgCost,
        )
        self._row(POSITIONS, row)
        if self.on_position is not None:
            self.on_position(row)

    def positionEnd(self) -> None:
        self._end(POSITIONS)

    def pnl(self, reqId: int, dailyPnL: float, unrealizedPnL: float, realizedPnL: float) -> None:
        if hears := self.on_profit.get(reqId):
            hears(Profit(_unset(dailyPnL), _unset(unrealizedPnL), _unset(realizedPnL)))

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        self._row(
            OPEN_ORDERS,
            OpenOrder(
                order_id=orderId,
                client_id=order.clientId,
                perm_id=order.permId,
                parent_id=order.parentId,
                account=order.account,
                con_id=contract.conId,
                local_symbol=contract.localSymbol,
                action=order.action,
                order_type=order.orderType,
                quantity=order.totalQuantity,
                limit_price=_unset(order.lmtPrice) if "LMT" in order.orderType else None,
                stop_price=_unset(order.auxPrice) if "STP" in order.orderType else None,
                oca_group=order.ocaGroup,
                order_ref=order.orderRef,
                status=orderState.status,
                time_in_force=order.tif,
                good_till=order.goodTillDate,
                oca_type=order.ocaType,
            ),
        )

    def orderStatus(
        self, orderId: int, status: str, filled: Decimal, remaining: Decimal, avgFillPrice: float, permId: int, *_: Any
    ) -> None:
        """Follows each open order, and says how much of it is done; an order's own message does not."""
        request = self.requests.get(OPEN_ORDERS)
        if request is not None:
            request.rows[:] = [replace(r, filled=filled) if r.perm_id == permId else r for r in request.rows]

    def openOrderEnd(self) -> None:
        self._end(OPEN_ORDERS)

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        contract = contractDetails.contract
        self._row(
            reqId,
            Definition(
                con_id=contract.conId,
                symbol=contract.symbol,
                sec_type=contract.secType,
                local_symbol=contract.localSymbol,
                currency=contract.currency,
                exchange=contract.exchange,
                primary_exchange=contract.primaryExchange,
                last_trade_date=contract.lastTradeDateOrContractMonth,
                strike=contract.strike,
                right=contract.right,
                multiplier=contract.multiplier,
                trading_class=contract.tradingClass,
                order_types=_words(contractDetails.orderTypes),
                exchanges=_words(contractDetails.validExchanges),
                time_zone=contractDetails.timeZoneId,
                trading_hours=contractDetails.tradingHours,
                liquid_hours=contractDetails.liquidHours,
            ),
        )

    def contractDetailsEnd(self, reqId: int) -> None:
        self._end(reqId)

    def securityDefinitionOptionParameter(
        self,
        reqId: int,
        exchange: str,
        underlyingConId: int,
        tradingClass: str,
        multiplier: str,
        expirations: set[str],
        strikes: set[float],
    ) -> None:
        self._row(reqId, Chain(exchange, tradingClass, multiplier, frozenset(expirations), frozenset(strikes)))

    def securityDefinitionOptionParameterEnd(self, reqId: int) -> None:
        self._end(reqId)

    def accountUpdateMulti(self, reqId: int, account: str, modelCode: str, key: str, value: str, currency: str) -> None:
        self._row(reqId, AccountValue(key, value, currency))

    def accountUpdateMultiEnd(self, reqId: int) -> None:
        self._end(reqId)

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        self._row(
            reqId,
            Execution(
                exec_id=execution.execId,
                account=execution.acctNumber,
                con_id=contract.conId,
                local_symbol=contract.localSymbol,
                side=execution.side,
                quantity=execution.shares,
                price=execution.price,
                time=execution.time,
                client_id=execution.clientId,
            ),
        )

    def execDetailsEnd(self, reqId: int) -> None:
        self._end(reqId)

    def historicalData(self, reqId: int, bar: Any) -> None:
        self._row(reqId, Bar(bar.date, bar.open, bar.high, bar.low, bar.close, bar.volume))

    def historicalDataEnd(self, reqId: int, start: str, end: str) -> None:
        self._end(reqId)

    def configResponseProtoBuf(self, configResponseProto: Any) -> None:
        self._answer(configResponseProto.reqId, read_config(configResponseProto))

    def updateConfigResponseProtoBuf(self, updateConfigResponseProto: Any) -> None:
        self._answer(updateConfigResponseProto.reqId, read_change(updateConfigResponseProto))

    def marketDataType(self, reqId: int, marketDataType: int) -> None:
        if line := self.lines.get(reqId):
            line.quote.data_type = marketDataType

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        line = self.lines.get(reqId)
        name = _PRICE_TICKS.get(tickType)
        if line is None or name is None:
            return
        # -1 is the wire's word for "no price on this side".
        setattr(line.quote, name, None if price == -1 else price)
        line.quote.ticks += 1
        line.changed.set()
        if line.on_tick is not None:
            line.on_tick(line.quote)

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        line = self.lines.get(reqId)
        if line is not None and tickType in _LAST_TRADE_TICKS and value.isdecimal():
            line.quote.traded_at = datetime.fromtimestamp(int(value), UTC)

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        line = self.lines.get(reqId)
        if line is not None and tickType in _HALTED_TICKS:
            line.quote.halted = value > 0  # -1 is not known, 1 and 2 are kinds of halts
