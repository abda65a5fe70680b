"""No secret in any form that logs and dumps give it, and everything else as it was."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.redaction import GONE, Redactor

SECRET = 'Mark"er/päss+wörd-42'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET),
        quote(SECRET),
        quote(SECRET, safe=""),
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"x" + SECRET.encode() + b"yz").decode(),
        base64.b64encode(b"me:" + SECRET.encode()).decode(),
        base64.urlsafe_b64encode(b"four" + SECRET.encode()).decode(),
    ],
)
def test_a_secret_goes_in_every_form(form: str) -> None:
    redactor = Redactor([f"{SECRET}\n"])
    assert redactor.leaks(f"before {form} after")
    cleaned = redactor.clean(f"before {form} after")
    assert not redactor.leaks(cleaned)
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=8).map(str.strip),
    st.binary(max_size=4),
)
def test_no_secret_survives_base64_wherever_it_begins(secret: str, before: bytes) -> None:
    redactor = Redactor([secret])
    digits = base64.b64encode(before + secret.encode() + b"end").decode()
    assert not redactor.leaks(redactor.clean(f"{secret} {digits}"))
    if len(secret) >= 8 and secret.isprintable():
        assert GONE in redactor.clean(digits)


def test_a_part_of_a_secret_goes_as_well() -> None:
    redactor = Redactor(["https://chat.example/services/T0000/B0000/abcdefghijkl\n"])
    assert redactor.clean("POST /services/…/abcdefghijkl failed") == f"POST /services/…/{GONE} failed"


def test_a_short_secret_goes_only_where_it_stands_alone() -> None:
    redactor = Redactor(["bob"])
    assert redactor.clean("user bob, bobby, kabob, 'bob'") == f"user {GONE}, bobby, kabob, '{GONE}'"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("password=hunter2hunter2 x", f"password={GONE} x"),
        ('{"api_key": "abcdef123456"}', f'{{"api_key": "{GONE}"}}'),
        ("Authorization: Bearer abc.def-12345678", f"Authorization: Bearer {GONE}"),
        ("HTTPS_PROXY=http://{}@proxy.example:3128/".format("me:pw"), f"HTTPS_PROXY=http://{GONE}@proxy.example:3128/"),
        ("REDIS_PASSWORD_FILE=/run/secrets/redis_password", "REDIS_PASSWORD_FILE=/run/secrets/redis_password"),
    ],
)
def test_what_looks_like_a_secret_goes_though_nobody_knows_it(text: str, cleaned: str) -> None:
    assert Redactor([]).clean(text) == cleaned


def test_accounts_are_told_apart_and_not_told() -> None:
    redactor = Redactor([])
    assert redactor.clean("U1234567 DU7654321 U1234567") == "ACCOUNT-1 ACCOUNT-2 ACCOUNT-1"
    assert redactor.clean("DU7654321") == "ACCOUNT-2"


def test_names_of_the_machine_and_its_user_go() -> None:
    redactor = Redactor([], [("/home/ann", "~"), ("anns-mac", "HOST"), ("", "NOTHING")])
    assert redactor.clean("/home/ann/watchkeeper on anns-mac, not anns-macbook") == (
        "~/watchkeeper on HOST, not anns-macbook"
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"tenant": "sim", "event": "sim: gateway READY; engine TRADING", "timestamp": "2026-11-23T04:01:13Z"}',
        "SPY   261123C00600000.ARCX 600.25 DUSIM0001 F-1 I420",
        'watchkeeper_incidents_total{fault="jvm-dead",tenant="sim"} 3.0',
        "weekly_token: null",
        "the operator's token is right, the password is not",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor([SECRET, "stand-in"]).clean(text) == text
