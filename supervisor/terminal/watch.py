"""`make watch`: the status and the last sentences, live, until interrupted.

Without a terminal it is a line for each thing that changes; with JSON=1 that line is the whole answer.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from supervisor.page.words import epoch, moment
from supervisor.terminal.overview import one, overview
from supervisor.terminal.screen import here
from supervisor.terminal.why import said

_SAID: Final = 8

type Look = Callable[[], Mapping[str, Any] | str]
"""The answer of `/api/v1/explain`, or why there is none."""


def live(look: Look, wait: Callable[[], None]) -> None:
    """Draw until interrupted; what was seen last stays."""
    console = here()
    drawn: RenderableType = "…"
    try:
        with Live(console=console, screen=True, auto_refresh=False) as screen:
            while True:
                answer = look()
                trouble = Padding(Text(answer, "bold red"), (1, 0, 0, 0)) if isinstance(answer, str) else None
                if not isinstance(answer, str):
                    drawn = picture(answer)
                screen.update(Group(drawn, trouble) if trouble is not None else drawn, refresh=True)
                wait()
    except KeyboardInterrupt:
        console.print(drawn)


def picture(answer: Mapping[str, Any]) -> RenderableType:
    """One tenant with its last sentences, or all of them."""
    if len(answer["tenants"]) != 1:
        return overview(answer)
    (row,) = answer["tenants"]
    now = epoch(answer["at"])
    return Group(one(row, now), Padding(Text("said last", "dim"), (1, 0, 0, 0)), said(row, now, _SAID))


def lines(look: Look, wait: Callable[[], None], *, as_json: bool) -> Iterator[str]:
    """A line for each change: of a verdict, of what is open, of who does what next."""
    before: object = None
    while True:
        answer = look()
        if isinstance(answer, str):
            now: object = answer
            told = [json.dumps({"version": 1, "error": answer}) if as_json else answer]
        else:
            now = [_stands(row) for row in answer["tenants"]]
            told = [json.dumps(answer)] if as_json else [_line(row, answer["at"]) for row in answer["tenants"]]
        if now != before:
            yield from told
            before = now
        wait()


def _line(row: Mapping[str, Any], at: str) -> str:
    name, verdict, open_, sentence = _stands(row)
    return f"{moment(epoch(at), epoch(at))}  {name}  {verdict}  {', '.join(open_) or '-'}  {sentence}"


def _stands(row: Mapping[str, Any]) -> tuple[str, str, list[str], str]:
    open_ = [incident["fault"] for incident in row["open"]]
    return row["name"], row["verdict"], open_, row["sentence"]
