"""What IBC's command server does and replies, command by command, as IBC 3.24 does."""

import datetime as dt
import math
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.command_server import Reply
from gateway.simulator.jvm import Jvm
from gateway.simulator.login_state import Exit, Phase
from gateway.simulator.narrate import CLOSES, QUITS, RULE, echo
from gateway.simulator.nightly import Nights

_RESTART_SOON = 0.05
"""Between the acknowledged RESTART and the end of the sessions, where nothing waits for the full minute."""
_MINUTE = 60.0
_TOO_LATE = 58.0
"""Seconds into a minute from which IBC takes the minute after the next one."""
_BEFORE_WINDOW = (Phase.BOOTING, Phase.RESTARTING)


class Commands:
    """IBC's side of the command server, on the process of the moment."""

    def __init__(
        self,
        gateway: Gateway,
        jvm: Jvm,
        nights: Nights,
        say: Callable[[str], None],
        reconnect: Callable[[Literal["data", "account"]], None],
    ) -> None:
        """`say` writes to IBC's log; `reconnect` is called when IBC presses the keys of a reconnection."""
        self._gateway = gateway
        self._jvm = jvm
        self._nights = nights
        self._say = say
        self._reconnect = reconnect
        self._zone = ZoneInfo(gateway.settings.time_zone)

    def obey(self, line: str) -> Reply:
        """Do what IBC's command server would, and return its reply."""
        match line.upper():
            case "EXIT":
                return Reply(("OK Goodbye",), closes=True)
            case "STOP":
                return self._stop()
            case "RESTART" | "PAUSE" as verb:
                return self._restart(verb)
            case "RECONNECTDATA" | "RECONNECTACCOUNT" as verb:
                if self._jvm.phase in _BEFORE_WINDOW:
                    return Reply(())  # there is no window to send keys to, and IBC's thread dies of it
                self._reconnect("data" if verb == "RECONNECTDATA" else "account")
                return Reply(("OK ",))
            case "ENABLEAPI":
                return Reply(("ERROR ENABLEAPI is not valid for the IB Gateway",))
            case _:
                echo(RULE)
                self._say(f"CommandServer: invalid command received: {line}")
                echo(RULE)
                return Reply(("ERROR Command invalid",))

    def _stop(self) -> Reply:
        if self._jvm.stopping:
            self._say("STOP already in progress")
            return Reply(("ERROR STOP already in progress",), closes=True)
        self._jvm.stopping = True
        self._say(CLOSES if self._jvm.phase is Phase.SERVING else QUITS)
        self._jvm.end(Exit(0))
        return Reply(("OK Shutting down: STOP command",), closes=True)

    def _restart(self, verb: str) -> Reply:
        """RESTART and PAUSE: both set the gateway's own restart to the next minute and let it do the rest."""
        self._say(f"RestartTask: pauseOnly = {str(verb == 'PAUSE').lower()}")
        self._say(f"RestartTask: verb = {verb}")
        if self._jvm.restart_at < math.inf:
            self._say(f"{verb} already in progress")
            return Reply((f"ERROR {verb} already in progress",), closes=True)
        host = self._gateway.host
        now = host.now()
        wait = _RESTART_SOON
        if self._gateway.profile.restart_at_minute:
            into = now.second + now.microsecond / 1e6
            wait = _MINUTE - into + (_MINUTE if into >= _TOO_LATE else 0.0)
        self._jvm.restart(host.monotonic() + wait, pausing=verb == "PAUSE")
        text = f"{(now + dt.timedelta(seconds=wait)).astimezone(self._zone):%I:%M %p}"
        self._say(f"Setting auto-restart time to {text}")
        if self._gateway.profile.restart_at_minute and not self._gateway.settings.auto_restart_time:
            self._nights.carry(text)
        return Reply((f"OK {verb} in progress", f"OK {verb} at {text}"), closes=True)
