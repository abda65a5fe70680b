"""`make gateway-setup`: the settings of the gateway that no file can set, made once by hand in its own window.

The gateway of a stack that is up is started anew with its screen on the loopback address; a person clicks; the
preflight says when it is right; then the gateway ends with its settings saved and its token kept, and comes back
without a screen. With BY_API=1 it is told over its API instead, where its server version has a word for it.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from preflight.errors import CouldNotAsk
from preflight.report import Report, Verdict
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.plan import OTHER_IMAGE, rendered
from tws.clock import Clock

CHECKS: Final = ("utc", "read-only")
WITHIN_SECONDS: Final = 1800.0
BY_API_WITHIN_SECONDS: Final = 300.0
"""Nobody clicks: a gateway that took the setting acts so at once or not at all. A start takes it a minute or two."""
ASK_EACH_SECONDS: Final = 5.0
PAUSED_WITHIN_SECONDS: Final = 60.0
"""A gateway that has just answered the preflight is READY for the supervisor a little later."""

HOW: Final = """
  1. Open a VNC viewer on {address}, password: {password}   (macOS: open vnc://{address})
     From another machine: ssh -L {port}:{address} THIS-MACHINE first. The login takes about a minute.
  2. In the gateway's window: Configure > Settings > API > Settings.
  3. "Send instrument-specific attributes for dual-mode API client in": choose "UTC format".
  4. "Read-Only API" is set at each login as READ_ONLY_API={read_only} says; leave it.
  5. Apply, OK. Leave the window open: this command sees it, has it saved and closes it.
"""
RIGHT: Final = "The settings are right and kept in the volume."
UNTOLD: Final = "The settings are not right; nothing was changed. With the gateway's window: make gateway-setup"
IDLE: Final = "The gateway took the setting and does not act so. With its window: make gateway-setup"
LOST: Final = "The setting was taken and is lost since the gateway started anew. With its window: make gateway-setup"
HELD: Final = "The gateway waits at a hold, since the supervisor did not lift it. Do so: make resume"
UNASKED: Final = "expected the supervisor to keep its hands off, found that it cannot be asked; see above"
WRONG: Final = "The settings are not right yet, and the screen is closed. Once more: make gateway-setup"
UNSAVED: Final = (
    "The settings are right, but the gateway did not end by itself and may have saved nothing; look with make preflight"
)


class Setup:
    """One tenant's stack, while its gateway shows its screen."""

    def __init__(
        self,
        given: Mapping[str, str | None],
        file: Path,
        *,
        start: Callable[[Path | None], None],
        ask: Callable[[], Awaitable[Report]],
        supervisor: Callable[..., bool],
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        """What it needs of the world.

        Args:
            given: the stack's variables; none where no stack is up.
            file: where the variables of the screen may be written, for as long as it is there.
            start: makes the gateway's container anew, with a file of more variables or without.
            ask: the preflight of CHECKS. Raises CouldNotAsk.
            supervisor: says a command of `supervisor.cli`; whether the answer was yes.
            clock: the clock.
            say: tells the person.

        Raises:
            SettingsRefused: there is no such gateway, or none that has a screen of ours.
        """
        if not given:
            raise SettingsRefused("expected a stack that is up, found none; `make up PAPER=1` first")
        if given["MODE"] == "sim":
            raise SettingsRefused(
                "expected PAPER=1 or LIVE=1, found the stand-in, which has no window: SIM_TIME_FORMAT"
            )
        if "compose/external.yaml" in (given["COMPOSE_FILE"] or ""):
            raise SettingsRefused("expected a gateway of this stack, found an external one: set it where it runs")
        if OTHER_IMAGE in (given["GATEWAY_IMAGE"] or ""):
            raise SettingsRefused("expected gnzsnz's image, found extrange's, whose screen has no password")
        self._given = given
        self._file = file
        self._start = start
        self._ask = ask
        self._supervisor = supervisor
        self._clock = clock
        self._say = say

    async def run(self, port: int) -> bool:
        """Show the screen on that port, wait, save, close. Returns whether the settings are right and kept.

        Raises:
            RuntimeTrouble: the supervisor or Docker did not take it; the screen is gone.
        """
        if not self._supervisor("pause", "--for", "1h", "--reason", "make gateway-setup"):
            raise RuntimeTrouble(UNASKED)
        password = secrets.token_urlsafe(6)  # VNC reads eight letters
        more = {
            "COMPOSE_FILE": os.pathsep.join([self._given["COMPOSE_FILE"] or "", "compose/gateway-setup.yaml"]),
            "VNC_SERVER_PASSWORD": password,
            "HOST_PORT_VNC": str(port),
        }
        self._file.touch(0o600)
        self._file.write_text(rendered(more))
        right = kept = False
        try:
            self._start(self._file)
            read_only = self._given["READ_ONLY_API"]
            self._say(HOW.format(address=f"127.0.0.1:{port}", password=password, port=port, read_only=read_only))
            right = await self._are_right(WITHIN_SECONDS)
            kept = right and await self._are_kept()
        finally:
            self._file.unlink(missing_ok=True)
            self._start(None)
            self._supervisor("resume")
        self._say(RIGHT if kept else UNSAVED if right else WRONG)
        return kept

    async def by_api(self, tell: Callable[[], bool]) -> bool:
        """Without a screen: have the gateway told, see that it acts so, have it saved, and see it again after a start.

        Args:
            tell: has the gateway told over its API, which takes server version 221; whether it took it.

        Raises:
            RuntimeTrouble: the supervisor did not take it.
        """
        if not self._supervisor("pause", "--for", "1h", "--reason", "make gateway-setup"):
            raise RuntimeTrouble(UNASKED)
        told = acts = kept = resumed = False
        try:
            told = await asyncio.to_thread(tell)
            acts = told and await self._are_right(BY_API_WITHIN_SECONDS)
            kept = acts and await self._are_kept()
        finally:
            resumed = self._supervisor("resume")
        holds = kept and resumed and await self._are_right(BY_API_WITHIN_SECONDS)
        if not resumed:
            self._say(HELD)
        else:
            self._say(RIGHT if holds else LOST if kept else UNSAVED if acts else IDLE if told else UNTOLD)
        return holds

    async def _are_right(self, within: float) -> bool:
        """Until the preflight finds the settings right; says what it found whenever that changes."""
        until = self._clock.monotonic() + within
        told = ""
        while self._clock.monotonic() < until:
            try:
                report = await self._ask()
            except CouldNotAsk as error:
                found = f"waiting for the gateway ({str(error).splitlines()[0]})"
            else:
                if report.verdict is Verdict.GO:
                    return True
                found = "; ".join(f"{check.name}: {check.found or check.result}" for check in report.checks)
            if found != told:
                self._say(f"    {found}")
                told = found
            await self._clock.sleep(ASK_EACH_SECONDS)
        return False

    async def _are_kept(self) -> bool:
        """The gateway ends from inside, which saves, with the token kept, so that the screen's end costs no login."""
        until = self._clock.monotonic() + PAUSED_WITHIN_SECONDS
        while not await asyncio.to_thread(self._supervisor, "pause-gateway", "--force"):
            if self._clock.monotonic() >= until:
                return False
            await self._clock.sleep(ASK_EACH_SECONDS)
        return True
