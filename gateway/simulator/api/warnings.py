"""What the gateway remarks on an order that it takes: texts captured from real gateways, or in their published list."""

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.broker.orders import Ticket
from gateway.simulator.broker.time_in_force import may_trade, trades_outside
from gateway.simulator.wire.text import plain
from gateway.simulator.wire.times import sentence
from tws import codes


def warnings(gateway: Gateway, ticket: Ticket) -> list[tuple[int, str]]:
    """Codes and texts, to be sent before the order's first status."""
    instrument = gateway.instrument(ticket.con_id)
    hours = gateway.broker.hours(instrument)
    found: list[tuple[int, str]] = []
    if ticket.outside_rth and not trades_outside(ticket):
        found.append((codes.OUTSIDE_RTH_IGNORED, codes.text(codes.OUTSIDE_RTH_IGNORED)))
    until = hours.trades if trades_outside(ticket) else hours.opens
    if ticket.transmit and not may_trade(ticket, hours) and ticket.tif != "OPG" and until is not None:
        text = (
            f"{ticket.action} {plain(ticket.quantity)} {instrument.symbol} {instrument.market_name}\n"
            f"Warning: your order will not be placed at the exchange until {sentence(until, instrument.zone)}"
        )
        found.append((codes.ORDER_MESSAGE, codes.text(codes.ORDER_MESSAGE, text)))
    return found
