"""Whether the installed NautilusTrader is the one whose private names we know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nautilus_trader

from engine.errors import VersionError

if TYPE_CHECKING:
    from collections.abc import Iterable

PINNED = "1.231.0"


def verify(owner: type, names: Iterable[str], found: str = nautilus_trader.__version__) -> None:
    """Raise VersionError unless NautilusTrader is the pinned version and this class has these names."""
    missing = [name for name in names if not hasattr(owner, name)]
    if found == PINNED and not missing:
        return
    raise VersionError(
        f"NautilusTrader {PINNED} with {', '.join(names)} in its {owner.__name__}",
        f"NautilusTrader {found}" + (f" without {', '.join(missing)}" if missing else ""),
        f"install nautilus_trader[ib]=={PINNED}, or read engine/private/ against the new source and raise PINNED",
    )


def verify_client(client: object, names: Iterable[str]) -> None:
    """Raise VersionError unless this client, as it was made, has these names."""
    missing = [name for name in names if not hasattr(client, name)]
    if missing:
        raise VersionError(
            "an Interactive Brokers client as in " + PINNED, f"no {', '.join(missing)}", "reinstall the pin"
        )
