"""The feed's frames, `[channel, payload]`, into values. Pure.

Shapes after the service's public documentation and published samples: numbers come as strings, the moment of the trade
in milliseconds (or, in samples of its REST side, as ISO 8601), and a join is answered on its own channel by a status.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

Number = str | float | int | None
# Beyond it an implied volatility is an artefact, also in the last minutes of a day.
MAX_VOL = 20.0


@dataclass(frozen=True, slots=True)
class Joined:
    """The answer to a join: `trouble` is empty when it was accepted."""

    channel: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Print:
    """One trade of one option."""

    symbol: str
    executed_ns: int
    underlying_price: float
    price: float
    vol: float
    delta: float
    gamma: float
    vega: float
    theta: float

    def plausible(self) -> bool:
        """Whether these can be the greeks of the option that the symbol names. A NaN anywhere makes it False."""
        sign = 1.0 if self.symbol[-9:-8] == "C" else -1.0
        return (
            0.0 <= sign * self.delta <= 1.0
            and 0.0 < self.vol <= MAX_VOL
            and 0.0 <= self.gamma < math.inf
            and 0.0 <= self.vega < math.inf
            and math.isfinite(self.theta)
            and 0.0 < self.underlying_price < math.inf
        )


class _Payload(msgspec.Struct):
    option_symbol: str | None = None
    option_chain_id: str | None = None
    executed_at: int | float | str | None = None
    underlying_price: Number = None
    price: Number = None
    implied_volatility: Number = None
    delta: Number = None
    gamma: Number = None
    vega: Number = None
    theta: Number = None
    canceled: bool | None = None
    status: str | None = None
    response: msgspec.Raw = msgspec.Raw(b"")


_decoder = msgspec.json.Decoder(tuple[str, _Payload])


def channel_of(root: str) -> str:
    """Return the channel of one underlying's trades, for instance `option_trades:SPY`."""
    return f"option_trades:{root}"


def join(channel: str) -> str:
    """Write a join. It has to travel as a text frame."""
    return json.dumps({"channel": channel, "msg_type": "join"})


def leave(channel: str) -> str:
    """Write a leave."""
    return json.dumps({"channel": channel, "msg_type": "leave"})


def read(raw: str | bytes) -> Print | Joined | None:
    """Read one frame; None for what is neither a trade nor an answer. Raises ValueError where it makes no sense."""
    try:
        channel, payload = _decoder.decode(raw)
    except msgspec.DecodeError as error:  # of which ValidationError is one
        raise ValueError(str(error)) from None
    if payload.status is not None:
        return Joined(channel, "" if payload.status == "ok" else payload.status)
    symbol = payload.option_symbol or payload.option_chain_id
    if not channel.startswith("option_trades") or symbol is None or payload.canceled:
        return None
    return Print(
        symbol=symbol,
        executed_ns=_nanoseconds(payload.executed_at),
        underlying_price=_number(payload.underlying_price),
        price=_number(payload.price),
        vol=_number(payload.implied_volatility),
        delta=_number(payload.delta),
        gamma=_number(payload.gamma),
        vega=_number(payload.vega),
        theta=_number(payload.theta),
    )


def _number(value: Number) -> float:
    # What is not there fails the test of plausibility.
    return math.nan if value is None else float(value)


def _nanoseconds(value: float | str | None) -> int:
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6) * 1000
    if value is None:
        raise ValueError("a trade without the moment it was executed")
    return int(value) * 1_000_000
