"""How a panel of the house is made: its question, what it tells, its unit, and what stands there without data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import bargauge, common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.words import BLUE, GREEN, RED, Words

SOURCE: Final = kinds.DataSourceRef(type_val="prometheus", uid="${datasource}")
ZONES: Final = ["utc", "America/New_York"]
"""A time axis for each: ours, and the exchange's."""

type Panel = bargauge.Panel | stat.Panel | statetimeline.Panel | table.Panel | timeseries.Panel


@dataclass(frozen=True)
class About:
    """What every panel says of itself.

    Attributes:
        title: the question that it answers.
        text: what is seen, for the `i` beside the title.
        empty: what stands there without data.
        width: of 24 columns. A phone gives each panel a row of its own.
        alerts: those that tell of the same; each is linked to its runbook.
    """

    title: str
    text: str
    empty: str
    width: int
    height: int
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limit:
    """Where good ends. `alert` fires by this number, and is linked."""

    value: float
    alert: str
    good_below: bool = True

    def steps(self) -> list[models.Threshold]:
        first, then = (GREEN, RED) if self.good_below else (RED, GREEN)
        return [models.Threshold(None, first), models.Threshold(self.value, then)]


@dataclass(frozen=True)
class Column:
    """A column of a table: a query's numbers, in a unit or as words."""

    expr: str
    unit: str = "none"
    words: Words | None = None


def stat_of(
    about: About,
    expr: str,
    unit: str = "none",
    *,
    words: Words | None = None,
    limit: Limit | None = None,
    colour: str = BLUE,
    decimals: int = 0,
) -> stat.Panel:
    """One number. `colour` is of what neither `words` nor `limit` speaks of."""
    panel = (
        stat.Panel()
        .color_mode(kinds.BigValueColorMode.BACKGROUND if words else kinds.BigValueColorMode.VALUE)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .text_mode(kinds.BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .unit(unit)
        .decimals(decimals)
        .mappings(_mappings(words))
        .thresholds(_thresholds(limit, colour))
        .with_target(query("A", expr, instant=True))
    )
    return _dress(panel, about, limit)


def bars_of(
    about: About, series: Mapping[str, str], unit: str = "none", *, limit: Limit | None = None
) -> bargauge.Panel:
    """A bar for each series."""
    panel = (
        bargauge.Panel()
        .orientation(kinds.VizOrientation.HORIZONTAL)
        .display_mode(kinds.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .unit(unit)
        .min(0)
        .thresholds(_thresholds(limit))
    )
    for ref, (name, expr) in zip("ABCDEF", series.items(), strict=False):
        panel.with_target(query(ref, expr, name, instant=True))
    return _dress(panel, about, limit)


def lines_of(
    about: About, series: Mapping[str, str], unit: str, *, limit: Limit | None = None, floor: float | None = None
) -> timeseries.Panel:
    """Lines over time, with both zones' times below. `floor`: the axis begins there."""
    panel = (
        timeseries.Panel()
        .unit(unit)
        .line_width(1)
        .fill_opacity(0)
        .timezone(ZONES)
        .legend(
            common.VizLegendOptions().show_legend(True).placement(kinds.LegendPlacement.BOTTOM).calcs(["lastNotNull"])
        )
        .tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI))
        .thresholds(_thresholds(limit))
        .color_scheme(build.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC))
    )
    if limit is not None:
        style = kinds.GraphThresholdsStyleMode.DASHED
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
    if floor is not None:
        panel.min(floor)
    for ref, (name, expr) in zip("ABCDEF", series.items(), strict=False):
        panel.with_target(query(ref, expr, name))
    return _dress(panel, about, limit)


