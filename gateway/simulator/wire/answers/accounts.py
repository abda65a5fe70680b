"""Money, positions and profit."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields, contract, contract_proto, rows
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import UNSET_DOUBLE, cents, double, plain


@dataclass(frozen=True, slots=True)
class AccountSummary(Answer):
    """One value of an account summary."""

    id: ClassVar = 63
    req_id: int
    account: str
    tag: str
    value: str
    currency: str

    def text(self, version: int) -> Fields:
        return [63, 1, self.req_id, self.account, self.tag, self.value, self.currency]

    def proto(self, version: int) -> Any:
        return pb.AccountSummary(
            reqId=self.req_id, account=self.account, tag=self.tag, value=self.value, currency=self.currency
        )


@dataclass(frozen=True, slots=True)
class AccountSummaryEnd(Answer):
    """The summary has been told once."""

    id: ClassVar = 64
    req_id: int

    def text(self, version: int) -> Fields:
        return [64, 1, self.req_id]

    def proto(self, version: int) -> Any:
        return pb.AccountSummaryEnd(reqId=self.req_id)


@dataclass(frozen=True, slots=True)
class AccountValue(Answer):
    """One value of the account that a client follows."""

    id: ClassVar = 6
    key: str
    value: str
    currency: str
    account: str

    def text(self, version: int) -> Fields:
        return [6, 2, self.key, self.value, self.currency, self.account]

    def proto(self, version: int) -> Any:
        return pb.AccountValue(key=self.key, value=self.value, currency=self.currency, accountName=self.account)


@dataclass(frozen=True, slots=True)
class PortfolioValue(Answer):
    """A position of the account that a client follows, and what it is worth. Clients read its exchange as primary."""

    id: ClassVar = 7
    instrument: Instrument
    holding: Holding
    account: str

    def text(self, version: int) -> Fields:
        instrument, holding, position = self.instrument, self.holding, self.holding.position
        return [
            7,
            8,
            instrument.con_id,
            instrument.symbol,
            instrument.sec_type,
            instrument.expiry_text,
            plain(instrument.strike) if instrument.is_option else "0",
            instrument.right or "0",
            instrument.multiplier_text,
            instrument.listing,
            instrument.currency,
            instrument.local_symbol,
            instrument.trading_class,
            plain(position.quantity),
            f"{holding.price:.7f}",
            cents(holding.value),
            f"{position.average_cost:.7f}",
            cents(holding.unrealized),
            cents(position.realized),
            self.account,
        ]

    def proto(self, version: int) -> Any:
        holding, position = self.holding, self.holding.position
        return pb.PortfolioValue(
            contract=contract_proto(self.instrument, "", no_right="0", primaryExch=self.instrument.listing),
            position=plain(position.quantity),
            marketPrice=round(holding.price, 7),
            marketValue=round(holding.value, 2),
            averageCost=round(position.average_cost, 7),
            unrealizedPNL=round(holding.unrealized, 2),
            realizedPNL=round(position.realized, 2),
            accountName=self.account,
        )


@dataclass(frozen=True, slots=True)
class AccountTime(Answer):
    """When the values of the account were made."""

    id: ClassVar = 8
    clock: str

    def text(self, version: int) -> Fields:
        return [8, 1, self.clock]

    def proto(self, version: int) -> Any:
        return pb.AccountUpdateTime(timeStamp=self.clock)


@dataclass(frozen=True, slots=True)
class AccountDownloadEnd(Answer):
    """All of the account has been told once."""

    id: ClassVar = 54
    account: str

    def text(self, version: int) -> Fields:
        return [54, 1, self.account]

    def proto(self, version: int) -> Any:
        return pb.AccountDataEnd(accountName=self.account)


@dataclass(frozen=True, slots=True)
class PositionHeld(Answer):
    """A position, of any account."""

    id: ClassVar = 61
    instrument: Instrument
    held: Position
    account: str

    def text(self, version: int) -> Fields:
        return [
            61,
            3,
            self.account,
            *contract(self.instrument, self.instrument.listing, strike="0.0"),
            plain(self.held.quantity),
            plain(round(self.held.average_cost, 7)),
        ]

    def proto(self, version: int) -> Any:
        return pb.Position(
            account=self.account,
            contract=contract_proto(self.instrument, self.instrument.listing),
            position=plain(self.held.quantity),
            avgCost=round(self.held.average_cost, 7),
        )


@dataclass(frozen=True, slots=True)
class PositionEnd(Answer):
    """All positions have been told once."""

    id: ClassVar = 62

    def text(self, version: int) -> Fields:
        return [62, 1]

    def proto(self, version: int) -> Any:
        return pb.PositionEnd()


@dataclass(frozen=True, slots=True)
class PositionMulti(Answer):
    """A position, of the accounts or the model that a request names."""

    id: ClassVar = 71
    req_id: int
    instrument: Instrument
    held: Position
    account: str
    model: str = ""

    def text(self, version: int) -> Fields:
        return [
            71,
            1,
            self.req_id,
            self.account,
            *contract(self.instrument, self.instrument.listing, strike="0.0"),
            plain(self.held.quantity),
            plain(round(self.held.average_cost, 7)),
            self.model,
        ]

    def proto(self, version: int) -> Any:
        return pb.PositionMulti(
            reqId=self.req_id,
            account=self.account,
            contract=contract_proto(self.instrument, self.instrument.listing),
            position=plain(self.held.quantity),
            avgCost=round(self.held.average_cost, 7),
            modelCode=self.model,
        )


@dataclass(frozen=True, slots=True)
class PositionMultiEnd(Answer):
    """Those positions have been told once."""

    id: ClassVar = 72
    req_id: int

    def text(self, version: int) -> Fields:
        return [72, 1, self.req_id]

    def proto(self, version: int) -> Any:
        return pb.PositionMultiEnd(reqId=self.req_id)


@dataclass(frozen=True, slots=True)
class AccountUpdateMulti(Answer):
    """One value of the accounts or the model that a request names."""

    id: ClassVar = 73
    req_id: int
    account: str
    model: str
    key: str
    value: str
    currency: str

    def text(self, version: int) -> Fields:
        return [73, 1, self.req_id, self.account, self.model, self.key, self.value, self.currency]

    def proto(self, version: int) -> Any:
        return pb.AccountUpdateMulti(
            reqId=self.req_id,
            account=self.account,
            modelCode=self.model,
            key=self.key,
            value=self.value,
            currency=self.currency,
        )


@dataclass(frozen=True, slots=True)
class AccountUpdateMultiEnd(Answer):
    """Those values have been told once."""

    id: ClassVar = 74
    req_id: int

    def text(self, version: int) -> Fields:
        return [74, 1, self.req_id]

    def proto(self, version: int) -> Any:
        return pb.AccountUpdateMultiEnd(reqId=self.req_id)


@dataclass(frozen=True, slots=True)
class Pnl(Answer):
    """The profit of accounts."""

    id: ClassVar = 94
    req_id: int
    daily: float
    unrealized: float
    realized: float

    def text(self, version: int) -> Fields:
        amounts = (self.daily, self.unrealized, self.realized)
        return [94, self.req_id, *(double(round(amount, 4)) for amount in amounts)]

    def proto(self, version: int) -> Any:
        return pb.PnL(
            reqId=self.req_id,
            dailyPnL=round(self.daily, 4),
            unrealizedPnL=round(self.unrealized, 4),
            realizedPnL=round(self.realized, 4),
        )


@dataclass(frozen=True, slots=True)
class PnlSingle(Answer):
    """The profit of one position."""

    id: ClassVar = 95
    req_id: int
    quantity: float
    daily: float
    unrealized: float
    realized: float
    value: float

    def text(self, version: int) -> Fields:
        amounts = (self.daily, self.unrealized, self.realized, self.value)
        return [95, self.req_id, plain(self.quantity), *(double(round(amount, 4)) for amount in amounts)]

    def proto(self, version: int) -> Any:
        return pb.PnLSingle(
            reqId=self.req_id,
            position=plain(self.quantity),
            dailyPnL=round(self.daily, 4),
            unrealizedPnL=round(self.unrealized, 4),
            realizedPnL=round(self.realized, 4),
            value=round(self.value, 4),
        )


@dataclass(frozen=True, slots=True)
class PnlSingleUnset(Answer):
    """The same for a contract that is not held: unset amounts, which protobuf leaves out."""

    id: ClassVar = 95
    req_id: int

    def text(self, version: int) -> Fields:
        return [95, self.req_id, 0, *[UNSET_DOUBLE] * 4]

    def proto(self, version: int) -> Any:
        return pb.PnLSingle(reqId=self.req_id, position="0")


@dataclass(frozen=True, slots=True)
class FamilyCodes(Answer):
    """Each an account and its family's code."""

    id: ClassVar = 78
    codes: tuple[tuple[str, str], ...]

    def text(self, version: int) -> Fields:
        return [78, *rows(self.codes)]

    def proto(self, version: int) -> Any:
        return pb.FamilyCodes(
            familyCodes=[pb.FamilyCode(accountId=account, familyCode=code) for account, code in self.codes]
        )


@dataclass(frozen=True, slots=True)
class ReceiveFa(Answer):
    """A part of an advisor's configuration."""

    id: ClassVar = 16
    kind: int
    xml: str

    def text(self, version: int) -> Fields:
        return [16, 1, self.kind, self.xml]

    def proto(self, version: int) -> Any:
        return pb.ReceiveFA(faDataType=self.kind, xml=self.xml)


@dataclass(frozen=True, slots=True)
class ReplaceFaEnd(Answer):
    """An advisor's configuration is replaced."""

    id: ClassVar = 103
    req_id: int
    words: str

    def text(self, version: int) -> Fields:
        return [103, self.req_id, self.words]

    def proto(self, version: int) -> Any:
        return pb.ReplaceFAEnd(reqId=self.req_id, text=self.words)
