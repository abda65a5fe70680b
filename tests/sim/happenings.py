"""What may happen to a house in a day: noise that is none of the supervisor's business, and faults.

Each kind says how long it lasts, which rungs are right for it, and how soon they may be climbed; any other act that
restarts something is wrong. So "wrong" is a matter of data.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from supervisor import faults
from supervisor.faults import Rung
from supervisor.observation import EngineOrder, EngineRefusal, EngineWord, Look, ResourcesView, Result, Status, Subject
from tests.sim.house import House

G, E = Subject.GATEWAY, Subject.ENGINE
_NONE: frozenset[Rung] = frozenset()
_RESTART = frozenset({Rung.CONTAINER_RESTART, Rung.RESTART_COMMAND})
_START = frozenset({Rung.CONTAINER_START})
_SOFT = _RESTART | {Rung.IBC_RESTART}
_ENGINE_START = frozenset({Rung.ENGINE_START})
_ENGINE_RESTART = frozenset({Rung.ENGINE_RESTART})
_HOLD = frozenset({Rung.LOGIN_HOLD, Rung.GATEWAY_STOP})

MILD = frozenset({Rung.SENTINEL_RECONNECT, Rung.ENGINE_RESYNC})
"""Right for anything that has happened at all: they touch sessions only."""

type Change = Callable[[House], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that may happen.

    Attributes:
        lasts: seconds until it is undone from outside, from and to; (0, 0) is not undone.
        right: the rungs that may answer it, beside MILD.
        act: seconds after its beginning before which none of those is right.
        fault: the row of the table that it is; None for noise.
        while_up: it needs a gateway that serves; without one it does not happen.
        idle: it changes what is at stake, and nothing follows from it.
    """

    begin: Change
    end: Change = lambda house: None
    lasts: tuple[float, float] = (0.0, 0.0)
    right: frozenset[Rung] = _NONE
    act: float = 0.0
    fault: str | None = None
    while_up: bool = True
    idle: bool = False


def _set(**values: object) -> Change:
    def change(house: House) -> None:
        for name, value in values.items():
            setattr(house, name, value)

    return change


def _client_id(number: int) -> Change:
    """The session has to begin anew for that."""

    def change(house: House) -> None:
        house.client_id = number
        house._lose_session()

    return change


def _farm(house: House) -> None:
    house.farms_down["usfarm"] = house.now


def _farm_back(house: House) -> None:
    if house.farms_down:
        house.farms_down.clear()
        house.farm_back_at = house.now


def _upstream(house: House) -> None:
    house.upstream_lost_at = house.now


def _upstream_back_without_data(house: House) -> None:
    house.upstream_lost_at, house.data_lost_at = None, house.now


def _stop(subject: Subject) -> Change:
    def stop(house: House) -> None:
        if house.box(subject).status is Status.RUNNING and house.flying is None:
            house.docker_stop(subject)

    return stop


def _crash(subject: Subject) -> Change:
    return lambda house: house.crash(subject) if house.box(subject).status is Status.RUNNING else None


def _kill(subject: Subject) -> Change:
    return lambda house: house.docker_kill(subject) if house.box(subject).status is Status.RUNNING else None


def _restart(house: House) -> None:
    if house.flying is None:
        house.docker_stop(G)
        house.docker_start(G)


def _remove(house: House) -> None:
    """`make down`."""
    for box in (house.gateway, house.engine):
        if box.status is Status.RUNNING:
            house.docker_stop(box.subject)
        box.present = False


def _create(house: House) -> None:
    """`make up`."""
    for box in (house.gateway, house.engine):
        if not box.present:
            box.present = True
            house.docker_start(box.subject)


def _unpause(house: House) -> None:
    if house.gateway.status is Status.PAUSED:
        house.gateway.status, house.frozen = Status.RUNNING, False


def _login_goes(how: str) -> Change:
    """The process ends and its next login goes like this."""

    def change(house: House) -> None:
        house.login_ends = how
        house.crash(G)

    return change


def _push(answered: float | None) -> Change:
    def change(house: House) -> None:
        house.twofa, house.push_answered_after = True, answered
        house.crash(G)

    return change


def _then(*steps: tuple[float, Change]) -> Change:
    """One after the other, each so many seconds after the beginning."""

    def later(house: House, change: Change) -> Callable[[], None]:
        return lambda: (change(house), None)[1]

    def change(house: House) -> None:
        for seconds, step in steps:
            if seconds:
                house.at(house.now + seconds, later(house, step))
            else:
                step(house)

    return change


