"""Helpers that make the right order the short one: brackets, exits in one OCA group, conditions, times in force.

They build orders and send none. Whoever calls one submits what it returns.
"""

from engine.orders import conditions
from engine.orders.bracket import bracket
from engine.orders.exits import closing_order, exit_group, last_resort_order, new_group, stop_order, take_profit_order
from engine.orders.rules import LAST_RESORT_AFTER, expires_today, good_time_in_force
from engine.orders.tags import Oca, OcaType, Role, ib_tags, oca_of, role_of

__all__ = [
    "LAST_RESORT_AFTER",
    "Oca",
    "OcaType",
    "Role",
    "bracket",
    "closing_order",
    "conditions",
    "exit_group",
    "expires_today",
    "good_time_in_force",
    "ib_tags",
    "last_resort_order",
    "new_group",
    "oca_of",
    "role_of",
    "stop_order",
    "take_profit_order",
]
