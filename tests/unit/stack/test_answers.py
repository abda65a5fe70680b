"""With JSON=1 a command that does something prints one object, as docs/json.md tells it, whatever else is printed."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from supervisor import answers, cli, pin, stack, upgrade
from supervisor.drill.ports import free_port
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import __main__ as fleet
from supervisor.fleet import deploy, files, gateways, move, moving, rolling
from supervisor.fleet import stack as fleet_stack
from supervisor.plan import Host, plan
from supervisor.upgrade import Made
from tests.unit.stack.test_backup import FILES, Shelf
from tests.unit.supervisor.test_json_page import PAGE, keys, told
from tests.unit.test_docs import quoted, table

HOST = Host(
    "/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1", "PROMETHEUS_IMAGE": "p:1", "GRAFANA_IMAGE": "g:1"}, cpus=4
)
SIM = plan("sim", {"TENANT": "sim"}, HOST)


@pytest.fixture(autouse=True)
def no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker says something on standard output, and all is well."""

    def said(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        subprocess.run(["echo", "Container watchkeeper-sim-engine  Started"], check=True)
        return subprocess.CompletedProcess([], 0, "", "")

    async def ready(*_: Any) -> bool:
        return True

    folder = tmp_path / "var" / "sim"
    folder.mkdir(parents=True)
    (folder / "compose.env").write_text("MODE=sim\nHOST_PORT_SUPERVISOR=1\n")
    for room in (stack, upgrade, pin):
        monkeypatch.setattr(room, "ROOT", tmp_path)
    for command in (stack.down, stack.purge, stack.gateway_setup, upgrade.upgrade):
        monkeypatch.setattr(command, "__kwdefaults__", {**(command.__kwdefaults__ or {}), "root": tmp_path})
    monkeypatch.setattr(stack.up, "__defaults__", (None, tmp_path, None))
    monkeypatch.setattr(stack.back_up, "__defaults__", (tmp_path, None))
    monkeypatch.setattr(stack.restore, "__defaults__", (tmp_path, None))
    monkeypatch.setattr(stack, "run", said)
    monkeypatch.setattr(stack, "compose", said)
    monkeypatch.setattr(stack, "look_at_host", lambda *_: HOST)
    monkeypatch.setattr(stack, "planned", lambda *_: SIM)
    monkeypatch.setattr(stack, "write_files", lambda *_: None)
    monkeypatch.setattr(stack, "wait_until_ready", ready)
    monkeypatch.setattr(stack, "taken_ports", lambda _: [])
    monkeypatch.setattr(stack, "_filled", lambda *_: ())


def answer(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What is on standard output: JSON, and nothing else."""
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    assert found["version"] == 1
    return found


def test_up(capfd: pytest.CaptureFixture[str]) -> None:
    assert stack.main(["up", "--mode", "sim", "--json"]) == 0
    found = answer(capfd)
    assert set(keys(found)) == told("up")
    assert found["ready"] is True
    assert found["addresses"]["page"] == "http://127.0.0.1:9180/"


@pytest.mark.parametrize(("command", "done"), [("down", "stopped"), ("purge", "removed")])
def test_down_and_purge(command: str, done: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert stack.main([command, "--mode", "sim", "--json"]) == 0
    found = answer(capfd)
    assert set(found) == told(command)
    assert (found[done], found["left"]) == (True, None)


def test_backup_and_restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    shelf = Shelf(dict(FILES), "sim", SIM.variables["IB_ACCOUNT"])
    monkeypatch.setattr(stack, "_volumes", lambda *_: shelf)
    assert stack.main(["backup", "--mode", "sim", "--json"]) == 0
    made = answer(capfd)
    assert set(made) == told("backup")
    path = tmp_path / made["file"]
    assert path.stat().st_size == made["bytes"]

    assert stack.main(["restore", "--mode", "sim", "--from", str(path), "--json"]) == 0
    back = answer(capfd)
    assert set(back) == told("restore")
    assert (back["restored"], (tmp_path / back["before"]).exists()) == (str(path), True)


def test_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    new = Made("settings", "image-2")
    monkeypatch.setattr(upgrade, "planned", lambda *_: SIM)
    monkeypatch.setattr(upgrade, "write_files", lambda *_: None)
    monkeypatch.setattr(upgrade, "build", lambda *_: None)
    monkeypatch.setattr(upgrade, "started_from", lambda *_: None)
    monkeypatch.setattr(upgrade, "_running", lambda *_: {"engine": Made("settings", "image-1")})
    monkeypatch.setattr(upgrade, "_wanted", lambda *_: {"engine": new})
    assert upgrade.main(["--mode", "sim", "--json"]) == 0
    found = answer(capfd)
    assert set(keys(found)) == told("upgrade")
    assert found["changes"] == [{"service": "engine", "touched": True, "why": "another image"}]
    assert found["done"] is False


def test_pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "var" / "images.env").write_text("REDIS_IMAGE=redis:8.0\nBASE_IMAGE=watchkeeper/base:trixie\n")
    monkeypatch.setattr(pin, "digest_by_docker", lambda image: "sha256:" + "a" * 64)
    assert pin.main(["--json"]) == 0
    found = answer(capfd)
    assert set(keys(found)) == told("pin")
    assert [one["state"] for one in found["images"]] == ["pinned", "pinned", "built here"]


def test_gateway_setup(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    class Made:
        def __init__(self, *_: object, say: Any, **__: object) -> None:
            self._say = say

        async def run(self, port: int) -> bool:
            self._say("  1. Open a VNC viewer")
            self._say("The settings are right and kept in the volume.")
            return True

    monkeypatch.setattr(stack, "Setup", Made)
    monkeypatch.setattr(stack, "is_free", lambda port: True)
    monkeypatch.setenv("CONFIRM", "sim")
    assert stack.main(["gateway-setup", "--mode", "sim", "--json"]) == 0
    found = answer(capfd)
    assert set(found) == told("gateway-setup")
    assert (found["right"], found["sentence"]) == (True, "The settings are right and kept in the volume.")


@pytest.mark.parametrize(("code", "flat"), [(0, True), (1, False), (2, None)])
def test_break_glass(
    code: int, flat: bool | None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONFIRM", "sim")
    monkeypatch.setattr(stack, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "", ""))
    monkeypatch.setattr(stack, "in_supervisor", lambda *_: ["sh", "-c", f"echo closed 3 positions; exit {code}"])
    assert stack.main(["break-glass", "--mode", "sim", "--json"]) == code
    found = answer(capfd)
    assert set(found) == told("break-glass")
    assert found["flat"] is flat


def test_restart_gateways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    async def rolled(run: tuple[rolling.Tenant, ...], *_: object) -> tuple[rolling.Tenant, ...]:
        return tuple(replace(one, phase=rolling.Phase.SKIPPED, why="it is paused") for one in run)

    monkeypatch.setattr(gateways, "names", lambda *_: ["one", "two"])
    monkeypatch.setattr(gateways, "roll", rolled)
    monkeypatch.setattr(gateways.restart_gateways, "__defaults__", (tmp_path,))
    monkeypatch.setenv("HOST_PORT_SUPERVISOR", "1")
    assert gateways.main(["--json"]) == 1
    found = answer(capfd)
    assert set(keys(found)) == told("restart-gateways")
    assert [(one["name"], one["phase"]) for one in found["tenants"]] == [("one", "skipped"), ("two", "skipped")]
    assert gateways.main(["--json", "--wait", "soon"]) == 2
    assert answer(capfd)["refused"][0]["found"] == "'soon'"


def test_the_stacks_of_a_swarm(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(deploy, "status", lambda _: (deploy.Seen("one", "a", "running"),))
    assert fleet.main(["stack-status", "--json"]) == 0
    assert set(keys(answer(capfd))) == told("stack-status")


def test_tenant_move(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    outcomes = [
        moving.Outcome(True, (move.Step.STOP, move.Step.DEPLOY), move.Record("a", "b", proof=move.Proof.SEEN)),
        moving.Outcome(False, (), None, "one: open at the broker: 1 SPY"),
    ]

    async def moved(*_: object, **__: object) -> moving.Outcome:
        return outcomes.pop(0)

    monkeypatch.setattr(moving, "move", moved)
    monkeypatch.setattr(files, "names", lambda _: ["one"])
    monkeypatch.setattr(deploy, "unfit", lambda _: [])
    monkeypatch.setattr(deploy, "docker", lambda *_: "")
    assert moving.main(["--tenant", "one", "--to", "b", "--json"]) == 0
    found = answer(capfd)
    assert set(keys(found)) == told("tenant-move")
    assert (found["steps"], found["proof"]) == (["stop", "deploy"], "seen")
    assert moving.main(["--tenant", "one", "--to", "b", "--json"]) == 1
    found = answer(capfd)
    assert set(keys(found)) == told("tenant-move")
    assert (found["moved"], found["why"]) == (False, "one: open at the broker: 1 SPY")
    assert moving.main(["--tenant", "two", "--to", "b", "--json"]) == 2
    assert answer(capfd)["refused"][0]["found"] == "two"


def test_of_several_tenants_the_names_are_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fleet_stack, "present", lambda root: {"one", "two"})
    monkeypatch.setattr(fleet_stack, "drafted", lambda root: [])
    monkeypatch.setattr(stack, "may_leave", lambda *_, **__: True)
    assert fleet.main(["down", "--json"]) == 0
    assert answer(capfd) == {"version": 1, "tenants": ["one", "two"], "stopped": True}
    assert fleet.main(["down", "--tenant", "three", "--json"]) == 2
    assert answer(capfd)["refused"][0]["found"] == "three"


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_a_refusal_is_an_answer_with_its_parts(capfd: pytest.CaptureFixture[str]) -> None:
    assert stack.main(["up", "--json"]) == 2
    said = capfd.readouterr()
    found = json.loads(said.out)
    assert set(keys(found)) == told("refusal")
    assert found["refused"] == [
        {
            "text": "expected SIM=1, PAPER=1 or LIVE=1, found none; try: make up SIM=1",
            "expected": "SIM=1, PAPER=1 or LIVE=1",
            "found": "none",
            "do": "try: make up SIM=1",
        }
    ]
    assert found["refused"][0]["text"] in said.err


CONFIRMED = {
    "up": ("up", "--mode", "live"),
    "purge": ("purge", "--mode", "paper"),
    "restore": ("restore", "--mode", "paper", "--from", "FILE"),
    "gateway-setup": ("gateway-setup", "--mode", "paper"),
    "gateway-setup by its API": ("gateway-setup", "--mode", "paper", "--by-api"),
    "break-glass": ("break-glass", "--mode", "paper"),
}


@pytest.mark.parametrize("command", CONFIRMED.values(), ids=CONFIRMED)
def test_what_a_person_must_confirm_is_refused_in_json_where_nobody_is(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    live = plan("live", {"TENANT": "live", "IB_ACCOUNT": "U1234567", "STRATEGY": "none"}, HOST)
    monkeypatch.setattr(stack, "planned", lambda *_: stack.confirm_live(live))
    monkeypatch.setattr(stack, "known_mode", lambda *_: "paper")
    monkeypatch.setattr(stack, "may_leave", lambda *_, **__: True)
    monkeypatch.setattr(stack, "is_free", lambda port: True)
    monkeypatch.setattr(stack, "Setup", lambda *_, **__: None)
    monkeypatch.delenv("CONFIRM", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert stack.main([*command, "--json"]) == 2
    *_, last = answer(capfd)["refused"]
    assert (last["expected"], last["found"]) == ("a person to confirm", "no terminal")


def test_a_command_that_reaches_nobody_says_so_in_json_and_a_question_stays_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "operator_token").write_text("t")
    monkeypatch.setenv("TOKENS_DIR", str(tmp_path))
    monkeypatch.setenv("HOST_PORT_SUPERVISOR", str(free_port()))
    assert cli.main(["resume", "--json"]) == 2
    assert answer(capfd)["refused"][0]["do"] == "is the stack up? `make up SIM=1`"
    assert cli.main(["status", "--json"]) == 2
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("error", [SettingsRefused("X: expected a, found b\nnot confirmed"), RuntimeTrouble("no")])
def test_each_thing_that_is_wrong_has_a_row(error: Exception, capfd: pytest.CaptureFixture[str]) -> None:
    def refuse() -> int:
        answers.tell(tenant="sim", done=False)
        raise error

    assert answers.answered(refuse, as_json=True) == 2
    found = answer(capfd)
    assert [row["text"] for row in found["refused"]] == str(error).splitlines()
    assert found["tenant"] == "sim", "what was known before it is told, too"
    assert {row["found"] for row in found["refused"]} <= {"b", None}


def test_without_it_people_are_told_as_ever(capfd: pytest.CaptureFixture[str]) -> None:
    assert stack.main(["down", "--mode", "sim"]) == 0
    assert capfd.readouterr().out == "Container watchkeeper-sim-engine  Started\n" * 3
    assert stack.main(["up"]) == 2
    assert capfd.readouterr().out == ""


# -- every command -----------------------------------------------------------------------------------------------------


def commands() -> dict[str, str]:
    """Each target of the Makefile that a person is told of, and its recipe."""
    text = (Path(__file__).parents[3] / "Makefile").read_text()
    return dict(re.findall(r"^([a-z-]+):.*## .*\n((?:\t.*\n?)+)", text, re.MULTILINE))


def test_every_command_takes_it_or_the_page_says_why_not() -> None:
    without = {name.removeprefix("make ") for row in table(PAGE, "command") for name in quoted(row[0])}
    found = commands()
    assert len(found) > 30
    assert {name for name, recipe in found.items() if "$(JSON_FLAG)" not in recipe} == without
    assert all(row[1] for row in table(PAGE, "command"))


@pytest.mark.parametrize("command", [name for name, recipe in commands().items() if "$(JSON_FLAG)" in recipe])
def test_every_command_that_takes_it_is_told_of(command: str) -> None:
    """Below the list at the top: where its keys are."""
    _, _, shapes = PAGE.read_text().partition("## `make status`")
    shapes = "## `make status`" + shapes
    assert re.search(rf"`(make )?{command}`", shapes)
