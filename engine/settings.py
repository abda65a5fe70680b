"""The engine's settings: a file and the environment, read once, refused whole with every fault in one message."""

from __future__ import annotations

import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from engine.errors import SettingsError

# What the kernel waits on top of its parts: the work between two answers.
SPARE_SECONDS = 5
# Answers that the execution client asks for one after the other: connecting, account and positions; reconciling,
# orders and executions.
ANSWERS_IN_A_ROW = 2
CLIENT = "IB"
"""Name of the first data and execution client."""
REFERENCE = "reference"
NO_STRATEGY = "none"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_REASONS = {
    "dockerized_gateway": (
        "refused: NautilusTrader tells the gateways that it starts apart by their trading mode alone, so a second "
        "tenant would be handed the first one's gateway and account; nobody restarts it either. Take the key out: "
        "the stack brings its own gateway"
    ),
}


class Mode(StrEnum):
    """Which world the stack lives in."""

    SIM = "sim"
    PAPER = "paper"
    LIVE = "live"


class Underlier(StrEnum):
    """What the options are on: those that expire today are loaded."""

    SPY = "SPY"
    QQQ = "QQQ"
    SPX = "SPX"


class MarketData(StrEnum):
    """Names of IBKR's market data types; the wire numbers are 1 to 4 in this order."""

    REALTIME = "REALTIME"
    FROZEN = "FROZEN"
    DELAYED = "DELAYED"
    DELAYED_FROZEN = "DELAYED_FROZEN"


class Symbology(StrEnum):
    """How instruments are named: `SPY.ARCX` or, raw, IBKR's own `SPY=STK.ARCA`."""

    SIMPLIFIED = "simplified"
    RAW = "raw"


class Contract(BaseModel):
    """One entry of `load_contracts`, under the names of Nautilus' IBContract: a contract, and a chain to go with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secType: str = Field(min_length=2)
    symbol: str = ""
    exchange: str = "SMART"
    primaryExchange: str = ""
    currency: str = "USD"
    localSymbol: str = ""
    tradingClass: str = ""
    conId: int = 0
    secIdType: str = ""
    secId: str = ""
    lastTradeDateOrContractMonth: str = Field("", pattern=r"^(\d{6}|\d{8})?$")
    strike: float = Field(0.0, ge=0)
    right: str = Field("", pattern="^(C|P|CALL|PUT)?$")
    multiplier: str = ""
    includeExpired: bool = False
    build_options_chain: bool = False
    build_futures_chain: bool = False
    options_chain_exchange: str | None = None
    min_expiry_days: int | None = Field(None, ge=-1)
    max_expiry_days: int | None = Field(None, ge=1)

    @field_validator("min_expiry_days")
    @classmethod
    def _not_zero(cls, value: int | None) -> int | None:
        if value == 0:
            raise ValueError("0 leaves today out: Nautilus compares a midnight with now; -1 includes today, 1 does not")
        return value

    @field_validator("secType")
    @classmethod
    def _not_a_bag(cls, value: str) -> str:
        if value == "BAG":
            raise ValueError(
                "a spread is named by its legs: put its id, as new_generic_spread_id gives it, in load_ids"
            )
        return value


class Account(BaseModel):
    """A further account that is traded, beside IB_ACCOUNT. Without host, port and client id it shares the session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # The name of its execution client, which an order names as its client_id.
    name: str = Field(pattern="^[A-Z][A-Z0-9_]*$")
    account: str = Field(min_length=2)
    trading_mode: Mode = Mode.PAPER
    host: str | None = None
    port: int | None = Field(None, ge=1, le=65535)
    client_id: int | None = Field(None, ge=0, le=895)
    # Orders for instruments of these venues belong here, where they name no client and nobody holds the instrument.
    venues: tuple[str, ...] = ()


