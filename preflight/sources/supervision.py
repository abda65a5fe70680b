"""What the tenant's supervisor knows of the gateway that no client can see: its container, its login, its calendar."""

from datetime import datetime
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from preflight.errors import NotSeen
from preflight.http import client


class Container(BaseModel):
    """The gateway's container. `restarts` are those that Docker made by itself since it was created or last started."""

    started_at: datetime
    restarts: int


class Inside(BaseModel):
    """The last handshake that the gateway's own container made with the program in it."""

    result: str
    """answered, refused, closed, silent, or stale where the container has stopped telling."""
    at: datetime
    detail: str = ""


class Login(BaseModel):
    """How far the login is, and whether another may be tried."""

    phase: str
    since: datetime | None = None
    attempts_left: int | None = None
    hold: str | None = None
    next_at: datetime | None = None


class Gateway(BaseModel):
    """The supervisor's view of the gateway. None stands for what it does not know."""

    state: str
    container: Container | None = None
    inside: Inside | None = None
    clients: int | None = None
    """How many API clients are connected, by the container's own count."""
    restarts_left: int | None = None
    login: Login


class Window(BaseModel):
    """A window of maintenance; an open one has `closes_at`, the next one `opens_at`."""

    name: str
    opens_at: datetime | None = None
    closes_at: datetime | None = None


class Windows(BaseModel):
    """Windows that are open, and the one that opens next."""

    open: tuple[Window, ...] = ()
    next: Window | None = None


class Token(BaseModel):
    """When the week's login ends, and when one push may be sent after that."""

    expires_at: datetime
    reauth_at: datetime | None = None


class Supervision(BaseModel):
    """One tenant of `GET /api/v1/status`, as far as checks need it."""

    name: str
    gateway: Gateway
    windows: Windows
    weekly_token: Token | None = None


async def ask(url: str, tenant: str | None, timeout: float) -> Supervision:
    """What the supervisor at `url` says of a tenant, or of its only one.

    Raises:
        NotSeen: nobody answers there, or not for this tenant.
    """
    try:
        async with client(url, timeout) as http:
            body: Any = (await http.get("/api/v1/status")).raise_for_status().json()
        rows = [row for row in body["tenants"] if tenant in (None, row["name"])]
        if len(rows) != 1:
            watched = f"does not watch tenant {tenant}" if tenant else "watches several tenants: say which with TENANT"
            raise NotSeen(f"the supervisor at {url} {watched}")
        return Supervision.model_validate(rows[0])
    except httpx.HTTPError as error:
        raise NotSeen(f"no supervisor answers at {url}: {str(error) or type(error).__name__}") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise NotSeen(f"the supervisor at {url} answers in a form that is not known here") from error
