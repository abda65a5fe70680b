"""The contract inside a request: the same twelve fields in every message that names one."""

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.market.instruments import ContractQuery, Leg
from gateway.simulator.wire.cursor import Cursor


def read_contract(cursor: Cursor) -> ContractQuery:
    """The twelve fields of a contract."""
    con_id = cursor.integer()
    symbol, sec_type, expiry = cursor.text(), cursor.text(), cursor.text()
    strike = cursor.number() or 0.0
    right, multiplier, exchange, primary = cursor.text(), cursor.text(), cursor.text(), cursor.text()
    currency, local_symbol, trading_class = cursor.text(), cursor.text(), cursor.text()
    return ContractQuery(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        expiry=expiry,
        strike=strike,
        right=right,
        multiplier=multiplier,
        exchange=exchange,
        primary_exchange=primary,
        currency=currency,
        local_symbol=local_symbol,
        trading_class=trading_class,
    )


def read_legs(cursor: Cursor) -> tuple[Leg, ...]:
    """The legs of a combination as requests for data write them: a count, then id, ratio, action and exchange.

    Raises:
        RequestMalformed: a leg counts less than once.
    """
    legs = []
    for _ in range(cursor.count()):
        con_id, ratio = cursor.integer(), cursor.integer()
        if ratio < 1:
            raise RequestMalformed(f"expected the ratio of a leg to be 1 or more, found {ratio}")
        legs.append(Leg(con_id, ratio, cursor.text().upper() == "BUY", cursor.text()))
    return tuple(legs)
