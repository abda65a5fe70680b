"""What the runner makes of checks that fail to answer."""

import asyncio

from preflight.check import Answer, Check, Question, Site
from preflight.report import Finding, Result
from preflight.runner import ask_all
from preflight.sources.local import LocalHost
from tests.unit.preflight.told import NOW, Told, Watched, settings
from tws.errors import GatewaySilent


async def well(site: Site) -> Answer:
    return Answer(Result.PASS, "well")


async def hangs(site: Site) -> Answer:
    await asyncio.Event().wait()
    raise AssertionError


async def has_a_bug(site: Site) -> Answer:
    raise KeyError("missing")


async def meets_silence(site: Site) -> Answer:
    raise GatewaySilent("expected an answer, found none")


def check(name: str, ask: Question, *needs: str) -> Check:
    return Check(name, "group", "an answer", ask, needs=needs)


async def asked(*checks: Check) -> dict[str, Finding]:
    given = settings(preflight_patience_seconds=0.05)
    site = Site(given, Told(), LocalHost(given), Watched(), NOW)
    return {finding.name: finding for finding in await ask_all(checks, site)}


async def test_a_bug_of_one_check_is_its_failure_and_the_others_go_on() -> None:
    found = await asked(check("broken", has_a_bug), check("sound", well))
    assert found["broken"].result is Result.FAIL
    assert "a bug of the check: KeyError: 'missing' (test_runner.py:" in found["broken"].found
    assert "SKIP" in found["broken"].remedy
    assert found["sound"].result is Result.PASS


async def test_a_check_that_hangs_holds_no_other() -> None:
    found = await asked(check("stuck", hangs), check("sound", well))
    assert (found["stuck"].result, found["stuck"].found) == (Result.FAIL, "no answer in 0.05 s")
    assert found["sound"].result is Result.PASS


async def test_trouble_with_the_gateway_has_the_same_remedy_everywhere() -> None:
    found = await asked(check("one", meets_silence), check("two", meets_silence))
    assert found["one"].result is Result.FAIL
    assert found["one"].remedy == found["two"].remedy != ""


async def test_what_needs_a_check_that_did_not_pass_is_skipped_and_says_which() -> None:
    found = await asked(check("first", has_a_bug), check("second", well, "first"), check("third", well, "second"))
    assert [found[name].result for name in ("second", "third")] == [Result.SKIPPED, Result.SKIPPED]
    assert found["second"].found == "not asked, since first did not pass"
    assert found["third"].found == "not asked, since second did not pass"
