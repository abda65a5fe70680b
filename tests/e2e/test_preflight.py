"""`make preflight` against real containers: go, no-go with a remedy, and could not ask."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import httpx
import pytest

from tests.e2e.stack import Stack, docker

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_go_when_all_is_well(trading: Stack) -> None:
    assert trading.make("preflight").returncode == 0
    result = trading.run("preflight", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert report["verdict"] == "go"
    found = {check["name"]: check["result"] for check in report["checks"]}
    passing = ("port", "inside", "login", "utc", "read-only", "docker", "ports")
    assert {found[name] for name in passing} == {"pass"}, report
    configuration = {check["name"]: check["result"] for check in report["checks"] if check["group"] == "configuration"}
    assert configuration.pop("settings-owner") == "pass", "a container looked into the gateway's volume"
    assert configuration.pop("secrets") == "pass"
    engine = {check["name"]: check["result"] for check in report["checks"] if check["group"] == "engine"}
    assert set(engine.values()) == {"pass"}
    assert "fail" not in configuration.values()
    assert "by its own word" in result.stdout


def test_a_zone_that_the_gateways_settings_keep_is_found(trading: Stack) -> None:
    gateway, kept = trading.container("gateway"), "/home/ibgateway/state/jts.ini"
    try:
        docker("exec", gateway, "sh", "-c", f"printf '[Logon]\\nTimeZone=America/New_York\\n' >{kept}")
        result = trading.run("preflight", "--only", "time-zone")
        assert result.returncode == 1, result.stdout + result.stderr
        assert "America/New_York in jts.ini" in result.stdout
    finally:
        docker("exec", gateway, "rm", "-f", kept)


def test_no_go_where_orders_are_taken_and_should_not_be(trading: Stack) -> None:
    result = trading.run("preflight", READ_ONLY_API="yes")
    assert result.returncode == 1, result.stdout
    assert "READ_ONLY_API=no" in result.stdout


def test_no_go_for_another_account(trading: Stack) -> None:
    result = trading.run("preflight", IB_ACCOUNT="DUSIM0002")
    assert result.returncode == 1
    assert "set IB_ACCOUNT" in result.stdout


def test_could_not_ask_without_a_usable_configuration(trading: Stack) -> None:
    result = trading.run("preflight", READ_ONLY_API="perhaps")
    assert result.returncode == 2
    assert "READ_ONLY_API: expected yes or no, found 'perhaps'" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_go_in_new_york_and_when_the_gateway_is_down(trading: Stack) -> None:
    try:
        assert trading.make("up", "SIM=1", TIME_ZONE="America/New_York").returncode in (0, 1)
        result = trading.run("preflight")
        assert result.returncode == 1, result.stdout
        assert "TIME_ZONE=Etc/UTC" in result.stdout

        docker("stop", trading.container("gateway"))
        result = trading.run("preflight")
        assert result.returncode == 1, result.stdout
        assert "make up" in result.stdout
    finally:
        assert trading.make("up", "SIM=1").returncode == 0


def test_only_what_is_chosen_is_asked_and_a_build_server_may_read_it(trading: Stack, tmp_path: Path) -> None:
    result = trading.make("preflight", "ONLY=port,docker", f"JUNIT={tmp_path / 'preflight.xml'}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "left out, of which this says nothing" in result.stdout
    cases = ET.parse(tmp_path / "preflight.xml").getroot().findall("testcase")
    assert {case.get("name") for case in cases} == {"port", "docker"}
    assert trading.run("preflight", "--only", "prot").returncode == 2


def test_what_the_supervisor_found_is_kept_and_shown(trading: Stack) -> None:
    told = trading.until(lambda: trading.status()["preflight"], "a preflight with the gateway ready")
    assert (told["verdict"], told["fail"]) == ("go", [])
    assert re.search(r"Preflight +go\b", trading.make("status").stdout)
    assert "watchkeeper_preflight_go{" in httpx.get(trading.url("supervisor", "/metrics"), timeout=5).text


def test_a_gateway_that_a_person_paused_is_no_go(trading: Stack) -> None:
    docker("pause", trading.container("gateway"))
    try:
        result = trading.run("preflight", "--json")
    finally:
        docker("unpause", trading.container("gateway"))
    assert result.returncode == 1, result.stderr
    found = {check["name"]: check["result"] for check in json.loads(result.stdout)["checks"]}
    assert (found["port"], found["login"], found["docker"]) == ("fail", "skipped", "pass")


def test_without_an_answer_of_the_supervisors_container_the_machine_is_told_of_all_the_same(trading: Stack) -> None:
    supervisor = f"watchkeeper-{trading.tenant}-supervisor-1"
    docker("pause", supervisor)
    try:
        result = trading.run("preflight")
    finally:
        docker("unpause", supervisor)
    assert result.returncode == 2, result.stdout
    assert "is it up? make status" in result.stderr
    assert "docker" in result.stdout
