"""What a docker command inherits of the shell."""

import pytest

from supervisor import stack
from supervisor.stack import docker_environment


def test_a_variable_of_the_stack_never_overrules_the_env_file_even_when_it_is_empty() -> None:
    assert docker_environment({"TENANT": "", "IB_ACCOUNT": "U1", "PATH": "/bin"}) == {"PATH": "/bin"}


def test_docker_is_still_found_and_reached() -> None:
    shell = {"DOCKER_CONTEXT": "desktop", "HOME": "/home/me", "HTTPS_PROXY": "http://127.0.0.1:3128"}
    assert docker_environment(shell) == {**shell, "https_proxy": "http://127.0.0.1:3128"}


def test_down_stops_the_supervisor_before_what_it_would_bring_back(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(stack, "compose", lambda root, tenant, *words, quiet=False: said.append(words))
    monkeypatch.setattr(stack, "may_leave", lambda *_, **__: True)
    assert stack.down("sim", "sim") == 0
    assert said == [("stop", "supervisor"), ("down", "--remove-orphans")]
