"""What a tenant's watch has said lately, and how it stood: for people who look at how it came to this.

In memory, the newest of each. What must outlive the process is in the journal.
"""

from collections import deque
from typing import Final, NamedTuple

_SENTENCES: Final = 60
_TURNS: Final = 200


class Said(NamedTuple):
    """A sentence or a verdict, and the epoch second from which on it was so."""

    at: float
    text: str


class Story:
    """The oldest first; what is said again at once is kept once."""

    def __init__(self) -> None:
        self.sentences: deque[Said] = deque(maxlen=_SENTENCES)
        self.verdicts: deque[Said] = deque(maxlen=_TURNS)

    def goes_on(self, at: float, sentence: str, verdict: str) -> None:
        """After each turn."""
        for kept, text in ((self.sentences, sentence), (self.verdicts, verdict)):
            if not kept or kept[-1].text != text:
                kept.append(Said(at, text))
