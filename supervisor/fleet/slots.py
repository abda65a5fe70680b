"""A number for each tenant, from which its subnet and ports come. It keeps it, whoever comes or goes."""

import json
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Final

from supervisor.errors import SettingsRefused

MOST: Final = 250
"""Subnets that a /16 has for them; the last few are the house's."""


def assigned(known: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    """The numbers of all: known ones stay, also of tenants that are away, and each new name gets the lowest free one.

    Raises:
        SettingsRefused: there are more tenants than numbers.
    """
    slots = dict(known)
    for name in sorted(set(names) - slots.keys()):
        taken = set(slots.values())
        slots[name] = next(number for number in count() if number not in taken)
    if max(slots.values(), default=0) >= MOST:
        raise SettingsRefused(f"tenants: expected at most {MOST}, found {len(slots)} by var/house/slots.json")
    return slots


def read(root: Path) -> dict[str, int]:
    """The numbers that were given out here.

    Raises:
        SettingsRefused: the file says something else.
    """
    path = root / "var" / "house" / "slots.json"
    if not path.exists():
        return {}
    try:
        found = {str(name): int(number) for name, number in json.loads(path.read_text()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsRefused(
            f"{path}: expected a number for each tenant, found {error}; put it right by the subnets of "
            "`docker network ls`, since other numbers are other subnets and ports"
        ) from error
    return found


def write(root: Path, slots: Mapping[str, int]) -> None:
    """Keep them. What is half written is nothing."""
    path = root / "var" / "house" / "slots.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(dict(sorted(slots.items())), indent=1) + "\n")
    draft.replace(path)
