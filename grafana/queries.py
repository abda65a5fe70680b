"""Pieces of queries. Every series of ours says whose it is by its labels `job` and `tenant`."""

from grafana.words import ENGINE, GATEWAY, Words


def supervisors(name: str, tenant: str | None = "$tenant", **labels: str) -> str:
    """A series of the supervisor's: of one tenant, or of all of them."""
    return _series("supervisor", name, tenant, labels)


def engines(name: str, tenant: str | None = "$tenant", **labels: str) -> str:
    """A series of the engine's."""
    return _series("engine", f"engine_{name}", tenant, labels)


def state(kind: str, words: Words, tenant: str | None = "$tenant") -> str:
    """The number of the state that holds. A set of series, of which one is 1, becomes one series."""
    numbers = (f"{number} * ({supervisors(kind, tenant, state=word)} == 1)" for number, (word, _) in words.items())
    return f"sum by (tenant) ({' or '.join(numbers)})"


def gateway_state(tenant: str | None = "$tenant") -> str:
    """The gateway's, in the numbers of `words.GATEWAY`."""
    return state("gateway_state", GATEWAY, tenant)


def engine_state(tenant: str | None = "$tenant") -> str:
    """The engine's, in the numbers of `words.ENGINE`."""
    return state("engine_state", ENGINE, tenant)


def alertmanagers(name: str, **labels: str) -> str:
    """A series of Alertmanager's own: there is one for all tenants."""
    return _named(f"alertmanager_{name}", {"job": "alertmanager", **labels})


def of_each(name: str, **labels: str) -> str:
    """A series of the supervisors', one for each tenant."""
    return f"max by (tenant) ({supervisors(name, None, **labels)})"


def unheard() -> str:
    """1 for each tenant of a fleet of whom no supervisor tells. On one machine there is none: it has one supervisor."""
    return f"max by (tenant) (tenant:watchkeeper_placed:node) unless on (tenant) {of_each('trade_ready')}"


def known(query: str) -> str:
    """Without what is no number: nobody knows it."""
    return f"{query} >= -Inf"


def _series(job: str, name: str, tenant: str | None, labels: dict[str, str]) -> str:
    whole = {"job": job, **({"tenant": tenant} if tenant else {}), **labels}
    return _named(f"watchkeeper_{name}", whole)


def _named(name: str, labels: dict[str, str]) -> str:
    return f"{name}{{{', '.join(f'{label}="{value}"' for label, value in labels.items())}}}"
