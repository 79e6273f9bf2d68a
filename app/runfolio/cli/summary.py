"""`runfolio summary`: what the window shows at a first look, where there is no screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from runfolio.api import Workspace
from runfolio.cli.cells import human, right_aligned, title
from runfolio.cli.compare import diff_text
from runfolio.cli.exports import chart_of, telling_metrics
from runfolio.cli.output import say, write
from runfolio.cli.tables import table
from runfolio.export.recipe import PanelRecipe
from runfolio.model import display
from runfolio.model.query import Aggregate, FieldKind, RunQuery, SortKey

_MOST_ROWS = 40
_CHARTED = 5


def summarise(args: argparse.Namespace) -> int:
    """Index the folders, print the runs and what sets the best two apart, write a chart and a report.

    The index and the ledger lie in the output folder, so that the user's own are left alone.
    """
    out: Path = args.out.expanduser().absolute()
    with Workspace.open(out / "index.duckdb", out / "ledger") as ws:
        report = ws.index(args.paths)
        write(
            f"{display.count(report.runs)} runs, {display.count(report.points)} points, "
            f"{display.count(report.problems)} problems, read in {display.duration(report.seconds)}\n"
        )
        fields = ws.default_columns(10)
        best = next((f for f in fields if f.kind is FieldKind.METRIC and f.aggregate is Aggregate.BEST), None)
        keys = ws.run_keys(RunQuery(sort=(SortKey(best, ws.higher_is_better(best)),) if best else ()))
        if not keys:
            write("No run was found in there.")
            return 1
        columns = [ws.column(f, keys[:_MOST_ROWS]) for f in fields]
        rows = [[human(c, i) for c in columns] for i in range(min(len(keys), _MOST_ROWS))]
        write(table([title(f) for f in fields], rows, right=right_aligned(columns)))
        if len(keys) > _MOST_ROWS:
            write(f"… and {display.count(len(keys) - _MOST_ROWS)} more")
        if len(keys) > 1:
            write(f"\nThe two best{f' by {best.name}' if best else ''}:\n")
            diff = ws.diff(keys[:2])
            write(diff_text(diff.only_differences(), diff))
        runs = ws.runs(keys[:_CHARTED])
        write("")
        if any(m.count > 1 for run in runs for m in run.metrics):
            panels = tuple(PanelRecipe(m) for m in telling_metrics(runs)[:4])
            recipe = chart_of(runs, panels)
            for suffix in ("png", "svg"):
                write(f"chart   {ws.export_chart(recipe, out / f'comparison.{suffix}')}")
        write(f"report  {ws.export_report(keys[:_CHARTED], out / 'report.html', title='The best runs')}")
    say(f"Index and ledger of this summary lie in {out}; delete that folder when you are done.")
    return 0
