"""What each tenant is told to be: the environment's one, or a table each of a file.

A table says all that is not a default by itself: nothing of the environment is mixed in, so that no account, hour or
host of one tenant becomes another's.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, override

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from preflight.settings import Settings as PreflightSettings
from supervisor.errors import PolicyRefused, SettingsRefused
from supervisor.policy import Budget, Policy
from supervisor.rules import Rules
from supervisor.schedule import Daily
from supervisor.windows import Reauth, Region, Window, load, planned_restart

NAME = r"^[a-z0-9][a-z0-9-]{0,30}$"
Port = Annotated[int, Field(gt=0, lt=65536)]


class Tenant(BaseModel):
    """One tenant's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: Annotated[str, Field(pattern=NAME)]
    mode: Literal["sim", "paper", "live"]
    ib_account: str
    further_accounts: str = ""
    """Comma-separated accounts of the same gateway that its engine trades as well."""
    gateway: Literal["container", "external"] = "container"
    """`external` is a gateway of which we know host and port, and whose container, if it has one, is not ours."""
    restart_command: str | None = None
    """A JSON list of words that restarts an external gateway; run without a shell."""
    gateway_host: str = "ib-gateway"
    gateway_port: Port = 4004
    engine: Literal["on", "lifecycle", "none"] = "on"
    """`lifecycle` is an engine without our HTTP API: only its container is looked after."""
    engine_url: str = "http://engine:9190"
    mailbox_dir: Path = Path("/run/mailbox")
    ledger_dir: Path = Path("/var/lib/ledger")
    hold_dir: Path = Path("/var/lib/hold")
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
    preflight_at: str | None = None
    """When the preflight is asked by itself, on days with a session."""
    twofa: bool | None = None
    """Whether a login asks for a second factor; unset means only in LIVE, and where REAUTH_AT is set."""
    dry_run: bool = False
    """Whether acts are only told, as what would be done."""
    preflight: dict[str, Any] = {}
    """The preflight's own settings, in small letters; only in a file."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account that its engine trades, the first one first; none where any will do."""
        further = [name.strip() for name in self.further_accounts.split(",") if name.strip()]
        return (self.ib_account, *further) if self.ib_account else ()

    def rules(self) -> Rules:
        """The tenant's rules, checked against each other.

        Raises:
            PolicyRefused: the numbers do not hold together.
            SettingsRefused: a window or a time cannot be read.
        """
        policy = Policy(
            probe_interval=self.probe_interval_seconds,
            container_budget=_budget("CONTAINER_RESTART_BUDGET", self.container_restart_budget),
            engine_budget=_budget("ENGINE_RESTART_BUDGET", self.engine_restart_budget),
            login_budget=_budget("LOGIN_BUDGET", self.login_budget),
        )
        policy.check()
        live = self.mode == "live"
        twofa = live or self.reauth_at is not None if self.twofa is None else self.twofa
        return Rules(
            tenant=self.tenant,
            account=self.ib_account,
            further_accounts=self.accounts[1:],
            live=live,
            engine=self.engine != "none",
            engine_api=self.engine == "on",
            farms=tuple(part.strip() for part in self.market_farms.split(",") if part.strip()),
            reconnect_account=not live if self.reconnect_account is None else self.reconnect_account,
            windows=self._windows(),
            weekly_token=self.mode != "sim" or twofa or self.reauth_at is not None,
            twofa=twofa,
            preflight_at=Daily.parse(self.preflight_at) if self.preflight_at is not None else None,
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

    def for_preflight(self) -> PreflightSettings:
        """What the preflight of this tenant is to check.

        Raises:
            SettingsRefused: one line for each setting that is missing or unusable.
        """
        names = {"gateway_host", "gateway_port", "ib_account", "further_accounts", "mode", "engine", "engine_url"}
        names |= {"mailbox_dir"} if self.gateway == "container" else set()
        given = self.model_dump(include=names) | self.preflight
        # The prefix, which no variable has, keeps the environment out.
        return checked(lambda: PreflightSettings(_env_prefix=f"{self.tenant}.", **given), f"{self.tenant}.preflight.")


class _Environment(BaseSettings, Tenant):
    """Field names in capitals are the environment's."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    @override
    def for_preflight(self) -> PreflightSettings:
        return PreflightSettings.load()


def _budget(name: str, text: str) -> Budget:
    try:
        return Budget.parse(text)
    except PolicyRefused as error:
        raise PolicyRefused(f"{name}: {error}") from error


def of_environment() -> Tenant:
    """The environment's one tenant.

    Raises:
        SettingsRefused: one line for each setting that is missing or unusable.
    """
    return checked(lambda: _Environment())


def of_file(path: Path) -> tuple[Tenant, ...]:
    """A tenant a table, each with a gateway, a mailbox and an account that no other one has.

    Raises:
        SettingsRefused: the file cannot be read, or one line for each setting that is missing or unusable.
    """
    try:
        tables = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"TENANTS_FILE: expected TOML in {path}, found {error}") from error
    names = [name for name, table in tables.items() if isinstance(table, dict)]
    if not tables or len(names) != len(tables):
        raise SettingsRefused(f"TENANTS_FILE: expected a table for each tenant in {path}, found {sorted(tables)}")
    found = tuple(_of_table(name, tables[name]) for name in names)
    if shared := [*_shared(found)]:
        raise SettingsRefused("\n".join(shared))
    return found


def _of_table(name: str, table: dict[str, Any]) -> Tenant:
    if not re.match(NAME, name):
        raise SettingsRefused(f"TENANTS_FILE: expected names of small letters, digits and dashes, found {name!r}")
    names = f"watchkeeper-{name}"
    volumes = Path("/run/tenants") / name
    usual: dict[str, Any] = {
        "tenant": name,
        "gateway_host": f"{names}-gateway",
        "engine_url": f"http://{names}-engine:9190",
        **{f"{volume}_dir": volumes / volume for volume in ("mailbox", "ledger", "hold")},
    }
    tenant = checked(lambda: Tenant(**(usual | table)), f"{name}.")
    tenant.for_preflight()
    return tenant


def _shared(tenants: Iterable[Tenant]) -> Iterable[str]:
    """What two tenants have in common and must not: an act on one would be an act on the other."""
    taken: dict[tuple[str, object], str] = {}
    for one in tenants:
        own: dict[str, object] = {"gateway_host": f"{one.gateway_host}:{one.gateway_port}"}
        own |= {"engine_url": one.engine_url} if one.engine == "on" else {}
        if one.gateway == "container":
            own |= {name: getattr(one, name) for name in ("mailbox_dir", "ledger_dir", "hold_dir")}
        for name, value in [*own.items(), *(("ib_account", account) for account in one.accounts)]:
            other = taken.setdefault((name, value), one.tenant)
            if other != one.tenant:
                yield f"{one.tenant}.{name}: expected one of its own, found {value}, which is {other}'s too"


def said_of(model: type[BaseModel], variables: Mapping[str, str]) -> dict[str, str]:
    """What variables of the environment say of a model's fields, by the fields' names."""
    return {name: variables[name.upper()] for name in model.model_fields if name.upper() in variables}


def checked[T](make: Callable[[], T], prefix: str = "") -> T:
    """What `make` makes of settings.

    Raises:
        SettingsRefused: one line for each setting that is missing or unusable; the environment's are in capitals.
    """
    try:
        return make()
    except ValidationError as error:

        def name(line: Any) -> str:
            where = ".".join(map(str, line["loc"]))
            return f"{prefix}{where}" if prefix else where.upper()

        lines = [
            f"{name(line)}: expected {line['msg'].lower()}, found {line['input']!r}"
            if line["type"] != "missing"
            else f"{name(line)}: expected a value, found none"
            for line in error.errors()
        ]
        where = "in TENANTS_FILE" if prefix else "in .env, which `make up` reads"
        raise SettingsRefused("\n".join([*lines, f"set them {where}"])) from error
