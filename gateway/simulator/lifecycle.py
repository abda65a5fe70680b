"""From process start to an open API, and how it ends: the thin machinery around `login` and IBC's start script.

One container runs one gateway process after another: IBC's script decides after each whether there is a next one.
Durations are the machine's; the calendar (nightly restart, Sundays, the week of a token) is the world's.
"""

import asyncio
import datetime as dt
import math
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.simulator import ibc_script, login, nightly
from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.server import ApiServer
from gateway.simulator.autorestart import Tokens
from gateway.simulator.broker.store import Store
from gateway.simulator.command_server import CommandServer, Reply
from gateway.simulator.ibc_script import Decision, Next
from gateway.simulator.launcher_log import LauncherLog
from gateway.simulator.login_state import (
    REFUSED,
    Exit,
    Ibc,
    Launcher,
    Phase,
    Pushed,
    Raw,
    Rules,
    Script,
    Step,
    TokenSpent,
)
from gateway.simulator.narrate import echo, say
from gateway.simulator.settings import Settings

_RESTART_SOON = 0.05
"""Between the acknowledged RESTART and the end of the sessions, where nothing waits for the full minute."""
_MINUTE = 60.0
_TOO_LATE = 58.0
"""Seconds into a minute from which IBC takes the minute after the next one."""
_INVALID_SETTING = 1105 % 256
_BEFORE_WINDOW = (Phase.BOOTING, Phase.RESTARTING)


