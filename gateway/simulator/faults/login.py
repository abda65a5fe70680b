"""Faults of the login: what IBKR and its user answer to it, from the next one on."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from gateway.simulator.faults.fault import Fault, flag, number, text
from gateway.simulator.login_state import REFUSED, Phase, Script


def _now() -> bool:
    made: bool = flag(True, "whether a gateway that serves is made to log in again at once")
    return made


@dataclass(kw_only=True, eq=False)
class _LoginFault(Fault):
    """Changes the script that the next login follows."""

    at_once: bool = _now()
    before: Script = field(init=False)

    def changes(self) -> dict[str, Any]:
        """What is different in the script."""
        raise NotImplementedError

    async def begin(self) -> None:
        lifecycle = self.site.lifecycle
        self.before = lifecycle.script
        lifecycle.script = dataclasses.replace(lifecycle.script, **self.changes())
        if self.at_once and lifecycle.phase is Phase.SERVING:
            self.show()

    def show(self) -> None:
        """Make it bite on a gateway that serves."""
        self.site.lifecycle.log_in_again()

    def end(self) -> None:
        lifecycle = self.site.lifecycle
        restored = {name: getattr(self.before, name) for name in self.changes()}
        lifecycle.script = dataclasses.replace(lifecycle.script, **restored)


@dataclass(kw_only=True, eq=False)
class SlowBoot(_LoginFault):
    """The gateway takes its time until it shows its login window."""

    name = "slow-boot"

    seconds: float = number(60.0, "machine seconds more than the profile's")

    def changes(self) -> dict[str, Any]:
        return {"slow_boot": self.seconds}


@dataclass(kw_only=True, eq=False)
class SlowLogin(_LoginFault):
    """A login whose password was taken does not come through: a window that nobody knows stands in its way."""

    name = "slow-login"

    seconds: float = number(60.0, "machine seconds more than the profile's")

    def changes(self) -> dict[str, Any]:
        return {"slow_login": self.seconds}


@dataclass(kw_only=True, eq=False)
class TwofaNever(_LoginFault):
    """A login needs its push approved, and nobody does; or none can be sent any more."""

    name = "twofa-never"

    answer: str = text("none", "none: the push is not answered; refused: IBKR sends no more of them", "none", "refused")

    def changes(self) -> dict[str, Any]:
        return {"twofa": math.inf if self.answer == "none" else REFUSED}


@dataclass(kw_only=True, eq=False)
class BadPassword(_LoginFault):
    """IBKR does not take the password."""

    name = "bad-password"

    verdict: str = text("wrong", "in which of the two dialogs it says so", "wrong", "unrecognized")

    def changes(self) -> dict[str, Any]:
        return {"credentials": self.verdict}

    def end(self) -> None:
        super().end()
        self.site.lifecycle.forgive()


@dataclass(kw_only=True, eq=False)
class ExistingSession(_LoginFault):
    """Another session of the same user is there, or comes while this one serves."""

    name = "existing-session"

    other: str = text("insists", "what the other one does when this one goes on", "yields", "insists")

    def changes(self) -> dict[str, Any]:
        return {"competing": self.other}

    def show(self) -> None:
        self.site.lifecycle.compete()


@dataclass(kw_only=True, eq=False)
class TokenEnd(Fault):
    """The week's tokens end: the next start needs a full login, as on Sundays at 01:00 in New York."""

    name = "token-end"
    momentary = True

    async def begin(self) -> None:
        self.site.lifecycle.spend_token()
