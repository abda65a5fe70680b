"""Unusable configuration is told in one message and exit code 2, never by a traceback."""

import os
import subprocess
import sys

import pytest

from preflight.errors import SettingsError
from preflight.settings import Settings


def test_every_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IB_ACCOUNT", "MODE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match=r"IB_ACCOUNT.*MODE.*\.env"):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [("IB_ACCOUNT", "<your account>"), ("MODE", "demo"), ("GATEWAY_PORT", "0"), ("PREFLIGHT_CLIENT_ID", "1")],
)
def test_an_unusable_value_is_named_with_what_was_found(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    for key, good in {"IB_ACCOUNT": "DUSIM0001", "MODE": "sim", name: value}.items():
        monkeypatch.setenv(key, good)
    with pytest.raises(SettingsError, match=f"{name}.*found '{value}'"):
        Settings.load()


def test_the_program_exits_with_2() -> None:
    environment = {"PATH": os.environ["PATH"], "MODE": "sim"}
    result = subprocess.run([sys.executable, "-m", "preflight"], env=environment, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith("preflight: IB_ACCOUNT: expected a value, found none")
    assert "Traceback" not in result.stderr
