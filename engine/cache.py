"""Is Redis there? Asked before the node is built, because Nautilus would block the whole process on it.

Asked ever after, too: Nautilus writes from a thread of its own, and of a Redis that went away it says nothing. The
protocol is hiredis', Redis' own; the client above it would be 26 MiB for four commands (docs/numbers.md).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import hiredis
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.settings import Settings

_PIECE = 1 << 16
_NOT_YET = object()

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
    except hiredis.ProtocolError as error:
        return "", f"what answers at {host}:{port} is no Redis: {error}"


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
    answers = hiredis.Reader(encoding="utf-8", errors="replace", notEnoughData=_NOT_YET)
    if settings.redis_password is not None:
        user = settings.redis_username or "default"
        login = ("AUTH", user, settings.redis_password.get_secret_value())
        if await _answer(reader, writer, answers, login) != "OK":
            return "", f"Redis refuses user {user!r}; its ACL and the secret redis_password must agree"
    said = await _answer(reader, writer, answers, command)
    if isinstance(said, hiredis.ReplyError):
        return "", f"Redis answers {str(said)[:80]!r}"
    return "" if said is None else str(said), None


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: hiredis.Reader, command: tuple[str, ...]
) -> object:
    writer.write(hiredis.pack_command(command))  # type: ignore[arg-type]  # typed as of one word
    while (said := answers.gets()) is _NOT_YET:
        if not (data := await reader.read(_PIECE)):
            raise ConnectionResetError("it closed the connection")
        answers.feed(data)
    return said
