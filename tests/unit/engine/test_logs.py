"""What Nautilus says comes out as JSON while it matters, and not when 8 KB of it are full."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

# A process as the engine's: it says one line and then is quiet, until it is told to end or is killed.
SCRIPT = """
import os, sys
from nautilus_trader.common.component import Logger, init_logging
from nautilus_trader.common.enums import log_level_from_str
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.identifiers import TraderId
from engine import logs

config = logs.nautilus("INFO")
guard = init_logging(
    trader_id=TraderId("T-1"), machine_id="m", instance_id=UUID4(),
    level_stdout=log_level_from_str(config.log_level), level_file=log_level_from_str(config.log_level_file),
    directory=config.log_directory, file_name=config.log_file_name, file_format=config.log_file_format,
    fileout_sync_on_flush=config.fileout_sync_on_flush,
)
if sys.argv[1] == "beats":
    logs.keep_flushed()
Logger("Engine").info("the last words")
if sys.argv[1] == "ends":
    logs.flush()
    os._exit(3)
sys.stdin.read()
"""


@pytest.fixture
def quiet(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, request.param], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    with process:
        yield process
        process.kill()


def last_words(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        said = json.loads(line)
        if said["component"] == "Engine":
            return str(said["message"])
    return ""


@pytest.mark.parametrize("quiet", ["beats"], indirect=True)
def test_a_quiet_engines_line_is_out_while_it_lives(quiet: subprocess.Popen[str]) -> None:
    killer = threading.Timer(30.0, quiet.kill)
    killer.start()
    assert last_words(quiet) == "the last words"
    assert quiet.poll() is None
    killer.cancel()
    quiet.kill()
    assert quiet.communicate()[1] == "", "standard output cannot be synced, and no line says so"


@pytest.mark.parametrize("quiet", ["ends"], indirect=True)
def test_the_last_words_are_written_before_the_end(quiet: subprocess.Popen[str]) -> None:
    assert last_words(quiet) == "the last words"
    assert quiet.wait(10) == 3


@pytest.mark.parametrize("quiet", ["never"], indirect=True)
def test_without_a_beat_nautilus_keeps_them(quiet: subprocess.Popen[str]) -> None:
    """What `keep_flushed` is for; when this fails, Nautilus writes at once and the beat can go."""
    timer = threading.Timer(3.0, quiet.kill)
    timer.start()
    assert last_words(quiet) == ""
    timer.join()
