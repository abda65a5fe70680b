"""placeOrder as a client writes it at server version 200, field by field."""

from gateway.simulator.wire import place_order as layout

STOCKS = ("SPY", "QQQ", "AAPL")


def stock(symbol: str) -> tuple[str | int | float, ...]:
    """The twelve fields of a stock."""
    return (0, symbol, "STK", "", 0, "", "", "SMART", "", "USD", "", "")


def place_order(symbol: str, **changes: str) -> list[str | int | float]:
    """What follows the order id: one share, at the market unless it is changed.

    `legs` as conId,ratio,action with semicolons between them, `conditions` as their fields in the same way.
    """
    values = {
        "action": "BUY",
        "totalQuantity": "1",
        "orderType": "MKT",
        "tif": "DAY",
        "transmit": "1",
        "exemptCode": "-1",
        "triggerMethod": "0",
    } | changes
    legs = [row.split(",") for row in values.get("legs", "").split(";") if row]
    conditions = [row.split(",") for row in values.get("conditions", "").split(";") if row]
    fields: list[str | int | float] = [*stock(symbol), "", ""]
    fields += [values.get(name, "") for name in layout._HEAD]
    if legs:
        fields[2] = "BAG"
        fields.append(len(legs))
        for row in legs:
            fields += [*row, "SMART", 0, 0, "", -1]
        fields += [0, 0]
    for names in (
        layout._AFTER_COMBO,
        layout._BODY,
        layout._TO_SCALE,
        layout._TO_HEDGE,
        layout._CLEARING,
    ):
        fields += [values.get(name, "") for name in names]
    fields += [0, values.get("algoStrategy", ""), *([0] if values.get("algoStrategy") else [])]
    fields += [values.get(name, "") for name in layout._AFTER_ALGO]
    fields += [len(conditions), *(field for row in conditions for field in row)]
    if conditions:
        fields += [values.get("conditionsIgnoreRth", "0"), values.get("conditionsCancelOrder", "0")]
    fields += [values.get(name, "") for name in layout._ADJUSTED]
    offsets = ["", ""] if values["orderType"] == "PEG MID" else []
    tail = ("duration", "postToAts", "autoCancelParent", "advancedErrorOverride", "manualOrderTime")
    fields += [values.get(name, "") for name in tail] + [*offsets]
    return fields + [""] * 5
