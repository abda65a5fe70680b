"""What the tenant's engine says of itself, over HTTP."""

import asyncio
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from preflight.errors import NotSeen
from preflight.http import client


class Versions(BaseModel):
    """What is installed in the engine's image; `ibapi_wanted` is what its NautilusTrader asks for."""

    nautilus_trader: str
    ibapi: str
    ibapi_wanted: str


class Strategy(BaseModel):
    """What trades. `imports` is None while that is not known yet."""

    name: str
    imports: bool | None
    why: str = ""


class Cache(BaseModel):
    """The engine's Redis."""

    configured: bool
    answers: bool
    why: str = ""


class About(BaseModel):
    """`GET /api/v1/about`; `cache` is None where an image told it that does not run."""

    versions: Versions
    strategy: Strategy
    cache: Cache | None


class Health(BaseModel):
    """Whether it lives, and what it says that it is doing. Silent engines have no state."""

    alive: bool
    state: str = ""
    sentence: str


async def health(url: str, timeout: float) -> Health:
    """One look at an engine, which may not be there."""
    try:
        async with client(url, timeout) as http:
            lives, status = await asyncio.gather(http.get("/healthz"), http.get("/api/v1/status"))
        body: Any = status.raise_for_status().json()
        return Health(alive=lives.is_success, state=body["state"], sentence=body["sentence"])
    except httpx.HTTPError as error:
        return Health(alive=False, sentence=f"no engine answers at {url}: {str(error) or type(error).__name__}")
    except (ValueError, KeyError, TypeError) as error:
        return Health(alive=False, sentence=f"what answers at {url} is no engine of ours: {type(error).__name__}")


async def about(url: str, timeout: float) -> About:
    """What it is made of.

    Raises:
        NotSeen: nobody answers there, or not in this form.
    """
    try:
        async with client(url, timeout) as http:
            return About.model_validate_json((await http.get("/api/v1/about")).raise_for_status().content)
    except httpx.HTTPError as error:
        raise NotSeen(f"no engine tells at {url} what it is made of: {str(error) or type(error).__name__}") from error
    except ValidationError as error:
        raise NotSeen(f"the engine at {url} tells what it is made of in a form that is not known here") from error
