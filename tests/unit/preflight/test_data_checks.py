"""The checks on data: farms, instruments, chain, entitlement, quotes."""

from datetime import timedelta

import pytest

from preflight.check import Answer, Site
from preflight.checks import chain, entitlement, farms, instruments, quotes
from preflight.markets import options
from preflight.report import Result
from preflight.sources.local import LocalHost
from tests.unit.preflight.markets import CLOSED, LATER, NIGHT, OVER, definition, look, market, pair, quote
from tests.unit.preflight.told import FARMS, NOW, Told, Watched, ask, remedy, settings
from tws.values import Chain, Quote

# -- farms -------------------------------------------------------------------------------------------------------------

BROKEN = "Market data farm connection is broken:"


async def test_farms_pass_when_all_are_connected_or_asleep() -> None:
    answer = await ask(farms.CHECK)
    assert answer == Answer(Result.PASS, "usfarm.nj ok, usfarm ok, ushmds asleep, secdefnj ok")


@pytest.mark.parametrize(
    ("code", "text", "result"),
    [
        (2103, f"{BROKEN}usfarm", Result.FAIL),
        (2103, f"{BROKEN}jfarm", Result.WARN),
        (2119, "Market data farm is connecting:usfarm", Result.WARN),
        (2108, "Market data farm connection is inactive but should be available upon demand.usfarm", Result.PASS),
        (2105, "HMDS data farm connection is broken:ushmds", Result.WARN),
        (2157, "Sec-def data farm connection is broken:secdefnj", Result.FAIL),
    ],
)
async def test_farms_by_what_was_said_last_of_each(code: int, text: str, result: Result) -> None:
    answer = await ask(farms.CHECK, Told(said=[*FARMS, (code, text)]))
    assert answer.result is result
    assert ("make status" in remedy(answer)) is (result is not Result.PASS)


async def test_a_farm_that_came_back_is_well() -> None:
    assert (await ask(farms.CHECK, Told(said=[(2103, f"{BROKEN}usfarm"), *FARMS]))).result is Result.PASS


async def test_which_farms_serve_the_instruments_is_a_setting() -> None:
    told = Told(said=[*FARMS, (2103, f"{BROKEN}eufarm")])
    assert (await ask(farms.CHECK, told)).result is Result.WARN
    assert (await ask(farms.CHECK, told, market_farms="us*, eufarm")).result is Result.FAIL


@pytest.mark.parametrize("code", [1100, 2110])
async def test_farms_fail_while_ibkr_is_not_reached(code: int) -> None:
    answer = await ask(farms.CHECK, Told(said=[(code, "lost")]))
    assert answer.result is Result.FAIL
    assert "network" in remedy(answer)
    assert (await ask(farms.CHECK, Told(said=[(code, "lost"), (1102, "back"), *FARMS]))).result is Result.PASS


async def test_a_gateway_that_tells_of_no_farm() -> None:
    assert (await ask(farms.CHECK, Told(said=[]))).result is Result.WARN


# -- instruments -------------------------------------------------------------------------------------------------------


async def test_instruments_pass_when_each_is_known_once() -> None:
    assert await ask(instruments.CHECK, market()) == Answer(Result.PASS, "SPY")


async def test_an_instrument_that_nobody_knows() -> None:
    answer = await ask(instruments.CHECK, market(), instruments="SPY,NOSUCH:0DTE")
    assert (answer.result, answer.found) == (Result.FAIL, "NOSUCH has no definition")
    assert "INSTRUMENTS" in remedy(answer)


async def test_an_instrument_of_several_listings() -> None:
    answer = await ask(instruments.CHECK, market(known=[definition(), definition(primary_exchange="LSE")]))
    assert (answer.result, answer.found) == (Result.FAIL, "SPY has 2")
    assert "SPY@ARCA" in remedy(answer)


# -- chain -------------------------------------------------------------------------------------------------------------


async def test_chain_passes_with_todays_expiry_and_strikes_around_the_money() -> None:
    answer = await ask(chain.CHECK, market())
    assert answer == Answer(Result.PASS, "SPY: expiry 20261122, 3 strikes within 1 % of 600.05")


async def test_chain_before_the_open() -> None:
    assert (await ask(chain.CHECK, market(LATER))).result is Result.PASS


@pytest.mark.parametrize("hours", [NIGHT, "20261122:0000-20261123:0000"])
async def test_a_session_has_the_expiry_of_the_day_in_which_it_ends(hours: str) -> None:
    answer = await ask(chain.CHECK, market(hours))
    assert answer.result is Result.PASS
    assert "expiry 20261122" in answer.found


@pytest.mark.parametrize("hours", [CLOSED, OVER, ""])
async def test_chain_is_not_asked_on_a_day_without_a_session(hours: str) -> None:
    answer = await ask(chain.CHECK, market(hours))
    assert (answer.result, answer.found) == (Result.SKIPPED, "SPY: the exchange is closed for today")


