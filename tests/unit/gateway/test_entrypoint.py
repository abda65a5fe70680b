"""The gateway container's wrapper, in real bash against small servers: it reports, it relays, it does no harm."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.gateway.wrapped import BASH, ENTRYPOINT, appears, environment
from tws.frames import encode_fields, frame

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers one handshake."""
    await reader.readexactly(4 + 4 + 9)
    writer.write(frame(encode_fields(200, "20261122 05:00:00 Central European Standard Time")))
    await reader.read()
    writer.close()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(4)
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def command_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """IBC's line protocol: an INFO line, then the verdict."""
    verb = (await reader.readline()).decode().strip()
    writer.write(f"INFO got {verb}\r\nOK {verb} at 05:01\r\n".encode())
    await reader.read()
    writer.close()


@asynccontextmanager
async def listening(handler: Callable[..., object]) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)  # type: ignore[arg-type]
    async with server:
        yield server.sockets[0].getsockname()[1]


async def run(*arguments: str, **env: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        BASH, str(ENTRYPOINT), *arguments, stdout=asyncio.subprocess.PIPE, env=environment(**env)
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode().strip()


@pytest.mark.parametrize(
    ("handler", "code", "answer"),
    [
        (gateway, 0, "ok server version 200, 20261122 05:00:00 Central European Standard Time"),
        (hangs_up, 1, "closed without an answer"),
        (silent, 1, "silent for 1 s"),
    ],
)
async def test_the_handshake_says_what_it_met(handler: Callable[..., object], code: int, answer: str) -> None:
    async with listening(handler) as port:
        assert await run("handshake", JVM_PORT=str(port)) == (code, answer)


async def test_a_refused_port(unused_tcp_port: int) -> None:
    port = str(unused_tcp_port)
    assert await run("handshake", JVM_PORT=port) == (1, f"refused port {port}")


@asynccontextmanager
async def wrapper(mailbox: Path, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The wrapper around a start script that runs until it is told to go; all its loops end with it."""
    process = await asyncio.create_subprocess_exec(
        BASH,
        str(ENTRYPOINT),
        "sleep",
        "60",
        stdout=asyncio.subprocess.PIPE,
        env=environment(MAILBOX_DIR=str(mailbox), **env),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, 9)
        await process.wait()


async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing until the other side has gone."""
    await reader.read()
    writer.close()


async def ask(mailbox: Path, request: str) -> str:
    await appears(mailbox / "jvm")  # the wrapper has started: it drops requests from before
    (mailbox / ".tmp").write_text(f"{request}\n")
    (mailbox / ".tmp").rename(mailbox / "request")
    return (await appears(mailbox / "reply")).strip()


async def test_the_mailbox_reports_the_jvms_handshake_and_carries_verbs(tmp_path: Path) -> None:
    async with (
        listening(gateway) as jvm,
        listening(command_server) as commands,
        wrapper(tmp_path, JVM_PORT=str(jvm), COMMAND_PORT=str(commands)),
    ):
        assert await ask(tmp_path, "7 RESTART") == "7 OK RESTART at 05:01"
        report = json.loads(await appears(tmp_path / "jvm"))
        assert report["result"] == "ok"
        assert report["detail"].startswith("server version 200")
        assert 1e9 < report["asked_at"] <= report["at"]


async def test_the_process_with_most_open_files_is_told(tmp_path: Path, unused_tcp_port: int) -> None:
    pipes = [os.pipe() for _ in range(300)]  # of this process, which the wrapper sees, too
    try:
        async with wrapper(tmp_path, JVM_PORT=str(unused_tcp_port)):
            note = json.loads(await appears(tmp_path / "resources"))
    finally:
        for end in (end for pipe in pipes for end in pipe):
            os.close(end)
    assert note["at"] > 1e9
    assert 600 < note["open_files"] < note["open_files_limit"]


async def test_connections_to_the_jvms_port_are_counted_and_no_others(tmp_path: Path) -> None:
    async with listening(held) as jvm, listening(held) as other:
        lines = [await asyncio.open_connection("127.0.0.1", port) for port in (jvm, jvm, other)]
        async with wrapper(tmp_path, JVM_PORT=str(jvm)):
            note = json.loads(await appears(tmp_path / "resources"))
        for _, writer in lines:
            writer.close()
    assert note["clients"] in (2, 3)  # the wrapper's own handshake may be one


async def test_no_other_verb_reaches_the_command_server(tmp_path: Path, unused_tcp_port: int) -> None:
    async with listening(command_server) as commands, wrapper(tmp_path, COMMAND_PORT=str(commands)):
        assert (await ask(tmp_path, "8 EXIT")).startswith("8 ERROR expected STOP, RESTART")


async def test_a_dead_jvm_is_reported_and_its_command_server_missed(tmp_path: Path, unused_tcp_port: int) -> None:
    async with wrapper(tmp_path, JVM_PORT=str(unused_tcp_port), COMMAND_PORT=str(unused_tcp_port)):
        assert await ask(tmp_path, "9 RESTART") == "9 ERROR the command server does not listen"
        assert json.loads(await appears(tmp_path / "jvm"))["result"] == "refused"


async def test_a_request_from_before_this_start_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "request").write_text("1 STOP\n")
    async with listening(gateway) as jvm, wrapper(tmp_path, JVM_PORT=str(jvm)):
        await appears(tmp_path / "jvm")
        assert not (tmp_path / "request").exists()
        assert not (tmp_path / "reply").exists()


async def test_an_unwritable_mailbox_leaves_the_gateway_running_and_says_so(tmp_path: Path) -> None:
    async with wrapper(tmp_path / "missing") as process:
        assert process.stdout is not None
        assert b"is not writable" in await process.stdout.readline()
        assert process.returncode is None


async def test_the_user_name_comes_from_its_file_and_the_template_gets_its_command_server(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("somebody\n")
    template = tmp_path / "config.ini.tmpl"
    template.write_text("IbLoginId=${TWS_USERID}\nCommandServerPort=0\nBindAddress=\n")
    code, output = await run(
        "sh",
        "-c",
        'echo "$TWS_USERID ${TWS_USERID_FILE:-gone}"',
        MAILBOX_DIR=str(tmp_path / "missing"),
        TWS_USERID_FILE=str(tmp_path / "user"),
        IBC_INI_TMPL=str(template),
    )
    assert code == 0
    assert output.endswith("somebody gone")
    assert template.read_text() == "IbLoginId=${TWS_USERID}\nCommandServerPort=7462\nBindAddress=127.0.0.1\n"


OF_IBC = "IbLoginId=edemo\nIbPassword=demouser\nTradingMode=live"


def other_image(directory: Path) -> dict[str, str]:
    """What the wrapper meets in extrange's image: IBC's own file below the home, and keys of IBC in the environment."""
    (directory / "ibc").mkdir()
    (directory / "ibc" / "config.ini").write_text(OF_IBC)
    (directory / "user").write_text("somebody\n")
    (directory / "password").write_text("p$a/ss\\w&rd\n")
    files = {"TWS_USERID_FILE": str(directory / "user"), "TWS_PASSWORD_FILE": str(directory / "password")}
    return {"HOME": str(directory), "IBC_TradingMode": "paper", "MAILBOX_DIR": str(directory / "missing"), **files}


async def test_the_other_image_gets_user_and_password_in_ibcs_own_file_and_nowhere_else(tmp_path: Path) -> None:
    code, output = await run("sh", "-c", "env", **other_image(tmp_path), TZ="Etc/UTC")
    assert code == 0
    written = tmp_path / "ibc" / "config.ini"
    assert written.read_text() == "IbLoginId=somebody\nIbPassword=p$a/ss\\w&rd\nTradingMode=live\n"
    assert written.stat().st_mode & 0o777 == 0o600
    assert "somebody" not in output
    assert "w&rd" not in output
    zone = tmp_path / "settings" / "jts.ini"
    assert "TimeZone=Etc/UTC" in zone.read_text()


async def test_a_zone_that_the_gateway_has_is_left_to_it(tmp_path: Path) -> None:
    zone = tmp_path / "settings" / "jts.ini"
    zone.write_text("[Logon]\nTimeZone=Asia/Tokyo\n")
    await run("true", **other_image(tmp_path), TZ="Etc/UTC")
    assert zone.read_text() == "[Logon]\nTimeZone=Asia/Tokyo\n"


async def test_without_its_secrets_the_other_image_starts_and_says_so(tmp_path: Path) -> None:
    environment_ = other_image(tmp_path)
    (tmp_path / "password").unlink()
    code, output = await run("echo", "started", **environment_)
    assert (code, "cannot write user and password" in output, output.endswith("started")) == (0, True, True)
    assert (tmp_path / "ibc" / "config.ini").read_text() == OF_IBC


async def test_no_start_script_is_a_usage_error() -> None:
    code, output = await run()
    assert code == 2
    assert "start script" in output
