"""`runfolio summary`: what the window shows at a first look, where there is no screen."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from runfolio.api import Workspace
from runfolio.cli.cells import exact, human, right_aligned, title
from runfolio.cli.compare import diff_text
from runfolio.cli.exports import chart_of, telling_metrics
from runfolio.cli.output import say, write, write_json
from runfolio.cli.tables import table
from runfolio.errors import UsageError
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.model import display
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery, SortKey
from runfolio.model.reports import IndexReport
from runfolio.model.run import RunKey

_MOST_ROWS = 40
_CHARTED = 5


def summarise(args: argparse.Namespace) -> int:
    """Index the folders, print the runs and what sets the best two apart, write a chart and a report.

    The index and the ledger lie in the output folder, so that the user's own are left alone.
    """
    out: Path = args.out.expanduser().absolute()
    for path in args.paths:
        # Before anything is made there: the index would already be a change to the runs.
        if out.resolve().is_relative_to(Path(path).expanduser().resolve()):
            raise UsageError("The output folder lies inside the runs, which are only read", where=str(out))
    with Workspace.open(out / "index.duckdb", out / "ledger") as ws:
        report = ws.index(args.paths)
        fields = ws.default_columns(10)
        best = next((f for f in fields if f.kind is FieldKind.METRIC and f.aggregate is Aggregate.BEST), None)
        keys = ws.run_keys(RunQuery(sort=(SortKey(best, ws.higher_is_better(best)),) if best else ()))
        if not args.json:
            _show(ws, report, fields, best, keys)
        files = _write_files(ws, keys, out) if keys else {}
        if args.json:
            columns = [ws.column(f, keys) for f in fields]
            rows = [{"key": key} | {title(c.field): exact(c, i) for c in columns} for i, key in enumerate(keys)]
            counts = {n: getattr(report, n) for n in ("runs", "points", "problems", "seconds")}
            write_json(counts | {"table": rows, "files": {k: str(v) for k, v in files.items()}})
        else:
            for kind, file in files.items():
                write(f"{kind:7} {file}")
    say(f"Index and ledger of this summary lie in {out}; delete that folder when you are done.")
    return 0 if keys else 1


def _show(
    ws: Workspace, report: IndexReport, fields: Sequence[FieldRef], best: FieldRef | None, keys: Sequence[RunKey]
) -> None:
    write(
        f"{display.counted(report.runs, 'run')}, {display.counted(report.points, 'point')}, "
        f"{display.counted(report.problems, 'problem')}, read in {display.duration(report.seconds)}\n"
    )
    if not keys:
        write("No run was found in there.")
        return
    columns = [ws.column(f, keys[:_MOST_ROWS]) for f in fields]
    rows = [[human(c, i) for c in columns] for i in range(min(len(keys), _MOST_ROWS))]
    write(table([title(f) for f in fields], rows, right=right_aligned(columns)))
    if len(keys) > _MOST_ROWS:
        write(f"… and {display.count(len(keys) - _MOST_ROWS)} more")
    if len(keys) > 1:
        write(f"\nThe two best{f' by {best.name}' if best else ''}:\n")
        diff = ws.diff(keys[:2])
        write(diff_text(diff.only_differences(), diff))
    write("")


def _write_files(ws: Workspace, keys: Sequence[RunKey], out: Path) -> dict[str, Path]:
    """The chart, where there is one to draw, and the report, by what they are."""
    files: dict[str, Path] = {}
    runs = ws.runs(keys[:_CHARTED])
    if any(m.count > 1 for run in runs for m in run.metrics):
        panels = tuple(PanelRecipe(metric) for metric in telling_metrics(runs)[:4])
        recipe = chart_of(runs, panels, chosen=ws.mark_board().chosen)
        for suffix in ("png", "svg"):
            files[suffix] = ws.export_chart(recipe, out / f"comparison.{suffix}")
    files["report"] = ws.export_report(keys[:_CHARTED], out / "report.html", title="The best runs")
    return files
