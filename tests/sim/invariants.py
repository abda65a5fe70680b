"""What may never be, whatever happens: asserted after every single turn."""

from supervisor import weekly
from supervisor.faults import Rung
from supervisor.ladder import STEPS, Purse
from supervisor.memory import Act, Memory
from supervisor.observation import LoginPhase, Result, Status, Subject
from supervisor.states import GatewayState
from tests.sim.world import World

SAFETY = (Rung.LOGIN_HOLD, Rung.GATEWAY_STOP, Rung.ENGINE_HALT, Rung.ENGINE_STOP)
LOGINS = (Rung.CONTAINER_START, Rung.CONTAINER_RESTART, Rung.RECONNECT_ACCOUNT)


class Invariants:
    """Of one world; `turned` is to be called after each turn."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.checked = 0

    def turned(self, before: Memory, after: Memory) -> None:
        for at, act in self.world.acts[self.checked :]:
            assert before.flight is None or after.flight is act, "one act in flight"
            step = STEPS[act.rung]
            if step.subject is Subject.ENGINE and act.rung not in SAFETY:
                assert after.gateway.state is GatewayState.READY, "the engine is touched only behind a ready gateway"
            if not act.by_hand:
                self._by_itself(before, after, at, act)
        self.checked = len(self.world.acts)
        if after.gateway.state is GatewayState.READY:
            assert after.gateway.process.died_at is None, "no dead gateway is ready"

    def _by_itself(self, before: Memory, after: Memory, at: float, act: Act) -> None:
        world, step, policy = self.world, STEPS[act.rung], self.world.rules.policy
        if step.restarts and act.rung not in SAFETY:
            assert not world.paused, "never while paused"
            assert step.subject is Subject.ENGINE or not world.windows, "never inside a window"
        if step.purse is not Purse.NONE:
            gateway = step.purse is Purse.GATEWAY
            budget = policy.container_budget if gateway else policy.engine_budget
            spent = before.gateway_spent if gateway else before.engine_spent
            assert budget.left(spent, at) > 0, "never beyond a budget"
        if step.new_process:
            assert world._docker.result is Result.OK, "never on UNKNOWN"
        if step.subject is Subject.GATEWAY and step.restarts:
            assert not after.gateway.process.asked, "never against a person's wish"
            if act.rung not in SAFETY and after.gateway.process.died_at is None:
                assert world.login not in (LoginPhase.TWOFA, LoginPhase.UNKNOWN), "never into a pending push"
        if act.rung in LOGINS and world.ledger.look.result is Result.OK:
            assert world.ledger.hold is None, "no login under a hold"
            next_at = world.ledger.next_at
            assert next_at is None or next_at <= world.now, "no login beyond the ledger"
        if act.rung is Rung.LOGIN_LIFT or act.reason.startswith(weekly.OURS):
            assert world.rules.twofa, "the week's login needs no hold without a second factor"
            up = after.gateway.state in (GatewayState.READY, GatewayState.DEGRADED)
            assert not up or act.rung is Rung.LOGIN_LIFT, "a gateway that is up is not held"
        if act.rung is Rung.ENGINE_HALT and after.gateway.state is GatewayState.READY:
            assert world.preflight_failed, "an engine with clearance is not halted for another's orders"
        if act.rung is Rung.ENGINE_RESTART and world.positions + world.orders and self._only_disconnected():
            raise AssertionError("an engine with exposure is not restarted for being disconnected")

    def _only_disconnected(self) -> bool:
        world = self.world
        runs = world.engine.status is Status.RUNNING and world.now - world.engine.up_since > 120.0
        return runs and not world.engine_mute and world.engine_word in (None, "CONNECTING")
