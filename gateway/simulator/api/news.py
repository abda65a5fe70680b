"""News: providers, headlines, articles, bulletins."""

import datetime as dt
import re
from collections.abc import Iterator

from gateway.simulator.api import refusals
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.errors import RequestRefused
from gateway.simulator.history.moments import read_moment
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.research import bulletins, headlines
from gateway.simulator.research.headlines import Article
from gateway.simulator.wire.answers import news as answers
from gateway.simulator.wire.requests import news as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_MOST_HEADLINES = 300
"""Of one answer, as measured by users."""

_DOTTED = re.compile(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}:\d{2}:\d{2})(?:\.\d+)?Z?(.*)")
"""How the documentation's samples write the times of a headline query; read as UTC."""


def _providers(session: Session, request: Request) -> None:
    session.send(answers.NewsProviders(headlines.PROVIDERS))


def about(session: Session, instrument: Instrument) -> Instrument:
    """Whose news an instrument has: that of what it is on."""
    return session.gateway.instruments.underlying(instrument)


def _moment(session: Session, text: str, label: str) -> dt.datetime | None:
    dotted = _DOTTED.fullmatch(text.strip())
    if dotted:
        text = (
            f"{dotted[1]}{dotted[2]}{dotted[3]}-{dotted[4]}"
            if not dotted[5]
            else (f"{dotted[1]}{dotted[2]}{dotted[3]} {dotted[4]}{dotted[5]}")
        )
    gateway = session.gateway
    read = read_moment(text, label, gateway.writer.zone, gateway.now())
    return read.at if read else None


def _historical(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHistoricalNews)
    gateway, req_id = session.gateway, request.req_id
    instrument = gateway.instruments.by_id(request.con_id)
    if instrument is None:
        session.refuse(req_id, codes.NO_SECURITY_DEFINITION)
        return
    known = {code for code, _ in headlines.PROVIDERS}
    wanted = [code for code in request.providers.replace(",", "+").split("+") if code]
    if not wanted or not known.issuperset(wanted):
        refusals.invalid(session, req_id, "Invalid news provider code")
        return
    try:
        start = _moment(session, request.start, "Start Date/Time")
        end = _moment(session, request.end, "End Date/Time")
    except RequestRefused as refused:
        refusals.refuse(session, req_id, refused)
        return
    now = gateway.now()
    until = min(end or now, now)
    after = max(start or dt.datetime.min.replace(tzinfo=dt.UTC), now - dt.timedelta(days=headlines.KEPT_DAYS))
    subject = about(session, instrument)
    found = headlines.between(gateway.settings.seed, subject.con_id, subject.symbol, wanted, after, until)
    limit = min(max(request.limit, 1), _MOST_HEADLINES)
    for number, article in enumerate(found):
        if number == limit:
            session.send(answers.HistoricalNewsEnd(req_id, has_more=True))
            return
        session.send(answers.HistoricalNews(req_id, article.at, article.provider, article.article_id, article.headline))
    session.send(answers.HistoricalNewsEnd(req_id, has_more=False))


def _article(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqNewsArticle)
    gateway = session.gateway
    name = headlines.named(request.article_id)
    if name is not None and name[0] == request.provider:
        provider, con_id, slot = name
        subject = gateway.instruments.by_id(con_id)
        found = subject and headlines.article(gateway.settings.seed, provider, con_id, subject.symbol, slot)
        if found and found.at <= gateway.now():
            session.send(answers.NewsArticle(request.req_id, found.text))
            return
    session.error(
        request.req_id,
        codes.NEWS_ARTICLE_FAILED,
        codes.text(codes.NEWS_ARTICLE_FAILED, "No data available"),
    )


def arrivals(
    session: Session, instrument: Instrument, providers: list[str], after: dt.datetime, until: dt.datetime
) -> Iterator[Article]:
    """Headlines that came between two moments about an instrument, oldest first (generic tick 292); all providers
    if none is named."""
    subject = about(session, instrument)
    named = providers or [code for code, _ in headlines.PROVIDERS]
    found = headlines.between(session.gateway.settings.seed, subject.con_id, subject.symbol, named, after, until)
    return reversed(list(found))


# -- bulletins ---------------------------------------------------------------------------------------------------------


def _subscribe_bulletins(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqNewsBulletins)
    now = session.gateway.now()
    session.bulletins_since = now
    if request.all_of_today:
        session.bulletins_since = session.gateway.calendar.day_at(now).opens
        publish_bulletins(session)


def publish_bulletins(session: Session) -> None:
    """Send a subscriber the bulletins that have come out since the last ones."""
    if session.bulletins_since is None:
        return
    now = session.gateway.now()
    for bulletin in bulletins.published(session.gateway.settings.seed, session.bulletins_since, now):
        session.send(answers.NewsBulletin(bulletin.number, bulletin.kind, bulletin.message, bulletin.exchange))
    session.bulletins_since = now


def _cancel_bulletins(session: Session, request: Request) -> None:
    session.bulletins_since = None


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqNewsProviders: _providers,
    requests.ReqHistoricalNews: _historical,
    requests.ReqNewsArticle: _article,
    requests.ReqNewsBulletins: _subscribe_bulletins,
    requests.CancelNewsBulletins: _cancel_bulletins,
}
