"""What every dashboard of the house has around its panels."""

from collections.abc import Iterable, Sequence

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as models

from grafana.panels import SOURCE, Panel


def frame(uid: str, title: str, text: str, *, since: str) -> build.Dashboard:
    """An empty dashboard, with its source, the status page and the way to the other one."""
    page = build.DashboardLink("Status page").type(models.DashboardLinkType.LINK).icon("external link")
    others = build.DashboardLink("Watchkeeper").type(models.DashboardLinkType.DASHBOARDS)
    return (
        build.Dashboard(title)
        .uid(uid)
        .description(text)
        .tags(["watchkeeper"])
        .readonly()
        .timezone("utc")
        .time(since, "now")
        .refresh("10s")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(page.url("${page}/").target_blank(True).tooltip("What the supervisor says in words"))
        .link(others.tags(["watchkeeper"]).as_dropdown(False).keep_time(True))
        .with_variable(build.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(
            label_variable("page", "Status page", 'watchkeeper_page_info{job="supervisor"}', "url").hide(
                models.VariableHide.HIDE_VARIABLE
            )
        )
    )


def label_variable(name: str, shown: str, series: str, label: str) -> build.QueryVariable:
    """A variable with the values that a label has."""
    return (
        build.QueryVariable(name)
        .label(shown)
        .datasource(SOURCE)
        .query({"query": f"label_values({series}, {label})", "refId": f"{name}-variable"})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )


def filled(board: build.Dashboard, rows: Iterable[tuple[str, Sequence[Panel]]]) -> models.Dashboard:
    """With these rows of panels, each by its title, from the top."""
    number = 0
    for title, panels in rows:
        number += 1
        board.with_row(build.Row(title).id(number))
        for panel in panels:
            number += 1
            board.with_panel(panel.id(number))
    return board.build()
