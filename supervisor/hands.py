"""The hands: carry an act out, by whatever means its rung needs; its intent is in the journal first."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from supervisor.clearance import Answer
from supervisor.errors import ActRefused, JournalUnusable
from supervisor.faults import Rung
from supervisor.ladder import STEPS, act_deadline
from supervisor.memory import Act
from supervisor.observation import Outcome, Subject
from supervisor.policy import Policy
from supervisor.probes.engine import EngineLink
from supervisor.probes.ledger import Ledger
from supervisor.probes.mailbox import Mailbox
from supervisor.probes.sentinel import Sentinel
from supervisor.runtime.docker import Runtime
from supervisor.runtime.external import run_command
from tws.clock import Clock

_VERBS = {
    Rung.RECONNECT_DATA: "RECONNECTDATA",
    Rung.RECONNECT_ACCOUNT: "RECONNECTACCOUNT",
    Rung.IBC_RESTART: "RESTART",
}

log = structlog.get_logger("hands")


class Hands:
    """The hands of one tenant's loop."""

    def __init__(
        self,
        runtime: Runtime,
        mailbox: Mailbox,
        ledger: Ledger,
        engine: EngineLink,
        sentinel: Sentinel,
        clock: Clock,
        policy: Policy,
        *,
        restart_command: tuple[str, ...],
        intend: Callable[[Act], Awaitable[None]],
        may_start: Callable[[], Awaitable[Answer]],
    ) -> None:
        self._runtime = runtime
        self._mailbox = mailbox
        self._ledger = ledger
        self._engine = engine
        self._sentinel = sentinel
        self._clock = clock
        self._policy = policy
        self._restart_command = restart_command
        self._intend = intend
        self._may_start = may_start

    async def carry_out(self, act: Act) -> Outcome:
        """Do it, within its deadline. Never raises for what the world does: that is an outcome."""
        try:
            if act.rung in (Rung.ENGINE_START, Rung.ENGINE_RESTART):
                answer = await self._may_start()
                if not answer.granted:
                    return Outcome(
                        act.id, self._clock.monotonic(), False, f"no clearance: {answer.reason}", refused=True
                    )
            try:
                await self._intend(act)
            except JournalUnusable as error:
                if STEPS[act.rung].restarts:
                    return Outcome(act.id, self._clock.monotonic(), False, str(error), refused=True)
                log.error("done without a journal", rung=act.rung, error=str(error))
            async with asyncio.timeout(act_deadline(act.rung, self._policy)):
                detail = await self._do(act.rung, act.reason)
        except ActRefused as error:
            return Outcome(act.id, self._clock.monotonic(), False, str(error))
        except TimeoutError:
            return Outcome(act.id, self._clock.monotonic(), False, "not done within its deadline")
        return Outcome(act.id, self._clock.monotonic(), True, detail)

    def hold(self, reason: str) -> None:
        """Let nobody log in, whoever starts the gateway, until a person lifts it. Raises: ActRefused."""
        self._ledger.hold(reason)

    async def end_with_token(self) -> str:
        """Have the gateway end itself and keep the token that spares its next start a login. Raises: ActRefused."""
        return await self._mailbox.ask("PAUSE")

    def lift(self) -> str | None:
        """Lift the hold, on a person's word or at REAUTH_AT; returns why there was one. Raises: ActRefused."""
        return self._ledger.lift()

    async def _do(self, rung: Rung, reason: str) -> str:
        policy = self._policy
        if rung in _VERBS:
            return await self._mailbox.ask(_VERBS[rung])
        if rung is Rung.SENTINEL_RECONNECT:
            self._sentinel.reconnect()
        elif rung is Rung.CONTAINER_START:
            await self._runtime.start(Subject.GATEWAY)
        elif rung is Rung.CONTAINER_RESTART:
            await self._runtime.restart(Subject.GATEWAY, policy.gateway_stop_grace)
        elif rung is Rung.ENGINE_RESYNC:
            return await self._engine.resync(policy.resync_patience)
        elif rung is Rung.ENGINE_HALT:
            return await self._engine.halt(reason)
        elif rung is Rung.ENGINE_START:
            await self._runtime.start(Subject.ENGINE)
        elif rung is Rung.ENGINE_RESTART:
            await self._runtime.restart(Subject.ENGINE, policy.engine_stop_grace)
        elif rung is Rung.GATEWAY_STOP:
            await self._runtime.stop(Subject.GATEWAY, policy.login_stop_grace)
        elif rung is Rung.RESTART_COMMAND:
            return await run_command(self._restart_command)
        elif rung is Rung.LOGIN_HOLD:
            self.hold(reason)
        elif rung is Rung.LOGIN_LIFT:
            return f"there was: {self.lift() or 'none'}"
        else:
            await self._runtime.stop(Subject.ENGINE, policy.engine_stop_grace)
        return "done"
