"""A configuration that cannot work is refused before anything is asked of Docker, with one line that names it."""

import asyncio
from pathlib import Path

import pytest

from supervisor import stack
from supervisor.errors import SettingsRefused
from supervisor.plan import Host
from tests.refusals import CASES, Refusal

HOST = Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"}, cpus=4)


@pytest.fixture(autouse=True)
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(command: list[str], *_: object, **__: object) -> None:
        pytest.fail(f"Docker was asked: {command}")

    monkeypatch.setattr(stack, "run", asked)
    monkeypatch.setattr(stack, "look_at_host", lambda *_: HOST)


def up(root: Path, refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> str:
    secrets = root / "secrets"
    secrets.mkdir(mode=0o700)
    for name, value in refusal.write(secrets).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused) as refused:
        asyncio.run(stack.up("paper", root=root))
    return str(refused.value)


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    refusal = CASES[case]
    if case == "nothing":
        refusal = Refusal("IB_ACCOUNT", refusal.given, None, None)  # the files are scripts/bootstrap's, and come first
    told = up(tmp_path, refusal, monkeypatch)
    named = [line for line in told.splitlines() if refusal.said in line]
    assert len(named) == 1, told
    assert "expected" in told.lower() or "should be" in told.lower() or "valid" in told.lower(), told
    assert "hunter" not in told


def test_there_are_twenty_and_they_differ() -> None:
    assert len(CASES) >= 20
    assert len({str(case) for case in CASES.values()}) == len(CASES)


def test_what_is_right_goes_on_to_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets").mkdir()
    for name, value in Refusal("").write(tmp_path / "secrets").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(stack, "hand_over_secrets", lambda root, plan: plan)
    with pytest.raises(pytest.fail.Exception, match="Docker was asked"):
        asyncio.run(stack.up("paper", root=tmp_path))