def _unheard(what: Change) -> Change:
    """Docker is slow to tell of it, no session is closed by it, and it happens just before an inspection."""

    def inspected(house: House) -> None:
        house._due.pop("docker", None)

    late = _set(events_late=3.0, ends_silently=True)
    return _then((0.0, late), (0.0, what), (0.0, inspected), (5.0, _set(events_late=0.0, ends_silently=False)))


def _rm(subject: Subject) -> Change:
    """`docker rm -f`."""

    def remove(house: House) -> None:
        if house.box(subject).status is Status.RUNNING and house.flying is None:
            house.docker_kill(subject)
        house.box(subject).present = False

    return remove


def _run(subject: Subject) -> Change:
    """`docker compose up` of what is not there."""

    def run(house: House) -> None:
        if not house.box(subject).present:
            house.box(subject).present = True
            house.docker_start(subject)

    return run


def _created(house: House) -> None:
    """`docker compose create`."""
    for box in (house.gateway, house.engine):
        if not box.present:
            box.present, box.status = True, Status.CREATED


def _started(house: House) -> None:
    for box in (house.gateway, house.engine):
        if box.status is Status.CREATED:
            house.docker_start(box.subject)


def _stillborn(subject: Subject) -> Change:
    """What is down is started, and dies before anybody has looked."""

    def bear(house: House) -> None:
        box = house.box(subject)
        if house.flying is None and (not box.present or box.status is Status.EXITED):
            box.present = True
            house.docker_start(subject)
            house.crash(subject)

    return bear


def _again(subject: Subject) -> Change:
    """`docker restart`."""

    def restart(house: House) -> None:
        if house.box(subject).status is Status.RUNNING and house.flying is None:
            house.docker_stop(subject)
            house.docker_start(subject)

    return restart


def _zombie_for_good(house: House) -> None:
    house.engine_restart_cures = False
    _word(EngineWord.ZOMBIE)(house)


def _zombie_no_more(house: House) -> None:
    house.engine_restart_cures = True
    if house.engine_word is EngineWord.ZOMBIE:
        house.engine_word = None


_CON = 7


def _held(quantity: float) -> Change:
    return lambda house: house.held.update({_CON: quantity})


def _exit_rests(house: House) -> None:
    house.rest(_CON, "SELL", 1)


def _flat(house: House) -> None:
    """The books agree again, and hold nothing of it."""
    house.held.pop(_CON, None)
    house.expires_at.pop(_CON, None)
    house.resting.clear()
    house.engine_held, house.engine_orders, house.engine_refused = None, (), ()


def _refused(house: House) -> None:
    house.engine_refused = (EngineRefusal("O-9", _CON, "C7", "SELL", "201: margin"),)


def _expires(house: House) -> None:
    house.expires_at[_CON] = house.now + 330.0


def _sleep(house: House) -> None:
    """The host was asleep: sessions are half-open, and time has moved on."""
    house.half_open = True
    house.host = replace(house.host, look=Look(Result.OK, house.now), slept_at=house.now)


def _word(word: EngineWord) -> Change:
    return lambda house: setattr(house, "engine_word", word) if house.engine.status is Status.RUNNING else None


def _resources(memory: int) -> Change:
    return lambda house: setattr(house, "resources", ResourcesView(Look(Result.OK, house.now), memory, 1000, 10, 1000))


def _flap(house: House) -> None:
    """Two looks are silent, one is answered, for a minute."""

    def beat(left: int) -> None:
        house.hang = left > 0 and left % 2 == 0
        if left > 0 and house.alive:
            house.at(house.now + (2.5 if house.hang else 1.25), lambda: beat(left - 1))

    beat(32)


def _ask(subject: Subject, rung: Rung) -> Change:
    return lambda house: house.ask(subject, rung)


def _freeze(house: House) -> None:
    """`docker pause`."""
    house.gateway.status, house.frozen = Status.PAUSED, True


def _uncurable(house: House) -> None:
    house.restart_cures = False
    house.kill_jvm()


def _deaf_for_good(house: House) -> None:
    house.resync_cures = False
    _word(EngineWord.DEAF)(house)


def _supervisor_dies_in_mid_act(house: House) -> None:
    """As soon as an act is under way, if there is one within ten minutes."""

    def wait(left: int) -> None:
        if house.flying is not None:
            house.supervisor_dies()
        elif left > 0:
            house.at(house.now + 0.25, lambda: wait(left - 1))

    house.kill_jvm()
    wait(2400)


