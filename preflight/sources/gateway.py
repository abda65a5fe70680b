"""What checks may ask a gateway."""

from dataclasses import dataclass
from typing import Protocol

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
