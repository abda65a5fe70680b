"""What cannot wait for a scrape: people are told at once, by Alertmanager, or by one plain webhook when that is silent.

Every page of an open incident is owed to Alertmanager: posted when it is told, posted again while it stays open (an
alert that is not renewed counts as resolved), and ended when the incident is over. The watch only writes down what is
owed; a task of its own sends it, so that a channel that hangs delays nobody.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import structlog
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_fixed

from supervisor.alerts import ALERT_OF, GAVE_UP, NEEDS_PERSON, alert_of
from supervisor.memory import Incident
from supervisor.metrics import Metrics
from tws.clock import Clock

_TIMEOUT = 3.0
_ATTEMPTS = 2
_BETWEEN_ATTEMPTS = 0.5
_RENEW = 60.0
_GOOD_FOR = 5 * _RENEW  # so that one that is renewed in time is never taken for resolved
_AGAIN = 10.0
_MOST = 64

log = structlog.get_logger("supervisor")

ALERTS = (*dict.fromkeys(ALERT_OF.values()), NEEDS_PERSON)
"""Every name that is ever posted; each has a page under docs/runbooks."""
_WARNINGS = ("weekly-token",)


class ChannelTrouble(Exception):
    """A channel did not take it. `again`: it may, if asked again."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        self.again = again


@dataclass(frozen=True, slots=True)
class Page:
    """One thing that a person is told. Times are epoch seconds.

    Attributes:
        ended_at: when its incident was over, or another took its place; None while it is open.
        about: which of several things of one incident it tells: each is an alert of its own.
    """

    incident_id: int
    alert: str
    tenant: str
    fault: str
    text: str
    starts_at: float
    ended_at: float | None = None
    about: str = ""

    @property
    def severity(self) -> str:
        return "warning" if self.fault in _WARNINGS else "critical"

    @property
    def labels(self) -> dict[str, str]:
        """What makes it the same alert when it is posted again."""
        labels = {"alertname": self.alert, "tenant": self.tenant, "fault": self.fault, "severity": self.severity}
        return labels | ({"about": self.about} if self.about else {})


def page(tenant: str, incident: Incident, text: str, starts_at: float, about: str = "") -> Page:
    """What is told of an incident."""
    alert = alert_of(incident.fault) or (GAVE_UP if incident.gave_up else NEEDS_PERSON)
    return Page(incident.id, alert, tenant, incident.fault, text, starts_at, about=about)


# -- channels ----------------------------------------------------------------------------------------------------------


class Channel(Protocol):
    """A way to tell people."""

    async def send(self, pages: Sequence[Page], now: float) -> None:
        """Hand all of them over. `now` is an epoch second. Raises: ChannelTrouble."""
        ...


class Alertmanager:
    """Alertmanager's API, version 2."""

    def __init__(self, client: httpx.AsyncClient, url: str, generator_url: str) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/api/v2/alerts"
        self._generator_url = generator_url

    async def send(self, pages: Sequence[Page], now: float) -> None:
        """Post them as one list: open ones good for some minutes more, the others as over."""
        await _post(
            self._client,
            self._url,
            [
                {
                    "labels": one.labels,
                    "annotations": {"description": one.text, "runbook_url": f"docs/runbooks/{one.alert}.md"},
                    "startsAt": _stamp(one.starts_at),
                    "endsAt": _stamp(one.ended_at if one.ended_at is not None else now + _GOOD_FOR),
                    "generatorURL": self._generator_url,
                }
                for one in pages
            ],
        )


