"""What a JVM calls a time zone: the long display names of the handshake.

Central European time was captured with its winter name in summer, British with its summer name; the rest are the names
of Unicode's locale data, which JVMs use, by daylight saving. A zone without a name of its own shows its offset.
"""

import datetime as dt
from zoneinfo import ZoneInfo

_EASTERN = ("Eastern Standard Time", "Eastern Daylight Time")
_CENTRAL = ("Central Standard Time", "Central Daylight Time")
_MOUNTAIN = ("Mountain Standard Time", "Mountain Daylight Time")
_PACIFIC = ("Pacific Standard Time", "Pacific Daylight Time")
_WEST_EUROPE = ("Western European Standard Time", "Western European Summer Time")
_MID_EUROPE = ("Central European Standard Time", "Central European Standard Time")
_EAST_EUROPE = ("Eastern European Standard Time", "Eastern European Summer Time")
_BRITAIN = ("Greenwich Mean Time", "British Summer Time")
_GREENWICH = ("Greenwich Mean Time", "Greenwich Mean Time")
_SYDNEY = ("Australian Eastern Standard Time", "Australian Eastern Daylight Time")
_CHINA = ("China Standard Time", "China Daylight Time")
_UNIVERSAL = ("Coordinated Universal Time", "Coordinated Universal Time")

_NAMES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("UTC", "Etc/UTC", "Etc/Universal", "Universal", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT"), _UNIVERSAL),
    **dict.fromkeys(("GMT", "Etc/GMT", "Africa/Abidjan", "Africa/Accra", "Atlantic/Reykjavik"), _GREENWICH),
    **dict.fromkeys(("America/New_York", "US/Eastern", "America/Toronto", "America/Detroit", "EST5EDT"), _EASTERN),
    **dict.fromkeys(("America/Chicago", "US/Central", "America/Winnipeg", "CST6CDT"), _CENTRAL),
    **dict.fromkeys(("America/Denver", "US/Mountain", "America/Phoenix", "US/Arizona", "America/Edmonton"), _MOUNTAIN),
    **dict.fromkeys(("America/Los_Angeles", "US/Pacific", "America/Vancouver", "PST8PDT"), _PACIFIC),
    **dict.fromkeys(("Europe/London", "GB"), _BRITAIN),
    "Europe/Dublin": ("Irish Standard Time", "Greenwich Mean Time"),  # by law its winter is the saving
    **dict.fromkeys(("Europe/Lisbon", "WET", "Atlantic/Canary"), _WEST_EUROPE),
    **dict.fromkeys(
        (
            *(f"Europe/{city}" for city in ("Berlin", "Zurich", "Paris", "Amsterdam", "Vienna", "Madrid", "Rome")),
            *(f"Europe/{city}" for city in ("Brussels", "Stockholm", "Oslo", "Copenhagen", "Warsaw", "Prague")),
            *(f"Europe/{city}" for city in ("Budapest", "Belgrade", "Luxembourg", "Monaco", "Malta", "Zagreb")),
            "CET",
            "MET",
        ),
        _MID_EUROPE,
    ),
    **dict.fromkeys(
        (
            *(f"Europe/{city}" for city in ("Athens", "Helsinki", "Kyiv", "Kiev", "Bucharest", "Sofia", "Riga")),
            *(f"Europe/{city}" for city in ("Tallinn", "Vilnius")),
            "Asia/Beirut",
            "Africa/Cairo",
            "EET",
        ),
        _EAST_EUROPE,
    ),
    "Europe/Moscow": ("Moscow Standard Time", "Moscow Summer Time"),
    "Asia/Jerusalem": ("Israel Standard Time", "Israel Daylight Time"),
    "Asia/Dubai": ("Gulf Standard Time", "Gulf Standard Time"),
    **dict.fromkeys(("Asia/Kolkata", "Asia/Calcutta"), ("India Standard Time", "India Standard Time")),
    "Asia/Bangkok": ("Indochina Time", "Indochina Time"),
    **dict.fromkeys(("Asia/Shanghai", "Asia/Chongqing", "Asia/Macau", "PRC"), _CHINA),
    **dict.fromkeys(("Asia/Hong_Kong", "Hongkong"), ("Hong Kong Standard Time", "Hong Kong Summer Time")),
    "Asia/Taipei": ("Taipei Standard Time", "Taipei Daylight Time"),
    **dict.fromkeys(("Asia/Singapore", "Singapore"), ("Singapore Standard Time", "Singapore Standard Time")),
    **dict.fromkeys(("Asia/Tokyo", "Japan"), ("Japan Standard Time", "Japan Daylight Time")),
    **dict.fromkeys(("Asia/Seoul", "ROK"), ("Korean Standard Time", "Korean Daylight Time")),
    **dict.fromkeys(("Australia/Sydney", "Australia/Melbourne", "Australia/Brisbane"), _SYDNEY),
    "Australia/Perth": ("Australian Western Standard Time", "Australian Western Daylight Time"),
    "Pacific/Auckland": ("New Zealand Standard Time", "New Zealand Daylight Time"),
    "Pacific/Honolulu": ("Hawaii-Aleutian Standard Time", "Hawaii-Aleutian Daylight Time"),
    "America/Sao_Paulo": ("Brasilia Standard Time", "Brasilia Summer Time"),
    "Africa/Johannesburg": ("South Africa Standard Time", "South Africa Standard Time"),
}

CHINESE = {
    **dict.fromkeys(("Asia/Shanghai", "Asia/Chongqing", "Asia/Macau", "PRC"), "中国标准时间"),
    **dict.fromkeys(("Asia/Hong_Kong", "Hongkong"), "香港标准时间"),
    "Asia/Taipei": "台北标准时间",
    **dict.fromkeys(("Asia/Singapore", "Singapore"), "新加坡标准时间"),
}
"""The names of a gateway on a Chinese system. They go over the wire in GBK."""


def display_name(zone: str, at: dt.datetime) -> str:
    """What a JVM of an English system calls that zone at that moment."""
    local = at.astimezone(ZoneInfo(zone))
    names = _NAMES.get(zone)
    if names is not None:
        return names[bool(local.dst())]
    minutes = round((local.utcoffset() or dt.timedelta()).total_seconds() / 60)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"GMT{sign}{hours:02d}:{rest:02d}"
