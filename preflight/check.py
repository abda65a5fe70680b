"""What a check is: a name, a question, and what it must have known before."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from preflight.report import Result
from preflight.settings import Settings
from tws.handshake import Greeting
from tws.values import Bar, Config


@dataclass(frozen=True, slots=True)
class Word:
    """What the gateway says of its own settings. Without `config`, `silence` says why, and checks must infer."""

    config: Config | None
    silence: str = ""

    def inferred(self, source: str) -> str:
        """How a finding says that it is not the gateway's own word, and why."""
        return f"inferred from {source}" + (f" ({self.silence})" if self.silence else "")


class Gateway(Protocol):
    """What checks may ask; each raises `TwsError` where no answer is to be had."""

    async def greeting(self) -> Greeting:
        """The handshake's answer."""
        ...

    async def accounts(self) -> tuple[str, ...]:
        """The accounts that this login manages."""
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found. `expected` only where it is more exact than the check's own."""

    result: Result
    found: str
    remedy: str = ""
    expected: str = ""


type Question = Callable[[Gateway, Settings, datetime], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    `ask` gets the gateway, the settings and the time of day; it may raise `TwsError`, which the runner turns into a
    failure with the same remedy everywhere. `needs` names the check without which asking makes no sense.
    """

    name: str
    group: str
    expected: str
    ask: Question
    needs: str | None = None
