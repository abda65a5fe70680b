"""Every edge of the two transition tables is taken by a story told here, and no other edge exists."""

from collections.abc import Callable

import pytest

from supervisor import states
from supervisor.errors import IllegalTransition
from supervisor.faults import Rung
from supervisor.memory import GatewayTrack, Memory, Moved
from supervisor.observation import EngineWord, Observation, Status, Subject
from supervisor.pad import Pad
from supervisor.policy import Budget, Policy
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState
from tests.sim.world import Edge, World, edge, settled

G, E = Subject.GATEWAY, Subject.ENGINE
ONE_EACH = Policy(container_budget=Budget.parse("1/1h"), engine_budget=Budget.parse("1/1h"))

type Do = Callable[[World], object]


def fresh() -> World:
    return World(Rules("sim", account="DUSIM0001", policy=ONE_EACH))


def well() -> World:
    return settled(Rules("sim", account="DUSIM0001", policy=ONE_EACH))


def lifecycle() -> World:
    """An engine of which nothing but its container is seen."""
    return settled(Rules("sim", account="DUSIM0001", engine_api=False, policy=ONE_EACH))


def lost(world: World) -> None:
    """Upstream is gone: the gateway is DEGRADED."""
    world.upstream_lost_at = world.now
    world.run(1)


def suspect(world: World) -> None:
    """One failing heart: SUSPECT, not yet seen."""
    world.half_open = True
    world.run(5, lambda w: w.memory.gateway.state is GatewayState.SUSPECT)


def failing(world: World) -> None:
    world.kill_jvm()
    world.run(10, lambda w: w.memory.gateway.state is GatewayState.FAILING)


def recovering(world: World) -> None:
    world.boot_seconds = 60.0
    world.kill_jvm()
    world.run(30, lambda w: w.memory.gateway.state is GatewayState.RECOVERING)
    world.run(2)


def gave_up(world: World) -> None:
    world.restart_cures = False
    world.kill_jvm()
    world.run(800, lambda w: w.memory.gateway.state is GatewayState.GAVE_UP)


def remove(subject: Subject) -> Do:
    def do(world: World) -> None:
        world.box(subject).present = False
        world._due.clear()
        world.run(6)

    return do


def stop(subject: Subject) -> Do:
    def do(world: World) -> None:
        world.docker_stop(subject)
        world.run(2)

    return do


def start(subject: Subject) -> Do:
    def do(world: World) -> None:
        world.box(subject).present = True
        world.docker_start(subject)
        world.run(2)

    return do


def create(subject: Subject) -> Do:
    def do(world: World) -> None:
        world.box(subject).present, world.box(subject).status = True, Status.CREATED
        world._due.clear()
        world.run(2)

    return do


def die(subject: Subject) -> Do:
    def do(world: World) -> None:
        world.box(subject).present = True
        world.crash(subject)
        world.run(1)

    return do


def by_hand(subject: Subject, rung: Rung) -> Do:
    def do(world: World) -> None:
        world.ask(subject, rung)
        world.run(2)

    return do


def after(seconds: float) -> Do:
    def do(world: World) -> None:
        world.run(seconds)

    return do


def again(subject: Subject) -> Do:
    """Docker, or a person without our seeing it, put a new process in the old one's place."""

    def do(world: World) -> None:
        box = world.box(subject)
        box.generation, box.up_since = box.generation + 1, world.now
        if subject is G:
            world.jvm_dead = world.hang = world.half_open = False
            world._boot(3.0)
        else:
            world.engine_mute, world.engine_word = False, None
        world._due.clear()
        world.run(2)

    return do


def swapped(subject: Subject) -> Do:
    """Docker shows the new process before a probe has missed the old one."""

    def do(world: World) -> None:
        box = world.box(subject)
        box.generation, box.up_since = box.generation + 1, world.now
        world._due.pop("docker", None)
        world.run(2)

    return do


