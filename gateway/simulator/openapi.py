"""The control port described by the OpenAPI standard, as data. Each fault's parameters come from the fault."""

from typing import Any

from gateway.simulator.faults.catalogue import FAULTS
from gateway.simulator.faults.fault import Fault, Parameter, parameters
from gateway.simulator.faults.reading import common_parameters
from gateway.simulator.login_state import Phase

_TEXT = {"type": "string"}
_MOMENT = {"type": "string", "format": "date-time"}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_FLAG = {"type": "boolean"}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _json(what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _refused(*statuses: str) -> dict[str, Any]:
    return {status: _json("refused; nothing has changed", _named("Error")) for status in statuses}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    if parameter.name == "start":
        return {"description": parameter.meaning, "anyOf": [{"type": "number", "minimum": 0}, _MOMENT]}
    schema: dict[str, Any] = {"type": parameter.kind, "description": parameter.meaning}
    if parameter.lowest is not None:
        schema["minimum"] = parameter.lowest
    if parameter.highest is not None:
        schema["maximum"] = parameter.highest
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _fault(kind: type[Fault]) -> dict[str, Any]:
    """The body with which a fault may be begun."""
    every = common_parameters(kind) | {one.name: one for one in parameters(kind)}
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "properties": {name: _parameter(one) for name, one in every.items()},
        "additionalProperties": False,
    }


_CONTRACT = {"con_id": _WHOLE, "local_symbol": _TEXT, "symbol": _TEXT, "sec_type": _TEXT}

_ORDER = _object(
    {
        "order_id": _WHOLE,
        "perm_id": _WHOLE,
        "client_id": _WHOLE,
        "account": _TEXT,
        "parent_id": _WHOLE,
        "oca_group": _TEXT,
        "oca_type": _WHOLE,
        "action": {"type": "string", "enum": ["BUY", "SELL"]},
        "order_type": _TEXT,
        "tif": _TEXT,
        "limit_price": _maybe(_NUMBER),
        "stop_price": _maybe(_NUMBER),
        "quantity": _NUMBER,
        "filled": _NUMBER,
        "status": _TEXT,
        "order_ref": _TEXT,
        "conditions": _list(_list(_TEXT)),
        "cancel_on_condition": _FLAG,
        "trail_amount": _maybe(_NUMBER),
        "trail_percent": _maybe(_NUMBER),
        "trail_stop": _maybe(_NUMBER),
        "limit_offset": _maybe(_NUMBER),
        "trigger_method": _WHOLE,
        "good_after": _maybe(_MOMENT),
        "good_till": _maybe(_MOMENT),
        "outside_rth": _FLAG,
        "transmit": _FLAG,
        **_CONTRACT,
    }
)

_EXECUTION = _object(
    {
        "exec_id": _TEXT,
        "order_id": _WHOLE,
        "perm_id": _WHOLE,
        "client_id": _WHOLE,
        "account": _TEXT,
        "side": {"type": "string", "enum": ["BOT", "SLD"]},
        "shares": _NUMBER,
        "price": _NUMBER,
        "at": _MOMENT,
        "commission": _NUMBER,
        **_CONTRACT,
    }
)

_POSITION = _object({**_CONTRACT, "account": _TEXT, "quantity": _NUMBER, "average_cost": _NUMBER})

_BOOK = {
    "account": _TEXT,
    "positions": _list(_named("Position")),
    "orders": _list(_named("Order")),
    "executions": _list(_named("Execution")),
}

_LOGIN = {
    "phase": {"type": "string", "enum": [str(phase) for phase in Phase]},
    "boot_id": _TEXT,
    "started_at": _MOMENT,
    "logins": _WHOLE,
    "pushes": _WHOLE,
    "has_token": {"type": "boolean"},
}

