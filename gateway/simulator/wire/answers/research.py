"""Scans, company reports, soft dollars."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields, contract, contract_proto, rows
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import ascii7


@dataclass(frozen=True, slots=True)
class ScannerParameters(Answer):
    """The XML of everything that can be scanned for."""

    id: ClassVar = 19
    document: str

    def text(self, version: int) -> Fields:
        return [19, 1, ascii7(self.document)]

    def proto(self, version: int) -> Any:
        return pb.ScannerParameters(xml=self.document)


@dataclass(frozen=True, slots=True)
class ScannerData(Answer):
    """A scan's rows, best first; distance, benchmark, projection and legs are empty, as for shares."""

    id: ClassVar = 20
    req_id: int
    found: tuple[Instrument, ...]

    def text(self, version: int) -> Fields:
        fields: Fields = [20, 3, self.req_id, len(self.found)]
        for rank, instrument in enumerate(self.found):
            *most, local_symbol, trading_class = contract(instrument, "SMART")
            without_multiplier = [*most[:6], *most[7:]]
            fields += [rank, *without_multiplier, local_symbol, trading_class, trading_class, "", "", "", ""]
        return fields

    def proto(self, version: int) -> Any:
        rows = []
        for rank, instrument in enumerate(self.found):
            meant = contract_proto(instrument, "SMART")
            meant.ClearField("multiplier")
            rows.append(pb.ScannerDataElement(rank=rank, contract=meant, marketName=instrument.trading_class))
        return pb.ScannerData(reqId=self.req_id, scannerDataElement=rows)


@dataclass(frozen=True, slots=True)
class FundamentalData(Answer):
    """A company report as XML."""

    id: ClassVar = 51
    req_id: int
    document: str

    def text(self, version: int) -> Fields:
        return [51, 1, self.req_id, ascii7(self.document)]

    def proto(self, version: int) -> Any:
        return pb.FundamentalsData(reqId=self.req_id, data=self.document)


@dataclass(frozen=True, slots=True)
class SoftDollarTiers(Answer):
    """Tiers as (name, value, shown name)."""

    id: ClassVar = 77
    req_id: int
    tiers: tuple[tuple[str, str, str], ...]

    def text(self, version: int) -> Fields:
        return [77, self.req_id, *rows(self.tiers)]

    def proto(self, version: int) -> Any:
        tiers = [pb.SoftDollarTier(name=name, value=value, displayName=shown) for name, value, shown in self.tiers]
        return pb.SoftDollarTiers(reqId=self.req_id, softDollarTiers=tiers)
