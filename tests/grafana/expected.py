"""What each panel's queries must return at each moment of the recorded day.

By what the scenario does (`SCENARIO`), by what the witnesses said at the moment (`TRUTHS`), and by the journal of
incidents at the day's end (`AT_THE_END`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grafana.words import ENGINE, GATEWAY, Words
from tests.grafana.day import Moment

type Found = list[tuple[str, float]]
"""Each series' labels that tell it from the others, and its value."""


@dataclass(frozen=True)
class Near:
    """One series, of this value."""

    value: float
    by: float = 0.01

    def fits(self, found: Found) -> bool:
        return len(found) == 1 and abs(found[0][1] - self.value) <= self.by


@dataclass(frozen=True)
class Between:
    """So many series or more, each of such a value."""

    low: float
    high: float
    series: int = 1

    def fits(self, found: Found) -> bool:
        return len(found) >= self.series and all(self.low <= value <= self.high for _, value in found)


@dataclass(frozen=True)
class Rows:
    """These rows; others beside them only where `more` says so, or where they are not above `above`."""

    values: Mapping[str, float]
    more: bool = False
    above: float = float("-inf")
    by: float = 0.01

    def fits(self, found: Found) -> bool:
        rows = {name: value for name, value in found if value > self.above}
        close = all(abs(rows.get(name, float("inf")) - value) <= self.by for name, value in self.values.items())
        return close and (self.more or rows.keys() == self.values.keys())


@dataclass(frozen=True)
class Only:
    """These rows and no others, each of such a value."""

    names: set[str]
    low: float
    high: float

    def fits(self, found: Found) -> bool:
        return {name for name, _ in found} == self.names and all(self.low <= value <= self.high for _, value in found)


class Nothing:
    """No series: the panel shows its text for no data."""

    def fits(self, found: Found) -> bool:
        return not found


type Wanted = Near | Between | Rows | Only | Nothing

HALT, DEAF = "a halt, silenced", "nobody answers"
STOPPED = {"data-competed", "cache away", "upstream", "a farm", "a person stops it", HALT}
"""Steps in which nothing may be opened."""
HELD = STOPPED - {HALT}
"""By the supervisor: a halt is a person's, and the engine's own."""
RECEIVERS = ("webhook person", "webhook notice", "webhook dead-man")
"""Those that tell somebody, and how."""
CURED = {"jvm-dead"}
"""The supervisor ends it, perhaps before its moment: the scenario does not say, only the witnesses do."""
AWAY = {"a person stops it"}
"""There is no gateway."""
TICKLESS = AWAY | {"upstream", "a farm", "data-competed"}
"""No tick comes to the supervisor."""


def _of(name: str, among: set[str], yes: float, no: float) -> Wanted:
    return Near(yes if name in among else no)


SCENARIO: Mapping[tuple[str, str], Callable[[str], Wanted]] = {
    ("Can I trade?", ""): lambda step: _of(step, STOPPED, 0, 1),
    ("New entries", ""): lambda step: _of(step, HELD, 1, 0),
    ("Market", ""): lambda step: Near(1),
    ("What state was it in?", "Together"): lambda step: _of(step, STOPPED, 40, 41),
    ("What state was it in?", "Market"): lambda step: Near(51),
    ("What state was it in?", "Maintenance"): lambda step: Near(60),
    ("Which alerts fire?", "Severity"): lambda step: Rows(ALERTS.get(step, {}), more=True),
    ("How old is the market data?", "supervisor's quote"): lambda step: (
        Between(20, 900) if step in TICKLESS else Between(0, 20)
    ),
    ("How old is the market data?", "engine"): lambda step: (
        Between(20, 900) if step in AWAY | {"data-competed"} else Between(0, 20)
    ),
    ("How fast does the gateway answer?", "reqCurrentTime"): lambda step: Between(0, 0.5),
    ("Positions without an exit", ""): lambda step: Near(0),
    ("Week's login ends in", ""): lambda step: Nothing(),
    # The record may be younger than the two minutes that are asked for.
    ("Dead man's switch", ""): lambda step: Between(0, 1) if step == "well" else _of(step, {DEAF}, 0, 1),
    ("Silences", ""): lambda step: _of(step, {HALT}, 1, 0),
    ("Oldest page that nobody has", ""): lambda step: Near(0),
    ("Whom does Alertmanager reach?", "Now"): lambda step: (
        Rows({"webhook dead-man": 1}, more=True) if step == DEAF else Rows(dict.fromkeys(RECEIVERS, 0))
    ),
    ("Tenants", ""): lambda step: Near(1),
    ("Unknown", ""): lambda step: Near(0),
    ("Can trade", ""): lambda step: _of(step, STOPPED, 0, 1),
    ("Cannot trade", ""): lambda step: _of(step, STOPPED, 1, 0),
    ("Who needs a look?", "Market"): lambda step: Near(1),
    ("Who could trade when?", "{{tenant}}"): lambda step: _of(step, STOPPED, 40, 41),
    ("Who answers late?", "{{tenant}}"): lambda step: Between(0, 0.5),
    ("Whose market data is old?", "{{tenant}}"): lambda step: Between(20, 900) if step in TICKLESS else Between(0, 20),
    ("When did the supervisor last look?", "{{node}} {{instance}}"): lambda step: Between(0, 15),
    ("How much memory do supervisor and engines use?", "{{node}} {{job}} {{tenant}}"): lambda step: Between(
        3e7, 1.5e9, 2
    ),
}
ALERTS: Mapping[str, Mapping[str, float]] = {
    "data-competed": {"DataCompeted": 2},
    "cache away": {"CacheDown": 2},
    "clock": {"ClockSkew": 2},
    "upstream": {"UpstreamLost": 2},
    "a farm": {"MarketFarmDown": 2},
    "a person stops it": {"GatewayDown": 2},
    HALT: {"EngineHalted": 2},
    "the proxy before Docker": {"SupervisorBlind": 2},
}
"""2 is critical, 1 a warning."""


