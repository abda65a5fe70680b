"""The data farms behind a gateway: which there are, how they are, and what is said about each state.

Names, order and texts of the healthy ones are captured; the others' texts are IBKR's published ones.
"""

import enum
from dataclasses import dataclass
from typing import Literal

from gateway.simulator.market.instruments import Instrument
from tws import codes


class State(enum.Enum):
    """How a farm is."""

    OK = "ok"
    BROKEN = "broken"
    INACTIVE = "inactive"
    """Asleep until somebody asks it for something."""


type Kind = Literal["market", "history", "secdef"]

_CODES: dict[Kind, dict[State, int]] = {
    "market": {
        State.OK: codes.MARKET_FARM_OK,
        State.BROKEN: codes.MARKET_FARM_BROKEN,
        State.INACTIVE: codes.MARKET_FARM_IDLE,
    },
    "history": {
        State.OK: codes.HISTORY_FARM_OK,
        State.BROKEN: codes.HISTORY_FARM_BROKEN,
        State.INACTIVE: codes.HISTORY_FARM_IDLE,
    },
    "secdef": {State.OK: codes.SECDEF_FARM_OK, State.BROKEN: codes.SECDEF_FARM_BROKEN},
}


@dataclass(frozen=True, slots=True)
class Farm:
    """One farm."""

    name: str
    kind: Kind


FARMS = (
    Farm("usfarm.nj", "market"),
    Farm("usfarm", "market"),
    Farm("ushmds", "history"),
    Farm("secdefnj", "secdef"),
)
"""In the captured order of their notices after login."""

_OPTIONS, _THE_REST = "usfarm.nj", "usfarm"


def notice(farm: Farm, state: State) -> tuple[int, str]:
    """Code and text by which a gateway tells a farm's state.

    Raises:
        KeyError: there is no such notice (a sec-def farm is never inactive).
    """
    code = _CODES[farm.kind][state]
    return code, codes.text(code, farm.name)


def connecting(farm: Farm) -> tuple[int, str]:
    """What is said of a market farm on its way back."""
    return codes.MARKET_FARM_CONNECTING, codes.text(codes.MARKET_FARM_CONNECTING, farm.name)


def of_instrument(instrument: Instrument) -> str:
    """The market farm that serves an instrument (assumed: options by the one, everything else by the other)."""
    return _OPTIONS if instrument.is_option else _THE_REST


class Farms:
    """The states of all farms of one gateway."""

    def __init__(self) -> None:
        self._states = {farm.name: State.OK for farm in FARMS}

    def state(self, name: str) -> State:
        """How a farm is."""
        return self._states[name]

    def put(self, name: str, state: State) -> None:
        """Make it so; nobody is told here."""
        self._states[name] = state

    def all_ok(self, kind: Kind) -> bool:
        """Whether every farm of a kind is up."""
        return all(self._states[farm.name] is State.OK for farm in FARMS if farm.kind == kind)

    def any_ok(self, kind: Kind) -> bool:
        """Whether a farm of a kind is up."""
        return any(self._states[farm.name] is State.OK for farm in FARMS if farm.kind == kind)

    def serves(self, instrument: Instrument) -> bool:
        """Whether market data of an instrument flows."""
        return self._states[of_instrument(instrument)] is State.OK

    def notices(self) -> list[tuple[int, str]]:
        """What a gateway says about its farms after login."""
        return [notice(farm, self._states[farm.name]) for farm in FARMS]
