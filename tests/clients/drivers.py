"""Two makes of client in the same hands: ibapi in its own threads, @stoqey/ib in Node.

A driver sends by ibapi's names of requests and hears by ibapi's names of callbacks, whatever the make calls them.
Objects come as things with attributes.
"""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar
from unittest.mock import patch

from ibapi.client import EClient
from ibapi.order_cancel import OrderCancel
from ibapi.server_versions import MAX_CLIENT_VER
from ibapi.wrapper import EWrapper

from gateway.simulator.wire.protobuf import PROTOBUF
from tests.stand_in import wait_for
from tests.unit.simulator.asks import IBAPI, filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.node_client import Node

PATIENCE_SECONDS = 15.0


class Driver:
    """What both have in common: everything heard, in order."""

    name: str
    binary = False
    """Whether message ids are binary in its sessions: from server version 201 on."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self.exceptions: list[str] = []
        """What went wrong inside the client itself."""

    # -- saying ----------------------------------------------------------------------------------------------------

    def start(self, port: int, client_id: int) -> None:
        """Connect, and wait until the gateway has said who we are."""
        self.begin(port, client_id)
        self.wait("nextValidId")

    def again(self, port: int, client_id: int) -> None:
        """Connect once more, after the session has ended."""
        before = len(self.heard("nextValidId"))
        self.reconnect(port, client_id)
        self.wait("nextValidId", count=before + 1)

    def begin(self, port: int, client_id: int) -> None:
        """Connect, whatever comes of it."""
        raise NotImplementedError

    def reconnect(self, port: int, client_id: int) -> None:
        """The make's own way back."""
        raise NotImplementedError

    def ask(self, request: str, *values: Any) -> None:
        """Make a request by ibapi's name and values."""
        raise NotImplementedError

    def contract(self, **fields: Any) -> Any:
        raise NotImplementedError

    def order(self, **fields: Any) -> Any:
        raise NotImplementedError

    def stop(self) -> None:
        """Disconnect and end."""
        raise NotImplementedError

    # -- hearing ---------------------------------------------------------------------------------------------------

    def heard(self, name: str, *start: Any) -> list[tuple[Any, ...]]:
        """The values of all callbacks of a name, if given only those that begin with these."""
        return [args for event, args in list(self.events) if event == name and args[: len(start)] == start]

    def wait(self, name: str, *start: Any, count: int = 1) -> list[tuple[Any, ...]]:
        """The same, once there are so many."""
        return self.until(lambda: found if len(found := self.heard(name, *start)) >= count else [])

    def until[T](self, what: Callable[[], T]) -> T:
        """The first true thing, within bounds."""
        return wait_for(what, PATIENCE_SECONDS, lambda: [*self.exceptions, *self.errors(), *self.events[-20:]])

    def errors(self) -> list[tuple[int, int, str]]:
        """Number, code and text of everything said in message 4 but the notices about farms."""
        return [
            (number, code, text)
            for number, code, text, _ in self.heard("error")
            if not (number == -1 and 2100 <= code < 2200)
        ]

    def refusal(self, number: int) -> tuple[int, str]:
        """Code and text of the error that a request or order got."""
        found = self.until(lambda: [(code, text) for asked, code, text in self.errors() if asked == number])
        return found[-1]

    def story(self, order_id: int) -> list[str]:
        """What happened to an order, in order: `open Submitted`, `status Filled 1`, `execution`, `error 202`, …."""
        told: list[str] = []
        executions: set[str] = set()
        for name, args in list(self.events):
            if name == "openOrder" and args[0] == order_id:
                told.append(f"open {args[3].status}")
            elif name == "orderStatus" and args[0] == order_id:
                told.append(f"status {args[1]}")
            elif name == "execDetails" and args[2].orderId == order_id:
                executions.add(args[2].execId)
                told.append("execution")
            elif name == "commissionAndFeesReport" and args[0].execId in executions:
                told.append("commission")
            elif name == "error" and args[0] == order_id:
                told.append(f"error {args[1]}")
        return told

    def status(self, order_id: int) -> str:
        """The last word on an order."""
        found = self.heard("orderStatus", order_id)
        return str(found[-1][1]) if found else ""


