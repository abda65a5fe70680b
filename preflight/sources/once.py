"""Each question asked once, whoever wants to know first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class Once:
    """Answers by name. A check that gives up waiting does not take the answer from the others."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[Any]] = {}

    async def __call__[T](self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to `name`, from `ask` if nobody has asked yet. Raises what `ask` raises, for everybody."""
        if name not in self._asked:
            self._asked[name] = asyncio.ensure_future(ask())
        answer: T = await asyncio.shield(self._asked[name])
        return answer

    async def aclose(self) -> None:
        """Give up every question that is still open."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
