"""The token of a session, as a file in the settings folder: written by a soft restart, good for one start.

A real one is encrypted and lies in a folder named after the user. This one says in plain words until when it is good.
"""

import datetime as dt
from pathlib import Path

_NAME = "autorestart"


class Tokens:
    """The autorestart files of one settings folder."""

    def __init__(self, settings_dir: Path, user: str) -> None:
        self._top = settings_dir
        self._folder = settings_dir / f"standin-{user or 'user'}"

    def found(self) -> tuple[str, ...]:
        """Paths of all there are, one folder down, where IBC's script looks for them."""
        return tuple(sorted(str(path) for path in self._top.glob(f"*/{_NAME}")))

    def write(self, good_until: dt.datetime) -> None:
        """Leave a token for the next start."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / _NAME).write_text(f"{good_until.isoformat()}\n")

    def good_until(self) -> dt.datetime | None:
        """Until when this user's token is good, None if there is none that can be read."""
        try:
            return dt.datetime.fromisoformat((self._folder / _NAME).read_text().strip())
        except (OSError, ValueError):
            return None

    def discard(self) -> None:
        """Remove every token: it has been used, or nobody can tell which is the right one."""
        for path in self._top.glob(f"*/{_NAME}"):
            path.unlink(missing_ok=True)
