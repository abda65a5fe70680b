"""Whole days of a gateway, each made from its seed: a plan, which is plain data, and the run of it under watch.

python -m tests.bench days --seed 7 --days 1     # the plan of day 7, and its run
"""

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from supervisor.errors import IllegalTransition
from supervisor.faults import FAULTS, RESTART_STORM, WEEKLY_TOKEN, Page, Rung
from supervisor.memory import Act, Incident, Memory
from supervisor.observation import Status, Subject
from supervisor.policy import Budget, Policy
from supervisor.rules import Rules
from supervisor.states import GatewayState
from supervisor.weekly import OURS
from supervisor.windows import Reauth, Region, load, planned_restart
from tests.sim.happenings import FAULTS as BROKEN
from tests.sim.happenings import KINDS, MILD, NOISE, OF_THE_CONTAINER, Kind
from tests.sim.house import House
from tests.sim.invariants import Invariants
from tests.sim.world import TURN, Edge, World

DAY = 86400.0
_SETTLES = 600.0  # the first happening may not come before that
_ALONE = 1800.0  # between what is not meant to meet
_CHANGES_OF_CLOCKS = (date(2026, 3, 8), date(2026, 11, 1), date(2027, 3, 14), date(2026, 3, 29), date(2026, 10, 25))
LEDGER, UNLIMITED = "2/30m,4/24h", "1000/24h"  # as real accounts have it, and as SIM does
_ZONE = "America/New_York"
REGIONS: tuple[Region, ...] = ("apac", "eu", "na")
HOUSES = ("whole", "lifecycle", "engineless", "external")
"""A gateway and an engine that speaks our API; one that does not; none; a gateway that is no container of ours."""
RULES = {
    (region, house): Rules(
        "sim",
        account="DUSIM0001",
        windows=(planned_restart("11:45 PM", _ZONE), *load(region)),
        weekly_token=True,
        engine=house != "engineless",
        engine_api=house != "lifecycle",
        external=house == "external",
        restart_command=("restart-it",) if house == "external" else (),
        policy=Policy(audit_interval=10.0),  # not 30: a world is known to be quiet only after one whole round
    )
    for region in REGIONS
    for house in HOUSES
}
REAUTH = Reauth.parse(f"sun 17:00 {_ZONE}")
PAIRS = tuple((first, second) for first in sorted(BROKEN) for second in sorted(BROKEN))
"""As many days in a row, every second seed, have every fault meet every other, in both orders."""
type Scene = tuple[str, str | None, float]
"""A happening, and another so many seconds after it."""
SCENES: dict[Edge, Scene] = {
    (f"{kind}.{start}", f"{kind}.{end}"): scene
    for kind, start, end, scene in (
        ("GatewayState", "UNKNOWN", "ABSENT", ("person-takes-down", "supervisor-restarts", 20.0)),
        ("GatewayState", "UNKNOWN", "FAILING", ("crash", "supervisor-restarts", 1.0)),
        ("GatewayState", "STARTING", "ABSENT", ("person-restarts-gateway", "gateway-vanishes-unheard", 15.0)),
        ("GatewayState", "STARTING", "STOPPED", ("person-restarts-gateway", "person-stops-gateway", 15.0)),
        ("GatewayState", "READY", "ABSENT", ("gateway-vanishes-unheard", None, 0.0)),
        ("GatewayState", "READY", "STARTING", ("gateway-restarts-unheard", None, 0.0)),
        ("GatewayState", "SUSPECT", "DEGRADED", ("upstream-lost", "session-dropped", 60.0)),
        ("GatewayState", "SUSPECT", "RECOVERING", ("person-asks-in-a-blip", None, 0.0)),
        ("GatewayState", "DEGRADED", "ABSENT", ("upstream-lost", "gateway-vanishes-unheard", 60.0)),
        ("GatewayState", "DEGRADED", "RECOVERING", ("upstream-lost", "person-asks-restart", 60.0)),
        ("GatewayState", "DEGRADED", "STARTING", ("upstream-lost", "gateway-restarts-unheard", 60.0)),
        ("GatewayState", "DEGRADED", "STOPPED", ("upstream-lost", "person-stops-gateway", 60.0)),
        ("GatewayState", "FAILING", "DEGRADED", ("upstream-lost", "jvm-pause", 60.0)),
        ("GatewayState", "RECOVERING", "ABSENT", ("jvm-dead", "gateway-vanishes-unheard", 35.0)),
        ("GatewayState", "RECOVERING", "STOPPED", ("jvm-dead", "person-stops-gateway", 35.0)),
        ("GatewayState", "GAVE_UP", "ABSENT", ("uncurable-heals", "person-removes-gateway", 1960.0)),
        ("GatewayState", "GAVE_UP", "DEGRADED", ("uncurable-heals", "upstream-lost", 2000.0)),
        ("GatewayState", "GAVE_UP", "STOPPED", ("uncurable-heals", "person-stops-gateway", 1960.0)),
        ("EngineState", "UNKNOWN", "FAILING", ("engine-crash", "supervisor-restarts", 0.25)),
        ("EngineState", "UNKNOWN", "STOPPED", ("person-stops-engine", "supervisor-restarts", 30.0)),
        ("EngineState", "STARTING", "ABSENT", ("engine-vanishes-at-its-start", None, 0.0)),
        ("EngineState", "WAITING", "ABSENT", ("person-stops-gateway", "engine-vanishes-unheard", 60.0)),
        ("EngineState", "SUSPECT", "ABSENT", ("chain-load", "engine-vanishes-unheard", 1.0)),
        ("EngineState", "FAILING", "ABSENT", ("engine-mute", "engine-vanishes-unheard", 8.0)),
        ("EngineState", "FAILING", "STOPPED", ("engine-mute", "person-stops-engine", 10.0)),
        ("EngineState", "RECOVERING", "STOPPED", ("engine-crash", "person-stops-engine", 2.0)),
        ("EngineState", "GAVE_UP", "ABSENT", ("engine-zombie-heals", "person-removes-engine", 500.0)),
        ("EngineState", "GAVE_UP", "STOPPED", ("engine-zombie-heals", "person-stops-engine", 500.0)),
    )
}
"""What takes an edge that chance alone takes too seldom: one in eight days has one of them."""
BOUND = {Subject.GATEWAY: 3600.0, Subject.ENGINE: 1200.0, Subject.HOST: DAY}
"""Seconds that an incident may stay open with nothing to excuse it: the deadlines of all its rungs, one after another
(gateway: 20 s, 150 s, and 300 s as often as the budget of 3 in 15 min and 6 in 6 h allows until it is spent)."""
_NOT_LOOKED = 2.0
"""Between two looks nobody can tell that what fails has become another thing: its clock may run from the first one."""
PAGED_WITHIN = 5.0
"""Seconds after giving up by which a person has been called."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a plan; seconds after midnight."""

    at: float
    kind: str
    lasts: float


