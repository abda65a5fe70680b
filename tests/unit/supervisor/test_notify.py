"""Pages over real HTTP: servers that take them, refuse them, hang, answer 500, or are not there."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from supervisor import alerts, notify
from supervisor.faults import FAULTS
from supervisor.memory import Incident
from supervisor.metrics import Metrics
from supervisor.notify import Alertmanager, Notifier, Webhook
from supervisor.observation import Subject
from tws.clock import SystemClock

BEGAN = 1_790_000_000.0


class Clock(SystemClock):
    """Real time, with steps."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Server:
    """An HTTP server that answers as it is told: a status, None to hang, "close" to hang up, "drip" for ever."""

    def __init__(self) -> None:
        self.answer: int | str | None = 200
        self.got: list[Any] = []
        self.asked = 0
        self.meanwhile: Callable[[], None] = lambda: None
        self._open: list[asyncio.StreamWriter] = []

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook/secret-path"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        self.asked += 1
        self.meanwhile()
        if self.answer is None:
            return
        while self.answer == "drip" and not writer.is_closing():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(0.01)
        if self.answer == 200:
            self.got.append(json.loads(body))
        if self.answer != "close":
            writer.write(f"HTTP/1.1 {self.answer} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    async def stop(self) -> None:
        self._server.close()
        for writer in self._open:
            writer.close()


class Rig:
    """A notifier with a server for each channel."""

    def __init__(self, client: httpx.AsyncClient, am: Server, am_url: str, hook: Server, hook_url: str) -> None:
        self.am, self.hook, self.clock = am, hook, Clock()
        self.registry = CollectorRegistry()
        self.alertmanager = Alertmanager(client, am_url, "http://127.0.0.1:9180/api/v1/incidents")
        self.webhook = Webhook(client, hook_url)
        self.metrics = Metrics(self.registry, "sim")
        self.notifier = Notifier("sim", self.alertmanager, self.webhook, self.metrics, self.clock)

    def sent(self, channel: str, outcome: str) -> float | None:
        labels = {"tenant": "sim", "channel": channel, "outcome": outcome}
        return self.registry.get_sample_value("watchkeeper_notifications_total", labels)

    def lost(self) -> float | None:
        return self.registry.get_sample_value("watchkeeper_pages_lost_total", {"tenant": "sim"})


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(notify, "_TIMEOUT", 0.3)
    am, hook = Server(), Server()
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Rig(client, am, await am.start(), hook, await hook.start())
    await am.stop()
    await hook.stop()


def incident(fault: str = "wrong-account", number: int = 1, *, gave_up: bool = False) -> Incident:
    return Incident(number, fault, Subject.GATEWAY, 1.0, 1.0, 2.0, gave_up=gave_up)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_page_reaches_alertmanager_and_only_it(rig: Rig) -> None:
    rig.notifier.tell(incident(), "live account", BEGAN)
    assert rig.notifier.oldest_unsent() >= 0
    await rig.notifier.settle()
    [[alert]] = rig.am.got
    assert alert["labels"] == {
        "alertname": "WrongAccount",
        "tenant": "sim",
        "fault": "wrong-account",
        "severity": "critical",
    }
    assert alert["annotations"] == {"description": "live account", "runbook_url": "docs/runbooks/WrongAccount.md"}
    assert datetime.fromisoformat(alert["startsAt"]).timestamp() == BEGAN
    assert datetime.fromisoformat(alert["endsAt"]) > rig.clock.now()
    assert alert["generatorURL"].endswith("/api/v1/incidents")
    assert (rig.hook.asked, rig.notifier.oldest_unsent()) == (0, 0.0)
    assert (rig.sent("alertmanager", "sent"), rig.sent("webhook", "sent")) == (1.0, 0.0)


async def test_it_is_renewed_while_it_is_open_and_ends_with_its_incident(rig: Rig) -> None:
    rig.notifier.tell(incident(), "live account", BEGAN)
    rig.notifier.tell(incident("naked-position", 2), "no exit", BEGAN)
    await rig.notifier.settle()
    await rig.notifier.settle()
    assert len(rig.am.got) == 1, "nothing is due yet"
    rig.clock.ahead += notify._RENEW
    await rig.notifier.settle()
    assert len(rig.am.got) == 2
    assert len(rig.am.got[1]) == 2
    rig.notifier.close(incident(), BEGAN + 30.0)
    await rig.notifier.settle()
    [ended] = rig.am.got[2]
    assert datetime.fromisoformat(ended["endsAt"]).timestamp() == BEGAN + 30.0
    rig.clock.ahead += notify._RENEW
    await rig.notifier.settle()
    assert [one["labels"]["fault"] for one in rig.am.got[3]] == ["naked-position"], "what has ended is not renewed"


def test_it_is_renewed_well_before_it_would_count_as_resolved() -> None:
    assert notify._GOOD_FOR >= 3 * notify._RENEW


@pytest.mark.parametrize("answer", [None, 500, 503, 429, "close", 301])
async def test_the_webhook_is_told_once_when_alertmanager_fails(rig: Rig, answer: int | str | None) -> None:
    rig.am.answer = answer
    rig.notifier.tell(incident(), "live account", BEGAN)
    await rig.notifier.settle()
    await rig.notifier.settle()
    [body] = rig.hook.got
    assert body["text"] == "WrongAccount (sim): live account"
    assert (body["status"], body["labels"]["fault"]) == ("firing", "wrong-account")
    assert rig.am.asked == (4 if answer != 301 else 2), "two attempts a round, but only where another may help"
    assert rig.notifier.oldest_unsent() == 0.0
    assert (rig.sent("alertmanager", "failed"), rig.sent("webhook", "sent")) == (2.0, 1.0)
    rig.am.answer = 200
    await rig.notifier.settle()
    assert len(rig.am.got) == 1, "alertmanager gets it when it is back"


async def test_a_server_that_never_comes_to_an_end_has_no_longer_than_one_that_hangs(rig: Rig) -> None:
    rig.am.answer = "drip"
    rig.notifier.tell(incident(), "live account", BEGAN)
    async with asyncio.timeout(10):
        await rig.notifier.settle()
    assert len(rig.hook.got) == 1


async def test_what_is_told_anew_while_its_end_is_sent_stays_owed(rig: Rig) -> None:
    rig.notifier.tell(incident(), "live account", BEGAN)
    rig.notifier.close(incident(), BEGAN + 1.0)
    rig.am.meanwhile = lambda: rig.notifier.tell(incident(), "live account, again", BEGAN)
    await rig.notifier.settle()
    rig.am.meanwhile = lambda: None
    await rig.notifier.settle()
    assert [alerts[0]["annotations"]["description"] for alerts in rig.am.got] == ["live account", "live account, again"]
    assert len(rig.notifier._owed) == 1


async def test_who_heard_of_it_by_the_webhook_hears_of_its_end(rig: Rig) -> None:
    rig.am.answer = 500
    rig.notifier.tell(incident(), "live account", BEGAN)
    await rig.notifier.settle()
    rig.notifier.close(incident(), BEGAN + 30.0)
    await rig.notifier.settle()
    await rig.notifier.settle()
    assert [body["status"] for body in rig.hook.got] == ["firing", "resolved"]
    rig.clock.ahead += notify._GOOD_FOR
    await rig.notifier.settle()
    assert (rig.notifier._owed, rig.lost()) == ({}, 0.0)


async def test_a_page_that_nobody_takes_is_told_by_a_metric_and_tried_on(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig.am.answer, rig.hook.answer = 500, None
    rig.notifier.tell(incident(), "live account", BEGAN)
    rig.clock.ahead += 70.0
    await rig.notifier.settle()
    await rig.notifier.settle()
    assert rig.notifier.oldest_unsent() >= 70.0
    said = capsys.readouterr().out
    assert said.count("page sent nowhere") == 1
    assert "secret-path" not in said, "a webhook's URL is a secret"
    rig.hook.answer = 200
    await rig.notifier.settle()
    assert (rig.notifier.oldest_unsent(), rig.lost()) == (0.0, 0.0)


async def test_one_that_is_over_before_anybody_took_it_is_lost_and_counted(rig: Rig) -> None:
    rig.am.answer = rig.hook.answer = 500
    rig.notifier.tell(incident(), "live account", BEGAN)
    rig.notifier.close(incident(), BEGAN + 1.0)
    await rig.notifier.settle()
    assert rig.lost() == 0.0
    rig.clock.ahead += notify._GOOD_FOR
    await rig.notifier.settle()
    assert (rig.notifier._owed, rig.lost(), rig.notifier.oldest_unsent()) == ({}, 1.0, 0.0)


async def test_without_a_webhook_alertmanager_is_all_there_is(rig: Rig) -> None:
    alone = Notifier("sim", rig.alertmanager, None, rig.metrics, rig.clock)
    rig.am.answer = 500
    alone.tell(incident(), "live account", BEGAN)
    await alone.settle()
    assert (rig.hook.asked, rig.sent("webhook", "failed")) == (0, 0.0)
    rig.clock.ahead += 5.0
    assert alone.oldest_unsent() >= 5.0


async def test_nobody_listening_is_a_failure_like_any_other(rig: Rig) -> None:
    await rig.am.stop()
    await rig.am._server.wait_closed()
    rig.notifier.tell(incident(), "live account", BEGAN)
    await rig.notifier.settle()
    assert len(rig.hook.got) == 1


async def test_what_is_owed_is_bounded(rig: Rig) -> None:
    for number in range(notify._MOST + 5):
        rig.notifier.tell(incident("wrong-account", number), "live account", BEGAN)
    assert (len(rig.notifier._owed), rig.lost()) == (notify._MOST, 5.0)


async def test_the_same_alert_with_a_new_text_is_told_anew(rig: Rig) -> None:
    rig.am.answer = 500
    for text in ("one position", "two positions"):
        rig.notifier.tell(incident(), text, BEGAN)
        await rig.notifier.settle()
    assert [body["text"].split(": ")[1] for body in rig.hook.got] == ["one position", "two positions"]
    assert len(rig.notifier._owed) == 1


@pytest.mark.parametrize(
    ("fault", "gave_up", "alert", "severity"),
    [
        ("wrong-account", False, "WrongAccount", "critical"),
        ("twofa-pending", False, "LoginNeedsPerson", "critical"),
        ("weekly-token", False, "LoginNeedsPerson", "warning"),
        ("naked-position", False, "PositionAtRisk", "critical"),
        ("soft-dead", False, "IncidentNeedsPerson", "critical"),
        ("soft-dead", True, "GaveUp", "critical"),
        ("restart-storm", False, "GaveUp", "critical"),
        ("login-refused", True, "LoginNeedsPerson", "critical"),
    ],
)
def test_the_alert_follows_from_the_incident(fault: str, gave_up: bool, alert: str, severity: str) -> None:
    told = notify.page("sim", incident(fault, gave_up=gave_up), "…", BEGAN)
    assert (told.alert, told.severity, told.labels["fault"]) == (alert, severity, fault)
    assert told.alert in notify.ALERTS


def test_every_fault_that_has_an_alert_of_its_own_is_in_the_table() -> None:
    of_the_audit = {"order-unacked", "exit-rejected", "naked-position", "unknown-position", "late-position"}
    assert set(alerts.ALERT_OF) <= {*FAULTS, *of_the_audit, "second-engine", alerts.NO_GO}


async def test_a_channel_that_hangs_delays_neither_the_caller_nor_another_tenant(rig: Rig) -> None:
    rig.am.answer = rig.hook.answer = None
    other_am = Server()
    url = await other_am.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        other = Notifier(
            "other", Alertmanager(client, url, "x"), None, Metrics(CollectorRegistry(), "other"), rig.clock
        )
        tasks = [asyncio.create_task(rig.notifier.run()), asyncio.create_task(other.run())]
        rig.notifier.tell(incident(), "live account", BEGAN)
        await until(lambda: rig.am.asked)
        other.tell(incident(), "live account", BEGAN)
        await until(lambda: other_am.got)
        assert rig.notifier.oldest_unsent() > 0.0
        rig.am.answer = rig.hook.answer = 200
        rig.notifier.tell(incident("naked-position", 2), "no exit", BEGAN)
        await until(lambda: {body["labels"]["fault"] for bodies in rig.am.got for body in bodies} >= {"naked-position"})
        assert all(not task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    await other_am.stop()


async def test_each_reminder_is_an_alert_of_its_own_in_the_place_of_the_last(rig: Rig) -> None:
    """With the labels of one that fires already it would reach nobody."""
    one = incident("weekly-token")
    rig.notifier.tell(one, "the token ends in 24 h", BEGAN, "24 h")
    await rig.notifier.settle()
    rig.notifier.tell(one, "the token ends in 8 h", BEGAN, "8 h")
    await rig.notifier.settle()
    by_about = {alert["labels"]["about"]: alert for alert in rig.am.got[1]}
    assert by_about.keys() == {"24 h", "8 h"}
    now = rig.clock.now().timestamp()
    assert datetime.fromisoformat(by_about["24 h"]["endsAt"]).timestamp() <= now
    assert datetime.fromisoformat(by_about["8 h"]["endsAt"]).timestamp() > now
    rig.notifier.close(one, now)
    await rig.notifier.settle()
    [[last]] = rig.am.got[2:]
    assert last["labels"]["about"] == "8 h"


async def test_a_page_about_nothing_else_has_no_such_label(rig: Rig) -> None:
    rig.notifier.tell(incident(), "live account", BEGAN)
    rig.notifier.tell(incident(), "live account, still", BEGAN)
    await rig.notifier.settle()
    [[alert]] = rig.am.got
    assert "about" not in alert["labels"]
