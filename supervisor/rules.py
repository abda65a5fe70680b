"""What a tenant is told to be: its account, its kind of money, its engine, its numbers."""

from dataclasses import dataclass, field

from supervisor.policy import Policy


@dataclass(frozen=True, slots=True)
class Rules:
    """What a tenant is told to be, beside the numbers.

    Attributes:
        account: the configured account; empty accepts any of the right kind.
        live: real money.
        engine: whether an engine of ours is to be looked after.
        farms: patterns of the data farms that serve configured instruments.
        reconnect_account: whether RECONNECTACCOUNT, a login, may be used.
    """

    tenant: str
    account: str = ""
    live: bool = False
    engine: bool = True
    farms: tuple[str, ...] = ("us*",)
    reconnect_account: bool = True
    policy: Policy = field(default_factory=Policy)
