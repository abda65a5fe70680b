"""What leaves: paced, and without requests that cost money by themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ibapi.common import PROTOBUF_MSG_ID
from ibapi.message import OUT

from engine.errors import SnapshotRefused
from engine.wire.history import Asked, is_small

if TYPE_CHECKING:
    from engine.wire.pacer import Pacer

# What goes first: the session itself, orders (the adapter asks for an id before each), and what a reconciliation asks.
# The type of market data goes before the subscriptions that it is for.
_FIRST = {
    OUT.START_API,
    OUT.PLACE_ORDER,
    OUT.CANCEL_ORDER,
    OUT.REQ_GLOBAL_CANCEL,
    OUT.EXERCISE_OPTIONS,
    OUT.REQ_IDS,
    OUT.REQ_OPEN_ORDERS,
    OUT.REQ_ALL_OPEN_ORDERS,
    OUT.REQ_EXECUTIONS,
    OUT.REQ_POSITIONS,
    OUT.REQ_MARKET_DATA_TYPE,
}


def pace(eclient: Any, pacer: Pacer) -> None:
    """Send everything through the pacer, text and protobuf alike."""
    send, send_proto = eclient.sendMsg, eclient.sendMsgProtoBuf

    def send_msg(msgId: int, msg: str) -> None:
        pacer.send(partial(send, msgId, msg), first=msgId in _FIRST)

    def send_msg_proto(msgId: int, msg: bytes) -> None:
        pacer.send(partial(send_proto, msgId, msg), first=msgId - PROTOBUF_MSG_ID in _FIRST)

    eclient.sendMsg, eclient.sendMsgProtoBuf = send_msg, send_msg_proto


def pace_bars(eclient: Any, pacer: Pacer) -> None:
    """Hold requests for small bars to IBKR's rules."""
    ask, cancel = eclient.reqHistoricalData, eclient.cancelHistoricalData

    def req_historical_data(
        reqId: int,
        contract: Any,
        endDateTime: str,
        durationStr: str,
        barSizeSetting: str,
        whatToShow: str,
        useRTH: int,
        formatDate: int,
        keepUpToDate: bool,
        chartOptions: Any,
    ) -> None:
        rest = (endDateTime, durationStr, barSizeSetting, useRTH, formatDate, keepUpToDate)
        now = partial(
            ask,
            reqId,
            contract,
            endDateTime,
            durationStr,
            barSizeSetting,
            whatToShow,
            useRTH,
            formatDate,
            keepUpToDate,
            chartOptions,
        )
        if not is_small(barSizeSetting):
            now()
            return
        asked = Asked((*_identity(contract), whatToShow), rest, 2 if whatToShow == "BID_ASK" else 1)
        pacer.ask_bars(reqId, asked, now)

    def cancel_historical_data(reqId: int) -> None:
        pacer.forget_bars(reqId, partial(cancel, reqId))

    eclient.reqHistoricalData, eclient.cancelHistoricalData = req_historical_data, cancel_historical_data


def refuse_paid_snapshots(eclient: Any) -> None:
    """Raise SnapshotRefused for `regulatorySnapshot=True`, which costs 0.01 USD each time, on a paper account too."""
    ask, ask_proto = eclient.reqMktData, eclient.reqMarketDataProtoBuf

    def req_mkt_data(
        reqId: int,
        contract: Any,
        genericTickList: str,
        snapshot: bool,
        regulatorySnapshot: bool,
        mktDataOptions: Any,
    ) -> None:
        _refuse(regulatorySnapshot, contract.symbol)
        ask(reqId, contract, genericTickList, snapshot, regulatorySnapshot, mktDataOptions)

    def req_market_data_proto(request: Any) -> None:
        _refuse(request.regulatorySnapshot, request.contract.symbol)
        ask_proto(request)

    eclient.reqMktData, eclient.reqMarketDataProtoBuf = req_mkt_data, req_market_data_proto


def _refuse(regulatory: bool, symbol: str) -> None:
    if regulatory:
        raise SnapshotRefused(
            "market data that costs nothing by itself",
            f"regulatorySnapshot=True for {symbol}, for which IBKR charges 0.01 USD each time",
            "subscribe to quotes, or ask with snapshot=True",
        )


def _identity(contract: Any) -> tuple[object, ...]:
    return (
        contract.conId,
        contract.symbol,
        contract.secType,
        contract.lastTradeDateOrContractMonth,
        contract.strike,
        contract.right,
        contract.exchange,
    )
