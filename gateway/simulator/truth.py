"""The broker's truth and the gateway's state as plain data, for tests to compare with what clients were told."""

from typing import Any

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.broker.orders import Fill, Order
from gateway.simulator.faults import Faults
from gateway.simulator.lifecycle import Lifecycle


def status(gateway: Gateway, lifecycle: Lifecycle, faults: Faults) -> dict[str, Any]:
    """How the gateway is."""
    return {
        "version": 1,
        "boot_id": lifecycle.boot_id,
        "started_at": lifecycle.started_at.isoformat(),
        "phase": lifecycle.phase,
        "account": gateway.broker.account_id,
        "server_version": gateway.settings.server_version,
        "time_zone": gateway.writer.zone,
        "clients": sorted(session.client_id for session in gateway.started()),
        "logins": lifecycle.logins,
        "pushes": lifecycle.pushes,
        "has_token": lifecycle.has_token,
        "faults": sorted(faults.active),
    }


def state(gateway: Gateway, lifecycle: Lifecycle, faults: Faults) -> dict[str, Any]:
    """Everything at once: orders, executions, positions, cash, clients, login, time."""
    found = status(gateway, lifecycle, faults)
    return {
        **book(gateway),
        "accounts": [_account(gateway, account) for account in gateway.broker.accounts],
        "time": time(gateway),
        "login": {key: found[key] for key in ("phase", "boot_id", "started_at", "logins", "pushes", "has_token")},
        "clients": [
            {"client_id": session.client_id, "server_version": session.version, "lines": session.lines}
            for session in sorted(gateway.started(), key=lambda one: one.client_id)
        ],
        "faults": [case.told() for case in faults.cases],
        "configuration": {
            "all": gateway.configuration.all(),
            "changed": gateway.configuration.changed,
            "waiting": gateway.configuration.waiting,
        },
    }


def time(gateway: Gateway) -> dict[str, Any]:
    """The world's clock."""
    return {"now": gateway.now().isoformat(), "speed": gateway.clock.speed}


def book(gateway: Gateway) -> dict[str, Any]:
    """Positions, orders and executions on record."""
    broker = gateway.broker
    return {
        "account": broker.account_id,
        "positions": [
            {
                **_contract(gateway, position.con_id),
                "account": position.account,
                "quantity": position.quantity,
                "average_cost": position.average_cost,
            }
            for position in broker.positions()
            if position.quantity
        ],
        "orders": [_order(gateway, order) for order in broker.book.orders.values()],
        "executions": [_fill(gateway, fill) for fill in broker.fills],
    }


def _account(gateway: Gateway, account: str) -> dict[str, Any]:
    values = gateway.broker.values(account)
    return {
        "account": account,
        "cash": values.cash,
        "net_liquidation": values.net_liquidation,
        "realized": values.realized,
        "unrealized": values.unrealized,
    }


def _contract(gateway: Gateway, con_id: int) -> dict[str, Any]:
    instrument = gateway.instrument(con_id)
    return {
        "con_id": con_id,
        "local_symbol": instrument.local_symbol,
        "symbol": instrument.symbol,
        "sec_type": instrument.sec_type,
    }


def _order(gateway: Gateway, order: Order) -> dict[str, Any]:
    ticket = order.ticket
    return {
        "order_id": order.order_id,
        "perm_id": order.perm_id,
        "client_id": order.client_id,
        "account": ticket.account,
        "parent_id": ticket.parent_id,
        "oca_group": order.oca_group,
        "oca_type": order.oca_type,
        "action": ticket.action,
        "order_type": ticket.order_type,
        "tif": ticket.tif,
        "limit_price": ticket.limit_price,
        "stop_price": ticket.stop_price,
        "quantity": order.quantity,
        "filled": order.filled,
        "status": str(order.status),
        "order_ref": ticket.order_ref,
        "conditions": [list(row) for row in ticket.conditions],
        "cancel_on_condition": ticket.cancel_on_condition,
        "trail_amount": ticket.trail_amount,
        "trail_percent": ticket.trail_percent,
        "trail_stop": ticket.trail_stop,
        "limit_offset": ticket.limit_offset,
        "trigger_method": ticket.trigger_method,
        "good_after": ticket.good_after and ticket.good_after.isoformat(),
        "good_till": ticket.good_till and ticket.good_till.isoformat(),
        "outside_rth": ticket.outside_rth,
        "transmit": ticket.transmit,
        **_contract(gateway, ticket.con_id),
    }


def _fill(gateway: Gateway, fill: Fill) -> dict[str, Any]:
    return {
        "exec_id": fill.exec_id,
        "order_id": fill.order_id,
        "perm_id": fill.perm_id,
        "client_id": fill.client_id,
        "account": fill.account,
        "side": "BOT" if fill.buys else "SLD",
        "shares": fill.shares,
        "price": fill.price,
        "at": fill.at.isoformat(),
        "commission": fill.commission,
        **_contract(gateway, fill.con_id),
    }