@dataclass(frozen=True, slots=True)
class Day:
    """A plan. The same seed gives the same plan, and the same plan the same run."""

    seed: int
    date: date
    region: Region
    house: str
    docker_restarts: bool
    twofa: bool
    ledger: str
    person_after: float
    happenings: tuple[Happening, ...]

    def __str__(self) -> str:
        lines = [
            f"day {self.seed}: {self.date:%A} {self.date}, {self.region}, {self.house}, ledger {self.ledger}, "
            f"{'with' if self.twofa else 'without'} 2FA, Docker {'restarts' if self.docker_restarts else 'leaves'} it"
        ]
        for each in self.happenings:
            lasting = f" for {each.lasts:g} s" if each.lasts else ""
            lines.append(f"  {timedelta(seconds=int(each.at))} {each.kind}{lasting}")
        return "\n".join(lines)


def planned(seed: int) -> Day:
    """The day of that seed: noise all day, faults alone and in pairs, at any phase of anything."""
    dice = random.Random(seed)
    when = dice.choice(_CHANGES_OF_CLOCKS) if dice.random() < 0.1 else date(2026, 1, 1) + timedelta(dice.randrange(730))
    house = dice.choices(HOUSES, (80, 10, 5, 5))[0]
    happenings: list[Happening] = []

    def add(name: str, at: float) -> None:
        if house == "external" and name in OF_THE_CONTAINER:
            return
        low, high = KINDS[name].lasts
        happenings.append(Happening(_turn(at), name, _turn(dice.uniform(low, high))))

    def anything(kinds: dict[str, Kind]) -> str:
        return dice.choice(sorted(kinds))

    for _ in range(dice.randint(1, 4)):
        add(anything(NOISE), dice.uniform(_SETTLES, DAY))
    for _ in range(dice.randint(0, 1)):
        add(anything(BROKEN), dice.uniform(_SETTLES, DAY))
    # A pair: the second while the first is being seen, cured or given up, or has just been.
    first: str
    second: str | None
    after = dice.choice([0.0, 3.0, 10.0, 30.0, 90.0, 300.0, 2400.0]) * dice.random()
    if seed % 2 == 0:
        first, second = PAIRS[seed // 2 % len(PAIRS)]
    elif seed % 8 == 1:
        first, second, after = list(SCENES.values())[seed // 8 % len(SCENES)]
    else:
        first, second = anything(KINDS), anything(KINDS)
    at = dice.uniform(_SETTLES, DAY)
    add(first, at)
    if second is not None:
        add(second, at + after)
    twofa = dice.random() < 0.3 or any(each.kind.startswith("twofa") for each in happenings)
    return Day(
        seed,
        when,
        dice.choice(REGIONS),
        house,
        dice.random() < 0.5,
        twofa,
        LEDGER if twofa or dice.random() < 0.3 else UNLIMITED,
        dice.uniform(120, 1800),
        tuple(sorted(happenings, key=lambda each: each.at)),
    )


def alone(kind: str, seed: int = 1, second: str | None = None, after: float = 0.0) -> Day:
    """An uneventful day but for one thing, or two."""
    happenings = [Happening(40000.0 + seed * 0.75, kind, _turn(sum(KINDS[kind].lasts) / 2))]
    if second is not None:
        happenings.append(Happening(happenings[0].at + _turn(after), second, _turn(sum(KINDS[second].lasts) / 2)))
    ledger = LEDGER if kind.startswith("twofa") else UNLIMITED
    return Day(seed, date(2026, 6, 3), "na", "whole", False, False, ledger, 600.0, tuple(happenings))


def _turn(seconds: float) -> float:
    return round(seconds * 4) / 4


@dataclass
class Report:
    """What a day came to."""

    ran: int = 0
    skipped: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    incidents: Counter[str] = field(default_factory=Counter)
    gave_up: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    logins: int = 0
    edges: set[tuple[str, str]] = field(default_factory=set)


class Wrong(AssertionError):
    """An invariant does not hold."""


class Run:
    """One day, from midnight to midnight, and after it everything mends."""

    def __init__(self, day: Day) -> None:
        self.day = day
        rules = replace(RULES[day.region, day.house], twofa=day.twofa and day.house != "external", reauth=REAUTH)
        self.house = house = House(
            rules,
            midnight=datetime.combine(day.date, datetime.min.time(), UTC),
            docker_restarts=day.docker_restarts,
            twofa=day.twofa,
            login_budget=Budget.parse(day.ledger),
        )
        self.open: dict[int, tuple[Happening, float | None]] = {}
        self.ended: set[int] = set()
        self.happened: Counter[str] = Counter()
        self.coming: float | None = None  # a person is on the way
        self.unexcused: dict[int, float] = {}
        self.had_to_wait: set[Subject] = set()
        self.gave_up_at: dict[int, float] = {}
        self.checked = 0
        self.was_well = False
        self.last = house.now
        self.invariants = Invariants(house)
        house.on_turn += [self.invariants.turned, self.turned]
        for number, each in enumerate(day.happenings):
            house.at(house.begun + each.at, partial(self._begin, number, each))
        ny = ZoneInfo(_ZONE)
        for offset in (-1, 0, 1):
            at = datetime.combine(day.date + timedelta(offset), datetime.min.time(), ny).replace(hour=23, minute=45)
            if (when := house.monotonic(at.astimezone(UTC))) > house.now:
                house.at(when, self._daily_restart)

    def _daily_restart(self) -> None:
        if self.house.serving:
            self.open[-1] = (Happening(self.house.now - self.house.begun, "jvm-pause", 0.0), self.house.now)
            self.house.daily_restart()

    def _begin(self, number: int, happening: Happening) -> None:
        house, kind = self.house, KINDS[happening.kind]
        if kind.while_up and not house.serving:
            return
        self.happened[happening.kind] += 1
        kind.begin(house)
        if not kind.idle:
            self.open[number] = (happening, None if happening.lasts else house.now)
        if happening.lasts:
            house.at(house.now + happening.lasts, lambda: self._end(number, happening))

    def _end(self, number: int, happening: Happening) -> None:
        if number in self.ended:
            return  # the evening was before its hour
        self.ended.add(number)
        KINDS[happening.kind].end(self.house)
        if number in self.open:
            self.open[number] = (happening, self.house.now)

    # -- what is watched ---------------------------------------------------------------------------------------------

    def turned(self, before: Memory, after: Memory) -> None:
        house = self.house
        if self.was_well:
            self._forget(house.now - TURN)  # as the turn before this one would have, had it not been left out
        for at, act in house.acts[self.checked :]:
            self._judge(at, act)
        self.checked = len(house.acts)
        self._bounds(after)
        self.was_well = house.well and not after.standing
        if self.was_well:
            self._forget(house.now)
        needed = (
            any(each.gave_up for each in after.open)
            or house.hold is not None
            or (after.engine.state in ("STOPPED",) and not self._somebody_did())
        )
        if needed and self.coming is None:
            self.coming = house.now + self.day.person_after
            house.at(self.coming, self._person)

    def _forget(self, now: float) -> None:
        """What has been over for a while excuses nothing any more."""
        for number, (_, ended) in list(self.open.items()):
            if ended is not None and now - ended > 30.0:
                del self.open[number]

    def _somebody_did(self) -> bool:
        return any(each.kind.startswith("person") and ended is None for each, ended in self.open.values())

    def _judge(self, at: float, act: Act) -> None:
        """Whether anything that happened asks for it, and is old enough to."""
        if act.by_hand or act.rung is Rung.LOGIN_LIFT or act.reason.startswith(OURS):
            return  # whose rightness the invariants know
        for happening, _ in self.open.values():
            kind, begun = KINDS[happening.kind], self.house.begun + happening.at
            before = any(0.0 < happening.at - other.at <= _NOT_LOOKED for other, _ in self.open.values())
            due = begun + kind.act - (_NOT_LOOKED if before else 0.0)
            if act.rung in MILD or (act.rung in kind.right and at >= due):
                return
        raise Wrong(f"{act.rung} ({act.reason}) is no answer to {[each.kind for each, _ in self.open.values()]}")

    def _bounds(self, after: Memory) -> None:
        """Each fault ends: recovered, or given up with a person called, or with somebody or something to wait for."""
        house = self.house
        passed, self.last = house.now - self.last, house.now
        open_ = {}
        for incident in (after.gateway_incident, after.engine_incident):
            if incident is None:
                continue
            new = incident.id not in self.unexcused
            waits = self._excused(incident.subject, after)
            # A leap ends at the very turn at which a pause does: its time is of the turn before.
            counted = 0.0 if new or waits or incident.subject in self.had_to_wait else passed
            (self.had_to_wait.add if waits else self.had_to_wait.discard)(incident.subject)
            spent = open_[incident.id] = self.unexcused.get(incident.id, 0.0) + counted
            if incident.gave_up:
                since = self.gave_up_at.setdefault(incident.id, house.now)
                if house.now - since > PAGED_WITHIN and not self._called(incident, since):
                    raise Wrong(f"{incident.fault} was given up, and nobody was called")
            elif spent > BOUND[incident.subject]:
                raise Wrong(f"{incident.fault} is open for {spent:g} s, and not given up: {house.sentence}")
        self.unexcused = open_
        for incident in after.standing:
            due = FAULTS[incident.fault].page is Page.NOW and house.now - incident.declared_at > PAGED_WITHIN
            if due and not self._called(incident, incident.declared_at):
                raise Wrong(f"{incident.fault} stands, and nobody was called")

    def _called(self, incident: Incident, since: float) -> bool:
        """Whether somebody was told of this very incident, or since then that there is nothing more to be done."""
        return any(
            told.id == incident.id or (told.fault == RESTART_STORM.name and at >= since) for at, told in self.house.told
        )

    def _excused(self, subject: Subject, after: Memory) -> bool:
        """Whether the machine has to wait for something that is not its own."""
        house = self.house
        return (
            bool(house.windows)
            or house.paused
            or house.waiting
            or house.hold is not None
            or house.ledger.next_at is not None
            or not house.docker_ok
            or house.login is not house.login.QUIET
            or not house.ticking  # a closed market proves no farm
            or (subject is Subject.ENGINE and after.gateway.state is not GatewayState.READY)
            or any(ended is None for _, ended in self.open.values())
        )

    # -- people --------------------------------------------------------------------------------------------------------

    def _person(self) -> None:
        """Somebody was called and has come: the cause is mended, the hold lifted, what is down is started."""
        house, self.coming = self.house, None
        house.restart_cures = house.resync_cures = house.engine_restart_cures = True
        house.login_ends, house.push_answered_after = "well", 20.0
        house.ibc_dead = house.engine_mute = False
        if house.engine_word is not None:
            house.engine_word = None
        house.lift()
        memory = house.memory
        for subject in (Subject.GATEWAY, Subject.ENGINE):
            box = house.box(subject)
            incident = memory.gateway_incident if subject is Subject.GATEWAY else memory.engine_incident
            if box.status is Status.EXITED:
                house.starts(subject)
            elif incident is not None and incident.gave_up and not (subject is Subject.GATEWAY and house.waiting):
                by_hand = Rung.RESTART_COMMAND if house.rules.external else Rung.CONTAINER_RESTART
                house.ask(subject, by_hand if subject is Subject.GATEWAY else Rung.ENGINE_RESTART)

    def run(self) -> Report:
        """The day.

        Raises:
            Wrong: with the plan and how to run it again.
        """
        house, day = self.house, self.day
        try:
            house.run(DAY)
            self._evening()
        except (AssertionError, IllegalTransition) as error:
            wall = f"{house.wall(house.now):%Y-%m-%d %H:%M:%S} UTC, {(house.now - house.begun):g} s"
            acts = ", ".join(f"{at - house.begun:g} {act.rung}" for at, act in house.acts[-8:])
            raise Wrong(
                f"{error}\nat {wall}: {house.sentence}\nlast acts: {acts}\n{day}\n"
                f"again: python -m tests.bench days --seed {day.seed} --days 1"
            ) from error
        report = Report(house.ran, house.skipped, pages=len(house.pages), logins=len(house.attempts))
        report.acts.update(act.rung for _, act in house.acts)
        report.incidents.update(each.fault for each in house.incidents)
        report.gave_up.update(each.fault for each in house.incidents if each.gave_up)
        report.happened = self.happened
        report.edges = house.edges
        return report

    def _evening(self) -> None:
        """All that is wrong from outside ends; then all must be well, or wait for a login that the ledger refuses."""
        house = self.house
        house.timers = [each for each in house.timers if each[0] <= house.now + DAY]
        house.login_budget = Budget.parse(UNLIMITED)
        house.paused = house.half_open = False
        for number, (happening, ended) in list(self.open.items()):
            if ended is None:
                self._end(number, happening)
        self._person()
        house.run(60.0)
        house.run(4 * 3600.0, self._all_is_well)
        if not self._all_is_well(house):
            self._person()
            house.run(4 * 3600.0, self._all_is_well)
        if not self._all_is_well(house):
            raise Wrong(f"the day ends and not all is well: {[each.fault for each in house.memory.open]}")

    def _all_is_well(self, house: World) -> bool:
        """But for the calendar's reminder, which ends by itself."""
        return house.well and all(each.fault == WEEKLY_TOKEN.name for each in house.memory.standing)


def ran(seed: int) -> Report | str:
    """The day of that seed, or what was wrong with it."""
    try:
        return Run(planned(seed)).run()
    except Wrong as wrong:
        return str(wrong)


def summed(reports: list[Report]) -> Report:
    """All of them as one."""
    total = Report()
    for each in reports:
        total.ran += each.ran
        total.skipped += each.skipped
        total.pages += each.pages
        total.logins += each.logins
        for name in ("acts", "incidents", "gave_up", "happened"):
            getattr(total, name).update(getattr(each, name))
        total.edges |= each.edges
    return total


def never_happened(total: Report) -> tuple[list[str], list[str]]:
    """Faults of the table without an incident, and rungs that were not climbed."""
    return sorted(set(FAULTS) - set(total.incidents)), sorted(rung for rung in Rung if rung not in total.acts)
