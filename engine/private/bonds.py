"""Bonds: the adapter logs what a gateway tells of one and drops it, and has no instrument for it either.

The answer is taken as that about any other contract, and becomes a `Commodity` of the asset class DEBT, since
NautilusTrader 1.231 has no bond. Its name is IBKR's number of the contract: what an issuer has borrowed many times has
one symbol, and no local symbol in the answer's text form.
"""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from nautilus_trader.adapters.interactive_brokers import providers
from nautilus_trader.adapters.interactive_brokers.client.wrapper import InteractiveBrokersEWrapper
from nautilus_trader.adapters.interactive_brokers.parsing.instruments import contract_details_to_dict
from nautilus_trader.model.enums import AssetClass
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Commodity
from nautilus_trader.model.objects import Currency, Price, Quantity

ON_WRAPPER = ("bondContractDetails", "contractDetails")
BOND = "BOND"


def load_bonds() -> None:
    """Let bonds be loaded and quoted as other contracts are. Called once in a process."""
    parse = providers.parse_instrument

    def parsed(contract_details: Any, venue: str, *rest: Any, **more: Any) -> Any:
        if contract_details.contract.secType == BOND:
            return bond(contract_details, venue)
        return parse(contract_details, venue, *rest, **more)

    InteractiveBrokersEWrapper.bondContractDetails = InteractiveBrokersEWrapper.contractDetails
    providers.parse_instrument = parsed


def bond_number(instrument_id: str) -> int | None:
    """Return IBKR's number of the bond that an id names (`670123001=BOND.SMART`), or None for anything else's id."""
    number, _, kind = instrument_id.rpartition(".")[0].partition("=")
    return int(number) if kind == BOND and number.isdecimal() else None


def bond(details: Any, venue: str) -> Commodity:
    """Return the instrument: quoted in percent of its face value."""
    name = Symbol(f"{details.contract.conId}={BOND}")
    prices, sizes = _precision(details.minTick), _precision(details.sizeIncrement)
    now = time.time_ns()
    return Commodity(
        instrument_id=InstrumentId(name, Venue(venue)),
        raw_symbol=name,
        asset_class=AssetClass.DEBT,
        quote_currency=Currency.from_str(details.contract.currency),
        price_precision=prices,
        size_precision=sizes,
        price_increment=Price(details.minTick, prices),
        size_increment=Quantity(details.sizeIncrement, sizes),
        ts_event=now,
        ts_init=now,
        info=contract_details_to_dict(details),
    )


def _precision(increment: Any) -> int:
    return max(0, -int(Decimal(str(increment)).normalize().as_tuple().exponent))
