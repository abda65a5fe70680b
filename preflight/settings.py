"""What a preflight needs to know, from the environment."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StringConstraints, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from preflight.errors import SettingsError
from preflight.instruments import Instrument, parse

MarketDataType = Literal["REALTIME", "FROZEN", "DELAYED", "DELAYED_FROZEN"]
MARKET_DATA_TYPES = get_args(MarketDataType)
"""The wire's numbers are 1 to 4, in this order."""


class Settings(BaseSettings):
    """Where the gateway is and what it should be. Field names in capitals are the environment's."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    gateway_host: str = "127.0.0.1"
    gateway_port: Annotated[int, Field(gt=0, lt=65536)] = 4002
    ib_account: Annotated[str, StringConstraints(pattern=r"^(DU|DF|U|F)[A-Z0-9]+$")]
    further_accounts: str = ""
    """Comma-separated accounts of the same login that the engine trades as well."""
    mode: Literal["sim", "paper", "live"]
    tenant: str | None = None
    """Whose gateway it is, in the supervisor's words. Not set: the supervisor's only one."""
    supervisor_url: str = "http://127.0.0.1:9180"
    """Where the supervisor tells what it knows of the gateway; in its own container that is itself."""
    engine: Literal["on", "lifecycle", "none"] = "on"
    """Only an engine that is `on` is ours and has an HTTP side."""
    engine_url: str | None = None
    """Where the engine answers. Not set: no engine is asked."""
    require_utc: bool = True
    read_only_api: bool | None = None
    """Whether the gateway should refuse orders. Not set: in live it should."""
    mailbox_dir: Path | None = None
    """Where the gateway's container writes what it sees of itself; only the supervisor's has it mounted."""
    instruments: str = "SPY,SPY:0DTE"
    """What is traded: see `preflight.instruments`."""
    market_data_type: MarketDataType = "REALTIME"
    """What the engine asks for."""
    market_data_lines: Annotated[int, Field(gt=0)] = 100
    """Lines of the login; every login has at least 100."""
    market_farms: str = "us*"
    """Comma-separated patterns of the data farms that serve the instruments."""
    preflight_client_id: Annotated[int, Field(ge=910, le=919)] = 910
    """First id of the preflight's band; the engine (1-5) and the sentinel (900-909) have their own."""
    preflight_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Patience with each single answer."""
    preflight_patience_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Patience with each check, which may need several answers."""
    preflight_deadline_seconds: Annotated[float, Field(gt=0, le=300)] = 20.0
    """How long the whole may take, whatever waits for whatever."""

    @field_validator("instruments")
    @classmethod
    def _readable(cls, value: str) -> str:
        if not parse(value):
            raise ValueError("expected at least one instrument")
        return value

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account that is traded here, the first one first."""
        return (self.ib_account, *(name.strip() for name in self.further_accounts.split(",") if name.strip()))

    @property
    def traded(self) -> tuple[Instrument, ...]:
        """What `instruments` names."""
        return parse(self.instruments)

    @property
    def wants_delayed(self) -> bool:
        """Whether late data is asked for."""
        return self.market_data_type.startswith("DELAYED")

    @property
    def wants_read_only(self) -> bool:
        """What the gateway's Read-Only API should be."""
        return self.mode == "live" if self.read_only_api is None else self.read_only_api

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the environment, overruled by what is given.

        Raises:
            SettingsError: one line for each setting that is missing or unusable.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            lines = [
                f"{'.'.join(map(str, line['loc'])).upper()}: {line['msg']}, found {line['input']!r}"
                if line["type"] != "missing"
                else f"{'.'.join(map(str, line['loc'])).upper()}: expected a value, found none"
                for line in error.errors()
            ]
            remedy = "set them in .env, which `make up` reads (.env.example explains each)"
            raise SettingsError("; ".join(lines) + f"; {remedy}") from error
