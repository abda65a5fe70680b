"""The broker's books against the engine's. It never trades: it finds, and others tell, hold and reconcile.

The broker wins. What it says is compared with the engine's word only once both have stood still for a moment, since a
fill reaches one of them before the other. Pure: each function answers with a finding, that all is well, or that nobody
can tell now.
"""

from collections.abc import Iterable
from dataclasses import replace

from supervisor import faults
from supervisor.diagnosis import Diagnosis
from supervisor.faults import FAULTS, Fault
from supervisor.memory import Memory
from supervisor.observation import Audit, EngineView, EngineWord, Held, Result, SentinelView, SessionPhase, Subject
from supervisor.policy import Policy
from supervisor.rules import Rules
from tws.exits import closed_by, closes, exits_of
from tws.values import OpenOrder

WELL, UNKNOWN = Result.OK, Result.UNKNOWN

type Verdict = Diagnosis | Result
"""What stands, or that it does not (OK), or that nobody can tell (UNKNOWN)."""

BY_HAND = 0
"""The client id of orders given in TWS itself; some of them carry a negative one."""
ENGINES = range(1, 6)
"""Client ids of engines: the adapter takes the next when one is in use."""
OURS = range(900, 930)
"""Client ids of the supervisor and its tools, which order nothing."""

SETTLED = 0.75
"""An engine's word counts from this long after the broker's last change: it writes its books twice a second."""
UNANSWERED = 5.0
"""An order that nobody has acknowledged for this long."""
BRACKET = 2.0
"""An exit may be refused this long before its entry fills."""
CUT_OFF = 300.0
"""From this long before its last session ends a position should be gone."""

_NAMED = 5


def pace(memory: Memory, exposed: bool, policy: Policy) -> float:
    """How often to ask for working orders: fast while a finding waits for its second look."""
    if any(FAULTS[name].subject is Subject.ACCOUNT for name, _ in memory.changing):
        return policy.fast_interval
    return policy.audit_exposed if exposed or memory.open else policy.audit_interval


def word_of_broker(sentinel: SentinelView, now: float, policy: Policy) -> Audit | None:
    """The audit, while it can be trusted: of this session, which answers and whose gateway has its broker."""
    audit = sentinel.audit
    if sentinel.phase is not SessionPhase.READY or sentinel.opened_at is None or audit is None:
        return None
    if sentinel.heart.result is not Result.OK or sentinel.upstream_lost_at is not None:
        return None
    return audit if audit.since >= sentinel.opened_at and now - audit.at <= 1.5 * policy.audit_interval else None


def second_engine(audit: Audit, engine: EngineView, now: float, rules: Rules) -> Verdict:
    """Fault 31: orders of a client that is nobody's here, or that another engine placed while ours had its own id."""
    spoke = _trades(engine)
    known = {order.ref for order in engine.working}
    found = []
    for row in audit.resting:
        order = row.order
        if not rules.traded(order.account) or order.client_id <= BY_HAND or order.client_id in OURS:
            continue
        if order.client_id not in ENGINES:
            found.append(order)
        elif spoke and order.client_id != engine.client_id and _ref(order) not in known:
            placed_since = row.missing_at is not None and row.missing_at >= engine.client_since
            found += [order] if placed_since else []
    if found:
        return _found(faults.SECOND_ENGINE, audit.asked_at, (f"client {o.client_id} has {_order(o)}" for o in found))
    return WELL if spoke or not rules.engine_api else UNKNOWN  # one without an API of ours never speaks


def order_unacked(audit: Audit, engine: EngineView, now: float, rules: Rules) -> Verdict:
    """Fault 33: submitted by the engine's word, acknowledged by nobody, and not among the broker's orders."""
    if not _trades(engine):
        return UNKNOWN
    at_broker = {_ref(row.order) for row in audit.resting}
    ages = {
        order.ref: order.unanswered_seconds
        for order in engine.working
        if order.unanswered_seconds is not None and order.ref not in at_broker and _of(order.account, rules) is not None
    }
    late = [ref for ref, age in ages.items() if age > UNANSWERED]
    if not late:
        return WELL
    oldest = max(ages[ref] or 0.0 for ref in late)
    asked_late_enough = audit.asked_at >= engine.look.at - oldest + SETTLED
    if not asked_late_enough or not _settled(engine, audit.at):
        return UNKNOWN
    names = (f"{o.ref} ({o.name}) has had no answer for {ages[o.ref]:.0f} s" for o in engine.working if o.ref in late)
    return _found(faults.ORDER_UNACKED, engine.look.at - oldest, names)


def exit_rejected(audit: Audit, engine: EngineView, now: float, rules: Rules) -> Verdict:
    """Fault 34: an order that would have closed a position which still stands was refused."""
    if not _trades(engine):
        return UNKNOWN
    held = {(_of(row.position.account, rules), row.position.con_id): row for row in _held(audit, rules)}
    found = []
    for refusal in engine.refused:
        row = held.get((_of(refusal.account, rules), refusal.con_id)) if refusal.con_id is not None else None
        # The exits of an entry that was refused as well are no exits of what a later entry opened.
        meant = row is not None and engine.look.at - refusal.seconds_ago >= row.since - BRACKET
        if row is not None and meant and closes(refusal.side, row.position.quantity):
            found.append(f"{refusal.ref}, exit of {_position(row, rules)}, was refused: {refusal.reason}")
    return _found(faults.EXIT_REJECTED, engine.look.at, found) if found else WELL


