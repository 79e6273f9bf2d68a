"""`runfolio export chart` and `runfolio export report`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from runfolio.api import Workspace
from runfolio.cli.commands import workspace
from runfolio.cli.output import say, write, write_json
from runfolio.errors import NotFound, UsageError
from runfolio.export.recipe import ChartRecipe, PanelRecipe, RunStyleRecipe
from runfolio.model.answers import RunDetail
from runfolio.model.direction import Direction
from runfolio.model.query import RunQuery
from runfolio.model.run import RunKey

_PANELS = 4


def export_chart(args: argparse.Namespace) -> int:
    """Draw metrics of runs."""
    with workspace(args) as ws:
        keys = chosen_runs(ws, args)
        runs = ws.runs(keys)
        metrics = args.metric or telling_metrics(runs)[:1]
        known = {m.name for run in runs for m in run.metrics}
        if lacking := [m for m in metrics if m not in known]:
            raise NotFound(
                f"None of these runs has a metric {lacking[0]!r}",
                hint="`runfolio diff RUN --all` lists what a run has.",
            )
        panels = tuple(PanelRecipe(m, args.x, args.log_y, args.smoothing) for m in metrics)
        recipe = chart_of(runs, panels, title=args.title, theme=args.theme, dpi=args.dpi)
        path = ws.export_chart(recipe, args.out)
    _tell(args, str(path), len(runs))
    return 0


def export_report(args: argparse.Namespace) -> int:
    """Write a report of runs."""
    with workspace(args) as ws:
        keys = chosen_runs(ws, args)
        path = ws.export_report(keys, args.out, title=args.title)
    _tell(args, str(path), len(keys))
    return 0


def chosen_runs(ws: Workspace, args: argparse.Namespace) -> list[RunKey]:
    """The runs that --run and --where name. Raises UsageError when there is none."""
    keys = [ws.resolve_run(text) for text in args.runs]
    if args.where or not keys:
        keys += [k for k in ws.run_keys(RunQuery(args.where)) if k not in keys]
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
) -> ChartRecipe:
    """A figure of runs in the palette's order."""
    styles = tuple(RunStyleRecipe(r.key, r.name, i % 10, i // 10 % 4) for i, r in enumerate(runs))
    columns = 1 if len(panels) == 1 else 2
    return ChartRecipe(styles, panels, title=title, columns=columns, theme=theme, dpi=dpi)


def _tell(args: argparse.Namespace, path: str, runs: int) -> None:
    if args.json:
        write_json({"path": path, "runs": runs})
    else:
        write(path)
        say(f"{runs} runs")
