"""The stand-in's settings, from the environment, under the names that the real image uses where it has one.

The standard library reads them and not pydantic-settings: its import alone takes longer than the 0.3 s in which
the fast profile promises an API (measured: 0.40 s against 0.01 s).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.simulator import entitlements
from gateway.simulator.broker.margin.kinds import AccountType
from gateway.simulator.entitlements import Entitlements
from gateway.simulator.environment import bad, listed, number, one_of, port, seconds, seconds_or_none, yes
from gateway.simulator.wire.zone_names import CHINESE

MIN_SERVER_VERSION = 157
MAX_SERVER_VERSION = 223
"""What nautilus-ibapi 10.45.1, and so Nautilus, can speak; a gateway of today offers as much or more."""

TimeFormat = Literal["instrument", "operator", "utc"]
"""The gateway's setting 'Send instrument-specific attributes for dual-mode API client in'."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen. Times are seconds, ports are TCP."""

    user: str
    trading_mode: Literal["paper", "live"]
    read_only: bool | None
    """Whether IBC ticks the box of the read-only API at each start; None: it leaves it as it is, unticked at first."""
    time_zone: str
    """IANA name of the zone the gateway is logged in with; `UTC` for `Etc/UTC`, as a JVM shows it."""
    accounts: tuple[str, ...]
    """All accounts of the login; the first is the default, or the advisor's master."""
    seed: int
    day_start: dt.time
    profile: Literal["fast", "real"]
    server_version: int
    state_dir: Path
    time_format: TimeFormat
    market_data: Entitlements
    """What the login is subscribed to."""
    volatility: float
    """Realised volatility of the underlyings per year: 0.6 is 60 %."""
    account_type: AccountType
    """What its margin goes by."""
    assignment: float
    """Chance that a short option with no time value left is assigned in a night."""
    cash: float
    """US dollars in the account when it is opened."""
    api_host: str
    api_port: int
    control_host: str
    control_port: int
    control_hosts: tuple[str, ...]
    """Host headers that the control port accepts."""
    command_port: int
    max_messages_per_second: int
    market_data_lines: int
    speed: float
    """World seconds a machine second; 0: the world stands until it is stepped."""
    start: dt.datetime | None
    """The world's first moment; the machine's where there is none."""
    calendar: Literal["24/7", "XNYS"] | tuple[dt.time, dt.time]
    """A world that never closes, the hours of the exchanges of the United States, or a session of every day."""
    data: tuple[Path, ...]
    """Own prices: CSV or Parquet files of quotes or bars."""
    faults_file: Path | None
    """Faults to begin with: TOML or JSON."""
    reject_over_rate: bool
    """Whether messages above the rate are refused with error 100, instead of read later. Like the read-only API, the
    form of times, the master client and the port, only the first value: see `configuration`."""
    master_client: int | None
    """The client id that hears of every client's orders."""
    # The gateway around the API: login, restarts, its logs, its clock.
    settings_dir: Path
    """The volume that keeps the token of a session, and launcher.log."""
    launcher_log: Path
    credentials: Literal["ok", "wrong", "unrecognized"]
    twofa: float | Literal["off", "answered", "never", "refused"]
    """Whether a login needs a push, and what becomes of it; a number: seconds until it is approved."""
    twofa_timeout: float
    twofa_timeout_action: Literal["exit", "restart"]
    twofa_exit_interval: float
    relogin: bool
    existing_session_action: Literal["manual", "primary", "primaryoverride", "secondary"]
    competing: Literal["no", "yields", "insists"]
    """Whether another session holds the login when ours begins."""
    throttle_after: int
    """Refused logins in a row before every further one has to wait."""
    throttle: float
    boot: float | None
    """Seconds to the login window; the profile's where there is none, as with the next two."""
    login: float | None
    soft_restart: float | None
    auto_restart_time: str
    """As given: IBC only logs what it cannot read, so it is no reason not to start."""
    auto_logoff_time: str
    cold_restart_time: str
    time_throttle: Literal["gateway", "client", "off"]
    """Whose reqCurrentTime is ignored when it comes within a second of an answered one."""
    zone_spelling: Literal["english", "chinese"]


