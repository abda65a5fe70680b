"""What checks may ask a gateway."""

from dataclasses import dataclass
from typing import Protocol

from tws.handshake import Greeting
from tws.values import Bar, Config, Definition, Execution


@dataclass(frozen=True, slots=True)
class Word:
    """What the gateway says of its own settings. Without `config`, `silence` says why, and checks must infer."""

    config: Config | None
    silence: str = ""

    def inferred(self, source: str) -> str:
        """How a finding says that it is not the gateway's own word, and why."""
        return f"inferred from {source}" + (f" ({self.silence})" if self.silence else "")


@dataclass(frozen=True, slots=True)
class Opening:
    """How the session was opened.

    Attributes:
        client_id: the id that was free.
        taken: ids of the preflight's band that were not.
        next_order_id: what the gateway would have the next order called.
        seconds: from dialling to startApi's answer, for the id that was free.
    """

    client_id: int
    taken: tuple[int, ...]
    next_order_id: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Skew:
    """How far the gateway's clock is ahead of ours, and how exactly that is known."""

    seconds: float
    within: float


class Gateway(Protocol):
    """What checks may ask; each raises `TwsError` where no answer is to be had."""

    async def greeting(self) -> Greeting:
        """The handshake's answer."""
        ...

    async def accounts(self) -> tuple[str, ...]:
        """The accounts that this login manages."""
        ...

    async def opening(self) -> Opening:
        """How the session was opened."""
        ...

    async def skew(self) -> Skew:
        """The gateway's clock against ours."""
        ...

    async def executions(self) -> list[Execution]:
        """Today's fills, times as the gateway writes them."""
        ...

    async def reference(self) -> Definition:
        """The definition of a liquid instrument that every login may ask for."""
        ...

    async def bars(self) -> list[Bar]:
        """Recent bars of a liquid instrument, times as the gateway writes them."""
        ...

    async def word(self) -> Word:
        """The gateway's own settings, where it tells them."""
        ...

    async def is_read_only(self) -> bool:
        """Whether it refuses what only a client that may order is told."""
        ...
