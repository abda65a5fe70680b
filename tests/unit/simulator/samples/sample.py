"""The shape of the samples."""

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import encode

type Samples = dict[str, list[Answer | Fields]]
"""Messages by the name of what makes them."""


def frame_of(said: Answer | Fields, version: int) -> bytes:
    """The whole frame at a server version."""
    return encode(said) if isinstance(said, list) else said.frame(version)
