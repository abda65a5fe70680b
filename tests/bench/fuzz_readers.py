"""Fuzzes both readers in a process of its own: `python -m tests.bench.fuzz_readers SECONDS SEED FOLDER`.

With atheris, which the dependency group `fuzz` installs, what covers new ground is spoilt further; without it each
request is spoilt afresh. Whatever is neither read nor refused ends the process with an error, and what it was is in the
folder.
"""

import contextlib
import importlib.util
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

atheris: Any = importlib.import_module("atheris") if importlib.util.find_spec("atheris") else None
with atheris.instrument_imports(include=["gateway.simulator.wire"]) if atheris else contextlib.nullcontext():
    from gateway.simulator.errors import RequestMalformed
    from gateway.simulator.wire.requests import reader

    reader.readers()
    reader.protos()
    from tests.unit.simulator.spoil import VERSIONS, recorded, spoil

_LIMITS = {"max_len": 100_000, "timeout": 5, "rss_limit_mb": 2048}
"""Bytes and seconds of an input, and MiB of the process, beyond which it counts as a failure."""


def _read(data: bytes) -> None:
    """The server version in a byte, and a payload."""
    if data:
        with contextlib.suppress(RequestMalformed):
            reader.read(data[1:], VERSIONS[data[0] % len(VERSIONS)])


def _spoilt(data: bytes, most: int, seed: int) -> bytes:
    if not data or seed % 3 == 0:
        return bytes(atheris.Mutate(data, most))
    return (data[:1] + spoil(Random(seed), VERSIONS[data[0] % len(VERSIONS)], data[1:]))[:most]


def _corpus() -> list[bytes]:
    return [bytes([number]) + payload for number, version in enumerate(VERSIONS) for payload in recorded(version)]


def guided(seconds: int, seed: int, folder: Path) -> None:
    """By coverage; libFuzzer tells how many inputs there were, and ends the process."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, data in enumerate(_corpus()):
        (corpus / str(number)).write_bytes(data)
    options = {"max_total_time": seconds, "seed": seed, "print_final_stats": 1, "artifact_prefix": f"{folder}/"}
    said = [f"-{name}={value}" for name, value in (options | _LIMITS).items()]
    atheris.Setup([sys.argv[0], str(corpus), *said], _read, custom_mutator=_spoilt)
    atheris.Fuzz()


def blind(seconds: int, seed: int, folder: Path) -> None:
    """By nothing but the seed."""
    random, end, count, corpus = Random(seed), time.monotonic() + seconds, 0, _corpus()
    while time.monotonic() < end:
        data = random.choice(corpus)
        data = data[:1] + spoil(random, VERSIONS[data[0]], data[1:])
        try:
            _read(data)
        except BaseException:
            (folder / "crash-blind").write_bytes(data)
            raise
        count += 1
    print(f"stat::number_of_executed_units: {count}")


if __name__ == "__main__":
    (guided if atheris else blind)(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
