"""Figures and reports of runs, written outside of the library."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.api.asking import Asking
from runfolio.api.library import Library
from runfolio.api.trail import Trail
from runfolio.errors import NotFound, UsageError
from runfolio.model.display import plain
from runfolio.model.query import RunQuery
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.export.recipe import ChartRecipe


class Exporting:
    """Gathers what a figure or report shows and has it written."""

    def __init__(self, library: Library, asking: Asking, trail: Trail) -> None:
        self._library = library
        self._asking = asking
        self._trail = trail

    def export_chart(self, recipe: ChartRecipe, path: Path, *, drawn: bool = False) -> Path:
        """Draw a figure to PNG, SVG, PDF or HTML, or write its points as CSV or Parquet, by the path's suffix.

        drawn   CSV and Parquet: what the lines go through instead of all points.
        """
        from runfolio.export.chart import export_chart

        self._library.check_target(path)
        keys = [RunKey(r.key) for r in recipe.runs]
        metrics = dict.fromkeys(p.metric for p in recipe.panels)
        return export_chart(recipe, {m: self._asking.series_for(keys, m) for m in metrics}, path, drawn=drawn)

    def render(self, recipe: ChartRecipe, path: Path, *, drawn: bool = False) -> Path:
        """Draw a figure that was exported before. Raises NotFound when one of its runs is not in the index."""
        known = set(self._asking.run_keys(RunQuery(with_hidden=True)))
        if missing := [run for run in recipe.runs if RunKey(run.key) not in known]:
            some = ", ".join(f"{plain(run.name, 40)} ({run.key})" for run in missing[:4])
            raise NotFound(
                f"{len(missing)} of the figure's {len(recipe.runs)} runs are not in the index: "
                f"{some}{'…' if len(missing) > 4 else ''}",
                hint="Add the folders that they lie in: runfolio index FOLDER.",
            )
        return self.export_chart(recipe, path, drawn=drawn)

    def export_report(
        self, keys: Sequence[RunKey], path: Path, *, title: str = "", baseline: RunKey | None = None
    ) -> Path:
        """One HTML file with the runs' table, charts, differences, data sets, decisions and problems."""
        from runfolio.export.recipe import recipe_for
        from runfolio.export.report import ReportContent, write_report

        self._library.check_target(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise UsageError("A report is one HTML file", hint="Let the name end in .html.", where=str(path))
        runs = self._asking.runs(keys)
        recipe = recipe_for(runs)
        metrics = dict.fromkeys(p.metric for p in recipe.panels) if recipe else {}
        decisions = {entry.number: entry for key in keys for entry in self._trail.history(key)}
        content = ReportContent(
            title=title or "Runs compared",
            runs=runs,
            diff=self._asking.diff(keys, baseline),
            recipe=recipe,
            series={m: self._asking.series_for(keys, m) for m in metrics},
            decisions=tuple(decisions[number] for number in sorted(decisions, reverse=True)),
            made_us=time.time_ns() // 1000,
        )
        return write_report(path, content)
