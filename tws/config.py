"""The gateway's settings: how they are asked for and read. There is no text form: protobuf alone carries them."""

from contextlib import suppress
from datetime import datetime, time
from typing import Any

from ibapi.protobuf.ApiConfig_pb2 import ApiConfig
from ibapi.protobuf.ApiSettingsConfig_pb2 import ApiSettingsConfig
from ibapi.protobuf.ConfigRequest_pb2 import ConfigRequest
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest

from tws.times import TimeMode
from tws.values import Config, ConfigChange

CONFIG_SINCE = 219
UPDATE_SINCE = 221
"""Server versions."""


def config_request(number: int) -> Any:
    """The question, under a request id."""
    return ConfigRequest(reqId=number)


def utc_request(number: int) -> Any:
    """The wish that times be written in UTC, and nothing else be changed."""
    settings = ApiSettingsConfig(sendInstrumentTimezone=TimeMode.UTC.value)
    return UpdateConfigRequest(reqId=number, api=ApiConfig(settings=settings))


def read_change(said: Any) -> ConfigChange:
    """What an UpdateConfigResponse says became of a wish."""
    warnings = tuple(f"{one.title}: {one.message}" for one in said.warnings)
    return ConfigChange(said.status, said.message, tuple(said.changedFields), tuple(said.errors), warnings)


def read_config(said: Any) -> Config:
    """What a ConfigResponse says of what a watcher cares for."""
    settings = said.api.settings
    ends_at = _wall_time(f"{said.lockAndExit.autoLogoffTime} {said.lockAndExit.autoLogoffPeriod}")
    restarts = said.lockAndExit.autoLogoffType.lower() == "restart"
    return Config(
        time_mode=TimeMode.read(settings.sendInstrumentTimezone),
        read_only=_said(settings, "readOnlyApi"),
        port=_said(settings, "socketPort"),
        master_client_id=_said(settings, "masterClientId"),
        localhost_only=_said(settings, "allowLocalhostOnly"),
        trusted_addresses=tuple(settings.trustedIPs),
        auto_restart_time=ends_at if restarts else None,
        auto_logoff_time=None if restarts else ends_at,
    )


def _said(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _wall_time(text: str) -> time | None:
    with suppress(ValueError):
        return datetime.strptime(text, "%I:%M %p").time()  # noqa: DTZ007 (a wall reading has no zone)
    return None
