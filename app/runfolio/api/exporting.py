"""Figures and reports of runs, written outside of the library."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.api.asking import Asking
from runfolio.api.cancelling import CancelToken
from runfolio.api.charting import Charting
from runfolio.api.comparing import Comparing
from runfolio.api.exploring import Exploring
from runfolio.api.library import Library
from runfolio.api.marking import Marking
from runfolio.api.previews import Previewing
from runfolio.api.steps import Steps
from runfolio.api.trail import Trail
from runfolio.errors import NotFound, TooFewValues, UsageError
from runfolio.model.display import plain
from runfolio.model.query import FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.analysis.kinds.histograms import OverTime
    from runfolio.analysis.kinds.recorded import Recorded
    from runfolio.api.cancelling import CancelToken
    from runfolio.export.kind_axes import Facts
    from runfolio.export.panel_recipe import PanelRecipe
    from runfolio.export.recipe import ChartRecipe
    from runfolio.model.answers import Progress
    from runfolio.model.groups import Grouping
    from runfolio.model.kinds import Importance
    from runfolio.model.metrics import MetricSeries


class Exporting:
    """Gathers what a figure or report shows and has it written."""

    def __init__(
        self,
        library: Library,
        asking: Asking,
        charting: Charting,
        comparing: Comparing,
        exploring: Exploring,
        previewing: Previewing,
        trail: Trail,
        marking: Marking,
    ) -> None:
        self._library = library
        self._asking = asking
        self._charting = charting
        self._comparing = comparing
        self._exploring = exploring
        self._previewing = previewing
        self._trail = trail
        self._marking = marking

    def export_chart(
        self,
        recipe: ChartRecipe,
        path: Path,
        *,
        drawn: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Path:
        """Draw a figure to PNG, SVG, PDF or HTML, or write its points as CSV or Parquet, by the path's suffix.

        drawn         CSV and Parquet: what the lines go through instead of all points.
        on_progress   hears of each metric that is read and each panel that is drawn, or how many points are written.
        Raises Cancelled when asked to stop: no file is left.
        """
        self._library.check_target(path)
        watch = Steps(path.name, len(recipe.panels), on_progress, cancel)
        return self._write(replace(recipe, points="drawn" if drawn else "all"), path, watch)[0]

    def _write(self, recipe: ChartRecipe, path: Path, watch: Steps) -> tuple[Path, ChartRecipe]:
        """The file, and the recipe that lies in it."""
        from runfolio.export.chart import export_chart
        from runfolio.export.digests import with_digests

        recipe = self.complete(recipe)
        if path.suffix.lower() in (".csv", ".parquet") and recipe.points == "all" and recipe.is_of_own_points:
            return self._write_points(recipe, path, watch)
        series, facts = self._series(recipe, watch), self._facts(recipe)
        watch.check()
        recipe = with_digests(recipe, series, facts)
        written = export_chart(
            recipe, series, path, drawn=recipe.points == "drawn", facts=facts, on_panel=watch.panel_drawn
        )
        return written, recipe

    def _write_points(self, recipe: ChartRecipe, path: Path, watch: Steps) -> tuple[Path, ChartRecipe]:
        """All points as they are read: at most about a million of them are in memory."""
        from runfolio.export.chart import export_points
        from runfolio.export.points import metrics_of

        keys, metrics = [RunKey(run.key) for run in recipe.for_lines.runs], metrics_of(recipe)
        with self._charting.streamed(keys, metrics) as (total, parts):
            return export_points(recipe, parts, path, lambda done: watch.points_written(done, total))

    def complete(self, recipe: ChartRecipe) -> ChartRecipe:
        """The recipe with the groups of its runs written into panels that say only what runs are grouped by."""
        from runfolio.export.panel_recipe import GroupRecipe

        panels = []
        for panel in recipe.panels:
            if panel.groups_by and not panel.groups:
                keys = [RunKey(run.key) for run in recipe.for_lines.runs]
                found = self._groups(panel.groups_by, keys)
                panel = replace(panel, groups=tuple(GroupRecipe(g.name, tuple(map(str, g.runs))) for g in found.groups))
            panels.append(panel)
        return replace(recipe, panels=tuple(panels))

    def draw_chart(self, recipe: ChartRecipe, kind: str) -> bytes:
        """The figure as the bytes of a PNG, SVG or PDF file, for a look at what an export will be."""
        from runfolio.export.figure import draw

        recipe = self.complete(recipe)
        return draw(recipe, self._series(recipe), kind, self._facts(recipe))

    def _facts(self, recipe: ChartRecipe) -> Facts:
        """What panels that are of no curves are made of."""
        from runfolio.export.kind_axes import Facts

        keys = [RunKey(run.key) for run in recipe.chart_runs]
        ids = list(dict.fromkeys(id for panel in recipe.panels for id in panel.fields))
        found = self._exploring.variables([FieldRef.from_id(id) for id in ids], keys)
        explained: dict[int, Importance] = {}
        why_not: dict[int, str] = {}
        for place, panel in enumerate(recipe.panels):
            if panel.kind == "importance" and panel.text("target"):
                target, params = panel.text("target"), panel.texts("params")
                try:
                    explained[place] = self._exploring.importance(
                        FieldRef.from_id(target), [FieldRef.from_id(id) for id in params], keys
                    )
                except TooFewValues as error:
                    why_not[place] = error.message
        over_time = {
            place: found_over
            for place, panel in enumerate(recipe.panels)
            if panel.kind == "histogram" and panel.text("look") == "time"
            if (found_over := self._over_time(panel.text("value"), keys, log=panel.flag("log"))) is not None
        }
        recorded = {place: self._recorded(panel, keys) for place, panel in enumerate(recipe.panels)}
        known = {place: one for place, one in recorded.items() if one is not None}
        return Facts(dict(zip(ids, found, strict=True)), explained, over_time, why_not, known)

    def _recorded(self, panel: PanelRecipe, keys: Sequence[RunKey]) -> Recorded | None:
        """The histograms of the runs that a panel names, which are among those of the figure."""
        if panel.kind != "recorded":
            return None
        named = frozenset(panel.texts("runs"))
        return self._previewing.recorded_histograms([key for key in keys if key in named], panel.text("tag"))

    def _over_time(self, id: str, keys: Sequence[RunKey], *, log: bool) -> OverTime | None:
        """A metric's distribution along the steps; None for what has none."""
        from runfolio.analysis.kinds.histograms import MOST_SERIES, over_time

        field = FieldRef.from_id(id) if id else None
        if field is None or field.kind is not FieldKind.METRIC:
            return None
        try:
            return over_time([*self._asking.series_for(keys[:MOST_SERIES], field.name).values()], log=log)
        except ValueError:
            return None

    def _groups(self, by: str, keys: Sequence[RunKey]) -> Grouping:
        from runfolio.analysis.drawing import REPLICATES

        if by == REPLICATES:
            return self._comparing.replicate_groups(keys)
        return self._comparing.field_groups([FieldRef.from_id(by)], keys)

    def _series(self, recipe: ChartRecipe, watch: Steps | None = None) -> dict[str, Mapping[RunKey, MetricSeries]]:
        """All that the panels are made of: their metrics, and those that x and derived values are joined from."""
        from runfolio.analysis.axis import XKind
        from runfolio.export.lines import EPOCHS

        keys = [RunKey(run.key) for run in recipe.for_lines.runs]
        wanted: dict[str, dict[RunKey, None]] = {}
        epochs = False
        for panel in recipe.panels:
            baseline = [RunKey(panel.baseline)] if panel.baseline else []
            for metric in panel.metrics:
                wanted.setdefault(metric, {}).update(dict.fromkeys([*keys, *baseline]))
            for metric in (panel.x_metric, panel.other):
                if metric:
                    wanted.setdefault(metric, {}).update(dict.fromkeys(keys))
            epochs = epochs or panel.x == XKind.EPOCH
        found: dict[str, Mapping[RunKey, MetricSeries]] = {}
        for metric, of in wanted.items():
            found[metric] = self._asking.series_for(list(of), metric)
            if watch is not None:
                watch.metric_read(len(wanted))
        if epochs:
            found[EPOCHS] = self._charting.epoch_series(keys)
        return found

    def render(
        self, recipe: ChartRecipe, path: Path, *, on_changed: Callable[[Sequence[str]], None] | None = None
    ) -> Path:
        """Draw a figure that was exported before. Raises NotFound when one of its runs is not in the index.

        on_changed   told the names of runs whose points or fields are others than they were then; not for none.
        """
        from runfolio.export.digests import changed

        known = set(self._asking.run_keys(RunQuery(with_hidden=True)))
        runs = {run.key: run.name for run in recipe.runs}
        baselines = {panel.baseline: "the baseline" for panel in recipe.panels if panel.baseline}
        if missing := [(key, name) for key, name in (baselines | runs).items() if RunKey(key) not in known]:
            some = ", ".join(f"{plain(name, 40)} ({key})" for key, name in missing[:4])
            raise NotFound(
                f"{len(missing)} of the figure's {len(baselines | runs)} runs are not in the index: "
                f"{some}{'…' if len(missing) > 4 else ''}",
                hint="Add the folders that they lie in: runfolio index FOLDER.",
            )
        self._library.check_target(path)
        written, drawn = self._write(recipe, path, Steps(path.name, len(recipe.panels)))
        if on_changed is not None and (others := changed(recipe, drawn)):
            on_changed(others)
        return written

    def export_report(
        self,
        keys: Sequence[RunKey],
        path: Path,
        *,
        title: str = "",
        baseline: RunKey | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Path:
        """One HTML file with the runs' table, charts, differences, data sets, decisions and problems.

        on_progress   hears of each metric that is read and each panel that is drawn.
        Raises Cancelled when asked to stop: no file is left.
        """
        from runfolio.export.recipe import recipe_for
        from runfolio.export.report import ReportContent, write_report

        self._library.check_target(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise UsageError("A report is one HTML file", hint="Let the name end in .html.", where=str(path))
        runs = self._asking.runs(keys)
        recipe = recipe_for(runs, chosen=self._marking.mark_board().chosen)
        metrics = dict.fromkeys(p.metric for p in recipe.panels) if recipe else {}
        # Each panel is drawn for light and for dark pages.
        watch = Steps(path.name, 2 * len(recipe.panels) if recipe else 0, on_progress, cancel)
        watch.check()
        series: dict[str, Mapping[RunKey, MetricSeries]] = {}
        for metric in metrics:
            series[metric] = self._asking.series_for(keys, metric)
            watch.metric_read(len(metrics))
        decisions = {entry.number: entry for key in keys for entry in self._trail.history(key)}
        content = ReportContent(
            title=title or "Runs compared",
            runs=runs,
            diff=self._asking.diff(keys, baseline),
            recipe=recipe,
            series=series,
            decisions=tuple(decisions[number] for number in sorted(decisions, reverse=True)),
            made_us=time.time_ns() // 1000,
        )
        return write_report(path, content, watch.panel_drawn)
