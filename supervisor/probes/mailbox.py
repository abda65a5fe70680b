"""The mailbox: what the gateway's own container says of its JVM port, and the way to IBC's five words.

A volume that only gateway and supervisor mount. Each file is written beside and renamed, so that no reader ever sees
half of one.
"""

import json
from pathlib import Path

from supervisor.errors import ActRefused
from supervisor.observation import Ending, Look, Result
from tws.clock import Clock

_ENDINGS = {"ok": Ending.ANSWERED, "refused": Ending.REFUSED, "closed": Ending.CLOSED, "silent": Ending.SILENT}
_POLL = 0.1


class Mailbox:
    """One gateway's mailbox."""

    def __init__(self, directory: Path, clock: Clock, *, stale: float, deadline: float) -> None:
        self._directory = directory
        self._jvm = directory / "jvm"
        self._launcher = directory / "launcher"
        self._clock = clock
        self._stale = stale
        self._deadline = deadline
        self._last_request = 0
        self._written: tuple[float, float] | None = None  # its own stamp, and when that was, on our clock
        self._looked_at = float("-inf")

    def look(self) -> Look:
        """The wrapper's last handshake, stamped with the time at which the wrapper knew what came of it."""
        now = self._clock.monotonic()
        try:
            note = json.loads(self._jvm.read_text())
            written_at = self._written_at(float(note["at"]), now)
            seconds = max(0.0, float(note["at"]) - float(note["asked_at"]))
            ending = _ENDINGS[note["result"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return Look(Result.UNKNOWN, now, 0.0, f"mailbox unreadable: {error}")
        if now - written_at > self._stale:
            why = f"the mailbox was last written {now - written_at:.0f} s ago"
            return Look(Result.FAIL, now, 0.0, why, Ending.STALE)
        result = Result.OK if ending is Ending.ANSWERED else Result.FAIL
        return Look(result, written_at, seconds, str(note.get("detail", "")), ending)

    def _written_at(self, stamp: float, now: float) -> float:
        """The wrapper's wall-clock stamp on our monotonic clock.

        A new stamp was made since the last look, whatever a wall clock that jumped makes of it, and an old one only
        grows older.
        """
        if self._written is None or self._written[0] != stamp:
            by_wall = now - (self._clock.now().timestamp() - stamp)
            self._written = (stamp, min(now, max(by_wall, self._looked_at)))
        self._looked_at = now
        return self._written[1]

    def launcher(self) -> str:
        """The telling lines of the gateway's launcher.log, as the wrapper passes them on."""
        try:
            return self._launcher.read_text("utf-8", "replace")
        except OSError:
            return ""

    async def ask(self, verb: str) -> str:
        """Have the wrapper say `verb` to IBC's command server.

        Returns:
            The reply. For the RECONNECT verbs it is always OK and proves nothing.

        Raises:
            ActRefused: no reply in time, or an ERROR.
        """
        self._last_request = max(self._last_request + 1, int(self._clock.now().timestamp()))
        number = str(self._last_request)
        try:
            beside = self._directory / ".request"
            beside.write_text(f"{number} {verb}\n")
            beside.rename(self._directory / "request")
        except OSError as error:
            raise ActRefused(
                f"expected to write {verb} to the mailbox, found {error}; is the volume mounted?"
            ) from error
        until = self._clock.monotonic() + self._deadline
        while self._clock.monotonic() < until:
            await self._clock.sleep(_POLL)
            try:
                answered, _, reply = (self._directory / "reply").read_text().strip().partition(" ")
            except OSError:
                continue
            if answered == number:
                if "ERROR" in reply:
                    raise ActRefused(f"expected IBC to accept {verb}, found {reply!r}")
                return reply
        raise ActRefused(f"expected a reply to {verb} within {self._deadline:g} s, found none; is the gateway frozen?")
