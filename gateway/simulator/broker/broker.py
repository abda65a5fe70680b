"""The broker: the order book, the account and the market brought together, with every change on record first."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.simulator.broker import account
from gateway.simulator.broker.account import Holding, Values
from gateway.simulator.broker.book import OrderBook
from gateway.simulator.broker.bookings import Booking, Why
from gateway.simulator.broker.ledger import Ledger
from gateway.simulator.broker.orders import Event, Fill, Order, Refused, Ticket
from gateway.simulator.broker.positions import Position, trade
from gateway.simulator.broker.sight import Hours
from gateway.simulator.broker.store import Store
from gateway.simulator.broker.view import View, hours
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at
from tws import codes

_REMEMBERED = dt.timedelta(days=3)
"""How far back orders that are over, and executions, are shown. The record keeps them all."""

_VENUE = {"STK": "IEX", "OPT": "CBOE"}
"""Where an order is filled; elsewhere on its only exchange."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do to the account (whatIf)."""

    before: Values
    after: Values
    commission: float


class Broker:
    """The accounts of one login.

    Its methods are called from one thread and return what is to be sent, already recorded.
    """

    def __init__(
        self, market: Market, store: Store, accounts: Sequence[str], cash: float, now: Callable[[], dt.datetime]
    ) -> None:
        """Each account opens with `cash` of the base currency."""
        self.accounts = tuple(accounts)
        self.account_id = self.accounts[0]
        self._market = market
        self._store = store
        self._now = now
        self.connected = True
        """The link to the exchanges; while it is down orders wait."""
        self.book = OrderBook(self._next_perm_id, self._execute)
        since = now() - _REMEMBERED
        self.book.restore(store.orders(since), store.highest())
        self.fills: list[Fill] = store.fills(since)
        self.bookings: list[Booking] = store.bookings(since)
        self.ledger = Ledger(self.accounts, cash)
        self.ledger.restore(store.positions(), store.cash())
        self._prefix = store.get("exec_prefix") or ""
        self._exec_number = int(store.get("exec_number") or 0)
        self._perm_id = int(store.get("perm_id") or 0)
        self._day = self._day_on_record = store.get("day") or ""
        self._new_fills: list[Fill] = []
        self._new_bookings: list[Booking] = []

    # -- reading ---------------------------------------------------------------------------------------------------

    def next_order_id(self, client_id: int) -> int:
        """The lowest id that client may use for a new order."""
        return self.book.highest.get(client_id, 0) + 1

    def positions(self, account: str | None = None, model: str = "") -> list[Position]:
        """Everything held in an account, or in all of them, and what was closed today with quantity 0."""
        return self.ledger.positions(account, model)

    def position(self, con_id: int, account: str | None = None, model: str = "") -> Position:
        """What an account (the default one if none is named) holds of one contract, perhaps nothing."""
        return self.ledger.position(account or self.account_id, con_id, model)

    def fills_today(self) -> list[Fill]:
        """Executions of this exchange day, which is what the gateway answers with."""
        opened = self._market.calendar.day_at(self._now()).begins
        return [fill for fill in self.fills if fill.at >= opened]

    def hours(self, instrument: Instrument) -> Hours:
        """Where this moment lies among an instrument's sessions."""
        return hours(self._market, instrument, self._now())

    def holding(self, position: Position) -> Holding:
        """A position at its current price."""
        instrument = self._instrument(position.con_id)
        quote = self._market.quote(instrument, self._step())
        return Holding(position, instrument.multiplier, quote.mid, quote.underlying, instrument.is_option)

    def values(self, account_id: str | None = None) -> Values:
        """An account (the default one if none is named) now."""
        owner = account_id or self.account_id
        return account.value(
            sum(self.ledger.cash(owner).values()), [self.holding(p) for p in self.ledger.positions(owner)]
        )

    def preview(self, ticket: Ticket) -> Preview:
        """What filling the ticket at the current quote would do."""
        instrument = self._instrument(ticket.con_id)
        quote = self._market.quote(instrument, self._step())
        price = ticket.limit_price if ticket.limit_price is not None else None
        if price is None:
            price = ticket.stop_price if ticket.stop_price is not None else quote.ask if ticket.buys else quote.bid
        fee = account.commission(instrument.is_option, ticket.quantity, 0.0)
        shares = ticket.quantity if ticket.buys else -ticket.quantity
        owner = ticket.account or self.account_id
        held = self.position(ticket.con_id, owner)
        changed, _ = trade(held, shares, max(price, 0.0), instrument.multiplier, fee)
        cash = sum(self.ledger.cash(owner).values()) - shares * max(price, 0.0) * instrument.multiplier - fee
        holdings = [self.holding(p) for p in self.positions(owner) if p.con_id != ticket.con_id]
        after = account.value(cash, [*holdings, self.holding(changed)])
        return Preview(self.values(owner), after, fee)

    # -- instructions ----------------------------------------------------------------------------------------------

    def place(self, client_id: int, order_id: int, ticket: Ticket) -> list[Event]:
        """Place or modify an order.

        Raises:
            Refused: with the gateway's code and words.
        """
        instrument = self._instrument(ticket.con_id)
        self._check_prices(ticket, instrument)
        now = self._now()
        try:
            if (client_id, order_id) not in self.book.orders and not ticket.parent_id:
                self._check_funds(ticket, instrument)
        except Refused as refusal:
            events = self.book.reject(client_id, order_id, ticket, now, refusal)
        else:
            events = self.book.place(client_id, order_id, ticket, now, self.hours(instrument), connected=self.connected)
        self._record()
        return events

    def cancel(self, client_id: int, order_id: int) -> list[Event]:
        """Ask for a cancellation.

        Raises:
            Refused: there is nothing to cancel.
        """
        events = self.book.cancel(client_id, order_id, self._now())
        self._record()
        return events

    def cancel_all(self, client_id: int) -> list[Event]:
        """Cancel every order of every client, as that client asks."""
        events = self.book.cancel_all(client_id, self._now())
        self._record()
        return events

    def fill_now(self, key: tuple[int, int]) -> list[Event]:
        """Fill an order as a whole at its limit, or at the market; nothing happens where there is no market."""
        ticket = self.book.orders[key].ticket
        touch = self._view(self._now()).touch(ticket.con_id)
        if touch is None:
            return []
        market = touch.ask if ticket.buys else touch.bid
        events = self.book.fill_now(key, market if ticket.limit_price is None else ticket.limit_price, self._now())
        self._record()
        return events

    # -- time passes -----------------------------------------------------------------------------------------------

    def step(self) -> list[Event]:
        """Match orders against the market of this moment, settle what has expired, begin a new day."""
        now = self._now()
        self._begin_day(now)
        events = self.book.step(now, self._view(now)) if self.connected and self.book.live() else []
        self._settle(now)
        self._record()
        return events

    # -- inside ----------------------------------------------------------------------------------------------------

    def _step(self) -> int:
        return step_at(self._now().timestamp())

    def _instrument(self, con_id: int) -> Instrument:
        instrument = self._market.instruments.by_id(con_id)
        if instrument is None:
            raise Refused(codes.NO_SECURITY_DEFINITION, codes.CODES[codes.NO_SECURITY_DEFINITION].text)
        return instrument

    def _view(self, now: dt.datetime) -> View:
        return View(self._market, now, self._instrument, self._cushion, self.fills)

    def _cushion(self, account_id: str) -> float:
        values = self.values(account_id)
        return 100 * values.excess / values.net_liquidation if values.net_liquidation > 0 else 0.0

    def _check_prices(self, ticket: Ticket, instrument: Instrument) -> None:
        if not all(self._market.conforms(instrument, price) for price in ticket.prices):
            raise Refused(codes.PRICE_VARIATION, codes.CODES[codes.PRICE_VARIATION].text)

    def _check_funds(self, ticket: Ticket, instrument: Instrument) -> None:
        held = self.position(instrument.con_id, ticket.account or self.account_id).quantity
        if held * (1 if ticket.buys else -1) < 0 and ticket.quantity <= abs(held):
            return
        preview = self.preview(ticket)
        if preview.after.available < 0:
            raise Refused(
                codes.ORDER_REJECTED,
                "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR "
                f"EQUITY WITH LOAN VALUE [{preview.before.equity_with_loan:.2f} USD] MUST EXCEED THE INITIAL MARGIN "
                f"[{preview.after.initial_margin:.2f} USD]",
            )

    def _next_perm_id(self) -> int:
        self._perm_id += 1
        return self._perm_id

    def _execute(self, order: Order, shares: float, price: float, now: dt.datetime) -> list[Fill]:
        instrument = self._instrument(order.ticket.con_id)
        fee = account.commission(instrument.is_option, order.filled, order.commission)
        signed = shares if order.ticket.buys else -shares
        owner, model = order.ticket.account or self.account_id, order.ticket.raw.get("modelCode", "")
        realized = self.ledger.book(owner, model, instrument, signed, price, fee)
        self._exec_number += 1
        fill = Fill(
            exec_id=f"{self._prefix}.{self._exec_number:08x}.01.01",
            client_id=order.client_id,
            order_id=order.order_id,
            perm_id=order.perm_id,
            con_id=instrument.con_id,
            account=owner,
            buys=order.ticket.buys,
            shares=shares,
            price=price,
            exchange=_VENUE.get(instrument.sec_type, instrument.listing),
            at=now.replace(microsecond=0),
            cumulative=order.filled,
            average_price=order.average_price,
            commission=fee,
            realized=realized,
            liquidity=1 if order.rested else 2,
            order_ref=order.ticket.order_ref,
            model_code=model,
        )
        self.fills.append(fill)
        self._new_fills.append(fill)
        return [fill]

    def _settle(self, now: dt.datetime) -> None:
        """Expired options are paid out in cash at their exercise value."""
        for position in self.positions():
            if not position.quantity:
                continue
            instrument = self._instrument(position.con_id)
            closes = self._market.instruments.closes_at(instrument)
            if closes is None or now < closes:
                continue
            worth = self._market.settlement(instrument)
            realized = self.ledger.book(position.account, "", instrument, -position.quantity, worth, 0.0)
            self._new_bookings.append(
                Booking(position.account, position.con_id, -position.quantity, worth, now, Why.SETTLEMENT, realized)
            )

    def _begin_day(self, now: dt.datetime) -> None:
        day = self._market.calendar.day_at(now).text
        if day == self._day:
            return
        self._day = day
        since = now - _REMEMBERED
        self.fills = [fill for fill in self.fills if fill.at >= since]
        self.bookings = [booking for booking in self.bookings if booking.at >= since]
        self.book.forget(since)
        for position in self.ledger.every_position():
            worth = self.holding(position).value if position.quantity else 0.0
            self.ledger.begin_day(position, worth)

    def _record(self) -> None:
        book = self.book
        positions, cash = self.ledger.changes()
        if not (book.changed or self._new_fills or self._new_bookings or positions or self._day != self._day_on_record):
            return
        self._store.save(
            orders=[book.orders[key] for key in book.changed],
            fills=self._new_fills,
            bookings=self._new_bookings,
            positions=positions,
            cash=cash,
            highest=book.highest,
            values={
                "exec_number": str(self._exec_number),
                "perm_id": str(self._perm_id),
                "day": self._day,
            },
        )
        self.bookings += self._new_bookings
        self._day_on_record = self._day
        book.changed.clear()
        self.ledger.recorded()
        self._new_fills.clear()
        self._new_bookings.clear()
