from pathlib import Path

import pytest

from supervisor.errors import SettingsRefused
from supervisor.settings import Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONTAINER_RESTART_BUDGET", "PROBE_INTERVAL_SECONDS", "ENGINE", "RECONNECT_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "TENANT": "sim",
        "MODE": "sim",
        "IB_ACCOUNT": "DUSIM0001",
        "SECRETS_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)


def test_the_least_that_must_be_said() -> None:
    rules = Settings.load().rules()
    assert (rules.tenant, rules.account, rules.live, rules.engine) == ("sim", "DUSIM0001", False, True)
    assert rules.reconnect_account


def test_live_does_not_log_in_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "live")
    assert not Settings.load().rules().reconnect_account
    monkeypatch.setenv("RECONNECT_ACCOUNT", "yes")
    assert Settings.load().rules().reconnect_account


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("MODE", "demo", "MODE"),
        ("MODE", "", "MODE: expected a value"),
        ("GATEWAY_PORT", "99999", "GATEWAY_PORT"),
        ("PROBE_INTERVAL_SECONDS", "0.1", "PROBE_INTERVAL_SECONDS"),
        ("TENANT", "No Good", "TENANT"),
    ],
)
def test_bad_ones_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused, match=named):
        Settings.load()


@pytest.mark.parametrize("budget", ["lots", "30/1m"])
def test_budgets_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch, budget: str) -> None:
    monkeypatch.setenv("CONTAINER_RESTART_BUDGET", budget)
    with pytest.raises(SettingsRefused):
        Settings.load().rules()


def test_a_token_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "machine_token").write_text(" abc \n")
    assert Settings.load().token("machine_token") == "abc"


@pytest.mark.parametrize("text", [None, ""])
def test_no_token_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "operator_token").write_text(text)
    with pytest.raises(SettingsRefused, match="operator_token"):
        Settings.load().token("operator_token")
