"""Faults of market data while every farm is well: it falls silent, or is not ours to see any more."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.simulator.api.trouble import Late
from gateway.simulator.faults.about import feeds, request_of
from gateway.simulator.faults.fault import Fault, text
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.requests import depth, market_data
from gateway.simulator.wire.requests.base import Request
from tws import codes

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


_ASKS = (market_data.ReqMarketData, market_data.ReqTickByTick, market_data.ReqRealTimeBars, depth.ReqMarketDepth)


@dataclass(kw_only=True, eq=False)
class _FeedFault(Fault):
    """Knows from the moment it is asked for which contract a feed is about."""

    scopes = ("client", "contract")

    asked: dict[tuple["Session", int], int] = field(default_factory=dict, init=False)

    def takes(self, session: "Session", request: Request) -> bool:
        if isinstance(request, _ASKS):
            found = self.site.gateway.instruments.find(request.contract, self.site.gateway.now())
            if len(found) == 1:
                self.asked[session, request.req_id] = found[0].con_id
        return False

    def means(self, session: "Session", answer: Answer) -> bool:
        req_id = request_of(answer)
        asked = None if req_id is None else self.asked.get((session, req_id))
        if asked is None:
            return Fault.means(self, session, answer)
        return self.site.scope.contract in (None, asked)


@dataclass(kw_only=True, eq=False)
class FeedSilent(_FeedFault):
    """Subscriptions stand, the farms are well, and not one tick comes."""

    name = "feed-silent"

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        return [] if feeds(answer) and self.means(session, answer) else [(0.0, answer)]


@dataclass(kw_only=True, eq=False)
class _Refusal(_FeedFault):
    """Subscriptions end with an error, and new ones are answered with it."""

    refused: set[tuple["Session", int]] = field(default_factory=set, init=False)

    def refusal(self) -> tuple[int, str]:
        """Code and text."""
        raise NotImplementedError

    async def begin(self) -> None:
        for session in self.sessions():
            for req_id in session.line_ids():
                if self.site.scope.contract in (None, session.contract_id(req_id)):
                    self._refuse(session, req_id)

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        req_id = request_of(answer)
        if req_id is None or not ((session, req_id) in self.refused or self.means(session, answer)):
            return [(0.0, answer)]
        if (session, req_id) not in self.refused:
            self._refuse(session, req_id)
        return []

    def _refuse(self, session: "Session", req_id: int) -> None:
        """Say so once; the subscription goes when whoever is publishing it is done."""
        self.refused.add((session, req_id))
        asyncio.get_running_loop().call_soon(self._forget, session, req_id)
        session.error(req_id, *self.refusal())

    def _forget(self, session: "Session", req_id: int) -> None:
        session.forget_line(req_id)
        self.refused.discard((session, req_id))


@dataclass(kw_only=True, eq=False)
class NoEntitlement(_Refusal):
    """The login loses what it was subscribed to: open lines and new ones are refused."""

    name = "no-entitlement"

    code: str = text("354", "how it is told", "354", "10089", "10090", "10168")

    def refusal(self) -> tuple[int, str]:
        return int(self.code), codes.text(int(self.code))


@dataclass(kw_only=True, eq=False)
class DataCompeted(_Refusal):
    """10197: another session of the same user trades, and has the market data."""

    name = "data-competed"

    def refusal(self) -> tuple[int, str]:
        return codes.COMPETING_SESSION, codes.text(codes.COMPETING_SESSION)
