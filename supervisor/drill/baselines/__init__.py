"""What people use instead, met with the same injections on the same stack, with our supervisor stopped.

Each keeper is a context in which it is at work; it gives a question: has it traded again since that moment? For the
three behind which our engine runs, that is the engine's own word: TRADING (session up, data flowing, its books
reconciled), and that word younger than the fault. Started without the supervisor's clearance it would wait for ever, so
`engine-exit` is not asked of them. For ib_async's Watchdog it is a tick of SPY on a session opened after the fault, or,
where the session stayed, on the old one after a silence: it has no engine behind it.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager

from supervisor.drill.baselines import autoheal, docker_policy, nautilus, watchdog
from supervisor.drill.stack import Stack
from tws.clock import Clock

type Traded = Callable[[float], Awaitable[bool]]
"""Whether it trades again, by evidence from after that monotonic second."""

type Keeper = Callable[[Stack, str, Clock], AbstractAsyncContextManager[Traded]]
"""At work on that stack, in that profile of the stand-in."""

KEEPERS: Mapping[str, Keeper] = {
    "docker-policy": docker_policy.keeping,
    "tcp-check-and-autoheal": autoheal.keeping,
    "nautilus-alone": nautilus.keeping,
    "ib-async-watchdog": watchdog.keeping,
}
