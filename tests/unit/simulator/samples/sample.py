"""The shape of the samples."""

from gateway.simulator.wire.answers.fields import Fields

type Samples = dict[str, list[Fields]]
"""Messages by the name of the function that makes them."""
