"""The broker: the order book, the account and the market brought together, with every change on record first."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence

from gateway.simulator.broker.account import Values
from gateway.simulator.broker.admission import Admission
from gateway.simulator.broker.advisor import Advisor
from gateway.simulator.broker.book import OrderBook
from gateway.simulator.broker.clearing import Clearing
from gateway.simulator.broker.credit import Credit, Preview
from gateway.simulator.broker.executions import Executions
from gateway.simulator.broker.expiry import Wish
from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.ledger import Ledger
from gateway.simulator.broker.margin.kinds import AccountType
from gateway.simulator.broker.orders import Event, Fill, Order, Refused, Ticket
from gateway.simulator.broker.positions import Position
from gateway.simulator.broker.sight import Hours
from gateway.simulator.broker.store import Store
from gateway.simulator.broker.valuer import Valuer
from gateway.simulator.broker.view import View, hours
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from tws import codes

_REMEMBERED = dt.timedelta(days=3)
"""How far back orders that are over, and executions, are shown. The record keeps them all."""


class Broker:
    """The accounts of one login.

    Its methods are called from one thread and return what is to be sent, already recorded.
    """

    def __init__(
        self,
        market: Market,
        store: Store,
        accounts: Sequence[str],
        cash: float,
        now: Callable[[], dt.datetime],
        *,
        kind: AccountType = "reg-t",
        seed: int = 1,
        assignment: float = 0.0,
    ) -> None:
        """Each account opens with `cash` of the base currency; an advisor's master trades nothing and has none.

        `assignment` is the chance that a short option with no time value left is assigned in a night.
        """
        self.accounts = tuple(accounts)
        self.account_id = self.accounts[0]
        self.kind: AccountType = kind
        self._market = market
        self._store = store
        self._now = now
        self.connected = True
        """The link to the exchanges; while it is down orders wait."""
        self.book = OrderBook(self._next_perm_id, self._execute)
        since = now() - _REMEMBERED
        self.book.restore(store.orders(since), store.highest())
        for order in self.book.orders.values():
            self._know_again(order.ticket)
        self._valuer = Valuer(market, kind, now)
        self.advisor = Advisor(self.accounts, self.values, lambda owner, con_id: self.position(con_id, owner).quantity)
        self.ledger = Ledger(self.advisor.members, cash)
        self.ledger.restore(store.positions(), store.cash())
        self._credit = Credit(self.ledger, self._valuer, kind, self._instrument, self.account_id)
        self._admission = Admission(market, self.book, self._credit)
        self.executions = Executions(
            self.ledger,
            self._instrument,
            self._valuer.mid,
            self._valuer.rate,
            store.get("exec_prefix") or "",
            int(store.get("exec_number") or 0),
            self.account_id,
        )
        self.executions.keep(store.fills(since))
        self.clearing = Clearing(market, self.ledger, self._instrument, self._next_perm_id, seed, assignment)
        self.clearing.load(store.get("wishes") or "[]")
        self.clearing.all = store.bookings(since)
        if (groups := store.get("advisor")) is not None:
            self.advisor.load(groups)
        self._perm_id = int(store.get("perm_id") or 0)
        self._day = store.get("day") or ""
        self._previous: dict[str, float] = json.loads(store.get("previous_equity") or "{}")
        self._moved: set[tuple[str, int]] = set()
        self._values_on_record: dict[str, str] = {}

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

    @property
    def fills(self) -> list[Fill]:
        """The executions of the last days."""
        return self.executions.all

    def fills_today(self) -> list[Fill]:
        """Executions of this exchange day, which is what the gateway answers with."""
        opened = self._market.calendar.day_at(self._now()).begins
        return [fill for fill in self.fills if fill.at >= opened]

    def hours(self, instrument: Instrument) -> Hours:
        """Where this moment lies among an instrument's sessions."""
        return hours(self._market, instrument, self._now())

    def holding(self, position: Position) -> Holding:
        """A position at its current price."""
        return self._valuer.holding(position)

    def values(self, account_id: str | None = None) -> Values:
        """An account (the default one if none is named) now."""
        return self._valuer.values(self.ledger, account_id or self.account_id)

    def previous_equity(self, account_id: str) -> float:
        """Equity with loan value of an account when the exchange day began."""
        known = self._previous.get(account_id)
        return self.values(account_id).equity_with_loan if known is None else known

    def take_moved(self) -> set[tuple[str, int]]:
        """Accounts and contracts whose position changed since this was last asked."""
        moved, self._moved = self._moved, set()
        return moved

    def parts(self, account_id: str) -> dict[str, Values]:
        """An account's part in each currency, in that currency, the base currency first."""
        return self._valuer.parts(self.ledger, account_id)

    def rate(self, currency: str) -> float:
        """Units of the base currency for one of another."""
        return self._valuer.rate(currency)

    def preview(self, ticket: Ticket) -> Preview:
        """What filling the ticket at the current quote would do to its account."""
        return self._credit.preview(ticket)

    # -- instructions ----------------------------------------------------------------------------------------------

    def place(self, client_id: int, order_id: int, ticket: Ticket) -> list[Event]:
        """Place or modify an order.

        Raises:
            Refused: with the gateway's code and words.
        """
        instrument = self._instrument(ticket.con_id)
        ticket = self.advisor.assign(ticket, instrument)
        self._admission.check_prices(ticket, instrument)
        now = self._now()
        known = self.book.changed_by(client_id, order_id, ticket)
        try:
            touch = self._view(now).touch(ticket.con_id)
            self._admission.check(client_id, ticket, instrument, known, touch)
        except Refused as refusal:
            if known is not None:
                raise  # the order stays as it was
            events = self.book.reject(client_id, order_id, ticket, now, refusal)
        else:
            events = self.book.place(client_id, order_id, ticket, now, self.hours(instrument), connected=self.connected)
        self._record()
        return events

    def begin_order_ids_anew(self) -> None:
        """Every id is free again but for those of live orders."""
        self.book.begin_ids_anew()
        self._store.save(highest=self.book.highest)

    def enter(self, ticket: Ticket) -> list[Event]:
        """Place an order by hand, past every client.

        Raises:
            Refused: nobody could place it.
        """
        instrument, now = self._instrument(ticket.con_id), self._now()
        self._admission.check_prices(ticket, instrument)
        self._admission.check(0, ticket, instrument, None, self._view(now).touch(ticket.con_id))
        events = self.book.enter(ticket, now, self.hours(instrument), connected=self.connected)
        self._record()
        return events

    def bind(self) -> list[Event]:
        """Give what was entered by hand to client 0."""
        events = self.book.bind()
        self._record()
        return events

    def cancel(self, client_id: int, order_id: int) -> list[Event]:
        """Ask for a cancellation.

        Raises:
            Refused: there is nothing to cancel.
        """
        events = self.clearing.cancel(client_id, order_id) or self.book.cancel(client_id, order_id, self._now())
        self._record()
        return events

    def cancel_all(self, client_id: int) -> list[Event]:
        """Cancel every order of every client, as that client asks."""
        events = [*self.clearing.cancel_all(), *self.book.cancel_all(client_id, self._now())]
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

    def exercise(self, wish: Wish, override: bool) -> list[Event]:
        """Exercise an option, or let it lapse, when the day's trading ends.

        Raises:
            Refused: it cannot be, or nobody would and `override` is off.
        """
        events = self.clearing.wish(wish, override)
        self._record()
        return events

    def replace_groups(self, xml: str) -> None:
        """Put other groups of accounts in the place of all.

        Raises:
            GroupsInvalid: they cannot be used.
        """
        self.advisor.replace_groups(xml)
        self._record()

    def replace_aliases(self, xml: str) -> None:
        """Put other aliases of accounts in the place of those named.

        Raises:
            GroupsInvalid: they cannot be used.
        """
        self.advisor.replace_aliases(xml)
        self._record()

    # -- time passes -----------------------------------------------------------------------------------------------

    def step(self) -> list[Event]:
        """Match orders against the market of this moment, settle what has expired, begin a new day."""
        return [event for events in self.pieces() for event in events]

    def pieces(self) -> Iterator[list[Event]]:
        """A step, a few orders at a time: what each piece did is on record when its events come out."""
        now = self._now()
        self._begin_day(now)
        if self.connected:
            for events in self.book.pieces(now, self._view(now)):
                self._record()
                yield events
        settled = self.clearing.settle(now)
        self._record()
        if settled:
            yield settled

    # -- inside ----------------------------------------------------------------------------------------------------

    def _know_again(self, ticket: Ticket) -> None:
        """A combination is known only once somebody has named its legs."""
        if ticket.legs:
            symbol, currency = ticket.raw.get("symbol", ""), ticket.raw.get("currency", "")
            self._market.instruments.bag(symbol, currency, [leg.part for leg in ticket.legs])

    def _instrument(self, con_id: int) -> Instrument:
        instrument = self._market.instruments.by_id(con_id)
        if instrument is None:
            raise Refused(codes.NO_SECURITY_DEFINITION, codes.text(codes.NO_SECURITY_DEFINITION))
        return instrument

    def _view(self, now: dt.datetime) -> View:
        return View(self._market, now, self._instrument, self._cushion, self.fills)

    def _cushion(self, account_id: str) -> float:
        values = self.values(account_id)
        return 100 * values.excess / values.net_liquidation if values.net_liquidation > 0 else 0.0

    def _next_perm_id(self) -> int:
        self._perm_id += 1
        return self._perm_id

    def _execute(self, order: Order, shares: float, price: float, now: dt.datetime) -> list[Fill]:
        return self.executions.execute(order, shares, price, now)

    def _begin_day(self, now: dt.datetime) -> None:
        day = self._market.calendar.day_at(now).text
        if day == self._day:
            return
        self._day = day
        since = now - _REMEMBERED
        self.executions.keep([fill for fill in self.fills if fill.at >= since])
        self.clearing.all = [booking for booking in self.clearing.all if booking.at >= since]
        self.book.forget(since)
        self.clearing.assign(now)
        self._previous = {name: round(self.values(name).equity_with_loan, 2) for name in self.accounts}
        for position in self.ledger.every_position():
            worth = self.holding(position).value if position.quantity else 0.0
            self.ledger.begin_day(position, worth)

    def _record(self) -> None:
        book = self.book
        positions, cash = self.ledger.changes()
        values = {
            "exec_number": str(self.executions.number),
            "perm_id": str(self._perm_id),
            "day": self._day,
            "wishes": self.clearing.dump(),
            "advisor": self.advisor.dump(),
            "previous_equity": json.dumps(self._previous),
        }
        if not (book.changed or self.executions.new or positions or cash or values != self._values_on_record):
            return
        self._store.save(
            orders=[book.orders[key] for key in book.changed],
            fills=self.executions.new,
            bookings=self.clearing.new,
            positions=positions,
            cash=cash,
            highest=book.highest,
            values={name: text for name, text in values.items() if text != self._values_on_record.get(name)},
        )
        self._values_on_record = values
        self._moved |= {(position.account, position.con_id) for position in positions}
        book.changed.clear()
        self.ledger.recorded()
        self.executions.new.clear()
        self.clearing.new.clear()
