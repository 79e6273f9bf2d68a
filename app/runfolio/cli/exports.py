"""`runfolio export` with its kinds, and `runfolio render` for a figure that was exported before."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import Derivation
from runfolio.analysis.drawing import REPLICATES
from runfolio.analysis.scales import YKind
from runfolio.analysis.smooth import Smoother
from runfolio.api import Workspace
from runfolio.cli import table_export
from runfolio.cli.commands import workspace
from runfolio.cli.output import say, write, write_json
from runfolio.errors import NotFound, UsageError
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import LEGENDS, POINTS, THEMES, ChartRecipe, RunStyleRecipe
from runfolio.model.direction import Direction
from runfolio.model.display import counted, plain
from runfolio.model.marks import ranked_colors
from runfolio.model.query import FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey
from runfolio.model.run_detail import RunDetail
from runfolio.model.statistics import LEVEL, SPREADS_OF, Centre, Spread

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def export_chart(args: argparse.Namespace) -> int:
    """Draw metrics of runs."""
    with workspace(args) as ws:
        keys = chosen_runs(ws, args, args.metric)
        runs = ws.runs(keys)
        metrics = args.metric or telling_metrics(runs)[:1]
        known = {m.name for run in runs for m in run.metrics}
        if lacking := [m for m in (*metrics, args.x_metric, args.other) if m and m not in known]:
            raise NotFound(
                f"None of these runs has a metric {lacking[0]!r}",
                hint="`runfolio diff RUN --all` lists what a run has.",
            )
        panels = _panels(ws, args, metrics)
        recipe = replace(
            chart_of(
                runs,
                panels,
                title=args.title,
                theme=args.theme,
                dpi=args.dpi,
                markers=args.markers,
                chosen=ws.mark_board().chosen,
            ),
            width_mm=args.width,
            height_mm=args.height,
            font_size=args.font_size,
            line_width=args.line_width,
            query=args.where,
            legend=args.legend,
        )
        path = ws.export_chart(recipe, args.out, drawn=args.points == "drawn")
    _tell(args, str(path), len(runs))
    return 0


def _panels(ws: Workspace, args: argparse.Namespace, metrics: Sequence[str]) -> tuple[PanelRecipe, ...]:
    """A panel for each metric, or one for all of them."""
    kind = Derivation(args.derived)
    if kind.needs_metric and not args.other:
        raise UsageError(f"--derived {kind} needs a second metric", hint="Name it with --other NAME.")
    if kind is Derivation.BASELINE and not args.baseline:
        raise UsageError("--derived baseline needs a run to subtract", hint="Name it with --baseline RUN.")
    first = PanelRecipe(
        metric=metrics[0],
        x=XKind.METRIC.value if args.x_metric else args.x,
        x_metric=args.x_metric,
        y=YKind.LOG.value if args.log_y else args.y,
        smoothing=args.smoothing,
        smoother=args.smoother,
        unit=args.unit,
        x_range=args.x_range,
        y_range=args.y_range,
        derived=args.derived,
        other=args.other,
        baseline=str(ws.resolve_run(args.baseline)) if args.baseline else "",
        groups_by=_groups_by(ws, args.groups),
        centre=args.centre,
        spread=args.spread or SPREADS_OF[Centre(args.centre)][0].value,
        level=args.level,
        clip=args.clip,
    )
    if args.together:
        return (replace(first, others=tuple(metrics[1:])),)
    return tuple(replace(first, metric=metric) for metric in metrics)


def _groups_by(ws: Workspace, text: str) -> str:
    return text if text in ("", REPLICATES) else ws.field_named(text).id


def render(args: argparse.Namespace) -> int:
    """Draw a figure again from the recipe in a file."""
    from runfolio.export.recipe_file import read_recipe

    recipe = read_recipe(args.recipe)
    if args.theme:
        recipe = replace(recipe, theme=args.theme)
    if args.dpi:
        recipe = replace(recipe, dpi=args.dpi)
    if args.points:
        recipe = replace(recipe, points=args.points)
    changed: list[str] = []
    with workspace(args) as ws:
        path = ws.render(recipe, args.out, on_changed=changed.extend)
    if args.json:
        write_json({"path": str(path), "runs": len(recipe.runs), "changed": changed})
        return 0
    _tell(args, str(path), len(recipe.runs))
    if changed:
        some = ", ".join(plain(name, 40) for name in changed[:6]) + ("…" if len(changed) > 6 else "")
        say(f"{len(changed)} of them changed since the figure was made, so this is another one: {some}")
    return 0


def export_report(args: argparse.Namespace) -> int:
    """Write a report of runs."""
    with workspace(args) as ws:
        keys = chosen_runs(ws, args)
        path = ws.export_report(keys, args.out, title=args.title)
    _tell(args, str(path), len(keys))
    return 0


def chosen_runs(ws: Workspace, args: argparse.Namespace, metrics: Sequence[str] = ()) -> list[RunKey]:
    """The runs that --run and --where name. Raises UsageError when there is none.

    metrics   those found by --where have one of these, where any run has.
    """
    keys = [ws.resolve_run(text) for text in args.runs]
    if args.where or not keys:
        found = [k for k in ws.run_keys(RunQuery(args.where)) if k not in keys]
        columns = [ws.column(FieldRef(FieldKind.METRIC, metric), found).values for metric in metrics]
        having = [key for key, *values in zip(found, *columns, strict=True) if any(v is not None for v in values)]
        keys += having or found
    if not keys:
        raise UsageError("No run fits", hint="`runfolio runs` lists what there is.")
    return keys[: args.limit]


def telling_metrics(runs: Sequence[RunDetail]) -> list[str]:
    """Metrics with more than one point, those that most runs have and that are judged by first."""
    counts: dict[str, int] = {}
    directed: dict[str, bool] = {}
    for run in runs:
        for metric in run.told_metrics:
            if metric.count > 1:
                counts[metric.name] = counts.get(metric.name, 0) + 1
                directed[metric.name] = metric.direction is not Direction.UNKNOWN
    found = sorted(counts, key=lambda m: (-counts[m], not directed[m], "val" not in m.lower(), m))
    if not found:
        raise UsageError("The runs have no metric with more than one point")
    return found


def chart_of(
    runs: Sequence[RunDetail],
    panels: tuple[PanelRecipe, ...],
    *,
    title: str = "",
    theme: str = "print",
    dpi: int = 150,
    markers: bool = False,
    chosen: Mapping[str, int] | None = None,
) -> ChartRecipe:
    """A figure of runs in the palette's order.

    markers   each has a shape too, so that it can be told in grey.
    chosen    colours (0 to 9) that runs were given for good, by key: they have those, as in the window.
    """
    colors = ranked_colors({str(run.key): place for place, run in enumerate(runs)}, chosen or {})
    styles = tuple(
        RunStyleRecipe(run.key, run.name, colors[run.key][0], colors[run.key][1] % 4, markers * (place + 1))
        for place, run in enumerate(runs)
    )
    columns = 1 if len(panels) == 1 else 2
    return ChartRecipe(styles, panels, title=title, columns=columns, theme=theme, dpi=dpi)


def _tell(args: argparse.Namespace, path: str, runs: int) -> None:
    if args.json:
        write_json({"path": path, "runs": runs})
    else:
        write(path)
        say(counted(runs, "run"))


def add_parsers(verbs: Verbs, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """Make `export` and `render` known; `common` adds the options that all commands on an index have."""
    what = verbs.add_parser("export", help="write a chart, a report or a table").add_subparsers(
        dest="kind", required=True, metavar="WHAT"
    )
    chart = what.add_parser(
        "chart", help="metrics of runs, in the format of OUT's suffix: PNG, SVG, PDF, HTML, CSV, Parquet"
    )
    chart.add_argument("out", type=Path, metavar="OUT")
    chart.add_argument("--metric", action="append", default=[], metavar="NAME", help="a panel each; may be repeated")
    chart.add_argument("--together", action="store_true", help="all metrics in one panel")
    chart.add_argument("--x", choices=[k.value for k in XKind if k is not XKind.METRIC], default="step")
    chart.add_argument("--x-metric", default="", metavar="NAME", help="a metric as x axis")
    chart.add_argument("--x-range", type=_range, metavar="FROM:TO", help="fixed ends of the x axis")
    chart.add_argument("--y", choices=[k.value for k in YKind], default="linear")
    chart.add_argument("--log-y", action="store_true", help="the same as --y log")
    chart.add_argument("--y-range", type=_range, metavar="FROM:TO", help="fixed ends of the y axis")
    chart.add_argument("--smoothing", type=float, default=0.0, metavar="0..1")
    chart.add_argument("--smoother", choices=[k.value for k in Smoother], default=Smoother.TIME_EMA.value)
    chart.add_argument(
        "--clip", action="store_true", help="the view leaves out outliers, and says how many points they are"
    )
    chart.add_argument("--derived", choices=[k.value for k in Derivation], default="none", help="what is drawn of it")
    chart.add_argument("--other", default="", metavar="NAME", help="the second metric of a ratio or a difference")
    chart.add_argument("--baseline", default="", metavar="RUN", help="the run that --derived baseline subtracts")
    chart.add_argument(
        "--groups", default="", metavar="FIELD", help="draw groups with a band: by a field, or 'replicates'"
    )
    chart.add_argument("--centre", choices=[k.value for k in Centre], default=Centre.MEAN.value, help="of a group")
    chart.add_argument("--spread", choices=[k.value for k in Spread], help="of a group's band")
    chart.add_argument("--level", type=float, default=LEVEL, help="of a group's band (0.95)")
    chart.add_argument("--legend", choices=LEGENDS, default=LEGENDS[0])
    chart.add_argument("--unit", default="", metavar="TEXT", help="stands behind the metrics' names")
    chart.add_argument("--theme", choices=THEMES, default="print")
    chart.add_argument("--width", type=float, default=180.0, metavar="MM", help="of the figure (180)")
    chart.add_argument("--height", type=float, default=0.0, metavar="MM", help="by the rows when not given")
    chart.add_argument("--dpi", type=int, default=150, help="of a PNG (150)")
    chart.add_argument("--font-size", type=float, default=8.0, metavar="PT", help="8")
    chart.add_argument("--line-width", type=float, default=1.1, metavar="PT", help="1.1")
    chart.add_argument("--markers", action="store_true", help="a shape for each run, beside colour and dash")
    report = what.add_parser("report", help="one HTML file with table, charts, differences and decisions")
    report.add_argument("out", type=Path, metavar="OUT")
    for kind in (chart, report):
        kind.add_argument("--run", action="append", default=[], dest="runs", metavar="RUN", help="may be repeated")
        kind.add_argument("--where", default="", metavar="EXPR", help="runs by a filter")
        kind.add_argument("--limit", type=_count, default=10, metavar="N", help="at most so many runs (10)")
        kind.add_argument("--title", default="")
        common(kind)
    table_export.add_parser(what, common)
    again = verbs.add_parser("render", help="draw an exported figure again, from the recipe in it or beside it")
    again.add_argument("recipe", type=Path, metavar="RECIPE", help="an exported figure of any format, or JSON")
    again.add_argument("out", type=Path, metavar="OUT", help="its suffix is the format")
    again.add_argument("--theme", choices=THEMES, help="another than the recipe's")
    again.add_argument("--dpi", type=int, help="another than the recipe's")
    common(again)
    chart.add_argument("--points", choices=POINTS, default=POINTS[0], help="in CSV and Parquet")
    again.add_argument("--points", choices=POINTS, help="in CSV and Parquet; another choice than the recipe's")
    chart.set_defaults(call=export_chart)
    report.set_defaults(call=export_report)
    again.set_defaults(call=render)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it has to be 1 or more")
    return number


def _range(text: str) -> tuple[float, float]:
    low, colon, high = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError("it is written FROM:TO, for example 0:0.5")
    return float(low), float(high)
