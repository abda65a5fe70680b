"""Company reports as XML. Figures are a pure function of (seed, contract); the gateway's own documents are larger."""

import datetime as dt
from collections.abc import Callable
from html import escape

from gateway.simulator.market.process import uniform


def _snapshot(symbol: str, name: str, isin: str, seed: int, con_id: int, today: dt.date) -> str:
    shares = 1e8 * (1 + 99 * uniform(seed, con_id, 90))
    return (
        f'<ReportSnapshot Major="1" Minor="0" Revision="1"><CoIDs><CoID Type="CompanyName">{name}</CoID></CoIDs>'
        f'<Issues><Issue ID="1" Type="C" Desc="Common Stock"><IssueID Type="Ticker">{symbol}</IssueID>'
        f'<IssueID Type="ISIN">{isin}</IssueID></Issue></Issues>'
        f'<CoGeneralInfo><SharesOut Date="{today}">{shares:.1f}</SharesOut></CoGeneralInfo></ReportSnapshot>'
    )


def _summary(symbol: str, name: str, isin: str, seed: int, con_id: int, today: dt.date) -> str:
    quarters = "".join(
        f'<EPS asofDate="{today.year - back // 4}-{12 - 3 * (back % 4):02d}-28" reportType="A" period="3M">'
        f"{0.5 + 2 * uniform(seed, con_id, 91, back):.2f}</EPS>"
        for back in range(4, 12)
    )
    return f'<FinancialSummary><EPSs currency="USD">{quarters}</EPSs></FinancialSummary>'


def _estimates(symbol: str, name: str, isin: str, seed: int, con_id: int, today: dt.date) -> str:
    target = 50 + 500 * uniform(seed, con_id, 92)
    return (
        f'<REarnEstCons Major="1" Minor="0"><Company><CoName>{name}</CoName></Company><ConsEstimates><NPEstimates>'
        f'<NPEstimate type="TARGETPRICE"><ConsEstimate type="Mean"><ConsValue>{target:.2f}</ConsValue>'
        "</ConsEstimate></NPEstimate></NPEstimates></ConsEstimates></REarnEstCons>"
    )


type _Writer = Callable[[str, str, str, int, int, dt.date], str]

_REPORTS: dict[str, _Writer] = {"ReportSnapshot": _snapshot, "ReportsFinSummary": _summary, "RESC": _estimates}


def report(kind: str, *, symbol: str, name: str, isin: str, seed: int, con_id: int, today: dt.date) -> str | None:
    """The report of that kind, or None where this gateway has none of it."""
    writer = _REPORTS.get(kind)
    if writer is None:
        return None
    body = writer(escape(symbol), escape(name), isin, seed, con_id, today)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
