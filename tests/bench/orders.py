"""How fast an order is acknowledged: from the write of placeOrder to the read of its openOrder, over the socket.

A hundred orders a second for ten seconds, by the clock and not by the answers: an order that is late does not hold up
the next. Every other one is a market order that fills at the next step of the market, the rest are limit orders that
rest and are cancelled once they are acknowledged, so that the book, the account and the record all do their work.
"""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle

from tests.stand_in import StandIn
from tests.unit.simulator.orders import STOCKS, place_order
from tests.unit.simulator.raw import RawClient

RATE = 100
SECONDS = 10


async def acknowledgements(gateway: StandIn) -> list[float]:
    """Seconds for each order, in the order in which they were placed."""
    async with RawClient(gateway.api_port) as client:
        await client.start(1)
        sent: dict[str, float] = {}
        heard: dict[str, float] = {}
        hearing = asyncio.create_task(_hear(client, sent, heard))
        begun = time.perf_counter()
        for number, message in zip(range(1, RATE * SECONDS + 1), _orders(), strict=False):
            await asyncio.sleep(max(begun + number / RATE - time.perf_counter(), 0))
            sent[str(number)] = time.perf_counter()
            client.send(3, number, *message)
        await asyncio.wait_for(hearing, 10)
        return [heard[key] - sent[key] for key in sent]


def _orders() -> Iterator[list[str | int | float]]:
    """Both sides of three stocks in turn, market and limit orders in turn."""
    kinds = cycle([("BUY", "MKT", ""), ("BUY", "LMT", "1"), ("SELL", "MKT", ""), ("BUY", "LMT", "2")])
    for stock, (action, order_type, price) in zip(cycle(STOCKS), kinds, strict=False):
        yield place_order(stock, action=action, orderType=order_type, lmtPrice=price)


async def _hear(client: RawClient, sent: dict[str, float], heard: dict[str, float]) -> None:
    """Note when each order is first told of; a resting one is cancelled then."""
    while len(heard) < RATE * SECONDS:
        message = await client.receive(10)
        if message[0] == "5" and message[1] not in heard:
            heard[message[1]] = time.perf_counter()
            if message[15] == "LMT":
                client.send(4, message[1], "", "", "")
        assert message[0] != "4" or message[2] in ("202", "2104", "2106", "2158"), message
