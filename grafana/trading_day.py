"""Trading day: can I trade, since when, and if not, who is doing what about it? One tenant."""

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as models

from grafana import words
from grafana.frame import filled, frame, label_variable
from grafana.panels import SOURCE, About, Column, Limit, Panel, bars_of, lines_of, stat_of, states_of, table_of
from grafana.panels import query as one_query
from grafana.queries import engine_state, engines, gateway_state, known, supervisors
from supervisor.policy import Policy

UID = "watchkeeper-trading-day"
INCIDENTS = f"{supervisors('incident_open')} == 1"


def board() -> models.Dashboard:
    """All of it."""
    made = frame(UID, "Trading day", "One gateway, its engine and its account, over a trading day.", since="now-8h")
    made.with_variable(label_variable("tenant", "Tenant", supervisors("gateway_state", None), "tenant"))
    incidents = build.AnnotationQuery().name("Incidents").datasource(SOURCE).icon_color(words.RED).enable(True)
    made.annotation(incidents.target(one_query("A", INCIDENTS)).title_format("{{fault}}").text_format("{{tenant}}"))
    rows = [
        ("Now", _now()),
        ("The day", _day()),
        ("Incidents", _incidents()),
        ("Data and money", _data_and_money()),
        ("What is left, what comes next", _ahead()),
        ("Preflight", _preflight()),
    ]
    return filled(made, rows)


def _small(title: str, text: str, empty: str, *alerts: str) -> About:
    return About(title, text, empty, 4, 4, alerts)


def _now() -> list[Panel]:
    return [
        stat_of(
            _small(
                "Can I trade?",
                "Yes while gateway and engine are well and nothing keeps them from trading.",
                "The supervisor is not heard",
                *("SupervisorBlind", "TradeReadyBurn"),
            ),
            supervisors("trade_ready"),
            words=words.YES,
        ),
        stat_of(
            _small("Gateway", "Its state by the supervisor.", "The supervisor is not heard", "GatewayDown"),
            gateway_state(),
            words=words.GATEWAY,
        ),
        stat_of(
            _small("Engine", "Its state by the supervisor.", "The supervisor is not heard", "EngineNotTrading"),
            engine_state(),
            words=words.ENGINE,
        ),
        stat_of(
            _small("Open incidents", "Faults that stand now.", "The supervisor is not heard", "IncidentNeedsPerson"),
            f"sum({supervisors('incident_open')})",
            words=words.NONE,
            colour=words.RED,
        ),
        stat_of(
            _small(
                "New entries",
                "Held: the engine opens nothing new. Exits go on working.",
                "The supervisor is not heard",
                "EngineHalted",
            ),
            supervisors("entries_held"),
            words=words.HELD,
        ),
        stat_of(
            _small("Market", "Regular hours, as the gateway lists them.", "Nobody knows the hours yet"),
            known(supervisors("market_open")),
            words=words.OPEN,
        ),
    ]


def _day() -> list[Panel]:
    return [
        states_of(
            About(
                "What state was it in?",
                "Gateway and engine, whether they could trade together, the market and windows of maintenance. "
                "Red marks are incidents.",
                "Nothing was heard of the supervisor in this time",
                24,
                8,
            ),
            {
                "Gateway": gateway_state(),
                "Engine": engine_state(),
                "Together": f"40 + {supervisors('trade_ready')}",
                "Market": f"50 + ({known(supervisors('market_open'))})",
                "Maintenance": f"60 + max by (tenant) ({supervisors('window_open')})",
            },
            {**words.GATEWAY, **words.ENGINE, **words.READY, **words.MARKET, **words.MAINTENANCE},
        ),
        stat_of(
            About(
                "How much of the market's day could it trade?",
                "Of the last 24 hours' minutes in regular hours. The promise is 99.9 %.",
                "No minute of an open market yet",
                6,
                6,
            ),
            f"1 - {_recorded('unready:ratio_1d')}",
            "percentunit",
            decimals=2,
        ),
        stat_of(
            About(
                "How much of the month's error budget is left?",
                "Of some 8 bad minutes a month. Below 0 the promise is broken.",
                "No minute of an open market yet",
                6,
                6,
            ),
            _recorded("error_budget:remaining_30d"),
            "percentunit",
            limit=Limit(0.25, "TradeReadyBurn", good_below=False),
        ),
        lines_of(
            About(
                "How much of the time could it not trade?",
                "The bad part of the minutes of an open market.",
                "No minute of an open market in this time",
                12,
                6,
            ),
            {"of 5 minutes": _recorded("unready:ratio_5m"), "of an hour": _recorded("unready:ratio_1h")},
            "percentunit",
            limit=Limit(14.4 * 0.001, "TradeReadyBurn"),
            floor=0,
        ),
    ]


def _recorded(name: str) -> str:
    return f'tenant:watchkeeper_{name}{{tenant="$tenant"}}'


def _mean(name: str) -> str:
    total, count = (supervisors(f"incident_{name}_seconds_{part}") for part in ("sum", "count"))
    return f"sum by (fault) ({total}) / sum by (fault) ({count})"


