"""What the supervisor is told, from the environment and from secret files."""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

import httpx
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from supervisor.errors import PolicyRefused, SettingsRefused
from supervisor.policy import Budget, Policy
from supervisor.rules import Rules
from supervisor.windows import Reauth, Region, Window, load, planned_restart

Port = Annotated[int, Field(gt=0, lt=65536)]


class Settings(BaseSettings):
    """Field names in capitals are the environment's."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    tenant: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    mode: Literal["sim", "paper", "live"]
    ib_account: str
    gateway: Literal["container", "external"] = "container"
    """`external` is a gateway of which we know host and port, and whose container, if it has one, is not ours."""
    restart_command: str | None = None
    """A JSON list of words that restarts an external gateway; run without a shell."""
    gateway_host: str = "ib-gateway"
    gateway_port: Port = 4004
    engine: Literal["on", "lifecycle", "none"] = "on"
    """`lifecycle` is an engine without our HTTP API: only its container is looked after."""
    engine_url: str = "http://engine:9190"
    supervisor_url: str = "http://supervisor:9180"
    """Where engines ask for clearance: whoever answers there before us is another supervisor."""
    docker_host: str = "tcp://docker-api:2375"
    mailbox_dir: Path = Path("/run/mailbox")
    ledger_dir: Path = Path("/var/lib/ledger")
    hold_dir: Path = Path("/var/lib/hold")
    state_dir: Path = Path("/var/lib/watchkeeper")
    secrets_path: Path = Field(Path("/run/secrets"), alias="SECRETS_DIR")
    listen_host: str = "0.0.0.0"  # noqa: S104 (inside a container; compose publishes on loopback only)
    listen_port: Port = 9180
    allowed_hosts: str = "localhost,127.0.0.1,supervisor"
    probe_interval_seconds: Annotated[float, Field(ge=1.1, le=60)] = 5.0
    container_restart_budget: str = "3/15m,6/6h"
    engine_restart_budget: str = "3/10m"
    login_budget: str = "2/30m,4/24h"
    market_farms: str = "us*"
    """Comma-separated patterns of the data farms that serve configured instruments."""
    reconnect_account: bool | None = None
    """Whether RECONNECTACCOUNT may be used; unset means yes, except in LIVE."""
    region: Region | None = None
    """Where IBKR keeps the account; unset means na, except in SIM, where nobody closes."""
    windows_file: Path | None = None
    auto_restart_time: str | None = None
    time_zone: str = "Etc/UTC"
    reauth_at: str | None = None
    twofa: bool | None = None
    """Whether a login asks for a second factor; unset means only in LIVE, and where REAUTH_AT is set."""
    dry_run: bool = False
    """Whether acts are only told, as what would be done."""
    alertmanager_url: str = "http://alertmanager:9093"
    public_url: str = "http://127.0.0.1:9180"
    """Where people reach this supervisor: what they are told links to it."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def load(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsRefused: one line for each setting that is missing or unusable.
        """
        try:
            return cls()
        except ValidationError as error:
            lines = [
                f"{'.'.join(map(str, line['loc'])).upper()}: expected {line['msg'].lower()}, found {line['input']!r}"
                if line["type"] != "missing"
                else f"{'.'.join(map(str, line['loc'])).upper()}: expected a value, found none"
                for line in error.errors()
            ]
            raise SettingsRefused("\n".join([*lines, "set them in .env, which `make up` reads"])) from error

    def rules(self) -> Rules:
        """The tenant's rules, checked against each other.

        Raises:
            PolicyRefused: the numbers do not hold together.
            SettingsRefused: a window or a time cannot be read.
        """
        policy = Policy(
            probe_interval=self.probe_interval_seconds,
            container_budget=Budget.parse(self.container_restart_budget),
            engine_budget=Budget.parse(self.engine_restart_budget),
            login_budget=Budget.parse(self.login_budget),
        )
        policy.check()
        live = self.mode == "live"
        twofa = live or self.reauth_at is not None if self.twofa is None else self.twofa
        return Rules(
            tenant=self.tenant,
            account=self.ib_account,
            live=live,
            engine=self.engine != "none",
            engine_api=self.engine == "on",
            farms=tuple(part.strip() for part in self.market_farms.split(",") if part.strip()),
            reconnect_account=not live if self.reconnect_account is None else self.reconnect_account,
            windows=self._windows(),
            weekly_token=self.mode != "sim" or twofa or self.reauth_at is not None,
            twofa=twofa,
            reauth=Reauth.parse(self.reauth_at) if self.reauth_at is not None else None,
            dry_run=self.dry_run,
            external=self.gateway == "external",
            restart_command=self._restart_command(),
            policy=policy,
        )

    def _restart_command(self) -> tuple[str, ...]:
        if self.restart_command is None:
            return ()
        problem = (
            f'RESTART_COMMAND: expected a JSON list like ["ssh", "tws", "restart"], found {self.restart_command!r}'
        )
        try:
            words = json.loads(self.restart_command)
        except ValueError as error:
            raise SettingsRefused(problem) from error
        if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
            raise SettingsRefused(problem)
        if self.gateway != "external":
            raise SettingsRefused("RESTART_COMMAND: expected GATEWAY=external beside it, found a container; unset one")
        return tuple(words)

    def _windows(self) -> tuple[Window, ...]:
        region = self.region or (None if self.mode == "sim" else "na")
        windows = load(region, self.windows_file)
        if self.auto_restart_time is not None:
            windows = (*windows, planned_restart(self.auto_restart_time, self.time_zone))
        return windows

    def token(self, name: Literal["operator_token", "machine_token"]) -> str:
        """A bearer token from its secret file.

        Raises:
            SettingsRefused: the file is missing or empty.
        """
        path = self.secrets_path / name
        try:
            value = path.read_text().strip()
        except OSError as error:
            raise SettingsRefused(f"expected a token in {path}, found {error.strerror}; `make up` makes one") from error
        if not value:
            raise SettingsRefused(f"expected a token in {path}, found an empty file; remove it, `make up` makes one")
        return value

    def webhook_url(self) -> str | None:
        """The webhook that is told when Alertmanager is silent, from its secret file. None: there is no such webhook.

        Raises:
            SettingsRefused: not a URL. The message does not repeat it.
        """
        path = self.secrets_path / "webhook_url"
        try:
            text = path.read_text().strip()
            url = httpx.URL(text)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, httpx.InvalidURL) as error:
            raise SettingsRefused(f"expected a URL in {path}, found {type(error).__name__}; write it anew") from error
        if text and (url.scheme not in ("http", "https") or not url.host):
            raise SettingsRefused(f"expected a URL that starts with https:// in {path}, found something else")
        return text or None


__all__ = ["PolicyRefused", "Settings"]
