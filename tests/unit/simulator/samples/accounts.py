"""Samples of what `wire.answers.accounts` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.positions import Position
from gateway.simulator.wire.answers import accounts as answers
from tests.unit.simulator.rig import SPY, spy_call, stock
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    call, spy = spy_call(), stock(SPY)
    held = Position(call.con_id, -3.0, 213.649, 12.5)
    holding = Holding(held, call, 2.15, 600.2)
    groups = '<?xml version="1.0" encoding="UTF-8"?>\n<ListOfGroups><Group><name>All</name></Group></ListOfGroups>'
    made: Samples = {
        "receive_fa": [answers.receive_fa(1, groups)],
        "replace_fa_end": [answers.replace_fa_end(9, "success")],
        "family_codes": [answers.family_codes([("DU1", "")]), answers.family_codes([("DU1", "F1"), ("DU2", "F1")])],
        "account_summary": [answers.account_summary(9, "DU1", "BuyingPower", "300000.00", "EUR")],
        "account_summary_end": [answers.account_summary_end(9)],
        "account_value": [answers.account_value("NetLiquidation", "1.00", "USD", "DU1")],
        "portfolio_value": [answers.portfolio_value(call, holding, "DU1")],
        "account_time": [answers.account_time("17:59")],
        "account_download_end": [answers.account_download_end("DU1")],
        "position": [answers.position(call, held, "DU1"), answers.position(spy, Position(SPY, 15), "DU1")],
        "position_end": [answers.position_end()],
        "position_multi": [answers.position_multi(9, call, held, "DU1")],
        "position_multi_end": [answers.position_multi_end(9)],
        "account_update_multi": [answers.account_update_multi(9, "DU1", "model", "k", "1.0", "USD")],
        "account_update_multi_end": [answers.account_update_multi_end(9)],
        "pnl": [answers.pnl(9, 1.0, 2.0, -3.0)],
        "pnl_single": [answers.pnl_single(9, -3.0, 1.0, 2.0, 3.0, 4.0)],
        "pnl_single_unset": [answers.pnl_single_unset(9)],
    }
    return made