def vanished(subject: Subject) -> Do:
    """Docker shows nothing before a probe has missed it."""

    def do(world: World) -> None:
        world.box(subject).shown = False
        world._due.pop("docker", None)
        world.run(2)

    return do


def mend(world: World) -> None:
    world.jvm_dead = world.hang = world.half_open = world.frozen = world.engine_mute = False
    world.restart_cures = world.resync_cures = True
    world.engine_word = None
    world.engine_needs_resync = False
    world.run(10)


def found_dead(subject: Subject) -> Do:
    def do(world: World) -> None:
        box = world.box(subject)
        box.status, box.exit_code, box.ended_at = Status.EXITED, 137, world.now - 60.0
        world.run(1)

    return do


def engine_says(word: EngineWord, seconds: float = 5.0) -> Do:
    def do(world: World) -> None:
        world.engine_word, world.resync_cures = word, False
        world.run(seconds)

    return do


def mute(world: World) -> None:
    world.engine_mute = True
    world.run(4, lambda w: w.memory.engine.state is EngineState.SUSPECT)


def engine_failing(world: World) -> None:
    world.engine_mute = True
    world.run(10, lambda w: w.memory.engine.state is EngineState.FAILING)


def engine_recovering(world: World) -> None:
    world.crash(E)
    world.run(2, lambda w: w.memory.engine.state is EngineState.RECOVERING)
    world.run(1.75)  # what comes sooner is taken for our own act's


def engine_gave_up(world: World) -> None:
    world.crash(E)
    world.run(10)
    world.crash(E)
    world.run(10, lambda w: w.memory.engine.state is EngineState.GAVE_UP)


def waiting(world: World) -> None:
    world.docker_stop(G)
    world.run(4)


STORIES: tuple[tuple[Do, ...], ...] = (
    # the gateway
    (remove(G), create(G), remove(G), start(G), after(10)),
    (remove(G), start(G), stop(G)),
    (found_dead(G), after(20)),
    (create(G), start(G), remove(G), die(G)),
    (stop(G), start(G), stop(G), remove(G)),
    (create(G), start(G), die(G)),
    (create(G), start(G), by_hand(G, Rung.CONTAINER_RESTART)),
    (stop(G), by_hand(G, Rung.CONTAINER_START)),
    (stop(G), lambda w: w.event(G, "start"), die(G)),
    (by_hand(G, Rung.CONTAINER_RESTART), after(20)),
    (again(G),),
    (die(G),),
    (vanished(G),),
    (swapped(G),),
    (lost, vanished(G)),
    (lost, swapped(G)),
    (suspect, mend),
    (suspect, lambda w: setattr(w, "upstream_lost_at", w.now), mend),
    (suspect, again(G)),
    (suspect, stop(G)),
    (suspect, remove(G)),
    (suspect, by_hand(G, Rung.CONTAINER_RESTART)),
    (suspect, after(20)),
    (lost, suspect),
    (lost, lambda w: setattr(w, "upstream_lost_at", None), after(5)),
    (lost, die(G)),
    (lost, again(G)),
    (lost, stop(G)),
    (lost, remove(G)),
    (lost, by_hand(G, Rung.CONTAINER_RESTART), after(10)),
    (failing, mend),
    (failing, lambda w: setattr(w, "upstream_lost_at", w.now), mend),
    (failing, stop(G)),
    (failing, remove(G)),
    (recovering, World.supervisor_dies, after(5)),
    (recovering, stop(G)),
    (recovering, remove(G)),
    (gave_up, mend),
    (gave_up, lambda w: setattr(w, "upstream_lost_at", w.now), mend),
    (gave_up, stop(G)),
    (gave_up, remove(G)),
    (gave_up, by_hand(G, Rung.CONTAINER_RESTART)),
    (lambda w: setattr(w, "accounts", ("U1",)), create(G), start(G), after(10)),
    # the engine
    (remove(E), create(E), remove(E), start(E), after(10)),
    (remove(E), start(E), stop(E)),
    (found_dead(E), after(20)),
    (remove(E), die(E)),
    (stop(E), start(E), remove(E)),
    (stop(E), remove(E)),
    (stop(E), by_hand(E, Rung.ENGINE_START), after(10)),
    (stop(E), lambda w: w.event(E, "start"), die(E)),
    (remove(E), start(E), die(E)),
    (stop(E), lambda w: w.docker_start(E), after(0.5), by_hand(E, Rung.ENGINE_RESTART)),
    (again(E), after(10)),
    (vanished(E),),
    (swapped(E),),
    (waiting, swapped(E)),
    (die(E),),
    (waiting, mute),
    (waiting, again(E)),
    (waiting, stop(E)),
    (waiting, remove(E)),
    (waiting, die(E)),
    (waiting, start(G), after(10)),
    (mute, mend),
    (waiting, mute, mend),
    (mute, again(E)),
    (mute, stop(E)),
    (mute, remove(E)),
    (mute, by_hand(E, Rung.ENGINE_RESTART)),
    (engine_failing, mend),
    (engine_failing, stop(E)),
    (engine_failing, remove(E)),
    (engine_says(EngineWord.CONNECTING, 13.0), waiting),
    (engine_recovering, stop(E)),
    (engine_recovering, remove(E)),
    (engine_recovering, waiting, after(10)),
    (engine_recovering, lambda w: setattr(w, "engine_mute", True), after(150)),
    (engine_gave_up, start(E), after(10)),
    (engine_recovering, after(10), engine_failing, after(30), mend),
    (engine_gave_up, stop(E)),
    (engine_gave_up, remove(E)),
    (engine_gave_up, by_hand(E, Rung.ENGINE_START), after(10)),
)


