"""Fleet: every tenant on one screen, the one that needs a look first."""

from grafana_foundation_sdk.models import dashboard as models

from grafana import told, words
from grafana.frame import filled, frame
from grafana.panels import About, Column, Limit, Panel, lines_of, stat_of, states_of, table_of
from grafana.queries import engine_state, gateway_state, known, of_each, supervisors, unheard
from grafana.trading_day import UID as TRADING_DAY
from supervisor.policy import Policy

UID = "watchkeeper-fleet"


def board() -> models.Dashboard:
    """All of it."""
    made = frame(UID, "Fleet", "Every gateway, engine and account that is watched.", since="now-8h")
    rows = [("Now", _now()), ("Who is told?", told.panels()), ("The day", _day()), ("The watchers", _watchers())]
    return filled(made, rows)


def _now() -> list[Panel]:
    ready = of_each("trade_ready")
    worth = f"4 * (1 - {of_each('trade_ready')}) + 2 * {of_each('incident_open')} + {of_each('entries_held')}"
    silent = "No supervisor is heard"
    return [
        stat_of(
            About("Tenants", "How many there are.", silent, 6, 4, ("SupervisorBlind",)),
            f"count({ready} or {unheard()})",
        ),
        stat_of(About("Can trade", "How many could trade now.", silent, 6, 4), f"sum({ready})", colour=words.GREEN),
        stat_of(
            About("Cannot trade", "How many could not.", silent, 6, 4, ("GatewayDown", "EngineNotTrading")),
            f"count({ready}) - sum({ready})",
            words=words.NONE,
            colour=words.RED,
        ),
        stat_of(
            About(
                "Unknown",
                "How many are on a node of a Swarm whose supervisor is not heard. They may trade, or not.",
                silent,
                6,
                4,
                ("SupervisorBlind",),
            ),
            f"count({unheard()}) or 0 * count({ready})",
            words=words.NONE,
            colour=words.PURPLE,
        ),
        table_of(
            About(
                "Who needs a look?", "Each tenant, the worst first. Its name leads to its trading day.", silent, 24, 12
            ),
            {"tenant": "Tenant"},
            {
                "Verdict": Column(f"({worth}) or {words.UNHEARD} * ({unheard()})", words=words.WORTH),
                "Gateway": Column(gateway_state(None), words=words.GATEWAY),
                "Engine": Column(engine_state(None), words=words.ENGINE),
                "Incidents": Column(f"sum by (tenant) ({supervisors('incident_open', None)})"),
                "Market": Column(known(of_each("market_open")), words=words.OPEN),
                "Restarts left": Column(f"min by (tenant) ({supervisors('budget_remaining', None)})"),
                "Logins left": Column(known(of_each("logins_left"))),
                "Positions": Column(of_each("exposure_rows", kind="positions")),
                "Cost of positions": Column(of_each("exposure_cost")),
                "Made today": Column(known(of_each("account_profit", kind="daily"))),
            },
            worst_first="Verdict",
            links={"tenant": f"/d/{TRADING_DAY}?var-tenant=${{__value.raw}}&${{__url_time_range}}"},
        ),
        table_of(
            About(
                "Which incidents stand?", "By tenant and fault.", "No incident stands", 24, 7, ("IncidentNeedsPerson",)
            ),
            {"tenant": "Tenant", "fault": "Fault"},
            {"Now": Column(f"max by (tenant, fault) ({supervisors('incident_open', None)} == 1)", words=words.STANDS)},
            worst_first="Now",
        ),
    ]


def _day() -> list[Panel]:
    return [
        states_of(
            About("Who could trade when?", "A row for each tenant, twenty on a page.", "Nothing was heard", 24, 10),
            {"{{tenant}}": f"40 + ({of_each('trade_ready')}) or {words.NOT_KNOWN} * ({unheard()})"},
            words.READY,
        ).per_page(20),
        lines_of(
            About("Who answers late?", "The five slowest at reqCurrentTime.", "Nothing was asked yet", 12, 8),
            {"{{tenant}}": f"topk(5, {of_each('probe_duration_seconds', probe='sentinel')})"},
            "s",
            limit=Limit(Policy().probe_timeout / 2, "SlowAnswers"),
            floor=0,
        ),
        lines_of(
            About(
                "Whose market data is old?", "The five oldest ticks of the supervisor's quotes.", "No tick yet", 12, 8
            ),
            {"{{tenant}}": f"topk(5, time() - {of_each('tick_timestamp_seconds')})"},
            "s",
            floor=0,
        ),
    ]


def _watchers() -> list[Panel]:
    return [
        lines_of(
            About("When did the supervisor last look?", "Seconds since its loop ran.", "No supervisor is heard", 12, 8),
            {"{{node}} {{instance}}": 'time() - watchkeeper_loop_last_run_timestamp_seconds{job="supervisor"}'},
            "s",
            limit=Limit(15, "SupervisorLoopLate"),
            floor=0,
        ),
        lines_of(
            About(
                "How much memory do supervisor and engines use?",
                "Of each process; what they may use is in compose.yaml.",
                "Neither is heard",
                12,
                8,
                ("MemoryGrowth",),
            ),
            {"{{node}} {{job}} {{tenant}}": 'process_resident_memory_bytes{job=~"supervisor|engine"}'},
            "bytes",
            floor=0,
        ),
    ]
