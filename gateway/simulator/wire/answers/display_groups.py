"""Display groups of the desktop program."""

from collections.abc import Iterable

from gateway.simulator.wire.answers.fields import Fields


def display_group_list(req_id: int, groups: Iterable[int]) -> Fields:
    return [67, 1, req_id, "|".join(str(group) for group in groups)]


def display_group_updated(req_id: int, contract: str) -> Fields:
    return [68, 1, req_id, contract]
