"""A fault of contract data: today's expiry is not in the chains."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.simulator.api.trouble import Late, Message
from gateway.simulator.faults.fault import Fault
from gateway.simulator.wire.answers.session import Error
from gateway.simulator.wire.text import encode
from tws import codes
from tws.frames import decode_fields

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session

_EXPIRIES = 6
"""Where a chain has the number of its expiries."""
_UNVERSIONED = 164
"""From this server version on contract details have no version of their own in front."""


@dataclass(kw_only=True, eq=False)
class ChainWithoutToday(Fault):
    """Chains and contract details leave out what expires today."""

    name = "chain-without-today"
    scopes = ("client",)

    told: dict[tuple["Session", str], bool] = field(default_factory=dict, init=False)
    """Answers of which something was left out, and whether anything of them was sent."""

    def says(self, session: "Session", fields: Message) -> list[Late]:
        match fields[0]:
            case "75":
                return [(0.0, self._shorter(fields))]
            case "10":
                return self._details(session, fields[1 if session.version >= _UNVERSIONED else 2 :], fields)
            case "52" if self.told.pop((session, fields[2]), True) is False:
                words = codes.text(codes.NO_SECURITY_DEFINITION)
                now = self.site.gateway.now()
                refused = Error(int(fields[2]), codes.NO_SECURITY_DEFINITION, words, now).text(session.version)
                return [(0.0, decode_fields(encode(refused)[4:]))]
        return [(0.0, fields)]

    def _today(self) -> str:
        return self.site.gateway.calendar.day_at(self.site.gateway.now()).text

    def _shorter(self, fields: Message) -> Message:
        today = self._today()
        count = int(fields[_EXPIRIES])
        first = _EXPIRIES + 1
        kept = [expiry for expiry in fields[first : first + count] if expiry != today]
        return [*fields[:_EXPIRIES], str(len(kept)), *kept, *fields[first + count :]]

    def _details(self, session: "Session", details: Message, fields: Message) -> list[Late]:
        """`details` begin with the request id; symbol, type and expiry follow."""
        request = (session, details[0])
        if details[3][:8] == self._today():
            self.told.setdefault(request, False)
            return []
        self.told[request] = True
        return [(0.0, fields)]
