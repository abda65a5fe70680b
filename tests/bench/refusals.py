"""How soon `make up PAPER=1` says no to each configuration of tests/refusals.py, as a person waits for it.

`python -m tests.bench.refusals` prints one line of JSON for each: seconds by the clock, and of the processor.
"""

import json
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from tests.refusals import CASES, shell

ROOT = Path(__file__).parents[2]


def main() -> None:
    for name, refusal in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            environ = shell(refusal, Path(folder))
            before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            done = subprocess.run(["make", "up", "PAPER=1"], cwd=ROOT, env=environ, text=True, capture_output=True)
            wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 2, (name, done.stdout)
        assert refusal.said in done.stderr, (name, done.stderr)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        told = {"case": name, "seconds": round(wall, 3), "processor": round(used, 3), "load": round(os.getloadavg()[0])}
        print(json.dumps({**told, "lines": len(done.stderr.strip().splitlines())}), flush=True)


if __name__ == "__main__":
    main()
