"""The files that `make up` makes, and those that it only reads."""

import hashlib
import socket
from pathlib import Path

import pytest

from preflight import secret_files, variables
from supervisor import plan as planning
from supervisor import stack
from supervisor.errors import SettingsRefused

HOST = planning.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"}, cpus=4)


def test_the_shell_overrules_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TENANT=file\nIB_ACCOUNT=DU1\nUNKNOWN=1\n")
    found = stack.given(tmp_path, {"TENANT": "shell", "PATH": "/bin"})
    assert (found["TENANT"], found["IB_ACCOUNT"]) == ("shell", "DU1")
    assert "UNKNOWN" not in found
    assert "PATH" not in found


def test_a_first_up_makes_private_tokens_and_a_second_keeps_them(tmp_path: Path) -> None:
    plan = planning.plan("sim", {}, HOST)
    stack.prepare_secrets(tmp_path, plan)
    first = {name: (tmp_path / "secrets" / name).read_text() for name in secret_files.TOKENS}
    assert len(set(first.values())) == len(secret_files.TOKENS)
    assert all(len(text.strip()) >= 40 for text in first.values())
    for path in (*(tmp_path / "secrets").iterdir(), *(tmp_path / "var" / "sim" / "credentials").iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    stack.prepare_secrets(tmp_path, plan)
    assert {name: (tmp_path / "secrets" / name).read_text() for name in secret_files.TOKENS} == first


def test_the_engine_gets_a_hash_of_the_operators_token_and_a_new_one_with_a_new_token(tmp_path: Path) -> None:
    plan = planning.plan("sim", {}, HOST)
    token, kept = (tmp_path / "secrets" / name for name in ("operator_token", secret_files.HASH))
    for text in (None, "another-token-of-mine"):
        if text:
            token.write_text(f"{text}\n")
        stack.prepare_secrets(tmp_path, plan)
        assert kept.read_text() == hashlib.sha256(token.read_text().strip().encode()).hexdigest() + "\n"
        assert kept.stat().st_mode & 0o777 == 0o600


def test_a_webhook_may_stay_empty_and_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    plan = planning.plan("sim", {}, HOST)
    stack.prepare_secrets(tmp_path, plan)
    hook = tmp_path / "secrets" / "webhook_url"
    assert hook.read_text() == ""
    hook.write_text("https://x.example/key")
    stack.prepare_secrets(tmp_path, plan)
    hook.chmod(0o644)
    with pytest.raises(SettingsRefused, match="webhook_url: expected mode 0600"):
        stack.prepare_secrets(tmp_path, plan)


def test_paper_without_credentials_names_the_files_and_the_way_without(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        stack.prepare_secrets(tmp_path, planning.plan("paper", {"IB_ACCOUNT": "DU1"}, HOST))
    told = str(refused.value)
    assert "secrets/tws_userid" in told
    assert "secrets/tws_password" in told
    assert "make up SIM=1" in told


def test_a_carriage_return_at_the_end_of_a_password_is_seen(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for name, text in (("tws_userid", b"user\n"), ("tws_password", b"hunter2\r\n")):
        (tmp_path / "secrets" / name).write_bytes(text)
        (tmp_path / "secrets" / name).chmod(0o600)
    with pytest.raises(SettingsRefused) as refused:
        stack.prepare_secrets(tmp_path, planning.plan("paper", {"IB_ACCOUNT": "DU1"}, HOST))
    assert "tws_password: expected one line" in str(refused.value)
    assert "tws_userid" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_files_for_compose_hold_no_secret(tmp_path: Path) -> None:
    plan = planning.plan("sim", {}, HOST)
    stack.prepare_secrets(tmp_path, plan)
    stack.write_files(tmp_path, plan)
    written = (tmp_path / plan.env_file).read_text() + (tmp_path / "var" / "sim" / "redis.acl").read_text()
    assert not any((tmp_path / "secrets" / name).read_text().strip() in written for name in secret_files.TOKENS)


def test_without_bootstrap_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="run scripts/bootstrap"):
        stack.look_at_host(tmp_path, {}, {})


def test_a_remote_engine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "images.env").write_text("BASE_IMAGE=base:1\n")
    with pytest.raises(SettingsRefused, match="DOCKER_HOST"):
        stack.look_at_host(tmp_path, {}, {"DOCKER_HOST": "tcp://10.0.0.1:2375"})


def test_a_port_that_somebody_has_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        plan = planning.plan("sim", {"HOST_PORT_SUPERVISOR": str(other.getsockname()[1])}, HOST)
        assert any(line.startswith("HOST_PORT_SUPERVISOR: expected") for line in stack.taken_ports(plan.variables))


def test_every_variable_of_the_example_is_understood(request: pytest.FixtureRequest) -> None:
    known = {*variables.OWN, *variables.PASSED_ON, *variables.PORTS}
    lines = (request.config.rootpath / ".env.example").read_text().splitlines()
    named = {line.removeprefix("#").split("=")[0] for line in lines if "=" in line and not line.startswith("# ")}
    assert set(variables.STAND_IN) < named <= known


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"AUTO_RESTART_TIME": "23:45"}, "AUTO_RESTART_TIME"),
        ({"AUTO_RESTART_TIME": "11:45 PM", "TIME_ZONE": "Nowhere/Land"}, "TIME_ZONE"),
        ({"REAUTH_AT": "17:00"}, "REAUTH_AT"),
        ({"WINDOWS_FILE": "nowhere.toml"}, "WINDOWS_FILE"),
    ],
)
def test_times_that_the_supervisor_would_refuse_are_refused_before_it_starts(
    tmp_path: Path, given: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsRefused, match=named):
        stack.check_settings(tmp_path, planning.plan("sim", given, HOST))


def test_times_that_it_takes_pass(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[[window]]\nname="a"\nzone="UTC"\ndays=["mon"]\nfrom="10:00"\nto="11:00"\n')
    given = {"AUTO_RESTART_TIME": "11:45 PM", "REAUTH_AT": "sun 17:00 America/New_York", "WINDOWS_FILE": "own.toml"}
    stack.check_settings(tmp_path, planning.plan("sim", given, HOST))
