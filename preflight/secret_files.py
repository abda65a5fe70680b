"""The secrets of a stack: which files they are in, and what may be wrong with those."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from preflight.variables import PLACEHOLDER, one_of_several

CREDENTIALS: Final = ("tws_userid", "tws_password")
_OF_A_TENANT: Final = ("machine_token", "redis_password")
TOKENS: Final = ("operator_token", *_OF_A_TENANT, "grafana_password", "grafana_secret_key")
HASH: Final = "operator_token_hash"
"""What the engine holds of the operator's token: it knows the token when it is shown, and cannot show it elsewhere."""
ALERTMANAGERS: Final = (
    *("email_password", "slack_url", "telegram_token", "pagerduty_key", "alert_webhook_url"),
    "dead_man_url",
)
"""What Alertmanager tells people by; an empty file is a way that is not taken."""
OPTIONAL: Final = ("webhook_url", "unusual_whales_token", *ALERTMANAGERS)
"""Secrets that may stay empty."""


def tokens(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The tokens that a stack has of its own. One of several tenants leaves the others to what all share."""
    return _OF_A_TENANT if one_of_several(variables) else TOKENS


def optional(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets that a stack has of its own and that may stay empty: Alertmanager is what all tenants share."""
    return ("unusual_whales_token",) if one_of_several(variables) else OPTIONAL


type Content = tuple[str, int] | None
"""The text and the permission bits of a file, or None where there is none."""


def read_secrets(root: Path, variables: Mapping[str, str]) -> dict[str, Content]:
    """Every secret file of a stack by its path, as short as it can be; an optional one only where it says something.

    Raises:
        OSError: one is there and cannot be read.
    """
    credentials, own = root / variables["CREDENTIALS_DIR"], root / variables["TOKENS_DIR"]
    wanted = [*(credentials / name for name in CREDENTIALS), *(own / name for name in tokens(variables))]
    given = [
        path for path in (own / name for name in optional(variables)) if path.exists() and path.read_text().strip()
    ]
    return {
        str(path.relative_to(root) if path.is_relative_to(root) else path): _content(path) for path in wanted + given
    }


def _content(path: Path) -> Content:
    if not path.exists():
        return None
    # Bytes, since reading as text would hide the carriage return that some editors end a line with.
    return path.read_bytes().decode(errors="replace"), path.stat().st_mode & 0o777


def secret_faults(files: Mapping[str, Content]) -> list[str]:
    """Say what is wrong with secret files.

    Args:
        files: what is in them, by path. No message repeats a text.
    """
    faults = []
    for path, content in files.items():
        if content is None or not content[0].strip():
            faults.append(
                f"{path}: expected one line, found {'nothing' if content else 'no file'}; write it with an editor"
            )
        elif PLACEHOLDER.fullmatch(content[0].strip()):
            faults.append(f"{path}: expected a value, found the placeholder; replace it")
        elif not _one_line(content[0]):
            faults.append(f"{path}: expected one line without blanks at its ends, found more; write it anew")
        elif content[1] & 0o077:
            faults.append(f"{path}: expected mode 0600, found {content[1]:04o}; run: chmod 600 {path}")
    return faults


def _one_line(text: str) -> bool:
    """A login with a stray character is a wrong one to IBKR, and too many of those lock the account."""
    line = text.removesuffix("\n")
    return line == line.strip() and line.isprintable()