def states_of(about: About, series: Mapping[str, str], words: Words) -> statetimeline.Panel:
    """Which state held when; a row for each series."""
    panel = (
        statetimeline.Panel()
        .unit("none")
        .show_value(kinds.VisibilityMode.AUTO)
        .merge_values(True)
        .row_height(0.9)
        .timezone(ZONES)
        .legend(common.VizLegendOptions().show_legend(False))
        .mappings(_mappings(words))
        .thresholds(_thresholds(None))
    )
    for ref, (name, expr) in zip("ABCDEF", series.items(), strict=False):
        panel.with_target(query(ref, expr, name))
    return _dress(panel, about, None)


def table_of(
    about: About,
    keys: Mapping[str, str],
    columns: Mapping[str, Column],
    *,
    worst_first: str,
    links: Mapping[str, str] = {},
) -> table.Panel:
    """One row for each value of the labels.

    Args:
        about: as of every panel.
        keys: the labels that make a row, and how they are called.
        columns: by their names.
        worst_first: the column whose greatest number comes first.
        links: where a label's cell leads to.
    """
    refs = dict(zip("ABCDEFGHIJ", columns, strict=False))
    shown = {label: name for label, name in keys.items()} | {_value(ref, refs): name for ref, name in refs.items()}
    panel = (
        table.Panel()
        .unit("none")
        .thresholds(_thresholds(None))
        .sort_by([common.TableSortByFieldState().display_name(worst_first).desc(True)])
        .with_transformation(models.DataTransformerConfig("merge", options={}))
        .with_transformation(
            models.DataTransformerConfig(
                "organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": {field: place for place, field in enumerate(shown)},
                    "renameByName": shown,
                },
            )
        )
    )
    for ref, name in refs.items():
        column = columns[name]
        panel.with_target(query(ref, column.expr, "", instant=True).format(PromQueryFormat.TABLE))
        properties = [models.DynamicConfigValue("unit", column.unit)]
        if column.words:
            properties += [
                models.DynamicConfigValue("mappings", _mappings(column.words)),
                models.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
            ]
        panel.override_by_name(name, properties)
    for label, url in links.items():
        link = {"title": "Open", "url": url, "targetBlank": False}
        panel.override_by_name(keys[label], [models.DynamicConfigValue("links", [link])])
    return _dress(panel, about, None)


def _value(ref: str, refs: Mapping[str, str]) -> str:
    """How the field is called that a query's numbers come in."""
    return f"Value #{ref}" if len(refs) > 1 else "Value"


def query(ref: str, expr: str, name: str = "", *, instant: bool = False) -> Dataquery:
    """One query to Prometheus: of the last moment, or of the time shown."""
    made = Dataquery().expr(expr).ref_id(ref).datasource(SOURCE)
    if name:
        made.legend_format(name)
    return made.instant() if instant else made.range()


def _mappings(words: Words | None) -> list[models.ValueMapping]:
    if words is None:
        return []
    results = {
        str(value): models.ValueMappingResult(text=text, color=colour, index=place)
        for place, (value, (text, colour)) in enumerate(words.items())
    }
    return [models.ValueMap(options=results)]


def _thresholds(limit: Limit | None, colour: str = BLUE) -> build.ThresholdsConfig:
    steps = limit.steps() if limit else [models.Threshold(None, colour)]
    return build.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _runbook(alert: str) -> build.DashboardLink:
    link = build.DashboardLink(f"Runbook: {alert}").type(models.DashboardLinkType.LINK)
    return link.url(f"${{page}}/runbooks/{alert}").target_blank(True)


def _dress[P: (bargauge.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)](
    panel: P, about: About, limit: Limit | None
) -> P:
    alerts: Sequence[str] = (*about.alerts, *((limit.alert,) if limit else ()))
    text = about.text
    if limit:
        text += f" Red {'above' if limit.good_below else 'below'} {limit.value:g}, where {limit.alert} fires."
    panel.title(about.title).description(text).no_value(about.empty).datasource(SOURCE)
    panel.links([_runbook(alert) for alert in alerts])
    panel.span(about.width).height(about.height)
    return panel
