"""Scans, company reports, soft dollars."""

from collections.abc import Sequence

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.fields import Fields, contract
from gateway.simulator.wire.text import ascii7


def scanner_parameters(document: str) -> Fields:
    """The XML of everything that can be scanned for."""
    return [19, 1, ascii7(document)]


def scanner_data(req_id: int, found: Sequence[Instrument]) -> Fields:
    """A scan's rows, best first; distance, benchmark, projection and legs are empty, as for shares."""
    fields: Fields = [20, 3, req_id, len(found)]
    for rank, instrument in enumerate(found):
        *most, local_symbol, trading_class = contract(instrument, "SMART")
        without_multiplier = [*most[:6], *most[7:]]
        fields += [rank, *without_multiplier, local_symbol, trading_class, trading_class, "", "", "", ""]
    return fields


def fundamental_data(req_id: int, document: str) -> Fields:
    """A company report as XML."""
    return [51, 1, req_id, ascii7(document)]


def soft_dollar_tiers(req_id: int, tiers: Sequence[tuple[str, str, str]]) -> Fields:
    """Tiers as (name, value, shown name)."""
    return [77, req_id, len(tiers), *(field for tier in tiers for field in tier)]
