"""Settings: every fault at once, no secret in a message, and no strategy on real money."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.errors import SettingsError
from engine.settings import NO_STRATEGY, REFERENCE, Mode, Settings, account_fits, load

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ENGINE_SETTINGS", "DOCKERIZED_GATEWAY", *map(str.upper, Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))


def test_the_stand_in_trades_and_real_accounts_observe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IB_ACCOUNT", "DUSIM0001")
    assert load().chosen_strategy == REFERENCE
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT", "DU1234567")
    assert load().chosen_strategy == NO_STRATEGY


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "http")
    monkeypatch.setenv("TRADER_ID", "NAMELESS")
    with pytest.raises(SettingsError) as caught:
        load()
    text = str(caught.value)
    assert "IB_ACCOUNT" in text
    assert "HTTP_PORT" in text
    assert "NAME-TAG" in text
    assert "correct these" in text


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"MODE": "live", "TRADING_MODE": "paper", "IB_ACCOUNT": "U1234567"}, "TRADING_MODE=live"),
        ({"MODE": "live", "TRADING_MODE": "live", "IB_ACCOUNT": "DU1234567"}, "live account"),
        ({"MODE": "paper", "IB_ACCOUNT": "U1234567"}, "paper account"),
        ({"MODE": "sim", "TRADING_MODE": "live", "IB_ACCOUNT": "DUSIM0001"}, "TRADING_MODE=paper"),
        ({"MODE": "paper", "IB_ACCOUNT": "DU1234567", "STRATEGY": "reference"}, "STRATEGY=none"),
        ({"MODE": "live", "TRADING_MODE": "live", "IB_ACCOUNT": "U1234567", "STRATEGY": "reference"}, "stand-in"),
    ],
)
def test_worlds_are_not_mixed(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], word: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=word) as caught:
        load()
    assert "1234567" not in str(caught.value)


def test_secrets_come_from_files_and_stay_out_of_sight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IB_ACCOUNT", "DUSIM0001")
    (tmp_path / "machine_token").write_text("hush-hush\n")
    (tmp_path / "redis_password").write_text("pass\n")
    settings = load()
    assert settings.machine_token is not None
    assert settings.machine_token.get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(settings)


@pytest.mark.parametrize(
    ("mode", "account", "fits"),
    [
        (Mode.SIM, "DUSIM0001", True),
        (Mode.PAPER, "DU1", True),
        (Mode.PAPER, "U1", False),
        (Mode.LIVE, "U1", True),
        (Mode.LIVE, "DU1", False),
        (Mode.LIVE, "du1", False),
    ],
)
def test_the_kind_of_account_goes_with_the_mode(mode: Mode, account: str, fits: bool) -> None:
    assert account_fits(mode, account) is fits


def test_the_program_exits_2_and_says_why(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine"],
        env={"PATH": os.environ["PATH"], "SECRETS_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "IB_ACCOUNT" in done.stderr
    assert "Traceback" not in done.stderr


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        (tmp_path / "engine.toml").write_text(text)
        monkeypatch.setenv("ENGINE_SETTINGS", str(tmp_path / "engine.toml"))

    monkeypatch.setenv("IB_ACCOUNT", "DUSIM0001")
    return write


def test_the_environment_outranks_the_file(written: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    written('ib_port = 4010\nib_client_id = 6\nload_ids = ["EUR/USD.IDEALPRO"]')
    monkeypatch.setenv("IB_PORT", "4020")
    settings = load()
    assert (settings.ib_port, settings.ib_client_id) == (4020, 6)
    assert settings.load_ids == ("EUR/USD.IDEALPRO",)


def test_what_is_to_be_loaded(written: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    written("""
[symbol_to_mic_venue]
SPX = "XCBO"