NOISE: dict[str, Kind] = {
    "slow-answers": Kind(_set(slowness=0.9), _set(slowness=0.003), (1, 120)),
    "jvm-pause": Kind(_set(hang=True), _set(hang=False), (6, 6)),
    "chain-load": Kind(_set(slowness=0.7, engine_mute=True), _set(slowness=0.003, engine_mute=False), (2, 12)),
    "farm-blip": Kind(_farm, _farm_back, (1, 50)),
    "other-farm": Kind(_set(other_farms_down={"ushmds": 1.0}), _set(other_farms_down={}), (5, 300), fault="other-farm"),
    "upstream-blip": Kind(_upstream, _set(upstream_lost_at=None), (1, 250), fault="upstream-back"),
    "data-blip": Kind(_upstream, _upstream_back_without_data, (1, 60), fault="data-lost"),
    "session-dropped": Kind(lambda house: house._lose_session()),
    "docker-away": Kind(_set(docker_ok=False), _set(docker_ok=True), (1, 90), fault="blind"),
    "no-dns": Kind(_set(dns_ok=False), _set(dns_ok=True), (1, 60)),
    "person-stops-gateway": Kind(_stop(G), lambda house: house.starts(G), (1, 1800)),
    "person-stops-engine": Kind(_stop(E), lambda house: house.starts(E), (1, 1800)),
    "person-freezes-gateway": Kind(
        _freeze,
        _unpause,
        (1, 600),
    ),
    "person-restarts-gateway": Kind(_restart),
    "person-asks-restart": Kind(_ask(G, Rung.CONTAINER_RESTART)),
    "person-asks-engine-restart": Kind(_ask(E, Rung.ENGINE_RESTART)),
    "person-takes-down": Kind(_remove, _create, (5, 900)),
    "person-removes-gateway": Kind(_rm(G), _run(G), (5, 900)),
    "person-removes-engine": Kind(_rm(E), _run(E), (5, 900), _ENGINE_START),
    "gateway-vanishes-unheard": Kind(_unheard(_rm(G)), _run(G), (15, 300)),
    "engine-vanishes-unheard": Kind(_unheard(_rm(E)), _run(E), (15, 300), _ENGINE_START),
    "gateway-vanishes-in-a-blip": Kind(
        _then((0.0, lambda house: house._lose_session()), (0.0, _unheard(_rm(G)))), _run(G), (15, 300)
    ),
    "engine-vanishes-at-its-start": Kind(
        _then((0.0, _again(E)), (0.5, _unheard(_rm(E)))), _run(E), (15, 300), _ENGINE_START
    ),
    "gateway-restarts-unheard": Kind(_unheard(_restart)),
    "engine-restarts-unheard": Kind(_unheard(_again(E))),
    "person-creates-first": Kind(_remove, _then((0.0, _created), (30.0, _started)), (15, 300)),
    "person-asks-start": Kind(_then((0.0, _stop(G)), (20.0, _ask(G, Rung.CONTAINER_START))), right=_START, act=20.0),
    "person-asks-engine-start": Kind(
        _then((0.0, _stop(E)), (20.0, _ask(E, Rung.ENGINE_START))), right=_ENGINE_START, act=20.0
    ),
    "person-asks-at-a-start": Kind(_then((0.0, _restart), (1.0, _ask(G, Rung.CONTAINER_RESTART)))),
    "person-asks-at-an-engine-start": Kind(_then((0.0, _again(E)), (0.5, _ask(E, Rung.ENGINE_RESTART)))),
    "person-asks-in-a-blip": Kind(
        _then((0.0, lambda house: house._lose_session()), (0.0, _ask(G, Rung.CONTAINER_RESTART)))
    ),
    "pause": Kind(_set(paused=True), _set(paused=False), (10, 3600), idle=True),
    "positions": Kind(_set(positions=2, orders=1), _set(positions=0, orders=0), (600, 20000), idle=True),
    "no-ticks": Kind(_set(ticking=False), _set(ticking=True), (600, 20000), idle=True),
    "supervisor-restarts": Kind(lambda house: house.supervisor_dies()),
    "slow-hands": Kind(_set(act_seconds=4.0), _set(act_seconds=0.3), (600, 7200), idle=True),
}
NOISE |= {
    name: replace(kind, while_up=False)
    for name, kind in NOISE.items()
    if name.startswith(("person", "gateway", "engine", "supervisor"))  # people and Docker wait for no gateway
}
"""Nothing here asks for a restart; but a removal by force looks like a death, until the container is missed."""

