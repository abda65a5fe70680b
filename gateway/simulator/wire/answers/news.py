"""News and who brings it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields, rows
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import ascii7


@dataclass(frozen=True, slots=True)
class NewsProviders(Answer):
    """Providers as (code, name)."""

    id: ClassVar = 85
    providers: tuple[tuple[str, str], ...]

    def text(self, version: int) -> Fields:
        return [85, *rows(self.providers)]

    def proto(self, version: int) -> Any:
        listed = [pb.NewsProvider(providerCode=code, providerName=name) for code, name in self.providers]
        return pb.NewsProviders(newsProviders=listed)


@dataclass(frozen=True, slots=True)
class HistoricalNews(Answer):
    """One headline; its time is UTC, in the form captured.

    Assumed: that form, which is news' own, stays as it is where other UTC times get a Z (214).
    """

    id: ClassVar = 86
    req_id: int
    at: dt.datetime
    provider: str
    article_id: str
    headline: str

    def text(self, version: int) -> Fields:
        return [86, self.req_id, self._time(), self.provider, self.article_id, ascii7(self.headline)]

    def proto(self, version: int) -> Any:
        return pb.HistoricalNews(
            reqId=self.req_id,
            time=self._time(),
            providerCode=self.provider,
            articleId=self.article_id,
            headline=self.headline,
        )

    def _time(self) -> str:
        return f"{self.at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}.0"


@dataclass(frozen=True, slots=True)
class HistoricalNewsEnd(Answer):
    """No more headlines come, though there may be more."""

    id: ClassVar = 87
    req_id: int
    has_more: bool

    def text(self, version: int) -> Fields:
        return [87, self.req_id, int(self.has_more)]

    def proto(self, version: int) -> Any:
        return pb.HistoricalNewsEnd(reqId=self.req_id, hasMore=self.has_more)


@dataclass(frozen=True, slots=True)
class NewsArticle(Answer):
    """An article; 0 says that it is text and not a document."""

    id: ClassVar = 83
    req_id: int
    words: str

    def text(self, version: int) -> Fields:
        return [83, self.req_id, 0, ascii7(self.words)]

    def proto(self, version: int) -> Any:
        return pb.NewsArticle(reqId=self.req_id, articleType=0, articleText=self.words)


@dataclass(frozen=True, slots=True)
class TickNews(Answer):
    """A headline as it comes, to a market data subscription with generic tick 292."""

    id: ClassVar = 84
    req_id: int
    at: dt.datetime
    provider: str
    article_id: str
    headline: str

    def text(self, version: int) -> Fields:
        return [84, self.req_id, self._millis(), self.provider, self.article_id, ascii7(self.headline), ""]

    def proto(self, version: int) -> Any:
        return pb.TickNews(
            reqId=self.req_id,
            timestamp=self._millis(),
            providerCode=self.provider,
            articleId=self.article_id,
            headline=self.headline,
        )

    def _millis(self) -> int:
        return int(self.at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class NewsBulletin(Answer):
    """A bulletin: kind 1 a plain one, 2 and 3 an exchange that can, or no longer can, be traded on."""

    id: ClassVar = 14
    number: int
    kind: int
    message: str
    exchange: str

    def text(self, version: int) -> Fields:
        return [14, 1, self.number, self.kind, ascii7(self.message), self.exchange]

    def proto(self, version: int) -> Any:
        return pb.NewsBulletin(
            newsMsgId=self.number, newsMsgType=self.kind, newsMessage=self.message, originatingExch=self.exchange
        )