def _incidents() -> list[Panel]:
    return [
        table_of(
            About(
                "What went wrong, how soon was it seen, how long until all was well?",
                "Each fault in the time shown; the two durations are means since the supervisor started.",
                "No incident in this time",
                12,
                9,
                ("IncidentNeedsPerson",),
            ),
            {"fault": "Fault"},
            {
                "Incidents": Column(
                    f"round(sum by (fault) (increase({supervisors('incidents_total')}[$__range]))) > 0"
                ),
                "Seen after": Column(_mean("detection"), "s"),
                "Well after": Column(_mean("recovery"), "s"),
                "Now": Column(f"max by (fault) ({INCIDENTS})", words=words.STANDS),
            },
            worst_first="Incidents",
        ),
        table_of(
            About("Which alerts fire?", "The name leads to what to do.", "No alert fires", 6, 9),
            {"alertname": "Alert"},
            {
                "Severity": Column(
                    f"2 * max by (alertname) ({_alerts('critical')}) or max by (alertname) ({_alerts('warning')})",
                    words=words.SEVERITY,
                )
            },
            worst_first="Severity",
            links={"alertname": "${page}/runbooks/${__value.raw}"},
        ),
        table_of(
            About("What did the supervisor do?", "Acts in the time shown, by outcome.", "No act in this time", 6, 9),
            {"rung": "Act", "outcome": "Outcome"},
            {
                "Times": Column(
                    f"round(sum by (rung, outcome) (increase({supervisors('actions_total')}[$__range]))) > 0"
                )
            },
            worst_first="Times",
        ),
    ]


def _alerts(severity: str) -> str:
    return f'ALERTS{{alertstate="firing", severity="{severity}", tenant="$tenant"}}'


def _data_and_money() -> list[Panel]:
    ticked = supervisors("tick_timestamp_seconds")
    return [
        lines_of(
            About(
                "How old is the market data?",
                "Since the last tick: of the supervisor's one quote, and of all that the engine has subscribed to.",
                "No tick yet",
                12,
                8,
            ),
            {"supervisor's quote": f"time() - {ticked}", "engine": engines("inbound_age_seconds")},
            "s",
            limit=Limit(30, "TicksStale"),
            floor=0,
        ),
        lines_of(
            About(
                "How fast does the gateway answer?",
                "How long reqCurrentTime took, which the supervisor asks every two seconds.",
                "Nothing was asked yet",
                12,
                8,
            ),
            {"reqCurrentTime": supervisors("probe_duration_seconds", probe="sentinel")},
            "s",
            limit=Limit(Policy().probe_timeout / 2, "SlowAnswers"),
            floor=0,
        ),
        lines_of(
            About(
                "What has the account made?",
                "By the broker's word (reqPnL), in the account's base currency. A gap: nobody could tell.",
                "The broker has told nothing yet",
                12,
                8,
            ),
            {kind: supervisors("account_profit", kind=kind) for kind in ("daily", "realized", "unrealized")},
            "none",
        ),
        lines_of(
            About(
                "How much money is out?",
                "What open positions were bought or sold for, long and short added up, by the broker's last word.",
                "No audit yet",
                6,
                8,
            ),
            {"cost of open positions": supervisors("exposure_cost")},
            "none",
            floor=0,
        ),
        lines_of(
            About("How many positions and orders?", "By the broker's last word.", "No audit yet", 6, 8),
            {kind: supervisors("exposure_rows", kind=kind) for kind in ("positions", "orders")},
            "none",
            floor=0,
        ),
    ]


def _ahead() -> list[Panel]:
    opens = supervisors("window_next_timestamp_seconds")
    return [
        bars_of(
            About(
                "How many restarts are left?", "Before the supervisor stops acting and pages.", "Not known yet", 6, 5
            ),
            {kind: supervisors("budget_remaining", budget=kind) for kind in ("gateway", "engine")},
            limit=Limit(2, "RestartBudgetLow", good_below=False),
        ),
        stat_of(
            About("How many logins are left?", "By the ledger of logins.", "The ledger cannot be read", 3, 5),
            known(supervisors("logins_left")),
            limit=Limit(1, "LoginsSpent", good_below=False),
        ),
        stat_of(
            About(
                "Positions without an exit",
                "By the engine's word.",
                "The engine is not heard",
                3,
                5,
                ("PositionNaked", "NakedAtBroker"),
            ),
            engines("positions_without_exit"),
            words=words.NONE,
            colour=words.RED,
        ),
        stat_of(
            About("Next window in", "Restarts wait while a window is open.", "No window in eight days", 4, 5),
            f"({opens} - time()) >= -Inf",
            "dtdurations",
        ),
        stat_of(
            About("Next window at (UTC)", "The same, as a time of UTC.", "No window in eight days", 4, 5),
            known(f"1000 * {opens}"),
            "dateTimeAsIso",
        ),
        stat_of(
            About("Week's login ends in", "Then a login asks for the second factor.", "Does not matter here", 4, 5),
            supervisors("weekly_token_remaining_seconds"),
            "dtdurations",
            limit=Limit(24 * 3600, "WeeklyTokenEnding", good_below=False),
        ),
    ]


def _preflight() -> list[Panel]:
    result = supervisors("preflight_result")
    return [
        stat_of(
            About("May we trade?", "By the last preflight.", "None was asked yet", 4, 5, ("PreflightFailed",)),
            known(supervisors("preflight_go")),
            words=words.VERDICT,
        ),
        stat_of(
            About("Asked how long ago?", "Since the last preflight ended.", "None was asked yet", 4, 5),
            f"time() - {supervisors('preflight_timestamp_seconds')}",
            "dtdurations",
            limit=Limit(14 * 3600, "PreflightNotRun"),
        ),
        table_of(
            About("What did each check say?", "By the last preflight, the worst first.", "None was asked yet", 16, 10),
            {"check": "Check"},
            {"Result": Column(f"max by (check) ({result} - 4 * ({result} == bool 3)) >= -Inf", words=words.RESULT)},
            worst_first="Result",
        ),
    ]
