"""What can be made to go wrong, and what it looks like on the wire."""

from gateway.simulator.faults.faults import Faults

__all__ = ["Faults"]
