"""The `docker` command, asked without changing anything."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

from preflight.errors import NotSeen
from preflight.sources.host import DockerVersions


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


async def docker(*words: str) -> Done:
    """Run `docker` with these words; a task that is cancelled takes the command with it.

    Raises:
        NotSeen: there is no such command.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "docker",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise NotSeen(f"no `docker` command here: {error.strerror}") from error
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


async def versions() -> DockerVersions:
    """What answers, and in which version. Raises: NotSeen where there is no `docker` command."""
    engine, compose = await asyncio.gather(
        docker("version", "--format", "{{.Server.Version}} {{.Server.APIVersion}}"),
        docker("compose", "version", "--short"),
    )
    words = engine.out.split() if engine.code == 0 else []
    number, api = words if len(words) == 2 else ("", "")
    return DockerVersions(number, api, compose.out.strip().removeprefix("v") if compose.code == 0 else "")


async def publishers() -> Mapping[int, str]:
    """The names of the containers that publish ports of this machine, by port. Raises: NotSeen."""
    done = await docker("ps", "--format", "{{json .}}")
    if done.code:
        raise NotSeen(f"Docker does not tell its containers: {done.err.strip()}")
    found: dict[int, str] = {}
    for line in done.out.splitlines():
        row = json.loads(line)
        for part in row["Ports"].split(", "):
            outside, arrow, _ = part.partition("->")
            if arrow:
                found |= dict.fromkeys(_numbers(outside.rpartition(":")[2]), str(row["Names"]))
    return found


def _numbers(text: str) -> range:
    """`4002`, or the `9090-9093` that Docker makes of neighbours."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