class Settings(BaseSettings):
    """Names in the environment are those of the fields in capitals; secrets are files in `SECRETS_DIR`.

    The description of a field is what docs/engine.md and an error say about it.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    ib_host: str = Field("ib-gateway", description="Host of the gateway's API.")
    ib_port: int = Field(4004, ge=1, le=65535, description="Port of the gateway's API, 1 to 65535.")
    ib_client_id: int = Field(
        1, ge=0, le=895, description="Client id, 0 to 895; the four above it must be free as well."
    )
    ib_account: str = Field(min_length=2, description="The account that is traded: D… for paper, U… for live.")
    trading_mode: Mode = Field(Mode.PAPER, description="What the gateway logs in to: paper or live.")
    mode: Mode = Field(Mode.SIM, description="The stack's world: sim, paper or live.")
    read_only_api: bool = Field(
        False, description="yes: the gateway refuses orders, so the engine takes data only and says so."
    )
    market_data_type: MarketData = Field(
        MarketData.REALTIME, description="REALTIME, FROZEN, DELAYED or DELAYED_FROZEN."
    )
    underlying: Underlier = Field(
        Underlier.SPY, description="SPY, QQQ or SPX (its class SPXW): whose options that expire today are loaded."
    )
    chain_strikes: int = Field(
        50, ge=0, le=100, description="Strikes on either side of the money, calls and puts of each; 0 loads no options."
    )

    strategy: str | None = Field(
        None, description="reference, none, or your own as package.module:Class. Without a word: reference in SIM."
    )
    strategy_path: Path = Field(Path("/files"), description="The folder that your own modules are imported from.")
    strategy_config: Path | None = Field(
        None, description="TOML or JSON file with the fields of your strategy's configuration class."
    )

    load_ids: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Instruments to load by Nautilus' ids, for instance EUR/USD.IDEALPRO; commas between them."
    )
    load_contracts: Annotated[tuple[Contract, ...], NoDecode] = Field(
        (), description="Instruments to load by IBKR's contracts, and their chains; tables of the file."
    )
    symbology_method: Symbology = Field(
        Symbology.SIMPLIFIED, description="How instruments are named: simplified or raw."
    )
    convert_exchange_to_mic_venue: bool = Field(
        False, description="yes: venues are ISO 10383 codes (XCBO) instead of IBKR's names (CBOE)."
    )
    symbol_to_mic_venue: Annotated[dict[str, str], NoDecode] = Field(
        {}, description="Venues by the beginning of a symbol, which outrank the above: SPX=XCBO,ES=XCME."
    )
    filter_sec_types: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="IBKR's security types that are left alone, for instance WAR,IOPT."
    )
    filter_callable: str | None = Field(
        None,
        pattern=r"^[\w.]+:[\w.]+$",
        description="package.module:function that is asked about each instrument and keeps it with True.",
    )

    use_regular_trading_hours: bool = Field(True, description="no: bars outside regular trading hours, too.")
    ignore_quote_tick_size_updates: bool = Field(False, description="yes: no quote where only a size has changed.")
    fetch_all_open_orders: bool = Field(
        False, description="yes: orders of every client id and of TWS are reconciled, not only our own."
    )
    track_option_exercise_from_position_update: bool = Field(
        False, description="yes: exercises and assignments are booked as the broker reports the positions."
    )
    accounts: Annotated[tuple[Account, ...], NoDecode] = Field(
        (), description="Further accounts, each an execution client of its own; tables of the file."
    )

    connection_timeout_seconds: int = Field(20, ge=1, description="Longest wait of a client for its session.")
    request_timeout_seconds: int = Field(
        15, ge=1, description="Longest wait for one answer; an unanswered question blocks its kind for as long."
    )
    kernel_timeout_seconds: int | None = Field(
        None,
        ge=1,
        description="Longest wait of Nautilus' kernel for its clients; at least the sum of theirs, the default.",
    )
    reconciliation_timeout_seconds: int | None = Field(
        None, ge=1, description="Longest reconciliation; at least the sum of its answers, the default."
    )

    supervisor_url: str = Field("http://supervisor:9180", description="Where clearance is asked for.")
    tenant: str = Field("sim", description="Name of the stack.")
    trader_id: str = Field("WATCHKEEPER-001", description="Nautilus' name for this trader, NAME-TAG.")

    redis_host: str | None = Field(None, description="Host of the cache; without one nothing outlives the engine.")
    redis_port: int = Field(6379, ge=1, le=65535, description="Port of the cache, 1 to 65535.")
    redis_username: str | None = Field(None, description="User of the cache, where there is a password.")
    redis_password: SecretStr | None = Field(None, description="Password of the cache; a file among the secrets.")
    machine_token: SecretStr | None = Field(
        None, description="Token with which the supervisor may resync and hold entries; a file among the secrets."
    )
    operator_token_hash: SecretStr | None = Field(
        None,
        description="SHA-256 of the token with which a person may do everything; a file among the secrets. "
        "What runs a strategy knows the token when it is shown, and cannot show it.",
    )

    http_host: str = Field("0.0.0.0", description="Address that the HTTP server binds.")  # noqa: S104 - the container's own network; compose publishes loopback only
    http_port: int = Field(9190, ge=0, le=65535, description="Port of the HTTP server, 0 to 65535.")
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR; logs are JSON."
    )

    deaf_after_seconds: float = Field(7.0, gt=0, description="Silence in an open market after which it is deaf.")
    clearance_grace_seconds: float = Field(
        60.0, gt=0, description="How long the supervisor may be away before the engine starts on its own check."
    )
    resync_timeout_seconds: float = Field(15.0, gt=0, description="Longest time a resync waits for a session.")
    books_check_seconds: float = Field(
        30.0, ge=0, description="How often orders and positions are compared with the broker's; 0 for never."
    )
    trade_pause_seconds: float = Field(5.0, ge=0, description="Rest of the reference strategy between two trades.")

    greeks_feed_url: str = Field(
        "wss://api.unusualwhales.com/socket",
        description="Where Unusual Whales' feed is; asked only with a token in the secret file unusual_whales_token.",
    )
    greeks_stale_seconds: float = Field(
        15.0, gt=0, description="Age from which a trade of the feed, or a quote, says nothing about greeks any more."
    )
    greeks_rate: float = Field(0.04, ge=-0.05, le=0.5, description="Interest a year for greeks worked out here.")
    greeks_strikes: int = Field(
        0, ge=0, le=45, description="Strikes on each side of the money to have quoted for greeks, one line each."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then the file, which `load` passes in, then secrets; a `.env` belongs to compose."""
        return env_settings, init_settings, file_secret_settings

    @field_validator("redis_password", "machine_token", "operator_token_hash", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("load_ids", "filter_sec_types", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("symbol_to_mic_venue", mode="before")
    @classmethod
    def _paired(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(symbol.strip() and venue.strip() for symbol, _, venue in pairs):
            raise ValueError("expected SYMBOL=VENUE with commas between them")
        return {symbol.strip(): venue.strip() for symbol, _, venue in pairs}

    @field_validator("load_contracts", "accounts", mode="before")
    @classmethod
    def _tables(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("expected tables; they stand in the file that ENGINE_SETTINGS names")
        return value

    @field_validator("load_ids")
    @classmethod
    def _with_a_venue(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if nameless := [one for one in value if not all(one.rpartition("."))]:
            raise ValueError(f"expected SYMBOL.VENUE, found {', '.join(nameless)}")
        return value

    @field_validator("greeks_feed_url")
    @classmethod
    def _in_secret(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.hostname and (parts.scheme == "wss" or (parts.scheme == "ws" and parts.hostname in LOOPBACK)):
            return value
        raise ValueError("expected wss://…; the token travels in the address, so ws:// is for this machine alone")

    @field_validator("trader_id")
    @classmethod
    def _named_and_tagged(cls, value: str) -> str:
        name, _, tag = value.rpartition("-")
        if not name or not tag:
            raise ValueError("NautilusTrader wants NAME-TAG, for instance WATCHKEEPER-001")
        return value

    @field_validator("strategy")
    @classmethod
    def _a_strategy(cls, value: str | None) -> str | None:
        module, _, name = (value or "").partition(":")
        if value in (None, REFERENCE, NO_STRATEGY) or (module.replace(".", "_").isidentifier() and name.isidentifier()):
            return value
        raise ValueError(f"expected reference, none or package.module:Class, found {value!r}")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        # All of them, not only the first: one start should be enough to learn of every fault.
        faults = [*self._worlds(), *self._timeouts(), *self._several_accounts()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _worlds(self) -> list[str]:
        faults = []
        wanted = Mode.LIVE if self.mode is Mode.LIVE else Mode.PAPER
        if self.trading_mode is not wanted:
            faults.append(
                f"MODE={self.mode} goes with TRADING_MODE={wanted}, found {self.trading_mode}; set them alike"
            )
        if not account_fits(self.mode, self.ib_account):
            kind = "a live account (not D…)" if self.mode is Mode.LIVE else "a paper account (D…)"
            faults.append(f"MODE={self.mode} needs {kind} in IB_ACCOUNT, found {masked(self.ib_account)}")
        if self.mode is not Mode.SIM and self.strategy == REFERENCE:
            faults.append(f"STRATEGY=reference trades on the stand-in only, found MODE={self.mode}; use STRATEGY=none")
        if self.strategy_config is not None and self.chosen_strategy in (REFERENCE, NO_STRATEGY):
            faults.append(
                f"STRATEGY_CONFIG goes with a strategy of your own, found STRATEGY={self.chosen_strategy}; "
                "set STRATEGY=package.module:Class, or leave the file out"
            )
        return faults

    def _timeouts(self) -> list[str]:
        faults = []
        answers = f"{ANSWERS_IN_A_ROW} × REQUEST_TIMEOUT_SECONDS={self.request_timeout_seconds}"
        if self.kernel_timeout < self._connecting:
            faults.append(
                f"KERNEL_TIMEOUT_SECONDS={self.kernel_timeout} is below what the kernel waits for: "
                f"CONNECTION_TIMEOUT_SECONDS={self.connection_timeout_seconds} + {answers} + {SPARE_SECONDS} to spare "
                f"= {self._connecting}; raise it, or lower those"
            )
        if self.reconciliation_timeout < self._reconciling:
            faults.append(
                f"RECONCILIATION_TIMEOUT_SECONDS={self.reconciliation_timeout} is below what it waits for: "
                f"{answers} + {SPARE_SECONDS} to spare = {self._reconciling}; raise it, or lower those"
            )
        return faults

    def _several_accounts(self) -> list[str]:
        faults = []
        names = [CLIENT, *(one.name for one in self.accounts)]
        if len(set(names)) < len(names):
            faults.append(f"ACCOUNTS: expected names of their own beside {CLIENT}, found {', '.join(names)}")
        traded = [self.ib_account, *(one.account for one in self.accounts)]
        if len(set(traded)) < len(traded):
            faults.append("ACCOUNTS: expected each account once, also beside IB_ACCOUNT")
        venues = [venue for one in self.accounts for venue in one.venues]
        if len(set(venues)) < len(venues):
            faults.append(f"ACCOUNTS: expected each venue in one account, found {', '.join(venues)}")
        if self.accounts and self.read_only_api:
            faults.append("ACCOUNTS: with READ_ONLY_API=yes nothing is traded; leave the accounts out, or set it to no")
        if self.accounts and self.chosen_strategy == REFERENCE:
            faults.append("ACCOUNTS: STRATEGY=reference trades one account; name a strategy of your own, or none")
        for one in self.accounts:
            if not account_fits(one.trading_mode, one.account):
                kind = "live (not D…)" if one.trading_mode is Mode.LIVE else "paper (D…)"
                faults.append(f"ACCOUNTS {one.name}: expected a {kind} account, found {masked(one.account)}")
            if one.trading_mode is Mode.LIVE and self.mode is not Mode.LIVE:
                faults.append(
                    f"ACCOUNTS {one.name}: a live account needs MODE=live, which asks you before it starts; "
                    f"found MODE={self.mode}"
                )
            if one.trading_mode is not self.trading_mode and self.link(one)[:2] == (self.ib_host, self.ib_port):
                faults.append(
                    f"ACCOUNTS {one.name}: one gateway serves paper or live, not both; "
                    "name the host and port of the other gateway"
                )
        return faults

    def link(self, account: Account | None = None) -> tuple[str, int, int]:
        """Return host, port and client id of an account's session; of the first one's without an account."""
        if account is None:
            return self.ib_host, self.ib_port, self.ib_client_id
        client_id = self.ib_client_id if account.client_id is None else account.client_id
        return account.host or self.ib_host, account.port or self.ib_port, client_id

    @property
    def sharing(self) -> tuple[Account, ...]:
        """The further accounts that are served over the first one's session."""
        return tuple(one for one in self.accounts if self.link(one) == self.link())

    @property
    def numbers(self) -> dict[str, str]:
        """Every account by the name of its execution client, the first one first."""
        return {CLIENT: self.ib_account, **{one.name: one.account for one in self.accounts}}

    @property
    def chosen_strategy(self) -> str:
        """The strategy asked for; without a word the stand-in trades, and real accounts only observe."""
        if self.strategy is not None:
            return self.strategy
        return REFERENCE if self.mode is Mode.SIM else NO_STRATEGY

    @property
    def kernel_timeout(self) -> int:
        """Seconds that Nautilus' kernel waits for its clients. It outranks every timeout of theirs."""
        return self._connecting if self.kernel_timeout_seconds is None else self.kernel_timeout_seconds

    @property
    def reconciliation_timeout(self) -> int:
        """Seconds that one reconciliation may take."""
        return self._reconciling if self.reconciliation_timeout_seconds is None else self.reconciliation_timeout_seconds

    @property
    def _connecting(self) -> int:
        return self.connection_timeout_seconds + self._reconciling

    @property
    def _reconciling(self) -> int:
        return ANSWERS_IN_A_ROW * self.request_timeout_seconds + SPARE_SECONDS


def account_fits(mode: Mode, account: str) -> bool:
    """Tell whether the account's kind agrees with the mode: paper accounts begin with D, live ones do not."""
    return account.upper().startswith("D") != (mode is Mode.LIVE)


def masked(account: str) -> str:
    """Shorten an account for messages: two letters and the last two digits are enough to recognise it."""
    return f"{account[:2]}…{account[-2:]}"


def load() -> Settings:
    """Read the file that `ENGINE_SETTINGS` names, the environment, which outranks it, and the secrets.

    Secret files lie in `SECRETS_DIR` (/run/secrets). Raises SettingsError naming every fault.
    """
    secrets = _secrets()
    directory = secrets if secrets.is_dir() else None
    given, faults = _file(os.environ.get("ENGINE_SETTINGS"))
    if "DOCKERIZED_GATEWAY" in os.environ:
        faults.append(f"DOCKERIZED_GATEWAY: {_REASONS['dockerized_gateway']}")
    try:
        settings = Settings(_secrets_dir=directory, **given)
    except ValidationError as error:
        faults += _told(error)
    if faults:
        raise SettingsError("usable settings", "; ".join(faults), "correct these and start again") from None
    return settings


def feed_token_file() -> Path | None:
    """The file with the token of the greeks' feed, or None where it is missing or empty, and so no feed is wanted."""
    file = _secrets() / "unusual_whales_token"
    return file if file.is_file() and file.stat().st_size else None


def _secrets() -> Path:
    return Path(os.environ.get("SECRETS_DIR", "/run/secrets"))


def _file(name: str | None) -> tuple[dict[str, Any], list[str]]:
    """What stands in the file, and what is wrong with it as a file."""
    if not name:
        return {}, []
    try:
        given = tomllib.loads(Path(name).read_text())
    except OSError as error:
        return {}, [f"ENGINE_SETTINGS={name}: {error.strerror or error}"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [f"ENGINE_SETTINGS={name}: not TOML: {error}"]
    secret = {"redis_password", "machine_token", "operator_token_hash"} & given.keys()
    unknown = given.keys() - Settings.model_fields.keys()
    faults = [f"{key}: {_REASONS.get(key, f'no such setting in {name}; docs/engine.md lists them')}" for key in unknown]
    faults += [f"{key}: a secret does not stand in {name}; it is a file in SECRETS_DIR" for key in secret]
    return {key: value for key, value in given.items() if key not in unknown | secret}, sorted(faults)


def _told(error: ValidationError) -> list[str]:
    # Values are left out: a secret in the wrong variable must not reach a log.
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        first, *rest = fault["loc"] or ("",)
        name = ".".join([str(first).upper(), *map(str, rest)])
        message = _REASONS.get(str(fault["loc"][-1])) if fault["loc"] else None
        message = message or fault["msg"].removeprefix("Value error, ")
        field = Settings.model_fields.get(str(first))
        hint = f" ({field.description})" if field is not None and field.description else ""
        lines.append(f"{name}: {message}{hint}" if name else message)
    return lines
