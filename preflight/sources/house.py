"""What checks may ask the house around the gateway: its supervisor and its engine, over HTTP."""

from typing import Protocol

from preflight.sources.engine import About, Health
from preflight.sources.supervision import Supervision


class House(Protocol):
    """Supervisor and engine of the tenant."""

    async def supervision(self) -> Supervision:
        """What the supervisor knows of the gateway. Raises: NotSeen."""
        ...

    async def engine_lines(self) -> int:
        """Market data lines that the engine holds. Raises: NotSeen."""
        ...

    async def engine_health(self) -> Health:
        """Whether the engine answers, and what it is doing. Raises: NotSeen where there is none of ours."""
        ...

    async def about_engine(self) -> About:
        """What the engine is made of and can reach. Raises: NotSeen."""
        ...