async def test_chain_without_today() -> None:
    listed = [Chain("SMART", "SPY", "100", frozenset({"20261120", "20261123"}), frozenset({600.0}))]
    answer = await ask(chain.CHECK, market(listed=listed))
    assert (answer.result, answer.found) == (Result.FAIL, "SPY: no expiry 20261122, the nearest is 20261123")
    assert "restart the gateway" in remedy(answer)


async def test_chain_far_from_the_money() -> None:
    listed = [Chain("SMART", "SPY", "100", frozenset({"20261122"}), frozenset({500.0, 595.0}))]
    answer = await ask(chain.CHECK, market(listed=listed))
    assert answer.result is Result.FAIL
    assert "within 1 % of 600.05" in answer.found


async def test_strikes_that_are_listed_for_other_days_only() -> None:
    answer = await ask(chain.CHECK, market(known=[definition(), pair(600.0)[0]]))
    assert answer.result is Result.FAIL
    assert "no call and put at 600, 601, 599" in answer.found


async def test_one_strike_with_call_and_put_is_enough() -> None:
    assert (await ask(chain.CHECK, market(known=[definition(), *pair(599.0)]))).result is Result.PASS


async def test_the_money_is_where_the_bars_end_when_no_line_may_be_taken() -> None:
    answer = await ask(chain.CHECK, market(bar_times=["20261122-14:00:00"]), house=Watched(lines=None))
    assert "no strikes on both sides within 1 % of 1.00" in answer.found
    answer = await ask(chain.CHECK, market(bar_times=[]), house=Watched(lines=None))
    assert answer.result is Result.PASS
    assert "where the money is, nobody tells" in answer.found


async def test_an_indexs_weekly_class_is_the_one() -> None:
    index = definition("IND", symbol="SPX")
    listed = [
        Chain(exchange, name, "100", frozenset({"20261122"}), frozenset({599.0, 600.0, 601.0}))
        for exchange, name in (("CBOE", "SPX"), ("SMART", "SPX"), ("CBOE", "SPXW"), ("SMART", "SPXW"))
    ]
    told = market(
        known=[index, *(definition("OPT", symbol="SPX", strike=600.0, right=right) for right in "CP")],
        listed=listed,
        looks={"IND": look(Quote(last=600.0))},
    )
    given = settings(instruments="SPX@CBOE:IND:0DTE")
    found = await options(Site(given, told, LocalHost(given), Watched(), NOW), given.traded[0])
    assert found.chain == listed[-1]
    assert (found.money, found.strikes[0]) == (600.0, 600.0)


async def test_no_options_no_chain() -> None:
    assert (await ask(chain.CHECK, market(), instruments="SPY")).result is Result.SKIPPED


# -- entitlement -------------------------------------------------------------------------------------------------------


async def test_entitlement_passes_with_live_data_of_each() -> None:
    assert await ask(entitlement.CHECK, market()) == Answer(Result.PASS, "SPY live; SPY 20261122 600 C live")


@pytest.mark.parametrize(
    ("code", "words", "others"),
    [
        (354, ["Network B", "MARKET_DATA_TYPE=DELAYED"], ["Acknowledgement"]),
        (10089, ["Network B", "Acknowledgement", "MARKET_DATA_TYPE=DELAYED"], []),
        (10168, ["Network B", "MARKET_DATA_TYPE=DELAYED"], ["Acknowledgement"]),
        (10197, ["log the other session"], ["Network B"]),
    ],
)
async def test_what_is_refused_says_what_to_do(code: int, words: list[str], others: list[str]) -> None:
    answer = await ask(entitlement.CHECK, market(looks={"STK": look(refusal=code), "OPT": look()}))
    assert answer.result is Result.FAIL
    assert f"SPY: {code} refused" in answer.found
    assert all(word in remedy(answer) for word in words)
    assert not any(word in remedy(answer) for word in others)


@pytest.mark.parametrize(
    ("listed_on", "words"),
    [("NYSE", "Network A"), ("NASDAQ", "Network C"), ("LSE", "the market that the message names")],
)
async def test_the_subscription_is_that_of_the_listing(listed_on: str, words: str) -> None:
    told = market(known=[definition(primary_exchange=listed_on)], looks={"STK": look(refusal=354)})
    assert words in remedy(await ask(entitlement.CHECK, told, instruments="SPY"))


async def test_options_need_opra() -> None:
    answer = await ask(entitlement.CHECK, market(looks={"STK": look(), "OPT": look(refusal=354)}))
    assert "OPRA" in remedy(answer)
    assert "Network" not in remedy(answer)
    assert "SPY 20261122 600 C: 354" in answer.found


async def test_a_paper_login_is_told_to_share() -> None:
    told = market(looks={"STK": look(refusal=354), "OPT": look()})
    assert "live user shares" in remedy(await ask(entitlement.CHECK, told, mode="paper"))
    assert "live user shares" not in remedy(await ask(entitlement.CHECK, told, mode="live"))


