"""A fault of contract data: today's expiry is not in the chains."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.simulator.api.trouble import Late
from gateway.simulator.faults.fault import Fault
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.contracts import ContractDetails, ContractDetailsEnd, OptionParameters
from gateway.simulator.wire.answers.session import Error
from tws import codes

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


@dataclass(kw_only=True, eq=False)
class ChainWithoutToday(Fault):
    """Chains and contract details leave out what expires today."""

    name = "chain-without-today"
    scopes = ("client",)

    told: dict[tuple["Session", int], bool] = field(default_factory=dict, init=False)
    """Answers of which something was left out, and whether anything of them was sent."""

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        today = self.site.gateway.calendar.day_at(self.site.gateway.now()).text
        match answer:
            case OptionParameters():
                kept = tuple(expiry for expiry in answer.expiries if f"{expiry:%Y%m%d}" != today)
                return [(0.0, replace(answer, expiries=kept))]
            case ContractDetails() if answer.instrument.expiry_text[:8] == today:
                self.told.setdefault((session, answer.req_id), False)
                return []
            case ContractDetails():
                self.told[session, answer.req_id] = True
            case ContractDetailsEnd() if self.told.pop((session, answer.req_id), True) is False:
                words = codes.text(codes.NO_SECURITY_DEFINITION)
                return [(0.0, Error(answer.req_id, codes.NO_SECURITY_DEFINITION, words, self.site.gateway.now()))]
        return [(0.0, answer)]
