"""Whether somebody keeps this machine's clock right, as the kernel tells it."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

_TIME_ERROR = 5  # adjtimex's answer for a clock that nobody keeps
_STA_UNSYNC = 0x0040
_MODIFY_NOTHING = 0
_MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Timekeeping:
    """What the kernel knows of its own clock.

    Attributes:
        synchronised: whether somebody (NTP, the hypervisor) keeps it.
        max_error_seconds: the clock is certainly not further off than this; grows while nobody keeps it.
        estimated_error_seconds: how far off it probably is.
    """

    synchronised: bool
    max_error_seconds: float
    estimated_error_seconds: float


class _Timex(ctypes.Structure):
    """The beginning of the kernel's `struct timex`; the rest is room for it to write."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


@cache
def _adjtimex() -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)


def timekeeping() -> Timekeeping | None:
    """Ask the kernel and change nothing. None where there is no `adjtimex`, or it may not be called here."""
    adjtimex = _adjtimex()
    if adjtimex is None:
        return None
    answer = _Timex(modes=_MODIFY_NOTHING)
    state = adjtimex(ctypes.byref(answer))
    if state < 0:
        return None
    kept = state != _TIME_ERROR and not answer.status & _STA_UNSYNC
    return Timekeeping(kept, answer.maxerror / _MICROSECONDS, answer.esterror / _MICROSECONDS)