class Ibapi(Driver):
    """ibapi with its own reader thread and message loop."""

    name = "ibapi"

    class _Client(EClient, EWrapper):  # type: ignore[misc]  # ibapi carries no types
        def __init__(self, events: list[tuple[str, tuple[Any, ...]]]) -> None:
            EClient.__init__(self, self)
            self._events = events

        def __getattribute__(self, name: str) -> Any:
            if name == "error":
                # The time in the middle is the client's own before server version 194.
                return lambda number, at, code, text, more="": self._events.append((name, (number, code, text, more)))
            if name in EWrapper.__dict__ and name != "logAnswer":
                return lambda *args: self._events.append((name, args))
            return object.__getattribute__(self, name)

    def __init__(self, newest: int = MAX_CLIENT_VER) -> None:
        super().__init__()
        self._client = self._Client(self.events)
        self.binary = newest >= PROTOBUF
        self._newest = newest
        """The highest server version that it offers to speak; below 201 all is text."""

    def begin(self, port: int, client_id: int) -> None:
        with patch("ibapi.client.MAX_CLIENT_VER", self._newest):
            self._client.connect("127.0.0.1", port, client_id)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def reconnect(self, port: int, client_id: int) -> None:
        """Its message loop ends with the session; a fresh client is the usual way."""
        self._thread.join(5)
        self._client = self._Client(self.events)
        self.begin(port, client_id)

    def _run(self) -> None:
        try:
            self._client.run()
        except Exception as error:
            self.exceptions.append(repr(error))

    def ask(self, request: str, *values: Any) -> None:
        if request in ("cancelOrder", "reqGlobalCancel"):
            values = (*values, OrderCancel())
        getattr(self._client, request)(*values)

    def contract(self, **fields: Any) -> Any:
        legs = [filled(IBAPI.ComboLeg(), **leg) for leg in fields.pop("comboLegs", [])]
        return filled(IBAPI.Contract(), **({"exchange": "SMART", "currency": "USD"} | fields), comboLegs=legs)

    def order(self, **fields: Any) -> Any:
        if "algoParams" in fields:
            fields["algoParams"] = [IBAPI.TagValue(*pair) for pair in fields["algoParams"]]
        fields["conditions"] = [_condition(**one) for one in fields.get("conditions", [])]
        return filled(IBAPI.Order(), **fields)

    def stop(self) -> None:
        # Its own disconnect() takes the server version from under the decoder that still runs (ibapi 10.45).
        if (connection := self._client.conn) is not None:
            connection.disconnect()
        self._thread.join(5)
        assert not self._thread.is_alive()


def _condition(kind: str, **fields: Any) -> Any:
    made = getattr(IBAPI, f"{kind}Condition")()
    conjunction = fields.pop("conjunction", "a")
    made.isConjunctionConnection = conjunction == "a"
    return filled(made, **fields)


class Stoqey(Driver):
    """@stoqey/ib in a Node process that does as it is told."""

    name = "stoqey"

    _CALLED: ClassVar = {"reqHeadTimeStamp": "reqHeadTimestamp", "cancelHeadTimeStamp": "cancelHeadTimestamp"}
    """Requests that it calls otherwise."""
    _OPTIONS: ClassVar = {
        "reqMktData": 5,
        "reqHistoricalData": 9,
        "reqHistoricalTicks": 8,
        "reqRealTimeBars": 5,
        "reqMktDepth": 4,
        "calculateImpliedVolatility": 4,
        "calculateOptionPrice": 4,
    }
    """Requests whose list of options it leaves out, and where that begins."""
    _HEARD: ClassVar = {"commissionReport": "commissionAndFeesReport", "contractDescriptions": "symbolSamples"}
    _TYPES: ClassVar = {"Price": 1, "Time": 3, "Margin": 4, "Execution": 5, "Volume": 6, "PercentChange": 7}
    _VALUES = ("price", "time", "percent", "volume", "changePercent")

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def begin(self, port: int, client_id: int) -> None:
        self._process = self._node.start("drive.cjs", str(port), str(client_id))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.ask("connect")

    def reconnect(self, port: int, client_id: int) -> None:
        self.ask("connect")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            name, *args = json.loads(line, object_hook=lambda found: SimpleNamespace(**found))
            if name == "exception":
                self.exceptions += args
            elif name == "error":
                text, code, number, more = args
                self.events.append(("error", (number, code, text, more)))
            elif name == "info":
                text, code, *_ = args
                self.events.append(("error", (-1, code, text, "")))
            elif name == "historicalData":
                self._bar(*args)
            else:
                if name.endswith("End") and args and isinstance(args[0], str) and args[0].isdigit():
                    args[0] = int(args[0])  # one of its ends says the number as text
                self.events.append((self._HEARD.get(name, name), tuple(args)))

    def _bar(self, number: int, date: str, *values: Any) -> None:
        if date.startswith("finished"):
            self.events.append(("historicalDataEnd", (number, date.removeprefix("finished-"))))
            return
        opened, high, low, close, volume, count, average, *_ = values
        bar = SimpleNamespace(
            date=date, open=opened, high=high, low=low, close=close, volume=volume, wap=average, barCount=count
        )
        self.events.append(("historicalData", (number, bar)))

    def ask(self, request: str, *values: Any) -> None:
        values = values[: self._OPTIONS.get(request, len(values))]
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([self._CALLED.get(request, request), *values]) + "\n")
        self._process.stdin.flush()

    def contract(self, **fields: Any) -> Any:
        named = {"primaryExchange": "primaryExch"}
        return {"exchange": "SMART", "currency": "USD"} | {named.get(key, key): one for key, one in fields.items()}

    def order(self, **fields: Any) -> Any:
        if "algoParams" in fields:
            fields["algoParams"] = [{"tag": tag, "value": value} for tag, value in fields["algoParams"]]
        fields["conditions"] = [self._condition(**one) for one in fields.get("conditions", [])]
        return {"transmit": True} | fields

    def _condition(self, kind: str, conjunction: str = "a", **fields: Any) -> Any:
        said = {"type": self._TYPES[kind], "conjunctionConnection": conjunction} | fields
        for value in self._VALUES:
            if value in fields:
                said["strValue"] = str(fields[value])
        return said

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            assert self._process.wait(5) == 0
        finally:
            self._process.kill()
        self._thread.join(5)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
