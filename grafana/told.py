"""Who is told? Whom Alertmanager reaches and whether it does, and what is held back. There is one for all tenants."""

from typing import Final

from grafana import words
from grafana.panels import About, Column, Limit, Panel, bars_of, stat_of, table_of
from grafana.queries import alertmanagers, supervisors

_UNHEARD: Final = "Alertmanager is not heard"


def panels() -> list[Panel]:
    """The contact view."""
    return [
        stat_of(
            About(
                "Dead man's switch",
                "Whether Alertmanager has posted the Watchdog outside the house in the last two minutes.",
                "Off: secrets/dead_man_url is empty",
                6,
                4,
                ("Watchdog",),
            ),
            f"min({_told(' by (node) ', '2m', receiver_name='dead-man')}) > bool 0.5",
            words=words.SWITCH,
        ),
        stat_of(
            About(
                "Silences",
                "Each keeps the alerts that it names from people until it ends, or is ended.",
                _UNHEARD,
                6,
                4,
            ),
            f"sum({alertmanagers('silences', state='active')})",
            words=words.NONE,
            colour=words.ORANGE,
        ),
        bars_of(
            About(
                "How many alerts are told, and held back?",
                "Held back: silenced, or the consequence of another that is told.",
                _UNHEARD,
                6,
                4,
            ),
            {
                "told": f"sum({alertmanagers('alerts', state='active')})",
                "held back": f"sum({alertmanagers('alerts', state='suppressed')})",
            },
        ),
        stat_of(
            About(
                "Oldest page that nobody has",
                "What a supervisor posts itself, and neither Alertmanager nor the webhook took.",
                "No supervisor is heard",
                6,
                4,
            ),
            f"max({supervisors('page_oldest_unsent_seconds', None)})",
            "s",
            limit=Limit(60, "PageUndelivered"),
        ),
        table_of(
            About(
                "Whom does Alertmanager reach?",
                "Each receiver, and each way that is on for it: messages in the time shown. "
                "It fails while one of the last five minutes has failed.",
                "Nobody: no way is filled in (docs/paging.md)",
                12,
                8,
                ("NotificationsFailing",),
            ),
            {"receiver_name": "Receiver", "integration": "Way"},
            {
                "Now": Column(f"{_failed(_BY, '5m')} > bool 0", words=words.WAY),
                "Told": Column(f"round({_told(_BY, '$__range')})"),
                "Failed": Column(f"round({_failed(_BY, '$__range')})"),
            },
            worst_first="Now",
        ),
        table_of(
            About(
                "What did the supervisors post themselves?",
                "In the time shown: what cannot wait for a rule, to Alertmanager, or to the webhook without it.",
                "Nothing in this time",
                12,
                8,
                ("PageUndelivered",),
            ),
            {"tenant": "Tenant", "channel": "To", "outcome": "Outcome"},
            {
                "Times": Column(
                    "round(sum by (tenant, channel, outcome) "
                    f"(increase({supervisors('notifications_total', None)}[$__range]))) > 0"
                )
            },
            worst_first="Times",
        ),
    ]


_BY: Final = " by (receiver_name, integration) "


def _told(by: str, since: str, **labels: str) -> str:
    """What was tried and did not fail."""
    return (
        f"sum{by}(increase({alertmanagers('notifications_total', **labels)}[{since}])) - {_failed(by, since, **labels)}"
    )


def _failed(by: str, since: str, **labels: str) -> str:
    return f"sum{by}(increase({alertmanagers('notifications_failed_total', **labels)}[{since}]))"
