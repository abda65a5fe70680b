"""What the supervisor itself is told, from the environment and from secret files."""

from pathlib import Path
from typing import Annotated, Literal, Self

import httpx
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from supervisor import tenants
from supervisor.errors import SettingsRefused
from supervisor.tenants import Port, Tenant, checked
from supervisor.turns import LOGINS_AT_ONCE


class Settings(BaseSettings):
    """Field names in capitals are the environment's."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    tenants_file: Path | None = None
    """A table for each tenant that may be watched; without it the environment has the one tenant's settings."""
    supervisor_url: str = "http://supervisor:9180"
    """Where engines ask for clearance: whoever answers there before us is another supervisor."""
    docker_host: str = "tcp://docker-api:2375"
    swarm: bool = False
    """Whether the containers are tasks of a Docker Swarm."""
    state_dir: Path = Path("/var/lib/watchkeeper")
    secrets_path: Path = Field(Path("/run/secrets"), alias="SECRETS_DIR")
    listen_host: str = "0.0.0.0"  # noqa: S104 (inside a container; compose publishes on loopback only)
    listen_port: Port = 9180
    allowed_hosts: str = "localhost,127.0.0.1,supervisor"
    alertmanager_url: str = "http://alertmanager:9093"
    public_url: str = "http://127.0.0.1:9180"
    """Where people reach this supervisor: what they are told links to it."""
    logins_at_once: Annotated[int, Field(ge=1, le=100)] = LOGINS_AT_ONCE
    """How many of several gateways may log in at a time."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def load(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsRefused: one line for each setting that is missing or unusable.
        """
        return checked(cls)

    def tenants(self) -> tuple[Tenant, ...]:
        """Every tenant that may be watched.

        Raises:
            SettingsRefused: one line for each setting that is missing or unusable.
        """
        return (tenants.of_environment(),) if self.tenants_file is None else tenants.of_file(self.tenants_file)

    def machine_token(self, tenant: str) -> str:
        """What a tenant's engine and we know each other by: a token of its own, else the one that all have.

        Raises:
            SettingsRefused: the file is missing or empty.
        """
        own = f"machine_token.{tenant}"
        return self.token(own if (self.secrets_path / own).exists() else "machine_token")

    def token(self, name: str) -> str:
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
