"""utc: does the gateway write its times in UTC?

Two settings decide. The gateway's own zone shows in the handshake; the API setting "Send instrument-specific
attributes for dual-mode API client in" shows in the times of bars and executions, and is a click in the gateway that
no file can preset. Nautilus 1.231 reads UTC times and times with an IANA zone, and loses a fill whose time has
neither (docs/nautilus.md).
"""

from datetime import datetime

from preflight.check import Answer, Check, Gateway
from preflight.report import Result
from preflight.settings import Settings
from tws.times import TimeForm, bar_time_form

_READ_BY_ENGINE = frozenset({TimeForm.UTC_DASH, TimeForm.ZONED})
"""What the pinned engine (nautilus_trader 1.231.0, adapter's timestring_to_timestamp) reads without losing fills."""

_ZONE_REMEDY = "set TIME_ZONE=Etc/UTC in .env and restart the gateway (a jts.ini that exists already keeps its zone)"
_FORM_REMEDY = (
    "in the gateway: Configure > Settings > API > Settings, "
    "'Send instrument-specific attributes for dual-mode API client in' = UTC format"
)


async def ask(gateway: Gateway, settings: Settings, now: datetime) -> Answer:
    zone = (await gateway.greeting()).time
    bars = await gateway.bars()
    if not bars:
        remedy = "ask again when the market data farms are connected; `make status` shows them"
        return Answer(Result.SKIPPED, "no historical bar to look at", remedy)
    form = bar_time_form(bars[-1].time)
    hours = zone.offset(now).total_seconds() / 3600
    found = f"gateway zone '{zone.zone_text}' ({hours:+g} h), bars like '{bars[-1].time}'"
    if zone.is_utc and form is TimeForm.UTC_DASH:
        return Answer(Result.PASS, found)
    remedies = ([] if zone.is_utc else [_ZONE_REMEDY]) + ([] if form is TimeForm.UTC_DASH else [_FORM_REMEDY])
    tolerable = not settings.require_utc and form in _READ_BY_ENGINE
    result = Result.WARN if tolerable else Result.FAIL
    return Answer(result, found, "; ".join(remedies))


CHECK = Check("utc", "time", "times in UTC", ask, needs="login")
