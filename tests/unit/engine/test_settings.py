"""Settings: every fault at once, no secret in a message, and no strategy on real money."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from engine.errors import SettingsError
from engine.settings import Mode, StrategyName, account_fits, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("IB_ACCOUNT", "MODE", "TRADING_MODE", "STRATEGY", "TRADER_ID", "HTTP_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))


def test_the_stand_in_trades_and_real_accounts_observe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IB_ACCOUNT", "DUSIM0001")
    assert load().chosen_strategy is StrategyName.REFERENCE
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT", "DU1234567")
    assert load().chosen_strategy is StrategyName.NONE


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "http")
    monkeypatch.setenv("TRADER_ID", "NAMELESS")
    with pytest.raises(SettingsError) as caught:
        load()
    text = str(caught.value)
    assert "IB_ACCOUNT" in text
    assert "HTTP_PORT" in text
    assert "NAME-TAG" in text
    assert "correct these" in text


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"MODE": "live", "TRADING_MODE": "paper", "IB_ACCOUNT": "U1234567"}, "TRADING_MODE=live"),
        ({"MODE": "live", "TRADING_MODE": "live", "IB_ACCOUNT": "DU1234567"}, "live account"),
        ({"MODE": "paper", "IB_ACCOUNT": "U1234567"}, "paper account"),
        ({"MODE": "sim", "TRADING_MODE": "live", "IB_ACCOUNT": "DUSIM0001"}, "TRADING_MODE=paper"),
        ({"MODE": "paper", "IB_ACCOUNT": "DU1234567", "STRATEGY": "reference"}, "STRATEGY=none"),
        ({"MODE": "live", "TRADING_MODE": "live", "IB_ACCOUNT": "U1234567", "STRATEGY": "reference"}, "stand-in"),
    ],
)
def test_worlds_are_not_mixed(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], word: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=word) as caught:
        load()
    assert "1234567" not in str(caught.value)


def test_secrets_come_from_files_and_stay_out_of_sight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IB_ACCOUNT", "DUSIM0001")
    (tmp_path / "machine_token").write_text("hush-hush\n")
    (tmp_path / "redis_password").write_text("pass\n")
    settings = load()
    assert settings.machine_token is not None
    assert settings.machine_token.get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(settings)


@pytest.mark.parametrize(
    ("mode", "account", "fits"),
    [
        (Mode.SIM, "DUSIM0001", True),
        (Mode.PAPER, "DU1", True),
        (Mode.PAPER, "U1", False),
        (Mode.LIVE, "U1", True),
        (Mode.LIVE, "DU1", False),
        (Mode.LIVE, "du1", False),
    ],
)
def test_the_kind_of_account_goes_with_the_mode(mode: Mode, account: str, fits: bool) -> None:
    assert account_fits(mode, account) is fits


def test_the_program_exits_2_and_says_why(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine"],
        env={"PATH": os.environ["PATH"], "SECRETS_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "IB_ACCOUNT" in done.stderr
    assert "Traceback" not in done.stderr
