"""The secrets of a stack: which files they are in, and what may be wrong with those."""

from collections.abc import Mapping
from typing import Final

from preflight.variables import PLACEHOLDER

CREDENTIALS: Final = ("tws_userid", "tws_password")
TOKENS: Final = ("operator_token", "machine_token", "redis_password")
OPTIONAL: Final = ("webhook_url",)
"""Secrets that may stay empty."""


def secret_faults(files: Mapping[str, tuple[str, int] | None]) -> list[str]:
    """Say what is wrong with secret files.

    Args:
        files: by path, the text and the permission bits, or None where there is no file. No message repeats a text.
    """
    faults = []
    for path, content in files.items():
        if content is None or not content[0].strip():
            faults.append(
                f"{path}: expected one line, found {'nothing' if content else 'no file'}; write it with an editor"
            )
        elif PLACEHOLDER.fullmatch(content[0].strip()):
            faults.append(f"{path}: expected a value, found the placeholder; replace it")
        elif content[1] & 0o077:
            faults.append(f"{path}: expected mode 0600, found {content[1]:04o}; run: chmod 600 {path}")
    return faults
