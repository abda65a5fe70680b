"""`python -m tests.e2e.walk`: the commands of docs/tenants.md, from one tenant to a Swarm, word for word.

On a Docker engine in a container, which has the project's images and nothing else, and in a copy of the checkout. Each
line of the section's blocks is run by itself; one whose comment begins with `again` is repeated until it succeeds.
Prints a JSON line for each; exits 1 at the first that fails. Wants root on Linux, some 6 GB and an hour at most.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.e2e.checkout import copied
from tests.e2e.powercut import house
from tests.e2e.stack import ROOT

_PAGE, _SECTION = "docs/tenants.md", "## One, two, and a Swarm, step by step"
_AGAIN_SECONDS = 240.0
_FAILED_TAIL = 3000


def commands() -> Iterator[tuple[str, bool]]:
    """Each line of the section's blocks, and whether it is repeated until it succeeds."""
    section = (ROOT / _PAGE).read_text().partition(f"{_SECTION}\n")[2].partition("\n## ")[0]
    for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL):
        for line in block.splitlines():
            command, _, comment = line.partition(" # ")
            yield command.strip(), comment.startswith("again")


def main() -> int:
    """Run them all."""
    with house("watchkeeper-walk", "--host", "unix:///var/run/docker.sock", "--no-new-privileges") as home:
        root = home.folder / "checkout"
        root.mkdir()
        copied(root)
        address = subprocess.run(["hostname", "--all-ip-addresses"], capture_output=True, text=True, check=True)
        environment = dict(os.environ, ADDRESS=address.stdout.split()[0])
        for command, again in commands():
            begun, tries, done = time.monotonic(), 0, None
            while done is None or (done.returncode and again and time.monotonic() - begun < _AGAIN_SECONDS):
                if done is not None:
                    time.sleep(2.0)
                tries += 1
                done = subprocess.run(
                    ["bash", "-c", command], cwd=root, env=environment, capture_output=True, text=True, check=False
                )
            told = {"command": command, "exit_code": done.returncode, "seconds": round(time.monotonic() - begun, 1)}
            print(json.dumps(told | {"tries": tries}), flush=True)
            if done.returncode:
                print(done.stdout[-_FAILED_TAIL:], done.stderr[-_FAILED_TAIL:], sep="\n", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