class Lifecycle:
    """One run of the container."""

    def __init__(self, gateway: Gateway, server: ApiServer, store: Store) -> None:
        settings = gateway.settings
        self._gateway = gateway
        self._server = server
        self._store = store
        self._zone = ZoneInfo(settings.time_zone)
        self._rules = rules(gateway)
        self._log = LauncherLog(settings.launcher_log, self._zone)
        self._tokens = Tokens(settings.settings_dir, settings.user)
        self._command_server = CommandServer(settings.command_port, self._command, self._say)
        self._first = first_script(settings)
        self.script: Script = self._first
        """What the next login will meet. Replace it to change that."""
        self.boot_id = uuid.uuid4().hex
        self.started_at = gateway.host.now()
        self.phase = Phase.BOOTING
        self._login = login.begin(self._rules, self.script, gateway.host.monotonic(), warm=False).login
        self._good_until = nightly.token_end(gateway.now())
        self._soft_restart_at = math.inf
        self._pausing = False
        self._stopping = False
        self._end: Exit | None = None
        """Why the process is to end, once something outside the login says so."""
        self._competing = False
        self._changed = asyncio.Event()
        self._served = asyncio.Event()
        self._restarts_daily = self._restart_time()
        self._tell: list[Callable[[], None]] = []
        self._reconnected: list[Callable[[Literal["data", "account"]], None]] = []
        self._work: list[asyncio.Task[None]] = []
        self.finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The container's exit code, once it is to end."""

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def logins(self) -> int:
        """Full logins ever made with this record."""
        return self._count("logins")

    @property
    def pushes(self) -> int:
        """Pushes ever sent to a phone with this record."""
        return self._count("pushes")

    @property
    def has_token(self) -> bool:
        """Whether the next start could do without a login."""
        return len(self._tokens.found()) == 1

    @property
    def at_once(self) -> bool:
        """Whether a start takes no time and needs nobody."""
        return self.script == Script() and not (self._rules.boot or self._rules.login)

    @property
    def command_port(self) -> int:
        return self._command_server.port

    # -- being told ------------------------------------------------------------------------------------------------

    def when_restarted(self, call: Callable[[], None]) -> None:
        """Have something called whenever a process has ended and another one begins."""
        self._tell.append(call)

    def when_reconnected(self, call: Callable[[Literal["data", "account"]], None]) -> None:
        """Have something called whenever IBC presses the keys of RECONNECTDATA or RECONNECTACCOUNT."""
        self._reconnected.append(call)

    # -- acting ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Boot, log in, open the API. Returns when clients can come, or when there will be no gateway.

        Raises:
            PortTaken: a port is not free.
        """
        loop = asyncio.get_running_loop()
        self._work.append(loop.create_task(self._run()))
        self._work.append(loop.create_task(self._calendar()))
        served = loop.create_task(self._served.wait())
        try:
            await asyncio.wait((served, self.finished), return_when=asyncio.FIRST_COMPLETED)
        finally:
            served.cancel()
        if self.finished.done():
            self.finished.result()

    def approve(self) -> bool:
        """Approve the pending push; False if none is pending."""
        return self._answer(approved=True)

    def refuse(self) -> bool:
        """Turn the pending push down; False if none is pending."""
        return self._answer(approved=False)

    def forgive(self) -> None:
        """IBKR forgets the logins that it refused, and lets the next one try at once."""
        self._store.set("login_failures", "0")

    def log_in_again(self) -> None:
        """End the process and start one that needs a full login."""
        self._end = Exit(0, cold=True)
        self._changed.set()

    def compete(self) -> None:
        """Another session takes the login while we serve."""
        self._competing = True
        self._changed.set()

    def spend_token(self) -> None:
        """What Sunday 01:00 in New York does: this week's tokens are worth nothing from now on."""
        self._good_until = self._gateway.now()
        if self.has_token:
            self._tokens.write(self._good_until)

    async def die(self) -> None:
        """The JVM ends without its container: API and command server are gone for good."""
        await self.close()
        self.phase = Phase.JVM_DEAD

    def finish(self, code: int) -> None:
        """End the container with that exit code."""
        if not self.finished.done():
            self.finished.set_result(code)

    async def close(self) -> None:
        """Close what is open."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        self._work.clear()
        await self._command_server.close()
        await self._server.close()

    # -- processes, one after another ------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._processes()
        except Exception as error:
            if not self.finished.done():
                self.finished.set_exception(error)

    async def _processes(self) -> None:
        if self._cold_restart_unreadable():
            return
        decision = ibc_script.at_start(self._tokens.found())
        self._follow(decision)
        while True:
            ended = await self._process(warm=decision.next is Next.WARM)
            decision = ibc_script.after(
                ended.code,
                ended.cold,
                self._pausing,
                self._tokens.found(),
                self._gateway.settings.twofa_timeout_action,
            )
            self._follow(decision)
            if decision.next in (Next.PAUSE, Next.LEAVE):
                self.phase = Phase.PAUSED if decision.next is Next.PAUSE else Phase.ENDED
                self.finish(ended.code)
                return
            for call in self._tell:
                call()
            warm = decision.next is Next.WARM
            gap = self._rules.gap if warm else self._gateway.profile.relaunch
            await self._gateway.host.sleep(gap)

    def _follow(self, decision: Decision) -> None:
        for line in decision.lines:
            echo(line)
        if len(self._tokens.found()) > 1:
            self._tokens.discard()

    async def _process(self, warm: bool) -> Exit:
        """One process of the gateway, from its start to its end."""
        self.phase = Phase.BOOTING
        self._soft_restart_at, self._stopping, self._pausing, self._end = math.inf, False, False, None
        self._log.begin(self._gateway.host.now())
        await self._command_server.open()
        counted = warm
        if warm:
            self._good_until = self._tokens.good_until() or self._gateway.now()
        failures, released = self._count("login_failures"), self._released()
        step = login.begin(self._rules, self.script, self._host(), warm, failures, released)
        while True:
            ended = self._show(step)
            if ended is None and step.login.phase is Phase.LOGGED_IN and not self._server.is_open:
                if not counted:
                    counted = True
                    self._good_until = nightly.token_end(self._gateway.now())
                    self._store.set("logins", str(self.logins + 1))
                await self._serve()
            ended = ended or await self._next_event()
            if ended is not None:
                break
            if self._competing:
                self._competing = False
                step = login.compete(self._login, self._rules, self._host())
                await self._server.close()
            else:
                at = self._gateway.host.now().astimezone(self._zone)
                good = self._gateway.now() < self._good_until
                due = min(self._login.wakes, self._host())  # a late wake-up delays nothing that follows
                step = login.go_on(self._login, self._rules, self._told(), due, at, good)
        self.phase = Phase.RESTARTING
        await self._command_server.close()
        await self._server.close()
        return ended

    async def _serve(self) -> None:
        await self._server.open()
        self._configure()
        self.phase = Phase.SERVING
        self._served.set()

    async def _next_event(self) -> Exit | None:
        """Wait for whatever comes next; an Exit if the process ends by it."""
        while True:
            if self._end is not None:
                return self._end
            if self.phase is Phase.SERVING:
                if self._host() >= self._soft_restart_at:
                    self._tokens.write(self._good_until)
                    return Exit(0)
                if self._competing:
                    return None
                due = self._soft_restart_at
            else:
                self._competing = False
                due = self._login.wakes
                if self._host() >= due:
                    return None
            await self._sleep(due - self._host())

    async def _sleep(self, seconds: float) -> None:
        """Until so much time has passed, or something has changed."""
        loop = asyncio.get_running_loop()
        changed = loop.create_task(self._changed.wait())
        waits: list[asyncio.Task[object]] = [changed]
        if seconds < math.inf:
            waits.append(loop.create_task(self._gateway.host.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        self._changed.clear()

    def _show(self, step: Step) -> Exit | None:
        """Make a step's effects visible; the one that ends the process comes back."""
        self._login, self.phase = step.login, step.login.phase
        if step.login.failures != self._count("login_failures"):
            self._store.set("login_failures", str(step.login.failures))
            wait = dt.timedelta(seconds=max(step.login.released - self._host(), 0.0))
            self._store.set("throttled_until", (self._gateway.host.now() + wait).isoformat())
        ended: Exit | None = None
        for effect in step.effects:
            match effect:
                case Ibc(text):
                    self._say(text)
                case Raw(text):
                    echo(text)
                case Launcher(text):
                    self._log.write(self._gateway.host.now(), text)
                case Pushed():
                    self._store.set("pushes", str(self.pushes + 1))
                case TokenSpent():
                    self._tokens.discard()
                case Exit():
                    ended = effect
        return ended

    def _released(self) -> float:
        """When the wait is over that IBKR may have put on this login, by the machine's monotonic clock."""
        until = self._store.get("throttled_until")
        left = dt.datetime.fromisoformat(until) - self._gateway.host.now() if until else dt.timedelta()
        return self._host() + left.total_seconds()

    def _told(self) -> Script:
        """The script, with a human's time to answer drawn where the setting leaves it to the profile."""
        if self.script is not self._first or self._gateway.settings.twofa != "answered":
            return self.script
        drawn = random.Random(f"{self._gateway.settings.seed}/push/{self.pushes}")  # noqa: S311
        return replace(self.script, twofa=drawn.uniform(*self._gateway.profile.twofa))

    def _answer(self, approved: bool) -> bool:
        if self.phase is not Phase.CHALLENGE:
            return False
        self._login = login.answer(self._login, approved, self._host())
        self._changed.set()
        return True

    # -- IBC's settings and calendar -------------------------------------------------------------------------------

    def _configure(self) -> None:
        """What IBC clicks after the login."""
        settings = self._gateway.settings
        self._say("Setting ReadOnlyApi")
        self._say(f"Read-Only API checkbox is now set to: {str(settings.read_only).lower()}")
        for name, text in (("Auto restart", settings.auto_restart_time), ("Auto logoff", settings.auto_logoff_time)):
            if not text:
                continue
            if name == "Auto logoff" and settings.auto_restart_time:
                self._say("AutoLogoffTime is ignored because AutoRestartTime is also set")
            elif _time_of(text) is None:
                example = 'for example "09:30 AM" or "04:00 PM"'
                echo("!" * 79)
                self._say(f"{name} time setting must be hh:mm AM or hh:mm PM, {example}")
                echo("!" * 79)
            else:
                self._say(f"{name} time set to {text}")
        self._say("Configuration tasks completed")

    def _cold_restart_unreadable(self) -> bool:
        text = self._gateway.settings.cold_restart_time
        if not text or _sunday_time(text) is not None:
            return False
        echo("!" * 79)
        self._say(f"Invalid ColdRestartTime setting: '{text}'; format should be: <hh:mm>   eg 13:00")
        echo("!" * 79)
        self._say("Exiting after error with exit code=1105")
        self.phase = Phase.ENDED
        self.finish(_INVALID_SETTING)
        return True

    def _restart_time(self) -> dt.time | None:
        """IBC's setting, or what an earlier RESTART left in the gateway's own settings."""
        return _time_of(self._gateway.settings.auto_restart_time or self._store.get("auto_restart_time") or "")

    def _carry(self, text: str) -> None:
        """The time that a RESTART set stays set: from now on the gateway restarts at it every day."""
        self._store.set("auto_restart_time", text)
        self._restarts_daily = self._restart_time()
        self._work.append(asyncio.get_running_loop().create_task(self._calendar()))

    async def _calendar(self) -> None:
        """The nightly restart, the nightly end, and Sunday's cold restart, while there is a session to end."""
        now, mine = self._gateway.now(), self._restarts_daily
        while True:
            due = self._due(now)
            if not due:
                return
            moment, what = min(due)
            await self._gateway.clock.sleep((moment - self._gateway.now()).total_seconds())
            if mine != self._restarts_daily:
                return  # another one goes by the new time
            if self.phase is Phase.SERVING:
                if what == "restart":
                    self._soft_restart_at = self._host()
                elif what == "cold":
                    self._say("Login has completed: exiting via [File, Close] menu")
                    self._end = Exit(0, cold=True)
                else:
                    self._end = Exit(0)
                self._changed.set()
            now = max(moment, self._gateway.now())

    def _due(self, now: dt.datetime) -> list[tuple[dt.datetime, str]]:
        due = []
        if self._restarts_daily is not None:
            due.append((nightly.next_daily(now, self._restarts_daily, self._zone), "restart"))
        elif (logoff := _time_of(self._gateway.settings.auto_logoff_time)) is not None:
            due.append((nightly.next_daily(now, logoff, self._zone), "logoff"))
        if (cold := _sunday_time(self._gateway.settings.cold_restart_time)) is not None:
            due.append((nightly.next_sunday(now, cold, self._zone), "cold"))
        return due

    # -- the command server ----------------------------------------------------------------------------------------

    def _command(self, line: str) -> Reply:
        """Do what IBC's command server would, and return its reply."""
        match line.upper():
            case "EXIT":
                return Reply(("OK Goodbye",), closes=True)
            case "STOP":
                return self._stop()
            case "RESTART" | "PAUSE" as verb:
                return self._restart(verb)
            case "RECONNECTDATA" | "RECONNECTACCOUNT" as verb:
                if self.phase in _BEFORE_WINDOW:
                    return Reply(())  # there is no window to send keys to, and IBC's thread dies of it
                for call in self._reconnected:
                    call("data" if verb == "RECONNECTDATA" else "account")
                return Reply(("OK ",))
            case "ENABLEAPI":
                return Reply(("ERROR ENABLEAPI is not valid for the IB Gateway",))
            case _:
                echo("!" * 79)
                self._say(f"CommandServer: invalid command received: {line}")
                echo("!" * 79)
                return Reply(("ERROR Command invalid",))

    def _stop(self) -> Reply:
        if self._stopping:
            self._say("STOP already in progress")
            return Reply(("ERROR STOP already in progress",), closes=True)
        self._stopping = True
        if self.phase is Phase.SERVING:
            self._say("Login has completed: exiting via [File, Close] menu")
        else:
            self._say("Login has not completed: exiting immediately")
        self._end = Exit(0)
        self._changed.set()
        return Reply(("OK Shutting down: STOP command",), closes=True)

    def _restart(self, verb: str) -> Reply:
        """RESTART and PAUSE: both set the gateway's own restart to the next minute and let it do the rest."""
        self._say(f"RestartTask: pauseOnly = {str(verb == 'PAUSE').lower()}")
        self._say(f"RestartTask: verb = {verb}")
        if self._soft_restart_at < math.inf:
            self._say(f"{verb} already in progress")
            return Reply((f"ERROR {verb} already in progress",), closes=True)
        now = self._gateway.host.now()
        wait = _RESTART_SOON
        if self._gateway.profile.restart_at_minute:
            into = now.second + now.microsecond / 1e6
            wait = _MINUTE - into + (_MINUTE if into >= _TOO_LATE else 0.0)
        at = (now + dt.timedelta(seconds=wait)).astimezone(self._zone)
        self._pausing = verb == "PAUSE"
        self._soft_restart_at = self._host() + wait
        self._changed.set()
        text = f"{at:%I:%M %p}"
        self._say(f"Setting auto-restart time to {text}")
        if self._gateway.profile.restart_at_minute and not self._gateway.settings.auto_restart_time:
            self._carry(text)
        return Reply((f"OK {verb} in progress", f"OK {verb} at {text}"), closes=True)

    # ----------------------------------------------------------------------------------------------------------------

    def _host(self) -> float:
        return self._gateway.host.monotonic()

    def _count(self, name: str) -> int:
        return int(self._store.get(name) or 0)

    def _say(self, text: str) -> None:
        say(self._gateway.host.now().astimezone(self._zone), text)


