"""News."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.wire.requests.base import Reader, Request, bare


@dataclass(frozen=True, slots=True)
class ReqNewsProviders(Request): ...


READERS: Mapping[int, Reader] = {
    85: bare(ReqNewsProviders),
}
