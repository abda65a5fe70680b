"""utc: does the gateway write its times in UTC?

Two settings decide. The gateway's own zone shows in the handshake; the API setting "Send instrument-specific
attributes for dual-mode API client in" is a click in the gateway that no file can preset. From server version 219 on
the gateway tells it; the times of bars show it at any version. Where both are to be had they must agree. Nautilus
1.231 reads UTC times and times with an IANA zone, and loses a fill whose time has neither (docs/nautilus.md).
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result
from tws.times import TimeForm, TimeMode, bar_time_form

_READ_BY_ENGINE = frozenset({TimeForm.UTC_DASH, TimeForm.ZONED})
"""What the pinned engine (nautilus_trader 1.231.0, adapter's timestring_to_timestamp) reads without losing fills."""

_ZONE = Remedy(
    "gateway-zone",
    "set TIME_ZONE=Etc/UTC in .env and restart the gateway (a jts.ini that exists already keeps its zone)",
)
_FORM = Remedy(
    "time-format",
    "in the gateway: Configure > Settings > API > Settings, "
    "'Send instrument-specific attributes for dual-mode API client in' = UTC format",
)
_CONTRADICTION = Remedy(
    "time-format-contradiction", "restart the gateway, which has a setting that is not in force, and ask again"
)
_LATER = Remedy("no-bar", "ask again when the market data farms are connected; `make status` shows them")


async def ask(site: Site) -> Answer:
    zone = (await site.gateway.greeting()).time
    word = await site.gateway.word()
    told = word.config.time_mode if word.config else None
    bars = await site.gateway.bars()
    seen = bar_time_form(bars[-1].time) if bars else None
    hours = zone.offset(site.now).total_seconds() / 3600
    found = f"gateway zone '{zone.zone_text}' ({hours:+g} h), "
    shown = f"bars like '{bars[-1].time}'" if bars else "no bar to compare with"
    if told is not None:
        form = TimeForm.UTC_DASH if told is TimeMode.UTC else TimeForm.ZONED
        found += f"times in '{told.value}' by its own word, {shown}"
        if seen not in (None, form):
            return Answer(Result.FAIL, found, (_CONTRADICTION,), "the gateway's word and its bars to agree")
    elif seen is not None:
        form = seen
        found += f"the rest {word.inferred(shown)}"
    else:
        return Answer(Result.SKIPPED, "no historical bar to look at", (_LATER,))
    if zone.is_utc and form is TimeForm.UTC_DASH:
        return Answer(Result.PASS, found)
    remedies = (() if zone.is_utc else (_ZONE,)) + (() if form is TimeForm.UTC_DASH else (_FORM,))
    tolerable = not site.settings.require_utc and form in _READ_BY_ENGINE
    result = Result.WARN if tolerable else Result.FAIL
    return Answer(result, found, remedies)


CHECK = Check(
    "utc",
    "time",
    "times in UTC",
    ask,
    needs=("login", "server-version"),
    vital=True,
    remedies=(_ZONE, _FORM, _CONTRADICTION, _LATER),
)
