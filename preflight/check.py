"""What a check is: a name, a question, and what it must have known before."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from preflight.report import Result
from preflight.settings import Settings
from tws.handshake import Greeting
from tws.values import Bar


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