def rules(gateway: Gateway) -> Rules:
    """Durations and IBC's settings, from the profile and what overrides it."""
    settings, profile = gateway.settings, gateway.profile
    boot = profile.jvm if settings.boot is None else settings.boot
    into = profile.login if settings.login is None else settings.login
    closed = profile.soft_restart if settings.soft_restart is None else settings.soft_restart
    return Rules(
        boot=boot,
        login=into,
        gap=max(closed - boot - into, 0.0),
        twofa_timeout=settings.twofa_timeout,
        twofa_exit_interval=settings.twofa_exit_interval,
        relogin=settings.relogin,
        existing_session=settings.existing_session_action,
        throttle_after=settings.throttle_after,
        throttle=settings.throttle,
        trading_mode=settings.trading_mode,
    )


def first_script(settings: Settings) -> Script:
    """What the settings say of the logins to come."""
    match settings.twofa:
        case "off":
            twofa = None
        case "never":
            twofa = math.inf
        case "refused":
            twofa = REFUSED
        case "answered":
            twofa = 0.0
        case seconds:
            twofa = float(seconds)
    return Script(settings.credentials, twofa, settings.competing)


def _time_of(text: str) -> dt.time | None:
    """`hh:mm AM`, two digits each, as IBC reads it; None for anything else."""
    if not re.fullmatch(r"(0[1-9]|1[0-2]):[0-5]\d (AM|PM)", text):
        return None
    return dt.datetime.strptime(text, "%I:%M %p").time()  # noqa: DTZ007 (a time of day)


def _sunday_time(text: str) -> dt.time | None:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    return dt.time(int(found[1]), int(found[2])) if found else None
