"""The login ledger and the hold: what the gateway's wrapper has written down, and the one word that stops it.

Two volumes, each with one writer. The wrapper alone writes the ledger, so nothing here can forget a login; the hold is
ours alone, so nothing that logs in can lift it. What is on a disk may be torn or foreign: that is never an exception.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from supervisor.errors import ActRefused
from supervisor.observation import LedgerView, Look, Result, Turn
from supervisor.policy import Budget
from tws.clock import Clock

_TAIL = 65_536  # bytes of the ledger that are read: some thousand logins
_EPOCH = re.compile(rb"^[ \t]*([1-9][0-9]{8,9})(?=[ \t\n]|\Z)(?:[ \t]+(host-boot)\b)?", re.MULTILINE)
_FRESH = 10.0  # the wrapper writes each second while it waits
_LONGEST_REASON = 200


class Ledger:
    """One gateway's ledger."""

    def __init__(self, ledger: Path, hold: Path, mailbox: Path, budget: Budget, clock: Clock) -> None:
        """The three volumes, each as its folder."""
        self._attempts = ledger / "attempts"
        self._hold = hold / "hold"
        self._turn = hold / "turn"
        self._note = mailbox / "ledger"
        self._budget = budget
        self._clock = clock

    def look(self) -> LedgerView:
        """Read it. UNKNOWN when a volume is not there; FAIL when the wrapper says that it cannot use its own."""
        now, wall = self._clock.monotonic(), self._clock.now().timestamp()
        try:
            logins = self._logins(wall)
            hold = self._reason()
        except OSError as error:
            return LedgerView(Look(Result.UNKNOWN, now, 0.0, f"the ledger cannot be read: {error}"))
        attempts = tuple(now - (wall - at) for at, _ in logins)
        free_at = self._budget.free_at(attempts, now)
        state, reason, asks = self._wrappers_word(wall)
        broken = state in ("unusable", "blind")
        return LedgerView(
            Look(Result.FAIL if broken else Result.OK, now, 0.0, reason if broken else ""),
            attempts,
            hold,
            free_at if hold is None else None,
            waiting=state not in (None, "open"),
            host_boot=bool(logins) and logins[-1][1],
            asks=asks if state == "turn" else None,
        )

    def hold(self, reason: str) -> None:
        """Let nobody log in, whoever starts the gateway. A hold that is there keeps its reason.

        Raises:
            ActRefused: it cannot be written.
        """
        line = "".join(letter for letter in reason if letter.isprintable())[:_LONGEST_REASON]
        try:
            if self._hold.exists():
                return
            beside = self._hold.with_name(".hold")
            beside.write_text(f"{line}\n")
            beside.rename(self._hold)
        except OSError as error:
            raise ActRefused(f"expected to write {self._hold}, found {error}; is the volume mounted?") from error

    def lift(self) -> str | None:
        """Let people and machines log in again, as far as the ledger allows.

        Returns:
            Why there was a hold, or None if there was none.

        Raises:
            ActRefused: it cannot be removed.
        """
        try:
            reason = self._reason()
            self._hold.unlink(missing_ok=True)
        except OSError as error:
            raise ActRefused(f"expected to remove {self._hold}, found {error}; is the volume mounted?") from error
        return reason

    def answer(self, asks: str | None, turn: Turn, now: float) -> None:
        """Tell the wrapper whether it is its turn. One that asks is told anew each time: so it sees that we live.

        What cannot be written is not told, and then the wrapper goes on after a minute.
        """
        line = "ask first"
        if asks is not None:
            line = f"go {asks}" if turn.granted else f"wait {now:.0f} {turn.words}"
        with suppress(OSError):
            if not self._turn.exists() or self._turn.read_text() != f"{line}\n":
                beside = self._turn.with_name(".turn")
                beside.write_text(f"{line}\n")
                beside.rename(self._turn)

    def take_no_turns(self) -> None:
        """Let logins begin without asking."""
        with suppress(OSError):
            self._turn.unlink(missing_ok=True)

    def _logins(self, wall: float) -> list[tuple[int, bool]]:
        """When logins were made, oldest first, and whether by the machine's boot; those that still count.

        A line that does not begin with an epoch is none of the wrapper's. What lies further ahead than any window was
        written by a clock that was wrong.
        """
        try:
            with self._attempts.open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - _TAIL))
                text = file.read().replace(b"\0", b"")
        except FileNotFoundError:
            self._attempts.parent.stat()
            return []
        logins = ((int(epoch), bool(boot)) for epoch, boot in _EPOCH.findall(text))
        return sorted(login for login in logins if abs(wall - login[0]) < self._budget.longest)

    def _reason(self) -> str | None:
        try:
            text = self._hold.read_text("utf-8", "replace")
        except FileNotFoundError:
            self._hold.parent.stat()
            return None
        line = "".join(letter for letter in text.partition("\n")[0] if letter.isprintable()).strip()
        return line[:_LONGEST_REASON] or "for a reason that cannot be read"

    def _wrappers_word(self, wall: float) -> tuple[str | None, str, str]:
        """What the wrapper waits for, why, and the mark of its question; None when it has not said so just now."""
        try:
            note = json.loads(self._note.read_text())
            fresh = wall - float(note["at"]) < _FRESH
            return (str(note["state"]) if fresh else None), str(note["reason"]), str(note.get("asks", ""))
        except (OSError, ValueError, KeyError, TypeError):
            return None, "", ""


def explain(view: LedgerView, budget: Budget, now: float, wall: Callable[[float], float]) -> str:
    """What the ledger says, in one sentence. `wall` turns monotonic seconds into epoch seconds."""
    if view.look.result is Result.UNKNOWN:
        return view.look.why
    if view.hold is not None:
        return f"logins are on hold: {view.hold}; `make resume` or `make login` lifts it"
    if view.look.result is Result.FAIL:
        return f"nobody can log in: {view.look.why}"
    if view.next_at is not None and view.next_at > now:
        until = datetime.fromtimestamp(wall(view.next_at), UTC)
        return f"the logins are spent, {len(view.attempts)} lately; the next one at {until:%Y-%m-%d %H:%M:%S} UTC"
    left = budget.left(view.attempts, now)
    return f"{left} login{'' if left == 1 else 's'} left"