FAULTS: dict[str, Kind] = {
    "crash": Kind(_crash(G), right=_START, act=5.0, fault="container-exit"),
    "docker-kill": Kind(_kill(G), right=_START, act=5.0, fault="container-exit"),
    "jvm-dead": Kind(lambda house: house.kill_jvm(), right=_RESTART, act=20.0, fault="jvm-dead"),
    "soft-dead": Kind(_set(hang=True), right=_SOFT, act=20.0, fault="soft-dead"),
    "soft-dead-without-ibc": Kind(_set(hang=True, ibc_dead=True), right=_SOFT, act=20.0, fault="soft-dead"),
    "frozen": Kind(_set(frozen=True), right=_RESTART, act=20.0, fault="frozen"),
    "uncurable": Kind(
        _uncurable,
        right=_RESTART,
        act=20.0,
        fault="restart-storm",
    ),
    "uncurable-heals": Kind(
        _uncurable,
        _set(restart_cures=True, jvm_dead=False),
        (2000, 2600),
        _RESTART,
        20.0,
        "restart-storm",
    ),
    "stillborn": Kind(_then((0.0, _stop(G)), (30.0, _stillborn(G))), right=_START, act=35.0, fault="container-exit"),
    "created-dead": Kind(
        _then((0.0, _remove), (30.0, _stillborn(G)), (30.0, _stillborn(E))),
        right=_START | _ENGINE_START,
        act=30.0,
        fault="container-exit",
    ),
    "half-open": Kind(_set(half_open=True), fault="half-open"),
    "upstream-lost": Kind(
        _upstream,
        _set(upstream_lost_at=None),
        (310, 3000),
        frozenset({Rung.RECONNECT_ACCOUNT}),
        300.0,
        "upstream-lost",
        while_up=False,
    ),
    "market-farm": Kind(_farm, _farm_back, (70, 900), frozenset({Rung.RECONNECT_DATA}), 60.0, "market-farm"),
    "twofa-pending": Kind(_push(90.0), _set(twofa=False), (600, 600), _START, 5.0, "twofa-pending"),
    "twofa-timeout": Kind(
        _then((0.0, _set(ibc_goes_on=True)), (0.0, _push(None))),
        _set(push_answered_after=20.0),
        (0, 0),
        _START | _HOLD,
        0.0,
        "twofa-timeout",
    ),
    # As the image is set up: IBC leaves it at the window, and one more attempt is the supervisor's.
    "twofa-left-at-its-window": Kind(
        _then((0.0, _set(ibc_goes_on=False)), (0.0, _push(None))),
        _set(push_answered_after=20.0, ibc_goes_on=True),
        (0, 0),
        _START | _RESTART | _HOLD,
        0.0,
        "twofa-timeout",
    ),
    "login-refused": Kind(_login_goes("refused"), right=_START | _HOLD, fault="login-refused"),
    "existing-session": Kind(_login_goes("existing"), right=_START | _HOLD, fault="existing-session"),
    "login-stuck": Kind(
        _login_goes("stuck"),
        _set(login_ends="well"),
        (200, 200),
        _START | _RESTART,
        5.0,
        "login-stuck",
    ),
    "login-without-a-window": Kind(
        _login_goes("no window"), _set(login_ends="well"), (200, 200), _START | _RESTART, 5.0, "login-stuck"
    ),
    "data-competed": Kind(
        lambda house: setattr(house, "competed_at", house.now),
        _set(competed_at=None),
        (20, 1800),
        fault="data-competed",
    ),
    "wrong-account": Kind(
        _set(accounts=("U1",)),
        _set(accounts=("DUSIM0001",)),
        (30, 600),
        frozenset({Rung.ENGINE_HALT, Rung.ENGINE_STOP}),
        0.0,
        "wrong-account",
    ),
    "time-mode": Kind(
        _set(preflight_failed=("utc",)), _set(preflight_failed=()), (30, 3000), fault="time-mode", idle=True
    ),
    "clock-skew": Kind(_set(skew=6.0), _set(skew=0.0), (60, 3000), fault="clock-skew"),
    "client-id-in-use": Kind(_client_id(901), _client_id(900), (60, 3000), fault="client-id-in-use"),
    "write-blocked": Kind(_set(write_blocked=True), _set(write_blocked=False), (30, 3000), fault="write-blocked"),
    "cache-down": Kind(_set(cache_up=False), _set(cache_up=True), (10, 900), fault="cache-down"),
    "memory-pressure": Kind(_resources(950), _resources(300), (60, 3000), fault="memory-pressure"),
    "journal-broken": Kind(_set(journal_broken=True), _set(journal_broken=False), (10, 300), fault="blind"),
    "slow": Kind(_set(slowness=0.9), _set(slowness=0.003), (60, 1200), fault="slow"),
    "engine-crash": Kind(_crash(E), right=_ENGINE_START, fault="engine-exit", while_up=False),
    "engine-kill": Kind(_kill(E), right=_ENGINE_START, fault="engine-exit", while_up=False),
    "engine-zombie": Kind(_word(EngineWord.ZOMBIE), right=_ENGINE_RESTART, act=3.0, fault="engine-zombie"),
    "engine-mute": Kind(_set(engine_mute=True), right=_ENGINE_RESTART, act=20.0, fault="engine-zombie"),
    "engine-deaf": Kind(_word(EngineWord.DEAF), fault="engine-deaf"),
    "engine-deaf-for-good": Kind(
        _deaf_for_good,
        _set(resync_cures=True),
        (600, 600),
        _ENGINE_RESTART,
        10.0,
        "engine-deaf",
    ),
    "engine-backoff": Kind(_set(engine_needs_resync=True), fault="engine-backoff"),
    "engine-backoff-for-good": Kind(
        _set(resync_cures=False, engine_needs_resync=True),
        _set(resync_cures=True),
        (600, 600),
        _ENGINE_RESTART,
        10.0,
        "engine-backoff",
    ),
    "engine-stillborn": Kind(
        _then((0.0, _stop(E)), (30.0, _stillborn(E))), right=_ENGINE_START, act=30.0, fault="engine-exit"
    ),
    "engine-dies-at-its-start": Kind(
        _then((0.0, _again(E)), (0.75, _crash(E))), right=_ENGINE_START, fault="engine-exit"
    ),
    "engine-zombie-for-good": Kind(_zombie_for_good, right=_ENGINE_RESTART, act=3.0, fault="engine-zombie"),
    "engine-zombie-heals": Kind(_zombie_for_good, _zombie_no_more, (700, 2400), _ENGINE_RESTART, 3.0, "engine-zombie"),
    # Ours is halted only without clearance: tests/sim/invariants.py.
    "second-engine": Kind(
        lambda house: house.rest(_CON, "BUY", 1, client_id=77),
        _flat,
        (60, 900),
        right=frozenset({Rung.ENGINE_HALT}),
        fault="second-engine",
    ),
    "order-unacked": Kind(
        _set(engine_orders=(EngineOrder("O-9", "C7", 6.0),)), _flat, (60, 900), fault="order-unacked"
    ),
    "exit-rejected": Kind(
        _then((0.0, _held(1.0)), (0.0, _exit_rests), (30.0, _refused)), _flat, (60, 900), fault="exit-rejected"
    ),
    "naked-position": Kind(_held(1.0), _flat, (60, 900), fault="naked-position"),
    "unknown-position": Kind(
        _then((0.0, _set(engine_held={})), (0.0, _held(1.0)), (0.0, _exit_rests)),
        _flat,
        (60, 900),
        fault="unknown-position",
    ),
    "late-position": Kind(
        _then((0.0, _held(1.0)), (0.0, _exit_rests), (0.0, _expires)), _flat, (60, 320), fault="late-position"
    ),
    "host-slept": Kind(_sleep, fault="host-slept"),
    "supervisor-killed": Kind(_supervisor_dies_in_mid_act, right=_RESTART, act=20.0, fault="supervisor-killed"),
    "flapping": Kind(_flap, right=_SOFT, act=20.0, fault="flapping"),
}
"""Rows of the table that a world can show, one or more kinds each."""

KINDS = NOISE | FAULTS
OF_THE_CONTAINER = frozenset(
    name
    for name in KINDS
    if name.startswith(("person", "gateway", "twofa", "login", "existing", "uncurable", "supervisor-killed"))
    or name in ("crash", "docker-kill", "frozen", "stillborn", "created-dead", "soft-dead-without-ibc")
)
"""What only a gateway in a container of ours can suffer."""
assert {kind.fault for kind in KINDS.values() if kind.fault} <= faults.FAULTS.keys()
