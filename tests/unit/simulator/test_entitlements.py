"""What a login may see, and what is said of the rest."""

import pytest

from gateway.simulator.entitlements import DELAYED, LIVE, Verdict, parse


@pytest.mark.parametrize(
    ("text", "asked", "verdict"),
    [
        ("live", 1, Verdict(LIVE)),
        ("live", 2, Verdict(LIVE)),
        ("live", 3, Verdict(LIVE)),
        ("delayed", 1, Verdict(None, 354)),
        ("delayed", 2, Verdict(None, 354)),
        ("delayed", 3, Verdict(DELAYED, 10167)),
        ("delayed", 4, Verdict(DELAYED, 10167)),
        ("terminal", 1, Verdict(None, 10089)),
        ("terminal", 3, Verdict(DELAYED, 10167)),
        ("none", 1, Verdict(None, 354)),
        ("none", 3, Verdict(None, 10168)),
    ],
)
def test_verdicts(text: str, asked: int, verdict: Verdict) -> None:
    assert parse(text).admit("STK", asked) == verdict


def test_levels_by_security_type() -> None:
    found = parse("delayed, OPT:live ,fut:NONE")
    assert [found.level(kind) for kind in ("STK", "OPT", "FUT")] == ["delayed", "live", "none"]


@pytest.mark.parametrize("text", ["", "all", "OPT:", ":live", "live,OPT:some", "1:live"])
def test_what_is_no_level(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (settings turn it into words of their own)
        parse(text)
