"""Fills become executions: booked, charged and numbered, one for each account and leg that shares in them."""

import datetime as dt
from collections.abc import Callable, Iterable

from gateway.simulator.broker import commissions
from gateway.simulator.broker.advisor import allocation, unit
from gateway.simulator.broker.advisors import allocate
from gateway.simulator.broker.combos import legs_of
from gateway.simulator.broker.ledger import Ledger
from gateway.simulator.broker.orders import Fill, Order
from gateway.simulator.market.instruments import Instrument

_VENUE = {"STK": "IEX", "OPT": "CBOE"}


class Executions:
    """The executions of the last days, and how new ones are made."""

    def __init__(
        self,
        ledger: Ledger,
        instrument: Callable[[int], Instrument],
        mid: Callable[[Instrument], float],
        rate: Callable[[str], float],
        prefix: str,
        number: int,
        default_account: str,
    ) -> None:
        """Ids begin with `prefix` and go on from `number`, so that none is ever given twice."""
        self._ledger = ledger
        self._instrument = instrument
        self._mid = mid
        self._rate = rate
        self._prefix = prefix
        self._default = default_account
        self.number = number
        self.all: list[Fill] = []
        self.new: list[Fill] = []
        """Not on record yet."""
        self._of_order: dict[int, list[Fill]] = {}

    def keep(self, fills: Iterable[Fill]) -> None:
        """Remember these and no others."""
        self.all = list(fills)
        self._of_order = {}
        for fill in self.all:
            self._of_order.setdefault(fill.perm_id, []).append(fill)

    def execute(self, order: Order, shares: float, price: float, now: dt.datetime) -> list[Fill]:
        """Book a fill. Of a combination the first execution is its own; it moves nothing, its legs do."""
        instrument = self._instrument(order.ticket.con_id)
        fills: list[Fill] = []
        for owner, part in self._portions(order, shares, unit(instrument, shares)).items():
            signed = part if order.ticket.buys else -part
            self.number += 1
            exec_id = f"{self._prefix}.{self.number:08x}.01.01"
            fills.append(self._fill(order, exec_id, owner, instrument, signed, price, now))
            if instrument.legs:
                legs = legs_of(instrument, signed, price, self._instrument, self._mid)
                fills += [
                    self._fill(order, f"{exec_id}.{n:02d}", owner, leg, amount, at, now)
                    for n, (leg, amount, at) in enumerate(legs, 1)
                ]
        self.all += fills
        self.new += fills
        self._of_order.setdefault(order.perm_id, []).extend(fills)
        return fills

    def _portions(self, order: Order, shares: float, step: float) -> dict[str, float]:
        """Whose a fill is: by what each account of the order has not got yet."""
        wanted = {owner or self._default: amount for owner, amount in allocation(order.ticket).items()}
        if len(wanted) == 1:
            return dict.fromkeys(wanted, shares)
        for fill in self._of_order.get(order.perm_id, ()):
            if fill.con_id == order.ticket.con_id:
                wanted[fill.account] = max(wanted.get(fill.account, 0.0) - fill.shares, 0.0)
        return allocate(shares, wanted, step)

    def _fill(
        self,
        order: Order,
        exec_id: str,
        owner: str,
        instrument: Instrument,
        signed: float,
        price: float,
        now: dt.datetime,
    ) -> Fill:
        earlier = [
            fill
            for fill in self._of_order.get(order.perm_id, ())
            if (fill.account, fill.con_id) == (owner, instrument.con_id)
        ]
        filled = sum(fill.shares for fill in earlier) + abs(signed)
        average = (sum(fill.shares * fill.price for fill in earlier) + abs(signed) * price) / filled
        fee, realized = 0.0, None
        model = order.ticket.raw.get("modelCode", "")
        if not instrument.legs:
            charged = sum(fill.commission for fill in earlier)
            fee = commissions.of_fill(instrument, filled, average, charged, self._rate(instrument.currency))
            realized = self._ledger.book(owner, model, instrument, signed, price, fee)
        return Fill(
            exec_id=exec_id,
            client_id=order.client_id,
            order_id=order.shown_id,
            perm_id=order.perm_id,
            con_id=instrument.con_id,
            account=owner,
            buys=signed > 0,
            shares=abs(signed),
            price=price,
            exchange=_VENUE.get(instrument.sec_type, instrument.listing),
            at=now,
            cumulative=filled,
            average_price=average,
            commission=fee,
            realized=realized,
            liquidity=1 if order.rested else 2,
            order_ref=order.ticket.order_ref,
            model_code=model,
            currency=instrument.currency,
        )
