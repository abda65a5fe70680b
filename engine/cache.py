"""Is Redis there? Asked before the node is built, because Nautilus would block the whole process on it.

Asked ever after, too: Nautilus writes from a thread of its own, and of a Redis that went away it says nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.settings import Settings

log = structlog.get_logger("cache")


async def answers(settings: Settings, *, timeout: float = 2.0) -> str | None:
    """Log in and PING. Returns None when Redis answers, else one line saying what is wrong."""
    said, trouble = await ask(settings, "PING", timeout=timeout)
    return trouble if trouble is not None or said == "PONG" else f"Redis answers {said[:80]!r}"


async def ask(settings: Settings, *command: str, timeout: float = 2.0) -> tuple[str, str | None]:
    """Log in and give one command. Returns its answer, empty for none, and None or one line saying what is wrong."""
    host, port = settings.redis_host, settings.redis_port
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return await _ask(reader, writer, settings, command)
            finally:
                writer.close()
    except TimeoutError:
        return "", f"Redis at {host}:{port} does not answer within {timeout:g} s"
    except OSError as error:
        return "", f"Redis at {host}:{port} cannot be reached: {error.strerror or error}"


async def forget_instruments(settings: Settings, ids: Iterable[object]) -> None:
    """Delete what Nautilus has written of these instruments: it has no way to, and Redis would fill over months."""
    if settings.redis_host is not None:
        keys = [f"trader-{settings.trader_id}:instruments:{instrument_id}" for instrument_id in ids]
        _, trouble = await ask(settings, "DEL", *keys)
        if trouble is not None:
            log.warning("expired instruments stay in Redis", why=trouble)


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: Settings, command: tuple[str, ...]
) -> tuple[str, str | None]:
    if settings.redis_password is not None:
        user = settings.redis_username or "default"
        writer.write(_command("AUTH", user, settings.redis_password.get_secret_value()))
        if not (await reader.readline()).startswith(b"+OK"):
            return "", f"Redis refuses user {user!r}; its ACL and the secret redis_password must agree"
    writer.write(_command(*command))
    said = (await reader.readline()).decode("utf-8", "replace").strip()
    if said.startswith("$") and said != "$-1":
        return (await reader.readexactly(int(said[1:]))).decode("utf-8", "replace"), None
    if said.startswith(("+", ":", "$-1")):
        return "" if said == "$-1" else said[1:], None
    return "", f"Redis answers {said[:80]!r}"


def _command(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        raw = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    return b"".join(parts)
