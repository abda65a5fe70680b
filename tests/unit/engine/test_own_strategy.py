"""A user's strategy: found, configured and created, or refused with what to mend."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from engine.errors import StrategyUnusable
from engine.strategies import own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
from decimal import Decimal

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy


class CrossConfig(StrategyConfig, frozen=True):
    instrument_id: InstrumentId
    size: Decimal = Decimal(1)


class Cross(Strategy):
    def __init__(self, config: CrossConfig) -> None:
        super().__init__(config)
        if config.size <= 0:
            raise ValueError("size must be positive")


class Plain(Strategy):
    pass


def only_spy(instrument):
    return instrument.id.symbol.value == "SPY"


LIMIT = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "users_own.py").write_text(SOURCE)
    (tmp_path / "users_slip.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "users_fall.py").write_text("1 / 0\n")
    own.search(tmp_path)
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in ("users_own", "users_slip", "users_fall"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cross.toml", 'instrument_id = "SPY.ARCX"\nsize = "2"\norder_id_tag = "007"'),
        ("cross.json", '{"instrument_id": "SPY.ARCX", "size": "2", "order_id_tag": "007"}'),
    ],
)
def test_the_class_gets_its_configuration(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    made = own.load("users_own:Cross", folder / name)
    assert str(made.config.instrument_id) == "SPY.ARCX"
    assert made.config.size == 2
    assert str(made.id) == "Cross-007"


@pytest.mark.usefixtures("folder")
def test_a_class_without_a_configuration_of_its_own() -> None:
    assert type(own.load("users_own:Plain", None)).__name__ == "Plain"


def test_the_users_folder_is_searched_last(folder: Path) -> None:
    assert sys.path[-1] == str(folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_module:Cross", "no module 'no_such_module'; put it into the folder of STRATEGY_PATH"),
        ("users_slip:Cross", "no module 'nothing_of_that_name'"),
        ("users_fall:Cross", "ZeroDivisionError while it is imported: division by zero; mend users_fall"),
        ("users_own:Missing", "has no attribute 'Missing'"),
        ("users_own:LIMIT", "found 3; name the class that derives from Strategy"),
        ("users_own:CrossConfig", "name the class that derives from Strategy"),
        ("users_own:Cross", "missing required field `instrument_id` (no STRATEGY_CONFIG)"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_run_is_refused(name: str, words: str) -> None:
    with pytest.raises(StrategyUnusable) as caught:
        own.load(name, None)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('instrument = "SPY.ARCX"', "found instrument; use only"),
        ('instrument_id = "SPY.ARCX"\nsize = "a lot"', "cross.toml"),
        ('instrument_id = "SPY.ARCX"\nsize = "0"', "ValueError: size must be positive"),
        ('instrument_id = "SPY.ARCX"\noms_type = "HEDGING"', "leave oms_type out"),
        ("instrument_id = ", "is not TOML"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / "cross.toml").write_text(text)
    with pytest.raises(StrategyUnusable) as caught:
        own.load("users_own:Cross", folder / "cross.toml")
    assert words in str(caught.value)


def test_a_configuration_that_is_not_there(folder: Path) -> None:
    with pytest.raises(StrategyUnusable, match="No such file or directory; name a file that is there"):
        own.load("users_own:Cross", folder / "cross.toml")


@pytest.mark.usefixtures("folder")
def test_a_filter_is_a_function() -> None:
    own.check_filter("users_own:only_spy")
    with pytest.raises(StrategyUnusable, match="FILTER_CALLABLE=users_own:LIMIT to be a function; found 3"):
        own.check_filter("users_own:LIMIT")
