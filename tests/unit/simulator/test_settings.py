"""Settings: what is not set has a default, what cannot be used says what could."""

import datetime as dt

import pytest

from gateway.simulator.errors import SettingsError
from gateway.simulator.settings import load


def test_defaults() -> None:
    chosen = load({})
    assert (chosen.api_port, chosen.control_port, chosen.command_port) == (4002, 9170, 7462)
    assert (chosen.accounts, chosen.time_zone, chosen.server_version) == (("DUSIM0001",), "UTC", 223)
    assert (chosen.read_only, chosen.profile, chosen.time_format) == (None, "fast", "utc")
    assert chosen.day_start == dt.time(0, 0)
    assert chosen.control_hosts == ("localhost", "127.0.0.1", "ib-gateway")


def test_the_world() -> None:
    assert (load({}).calendar, load({}).data) == ("24/7", ())
    chosen = load({"SIM_CALENDAR": "XNYS", "SIM_DATA": "/data/SPY.csv, /data/QQQ.parquet"})
    assert chosen.calendar == "XNYS"
    assert [path.name for path in chosen.data] == ["SPY.csv", "QQQ.parquet"]


def test_live_mode_has_a_live_account_and_port() -> None:
    chosen = load({"TRADING_MODE": "live"})
    assert (chosen.accounts, chosen.api_port) == (("USIM0001",), 4001)


def test_names_of_the_real_image() -> None:
    chosen = load(
        {
            "TWS_USERID": "u",
            "READ_ONLY_API": "yes",
            "TIME_ZONE": "America/New_York",
            "TRADING_MODE": "paper",
        }
    )
    assert chosen.user == "u"
    assert chosen.read_only
    assert chosen.time_zone == "America/New_York"


def test_several_accounts_and_an_advisors() -> None:
    assert load({"SIM_ACCOUNTS": "DU1, DU2"}).accounts == ("DU1", "DU2")
    assert load({"SIM_ACCOUNTS": "DF1,DU1,DU2"}).accounts == ("DF1", "DU1", "DU2")
    assert load({"SIM_ACCOUNTS": "F1,U1", "TRADING_MODE": "live"}).accounts == ("F1", "U1")
    for text, found in (("DU1,DF2", "DF2"), ("DU1,", ""), ("U1,U2", "U1")):
        with pytest.raises(SettingsError, match=f"^SIM_ACCOUNTS: expected letters .*, found '{found}'"):
            load({"SIM_ACCOUNTS": text})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRADING_MODE", "both"),
        ("READ_ONLY_API", "perhaps"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("SIM_ACCOUNT", "U123"),
        ("SIM_ACCOUNT", "DU 1"),
        ("SIM_ACCOUNT", "DF1"),
        ("SIM_ACCOUNTS", "DU1,DU1"),
        ("SIM_ACCOUNTS", "DF1"),
        ("SIM_SEED", "x"),
        ("SIM_CALENDAR", "sometimes"),
        ("SIM_CALENDAR", "14:20-14:00"),
        ("SIM_DAY_START", "25:00"),
        ("SIM_PROFILE", "slow"),
        ("SIM_SERVER_VERSION", "224"),
        ("SIM_SERVER_VERSION", "156"),
        ("SIM_TIME_FORMAT", "local"),
        ("SIM_VOLATILITY", "0"),
        ("SIM_API_PORT", "70000"),
        ("SIM_MARKET_DATA", "free"),
        ("SIM_CASH", "-1"),
        ("SIM_REJECT_OVER_RATE", "perhaps"),
        ("SIM_SPEED", "-1"),
        ("SIM_SPEED", "fast"),
        ("SIM_SPEED", "nan"),
        ("SIM_START", "yesterday"),
        ("SIM_START", "2026-11-18T09:30:00"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: expected .*, found '{value}'"):
        load({name: value})


def test_the_worlds_clock() -> None:
    assert (load({}).speed, load({}).start) == (1.0, None)
    chosen = load({"SIM_SPEED": "0", "SIM_START": "2026-11-18T09:30:00-05:00"})
    assert (chosen.speed, chosen.start) == (0.0, dt.datetime(2026, 11, 18, 14, 30, tzinfo=dt.UTC))


def test_the_image_says_what_ibc_does() -> None:
    chosen = load(
        {
            "TWOFA_TIMEOUT_ACTION": "restart",
            "RELOGIN_AFTER_TWOFA_TIMEOUT": "yes",
            "TWOFA_EXIT_INTERVAL": "90",
            "EXISTING_SESSION_DETECTED_ACTION": "primaryoverride",
            "AUTO_RESTART_TIME": "23:58 ET",
            "TWS_COLD_RESTART": "07:05",
            "TWS_SETTINGS_PATH": "/settings",
        }
    )
    assert (chosen.twofa_timeout_action, chosen.relogin, chosen.twofa_exit_interval) == ("restart", True, 90.0)
    assert chosen.existing_session_action == "primaryoverride"
    assert (chosen.auto_restart_time, chosen.cold_restart_time) == ("23:58 ET", "07:05")
    assert str(chosen.launcher_log) == "/settings/launcher.log"


def test_a_newcomers_login_just_works() -> None:
    chosen = load({"SIM_STATE_DIR": "/state"})
    assert (chosen.credentials, chosen.twofa, chosen.competing) == ("ok", "off", "no")
    assert (chosen.twofa_timeout, chosen.twofa_timeout_action, chosen.relogin) == (180.0, "exit", False)
    assert (chosen.boot, chosen.login, chosen.soft_restart) == (None, None, None)
    assert chosen.existing_session_action == "primary"
    assert str(chosen.settings_dir) == "/state"


@pytest.mark.parametrize("text", ["off", "answered", "never", "refused", "12.5"])
def test_what_becomes_of_a_push(text: str) -> None:
    assert str(load({"SIM_TWOFA": text}).twofa) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIM_TWOFA", "sometimes"),
        ("SIM_TWOFA", "-1"),
        ("SIM_CREDENTIALS", "bad"),
        ("TWOFA_TIMEOUT_ACTION", "retry"),
        ("RELOGIN_AFTER_TWOFA_TIMEOUT", "maybe"),
        ("TWOFA_EXIT_INTERVAL", "soon"),
        ("EXISTING_SESSION_DETECTED_ACTION", "fight"),
        ("SIM_COMPETING_SESSION", "yes"),
        ("SIM_THROTTLE_AFTER", "0"),
        ("SIM_BOOT_SECONDS", "-1"),
        ("SIM_TIME_THROTTLE", "on"),
        ("SIM_ZONE_SPELLING", "klingon"),
        ("SIM_ZONE_SPELLING", "chinese"),  # but not in UTC
    ],
)
def test_what_the_gateway_around_cannot_use_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: expected .*, found '{value}'"):
        load({name: value})
