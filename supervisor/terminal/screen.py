"""Where it is drawn: a terminal has its own width and colours, a file or a pipe gets plain text."""

from typing import Final

from rich.console import Console, RenderableType

WIDE: Final = 160
"""Columns where nobody's terminal sets them."""
COLOURS: Final = {"down": "red", "degraded": "yellow", "starting": "cyan", "paused": "magenta", "trading": "green"}
"""Of the verdicts, the worst first."""
WHOSE: Final = {"nobody": "green", "supervisor": "yellow", "you": "bold red"}
RESULTS: Final = {"OK": "green", "FAIL": "bold red", "UNKNOWN": "yellow"}


def here() -> Console:
    """The console of standard output."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDE, no_color=True)


def show(drawn: RenderableType) -> None:
    """Print it once."""
    console = here()
    with console.capture() as text:
        console.print(drawn)
    # Cells are filled up to their column's width, which nobody wants to find in a file.
    print("\n".join(line.rstrip() for line in text.get().splitlines()))
