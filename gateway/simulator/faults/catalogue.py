"""Every fault there is, by its name."""

from collections.abc import Mapping

from gateway.simulator.faults import account, chain, connection, feed, line, login, orders, pacing, process, upstream
from gateway.simulator.faults.fault import Fault

FAULTS: Mapping[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        process.Crash,
        process.JvmDead,
        process.Freeze,
        process.HeapGrowth,
        login.SlowBoot,
        login.SlowLogin,
        login.TwofaNever,
        login.BadPassword,
        login.ExistingSession,
        login.TokenEnd,
        connection.Hang,
        connection.HalfOpen,
        connection.AcceptAndClose,
        connection.AcceptAndHang,
        connection.HandshakeOnly,
        connection.NoManagedAccounts,
        connection.ClientIdInUse,
        connection.ClientsFull,
        connection.Reset,
        line.Slow,
        line.Trickle,
        line.Burst,
        line.UndecodableFrame,
        upstream.UpstreamLost,
        upstream.UpstreamBroken,
        upstream.DataLost,
        upstream.MarketFarm,
        upstream.HistoryFarm,
        upstream.SecdefFarm,
        feed.FeedSilent,
        feed.NoEntitlement,
        feed.DataCompeted,
        pacing.HistoryPacing,
        pacing.MessageRate,
        account.ReadOnly,
        account.WrongAccount,
        account.LiveAccount,
        account.TimeMode,
        account.ClockSkew,
        chain.ChainWithoutToday,
        orders.LateExecutions,
        orders.RepeatedExecutions,
        orders.DuplicatedStatus,
        orders.LostCommission,
        orders.MissingEnds,
        orders.ZonelessExecutions,
        orders.FillAfterCancel,
        orders.LostOrders,
        orders.RefusedOrders,
    )
}
