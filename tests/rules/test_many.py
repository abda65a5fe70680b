"""What people are told of many tenants at once: by Alertmanager itself, with the house's routes, 20 times as fast."""

import asyncio
from typing import Any

import pytest

from tests.bench.fleet_alerts import Alert
from tests.bench.fleet_pages import messages

pytestmark = pytest.mark.e2e

TENANTS = tuple("abcdef")


def _alert(name: str, began: float, ended: float | None = None, severity: str = "critical", **more: str) -> Alert:
    labels = {"alertname": name, "severity": severity, **more}
    return Alert(tuple(sorted(labels.items())), began, ended)


def _told(alerts: list[Alert], seconds: float) -> dict[str, Any]:
    told: dict[str, Any] = asyncio.run(messages(alerts, 0.0, seconds))["of"]
    return told


def _marked(began: float, ended: float | None, fault: str = "upstream-lost") -> list[Alert]:
    marks = [_alert("OneOfMany", began, ended, "none", tenant=tenant, fault=fault) for tenant in TENANTS]
    return [*marks, _alert("ManyTenants", began + 20.0, ended, fault=fault, at_least="4")]


def test_many_are_one_message_and_what_is_a_tenants_own_is_told_beside_it() -> None:
    """Not the single losses, posted or by rule, nor what follows; but a position at risk, and another that is down."""
    alerts = _marked(10.0, None)
    for tenant in TENANTS:
        alerts.append(_alert("IncidentNeedsPerson", 30.0, tenant=tenant, fault="upstream-lost"))
        alerts.append(_alert("UpstreamLost", 40.0, tenant=tenant, fault="upstream-lost"))
        alerts.append(_alert("GatewayDegraded", 70.0, tenant=tenant))
        alerts.append(_alert("GaveUp", 90.0, tenant=tenant, fault="restart-storm"))
    alerts += _marked(50.0, None, "engine-exit")
    alerts.append(_alert("PositionAtRisk", 60.0, tenant="a", fault="naked-position"))
    alerts.append(_alert("GatewayDown", 60.0, tenant="g"))
    found = _told(sorted(alerts, key=lambda alert: alert.began), 160.0)
    assert found == {"ManyTenants": 2, "PositionAtRisk": 1, "GatewayDown": 1}


def test_who_is_left_when_the_others_are_well_is_told_of_alone() -> None:
    alerts = _marked(10.0, 60.0)
    alerts += [_alert("UpstreamLost", 40.0, 55.0, tenant=tenant, fault="upstream-lost") for tenant in TENANTS[1:]]
    alerts.append(_alert("UpstreamLost", 40.0, tenant="a", fault="upstream-lost"))
    found = _told(alerts, 240.0)
    assert found["UpstreamLost"] == 1
    assert found["ManyTenants"] == 2  # that there were many, and that there are no more
