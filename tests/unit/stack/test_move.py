"""A tenant's move to another node: never two gateways, none on a guess or under a position, and it goes on."""

import asyncio
import struct
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.backup import REPLACE
from supervisor.drill.ports import free_port
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import moving, on_node
from supervisor.fleet.move import AUDITED_WITHIN, Proof, Record, Refused, Seen, Step, decide
from supervisor.fleet.moving import move
from supervisor.fleet.swarm_hands import SwarmHands, pinned_to
from supervisor.fleet.tasks import Member
from tws.clock import SystemClock

NOW = 1_800_000_000.0
A, B, C = (Member(f"id-{name}", name, name, "/docker.sock", reached=True) for name in "abc")
GATEWAY = ("watchkeeper-x_ib-gateway.1",)


class HandClock(SystemClock):
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def status(at: float = NOW, audited: float | None = NOW, **changed: Any) -> dict[str, Any]:
    login = {"hold": changed.get("hold"), "attempts_left": changed.get("left", 3)}
    held = changed.get("held", [])
    row = {
        "name": "x",
        "exposure": {"known": True, "held": held, "working": [], "audited_at": iso(audited) if audited else None},
        "windows": {"open": changed.get("windows", [])},
        "gateway": {"state": "READY", "login": login},
    }
    return {"at": iso(at), "tenants": [row]}


LIVES = Seen((A, B, C), "a", "a", GATEWAY, status())
DEAD = replace(LIVES, nodes=(replace(A, reached=False), B, C), running=None, status="its node does not answer")


def refused(seen: Seen, target: str = "b", *, force: bool = False) -> Refused:
    step = decide("x", target, seen, NOW, force=force)
    assert isinstance(step, Refused)
    return step


