"""The clearing house's part: expiries are settled, wishes to exercise carried out, shorts assigned.

An exercise shows itself as the captured gateway shows it: as an order of its own under the request's id, a buy at a
limit of 0, that waits until the day's trading ends. What it says when it is carried out was not captured: Filled is
assumed.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict, replace

from gateway.simulator.broker.bookings import Booking
from gateway.simulator.broker.expiry import AT_LEAST, Wish, assigned_early, at_expiry, exercise
from gateway.simulator.broker.ledger import Ledger
from gateway.simulator.broker.orders import Event, Order, Refused, Said, Status, Ticket
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at, uniform
from tws import codes


class Clearing:
    """Books into a ledger; what it booked is to be recorded by whoever asked."""

    def __init__(
        self,
        market: Market,
        ledger: Ledger,
        instrument: Callable[[int], Instrument],
        next_perm_id: Callable[[], int],
        seed: int,
        assignment: float,
    ) -> None:
        """`assignment` is the chance that a short option with no time value left is assigned in a night."""
        self._market = market
        self._ledger = ledger
        self._instrument = instrument
        self._next_perm_id = next_perm_id
        self._seed = seed
        self._assignment = assignment
        self.wishes: dict[tuple[str, int], Wish] = {}
        self.all: list[Booking] = []
        self.new: list[Booking] = []
        """Not on record yet."""

    # -- the record ------------------------------------------------------------------------------------------------

    def dump(self) -> str:
        """The wishes as text."""
        return json.dumps([asdict(wish) for wish in self.wishes.values()], default=lambda moment: moment.isoformat())

    def load(self, text: str) -> None:
        """Take up the wishes of an earlier run."""
        for row in json.loads(text):
            wish = Wish(**row | {"placed_at": dt.datetime.fromisoformat(row["placed_at"])})
            self.wishes[(wish.account, wish.con_id)] = wish

    # -- wishes ----------------------------------------------------------------------------------------------------

    def wish(self, wish: Wish, override: bool) -> list[Event]:
        """Take a request to exercise or to let lapse; one for the same position takes the other's place.

        Raises:
            Refused: it is no option that can be exercised, not so many are held, or it goes against what would happen
                anyway and `override` is off.
        """
        instrument = self._instrument(wish.con_id)
        assert wish.placed_at is not None
        if not instrument.is_option:
            raise _failed("Exercise/Lapse is allowed for options only.")
        if not 0 < wish.quantity <= self._ledger.position(wish.account, wish.con_id).quantity:
            raise _failed("Exercise/Lapse quantity is more than what is held.")
        if not wish.lapse and not instrument.american and not self._expires_today(instrument, wish.placed_at):
            raise _failed("Option can be exercised on its expiry only.")
        deep = self._in_the_money(instrument, wish.placed_at) >= AT_LEAST
        if not override and not wish.lapse and not deep:
            raise _failed("Exercise ignored because option is not in-the-money.")
        if not override and wish.lapse and deep:
            raise _failed("Lapse ignored because option is in-the-money.")
        wish = replace(wish, perm_id=self._next_perm_id())
        self.wishes[(wish.account, wish.con_id)] = wish
        order = _as_order(wish, Status.PRE_SUBMITTED)
        preset = Event(Said.ERROR, order, code=codes.TIF_PRESET, text=codes.text(codes.TIF_PRESET))
        return [preset, Event(Said.PAIR, order)]

    def cancel(self, client_id: int, order_id: int) -> list[Event]:
        """Take back a wish; nothing happens where there is none of that id."""
        for key, wish in list(self.wishes.items()):
            if (wish.client_id, wish.order_id) == (client_id, order_id):
                del self.wishes[key]
                return _cancelled(wish)
        return []

    def cancel_all(self) -> list[Event]:
        """Take back every wish."""
        wishes, self.wishes = list(self.wishes.values()), {}
        return [event for wish in wishes for event in _cancelled(wish)]

    # -- time passes -----------------------------------------------------------------------------------------------

    def settle(self, now: dt.datetime) -> list[Event]:
        """Settle what has expired, and carry out wishes whose day is over."""
        booked: list[Booking] = []
        events: list[Event] = []
        for position in self._ledger.positions():
            if not position.quantity:
                continue
            instrument = self._instrument(position.con_id)
            settles = self._market.instruments.settles_at(instrument)
            key = (position.account, position.con_id)
            wish = self.wishes.get(key)
            if settles is not None and now >= settles:
                worth = self._market.settlement(instrument)
                booked += at_expiry(instrument, position, worth, now, wish)
            elif wish is not None and not wish.lapse and now >= self._day_over(instrument, wish):
                quantity = min(wish.quantity, max(position.quantity, 0.0))
                booked += exercise(instrument, position, quantity, self._in_the_money(instrument, now), now)
            else:
                continue
            if self.wishes.pop(key, None) is not None and wish is not None:
                events.append(Event(Said.PAIR, _as_order(wish, Status.FILLED)))
        self._book(booked)
        return events

    def assign(self, now: dt.datetime) -> None:
        """A night has passed: some of the shorts that nobody would keep alive are assigned."""
        booked: list[Booking] = []
        for position in self._ledger.positions():
            if position.quantity >= 0 or not (instrument := self._instrument(position.con_id)).american:
                continue
            count = self._assigned(instrument, position, now)
            if count:
                booked += exercise(instrument, position, -count, 0.0, now)
        self._book(booked)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _book(self, bookings: list[Booking]) -> None:
        for booking in bookings:
            instrument = self._instrument(booking.con_id)
            realized = self._ledger.book(booking.account, "", instrument, booking.shares, booking.price, 0.0)
            self.new.append(replace(booking, realized=realized))
            self.all.append(self.new[-1])

    def _assigned(self, instrument: Instrument, position: Position, now: dt.datetime) -> float:
        settles = self._market.instruments.settles_at(instrument)
        if settles is not None and now >= settles:
            return 0.0
        deep = self._in_the_money(instrument, now)
        time_value = self._market.quote(instrument, step_at(now.timestamp())).mid - deep
        # The account's name is part of the draw: assignment goes by lot.
        lot = int.from_bytes(position.account.encode()) % (1 << 31)
        draw = uniform(self._seed, position.con_id, now.toordinal(), lot)
        return assigned_early(-position.quantity, time_value, deep, self._assignment, draw)

    def _in_the_money(self, instrument: Instrument, now: dt.datetime) -> float:
        spot = self._market.mid(instrument.underlying_id, step_at(now.timestamp()))
        return max(spot - instrument.strike if instrument.right == "C" else instrument.strike - spot, 0.0)

    def _day_over(self, instrument: Instrument, wish: Wish) -> dt.datetime:
        assert wish.placed_at is not None
        return self._market.closes(instrument, wish.placed_at)

    def _expires_today(self, instrument: Instrument, now: dt.datetime) -> bool:
        return instrument.expiry == self._market.instruments.calendar(instrument).day_at(now).date


def _failed(why: str) -> Refused:
    """As captured: no letters, no 'cause', and no blank after the full stop."""
    return Refused(codes.PROCESSING_ERROR, f"Error processing request.{why}")


def _cancelled(wish: Wish) -> list[Event]:
    order = _as_order(wish, Status.CANCELLED)
    return [
        Event(
            Said.ERROR,
            order,
            code=codes.PROCESSING_ERROR,
            text="Error processing request.Exercise/Lapse failed due to server rejection.",
        ),
        Event(Said.STATUS, order),
        Event(Said.ERROR, order, code=codes.ORDER_CANCELLED, text=codes.text(codes.ORDER_CANCELLED)),
    ]


def _as_order(wish: Wish, status: Status) -> Order:
    assert wish.placed_at is not None
    done = wish.quantity if status is Status.FILLED else 0.0
    ticket = Ticket(
        con_id=wish.con_id,
        action="BUY",
        quantity=wish.quantity,
        order_type="LMT",
        tif="DAY",
        account=wish.account,
        limit_price=0.0,
        raw={"exchange": "SMART"},
    )
    return Order(
        client_id=wish.client_id,
        order_id=wish.order_id,
        perm_id=wish.perm_id,
        ticket=ticket,
        status=status,
        placed_at=wish.placed_at,
        quantity=wish.quantity,
        filled=done,
    )
