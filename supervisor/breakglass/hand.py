"""Carries the plan out over a gateway's API, look by look, until the account is flat or the time is up."""

from collections import defaultdict
from collections.abc import Callable

from preflight.settings import Settings
from supervisor.breakglass.plan import REFERENCE, Cancel, Close, left, next_acts
from tws import codes
from tws.clock import Clock
from tws.errors import ClientIdInUse
from tws.orders import OrderSession
from tws.values import Notice, OpenOrder

CLIENT_ID = 921
LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
WITHIN_SECONDS = 60.0
QUIET_LOOKS = 2
"""Looks in a row that find nothing: an order that was on its way at the first is there at the second."""


async def flatten(settings: Settings, clock: Clock, say: Callable[[str], None]) -> list[str]:
    """Close what the accounts hold and cancel what works in them; returns what is left then, in words.

    `say` hears one line an act and a refusal. Orders of another account of the same login are not touched.

    Raises:
        TwsError: the gateway cannot be asked.
    """
    accounts = settings.accounts

    def heard(notice: Notice) -> None:
        if codes.ends_request(notice.code):
            say(f"the gateway says {notice.code}: {notice.text}")

    ends = clock.monotonic() + WITHIN_SECONDS
    quiet = 0
    connected: set[int] = set()
    async with await OrderSession.open(
        settings.gateway_host, settings.gateway_port, CLIENT_ID, timeout=PATIENCE_SECONDS, on_notice=heard, clock=clock
    ) as session:
        while True:
            positions = await session.positions(timeout=PATIENCE_SECONDS)
            orders = await session.open_orders(timeout=PATIENCE_SECONDS)
            open_ = [what for account in accounts for what in left(account, positions, orders)]
            # What a client keeps that is still connected will not go by waiting.
            ours = [order for order in orders if order.client_id not in connected]
            ours_to_do = [what for account in accounts for what in left(account, positions, ours)]
            quiet = 0 if ours_to_do else quiet + 1
            if quiet == QUIET_LOOKS or clock.monotonic() >= ends:
                return open_
            acts = [act for account in accounts for act in next_acts(account, positions, orders)]
            unwanted = [act.order for act in acts if isinstance(act, Cancel) and act.order.client_id not in connected]
            connected |= await _cancel(settings, clock, unwanted, session, say)
            for act in acts:
                if isinstance(act, Close):
                    where = f" in the group of its exits, {act.oca_group}" if act.oca_group else ""
                    say(f"{act.action} {act.quantity:f} {act.position.local_symbol} at the market{where}")
                    session.market(
                        act.position.account,
                        act.position.con_id,
                        act.action,
                        act.quantity,
                        oca_group=act.oca_group,
                        oca_type=act.oca_type,
                        reference=REFERENCE,
                    )
            await clock.sleep(LOOK_SECONDS)


async def _cancel(
    settings: Settings, clock: Clock, orders: list[OpenOrder], ours: OrderSession, say: Callable[[str], None]
) -> set[int]:
    """Each order by the id of the client that placed it: a gateway lets nobody else end it.

    Returns the ids of clients that are still connected, whose orders stay.
    """
    connected: set[int] = set()
    by_client: dict[int, list[OpenOrder]] = defaultdict(list)
    for order in orders:
        by_client[order.client_id].append(order)
    for client_id, its in sorted(by_client.items()):
        for order in its:
            say(f"cancelling {order.action} {order.remaining:f} {order.local_symbol} {order.order_type}")
        if client_id == ours.client_id:
            for order in its:
                ours.cancel(order.order_id)
            continue
        try:
            async with await OrderSession.open(
                settings.gateway_host, settings.gateway_port, client_id, timeout=PATIENCE_SECONDS, clock=clock
            ) as owner:
                for order in its:
                    owner.cancel(order.order_id)
                await owner.open_orders(timeout=PATIENCE_SECONDS)  # its answer comes after what was asked before it
        except ClientIdInUse:
            connected.add(client_id)
            say(f"client {client_id} is still connected and keeps its orders; stop it, and ask again")
    return connected
