"""Where faults take hold: what sessions accept, hear, say and write passes here while a fault is on.

With none on, a session looks at one flag and goes its usual way.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.requests.base import Request

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session

type Late = tuple[float, Answer]
"""A message, and the world seconds after which it is sent."""
type Due = tuple[float, bytes]
"""Bytes, and the moment of the machine's clock at which they are written."""


class Hook:
    """One fault that is on. What it does not change it passes on as it came."""

    def minds(self, session: "Session") -> bool:
        """Whether it is about that session at all."""
        return True

    def accepts(self, session: "Session") -> bool:
        """Whether a new connection is kept."""
        return True

    def hears(self, session: "Session", request: Request) -> Request:
        """A client's request as the gateway takes it."""
        return request

    def takes(self, session: "Session", request: Request) -> bool:
        """Deal with a request in the gateway's place; False leaves it to the gateway."""
        return False

    def says(self, session: "Session", answer: Answer) -> Sequence[Late]:
        """What is sent in place of a message: nothing, it, or others."""
        return [(0.0, answer)]

    def writes(self, session: "Session", data: bytes, free_at: float) -> Sequence[Due]:
        """When which bytes are written in place of whole frames; `free_at`: not before that is anything written."""
        return [(free_at, data)]


class Trouble:
    """All hooks that are hung at the moment, in the order in which they were."""

    def __init__(self) -> None:
        self._hooks: list[Hook] = []
        self.speech = False
        """Whether messages have to pass through `says`."""
        self.shape = False
        """Whether bytes have to pass through `writes`."""

    def hang(self, hook: Hook) -> None:
        """From now on it takes part."""
        self._hooks.append(hook)
        self._look()

    def take_off(self, hook: Hook) -> None:
        """It takes no part any more; nothing happens if it did not."""
        if hook in self._hooks:
            self._hooks.remove(hook)
            self._look()

    def _look(self) -> None:
        self.speech = any(type(hook).says is not Hook.says for hook in self._hooks)
        self.shape = any(type(hook).writes is not Hook.writes for hook in self._hooks)

    def accepts(self, session: "Session") -> bool:
        """Whether every hook keeps a new connection."""
        return all([hook.accepts(session) for hook in self._hooks if hook.minds(session)])

    def hears(self, session: "Session", request: Request) -> Request:
        """A client's request as all hooks leave it."""
        for hook in self._hooks:
            if hook.minds(session):
                request = hook.hears(session, request)
        return request

    def takes(self, session: "Session", request: Request) -> bool:
        """Whether a hook has dealt with a request."""
        return any(hook.minds(session) and hook.takes(session, request) for hook in list(self._hooks))

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        """What all hooks together make of a message."""
        said: list[Late] = [(0.0, answer)]
        for hook in self._hooks:
            if hook.minds(session):
                said = [(before + after, more) for before, one in said for after, more in hook.says(session, one)]
        return said

    def writes(self, session: "Session", data: bytes, free_at: float) -> list[Due]:
        """When all hooks together let bytes out."""
        written: list[Due] = [(free_at, data)]
        for hook in self._hooks:
            if not hook.minds(session):
                continue
            shaped: list[Due] = []
            for due, piece in written:
                shaped += hook.writes(session, piece, max(due, shaped[-1][0] if shaped else due))
            written = shaped
        return written