def load(env: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value cannot be used. The message names the variable, what it may be and what it was.
    """
    mode: Literal["paper", "live"] = one_of(env, "TRADING_MODE", "paper", "live")
    zone = _zone(env)
    return Settings(
        user=env.get("TWS_USERID", ""),
        trading_mode=mode,
        read_only=yes(env, "READ_ONLY_API") if env.get("READ_ONLY_API") else None,
        time_zone=zone,
        accounts=_accounts(env, mode),
        seed=number(env, "SIM_SEED", "1", int, "a whole number", lambda n: True),
        day_start=_day_start(env),
        profile=one_of(env, "SIM_PROFILE", "fast", "real"),
        server_version=number(
            env,
            "SIM_SERVER_VERSION",
            str(MAX_SERVER_VERSION),
            int,
            f"a whole number from {MIN_SERVER_VERSION} to {MAX_SERVER_VERSION}",
            lambda n: MIN_SERVER_VERSION <= n <= MAX_SERVER_VERSION,
        ),
        state_dir=Path(env.get("SIM_STATE_DIR") or "/home/ibgateway/state"),
        time_format=one_of(env, "SIM_TIME_FORMAT", "utc", "instrument", "operator"),
        market_data=_entitlements(env),
        volatility=number(env, "SIM_VOLATILITY", "0.6", float, "a number over 0, up to 3", lambda n: 0 < n <= 3),
        account_type=one_of(env, "SIM_ACCOUNT_TYPE", "reg-t", "cash", "portfolio"),
        assignment=number(env, "SIM_ASSIGNMENT", "0.1", float, "a number from 0 to 1", lambda n: 0 <= n <= 1),
        cash=number(env, "SIM_CASH", "1000000", float, "a number of dollars", lambda n: 0 <= n <= 1e12),
        api_host=env.get("SIM_API_HOST") or "127.0.0.1",
        api_port=port(env, "SIM_API_PORT", "4001" if mode == "live" else "4002"),
        control_host=env.get("SIM_CONTROL_HOST") or "127.0.0.1",
        control_port=port(env, "SIM_CONTROL_PORT", "9170"),
        control_hosts=listed(env, "SIM_CONTROL_HOSTS", "localhost,127.0.0.1,ib-gateway"),
        command_port=port(env, "SIM_COMMAND_PORT", "7462"),
        max_messages_per_second=number(
            env, "SIM_MAX_MESSAGES_PER_SECOND", "50", int, "a whole number over 0", lambda n: n > 0
        ),
        market_data_lines=number(env, "SIM_MARKET_DATA_LINES", "100", int, "a whole number over 0", lambda n: n > 0),
        speed=number(env, "SIM_SPEED", "1", float, "a number from 0 to 100000", lambda n: 0 <= n <= 100_000),
        start=_start(env),
        calendar=_calendar(env),
        data=tuple(map(Path, listed(env, "SIM_DATA"))),
        faults_file=Path(env["SIM_FAULTS"]) if env.get("SIM_FAULTS") else None,
        reject_over_rate=yes(env, "SIM_REJECT_OVER_RATE"),
        master_client=number(env, "SIM_MASTER_CLIENT_ID", "0", int, "a client id", lambda n: n >= 0)
        if env.get("SIM_MASTER_CLIENT_ID")
        else None,
        settings_dir=_settings_dir(env),
        launcher_log=Path(env.get("SIM_LAUNCHER_LOG") or _settings_dir(env) / "launcher.log"),
        credentials=one_of(env, "SIM_CREDENTIALS", "ok", "wrong", "unrecognized"),
        twofa=_twofa(env),
        twofa_timeout=seconds(env, "SIM_TWOFA_TIMEOUT", "180"),
        twofa_timeout_action=one_of(env, "TWOFA_TIMEOUT_ACTION", "exit", "restart"),
        twofa_exit_interval=seconds(env, "TWOFA_EXIT_INTERVAL", "60"),
        relogin=yes(env, "RELOGIN_AFTER_TWOFA_TIMEOUT"),
        existing_session_action=one_of(
            env, "EXISTING_SESSION_DETECTED_ACTION", "primary", "primaryoverride", "secondary", "manual"
        ),
        competing=one_of(env, "SIM_COMPETING_SESSION", "no", "yields", "insists"),
        throttle_after=number(env, "SIM_THROTTLE_AFTER", "5", int, "a whole number over 0", lambda n: n > 0),
        throttle=seconds(env, "SIM_THROTTLE_SECONDS", "295"),
        boot=seconds_or_none(env, "SIM_BOOT_SECONDS"),
        login=seconds_or_none(env, "SIM_LOGIN_SECONDS"),
        soft_restart=seconds_or_none(env, "SIM_RESTART_SECONDS"),
        auto_restart_time=env.get("AUTO_RESTART_TIME", "").strip(),
        auto_logoff_time=env.get("AUTO_LOGOFF_TIME", "").strip(),
        cold_restart_time=env.get("TWS_COLD_RESTART", "").strip(),
        time_throttle=one_of(env, "SIM_TIME_THROTTLE", "gateway", "client", "off"),
        zone_spelling=_zone_spelling(env, zone),
    )


def _entitlements(env: Mapping[str, str]) -> Entitlements:
    text = env.get("SIM_MARKET_DATA") or "live"
    try:
        return entitlements.parse(text)
    except ValueError:
        levels = ", ".join(entitlements.Level)
        raise bad("SIM_MARKET_DATA", f"one of {levels}, and others by type, such as live,OPT:delayed", text) from None


def _zone(env: Mapping[str, str]) -> str:
    name = (env.get("TIME_ZONE") or "Etc/UTC").strip()
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise bad("TIME_ZONE", "an IANA zone such as Etc/UTC or Europe/Berlin", name) from None
    return "UTC" if name in ("Etc/UTC", "UTC") else name


def _settings_dir(env: Mapping[str, str]) -> Path:
    return Path(env.get("TWS_SETTINGS_PATH") or env.get("SIM_STATE_DIR") or "/home/ibgateway/state")


def _twofa(env: Mapping[str, str]) -> float | Literal["off", "answered", "never", "refused"]:
    words: tuple[Literal["off", "answered", "never", "refused"], ...] = ("off", "answered", "never", "refused")
    text = (env.get("SIM_TWOFA") or "off").strip().lower()
    for word in words:
        if text == word:
            return word
    expected = "off, answered, never, refused or the seconds until the push is approved"
    return number(env, "SIM_TWOFA", "off", float, expected, lambda n: 0 <= n <= 86_400)


def _zone_spelling(env: Mapping[str, str], zone: str) -> Literal["english", "chinese"]:
    spelling: Literal["english", "chinese"] = one_of(env, "SIM_ZONE_SPELLING", "english", "chinese")
    if spelling == "chinese" and zone not in CHINESE:
        raise bad("SIM_ZONE_SPELLING", f"chinese only with TIME_ZONE one of {', '.join(CHINESE)}", spelling)
    return spelling


def _accounts(env: Mapping[str, str], mode: str) -> tuple[str, ...]:
    """SIM_ACCOUNTS, or the one of SIM_ACCOUNT. The first may be an advisor's master, which starts with F, not U."""
    letter = "" if mode == "live" else "D"
    if not env.get("SIM_ACCOUNTS"):
        return (_account("SIM_ACCOUNT", env.get("SIM_ACCOUNT") or f"{letter}USIM0001", (f"{letter}U",), mode),)
    text = env["SIM_ACCOUNTS"]
    first, *rest = text.split(",")
    master = first.strip().startswith(f"{letter}F")
    named = [_account("SIM_ACCOUNTS", first, (f"{letter}U", f"{letter}F"), mode)]
    named += [_account("SIM_ACCOUNTS", name, (f"{letter}U",), mode) for name in rest]
    if len(set(named)) < len(named):
        raise bad("SIM_ACCOUNTS", "every account once", text)
    if master and not rest:
        raise bad("SIM_ACCOUNTS", "at least one account behind the advisor's master", text)
    return tuple(named)


def _account(variable: str, text: str, prefixes: tuple[str, ...], mode: str) -> str:
    name = text.strip()
    if not (name.isascii() and name.isalnum() and name.startswith(prefixes)):
        raise bad(variable, f"letters and digits that start with {' or '.join(prefixes)} in {mode} mode", name)
    return name


def _day_start(env: Mapping[str, str]) -> dt.time:
    text = (env.get("SIM_DAY_START") or "00:00").strip()
    try:
        return dt.datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 (a time of day in New York)
    except ValueError:
        raise bad("SIM_DAY_START", "HH:MM, a time of day in New York", text) from None


def _calendar(env: Mapping[str, str]) -> Literal["24/7", "XNYS"] | tuple[dt.time, dt.time]:
    text = (env.get("SIM_CALENDAR") or "24/7").strip()
    if text == "24/7":
        return "24/7"
    if text.upper() == "XNYS":
        return "XNYS"
    try:
        opens, closes = (dt.datetime.strptime(one, "%H:%M").time() for one in text.split("-"))  # noqa: DTZ007 (New York's)
        if opens < closes:
            return opens, closes
    except ValueError:
        pass
    raise bad("SIM_CALENDAR", "24/7, XNYS, or a session such as 14:00-14:20 in New York", text)


def _start(env: Mapping[str, str]) -> dt.datetime | None:
    text = (env.get("SIM_START") or "").strip()
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad("SIM_START", "a moment with its zone such as 2026-11-18T09:30:00-05:00", text)
    return moment.astimezone(dt.UTC)
