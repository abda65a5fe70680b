"""What IBC's start script does when the gateway's process has ended: go again, with or without the token, or leave."""

from enum import Enum
from typing import Literal, NamedTuple

from gateway.simulator.login_state import LOGIN_WINDOW_MISSING, TWOFA_TIMED_OUT


class Next(Enum):
    """What comes after a process."""

    COLD = "cold"
    """Another one, with a full login."""
    WARM = "warm"
    """Another one, with the token."""
    PAUSE = "pause"
    """None; the token stays for the next container."""
    LEAVE = "leave"


class Decision(NamedTuple):
    """What comes next, and what the script writes about it."""

    next: Next
    lines: tuple[str, ...]


FOUND = "autorestart file found at {}: authentication will not be required"
NOT_FOUND = "autorestart file not found: full authentication will be required"
_SEVERAL = "WARNING: More than one autorestart file was found"
_AGAIN = ("IBC will restart shortly", "sleep 2")
"""The script prints `sleep 2` where it should do it."""
_LEAVE = ("Gateway finished",)


def at_start(tokens: tuple[str, ...]) -> Decision:
    """The first process of a container. `tokens` are the paths of the autorestart files there are."""
    return Decision(Next.WARM if len(tokens) == 1 else Next.COLD, _finding(tokens))


def after(
    code: int, cold: bool, paused: bool, tokens: tuple[str, ...], on_twofa_timeout: Literal["exit", "restart"]
) -> Decision:
    """After a process ended with `code`. `cold`, `paused`: which flag files IBC left."""
    first = f"IBC returned exit status {code}"
    if code == LOGIN_WINDOW_MISSING:
        return Decision(Next.COLD, (first, *_AGAIN))
    if cold:
        return Decision(Next.COLD, (first, "IBC will cold-restart shortly", *_AGAIN))
    lines = (first, *_finding(tokens))
    if tokens and paused:
        return Decision(Next.PAUSE, (*lines, "IBC is paused", *_LEAVE))
    if tokens:
        return Decision(Next.WARM if len(tokens) == 1 else Next.COLD, (*lines, *_AGAIN))
    if code == TWOFA_TIMED_OUT and on_twofa_timeout == "restart":
        return Decision(Next.COLD, (*lines, *_AGAIN))
    return Decision(Next.LEAVE, (*lines, *_LEAVE))


def _finding(tokens: tuple[str, ...]) -> tuple[str, ...]:
    first = "Finding autorestart file"
    if not tokens:
        return (first, NOT_FOUND)
    if len(tokens) == 1:
        return (first, FOUND.format(tokens[0]))
    return (first, *(FOUND.format(path) for path in tokens[:1]), _SEVERAL)
