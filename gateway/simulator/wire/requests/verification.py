"""What IB's own programs use to prove what they are. No public client gets past the first of these."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.wire.requests.base import ProtoReader, Reader, Request, bare, bare_proto


@dataclass(frozen=True, slots=True)
class Verify(Request): ...


READERS: Mapping[int, Reader] = {
    65: bare(Verify),
    66: bare(Verify),
    72: bare(Verify),
    73: bare(Verify),
}

PROTOS: Mapping[int, ProtoReader] = {
    65: bare_proto("VerifyRequest", Verify),
    66: bare_proto("VerifyMessageRequest", Verify),
}
"""The other two are text at all versions."""
