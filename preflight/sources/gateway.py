"""What checks may ask a gateway."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tws.handshake import Greeting
from tws.values import (
    AccountValue,
    Bar,
    Chain,
    Config,
    Definition,
    Execution,
    Look,
    Notice,
    OpenOrder,
    Position,
    Quote,
)

TOGETHER = 3
"""Market data lines that a preflight takes at a time: they are counted per login, and the engine needs them."""


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
    exact: bool = True
    """Whether it was told in milliseconds."""


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

    async def notices(self) -> tuple[Notice, ...]:
        """What it has said unasked since the session began: of its farms, and of its connection to IBKR."""
        ...

    async def definitions(self, of: Any) -> list[Definition]:
        """Every contract that fits."""
        ...

    async def chains(self, underlying: Definition) -> list[Chain]:
        """The options on an instrument."""
        ...

    async def recent(self, of: Any) -> list[Bar]:
        """A day of an instrument in hours."""
        ...

    async def look(self, of: Any, enough: Callable[[Quote], bool]) -> Look:
        """Market data of a contract, by a line that is given back once it is enough, refused, or does not come."""
        ...

    async def account_values(self) -> list[AccountValue]:
        """The values of the configured account."""
        ...

    async def positions(self) -> list[Position]:
        """What all accounts of the login hold."""
        ...

    async def open_orders(self) -> list[OpenOrder]:
        """Working orders of all clients. A read-only API refuses to tell."""
        ...
