"""News."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests.base import Numbered, ProtoReader, Reader, Request, bare, bare_proto


@dataclass(frozen=True, slots=True)
class ReqNewsProviders(Request): ...


@dataclass(frozen=True, slots=True)
class ReqNewsArticle(Numbered):
    provider: str
    article_id: str


@dataclass(frozen=True, slots=True)
class ReqHistoricalNews(Numbered):
    con_id: int
    providers: str
    """Codes with a plus between them."""
    start: str
    end: str
    limit: int


@dataclass(frozen=True, slots=True)
class ReqNewsBulletins(Request):
    all_of_today: bool


@dataclass(frozen=True, slots=True)
class CancelNewsBulletins(Request): ...


def _article(cursor: Cursor, version: int) -> Request:
    return ReqNewsArticle(cursor.integer(), cursor.text(), cursor.text())


def _historical(cursor: Cursor, version: int) -> Request:
    return ReqHistoricalNews(
        cursor.integer(), cursor.integer(), cursor.text(), cursor.text(), cursor.text(), cursor.integer()
    )


def _bulletins(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqNewsBulletins(cursor.flag())


READERS: Mapping[int, Reader] = {
    12: _bulletins,
    13: bare(CancelNewsBulletins),
    84: _article,
    85: bare(ReqNewsProviders),
    86: _historical,
}

PROTOS: Mapping[int, ProtoReader] = {
    12: ("NewsBulletinsRequest", lambda said: ReqNewsBulletins(said.allMessages)),
    13: bare_proto("CancelNewsBulletins", CancelNewsBulletins),
    84: ("NewsArticleRequest", lambda said: ReqNewsArticle(said.reqId, said.providerCode, said.articleId)),
    85: bare_proto("NewsProvidersRequest", ReqNewsProviders),
    86: (
        "HistoricalNewsRequest",
        lambda said: ReqHistoricalNews(
            said.reqId, said.conId, said.providerCodes, said.startDateTime, said.endDateTime, said.totalResults
        ),
    ),
}