def naked_position(audit: Audit, engine: EngineView, now: float, rules: Rules) -> Verdict:
    """Fault 35: a position that no working orders would close in full."""
    found, changing = [], False
    for row in _held(audit, rules):
        exits = exits_of(row.position, [resting.order for resting in audit.resting])
        closed = closed_by(exits)
        if closed >= abs(row.position.quantity):
            continue
        if audit.asked_at < row.since:
            changing = True
            continue
        refs = ", ".join(_ref(order) or str(order.perm_id) for order in exits)
        found.append(f"{_position(row, rules)} has exits for {closed:f}" + (f" ({refs})" if refs else ""))
    if found:
        return _found(faults.NAKED_POSITION, audit.asked_at, found)
    return UNKNOWN if changing else WELL


def unknown_position(audit: Audit, engine: EngineView, now: float, rules: Rules) -> Verdict:
    """Fault 36: a position of another size at the broker than in the engine's books."""
    if not _trades(engine):
        return UNKNOWN
    theirs: dict[tuple[str, int], tuple[float, float, str]] = {}
    for row in audit.held:
        account = _of(row.position.account, rules)
        if account is not None:
            size, since, _ = theirs.get((account, row.position.con_id), (0.0, audit.since, ""))
            size += float(row.position.quantity)
            theirs[account, row.position.con_id] = (size, max(since, row.since), row.position.local_symbol)
    ours: dict[tuple[str, int], tuple[float, str]] = {}
    for position in engine.held:
        account = _of(position.account, rules)
        if account is not None:
            key = (account, position.con_id or 0)  # without a number it can only be the engine's alone
            ours[key] = (ours.get(key, (0.0, ""))[0] + position.quantity, position.name)
    found, changing = [], False
    for account, con_id in sorted(theirs.keys() | ours.keys()):
        size, since, symbol = theirs.get((account, con_id), (0.0, audit.since, ""))
        known, name = ours.get((account, con_id), (0.0, ""))
        if abs(size - known) < 1e-9:
            continue
        if not _settled(engine, since):
            changing = True
            continue
        where = f"contract {con_id}{_where(account, rules)}"
        found.append(f"the broker has {size:g} {symbol or name} ({where}), the engine {known:g}")
    if found:
        return replace(_found(faults.UNKNOWN_POSITION, audit.at, found), amiss="; ".join(found))
    return UNKNOWN if changing else WELL


def late_position(audit: Audit, engine: EngineView, now: float, rules: Rules) -> Verdict:
    """Fault 37: a position whose last session is about to end, by the broker's own hours for the contract."""
    found, since = [], now
    for row in _held(audit, rules):
        if row.expires_at is not None and now >= row.expires_at - CUT_OFF:
            found.append(f"{_position(row, rules)} trades for {max(0.0, row.expires_at - now) / 60:.0f} min more")
            since = min(since, row.expires_at - CUT_OFF)
    return _found(faults.LATE_POSITION, since, found) if found else WELL


# -- what the books say ------------------------------------------------------------------------------------------------


def _of(account: str, rules: Rules) -> str | None:
    """The account whose books these are; None for one that is not the engine's here. Empty where any will do."""
    account = account or rules.account
    return (account if rules.account else "") if rules.traded(account) else None


def _held(audit: Audit, rules: Rules) -> list[Held]:
    return [row for row in audit.held if row.position.quantity and rules.traded(row.position.account)]


def _trades(engine: EngineView) -> bool:
    """Whether the engine's word on its books counts: before TRADING they are not reconciled."""
    return engine.look.result is Result.OK and engine.word is EngineWord.TRADING


def _settled(engine: EngineView, since: float) -> bool:
    """Whether the engine was asked long enough after what the broker said."""
    return engine.look.at - engine.look.seconds >= since + SETTLED


# -- in words ----------------------------------------------------------------------------------------------------------


def _found(fault: Fault, since: float, sentences: Iterable[str]) -> Diagnosis:
    said = list(sentences)
    more = f"; and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return Diagnosis(fault, since, since, True, "; ".join(said[:_NAMED]) + more)


def _ref(order: OpenOrder) -> str:
    """The engine's own id of an order; the adapter writes the broker's number behind it."""
    return order.order_ref.rsplit(":", 1)[0]


def _order(order: OpenOrder) -> str:
    return (
        f"{order.action} {order.remaining:f} {order.local_symbol} {order.order_type} ({_ref(order) or order.perm_id})"
    )


def _position(row: Held, rules: Rules) -> str:
    position = row.position
    return (
        f"{position.quantity:f} {position.local_symbol} (contract {position.con_id}{_where(position.account, rules)})"
    )


def _where(account: str, rules: Rules) -> str:
    """The account, where there are several."""
    return f", account {account}" if rules.further_accounts else ""
