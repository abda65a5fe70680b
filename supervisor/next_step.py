"""Who does something next about a tenant, and what: the same words on the page and on the terminal. Pure."""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from supervisor.faults import FAULTS, Page
from supervisor.page.remedies import YOURS, page_of
from supervisor.page.words import epoch, lasting, moment

type Who = Literal["nobody", "supervisor", "you"]


class NextStep(TypedDict):
    """`page` tells more of it, by its path under docs."""

    who: Who
    sentence: str
    page: str | None


def next_step(row: Mapping[str, Any], now: float) -> NextStep:
    """By a tenant's row of the status, without this. A person's part comes first: nobody else does it.

    Args:
        row: the row.
        now: epoch seconds.
    """
    who, text, fault = _next(row, now)
    return {"who": who, "sentence": text, "page": page_of(fault) if fault is not None else None}


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _next(row: Mapping[str, Any], now: float) -> tuple[Who, str, str | None]:
    """Who, what, and the fault that it is about."""
    login, act, withheld = row["gateway"]["login"], row["act"], row["withheld"]
    if row["blind"]:
        return "you", "The supervisor is blind: Docker does not answer it, so it acts on nothing.", "blind"
    for one in row["open"]:
        if one["outcome"] == "gave_up":
            text = f"The supervisor has given up on {one['fault']}: what it may do is done."
            return "you", f"{text} {YOURS.get(one['fault'], '')}".rstrip(), one["fault"]
    for one in row["open"]:
        if one["fault"] in YOURS:
            return "you", YOURS[one["fault"]], one["fault"]
    if login["hold"] is not None:
        return "you", sentence(login["sentence"]), "weekly-token"
    first = row["open"][0]["fault"] if row["open"] else None
    if login.get("turn") is not None:  # an older supervisor has no word for it
        return "supervisor", f"It {login['sentence']}.", first
    if act is not None:
        lasts = lasting(now - epoch(act["at"]))
        return "supervisor", f"The supervisor is at work: {act['rung']} for {lasts}, because of {act['reason']}.", first
    if withheld is not None and row["pause"] is not None:
        return "you", f"{withheld['rung']} is due and waits for you: `make resume` ends the pause.", first
    if withheld is not None:
        return "supervisor", f"{withheld['rung']} is due and not done: {withheld['why']}.", first
    if row["pause"] is not None:
        until = row["pause"]["until"]
        ends = f"until {moment(epoch(until), now)}" if until is not None else "until somebody resumes"
        return "nobody", f"No restarts {ends}: {row['pause']['reason']}.", None
    harmless = [one["fault"] for one in row["open"] if _is_harmless(one["fault"])]
    if row["verdict"] == "trading" and harmless and len(harmless) == len(row["open"]):
        return "nobody", f"Nothing needs to be done now; to be looked at some time: {', '.join(harmless)}.", harmless[0]
    if first is not None:
        return "supervisor", f"The supervisor is on it: {FAULTS[first].answer}.", first
    if row["engine"]["halted"]:
        return "you", "The engine is halted: it opens nothing, its exits stay. `make halt LIFT=1` ends that.", None
    if row["verdict"] == "trading":
        return "nobody", "Nothing needs to be done.", None
    if row["verdict"] == "starting":
        return "supervisor", sentence(row["engine"]["sentence"] or row["sentence"]), None
    return "supervisor", sentence(row["sentence"]), None


def _is_harmless(fault: str) -> bool:
    """Nobody acts upon it and nobody is called: it is a warning."""
    row = FAULTS[fault]
    return row.standing and row.page is Page.NO and not row.holds and not row.rungs and not row.resyncs