# -- the decision ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("seen", "target", "why"),
    [
        (LIVES, "z", "one of a, b, c, found z"),
        (LIVES, "", "found none"),
        (replace(LIVES, nodes=(A, B, replace(C, label=""))), "c", "one of a, b, found c"),
        (replace(LIVES, nodes=(A, B, replace(C, label="b"))), "b", "2 nodes with b"),
        (LIVES, "a", "another node than a"),
        (replace(LIVES, nodes=(A, replace(B, reached=False), C)), "b", "b is not; see docker node ls"),
        (replace(LIVES, pinned=""), "b", "found none in this Swarm"),
        (replace(LIVES, record=Record("a", "c")), "b", "make tenant-move TENANT=x TO=c"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_else(seen: Seen, target: str, why: str, force: bool) -> None:
    for typed in (False, True):
        no = refused(replace(seen, typed=typed), target, force=force)
        assert why in no.why
        assert no.impossible
        assert not no.typing


@pytest.mark.parametrize(
    ("told", "why", "forced"),
    [
        (status(held=["1 SPY"]), "open at the broker: 1 SPY", True),
        ("it does not answer", "positions and orders cannot be asked about", True),
        ({"at": iso(NOW), "tenants": []}, "does not know tenant x", True),
        (status(windows=[{"name": "weekly"}]), "inside weekly", False),
        (status(hold="a refused password"), "on hold (a refused password)", False),
        (status(left=1), "the ledger has 1 left", False),
        (status(left=None), "the ledger has 0 left", False),
    ],
)
def test_what_runs_is_stopped_only_when_it_may_be(told: Any, why: str, forced: bool) -> None:
    seen = replace(LIVES, status=told)
    no = refused(seen)
    assert why in no.why
    assert "nothing was done" in no.why
    assert (decide("x", "b", seen, NOW, force=True) is Step.QUIET) is forced
    assert decide("x", "b", replace(seen, record=Record("a", "b", quiet_at=NOW)), NOW) is Step.BACK


def test_a_gateway_is_stopped_only_after_an_audit_that_is_younger_than_its_engines_end() -> None:
    quiet = replace(LIVES, record=Record("a", "b", quiet_at=NOW))
    assert decide("x", "b", LIVES, NOW) is Step.QUIET
    assert decide("x", "b", replace(quiet, status=status(audited=NOW)), NOW + 5) is Step.WAIT
    assert decide("x", "b", replace(quiet, status=status(audited=NOW - 1)), NOW + AUDITED_WITHIN) is Step.BACK
    assert decide("x", "b", replace(quiet, status=status(audited=NOW + 1)), NOW + 5) is Step.STOP
    assert decide("x", "b", replace(quiet, status=status(audited=NOW + 1, held=["1 SPY"])), NOW + 5) is Step.BACK
    assert decide("x", "b", replace(quiet, status="gone"), NOW + 5, force=True) is Step.STOP


def test_a_node_that_does_not_answer_may_run_it_still_whatever_else_is_said() -> None:
    for force in (False, True):
        no = refused(DEAD, force=force)
        assert no.typing
        assert "may still run" in no.why
    # Swarm reaches it, its engine says nothing: no proof either.
    assert refused(replace(DEAD, nodes=(A, B, C))).typing
    assert decide("x", "b", replace(DEAD, typed=True), NOW) is Step.GIVE_UP


def test_a_typed_word_counts_for_nothing_while_the_old_node_says_otherwise() -> None:
    assert refused(replace(LIVES, typed=True, status=status(held=["1 SPY"]))).why.startswith("x: open at the broker")
    came_back = replace(LIVES, record=Record("a", "b", proof=Proof.TYPED, carried=True))
    assert decide("x", "b", came_back, NOW) is Step.STOP


def test_a_node_on_which_nothing_runs_still_has_swarm_told_first() -> None:
    assert decide("x", "b", replace(LIVES, running=(), status="gone"), NOW) is Step.STOP


def test_with_a_proof_it_is_carried_pinned_and_deployed() -> None:
    proved = replace(LIVES, running=(), pinned="", record=Record("a", "b", proof=Proof.SEEN))
    assert decide("x", "b", proved, NOW) is Step.CARRY
    carried = replace(proved, record=Record("a", "b", proof=Proof.SEEN, carried=True))
    assert decide("x", "b", carried, NOW) is Step.PIN
    assert decide("x", "b", replace(carried, written="b"), NOW) is Step.DEPLOY
    assert decide("x", "b", replace(carried, written="b", pinned="b"), NOW) is Step.DEPLOY


def test_without_its_ledger_it_begins_behind_a_hold() -> None:
    typed = replace(DEAD, pinned="", record=Record("a", "b", proof=Proof.TYPED))
    assert decide("x", "b", typed, NOW) is Step.BEGIN_HELD
    # The node is back before that: its ledger can come along.
    assert decide("x", "b", replace(typed, running=()), NOW) is Step.CARRY


# -- a whole move in a world that breaks -------------------------------------------------------------------------------


class Broke(RuntimeTrouble):
    """The command is gone."""


@dataclass
class World:
    """Two nodes and a Swarm. `breaks`: the acts, by their number, in whose middle the command ends."""

    clock: HandClock
    alive: bool = True
    seen: bool = True
    breaks: frozenset[int] = frozenset()
    person: bool = False
    opens: bool = False
    pinned: str = "a"
    written: str = "a"
    gateways: set[str] = field(default_factory=lambda: {"a"})
    engine: bool = True
    logins: dict[str, int] = field(default_factory=lambda: {"a": 1})
    holds: set[str] = field(default_factory=set)
    record: Record | None = None
    held: list[str] = field(default_factory=list)
    acts: int = 0

    async def see(self, record: Record | None, *, typed: bool) -> Seen:
        running = tuple(GATEWAY if "a" in self.gateways else ()) if self.seen else None
        now = self.clock.now().timestamp()
        told: dict[str, Any] | str = status(now, now, held=self.held) if running else "gone"
        there = (replace(A, reached=self.seen), B)
        return Seen(there, self.written, self.pinned, running, told, typed, record)

    async def check(self, record: Record) -> None:
        pass

    def confirm(self, word: str, warning: str) -> None:
        assert word == "x a"
        if not self.person:
            raise SettingsRefused("not confirmed; nothing was done")

    async def act(self, step: Step, record: Record) -> Record:
        self.acts += 1
        breaks = self.acts in self.breaks
        await self.clock.sleep(1)
        if step is Step.QUIET:
            self.engine = False
            if self.opens:
                self.held = ["1 SPY"]
            record = replace(record, quiet_at=self.clock.now().timestamp())
        elif step is Step.BACK:
            self.engine = True
        elif step in (Step.STOP, Step.GIVE_UP):
            assert not self.held, "no gateway is stopped under a position"
            self.pinned = ""
            if step is Step.STOP:
                self.holds.add("a")
                if breaks:
                    raise Broke
                self.gateways.discard("a")
            record = replace(record, proof=Proof.SEEN if step is Step.STOP else Proof.TYPED, carried=False)
        elif step is Step.CARRY:
            assert "a" not in self.gateways
            self.logins["b"] = max(self.logins.get("b", 0), self.logins["a"])
            record = replace(record, carried=True)
        elif step is Step.BEGIN_HELD:
            self.holds.add("b")
            record = replace(record, carried=True)
        elif step is Step.PIN:
            self.written = record.target
        elif step is Step.DEPLOY:
            self.pinned = record.target
            assert not (self.alive and "a" in self.gateways), "two gateways"
            if "b" not in self.holds:
                assert "b" in self.logins, "no login without its ledger"
                self.gateways.add("b")
        if breaks:
            raise Broke
        return record

    def keep(self, record: Record | None) -> None:
        self.record = record


def go(world: World, *, force: bool = False) -> moving.Outcome | Exception:
    try:
        return asyncio.run(move("x", "b", world, world.clock, world.record, force=force))
    except (SettingsRefused, RuntimeTrouble) as error:
        return error


@settings(max_examples=60, deadline=None)
@given(breaks=st.frozensets(st.integers(1, 12), max_size=6), dead=st.booleans(), force=st.booleans())
def test_however_often_it_breaks_the_same_command_ends_it(breaks: frozenset[int], dead: bool, force: bool) -> None:
    world = World(HandClock(), alive=not dead, seen=not dead, breaks=breaks, person=dead)
    if dead:
        world.gateways.clear()
    outcome = go(world, force=force)
    for _ in breaks:
        if isinstance(outcome, Broke):
            outcome = go(world, force=force)
    assert isinstance(outcome, moving.Outcome)
    assert outcome.moved
    assert (world.pinned, world.written, world.record) == ("b", "b", None)
    assert world.gateways == (set() if dead else {"b"})
    assert ("b" in world.holds) is dead


def test_a_partition_without_a_persons_word_changes_nothing() -> None:
    world = World(HandClock(), seen=False)
    assert isinstance(go(world, force=True), SettingsRefused)
    assert (world.acts, world.pinned, world.gateways, world.record) == (0, "a", {"a"}, None)


def test_a_position_that_is_opened_meanwhile_takes_it_back() -> None:
    world = World(HandClock(), opens=True)
    outcome = go(world)
    assert isinstance(outcome, moving.Outcome)
    assert not outcome.moved
    assert "1 SPY" in outcome.why
    assert (world.engine, world.gateways, world.record, world.holds) == (True, {"a"}, None, set())


def test_a_node_that_comes_back_with_its_gateway_after_a_persons_word_has_it_ended_first() -> None:
    world = World(HandClock(), seen=False, person=True, breaks=frozenset({1}))
    assert isinstance(go(world), Broke)
    world.seen, world.record = True, Record("a", "b", proof=Proof.TYPED)
    outcome = go(world)
    assert isinstance(outcome, moving.Outcome)
    assert outcome.moved
    assert world.gateways == {"b"}
    assert world.logins["b"] == 1


# -- what is kept, and the tenant's file ------------------------------------------------------------------------------


def test_what_was_done_is_kept(tmp_path: Path) -> None:
    hands = SwarmHands(tmp_path, "x", "b", HandClock())
    record = Record("a", "b", NOW, Proof.TYPED, carried=True)
    assert hands.kept() is None
    hands.keep(record)
    assert hands.kept() == record
    (tmp_path / "var/x/move.json").write_text('{"source": "a"')
    with pytest.raises(SettingsRefused, match="what an earlier move has kept"):
        hands.kept()
    hands.keep(None)
    assert hands.kept() is None


def test_the_file_gets_its_node_and_keeps_all_else() -> None:
    text = '# node = "q"\nmode = "sim"\nnode = "a" # the first rack\n'
    assert pinned_to(text, "b") == '# node = "q"\nmode = "sim"\nnode = "b" # the first rack\n'
    for bad in ('mode = "sim"\n', 'node = """a"""\nnode="b"\n'):
        with pytest.raises(SettingsRefused, match="write node"):
            pinned_to(bad, "b")


# -- on a node ---------------------------------------------------------------------------------------------------------


def carried(source: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """One folder of volumes into another, over a socket, by the script that a restore runs."""
    script = REPLACE.replace("/tmp/m", f"{tmp_path}/m").replace("cd /volumes", f"cd {target}")
    monkeypatch.setattr(on_node, "PORT", free_port())
    heard: dict[str, Any] = {}

    def take() -> None:
        heard["there"] = on_node.receive(script, "moved away by make tenant-move", target, tmp_path / "there.tar.gz")

    takes = threading.Thread(target=take)
    takes.start()
    heard["here"] = on_node.send("127.0.0.1", source, tmp_path / "here.tar.gz")
    takes.join(60)
    return heard


def test_ledger_hold_and_cache_come_along_and_the_moves_own_hold_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for place in (a, b):
        for name in ("ledger", "hold", "redis-data", "gateway-settings"):
            (place / name).mkdir(parents=True)
    (a / "ledger/attempts").write_text("100 container-start boot\n")
    (a / "hold/hold").write_text("moved away by make tenant-move to b\n")
    (a / "redis-data/appendonly.aof").write_text("orders")
    (a / "gateway-settings/autorestart").write_text("a token")
    (b / "ledger/attempts").write_text("90 container-start boot\n")
    (b / "hold/hold").write_text("moved away by make tenant-move to a\n")
    (b / "redis-data/old").write_text("of an earlier stay")
    heard = carried(a, b, tmp_path, monkeypatch)
    assert heard["here"]["taken"]
    assert heard["here"]["sent"] == heard["there"]["received"]
    assert (b / "ledger/attempts").read_text() == "100 container-start boot\n90 container-start boot\n"
    assert not (b / "hold/hold").exists()
    assert [one.name for one in (b / "redis-data").iterdir()] == ["appendonly.aof"]
    assert not (b / "gateway-settings/autorestart").exists()
    assert (a / "hold/hold").exists()
    assert (a / "redis-data/appendonly.aof").exists()


def test_a_hold_that_a_person_must_lift_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for place in (a, b):
        (place / "hold").mkdir(parents=True)
        (place / "ledger").mkdir(parents=True)
    (a / "hold/hold").write_text("a refused password\n")
    carried(a, b, tmp_path, monkeypatch)
    assert (b / "hold/hold").read_text() == "a refused password\n"


def test_what_does_not_come_whole_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b/ledger").mkdir(parents=True)
    (tmp_path / "b/ledger/attempts").write_text("90 container-start boot\n")
    monkeypatch.setattr(on_node, "PORT", free_port())
    heard: list[dict[str, Any]] = []
    takes = threading.Thread(
        target=lambda: heard.append(on_node.receive("exit 1", "moved", tmp_path / "b", tmp_path / "there.tar.gz"))
    )
    takes.start()
    with on_node._connected("127.0.0.1") as peer:
        peer.sendall(struct.pack(">Q", 1000) + bytes(32) + b"half of it")
    takes.join(60)
    assert "nothing was touched" in heard[0]["error"]
    assert (tmp_path / "b/ledger/attempts").read_text() == "90 container-start boot\n"


def test_a_hold_keeps_its_first_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_node, "HOLD", tmp_path / "hold")
    assert on_node.hold("first") == {"hold": "first"}
    assert on_node.hold("second") == {"hold": "first"}