@pytest.mark.parametrize("late", [look(quote(), 10167), look(quote(data_type=3)), look(quote(data_type=4))])
@pytest.mark.parametrize(("asked", "result"), [("REALTIME", Result.FAIL), ("DELAYED", Result.WARN)])
async def test_delayed_data_is_too_old_to_trade_on(late: object, asked: str, result: Result) -> None:
    answer = await ask(entitlement.CHECK, market(looks={"STK": late, "OPT": look()}), market_data_type=asked)
    assert answer.result is result
    assert "15 minutes old" in remedy(answer)


async def test_whoever_asks_for_delayed_data_is_not_told_to() -> None:
    told = market(looks={"STK": look(refusal=10168), "OPT": look()})
    assert "MARKET_DATA_TYPE=DELAYED" not in remedy(await ask(entitlement.CHECK, told, market_data_type="DELAYED"))


async def test_a_line_on_which_nothing_comes_is_not_called_live() -> None:
    answer = await ask(entitlement.CHECK, market(looks={"STK": look(Quote()), "OPT": look()}))
    assert answer.result is Result.PASS
    assert "SPY not refused, but nothing has come" in answer.found


async def test_data_that_is_only_partly_subscribed_warns() -> None:
    answer = await ask(entitlement.CHECK, market(looks={"STK": look(), "OPT": look(quote(), 10090)}))
    assert answer.result is Result.WARN
    assert "10090" in answer.found


async def test_no_free_line_after_all() -> None:
    answer = await ask(entitlement.CHECK, market(looks={"STK": look(refusal=101), "OPT": look()}))
    assert answer.result is Result.WARN
    assert "lines" in remedy(answer)


@pytest.mark.parametrize(
    ("lines", "words"), [(None, "free lines are not known"), (77, "22 of 100 lines are free"), (98, "1 of 100")]
)
async def test_nobody_subscribes_while_lines_are_short_or_not_known(lines: int | None, words: str) -> None:
    told = market(looks={})  # a look would raise
    for check in (entitlement.CHECK, quotes.CHECK):
        answer = await ask(check, told, house=Watched(lines=lines), instruments="SPY")
        assert answer.result is Result.SKIPPED
        assert words in answer.found


async def test_options_are_left_out_on_a_day_without_a_session() -> None:
    answer = await ask(entitlement.CHECK, market(CLOSED, looks={"STK": look(Quote(ticks=1))}))
    assert answer == Answer(Result.PASS, "SPY live; SPY:0DTE not looked at: the exchange is closed for today")


# -- quotes ------------------------------------------------------------------------------------------------------------


async def test_quotes_pass_when_both_sides_are_there_and_fresh() -> None:
    answer = await ask(quotes.CHECK, market())
    assert answer == Answer(Result.PASS, "SPY 600.0 to 600.1; SPY 20261122 600 C 2.0 to 2.1")


@pytest.mark.parametrize("seen", [Quote(), quote(bid=None), quote(ask=None)])
async def test_a_missing_quote_fails_in_the_session_only(seen: Quote) -> None:
    answer = await ask(quotes.CHECK, market(looks={"STK": look(seen), "OPT": look()}))
    assert answer.result is Result.FAIL
    assert "SPY is not quoted, in its session" in answer.found
    for hours in (LATER, CLOSED, OVER):
        answer = await ask(quotes.CHECK, market(hours, looks={"STK": look(seen), "OPT": look()}))
        assert answer.result is Result.PASS
        assert "SPY is not quoted, its exchange is closed" in answer.found


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (quote(600.2, 600.1), "crossed"),
        (quote(None, None, halted=True), "halted"),
        (quote(traded_at=NOW - timedelta(minutes=6)), "last traded 6 min ago"),
    ],
)
async def test_what_is_odd_about_a_quote_warns(seen: Quote, word: str) -> None:
    answer = await ask(quotes.CHECK, market(looks={"STK": look(seen), "OPT": look()}))
    assert answer.result is Result.WARN
    assert word in answer.found


async def test_a_locked_quote_and_an_option_that_seldom_trades_are_well() -> None:
    old = quote(2.0, 2.0, traded_at=NOW - timedelta(hours=2))
    assert (
        await ask(quotes.CHECK, market(looks={"STK": look(quote(600, 600)), "OPT": look(old)}))
    ).result is Result.PASS


async def test_an_index_has_a_last_price_and_no_quote() -> None:
    told = market(known=[definition("IND", symbol="SPX")], looks={"IND": look(Quote(last=6000.0))})
    assert (await ask(quotes.CHECK, told, instruments="SPX@CBOE:IND")).found == "SPX@CBOE:IND 6000.0"


async def test_a_refused_line_is_the_business_of_entitlement() -> None:
    refused = {"STK": look(refusal=354), "OPT": look(refusal=354)}
    assert (await ask(quotes.CHECK, market(looks=refused, bar_times=[]))).result is Result.SKIPPED
