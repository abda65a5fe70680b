"""The beat of the world: at every grid step orders are matched and subscribers are told what is new."""

import asyncio
import math

from gateway.simulator.api import accounts, bars, depth, market_data, news, real_time_bars, research, tick_by_tick
from gateway.simulator.api.gateway import Gateway
from gateway.simulator.market.process import STEP_SECONDS

_PNL_SECONDS = 1.0


class Pulse:
    """Drives one gateway. The exchange goes on while the API is closed or hangs."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._bar_end = 0
        self._pnl_at = 0.0

    async def run(self) -> None:
        """Beat until cancelled."""
        clock = self._gateway.clock
        while True:
            epoch = clock.now().timestamp()
            await clock.sleep((math.floor(epoch / STEP_SECONDS) + 1) * STEP_SECONDS - epoch + 0.001)
            for events in self._gateway.broker.pieces():
                self._gateway.tell(events)
                if not clock.hurries:  # nobody waits for the end of a step, and orders that come in need not
                    await asyncio.sleep(0)
            self._publish()

    def beat(self) -> None:
        """One step, all at once."""
        self._gateway.tell(self._gateway.broker.step())
        self._publish()

    def _publish(self) -> None:
        """Tell subscribers what is new."""
        gateway = self._gateway
        epoch = gateway.now().timestamp()
        bar_end = int(epoch) - int(epoch) % real_time_bars.SECONDS
        new_bar, self._bar_end = bar_end != self._bar_end, bar_end
        monotonic = gateway.clock.monotonic()
        new_pnl = monotonic - self._pnl_at >= _PNL_SECONDS
        if new_pnl:
            self._pnl_at = monotonic
        step = gateway.step()
        moved = gateway.broker.take_moved()
        for session in gateway.started():
            accounts.tell(session, moved, monotonic, new_profit=new_pnl)
            if gateway.upstream_lost:
                bars.lose_live_bars(session)
            if not gateway.ticking:
                continue
            if session.clogged:
                gateway.tally.ticks_dropped += session.lines
                continue
            market_data.publish(session, step)
            tick_by_tick.publish(session, step)
            depth.publish(session, step)
            if new_bar:
                real_time_bars.publish(session, bar_end)
                bars.publish_live_bars(session, epoch)
                research.publish_scans(session, epoch)
                news.publish_bulletins(session)
                market_data.publish_news(session)
