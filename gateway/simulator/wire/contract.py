"""The contract inside a request: the same twelve fields in every message that names one."""

from typing import Any

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.market.instruments import ContractQuery, Leg
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.protobuf import number
from gateway.simulator.wire.text import plain


def read_contract(cursor: Cursor, *, primary: bool = True) -> ContractQuery:
    """The twelve fields of a contract; eleven where a message has no primary exchange."""
    con_id = cursor.integer()
    symbol, sec_type, expiry = cursor.text(), cursor.text(), cursor.text()
    strike = cursor.number() or 0.0
    right, multiplier, exchange = cursor.text(), cursor.text(), cursor.text()
    primary_exchange = cursor.text() if primary else ""
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
        primary_exchange=primary_exchange,
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


def read_contract_proto(said: Any) -> ContractQuery:
    """A `Contract`, with all that any request says of one.

    Raises:
        RequestMalformed: a leg counts less than once.
    """
    for leg in said.comboLegs:
        if leg.ratio < 1:
            raise RequestMalformed(f"expected the ratio of a leg to be 1 or more, found {leg.ratio}")
    return ContractQuery(
        con_id=said.conId,
        symbol=said.symbol,
        sec_type=said.secType,
        expiry=said.lastTradeDateOrContractMonth,
        strike=number(said.strike) or 0.0,
        right=said.right,
        multiplier=plain(said.multiplier) if said.multiplier else "",
        exchange=said.exchange,
        primary_exchange=said.primaryExch,
        currency=said.currency,
        local_symbol=said.localSymbol,
        trading_class=said.tradingClass,
        sec_id_type=said.secIdType,
        sec_id=said.secId,
        issuer_id=said.issuerId,
        legs=tuple(Leg(leg.conId, leg.ratio, leg.action.upper() == "BUY", leg.exchange) for leg in said.comboLegs),
        include_expired=said.includeExpired,
    )
