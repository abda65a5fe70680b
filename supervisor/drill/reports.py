"""`make report`: a page with plots of drills (JSON lines) or of soaks (one JSON object a file) that were run here."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from supervisor.drill import page, soak_page
from supervisor.drill.house import ROOT
from supervisor.drill.records import read


def soaks(files: Sequence[Path], folder: Path) -> Path:
    """Write soak.md, and a plot for each report that tells its course. Raises: ValueError, OSError, ImportError."""
    from supervisor.drill import soak_plot

    reports: list[tuple[str, dict[str, Any]]] = []
    plots: dict[str, str] = {}
    for file in files:
        report: Any = json.loads(file.read_text())
        if not isinstance(report, dict) or "found" not in report:
            raise ValueError(f"{file}: expected the report of a soak, found something else")
        path = os.path.relpath(file, folder)
        reports.append((path, report))
        if report.get("course"):
            plot = (folder / "data" if (folder / "data").is_dir() else folder) / f"{file.stem}.png"
            soak_plot.draw(report, plot)
            plots[path] = os.path.relpath(plot, folder)
    written = folder / "soak.md"
    written.write_text(soak_page.page(reports, plots))
    return written


def drills(files: Sequence[Path], folder: Path) -> Path:
    """Write drills.md and its plot. Raises: ValueError, OSError, ImportError."""
    from supervisor.drill import plot

    runs = read(files)
    plot.draw(runs, folder / "drills.png")
    written = folder / "drills.md"
    written.write_text(page.page(runs, [os.path.relpath(file, folder) for file in files], "drills.png"))
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make report", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="what `make drill` or `make soak` wrote")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "report")
    asked = parser.parse_args(arguments)
    of_drills = [file for file in asked.files if file.suffix == ".jsonl"]
    of_soaks = [file for file in asked.files if file.suffix == ".json"]
    try:
        if not asked.files or len(of_drills) + len(of_soaks) < len(asked.files):
            raise ValueError("expected FROM=FILE, .jsonl of a drill or .json of a soak, found none or another")
        asked.folder.mkdir(parents=True, exist_ok=True)
        written = [write(files, asked.folder) for write, files in ((drills, of_drills), (soaks, of_soaks)) if files]
    except ImportError as error:
        return _refused(f"expected matplotlib for the plots, found: {error}; run: scripts/bootstrap")
    except (KeyError, TypeError, ValueError, OSError) as error:
        return _refused(str(error))
    print("\n".join(map(str, written)))
    return 0


def _refused(why: str) -> int:
    print(f"report: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
