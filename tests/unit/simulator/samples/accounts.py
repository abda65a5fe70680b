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
        "ReceiveFa": [answers.ReceiveFa(1, groups)],
        "ReplaceFaEnd": [answers.ReplaceFaEnd(9, "success")],
        "FamilyCodes": [answers.FamilyCodes((("DU1", ""),)), answers.FamilyCodes((("DU1", "F1"), ("DU2", "F1")))],
        "AccountSummary": [answers.AccountSummary(9, "DU1", "BuyingPower", "300000.00", "EUR")],
        "AccountSummaryEnd": [answers.AccountSummaryEnd(9)],
        "AccountValue": [answers.AccountValue("NetLiquidation", "1.00", "USD", "DU1")],
        "PortfolioValue": [answers.PortfolioValue(call, holding, "DU1")],
        "AccountTime": [answers.AccountTime("17:59")],
        "AccountDownloadEnd": [answers.AccountDownloadEnd("DU1")],
        "PositionHeld": [answers.PositionHeld(call, held, "DU1"), answers.PositionHeld(spy, Position(SPY, 15), "DU1")],
        "PositionEnd": [answers.PositionEnd()],
        "PositionMulti": [answers.PositionMulti(9, call, held, "DU1")],
        "PositionMultiEnd": [answers.PositionMultiEnd(9)],
        "AccountUpdateMulti": [answers.AccountUpdateMulti(9, "DU1", "model", "k", "1.0", "USD")],
        "AccountUpdateMultiEnd": [answers.AccountUpdateMultiEnd(9)],
        "Pnl": [answers.Pnl(9, 1.0, 2.0, -3.0)],
        "PnlSingle": [answers.PnlSingle(9, -3.0, 1.0, 2.0, 3.0, 4.0)],
        "PnlSingleUnset": [answers.PnlSingleUnset(9)],
    }
    return made
