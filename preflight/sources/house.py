"""What checks may ask the house around the gateway: its supervisor and its engine, over HTTP."""

from typing import Protocol

from preflight.sources.supervision import Supervision


class House(Protocol):
    """Supervisor and engine of the tenant."""

    async def supervision(self) -> Supervision:
        """What the supervisor knows of the gateway. Raises: NotSeen."""
        ...

    async def engine_lines(self) -> int:
        """Market data lines that the engine holds. Raises: NotSeen."""
        ...
