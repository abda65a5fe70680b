"""Stacks for the end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack, make_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A stand-in stack that trades, shared by the session; each test leaves it trading."""
    # Many faults follow each other here within minutes; a person's machine keeps the defaults.
    budgets = {"CONTAINER_RESTART_BUDGET": "40/6h", "ENGINE_RESTART_BUDGET": "40/6h"}
    made = make_stack("e2e", "10.91.0", SIM_SERVER_VERSION="223", **budgets)
    try:
        result = made.make("up", "SIM=1")
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}\n{made.story()}"
        yield made
    finally:
        made.make("purge")


@pytest.fixture
def trading(stack: Stack) -> Stack:
    """The shared stack, once all is well."""
    stack.until(stack.all_well, "gateway READY and engine TRADING")
    return stack
