"""Which of the services beside us are asked with the world's certificates at hand."""

import ssl
from typing import Any

import httpx
import pytest

from preflight import http


@pytest.mark.parametrize(
    ("urls", "wanted"),
    [((), False), ((None, "http://engine:9092"), False), (("http://alertmanager:9093", "https://example.test"), True)],
)
def test_certificates_are_for_what_is_encrypted(urls: tuple[str | None, ...], wanted: bool) -> None:
    assert http.encrypted(*urls) is wanted


@pytest.mark.parametrize("url", ["http://engine:9092", "https://engine.test"])
async def test_whoever_is_asked_over_tls_must_prove_who_they_are(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ssl.SSLContext] = []
    real = ssl.create_default_context

    def make(*args: Any, **how: Any) -> ssl.SSLContext:
        made.append(real(*args, **how))
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", make)
    async with http.client(url, 1.0) as client:
        assert isinstance(client, httpx.AsyncClient)
    assert [context.verify_mode for context in made] == ([ssl.CERT_REQUIRED] if url.startswith("https") else [])
