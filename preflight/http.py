"""HTTP clients for what runs beside us."""

import httpx


def encrypted(*urls: str | None) -> bool:
    """Whether one of these is asked over TLS.

    Only then are the world's certificates loaded: 2.3 MiB for the first client of a process, 0.7 for each further one
    (`VmRSS`, httpx 0.28), which is much for a supervisor that asks each of a hundred tenants.
    """
    return any(url is not None and url.startswith("https:") for url in urls)


def client(url: str, timeout: float) -> httpx.AsyncClient:
    """One for the service at `url`, whatever proxy the environment names. `timeout` in seconds."""
    return httpx.AsyncClient(base_url=url, timeout=timeout, trust_env=False, verify=encrypted(url))
