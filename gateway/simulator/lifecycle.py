"""From process start to an open API, and how it ends: the thin machinery around `login` and IBC's start script.

One container runs one gateway process after another: IBC's script decides after each whether there is a next one.
Durations are the machine's; the calendar (nightly restart, Sundays, the week of a token) is the world's.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.simulator import ibc_script, ibc_settings, login, login_plan, nightly
from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.server import ApiServer
from gateway.simulator.autorestart import Tokens
from gateway.simulator.broker.store import Store
from gateway.simulator.command_server import CommandServer
from gateway.simulator.ibc_commands import Commands
from gateway.simulator.ibc_script import Decision, Next
from gateway.simulator.jvm import Jvm
from gateway.simulator.launcher_log import LauncherLog
from gateway.simulator.login_record import LoginRecord
from gateway.simulator.login_state import Exit, Ibc, Launcher, Phase, Pushed, Raw, Script, Step, TokenSpent
from gateway.simulator.narrate import echo, say
from gateway.simulator.nightly import Nights


class Lifecycle:
    """One run of the container."""

    def __init__(self, gateway: Gateway, server: ApiServer, store: Store) -> None:
        settings = gateway.settings
        self._gateway = gateway
        self._server = server
        self._record = LoginRecord(store, gateway.host)
        self._zone = ZoneInfo(settings.time_zone)
        self._rules = login_plan.rules(settings, gateway.profile)
        self._log = LauncherLog(settings.launcher_log, self._zone)
        self._tokens = Tokens(settings.settings_dir, settings.user)
        self._jvm = Jvm(gateway.host)
        self._nights = Nights(gateway, self._jvm, self._say)
        commands = Commands(gateway, self._jvm, self._nights, self._say, self._reconnect)
        self._command_server = CommandServer(settings.command_port, commands.obey, self._say)
        self._first = login_plan.first_script(settings)
        self.script: Script = self._first
        """What the next login will meet. Replace it to change that."""
        self.boot_id = uuid.uuid4().hex
        self.started_at = gateway.host.now()
        self._login = login.begin(self._rules, self.script, gateway.host.monotonic(), warm=False).login
        self._good_until = nightly.token_end(gateway.now())
        self._served = asyncio.Event()
        self._tell: list[Callable[[], None]] = []
        self._reconnected: list[Callable[[Literal["data", "account"]], None]] = []
        self._work: list[asyncio.Task[None]] = []
        self.finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The container's exit code, once it is to end."""

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """What the gateway is busy with."""
        return self._jvm.phase

    @property
    def logins(self) -> int:
        """Full logins ever made with this record."""
        return self._record.logins

    @property
    def pushes(self) -> int:
        """Pushes ever sent to a phone with this record."""
        return self._record.pushes

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
        self._nights.start()
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
        self._record.forgive()

    def log_in_again(self) -> None:
        """End the process and start one that needs a full login."""
        self._jvm.end(Exit(0, cold=True))

    def compete(self) -> None:
        """Another session takes the login while we serve."""
        self._jvm.compete()

    def spend_token(self) -> None:
        """What Sunday 01:00 in New York does: this week's tokens are worth nothing from now on."""
        self._good_until = self._gateway.now()
        if self.has_token:
            self._tokens.write(self._good_until)

    async def die(self) -> None:
        """The JVM ends without its container: API and command server are gone for good."""
        await self.close()
        self._jvm.phase = Phase.JVM_DEAD

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
        await self._nights.close()
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
        settings = self._gateway.settings
        if lines := ibc_settings.unreadable(settings):
            self._write(lines)
            self._jvm.phase = Phase.ENDED
            self.finish(ibc_settings.COLD_RESTART_UNREADABLE)
            return
        decision = ibc_script.at_start(self._tokens.found())
        self._follow(decision)
        while True:
            ended = await self._process(warm=decision.next is Next.WARM)
            pausing, tokens = self._jvm.pausing, self._tokens.found()
            decision = ibc_script.after(ended.code, ended.cold, pausing, tokens, settings.twofa_timeout_action)
            self._follow(decision)
            if decision.next in (Next.PAUSE, Next.LEAVE):
                self._jvm.phase = Phase.PAUSED if decision.next is Next.PAUSE else Phase.ENDED
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
        step = await self._launch(warm)
        ended = await self._live(step, counted=warm)
        self._jvm.phase = Phase.RESTARTING
        await self._command_server.close()
        await self._server.close()
        return ended

    async def _launch(self, warm: bool) -> Step:
        """Start it; returns the first step of its login."""
        self._jvm.begin()
        self._gateway.configuration.begin()
        self._tell_configuration()
        self._log.begin(self._gateway.host.now())
        await self._command_server.open()
        if warm:
            self._good_until = self._tokens.good_until() or self._gateway.now()
        failures, released = self._record.failures, self._record.released
        return login.begin(self._rules, self.script, self._host(), warm, failures, released)

    async def _live(self, step: Step, *, counted: bool) -> Exit:
        """Log in, serve, and log in once more where another session took over; `counted`: that is no new login."""
        while True:
            ended = self._show(step)
            if ended is None and step.login.phase is Phase.LOGGED_IN and not self._server.is_open:
                if not counted:
                    counted = True
                    self._good_until = nightly.token_end(self._gateway.now())
                    self._record.add_login()
                await self._serve()
            ended = ended or await self._next_event()
            if ended is not None:
                return ended
            if self._jvm.competing:
                self._jvm.competing = False
                step = login.compete(self._login, self._rules, self._host())
                await self._server.close()
            else:
                at = self._gateway.host.now().astimezone(self._zone)
                good = self._gateway.now() < self._good_until
                due = min(self._login.wakes, self._host())  # a late wake-up delays nothing that follows
                step = login.go_on(self._login, self._rules, self._script(), due, at, good)

    def _tell_configuration(self) -> None:
        """Say what a client has set, so that nobody looks for it in the environment."""
        changed = self._gateway.configuration.changed
        if changed:
            said = ", ".join(f"{path}={json.dumps(value)}" for path, value in changed.items())
            echo(f"gateway.simulator: kept in the state folder, not from the environment: {said}")

    async def _serve(self) -> None:
        await self._server.open()
        self._write(ibc_settings.configured(self._gateway.settings))
        self._jvm.phase = Phase.SERVING
        self._served.set()

    async def _next_event(self) -> Exit | None:
        """Wait for whatever comes next; an Exit if the process ends by it."""
        while True:
            if self._jvm.exit is not None:
                return self._jvm.exit
            if self.phase is Phase.SERVING:
                if self._host() >= self._jvm.restart_at:
                    self._tokens.write(self._good_until)
                    return Exit(0)
                if self._jvm.competing:
                    return None
                due = self._jvm.restart_at
            else:
                self._jvm.competing = False
                due = self._login.wakes
                if self._host() >= due:
                    return None
            await self._jvm.rest(due - self._host())

    def _show(self, step: Step) -> Exit | None:
        """Make a step's effects visible; the one that ends the process comes back."""
        self._login, self._jvm.phase = step.login, step.login.phase
        self._record.note(step.login)
        ended: Exit | None = None
        for effect in step.effects:
            match effect:
                case Ibc() | Raw():
                    self._write((effect,))
                case Launcher(text):
                    self._log.write(self._gateway.host.now(), text)
                case Pushed():
                    self._record.add_push()
                case TokenSpent():
                    self._tokens.discard()
                case Exit():
                    ended = effect
        return ended

    def _script(self) -> Script:
        """What the login meets: a human takes another time for each push, until somebody replaces the script."""
        if self.script is not self._first:
            return self.script
        return login_plan.drawn(self.script, self._gateway.settings, self._gateway.profile, self.pushes)

    def _answer(self, approved: bool) -> bool:
        if self.phase is not Phase.CHALLENGE:
            return False
        self._login = login.answer(self._login, approved, self._host())
        self._jvm.wake()
        return True

    def _reconnect(self, what: Literal["data", "account"]) -> None:
        for call in self._reconnected:
            call(what)

    def _host(self) -> float:
        return self._gateway.host.monotonic()

    def _say(self, text: str) -> None:
        say(self._gateway.host.now().astimezone(self._zone), text)

    def _write(self, lines: Iterable[Ibc | Raw]) -> None:
        for line in lines:
            match line:
                case Ibc(text):
                    self._say(text)
                case Raw(text):
                    echo(text)
