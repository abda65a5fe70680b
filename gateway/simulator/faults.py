"""What can be made to go wrong, and what it looks like on the wire."""

import asyncio
import os
from collections.abc import Awaitable, Callable

from gateway.simulator.api.gateway import HISTORY_FARM, MARKET_FARMS, SECDEF_FARM, Gateway, farm_notices
from gateway.simulator.api.server import ApiServer
from gateway.simulator.lifecycle import Lifecycle
from tws import codes

_LAST_WORDS = 0.05
"""Seconds in which a crashing process still answers the request that made it crash."""

type Act = Callable[[], Awaitable[None]]


class Faults:
    """Switches faults on and off. Each is effective when its method returns."""

    def __init__(self, gateway: Gateway, server: ApiServer, lifecycle: Lifecycle) -> None:
        self._gateway = gateway
        self._server = server
        self._lifecycle = lifecycle
        self.active: set[str] = set()
        self._on: dict[str, Act] = {
            "crash": self._crash,
            "jvm-dead": lifecycle.die,
            "hang": self._hang,
            "half-open": self._half_open,
            "upstream-lost": self._lose_upstream,
            "data-lost": self._lose_data,
            "market-farm": self._break_farm,
        }
        self._off: dict[str, Act] = {
            "hang": self._unhang,
            "half-open": self._end_half_open,
            "upstream-lost": self._restore_upstream,
            "market-farm": self._mend_farm,
        }

    @property
    def names(self) -> list[str]:
        """Every fault there is."""
        return list(self._on)

    def curable(self, name: str) -> bool:
        """Whether it can be switched off again without a restart of the container."""
        return name in self._off

    async def begin(self, name: str) -> None:
        """Switch a fault on.

        Raises:
            KeyError: there is no such fault.
        """
        act = self._on[name]
        tally = self._gateway.tally
        tally.faults[name] = tally.faults.get(name, 0) + 1
        if name in self.active:
            return
        if name != "data-lost":
            self.active.add(name)
        await act()

    async def end(self, name: str) -> None:
        """Switch a fault off; nothing happens if it is not on.

        Raises:
            KeyError: there is no such fault, or it cannot be switched off.
        """
        act = self._off[name]
        if name in self.active:
            self.active.discard(name)
            await act()

    def restarted(self) -> None:
        """A soft restart has cured what lives in the JVM."""
        self.active -= {"hang", "half-open"}

    async def _crash(self) -> None:
        """Cut everybody off as the system does for a dead process, and be dead once the caller has its answer."""
        await self._server.close()
        asyncio.get_running_loop().call_later(_LAST_WORDS, os._exit, 1)

    async def _hang(self) -> None:
        self._server.hang()

    async def _unhang(self) -> None:
        self._server.unhang()

    async def _half_open(self) -> None:
        self._server.half_open()

    async def _end_half_open(self) -> None:
        self._server.end_half_open()

    async def _lose_upstream(self) -> None:
        self._gateway.upstream_lost = True
        self._gateway.broker.connected = False
        self._gateway.tell_all(codes.UPSTREAM_LOST, codes.CODES[codes.UPSTREAM_LOST].text)

    async def _restore_upstream(self) -> None:
        self._back()
        farms = "; ".join((*MARKET_FARMS, HISTORY_FARM, SECDEF_FARM))
        text = f"{codes.CODES[codes.UPSTREAM_BACK].text} All data farms are connected: {farms}."
        self._gateway.tell_all(codes.UPSTREAM_BACK, text)

    async def _lose_data(self) -> None:
        """1101: the link is back, if it was away, and every subscription is gone."""
        self.active.discard("upstream-lost")
        self._back()
        for session in self._gateway.started():
            session.drop_market_data()
        self._gateway.tell_all(codes.UPSTREAM_BACK_DATA_LOST, codes.CODES[codes.UPSTREAM_BACK_DATA_LOST].text)
        for code, text in farm_notices():
            self._gateway.tell_all(code, text)

    def _back(self) -> None:
        self._gateway.upstream_lost = False
        self._gateway.broker.connected = True

    async def _break_farm(self) -> None:
        self._gateway.market_farm_broken = True
        for farm in MARKET_FARMS:
            self._gateway.tell_all(codes.MARKET_FARM_BROKEN, codes.CODES[codes.MARKET_FARM_BROKEN].text + farm)

    async def _mend_farm(self) -> None:
        self._gateway.market_farm_broken = False
        for farm in MARKET_FARMS:
            self._gateway.tell_all(codes.MARKET_FARM_CONNECTING, codes.CODES[codes.MARKET_FARM_CONNECTING].text + farm)
            self._gateway.tell_all(codes.MARKET_FARM_OK, codes.CODES[codes.MARKET_FARM_OK].text + farm)
