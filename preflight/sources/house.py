"""What checks may ask the house around the gateway: its supervisor and its engine, over HTTP."""

from typing import Protocol


class House(Protocol):
    """Supervisor and engine of the tenant."""