def _number(words: Words, state: str) -> Wanted:
    return Near(next(number for number, (word, _) in words.items() if word == state))


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _told(moment: Moment) -> bool:
    """Whether the stand-in's book stood still, and the supervisor could hear of it."""
    return bool(moment.seen.get("money")) and moment.seen.get("gateway") in ("READY", "DEGRADED")


def _cost(moment: Moment) -> Wanted:
    """What is held is taken to be held while nobody knows better."""
    return Near(moment.seen["money"]["cost"]) if _told(moment) else Between(0, 1e7)


def _made(kind: str) -> Callable[[Moment], Wanted]:
    """What the stand-in's book says. Nothing, while nobody renews it."""

    def wanted(moment: Moment) -> Wanted:
        if moment.name in AWAY | {"upstream"} or moment.seen["gateway"] not in ("READY", "DEGRADED"):
            return Nothing()
        return Near(moment.seen["money"][kind]) if _told(moment) else Between(-1e6, 1e6)

    return wanted


def _verdict(moment: Moment) -> Wanted:
    if moment.name in CURED:
        return Between(0, 7)
    cannot, held = moment.name in STOPPED, moment.name in HELD
    return Near(4 * cannot + 2 * bool(moment.seen["open"]) + held)


def _results(moment: Moment) -> Wanted:
    last = moment.seen["preflight"]
    return Rows({**dict.fromkeys(last["warn"], 1), **dict.fromkeys(last["fail"], 2)}, above=0)


def _messages(moment: Moment, how: str) -> Wanted:
    """What whoever was told has counted."""
    heard = moment.seen["told"]
    return Rows({name: heard.get(f"{name.removeprefix('webhook ')} {how}", 0) for name in RECEIVERS})


