"""Takes secrets out of text that leaves the machine, and tells whether one is still in it. Pure.

Known secrets go in every form that a log or a dump gives them; what only looks like one goes as well. Account numbers
become names that stay the same throughout, so that a reader can still tell one account from another.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

GONE: Final = "[redacted]"
PUBLIC: Final = frozenset({"stand-in"})
"""What the stand-in gateway is logged in with: everybody's, and no secret."""
_PART: Final = 12
"""A part of a secret this long, such as the path of a URL, is a secret by itself."""
_SHORT: Final = 8
"""A secret shorter than this goes only where it stands alone: as a part of words it would take half a log with it."""

_LOOKS_LIKE_ONE: Final = (
    # What follows a name that says so: password=…, "api_key": "…", --token …
    re.compile(
        r"""(?ix) (?P<keep> [\w.-]* (?:passw(?:or)?d|secret|token|api[_-]?key|webhook_url) [\w.-]*["']?\s*[=:]\s* ["']?)
        (?!true\b|false\b|null\b|none\b|/run/secrets|/) (?P<gone> [^\s"',;&}]{6,})"""
    ),
    re.compile(r"(?i)(?P<keep>\b(?:bearer|basic)\s+)(?P<gone>[\w.~+/=-]{8,})"),
    # Who logs in where, inside a URL.
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://)(?P<gone>[^\s/@:\"']*:[^\s/@\"']+)(?=@)"),
)
_ACCOUNT: Final = re.compile(r"\b(?:D?[UF]|D?I)\d{5,9}\b")


class Redactor:
    """Knows the secrets of one stack."""

    def __init__(self, secrets: Iterable[str], names: Iterable[tuple[str, str]] = ()) -> None:
        """
        Args:
            secrets: the texts of secret files, and values of settings that are secret.
            names: what else tells who somebody is, and what to write in its place.
        """
        whole = {line.strip() for text in secrets for line in text.splitlines()} - {""} - PUBLIC
        parts = {part for line in whole for part in re.split(r"[\s/:=@?&,;]+", line) if len(part) >= _PART}
        self._forms = sorted({form for secret in whole | parts for form in _forms(secret)}, key=len, reverse=True)
        self._known = re.compile("|".join(map(_pattern, self._forms))) if self._forms else None
        self._names = [(re.compile(rf"(?<![\w-]){re.escape(what)}(?![\w-])"), told) for what, told in names if what]
        self._accounts: dict[str, str] = {}

    def clean(self, text: str) -> str:
        """The text without any of it."""
        if self._known is not None:
            text = self._known.sub(GONE, text)
        for pattern in _LOOKS_LIKE_ONE:
            text = pattern.sub(_keep_the_name, text)
        for pattern, told in self._names:
            text = pattern.sub(told, text)
        return _ACCOUNT.sub(self._account, text)

    def leaks(self, text: str) -> bool:
        """Whether a known secret is in it, in any form."""
        return self._known is not None and self._known.search(text) is not None

    def _account(self, found: re.Match[str]) -> str:
        number = len(self._accounts) + 1
        return self._accounts.setdefault(found[0], f"ACCOUNT-{number}")


def _keep_the_name(found: re.Match[str]) -> str:
    return found["keep"] + (found["gone"] if found["gone"] == GONE else GONE)


def _pattern(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _SHORT else rf"(?<![0-9A-Za-z]){escaped}(?![0-9A-Za-z])"


def _forms(secret: str) -> Iterator[str]:
    """As it is, and as JSON, URLs, base64 and hexadecimal digits have it."""
    yield secret
    if len(secret) < _SHORT:
        return
    yield from (json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret), quote_plus(secret))
    raw = secret.encode()
    yield raw.hex()
    for before in range(3):
        # Inside something longer it begins at one of three places; the digits at its ends are shared with neighbours.
        digits = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        inner = digits[(0, 2, 3)[before] : -1]
        yield from {inner, inner.replace("+", "-").replace("/", "_")}
