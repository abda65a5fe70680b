"""The settings as Nautilus' configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nautilus_trader.adapters.interactive_brokers.config import SymbologyMethod

from engine import node
from engine.instruments import UNDERLYINGS
from engine.settings import CLIENT, Settings


def config(**given: Any) -> Any:
    return node.config(Settings(ib_account="DUSIM0001", **given))


def test_the_kernel_outlasts_its_clients() -> None:
    made = config(request_timeout_seconds=20)
    client = made.exec_clients[CLIENT]
    assert made.timeout_connection == client.connection_timeout + 2 * client.request_timeout_secs + 5
    assert made.timeout_reconciliation == 2 * client.request_timeout_secs + 5


def test_what_is_asked_of_the_broker() -> None:
    client = config().exec_clients[CLIENT]
    assert not client.fetch_all_open_orders
    assert not client.track_option_exercise_from_position_update
    wanted = config(fetch_all_open_orders=True, track_option_exercise_from_position_update=True).exec_clients[CLIENT]
    assert wanted.fetch_all_open_orders
    assert wanted.track_option_exercise_from_position_update


def test_a_read_only_gateway_has_no_execution_client() -> None:
    made = config(read_only_api=True)
    assert made.exec_clients == {}
    assert CLIENT in made.data_clients


def test_nothing_is_asked_again_and_again_while_the_gateway_is_away() -> None:
    made = config().exec_engine
    assert made.open_check_interval_secs is None
    assert made.position_check_interval_secs is None
    assert made.inflight_check_interval_ms == 0


def test_data_and_orders_share_their_instruments() -> None:
    made = config(symbology_method="raw", symbol_to_mic_venue="SPX=XCBO", filter_sec_types="WAR")
    provider = made.data_clients[CLIENT].instrument_provider
    assert provider == made.exec_clients[CLIENT].instrument_provider
    assert provider.symbology_method is SymbologyMethod.IB_RAW
    assert provider.filter_sec_types == frozenset({"WAR"})
    # The underlying's own venue comes first: the first that fits is taken.
    assert list(provider.symbol_to_mic_venue.items()) == [("SPY", "ARCX"), ("SPX", "XCBO")]


def test_the_underlyings_name_in_raw_symbology() -> None:
    names = {str(replace(one, raw=True).instrument_id) for one in UNDERLYINGS.values()}
    assert names == {"SPY=STK.ARCX", "QQQ=STK.XNAS", "SPX=IND.XCBO"}
