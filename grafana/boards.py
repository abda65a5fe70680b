"""The dashboards by their files' names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import fleet, trading_day

FOLDER: Final = Path(__file__).parent / "dashboards"
BOARDS: Final[dict[str, Callable[[], Dashboard]]] = {"trading-day": trading_day.board, "fleet": fleet.board}


def written(board: Dashboard) -> str:
    """As the file has it."""
    whole = json.loads(JSONEncoder().encode(board))
    links = [*whole["links"], *(link for panel in whole["panels"] for link in panel.get("links", []))]
    for part in (*links, *whole["annotations"].get("list", [])):
        del part["placement"]  # the builder knows one, a menu; without it they are seen at once
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
