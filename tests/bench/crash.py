"""The stand-in killed a thousand times: what was told is on record each time, and no execution id is given twice."""

import tempfile
import time
from pathlib import Path

from tests.crash import Crasher

SEED = 3


async def crashes(count: int) -> tuple[str, list[float]]:
    """What was told and kept, and the seconds of each life: start, trading, death, and the record compared.

    Fails at the first loss.
    """
    with tempfile.TemporaryDirectory() as folder:
        crasher = Crasher(Path(folder), SEED)
        samples = []
        for _ in range(count):
            begun = time.perf_counter()
            await crasher.round()
            samples.append(time.perf_counter() - begun)
    return f"{len(crasher.told.orders)} orders and {len(crasher.told.executions)} executions", samples
