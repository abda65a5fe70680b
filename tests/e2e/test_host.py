"""What the supervisor learns of its machine and of the gateway's container, from inside its own hardened one."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def _metrics(stack: Stack) -> dict[str, float]:
    text = httpx.get(stack.url("supervisor", "/metrics"), timeout=5).raise_for_status().text
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def test_the_kernel_and_docker_tell_it_without_any_right(trading: Stack) -> None:
    found: dict[str, float] = trading.until(
        lambda: seen if (seen := _metrics(trading)).get("watchkeeper_gateway_memory_bytes") else None,
        "the memory of the gateway's container",
    )
    assert found["watchkeeper_host_clock_synchronised"] in (0.0, 1.0), "Docker's own filter lets adjtimex through"
    assert 0.0 < found["watchkeeper_state_disk_free_ratio"] <= 1.0
    assert found["watchkeeper_gateway_memory_bytes"] < found["watchkeeper_gateway_memory_limit_bytes"]
