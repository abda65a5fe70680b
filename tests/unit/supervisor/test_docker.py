"""What is asked of Docker, over real sockets: by tenant, once, and again after a break."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from supervisor.errors import ActRefused, RuntimeTrouble
from supervisor.observation import ContainerEvent, Result, Status, Subject
from supervisor.runtime.docker import DockerRuntime
from supervisor.runtime.line import LIST, TROUBLE, Daemon, Line, Refused
from supervisor.runtime.roster import Roster
from tests.fake_docker import FakeDocker
from tws.clock import SystemClock

CLOCK = SystemClock()


@pytest.fixture
def docker() -> Iterator[FakeDocker]:
    made = FakeDocker("a", "b")
    yield made
    made.close()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


# -- events ------------------------------------------------------------------------------------------------------------


class Heard:
    def __init__(self, docker: FakeDocker) -> None:
        self.told: list[tuple[str, str]] = []
        self.deaf: list[bool] = []
        self.roster = Roster(docker.url, CLOCK, timeout=5)
        self.roster.listen(self.hear, self.deaf.append)

    def hear(self, tenant: str, event: ContainerEvent) -> None:
        self.told.append((tenant, event.action))


async def test_events_of_all_tenants_come_by_one_stream(docker: FakeDocker) -> None:
    heard = Heard(docker)
    await until(lambda: heard.deaf == [False])
    docker.die("a")
    docker.tell("b", "gateway", "exec_create: handshake")  # its health check is no news
    docker.tell("b", "gateway", "kill", signal="15")
    await until(lambda: len(heard.told) == 2)
    assert heard.told == [("a", "die"), ("b", "kill")]
    assert docker.asked.count("events") == 1


async def test_what_happens_in_a_break_is_told_once_and_nothing_before_it_again(docker: FakeDocker) -> None:
    heard = Heard(docker)
    await until(lambda: heard.deaf == [False])
    docker.tell("a", "gateway", "start")
    await until(lambda: heard.told)
    docker.break_events()
    await until(lambda: heard.deaf[-1])
    docker.die("a")
    docker.die("b")
    await until(lambda: len(heard.told) == 3)
    docker.break_events()
    docker.tell("b", "gateway", "start")
    await until(lambda: len(heard.told) >= 4)
    assert heard.told == [("a", "start"), ("a", "die"), ("b", "die"), ("b", "start")]


async def test_events_before_the_first_connection_are_heard(docker: FakeDocker) -> None:
    docker.hangs.add("version")
    heard = Heard(docker)
    await until(lambda: "version" in docker.asked)
    docker.die("a")
    docker.over.set()  # the call that hangs ends, and the next is answered
    docker.hangs.clear()
    docker.over.clear()
    await until(lambda: heard.told)
    assert heard.told == [("a", "die")]


async def test_the_tenants_are_those_that_containers_are_labelled_with(docker: FakeDocker) -> None:
    roster = Roster(docker.url, CLOCK, timeout=5)
    assert await roster.tenants() == frozenset({"a", "b"})
    docker.remove("a")
    docker.add("c", "engine")
    assert await roster.tenants() == frozenset({"b", "c"})
    roster.close()
    nowhere = Roster("tcp://127.0.0.1:1", CLOCK, timeout=5)
    assert await nowhere.tenants() is None
    nowhere.close()


# -- one tenant's containers -------------------------------------------------------------------------------------------


async def test_a_tenant_whose_calls_hang_delays_no_other(docker: FakeDocker) -> None:
    docker.hangs.add("inspect watchkeeper-a-gateway")
    slow, other = (DockerRuntime(docker.url, name, CLOCK, timeout=60) for name in ("a", "b"))
    hanging = asyncio.create_task(slow.look())
    await until(lambda: "inspect" in docker.asked)
    async with asyncio.timeout(5):
        for _ in range(20):
            look, found = await other.look()
            assert look.result is Result.OK
            assert found[Subject.GATEWAY].status is Status.EXITED
    assert not hanging.done()
    docker.over.set()
    await hanging
    slow.close()
    other.close()


async def test_it_is_found_by_name_and_label_acted_on_and_gone(docker: FakeDocker) -> None:
    runtime = DockerRuntime(docker.url, "a", CLOCK, timeout=5)
    with pytest.raises(ActRefused):
        await runtime.start(Subject.GATEWAY)  # not looked yet
    await runtime.look()
    await runtime.start(Subject.GATEWAY)
    assert docker.asked[-1] == "POST /v1.41/containers/watchkeeper-a-gateway/start"
    _, found = await runtime.look()
    assert found[Subject.GATEWAY].is_up
    assert await runtime.memory(Subject.GATEWAY) == (1 << 29, 1 << 30)
    docker.remove("a")
    look, found = await runtime.look()
    assert (look.result, found) == (Result.OK, {})
    with pytest.raises(RuntimeTrouble):
        await runtime.log_tail(Subject.GATEWAY, 10)
    runtime.close()


async def test_a_name_with_somebody_elses_label_is_not_touched(docker: FakeDocker) -> None:
    docker._boxes["watchkeeper-a-gateway"]["Config"]["Labels"]["watchkeeper.tenant"] = "b"
    runtime = DockerRuntime(docker.url, "a", CLOCK, timeout=5)
    assert (await runtime.look())[1] == {}
    with pytest.raises(ActRefused):
        await runtime.restart(Subject.GATEWAY, 1)
    runtime.close()


async def test_what_a_tenant_has_not_is_not_asked_for(docker: FakeDocker) -> None:
    """`ENGINE=none`: a question a second that nobody needs, times the tenants."""
    docker.add("a", "engine")
    both, one = (
        DockerRuntime(docker.url, "a", CLOCK, timeout=5, roles=roles)
        for roles in ((Subject.GATEWAY, Subject.ENGINE), (Subject.GATEWAY,))
    )
    assert set((await both.look())[1]) == {Subject.GATEWAY, Subject.ENGINE}
    asked = docker.asked.count("inspect")
    assert set((await one.look())[1]) == {Subject.GATEWAY}
    assert docker.asked.count("inspect") == asked + 1
    both.close()
    one.close()


# -- the connection ----------------------------------------------------------------------------------------------------

VERSION = b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"ApiVersion": "1.41"}'


def test_a_connection_that_was_closed_while_idle_is_opened_anew_and_an_act_is_sent_once() -> None:
    """A server that answers two questions a connection, and closes it on whatever is posted."""
    posted: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                for _ in range(2):
                    asked = connection.recv(4096)
                    if asked.startswith(b"POST"):
                        posted.append(asked)
                    if not asked.startswith(b"GET"):
                        break
                    connection.sendall(VERSION)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,), daemon=True)
        server.start()
        daemon = Daemon(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout=5)
        assert [daemon.get("/x") for _ in range(4)] == [{"ApiVersion": "1.41"}] * 4
        with pytest.raises(TROUBLE):
            daemon.post("/containers/x/start")
        listener.shutdown(socket.SHUT_RDWR)
        server.join(10)
    assert len(posted) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'HTTP/1.1 409 Conflict\r\nContent-Length: 19\r\n\r\n{"message": "busy"}', "409: busy"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno\r\n", "403: no"),
    ],
    ids=["Docker's", "the proxy's"],
)
def test_a_refusal_is_told_in_its_own_words(answer: bytes, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                for reply in (VERSION, answer):
                    connection.recv(4096)
                    connection.sendall(reply)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        daemon = Daemon(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout=5)
        with pytest.raises(Refused) as refused:
            daemon.post("/containers/x/start")
        server.join(10)
    assert str(refused.value) == said


def test_an_answer_that_does_not_come_is_not_waited_for_longer_than_it_may_take() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(TROUBLE):
        Daemon(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout=0.2).get("/x")


# -- threads -----------------------------------------------------------------------------------------------------------


async def test_many_lines_share_the_few_threads_that_are_busy(docker: FakeDocker) -> None:
    def threads() -> int:
        return sum(thread.name.startswith("docker_") for thread in threading.enumerate())

    before = threads()
    for _ in range(20):
        await Line(docker.url, 5).run(lambda daemon: daemon.get(LIST))
    assert threads() - before <= 1


async def test_a_line_makes_one_call_at_a_time(docker: FakeDocker) -> None:
    docker.hangs.add("list")
    line = Line(docker.url, 60)
    calls = [asyncio.create_task(line.run(lambda daemon: daemon.get(LIST))) for _ in range(3)]
    await until(lambda: docker.asked.count("list") == 1)
    docker.hangs.clear()
    docker.over.set()  # the one that hangs ends unanswered, and the others are made
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(result, list) for result in results].count(True) == 2
    assert docker.asked.count("list") == 3


async def test_a_closed_line_makes_no_call(docker: FakeDocker) -> None:
    line = Line(docker.url, 5)
    line.close()
    with pytest.raises(OSError, match="closed"):
        await line.run(lambda daemon: daemon.get(LIST))
    assert docker.asked == []