LIFECYCLE_STORIES: tuple[tuple[Do, ...], ...] = (
    (die(E), after(10)),
    (again(E),),
    (stop(E),),
    (remove(E),),
    (by_hand(E, Rung.ENGINE_RESTART), after(10)),
)


def edges(table: object) -> set[Edge]:
    return {edge(start, end) for start, ends in table.items() for end in ends}  # type: ignore[attr-defined]


def told(stories: tuple[tuple[Do, ...], ...], *beginnings: Callable[[], World]) -> set[Edge]:
    taken: set[Edge] = set()
    for story in stories:
        for begin in beginnings:
            world = begin()
            for event in story:
                event(world)
            taken |= world.edges
    return taken


def test_every_edge_is_taken() -> None:
    taken = told(STORIES, well, fresh) | told(LIFECYCLE_STORIES, lifecycle)
    missing = (edges(states.GATEWAY_EDGES) | edges(states.ENGINE_EDGES)) - taken
    assert not missing, sorted(" -> ".join(each) for each in missing)


@pytest.mark.parametrize("table", [states.GATEWAY_EDGES, states.ENGINE_EDGES])
def test_the_tables_are_whole(table: object) -> None:
    kinds = {type(state) for state in table}  # type: ignore[attr-defined]
    assert len(kinds) == 1
    assert set(table) == set(kinds.pop())  # type: ignore[call-overload]


def test_an_edge_that_is_not_in_the_table_is_a_bug() -> None:
    memory = Memory(gateway=GatewayTrack(state=GatewayState.READY))
    turn = Pad(memory, Observation(), 0.0, Rules("sim"))
    with pytest.raises(IllegalTransition, match="READY -> GAVE_UP"):
        turn.move(GatewayState.GAVE_UP)


def test_a_move_says_why() -> None:
    memory = Memory(gateway=GatewayTrack(state=GatewayState.READY))
    turn = Pad(memory, Observation(), 0.0, Rules("sim"))
    turn.move(GatewayState.SUSPECT)
    assert turn.out == [Moved(GatewayState.READY, GatewayState.SUSPECT, "a first probe failed")]
