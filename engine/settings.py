"""The engine's environment, read once, refused whole: every fault is told in one message."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from engine.errors import SettingsError


class Mode(StrEnum):
    """Which world the stack lives in."""

    SIM = "sim"
    PAPER = "paper"
    LIVE = "live"


class StrategyName(StrEnum):
    """What trades, if anything."""

    REFERENCE = "reference"
    NONE = "none"


class MarketData(StrEnum):
    """Names of IBKR's market data types; the wire numbers are 1 to 4 in this order."""

    REALTIME = "REALTIME"
    FROZEN = "FROZEN"
    DELAYED = "DELAYED"
    DELAYED_FROZEN = "DELAYED_FROZEN"


class Settings(BaseSettings):
    """Names are those of the environment, without a prefix; secrets are files in `SECRETS_DIR`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    ib_host: str = "ib-gateway"
    ib_port: int = Field(4004, ge=1, le=65535)
    ib_client_id: int = Field(1, ge=0, le=895)
    ib_account: str = Field(min_length=2)
    trading_mode: Mode = Mode.PAPER
    mode: Mode = Mode.SIM
    strategy: StrategyName | None = None
    market_data_type: MarketData = MarketData.REALTIME
    supervisor_url: str = "http://supervisor:9180"
    tenant: str = "sim"
    trader_id: str = "WATCHKEEPER-001"

    redis_host: str | None = None
    redis_port: int = Field(6379, ge=1, le=65535)
    redis_username: str | None = None
    redis_password: SecretStr | None = None
    machine_token: SecretStr | None = None
    operator_token: SecretStr | None = None

    http_host: str = "0.0.0.0"  # noqa: S104 - the container's own network; compose publishes loopback only
    http_port: int = Field(9190, ge=0, le=65535)
    log_level: str = "INFO"

    deaf_after_seconds: float = Field(10.0, gt=0)
    clearance_grace_seconds: float = Field(60.0, gt=0)
    resync_timeout_seconds: float = Field(15.0, gt=0)
    trade_pause_seconds: float = Field(5.0, ge=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, environment and secret files; a `.env` belongs to compose, not to us."""
        return init_settings, env_settings, file_secret_settings

    @field_validator("redis_password", "machine_token", "operator_token", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("trader_id")
    @classmethod
    def _named_and_tagged(cls, value: str) -> str:
        name, _, tag = value.rpartition("-")
        if not name or not tag:
            raise ValueError("NautilusTrader wants NAME-TAG, for instance WATCHKEEPER-001")
        return value

    @model_validator(mode="after")
    def _one_world(self) -> Self:
        wanted = Mode.LIVE if self.mode is Mode.LIVE else Mode.PAPER
        if self.trading_mode is not wanted:
            raise ValueError(
                f"MODE={self.mode} goes with TRADING_MODE={wanted}, found {self.trading_mode}; set them alike"
            )
        if not account_fits(self.mode, self.ib_account):
            kind = "a live account (not D…)" if self.mode is Mode.LIVE else "a paper account (D…)"
            raise ValueError(f"MODE={self.mode} needs {kind} in IB_ACCOUNT, found {masked(self.ib_account)}")
        if self.mode is not Mode.SIM and self.strategy is StrategyName.REFERENCE:
            raise ValueError(
                f"STRATEGY=reference trades on the stand-in only, found MODE={self.mode}; use STRATEGY=none"
            )
        return self

    @property
    def chosen_strategy(self) -> StrategyName:
        """The strategy asked for; without a word the stand-in trades, and real accounts only observe."""
        if self.strategy is not None:
            return self.strategy
        return StrategyName.REFERENCE if self.mode is Mode.SIM else StrategyName.NONE


def account_fits(mode: Mode, account: str) -> bool:
    """Tell whether the account's kind agrees with the mode: paper accounts begin with D, live ones do not."""
    return account.upper().startswith("D") != (mode is Mode.LIVE)


def masked(account: str) -> str:
    """Shorten an account for messages: two letters and the last two digits are enough to recognise it."""
    return f"{account[:2]}…{account[-2:]}"


def load() -> Settings:
    """Read the settings; secret files lie in `SECRETS_DIR` (/run/secrets). Raises SettingsError naming every fault."""
    secrets = os.environ.get("SECRETS_DIR", "/run/secrets")
    directory = secrets if Path(secrets).is_dir() else None
    try:
        return Settings(_secrets_dir=directory)
    except ValidationError as error:
        raise SettingsError("a usable environment", _told(error), "correct these and start again") from None


def _told(error: ValidationError) -> str:
    # Values are left out: a secret in the wrong variable must not reach a log.
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in fault["loc"]).upper()
        message = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return "; ".join(lines)
