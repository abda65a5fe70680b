"""What checks may ask the machine beneath, from where the preflight runs."""

from typing import Protocol


class Host(Protocol):
    """The machine, as it is seen from here."""