[[load_contracts]]
secType = "IND"
symbol = "SPX"
exchange = "CBOE"
build_options_chain = true
options_chain_exchange = "SMART"
min_expiry_days = -1
max_expiry_days = 1
""")
    monkeypatch.setenv("LOAD_IDS", "AAPL.NASDAQ, EUR/USD.IDEALPRO")
    monkeypatch.setenv("FILTER_SEC_TYPES", "WAR,IOPT")
    settings = load()
    assert settings.symbol_to_mic_venue == {"SPX": "XCBO"}
    assert settings.load_ids == ("AAPL.NASDAQ", "EUR/USD.IDEALPRO")
    assert settings.filter_sec_types == ("WAR", "IOPT")
    [index] = settings.load_contracts
    assert (index.secType, index.options_chain_exchange, index.min_expiry_days) == ("IND", "SMART", -1)


def test_pairs_in_the_environment(written: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBOL_TO_MIC_VENUE", "SPX=XCBO, ES=XCME")
    assert load().symbol_to_mic_venue == {"SPX": "XCBO", "ES": "XCME"}
    monkeypatch.setenv("SYMBOL_TO_MIC_VENUE", "SPX")
    with pytest.raises(SettingsError, match="SYMBOL=VENUE"):
        load()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ib_prot = 4004", "ib_prot: no such setting"),
        ("ib_port = ", "not TOML"),
        ('machine_token = "hush-hush"', "machine_token: a secret does not stand in"),
        ("[dockerized_gateway]\ntrading_mode = 'paper'", "a second tenant would be handed the first one's gateway"),
        ("[[load_contracts]]\nsecType = 'STK'\nsymbl = 'SPY'", "LOAD_CONTRACTS.0.symbl"),
        ("[[load_contracts]]\nsecType = 'IND'\nmin_expiry_days = 0", "-1 includes today"),
        ("[[load_contracts]]\nsecType = 'BAG'", "new_generic_spread_id"),
        ("load_ids = ['SPY']", "expected SYMBOL.VENUE, found SPY"),
        ("strategy = 'my strategy'", "package.module:Class"),
        ("strategy_config = '/files/x.toml'", "STRATEGY=package.module:Class, or leave the file out"),
        ("log_level = 'CHATTY'", "DEBUG, INFO, WARNING or ERROR"),
    ],
)
def test_a_fault_in_the_file_is_told_with_the_way_out(written: Callable[[str], None], text: str, word: str) -> None:
    written(text)
    with pytest.raises(SettingsError) as caught:
        load()
    assert word in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_faults_of_file_and_environment_are_told_at_once(
    written: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    written("ib_prot = 4004\nib_client_id = 5000")
    monkeypatch.setenv("DOCKERIZED_GATEWAY", "{}")
    monkeypatch.setenv("HTTP_PORT", "http")
    with pytest.raises(SettingsError) as caught:
        load()
    for word in ("ib_prot", "IB_CLIENT_ID", "HTTP_PORT", "DOCKERIZED_GATEWAY"):
        assert word in str(caught.value)


def test_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IB_ACCOUNT", "DUSIM0001")
    monkeypatch.setenv("ENGINE_SETTINGS", "/nowhere/engine.toml")
    with pytest.raises(SettingsError, match=r"ENGINE_SETTINGS=/nowhere/engine\.toml: No such file"):
        load()


# -- timeouts ----------------------------------------------------------------------------------------------------------


def test_the_kernel_waits_as_long_as_its_parts(written: Callable[[str], None]) -> None:
    settings = load()
    assert (settings.kernel_timeout, settings.reconciliation_timeout) == (55, 35)
    written("request_timeout_seconds = 40")
    settings = load()
    assert (settings.kernel_timeout, settings.reconciliation_timeout) == (105, 85)


def test_a_kernel_that_gives_up_before_its_parts_is_refused_with_the_sum(written: Callable[[str], None]) -> None:
    written("kernel_timeout_seconds = 60\nreconciliation_timeout_seconds = 30\nconnection_timeout_seconds = 300")
    with pytest.raises(SettingsError) as caught:
        load()
    text = str(caught.value)
    assert "CONNECTION_TIMEOUT_SECONDS=300 + 2 × REQUEST_TIMEOUT_SECONDS=15 + 5 to spare = 335" in text
    assert "2 × REQUEST_TIMEOUT_SECONDS=15 + 5 to spare = 35" in text


# -- several accounts --------------------------------------------------------------------------------------------------

ONE_MORE = '[[accounts]]\nname = "IB_TWO"\naccount = "DUSIM0002"\n'


def test_an_account_shares_the_session_unless_it_names_another(
    written: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATEGY", "none")
    written(ONE_MORE + '[[accounts]]\nname = "IB_FAR"\naccount = "DUSIM0003"\nhost = "far"\nclient_id = 11')
    settings = load()
    assert [settings.link(one) for one in (None, *settings.accounts)] == [
        ("ib-gateway", 4004, 1),
        ("ib-gateway", 4004, 1),
        ("far", 4004, 11),
    ]
    assert [one.name for one in settings.sharing] == ["IB_TWO"]
    assert settings.numbers == {"IB": settings.ib_account, "IB_TWO": "DUSIM0002", "IB_FAR": "DUSIM0003"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (ONE_MORE + ONE_MORE.replace("0002", "0003"), "names of their own"),
        (ONE_MORE.replace("0002", "0001"), "each account once"),
        (ONE_MORE.replace("IB_TWO", "two"), "ACCOUNTS.0.name"),
        (ONE_MORE + "prot = 4004", "ACCOUNTS.0.prot"),
        (
            f'{ONE_MORE}venues = ["ARCX"]\n{ONE_MORE}venues = ["ARCX"]'.replace("TWO", "SIX", 1).replace("2", "3", 1),
            "each venue in one account",
        ),
        (ONE_MORE + 'trading_mode = "live"\nhost = "far"', "expected a live (not D…) account, found DU…02"),
        (ONE_MORE.replace("DUSIM", "USIM") + 'trading_mode = "live"\nhost = "far"', "needs MODE=live"),
        (ONE_MORE.replace("DUSIM", "USIM") + 'trading_mode = "live"', "serves paper or live, not both"),
        ("read_only_api = true\n" + ONE_MORE, "nothing is traded"),
        ("strategy = 'reference'\n" + ONE_MORE, "trades one account"),
        (ONE_MORE + "[accounts.dockerized_gateway]", "a second tenant would be handed the first one's gateway"),
    ],
)
def test_accounts_that_do_not_go_together(written: Callable[[str], None], text: str, word: str) -> None:
    written(text if "strategy" in text else "strategy = 'none'\n" + text)
    with pytest.raises(SettingsError) as caught:
        load()
    assert word in str(caught.value)


# -- the page ----------------------------------------------------------------------------------------------------------


def default(name: str) -> str:
    field = Settings.model_fields[name]
    value = field.get_default()
    if field.is_required():
        return "must be set"
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    return f"`{value}`" if value not in (None, (), {}) else "–"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_page_tells_of_every_setting(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description, f"Field({name}, description=…): a plain sentence; errors and docs/engine.md say it"
    row = f"| `{name.upper()}` | {default(name)} | {description} |"
    assert row in (ROOT / "docs/engine.md").read_text().splitlines(), f"add to docs/engine.md:\n{row}"


def test_the_page_tells_of_no_other_setting() -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/engine.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(map(str.upper, Settings.model_fields))
