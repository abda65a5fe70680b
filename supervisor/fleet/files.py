"""`tenants/<name>.toml`: a file for each of several tenants. None of them: one tenant, as `.env` says.

A file has the names of `.env`, in small letters. Nothing of `.env` or the shell is mixed in but what is this machine's:
no account, hour or host of one tenant becomes another's.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, get_args

from preflight.variables import OWN, PASSED_ON, PORTS, SHARED_PORTS
from supervisor.errors import SettingsRefused
from supervisor.plan import Mode

FOLDER: Final = "tenants"
HOUSE: Final = "house"
"""The name of what all tenants share, which none of them may have."""
OF_THE_MACHINE: Final = frozenset(("DOCKER_SOCKET", "DOCKER_GID", "BUILD_NETWORK"))
OF_THE_HOUSE: Final = frozenset(
    (
        *("EMAIL_TO", "EMAIL_FROM", "EMAIL_USER", "EMAIL_SERVER", "TELEGRAM_CHAT_ID"),
        *SHARED_PORTS,
        "LOGINS_AT_ONCE",
    )
)
"""What all tenants share."""
OF_A_TENANT: Final = frozenset(("MODE", "NODE", *OWN, *PASSED_ON, *PORTS)) - OF_THE_MACHINE - OF_THE_HOUSE - {"TENANT"}
"""What a tenant's file may say."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")


def names(root: Path) -> list[str]:
    """The tenants that have a file, by name; none where there is one tenant."""
    return sorted(path.stem for path in (root / FOLDER).glob("*.toml"))


def read(root: Path, name: str) -> dict[str, str]:
    """What one tenant's file says, by the names and in the words of `.env`.

    Raises:
        SettingsRefused: every fault of the file, one a line.
    """
    path = root / FOLDER / f"{name}.toml"
    where = path.relative_to(root)
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"{where}: expected TOML, found {error}") from error
    if faults := [f"{where}: {fault}" for fault in _faults(name, table)]:
        raise SettingsRefused("\n".join(faults))
    return {key.upper(): _text(value) for key, value in table.items()}


def mode(root: Path, name: str) -> Mode:
    """Which world a tenant is in. Raises: SettingsRefused."""
    said = read(root, name)["MODE"]
    return next(known for known in get_args(Mode) if known == said)


def _faults(name: str, table: Mapping[str, object]) -> Iterable[str]:
    if not _NAME.fullmatch(name) or name == HOUSE:
        yield f"expected a name of small letters, digits and dashes, and not {HOUSE!r}, found {name!r}; rename it"
    for key, value in table.items():
        if key.upper() in OF_THE_HOUSE | OF_THE_MACHINE:
            yield f"{key}: expected in .env, since all tenants share it; move it there"
        elif key.upper() not in OF_A_TENANT or key != key.lower():
            yield f"{key}: expected a setting of .env in small letters, found another name"
        elif not isinstance(value, str | bool | int | float | list):
            yield f"{key}: expected a text, a number, a list, true or false, found {type(value).__name__}"
    if table.get("mode") not in get_args(Mode):
        found = table.get("mode", "nothing")
        yield f"mode: expected {', '.join(get_args(Mode))}, found {found}"
    account = str(table.get("ib_account", "DUSIM"))
    if table.get("mode") == "sim" and not account.startswith("DUSIM"):
        # In .env it may stand for another mode; a tenant has one.
        yield f"ib_account: expected none in sim, or a stand-in's, which starts with DUSIM, found {account}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value) if isinstance(value, list) else str(value)
