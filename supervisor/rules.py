"""What a tenant is told to be: its account, its kind of money, its engine, its numbers."""

from dataclasses import dataclass, field

from supervisor.policy import Policy
from supervisor.schedule import Daily
from supervisor.windows import Reauth, Window


@dataclass(frozen=True, slots=True)
class Rules:
    """What a tenant is told to be, beside the numbers.

    Attributes:
        account: the configured account; empty accepts any of the right kind.
        further_accounts: those of the same gateway that the engine trades beside it.
        live: real money.
        engine: whether an engine is to be looked after.
        engine_api: whether it speaks our HTTP API; without it, its container is all that is looked after.
        farms: patterns of the data farms that serve configured instruments.
        reconnect_account: whether RECONNECTACCOUNT, a login, may be used.
        windows: the hours in which restarts wait.
        weekly_token: whether the login ends each Sunday.
        twofa: whether a login asks for a second factor.
        preflight_at: when the preflight is asked by itself.
        reauth: when one push may be sent after that; None: only when a person asks.
        dry_run: acts are told and never done.
        external: the gateway is no container of ours.
        restart_command: what restarts it then, if anything may.
    """

    tenant: str
    account: str = ""
    further_accounts: tuple[str, ...] = ()
    live: bool = False
    engine: bool = True
    engine_api: bool = True
    farms: tuple[str, ...] = ("us*",)
    reconnect_account: bool = True
    windows: tuple[Window, ...] = ()
    weekly_token: bool = False
    twofa: bool = False
    preflight_at: Daily | None = None
    reauth: Reauth | None = None
    dry_run: bool = False
    external: bool = False
    restart_command: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)

    def traded(self, account: str) -> bool:
        """Whether an account of the gateway is the engine's to trade."""
        return not self.account or account == self.account or account in self.further_accounts
