"""Every execution that the gateway tells, until our books have it. A fill that is lost is a position nobody exits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from ibapi.commission_and_fees_report import CommissionAndFeesReport
from nautilus_trader.model.identifiers import ClientOrderId, is_generic_spread_id

from engine.wire.times import all_year, offset_of, readable, repaired

if TYPE_CHECKING:
    from datetime import timedelta

    from engine.clock import Clock

# From the execution to the books: commissions take up to a second or so to be told.
OVERDUE_SECONDS = 3.0
UNASKED = -1

log = structlog.get_logger("wire")


@dataclass(frozen=True, slots=True)
class _Told:
    execution_id: str
    client_order_id: str
    currency: str
    at: float


class Executions:
    """Hears on the thread that decodes, and is asked on the node's loop."""

    def __init__(self, wrapper: Any, clock: Clock) -> None:
        """Put itself before the wrapper's own handlers."""
        self._clock = clock
        self._offset: timedelta | None = None
        self._told: deque[_Told] = deque()
        self._charged: set[str] = set()
        self._handle = wrapper.execDetails
        self._charge = wrapper.commissionAndFeesReport
        wrapper.execDetails, wrapper.commissionAndFeesReport = self._execution, self._commission
        self.repaired = 0

    def handshake(self, told: str) -> None:
        """Note the wall time that the gateway told when the session began."""
        self._offset = offset_of(told, self._clock.now())

    def overdue(self, cache: Any) -> list[str]:
        """Return, once, the ids of executions that the books do not have although they should by now.

        An execution whose commission is not told is given one of 0 first: the adapter books no fill without.
        """
        missing: list[str] = []
        now = self._clock.monotonic()
        while self._told and now - self._told[0].at > OVERDUE_SECONDS:
            told = self._told.popleft()
            if told.execution_id in self._charged:
                self._charged.discard(told.execution_id)
                if not _booked(cache, told):
                    missing.append(told.execution_id)
            else:
                log.warning("an execution's commission was not told; booked without", execution=told.execution_id)
                self._told.append(_Told(told.execution_id, told.client_order_id, told.currency, now))
                self._commission(_nothing(told))
        return missing

    def _execution(self, reqId: int, contract: Any, execution: Any) -> None:
        execution.time = all_year(execution.time)
        if not readable(execution.time):
            self.repaired += 1
            told = execution.time
            execution.time = repaired(told, self._clock.now(), self._offset, live=reqId == UNASKED)
            log.warning("an execution time that nobody can read", told=told, read=execution.time)
        if reqId == UNASKED:
            order = str(execution.orderRef).rsplit(":", 1)[0]
            self._told.append(_Told(execution.execId, order, contract.currency, self._clock.monotonic()))
        self._handle(reqId, contract, execution)

    def _commission(self, commissionAndFeesReport: Any) -> None:
        self._charged.add(commissionAndFeesReport.execId)
        self._charge(commissionAndFeesReport)


def _nothing(told: _Told) -> CommissionAndFeesReport:
    report = CommissionAndFeesReport()
    report.execId, report.currency = told.execution_id, told.currency
    return report


def _booked(cache: Any, told: _Told) -> bool:
    order = cache.order(ClientOrderId(told.client_order_id)) if told.client_order_id else None
    if order is None:
        return False
    # The legs of a spread are booked under ids made of the execution's.
    spread = is_generic_spread_id(order.instrument_id)
    return spread or any(trade_id.value == told.execution_id for trade_id in order.trade_ids)
