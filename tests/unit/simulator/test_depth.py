"""The book behind the touch, and that the changes told of it make the same book with every client."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.api.depth import BookTape
from gateway.simulator.api.tape import Subscription
from gateway.simulator.market import depth
from gateway.simulator.market.instruments import Instrument, Instruments
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at
from tests.unit.simulator.rig import CALENDARS, NOON, SPY, spy_call, stock
from tws.frames import FrameReader, decode_fields

START = step_at(NOON.timestamp())
steps = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def market() -> Market:
    return Market(Instruments(CALENDARS), CALENDARS, 1, 0.6)


def heard(data: bytes) -> list[list[str]]:
    return [decode_fields(payload) for payload in FrameReader().feed(data)]


class Shifting:
    """A client that moves its rows on an insert and a delete, as IBKR's own samples do."""

    def __init__(self) -> None:
        self.sides: dict[str, list[tuple[str, ...]]] = {"0": [], "1": []}

    def take(self, message: list[str]) -> None:
        position, operation, side, row = cut(message)
        rows = self.sides[side]
        if operation == "0":
            assert position <= len(rows)
            rows.insert(position, row)
        elif operation == "1":
            rows[position] = row
        else:
            del rows[position]


class Addressing:
    """A client that keeps its rows by number, as ib_async and NautilusTrader do."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[int, tuple[str, ...]]] = {"0": {}, "1": {}}

    def take(self, message: list[str]) -> None:
        position, operation, side, row = cut(message)
        if operation == "2":
            del self.sides[side][position]
        else:
            self.sides[side][position] = row


def cut(message: list[str]) -> tuple[int, str, str, tuple[str, ...]]:
    """Position, operation, side, and the row: price, size, and maker if there is one."""
    if message[0] == "12":
        return int(message[3]), message[4], message[5], (message[6], message[7], "")
    assert message[0] == "13"
    return int(message[3]), message[5], message[6], (message[7], message[8], message[4])


def texts(instrument: Instrument, rows: Iterable[depth.Row]) -> list[tuple[str, ...]]:
    digits = instrument.decimals
    return [(f"{row.price:.{digits}f}", f"{row.size:g}", row.exchange) for row in rows]


@given(steps, st.sampled_from([1, 5, 20]), st.booleans(), st.sampled_from(["stock", "option", "cheap"]))
def test_what_is_told_makes_the_book(jumps: list[int], rows: int, smart: bool, kind: str) -> None:
    instrument = {"stock": stock(SPY), "option": spy_call(), "cheap": spy_call(650.0)}[kind]
    made = market()
    tape = BookTape(made, instrument, rows, smart=smart)
    subscription = Subscription(9, tape)
    shifting, addressing = Shifting(), Addressing()
    step = START
    for jump in [0, *jumps]:
        step += jump
        for message in heard(subscription.burst(step).frames(9, 200)):
            shifting.take(message)
            addressing.take(message)
        quote = made.quote(instrument, step)
        for side, bids in (("1", True), ("0", False)):
            expected = texts(instrument, depth.side(instrument, quote, rows, bids=bids, smart=smart))
            assert shifting.sides[side] == expected
            assert [row for _, row in sorted(addressing.sides[side].items())] == expected


@given(st.integers(0, 5000), st.booleans())
def test_the_book_surrounds_the_quote(ahead: int, smart: bool) -> None:
    instrument = stock(SPY)
    quote = market().quote(instrument, START + ahead)
    bids = depth.side(instrument, quote, 20, bids=True, smart=smart)
    asks = depth.side(instrument, quote, 20, bids=False, smart=smart)
    assert len(bids) == len(asks) == 20
    assert all(row.size > 0 for row in (*bids, *asks))
    assert [row.price for row in bids] == sorted((row.price for row in bids), reverse=True)
    assert [row.price for row in asks] == sorted(row.price for row in asks)
    for rows, price, size in ((bids, quote.bid, quote.bid_size), (asks, quote.ask, quote.ask_size)):
        assert rows[0].price == price
        assert sum(row.size for row in rows if row.price == price) == size
    assert bool(bids[0].exchange) is smart


def test_nobody_bids_nothing_is_shown() -> None:
    far = spy_call(650.0)
    quote = market().quote(far, START + 4 * 3600 * 10)
    assert quote.bid == -1
    assert depth.side(far, quote, 5, bids=True, smart=False) == []
    assert depth.side(far, quote, 5, bids=False, smart=False)[0].price == quote.ask


def test_who_has_missed_a_step_is_known() -> None:
    tape = BookTape(market(), stock(SPY), 5, smart=False)
    prompt, slow = Subscription(1, tape), Subscription(2, tape)
    for step in range(START, START + 4):
        assert not prompt.missed(step)
        prompt.burst(step)
        if step in (START, START + 3):
            assert slow.missed(step) is (step == START + 3)
            slow.burst(step)