_SCHEMAS: dict[str, Any] = {
    "Error": _object({"error": _TEXT}),
    "Time": _object({"now": _MOMENT, "speed": _NUMBER}),
    "Move": {
        "oneOf": [
            _object({"advance": {"type": "number", "minimum": 0, "maximum": 604_800}}),
            _object({"speed": {"type": "number", "minimum": 0, "maximum": 100_000}}),
        ]
    },
    "Answer": _object({"answer": {"type": "string", "enum": ["approve", "refuse"]}}),
    "Entry": _object(
        {
            "con_id": _WHOLE,
            "action": {"type": "string", "enum": ["BUY", "SELL"]},
            "quantity": {"type": "number", "exclusiveMinimum": 0},
            "limit_price": _maybe(_NUMBER),
            "tif": {"type": "string", "enum": ["DAY", "GTC"], "default": "DAY"},
            "client_id": {"type": "integer", "minimum": 0, "default": 0},
        },
        optional=("limit_price", "tif", "client_id"),
    ),
    "Order": _ORDER,
    "Execution": _EXECUTION,
    "Position": _POSITION,
    "Book": _object(_BOOK),
    "Status": _object(
        {
            "version": _WHOLE,
            **_LOGIN,
            "account": _TEXT,
            "server_version": _WHOLE,
            "time_zone": _TEXT,
            "clients": _list(_WHOLE),
            "faults": _list(_TEXT),
        }
    ),
    "State": _object(
        {
            **_BOOK,
            "accounts": _list(
                _object(
                    {
                        "account": _TEXT,
                        "cash": _NUMBER,
                        "net_liquidation": _NUMBER,
                        "realized": _NUMBER,
                        "unrealized": _NUMBER,
                    }
                )
            ),
            "time": _named("Time"),
            "login": _object(_LOGIN),
            "clients": _list(_object({"client_id": _WHOLE, "server_version": _WHOLE, "lines": _WHOLE})),
            "faults": _list(_named("Case")),
            "configuration": _object(
                {
                    "all": {"type": "object", "description": "Every setting of reqConfig, by its path"},
                    "changed": {"type": "object", "description": "Those that are kept and win over the environment"},
                    "waiting": _list(_TEXT),
                }
            ),
        }
    ),
    "Case": _object(
        {
            "id": _WHOLE,
            "name": _TEXT,
            "on": {"type": "boolean"},
            "begins": _MOMENT,
            "ends": _maybe(_MOMENT),
            "parameters": {"type": "object"},
            "hit_at_monotonic_ns": _maybe(_WHOLE),
        }
    ),
    "Faults": _object({"faults": _list(_TEXT), "active": _list(_TEXT), "cases": _list(_named("Case"))}),
    "Effect": _object({"fault": _TEXT, "effective_at_monotonic_ns": _WHOLE, "cases": _list(_named("Case"))}),
}


def _look(summary: str, schema: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _json(summary, _named(schema))}}


def _look_plain(summary: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": summary, "content": {"text/plain": {}}}}}


_NAME = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string", "enum": list(FAULTS)}}]

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Watchkeeper's stand-in gateway: control port",
        "version": "1",
        "description": "Looks at the stand-in, breaks it, and moves it through time. 4xx: nothing has changed.",
    },
    "paths": {
        "/healthz": {"get": _look_plain("The process answers")},
        "/metrics": {"get": _look_plain("Its figures, for Prometheus")},
        "/openapi.json": {
            "get": {"summary": "This", "responses": {"200": _json("This", {"type": "object"})}},
        },
        "/state": {"get": _look("The broker's truth and the gateway's state, at one moment", "State")},
        "/api/v1/status": {"get": _look("How the gateway is", "Status")},
        "/api/v1/book": {"get": _look("Positions, orders and executions on record", "Book")},
        "/api/v1/time": {
            "get": _look("The world's clock", "Time"),
            "post": {
                "summary": "Step the world's clock, or set its speed (0: it stands)",
                "requestBody": {"content": {"application/json": {"schema": _named("Move")}}, "required": True},
                "responses": {"200": _json("The clock after that", _named("Time")), **_refused("400", "413")},
            },
        },
        "/api/v1/push": {
            "post": {
                "summary": "Answer the push on the phone that a login waits for",
                "requestBody": {"content": {"application/json": {"schema": _named("Answer")}}, "required": True},
                "responses": {"200": _json("How the gateway is", _named("Status")), **_refused("400", "409", "413")},
            },
        },
        "/api/v1/orders": {
            "post": {
                "summary": "Enter an order by hand, as at the gateway's own screen, or as another program's",
                "requestBody": {"content": {"application/json": {"schema": _named("Entry")}}, "required": True},
                "responses": {"200": _json("The record after that", _named("Book")), **_refused("400", "413")},
            },
        },
        "/api/v1/orders/{perm_id}": {
            "parameters": [{"name": "perm_id", "in": "path", "required": True, "schema": _WHOLE}],
            "delete": {
                "summary": "Cancel anybody's order by hand, as at the gateway's own screen",
                "responses": {"200": _json("The record after that", _named("Book")), **_refused("404", "409")},
            },
        },
        "/api/v1/faults": {
            "get": _look("Which faults there are, and which are on or to come", "Faults"),
            "delete": _look("End everything that can be ended, and forget what was to come", "Effect"),
        },
        "/api/v1/faults/{name}": {
            "parameters": _NAME,
            "post": {
                "summary": "Begin a fault; without a body, at once and with its defaults",
                "requestBody": {
                    "content": {"application/json": {"schema": {"anyOf": [_named(f"fault.{name}") for name in FAULTS]}}}
                },
                "responses": {
                    "200": _json("It is effective", _named("Effect")),
                    "202": _json("It will begin", _named("Effect")),
                    **_refused("400", "404", "413"),
                },
            },
            "delete": {
                "summary": "End a fault, and forget those of its name that were to come",
                "responses": {"200": _json("It is over", _named("Effect")), **_refused("404", "409")},
            },
        },
    },
    "components": {"schemas": _SCHEMAS | {f"fault.{name}": _fault(kind) for name, kind in FAULTS.items()}},
}
