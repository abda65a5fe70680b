"""docs/gateway-image.md is the contract of the gateway's image: our files, and the stand-in's, are held to it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from supervisor.login import Line, read
from supervisor.observation import Look, Result
from supervisor.plan import OTHER_IMAGE_PORT, Host, Mode, plan

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "gateway-image.md").read_text()
WRAPPER = "".join((ROOT / "gateway" / "ibkr" / name).read_text() for name in ("entrypoint.sh", "ledger.sh"))
STAND_IN = (ROOT / "compose" / "standin" / "gateway-run").read_text()
OURS = {"MAILBOX_DIR", "LEDGER_DIR", "HOLD_DIR", "LOGIN_BUDGET", "TWS_USERID_FILE"}
SET_ELSEWHERE = {"TWS_USERID", "VNC_SERVER_PASSWORD"}
HOST = Host("/var/run/docker.sock", 998, {}, cpus=4)


def rows(first: str) -> list[list[str]]:
    """The table of the page whose head begins with that word."""
    body = PAGE.split(f"\n| {first} |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()[2:]]


def named(cell: str) -> str:
    """The first word in code letters of a cell."""
    return cell.split("`")[1]


def gateway(file: str) -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((ROOT / file).read_text())["services"]["ib-gateway"]
    return service


PLACES = {named(what): kind for kind, what, _ in rows("kind") if "`" in what}
HERE = gateway("compose.yaml"), gateway("compose/ibkr.yaml")


def test_every_name_that_we_set_is_the_images_and_every_name_of_the_page_is_set() -> None:
    promised = {named(cells[0]) for cells in rows("environment")}
    ours = set(HERE[0]["environment"]) | set(HERE[1]["environment"])
    assert ours - OURS == promised - SET_ELSEWHERE


def test_the_images_start_script_is_started_after_ours_in_the_stand_in_as_well() -> None:
    (script,) = (place for place, kind in PLACES.items() if kind == "script")
    assert HERE[0]["command"] == [script]
    assert HERE[0]["entrypoint"] == ["bash", "/opt/watchkeeper/entrypoint.sh"]
    dockerfile = (ROOT / "gateway" / "simulator" / "Dockerfile").read_text()
    assert f"COPY compose/standin/gateway-run {script}" in dockerfile
    assert "--uid 1000" in dockerfile


def test_files_are_looked_for_where_the_image_has_them() -> None:
    files = [place for place, kind in PLACES.items() if kind == "file"]
    assert files[0] in WRAPPER
    assert '"$SETTINGS/launcher.log"' in WRAPPER
    assert '"$SETTINGS"/*/autorestart' in WRAPPER


def test_the_volume_is_on_the_settings_and_never_over_the_program() -> None:
    (folder,) = (place for place, kind in PLACES.items() if kind == "folder")
    assert HERE[1]["environment"]["TWS_SETTINGS_PATH"] == folder
    targets = [mount.split(":")[1] for mount in HERE[0]["volumes"] + HERE[1]["volumes"]]
    assert folder in targets
    assert not [target for target in targets if target.startswith("/home/ibgateway/Jts")]


def test_ports_are_the_images() -> None:
    jvm, socat, command, vnc = (re.findall(r"\d{4}", what) for kind, what, _ in rows("kind") if kind == "port")
    accounts: dict[Mode, str] = {"live": "U1", "paper": "DU1"}
    told = [plan(mode, {"IB_ACCOUNT": account}, HOST).variables["GATEWAY_PORT"] for mode, account in accounts.items()]
    assert told == socat
    for mode, inside, outside in zip(("live)", "*)"), jvm, socat, strict=True):
        assert re.search(rf"{re.escape(mode)} +outside={outside} inside={inside} ", STAND_IN)
        assert re.search(rf"{re.escape(mode)} +JVM_PORT=\$\{{JVM_PORT:-{inside}\}}", WRAPPER)
    assert f"COMMAND_PORT:-{command[0]}" in WRAPPER
    assert vnc[0] not in str(HERE)
    (screen,) = gateway("compose/gateway-setup.yaml")["ports"]
    assert screen == f"127.0.0.1:${{HOST_PORT_VNC:?}}:{vnc[0]}"


def test_the_other_images_port_and_its_names() -> None:
    other = plan("paper", {"IB_ACCOUNT": "DU1", "GATEWAY_IMAGE": "ghcr.io/extrange/ibkr:10.45.1j"}, HOST).variables
    (port,) = (cells[2] for cells in rows("what") if cells[0] == "API port")
    assert other["GATEWAY_PORT"] == OTHER_IMAGE_PORT == port.split()[0]
    assert "compose/extrange.yaml" in other["COMPOSE_FILE"]
    names = set(gateway("compose/extrange.yaml")["environment"])
    of_ibc = {name for name in names if name.startswith("IBC_")}
    assert names - of_ibc == {"HOME", "GATEWAY_OR_TWS", "TWS_SETTINGS_PATH", "TWOFA_TIMEOUT_ACTION", "TZ"}


@pytest.mark.parametrize("line", [named(cells[0]) for cells in rows("log line")])
def test_every_line_is_read(line: str) -> None:
    told = read([Line(1.0, line)], Look(Result.OK, 2.0, 0.0), float)
    in_source = line in (ROOT / "gateway" / "simulator" / "ibc_script.py").read_text()
    assert told.line or in_source
