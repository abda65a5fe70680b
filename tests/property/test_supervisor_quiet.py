"""A leap over a quiet stretch is what its steps would have been: same memory, same world, same sight, same acts."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from supervisor.memory import Action, Withheld
from supervisor.observation import EngineWord, LoginPhase, Status, Subject
from supervisor.rules import Rules
from tests.sim.quiet import Picture, period, quiet_for, skip
from tests.sim.world import TURN, World

RULES = Rules("sim", account="DUSIM0001")


def login(world: World, phase: LoginPhase) -> None:
    world.login, world.login_since = phase, world.now


CHANGES: dict[str, Callable[[World], object]] = {
    "crash": lambda w: w.crash(Subject.GATEWAY) if w.alive else None,
    "kill": lambda w: w.docker_kill(Subject.GATEWAY) if w.alive else None,
    "stop": lambda w: w.docker_stop(Subject.GATEWAY) if w.alive else None,
    "start": lambda w: w.docker_start(Subject.GATEWAY) if w.gateway.status is Status.EXITED else None,
    "stop-engine": lambda w: w.docker_stop(Subject.ENGINE) if w.engine.status is Status.RUNNING else None,
    "jvm": lambda w: w.kill_jvm(),
    "hang": lambda w: setattr(w, "hang", True),
    "freeze": lambda w: setattr(w, "frozen", True),
    "half-open": lambda w: setattr(w, "half_open", True),
    "stubborn": lambda w: setattr(w, "restart_cures", False),
    "upstream": lambda w: setattr(w, "upstream_lost_at", w.now),
    "upstream-back": lambda w: setattr(w, "upstream_lost_at", None),
    "data-lost": lambda w: setattr(w, "data_lost_at", w.now),
    "farm": lambda w: w.farms_down.setdefault("usfarm", w.now),
    "account": lambda w: setattr(w, "accounts", ("U1",)),
    "deaf": lambda w: setattr(w, "engine_word", EngineWord.DEAF),
    "zombie": lambda w: setattr(w, "engine_word", EngineWord.ZOMBIE),
    "mute": lambda w: setattr(w, "engine_mute", True),
    "backoff": lambda w: setattr(w, "engine_needs_resync", True),
    "no-resync": lambda w: setattr(w, "resync_cures", False),
    "exposed": lambda w: setattr(w, "positions", 1),
    "no-ticks": lambda w: setattr(w, "ticking", False),
    "no-audit": lambda w: setattr(w, "audits", False),
    "blind": lambda w: setattr(w, "docker_ok", False),
    "no-dns": lambda w: setattr(w, "dns_ok", False),
    "slow": lambda w: setattr(w, "slowness", 0.875),
    "paused": lambda w: setattr(w, "paused", True),
    "cache": lambda w: setattr(w, "cache_up", False),
    "competed": lambda w: setattr(w, "competed_at", w.now),
    "twofa": lambda w: login(w, LoginPhase.TWOFA),
    "logging-in": lambda w: login(w, LoginPhase.LOGGING_IN),
    "refused": lambda w: login(w, LoginPhase.REFUSED),
    "unknown": lambda w: setattr(w, "login", LoginPhase.UNKNOWN),
    "hold": lambda w: setattr(w, "ledger", replace(w.ledger, hold="a word")),
    "slept": lambda w: setattr(w, "host", replace(w.host, slept_at=w.now)),
    "token": lambda w: setattr(w, "token_expires_at", w.now + 8 * 3600.0 + 123.0),
    "new-supervisor": lambda w: w.supervisor_dies(),
    "fails": lambda w: setattr(w, "acts_fail", True),
}

PLANS = st.lists(
    st.tuples(st.sampled_from(sorted(CHANGES)), st.sampled_from([0.25, 4.0, 25.0, 47.5, 130.0])), min_size=0, max_size=4
)


def told(plan: list[tuple[str, float]]) -> World:
    world = World(RULES)
    world.run(30.0)
    for name, seconds in plan:
        CHANGES[name](world)
        world.run(seconds)
    return world


def steps(world: World, seconds: float) -> list[Action]:
    actions: list[Action] = []
    for _ in range(int(seconds / TURN)):
        world.now += TURN
        actions += world.turn()
    return actions


def quiet(world: World) -> tuple[float, Picture]:
    """How long it will be, and what it was a period ago."""
    before = Picture(world)
    world.run(period(world))
    return quiet_for(world, before, Picture(world)), before


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(plan=PLANS, wait=st.sampled_from([0.0, 15.0, 250.0, 900.0]))
def test_a_leap_is_its_steps(plan: list[tuple[str, float]], wait: float) -> None:
    leaping, stepping = told(plan), told(plan)
    leaping.run(wait)
    stepping.run(wait)
    found, before = quiet(leaping)
    quiet(stepping)
    if found == 0.0:
        return
    found = min(found, 900.0)  # whole periods of any length
    skip(leaping, before, found)
    # What is withheld is said on every turn for as long as it is.
    assert all(isinstance(action, Withheld) for action in steps(stepping, found))
    for _ in range(4):
        assert leaping.now == stepping.now
        assert leaping.memory == stepping.memory
        assert Picture(leaping).parts.keys() == Picture(stepping).parts.keys()
        here, there = Picture(leaping).parts, Picture(stepping).parts
        assert here == there
        assert steps(leaping, 20.0) == steps(stepping, 20.0)
        assert leaping.seen == stepping.seen
        assert leaping.sentence == stepping.sentence


def test_a_healthy_house_is_quiet_for_a_day() -> None:
    world = told([])
    world.run(60.0)
    assert quiet(world)[0] >= 86000.0


def test_a_threshold_that_nears_is_no_quiet() -> None:
    """RECONNECTACCOUNT is due 300 s after the loss: the leap ends before that, and the act is not late."""
    world = told([("upstream", 100.0)])
    lost_at = world.upstream_lost_at
    assert lost_at is not None
    while world.rungs == []:
        found, before = quiet(world)
        if world.rungs == []:
            skip(world, before, found)
            assert world.now < lost_at + 300.0
    assert world.acts[0][0] == lost_at + 300.0
