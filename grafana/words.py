"""What numbers mean: states, answers and results, each with its word and colour."""

from collections.abc import Mapping
from typing import Final

from supervisor.states import EngineState, GatewayState

GREEN, YELLOW, ORANGE, RED, DARK_RED, BLUE, PURPLE, GREY = (
    *("green", "yellow", "orange", "red", "dark-red"),
    *("blue", "purple", "#808080"),
)

type Words = Mapping[int, tuple[str, str]]
"""Word and colour of a value."""

_COLOURS: Final = {
    "UNKNOWN": GREY,
    "ABSENT": GREY,
    "STOPPED": BLUE,
    "STARTING": YELLOW,
    "WAITING": YELLOW,
    "READY": GREEN,
    "TRADING": GREEN,
    "RUNNING": GREEN,
    "SUSPECT": YELLOW,
    "DEGRADED": ORANGE,
    "FAILING": RED,
    "RECOVERING": ORANGE,
    "GAVE_UP": DARK_RED,
}

GATEWAY: Final[Words] = {number: (state, _COLOURS[state]) for number, state in enumerate(GatewayState)}
ENGINE: Final[Words] = {20 + number: (state, _COLOURS[state]) for number, state in enumerate(EngineState)}
"""Beside the gateway's, so that both are told apart on one panel."""
NOT_KNOWN: Final = 42
READY: Final[Words] = {40: ("cannot trade", RED), 41: ("can trade", GREEN), NOT_KNOWN: ("unknown", PURPLE)}
MARKET: Final[Words] = {50: ("closed", GREY), 51: ("open", BLUE)}

MAINTENANCE: Final[Words] = {60: ("none", GREY), 61: ("window open", BLUE)}

YES: Final[Words] = {0: ("No", RED), 1: ("Yes", GREEN)}
OPEN: Final[Words] = {0: ("Closed", GREY), 1: ("Open", BLUE)}
HELD: Final[Words] = {0: ("Allowed", GREEN), 1: ("Held", ORANGE)}
NONE: Final[Words] = {0: ("None", GREEN)}
RESULT: Final[Words] = {2: ("fail", RED), 1: ("warn", ORANGE), 0: ("pass", GREEN), -1: ("skipped", GREY)}
VERDICT: Final[Words] = {0: ("no go", RED), 1: ("go", GREEN)}
WAY: Final[Words] = {0: ("works", GREEN), 1: ("fails", RED)}
SWITCH: Final[Words] = {0: ("not posted", RED), 1: ("posted", GREEN)}
STANDS: Final[Words] = {1: ("stands", RED)}
SEVERITY: Final[Words] = {2: ("critical", RED), 1: ("warning", ORANGE)}
UNHEARD: Final = 8
WORTH: Final[Words] = {
    0: ("well", GREEN),
    1: ("entries held", YELLOW),
    2: ("an incident", ORANGE),
    3: ("an incident, entries held", ORANGE),
    4: ("cannot trade", RED),
    5: ("cannot trade, entries held", RED),
    6: ("cannot trade: an incident", RED),
    7: ("cannot trade: an incident, entries held", RED),
    UNHEARD: ("unknown: its supervisor is not heard", PURPLE),
}
"""How much a tenant needs a look: the greater, the more."""
