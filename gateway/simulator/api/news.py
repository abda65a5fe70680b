"""News and who brings it."""

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.answers import news as answers
from gateway.simulator.wire.requests import news as requests
from gateway.simulator.wire.requests.base import Request


def _news_providers(session: Session, request: Request) -> None:
    session.send(answers.news_providers())


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqNewsProviders: _news_providers,
}
