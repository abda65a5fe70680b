"""Faults of connections: how the port, the handshake and the start of a session go wrong."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.simulator.api.trouble import Late
from gateway.simulator.faults.fault import Fault, whole
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.session import ManagedAccounts
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.requests.session import StartApi
from tws import codes

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


@dataclass(kw_only=True, eq=False)
class Hang(Fault):
    """Everything is accepted, nothing is read or answered: handshakes neither."""

    name = "hang"
    lives_in_jvm = True

    async def begin(self) -> None:
        self.site.server.hang()

    def end(self) -> None:
        self.site.server.unhang()


@dataclass(kw_only=True, eq=False)
class HalfOpen(Fault):
    """Open sessions are neither read nor written any more, fresh ones are served."""

    name = "half-open"
    scopes = ("client",)
    lives_in_jvm = True

    async def begin(self) -> None:
        self.site.server.half_open([one for one in self.site.gateway.sessions if self.minds(one)])

    def end(self) -> None:
        self.site.server.end_half_open()


@dataclass(kw_only=True, eq=False)
class AcceptAndClose(Fault):
    """New connections are accepted and closed without a byte, as with the API off or an address not trusted."""

    name = "accept-and-close"
    lives_in_jvm = True

    def accepts(self, session: "Session") -> bool:
        return False


@dataclass(kw_only=True, eq=False)
class AcceptAndHang(Fault):
    """New connections are accepted and never answered; open sessions go on."""

    name = "accept-and-hang"
    lives_in_jvm = True

    def accepts(self, session: "Session") -> bool:
        session.silence()
        return True

    def end(self) -> None:
        for session in self.site.gateway.sessions:
            if not session.version:
                session.speak()


@dataclass(kw_only=True, eq=False)
class HandshakeOnly(Fault):
    """The handshake is answered, startApi is not, nor anything after it."""

    name = "handshake-only"
    lives_in_jvm = True

    def takes(self, session: "Session", request: Request) -> bool:
        return not session.started


@dataclass(kw_only=True, eq=False)
class NoManagedAccounts(Fault):
    """Message 15 is never sent, neither at the start nor when it is asked for."""

    name = "no-managed-accounts"
    scopes = ("client",)
    lives_in_jvm = True

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        return [] if isinstance(answer, ManagedAccounts) else [(0.0, answer)]


@dataclass(kw_only=True, eq=False)
class ClientIdInUse(Fault):
    """startApi is refused with 326 and the connection closed, as if somebody else had the client id."""

    name = "client-id-in-use"
    scopes = ("client",)

    def minds(self, session: "Session") -> bool:
        return True

    def takes(self, session: "Session", request: Request) -> bool:
        if not isinstance(request, StartApi) or session.started:
            return False
        if self.site.scope.client not in (None, request.client_id):
            return False
        session.refuse(-1, codes.CLIENT_ID_IN_USE)
        session.close()
        return True


@dataclass(kw_only=True, eq=False)
class ClientsFull(Fault):
    """The gateway has as many clients as it takes: startApi ends the connection without a word."""

    name = "clients-full"

    room: int = whole(0, "how many clients there may be", 0, 32)

    def takes(self, session: "Session", request: Request) -> bool:
        if not isinstance(request, StartApi) or session.started or len(self.site.gateway.started()) < self.room:
            return False
        session.close()
        return True


@dataclass(kw_only=True, eq=False)
class Reset(Fault):
    """Open sessions end with a TCP reset instead of an orderly end."""

    name = "reset"
    scopes = ("client",)
    momentary = True

    async def begin(self) -> None:
        for session in [one for one in self.site.gateway.sessions if self.minds(one)]:
            session.reset()
