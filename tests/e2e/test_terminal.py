"""What a person's terminal shows of a real stack, and a bundle for a bug report that has none of its secrets."""

import base64
import json
import re
import signal
import subprocess
import tarfile

import pytest

from tests.e2e.stack import ROOT, Stack, docker

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_TELL_ALL = (
    "import pathlib, base64\n"
    "out = open('/proc/1/fd/1', 'w')\n"
    "for file in pathlib.Path('/run/secrets').iterdir():\n"
    "    text = file.read_text().strip()\n"
    "    print('told', text, base64.b64encode(text.encode()).decode(), file=out)\n"
)
"""Somebody's bug: every secret of a container in its log."""


def test_a_fault_as_the_terminal_tells_it(trading: Stack) -> None:
    began = trading.status()["gateway"]["since"]
    with subprocess.Popen(
        ["scripts/watchkeeper", "watch", "--json"],
        cwd=ROOT,
        env=trading.commands(),
        stdout=subprocess.PIPE,
        text=True,
        # A shell's background job, as a build server may start the suite, would have it ignore the signal below.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as watch:
        assert watch.stdout is not None
        try:
            assert next(line for line in watch.stdout if json.loads(line).get("verdict") == "trading")
            docker("kill", trading.container("engine"))
            told = next(line for line in watch.stdout if "engine-exit" in line)
        finally:
            watch.send_signal(signal.SIGINT)
            assert watch.wait(30) == 0
    (row,) = json.loads(told)["tenants"]
    assert row["next"]["sentence"]
    trading.until(trading.all_well, "gateway READY and engine TRADING")

    # A slow machine may have its doubts now and then.
    status = trading.until(lambda: (said := trading.run("status")).returncode == 0 and said, "make status to say yes")
    assert re.match(rf"Trading\.  {trading.tenant}  DUSIM0001  \d\d:\d\d:\d\d UTC", status.stdout)
    assert "\x1b" not in status.stdout
    explained = trading.run("explain").stdout
    for probe in ("docker", "handshake", "heartbeat", "mailbox", "ledger", "engine"):
        assert re.search(rf"^{probe} +(OK|FAIL|UNKNOWN) ", explained, re.MULTILINE), explained
    past = json.loads(trading.run("incidents", "--since", began, "--json").stdout)
    assert {"engine-exit"} <= {row["fault"] for row in past["incidents"]}
    later = json.loads(trading.run("incidents", "--since", "2999-01-01", "--json").stdout)["incidents"]
    assert not [row for row in later if row["closed_at"] is not None]
    lines = [json.loads(line) for line in trading.run("logs", "--service", "supervisor", "--json").stdout.splitlines()]
    assert {line["service"] for line in lines} == {"supervisor"}
    assert any((line["record"] or {}).get("event") == "incident" for line in lines)


def test_no_secret_of_the_stack_is_in_the_doctors_bundle(trading: Stack) -> None:
    supervisor = f"watchkeeper-{trading.tenant}-supervisor-1"
    docker("exec", supervisor, "python", "-c", _TELL_ALL)
    secrets = [file.read_text().strip() for file in (ROOT / "secrets").iterdir()]
    secrets = [secret for secret in secrets if secret]
    assert len(secrets) >= 3
    assert any(secret in docker("logs", "--tail", "50", supervisor) for secret in secrets), "this test bites"
    told = json.loads(trading.make("doctor", "JSON=1").stdout)
    bundle = ROOT / told["file"]
    try:
        with tarfile.open(bundle) as tar:
            texts = {entry.name: file.read().decode() for entry in tar if (file := tar.extractfile(entry)) is not None}
    finally:
        bundle.unlink()
    assert not told["missing"].keys() - {"checkout.txt"}
    assert "told [redacted]" in next(text for name, text in texts.items() if name.endswith("logs/supervisor.txt"))
    for name, text in texts.items():
        for secret in secrets:
            assert secret not in text, name
            assert base64.b64encode(secret.encode()).decode() not in text, name
