"""The machine: one pure step from what is remembered and what is seen to what is remembered and what is to be done.

Level-triggered: every turn re-reads the whole observation, takes at most one act, and says one sentence. It never
waits, never looks at a clock, and never touches the world; `loop` does that.

`step` is the order of a turn. Each of its lines is a module that reads and writes one scratch pad, `pad.Pad`, whose
`move` is the only place where a state changes, along the edges of `states`.
"""

from typing import NamedTuple

from supervisor import acts, conditions, engine_state, gateway_state, incidents, intake
from supervisor.memory import Act, Action, Memory
from supervisor.observation import Observation
from supervisor.pad import Pad
from supervisor.rules import Rules


class Turn(NamedTuple):
    """What a step gives back."""

    memory: Memory
    actions: tuple[Action, ...]
    sentence: str


def step(memory: Memory, observation: Observation, now: float, rules: Rules) -> Turn:
    """One turn. Total: every observation has an answer."""
    pad = Pad(memory, observation, now, rules)
    # What came in since the last turn.
    intake.take_outcomes(pad)
    intake.take_events(pad)
    intake.take_containers(pad)
    intake.take_looks(pad)
    # What is true now. The engine is judged by what its gateway is.
    gateway_state.judge(pad)
    engine_state.judge(pad)
    incidents.keep(pad)
    conditions.judge(pad)
    # What is to be done about it.
    acts.act(pad)
    incidents.hold_entries(pad)
    return Turn(pad.remembered(), tuple(pad.out), _sentence(pad))


def _sentence(pad: Pad) -> str:
    """What a person would want to hear of this turn. Same news, same words: it is logged when it changes."""
    parts = [f"gateway {pad.gateway.state}", f"engine {pad.engine.state}"]
    for name, finding in (("gateway", pad.gateway_finding), ("engine", pad.engine_finding)):
        if finding is not None:
            parts.append(f"{name} has {finding.fault.name} ({finding.why})")
    if pad.observation.blind:
        parts.append("blind: the Docker API does not answer")
    turn = pad.observation.turn
    if turn is not None and turn.since is not None and pad.why_not != turn.words:
        parts.append(turn.words)
    if pad.why_not:
        parts.append(pad.why_not)
    parts += [f"now {action.rung}: {action.reason}" for action in pad.out if isinstance(action, Act)]
    text = f"{pad.rules.tenant}: " + "; ".join(parts)
    text = f"PAUSE: {text}" if pad.observation.paused else text
    return f"DRY RUN: {text}" if pad.rules.dry_run else text