TRUTHS: Mapping[tuple[str, str], tuple[str, Callable[[Moment], Wanted]]] = {
    ("Gateway", ""): ("gateway", lambda at: _number(GATEWAY, at.seen["gateway"])),
    ("Engine", ""): ("engine", lambda at: _number(ENGINE, at.seen["engine"])),
    ("Open incidents", ""): ("open", lambda at: Near(len(at.seen["open"]))),
    ("What state was it in?", "Gateway"): ("gateway", lambda at: _number(GATEWAY, at.seen["gateway"])),
    ("What state was it in?", "Engine"): ("engine", lambda at: _number(ENGINE, at.seen["engine"])),
    ("What went wrong, how soon was it seen, how long until all was well?", "Now"): (
        "open",
        lambda at: Rows(dict.fromkeys(at.seen["open"], 1)),
    ),
    ("What has the account made?", "daily"): ("gateway", _made("realized")),
    ("What has the account made?", "realized"): ("gateway", _made("realized")),
    ("What has the account made?", "unrealized"): ("gateway", _made("unrealized")),
    ("How much money is out?", "cost of open positions"): ("exposure", _cost),
    ("How many positions and orders?", "positions"): ("exposure", lambda at: Near(at.seen["exposure"]["positions"])),
    ("How many positions and orders?", "orders"): ("exposure", lambda at: Near(at.seen["exposure"]["orders"])),
    ("How many restarts are left?", "gateway"): ("restarts", lambda at: Near(at.seen["restarts"]["gateway"])),
    ("How many restarts are left?", "engine"): ("restarts", lambda at: Near(at.seen["restarts"]["engine"])),
    ("How many logins are left?", ""): ("logins", lambda at: Near(at.seen["logins"])),
    ("Next window in", ""): (
        "next_window",
        lambda at: Near(_epoch(at.seen["next_window"]["opens_at"]) - at.at, by=1),
    ),
    ("Next window at (UTC)", ""): (
        "next_window",
        lambda at: Near(1000 * _epoch(at.seen["next_window"]["opens_at"]), by=1000),
    ),
    ("May we trade?", ""): ("preflight", lambda at: Near(float(at.seen["preflight"]["verdict"] == "go"))),
    ("Asked how long ago?", ""): ("preflight", lambda at: Near(at.at - _epoch(at.seen["preflight"]["at"]), by=2)),
    ("What did each check say?", "Result"): ("preflight", _results),
    ("Who needs a look?", "Verdict"): ("open", _verdict),
    ("Who needs a look?", "Gateway"): ("gateway", lambda at: _number(GATEWAY, at.seen["gateway"])),
    ("Who needs a look?", "Engine"): ("engine", lambda at: _number(ENGINE, at.seen["engine"])),
    ("Who needs a look?", "Incidents"): ("open", lambda at: Near(len(at.seen["open"]))),
    ("Who needs a look?", "Restarts left"): ("restarts", lambda at: Near(min(at.seen["restarts"].values()))),
    ("Who needs a look?", "Logins left"): ("logins", lambda at: Near(at.seen["logins"])),
    ("Who needs a look?", "Positions"): ("exposure", lambda at: Near(at.seen["exposure"]["positions"])),
    ("Who needs a look?", "Cost of positions"): ("exposure", _cost),
    ("Who needs a look?", "Made today"): ("gateway", _made("realized")),
    ("How many alerts are told, and held back?", "told"): ("alerts", lambda at: Near(at.seen["alerts"]["told"])),
    ("How many alerts are told, and held back?", "held back"): (
        "alerts",
        lambda at: Near(at.seen["alerts"]["held back"]),
    ),
    ("Whom does Alertmanager reach?", "Told"): ("told", lambda at: _messages(at, "told")),
    ("Whom does Alertmanager reach?", "Failed"): ("told", lambda at: _messages(at, "failed")),
    ("Which incidents stand?", "Now"): ("open", lambda at: Rows(dict.fromkeys(at.seen["open"], 1))),
}
"""With the witness' word that must have stood still."""


def _by_fault(incidents: Iterable[Mapping[str, Any]], key: str) -> dict[str, float]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in incidents:
        if one[key] is not None:
            found[one["fault"]].append(one[key])
    return {fault: sum(values) / len(values) for fault, values in found.items()}


def _counted(incidents: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    faults = [one["fault"] for one in incidents]
    return {fault: faults.count(fault) for fault in faults}


_WENT_WRONG = "What went wrong, how soon was it seen, how long until all was well?"
AT_THE_END: Mapping[tuple[str, str], Callable[[list[dict[str, Any]]], Wanted]] = {
    (_WENT_WRONG, "Incidents"): lambda incidents: Rows(_counted(incidents)),
    (_WENT_WRONG, "Seen after"): lambda incidents: Rows(_by_fault(incidents, "detection_seconds")),
    (_WENT_WRONG, "Well after"): lambda incidents: Rows(_by_fault(incidents, "recovery_seconds")),
    # Of the gateway that died in its container, and of the farm that was broken for longer than a minute.
    ("What did the supervisor do?", "Times"): lambda incidents: Rows({"ok reconnect-data": 1}, more=True),
    # Alertmanager was always there to take them.
    ("What did the supervisors post themselves?", "Times"): lambda incidents: Only({"alertmanager sent"}, 2, 300),
    # Minutes in which nothing could be opened: some six of a day's 390, more than half of a month's 8.
    ("How much of the market's day could it trade?", ""): lambda incidents: Between(0.96, 0.995),
    ("How much of the month's error budget is left?", ""): lambda incidents: Between(-1.0, 0.7),
    ("How much of the time could it not trade?", "of 5 minutes"): lambda incidents: Between(0.0, 0.6),
    ("How much of the time could it not trade?", "of an hour"): lambda incidents: Between(0.04, 0.25),
}
