"""utc: does the gateway write its times in UTC?

Two settings decide. The gateway's own zone shows in the handshake; the API setting "Send instrument-specific
attributes for dual-mode API client in" is a click in the gateway that no file can preset. From server version 219 on
the gateway tells it; the times of bars show it at any version, SPY's being an instrument of New York. Where both are
to be had they must agree. With REQUIRE_UTC=0 the table of what the pinned engine reads decides
(`preflight/engine_times.py`). Executions of today have a check of their own. Where the gateway's own zone is New
York's, a bar in it may be of the instrument's zone or of the operator's: both are named. History can take seconds:
where the gateway tells, a bar that is not there in 2 s is not waited for.
"""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from preflight.check import Answer, Check, Remedy, Site
from preflight.engine_times import Reading, reading
from preflight.report import Result
from preflight.time_setting import FORM, ZONE
from tws.times import GatewayTime, TimeForm, TimeMode, bar_time_form

_COMPARED_WITHIN = 2.0
_INSTRUMENT = ZoneInfo("America/New_York")
_INSTRUMENT_NAMES = ("US/Eastern", "America/New_York")

_CONTRADICTION = Remedy(
    "time-format-contradiction", "restart the gateway, which has a setting that is not in force, and ask again"
)
_LATER = Remedy("no-bar", "ask again when the market data farms are connected; `make status` shows them")


async def ask(site: Site) -> Answer:
    zone = (await site.gateway.greeting()).time
    word = await site.gateway.word()
    told = word.config.time_mode if word.config else None
    try:
        async with asyncio.timeout(None if told is None else _COMPARED_WITHIN):
            bars = await site.gateway.bars()
    except TimeoutError:
        bars = []  # its own word is enough
    seen = bar_time_form(bars[-1].time) if bars else None
    hours = zone.offset(site.now).total_seconds() / 3600
    found = f"gateway zone '{zone.zone_text}' ({hours:+g} h), "
    shown = f"bars like '{bars[-1].time}'" if bars else "no bar in time to compare with"
    if told is not None:
        form = TimeForm.UTC_DASH if told is TimeMode.UTC else TimeForm.ZONED
        found += f"times in '{told.value}' by its own word, {shown}"
        if seen not in (None, form):
            return Answer(Result.FAIL, found, (_CONTRADICTION,), "the gateway's word and its bars to agree")
    elif seen is not None:
        form = seen
        setting = _setting(bars[-1].time, zone, site.now) if form is TimeForm.ZONED else form.value
        found += f"times in '{setting}', {word.inferred(shown)}"
    else:
        return Answer(Result.SKIPPED, "no historical bar to look at", (_LATER,))
    if zone.is_utc and form is TimeForm.UTC_DASH:
        return Answer(Result.PASS, found)
    remedies = (() if zone.is_utc else (ZONE,)) + (() if form is TimeForm.UTC_DASH else (FORM,))
    lost = bool(bars) and reading(bars[-1].time) is Reading.LOST
    if lost:
        found += ", a form that the engine cannot read"
    tolerable = not site.settings.require_utc and not lost
    result = Result.WARN if tolerable else Result.FAIL
    return Answer(result, found, remedies)


def _setting(bar: str, zone: GatewayTime, now: datetime) -> str:
    """Which of the settings with a zone it is, by the zone of a bar of New York."""
    if bar.split(" ", 2)[2] not in _INSTRUMENT_NAMES:
        return TimeMode.OPERATOR.value
    if zone.offset(now) == now.astimezone(_INSTRUMENT).utcoffset():
        return f"{TimeMode.INSTRUMENT.value} or {TimeMode.OPERATOR.value}"
    return TimeMode.INSTRUMENT.value


CHECK = Check(
    "utc",
    "time",
    "times in UTC",
    ask,
    needs=("login", "server-version"),
    vital=True,
    remedies=(ZONE, FORM, _CONTRADICTION, _LATER),
)
