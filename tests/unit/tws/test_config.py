"""What a ConfigResponse tells a watcher."""

from datetime import time

import pytest
from ibapi.protobuf.ApiConfig_pb2 import ApiConfig
from ibapi.protobuf.ApiSettingsConfig_pb2 import ApiSettingsConfig
from ibapi.protobuf.ConfigResponse_pb2 import ConfigResponse
from ibapi.protobuf.LockAndExitConfig_pb2 import LockAndExitConfig

from tws.config import read_config
from tws.times import TimeMode
from tws.values import Config


def test_all_of_it() -> None:
    settings = ApiSettingsConfig(
        sendInstrumentTimezone="utc",
        readOnlyApi=False,
        socketPort=4002,
        masterClientId=0,
        allowLocalhostOnly=False,
        trustedIPs=["10.0.0.1", "10.0.0.2"],
    )
    daily = LockAndExitConfig(autoLogoffTime="11:59", autoLogoffPeriod="PM", autoLogoffType="restart")
    said = ConfigResponse(reqId=7, api=ApiConfig(settings=settings), lockAndExit=daily)
    assert read_config(said) == Config(
        time_mode=TimeMode.UTC,
        read_only=False,
        port=4002,
        master_client_id=0,
        localhost_only=False,
        trusted_addresses=("10.0.0.1", "10.0.0.2"),
        auto_restart_time=time(23, 59),
        auto_logoff_time=None,
    )


def test_what_is_left_out_is_not_known() -> None:
    assert read_config(ConfigResponse(reqId=7)) == Config(None, None, None, None, None, (), None, None)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("instrument", TimeMode.INSTRUMENT),
        ("Operator timezone", TimeMode.OPERATOR),
        ("UTC format", TimeMode.UTC),
        ("", None),
        ("local", None),
    ],
)
def test_a_time_mode_is_read_by_its_beginning(text: str, mode: TimeMode | None) -> None:
    said = ConfigResponse(api=ApiConfig(settings=ApiSettingsConfig(sendInstrumentTimezone=text)))
    assert read_config(said).time_mode is mode


@pytest.mark.parametrize(
    ("at", "period", "kind", "restart", "logoff"),
    [
        ("12:05", "AM", "restart", time(0, 5), None),
        ("11:45", "PM", "logoff", None, time(23, 45)),
        ("at noon", "", "restart", None, None),
    ],
)
def test_how_the_day_ends(at: str, period: str, kind: str, restart: time | None, logoff: time | None) -> None:
    said = ConfigResponse(
        lockAndExit=LockAndExitConfig(autoLogoffTime=at, autoLogoffPeriod=period, autoLogoffType=kind)
    )
    config = read_config(said)
    assert (config.auto_restart_time, config.auto_logoff_time) == (restart, logoff)
