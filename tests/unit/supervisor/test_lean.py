"""What the supervisor's process does not load before it needs it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_is_loaded_for_a_terminal() -> None:
    assert run("import supervisor.lean, sys, supervisor.service; print(bool(sys.modules.get('rich')))") == "False"


def test_a_message_is_loaded_with_the_first_one_made() -> None:
    script = """
import sys, supervisor.lean
from ibapi.client import StartApiRequestProto
loaded = lambda: sorted(name for name in sys.modules if name.startswith("ibapi.protobuf."))
assert loaded() == [], loaded()
made = StartApiRequestProto()
made.clientId = 7
assert loaded() == ["ibapi.protobuf.StartApiRequest_pb2"], loaded()
from ibapi.protobuf.StartApiRequest_pb2 import StartApiRequest
assert type(made) is StartApiRequest
assert StartApiRequest.FromString(made.SerializeToString()).clientId == 7
"""
    assert run(script) == ""


@pytest.mark.parametrize("module", ["client", "client_utils", "decoder", "decoder_utils", "wrapper"])
def test_each_message_that_waits_is_the_one_that_was_named(module: str) -> None:
    script = f"""
import supervisor.lean, ibapi.{module} as module
waiting = {{name: one for name, one in vars(module).items() if isinstance(one, supervisor.lean._Message)}}
for name, one in waiting.items():
    assert type(one()).__name__ == one._where[1], name
print(len(waiting))
"""
    assert int(run(script)) > 0


def test_a_library_without_such_a_message_is_told_when_it_is_made() -> None:
    script = "import supervisor.lean; supervisor.lean._Message('ibapi.protobuf.TickPrice_pb2', 'Nothing')()"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert "has no attribute 'Nothing'" in done.stderr
