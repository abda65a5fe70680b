"""The session itself: its start, errors and notices, clocks and who we are."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import ascii7


@dataclass(frozen=True, slots=True)
class ManagedAccounts(Answer):
    """Whose accounts the login may use."""

    id: ClassVar = 15
    accounts: tuple[str, ...]

    def text(self, version: int) -> Fields:
        return [15, 1, ",".join(self.accounts)]

    def proto(self, version: int) -> Any:
        return pb.ManagedAccounts(accountsList=",".join(self.accounts))


@dataclass(frozen=True, slots=True)
class NextValidId(Answer):
    """The first order id that is free."""

    id: ClassVar = 9
    order_id: int

    def text(self, version: int) -> Fields:
        return [9, 1, self.order_id]

    def proto(self, version: int) -> Any:
        return pb.NextValidId(orderId=self.order_id)


@dataclass(frozen=True, slots=True)
class Error(Answer):
    """Errors, warnings and notices alike."""

    id: ClassVar = 4
    req_id: int
    code: int
    words: str
    at: dt.datetime
    reject_json: str = ""

    def text(self, version: int) -> Fields:
        fields: Fields = [4] if version >= 194 else [4, 2]
        fields += [self.req_id, self.code, ascii7(self.words)]
        if version >= 166:
            fields.append(ascii7(self.reject_json))
        if version >= 194:
            fields.append(_millis(self.at))
        return fields

    def proto(self, version: int) -> Any:
        return pb.ErrorMessage(
            id=self.req_id,
            errorTime=_millis(self.at),
            errorCode=self.code,
            errorMsg=self.words,
            advancedOrderRejectJson=self.reject_json,
        )


@dataclass(frozen=True, slots=True)
class CurrentTime(Answer):
    """The gateway's clock, in seconds."""

    id: ClassVar = 49
    at: dt.datetime

    def text(self, version: int) -> Fields:
        return [49, 1, int(self.at.timestamp())]

    def proto(self, version: int) -> Any:
        return pb.CurrentTime(currentTime=int(self.at.timestamp()))


@dataclass(frozen=True, slots=True)
class CurrentTimeMillis(Answer):
    """The gateway's clock, in milliseconds. From 197 on."""

    id: ClassVar = 109
    at: dt.datetime

    def text(self, version: int) -> Fields:
        return [109, _millis(self.at)]

    def proto(self, version: int) -> Any:
        return pb.CurrentTimeInMillis(currentTimeInMillis=_millis(self.at))


@dataclass(frozen=True, slots=True)
class UserInfo(Answer):
    """The brand under which the login trades: none. From 167 on."""

    id: ClassVar = 107
    req_id: int

    def text(self, version: int) -> Fields:
        return [107, self.req_id, ""]

    def proto(self, version: int) -> Any:
        return pb.UserInfo(reqId=self.req_id, whiteBrandingId="")


def _millis(at: dt.datetime) -> int:
    return int(at.timestamp() * 1000)