class Webhook:
    """One URL that takes JSON with a `text`, as most chat services do."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url

    async def send(self, pages: Sequence[Page], now: float) -> None:
        """Post each by itself."""
        for one in pages:
            over = one.ended_at is not None
            body = {
                "text": f"{'Over: ' if over else ''}{one.alert} ({one.tenant}): {one.text}",
                "status": "resolved" if over else "firing",
                "labels": one.labels,
                "startsAt": _stamp(one.starts_at),
            }
            await _post(self._client, self._url, body)


async def _post(client: httpx.AsyncClient, url: str, body: Any) -> None:
    """No message names the URL: a webhook's is a secret. The answer's body is of no interest, however long."""
    try:
        async with asyncio.timeout(_TIMEOUT), client.stream("POST", url, json=body) as answer:
            code = answer.status_code
    except TimeoutError as error:
        raise ChannelTrouble(f"no answer within {_TIMEOUT:g} s") from error
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise ChannelTrouble(type(error).__name__) from error
    if not 200 <= code < 300:
        raise ChannelTrouble(f"status {code}", again=code >= 500 or code == 429)


def _stamp(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")


# -- what is owed ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Owed:
    """A page, and who has heard of it so far. Times are monotonic."""

    page: Page
    told_at: float
    posted_at: float = float("-inf")  # to Alertmanager
    heard: bool = False  # by anybody
    heard_by_webhook: Page | None = None
    over_at: float | None = None
    missed: bool = False  # said in the log that nobody took it


type _Key = tuple[int, str, str, str]  # incident, alert, fault, and what of it


class Notifier:
    """What one tenant owes to people."""

    def __init__(
        self, tenant: str, alertmanager: Channel, webhook: Channel | None, metrics: Metrics, clock: Clock
    ) -> None:
        self._tenant = tenant
        self._alertmanager = alertmanager
        self._webhook = webhook
        self._metrics = metrics
        self._clock = clock
        self._owed: dict[_Key, _Owed] = {}
        self._news = asyncio.Event()

    def tell(self, incident: Incident, text: str, starts_at: float, about: str = "") -> None:
        """Write down that people are to be told, now. `starts_at` is when the incident began, as an epoch second.

        `about` makes it an alert of its own, in the place of what was told of that incident about something else: one
        with the labels of an alert that fires already would only change its words, and reach nobody.
        """
        new = page(self._tenant, incident, text, starts_at, about)
        key = (incident.id, new.alert, new.fault, about)
        if about:
            for (incident_id, _, fault, before), owed in self._owed.items():
                if (incident_id, fault) == (incident.id, new.fault) and before != about:
                    self._end(owed, self._clock.now().timestamp())
        self._owed.pop(key, None)  # the same alert with a new text is told anew
        if len(self._owed) >= _MOST:
            self._lose(next(iter(self._owed)), "too many are owed")
        self._owed[key] = _Owed(new, self._clock.monotonic())
        self._news.set()

    def close(self, incident: Incident, at: float) -> None:
        """An incident is over, at that epoch second: all that was told of it ends."""
        for owed in self._owed.values():
            if owed.page.incident_id == incident.id:
                self._end(owed, at)

    def _end(self, owed: _Owed, at: float) -> None:
        if owed.over_at is None:
            owed.page = replace(owed.page, ended_at=at)
            owed.over_at = self._clock.monotonic()
            self._news.set()

    def oldest_unsent(self) -> float:
        """Seconds since the first page that nobody has heard of was told; 0 without any."""
        now = self._clock.monotonic()
        return max((now - owed.told_at for owed in self._owed.values() if not owed.heard), default=0.0)

    async def run(self) -> None:
        """Send what is owed, until cancelled."""
        while True:
            self._news.clear()
            await self.settle()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest()):
                    await self._news.wait()

    def _rest(self) -> float | None:
        """How long nothing is due. None: until there is news."""
        if not self._owed:
            return None
        behind = any(self._is_due(owed, self._clock.monotonic()) for owed in self._owed.values())
        return _AGAIN if behind else _RENEW / 2

    def _is_due(self, owed: _Owed, now: float) -> bool:
        return owed.over_at is not None or now - owed.posted_at >= _RENEW

    async def settle(self) -> None:
        """Send what is due: to Alertmanager, and what it did not take and nobody has heard of to the webhook."""
        now = self._clock.monotonic()
        due = {key: (owed, owed.page) for key, owed in self._owed.items() if self._is_due(owed, now)}
        if not due:
            return
        pages = [sent for _, sent in due.values()]
        if await self._try("alertmanager", self._alertmanager, pages):
            for key, (owed, sent) in due.items():
                owed.posted_at, owed.heard = now, True
                if sent.ended_at is not None:
                    self._forget(key, owed)
            return
        for key, (owed, sent) in due.items():
            await self._fall_back(owed, sent)
            if owed.over_at is not None and self._clock.monotonic() - owed.over_at >= _GOOD_FOR:
                self._forget(key, owed) if owed.heard else self._lose(key, "it is over, and nobody took it")

    async def _fall_back(self, owed: _Owed, sent: Page) -> None:
        if owed.heard and (owed.heard_by_webhook is None or owed.heard_by_webhook == sent):
            return
        if self._webhook is not None and await self._try("webhook", self._webhook, [sent]):
            owed.heard, owed.heard_by_webhook = True, sent
        elif not owed.heard and not owed.missed:
            owed.missed = True
            log.error("page sent nowhere, trying on", tenant=self._tenant, labels=sent.labels, text=sent.text)

    async def _try(self, name: str, channel: Channel, pages: Sequence[Page]) -> bool:
        attempts = AsyncRetrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_fixed(_BETWEEN_ATTEMPTS),
            retry=retry_if_exception(lambda error: isinstance(error, ChannelTrouble) and error.again),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            await attempts(channel.send, pages, self._clock.now().timestamp())
        except ChannelTrouble as error:
            log.warning("channel failed", tenant=self._tenant, channel=name, pages=len(pages), error=str(error))
            outcome = "failed"
        else:
            outcome = "sent"
        self._metrics.notifications.labels(self._tenant, name, outcome).inc()
        return outcome == "sent"

    def _forget(self, key: _Key, owed: _Owed) -> None:
        """Unless it was told anew while it was being sent."""
        if self._owed.get(key) is owed:
            del self._owed[key]

    def _lose(self, key: _Key, why: str) -> None:
        owed = self._owed.pop(key)
        if not owed.heard:
            self._metrics.pages_lost.labels(self._tenant).inc()
            log.error("page lost", tenant=self._tenant, labels=owed.page.labels, text=owed.page.text, why=why)
