"""A line panel that fetches what it shows: one metric of the selected runs, in their colours.

panel = MetricPanel(context, "val/acc", slot="strip-0")   # in a layout of any view
panel.refresh()                                           # asks off the GUI thread, draws when the answer is there
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from runfolio.analysis.axis import XKind
from runfolio.analysis.prepared import PreparedSeries, prepare
from runfolio.api import Workspace
from runfolio.desktop.context import Context
from runfolio.desktop.plot import LinePanel
from runfolio.desktop.plot_style import Curve
from runfolio.desktop.widgets import tooltip
from runfolio.export.recipe import ChartRecipe, PanelRecipe, RunStyleRecipe
from runfolio.model.direction import Direction
from runfolio.model.metrics import MetricSeries
from runfolio.model.run import RunKey


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What was asked for beside the runs."""

    metric: str
    x_kind: XKind = XKind.STEP
    smoothing: float = 0.0
    log_y: bool = False


class MetricPanel(LinePanel):
    """One metric for `state.selection`; `refresh` asks for it again, `shown` says that the answer is drawn."""

    shown = Signal()
    log_changed = Signal(bool)

    def __init__(
        self, context: Context, metric: str, slot: str, *, closable: bool = False, parent: QWidget | None = None
    ) -> None:
        """`slot` is unique among the panels of a window: answers to older questions of it are dropped."""
        super().__init__(context.theme, context.state, metric, closable=closable, parent=parent)
        self._context = context
        self._slot = f"panel:{slot}"
        self.metric_name = metric
        self.x_kind = XKind.STEP
        self.smoothing = 0.0
        self.log_y = False
        self._series: dict[RunKey, MetricSeries | None] = {}
        self._answer: Mapping[RunKey, PreparedSeries] = {}
        self._answered_for = _Drawing(metric)
        self.setObjectName(f"panel-{metric}")
        self.picked.connect(lambda key: context.state.set_current(RunKey(key)))
        self.log_asked.connect(self.set_log_y)
        self.export_asked.connect(self._export)
        context.state.names_changed.connect(self._recolour)
        context.theme.changed.connect(self._recolour)

    def set_metric(self, metric: str) -> None:
        """Show another metric from the next answer on."""
        if metric != self.metric_name:
            self.metric_name = metric
            self.forget()
            self.setObjectName(f"panel-{metric}")
            self.set_title(metric)

    def set_log_y(self, log: bool) -> None:
        """Draw y on a logarithmic scale or not. The series are prepared for it anew, off the GUI thread."""
        if log != self.log_y:
            self.log_y = log
            self.log_changed.emit(log)
            self.refresh()

    def forget(self) -> None:
        """Fetch every series anew at the next refresh: the index has changed."""
        self._series = {}

    def refresh(self) -> None:
        """Draw the selected runs: series that were not fetched yet are, and prepared where they are not yet."""
        keys = self._context.state.selection
        drawing = _Drawing(self.metric_name, self.x_kind, self.smoothing, self.log_y)
        known = {key: self._series[key] for key in keys if key in self._series}
        ready = dict(self._answer) if drawing == self._answered_for else {}
        ready = {key: series for key, series in ready.items() if key in known}
        series_before = self._series

        def call(workspace: Workspace) -> tuple[dict[RunKey, MetricSeries | None], dict[RunKey, PreparedSeries]]:
            missing = [key for key in keys if key not in known]
            found = workspace.series_for(missing, drawing.metric) if missing else {}
            fetched = {key: known[key] if key in known else found.get(key) for key in keys}
            prepared = {
                key: ready.get(key) or prepare(series, drawing.x_kind, drawing.smoothing, log_y=drawing.log_y)
                for key, series in fetched.items()
                if series is not None
            }
            return fetched, prepared

        def arrived(answer: tuple[dict[RunKey, MetricSeries | None], dict[RunKey, PreparedSeries]]) -> None:
            # What was forgotten while the question was under way stays forgotten.
            if self._series is series_before:
                self._series = answer[0]
            self._answer = answer[1]
            if self._answered_for.metric != drawing.metric:
                self.follow()
            self._answered_for = drawing
            self._draw()
            self.shown.emit()

        self._context.jobs.query(self._slot, call, arrived)

    def _draw(self) -> None:
        drawing = self._answered_for
        state, theme = self._context.state, self._context.theme
        curves = []
        for key, series in self._answer.items():
            style = state.style_of(key)
            curves.append(Curve(key, state.name_of(key), series, theme.run_color(style.color_index), style.dash))
        origins = sorted({s.origin for s in self._series.values() if s is not None and s.origin})
        self.head.setToolTip(tooltip(f"Some runs call it otherwise: {', '.join(origins)}") if origins else "")
        self.show_curves(curves, x_kind=drawing.x_kind, log_y=drawing.log_y)
        self.show_message(self._why_empty())

    def _why_empty(self) -> str:
        if not any(len(series) for series in self._answer.values()):
            return f"No selected run has values of {self._answered_for.metric}"
        if all(series.x_bounds is None for series in self._answer.values()):
            return "The points have no times: choose the step as x axis"
        if not any(len(series.raw) for series in self._answer.values()) and any(
            series.hidden for series in self._answer.values()
        ):
            return "No value is above 0: nothing to show on a logarithmic axis"
        return ""

    def _recolour(self) -> None:
        if self._answer:
            self._draw()

    def recipe(self) -> ChartRecipe:
        """What an export draws: this panel as it is set."""
        return recipe_of(self._context, [self])

    def _export(self, suffix: str) -> None:
        ask_and_export(self._context, self, self.recipe(), self.metric_name, suffix)


def recipe_of(context: Context, panels: Sequence[MetricPanel], columns: int = 1) -> ChartRecipe:
    """The figure of several panels, with the runs in the colours and names of the window."""
    state = context.state
    runs = tuple(
        RunStyleRecipe(str(key), state.name_of(key), style.color_index, style.dash)
        for key in state.selection
        if (style := state.style_of(key)).picked
    )
    drawn = tuple(PanelRecipe(p.metric_name, p.x_kind.value, p.log_y, p.smoothing) for p in panels)
    return ChartRecipe(runs=runs, panels=drawn, columns=columns)


def ask_and_export(context: Context, parent: QWidget, recipe: ChartRecipe, name: str, suffix: str) -> None:
    """Ask where to, without blocking, and write the figure off the GUI thread."""
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in name).strip("-") or "chart"
    dialog = QFileDialog(parent, f"Export {suffix.upper()}", str(Path.home() / f"{safe}.{suffix}"))
    dialog.setObjectName("export-chart")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.setNameFilter(f"{suffix.upper()} (*.{suffix})")

    def write(chosen: str) -> None:
        path = Path(chosen)
        context.jobs.action(
            lambda workspace: workspace.export_chart(recipe, path),
            lambda written: context.say.info(f"Exported {written}"),
        )

    dialog.fileSelected.connect(write)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def shared_metrics(workspace: Workspace, keys: Sequence[RunKey], limit: int = 2_000) -> tuple[str, ...]:
    """Names of the metrics that the runs have, those that most of them share and say most first."""
    counts: dict[str, int] = {}
    directions: dict[str, Direction] = {}
    told: set[str] = set()
    for run in workspace.runs(keys):
        told.update(metric.name for metric in run.told_metrics)
        for metric in run.metrics:
            counts[metric.name] = counts.get(metric.name, 0) + (metric.count > 1)
            directions[metric.name] = metric.direction

    def telling(name: str) -> tuple[bool, int, bool, bool, bool, str]:
        lower = name.lower()
        # What a model is judged by comes first, what the machine did last.
        dull = directions[name] is Direction.UNKNOWN or not any(
            word in lower for word in ("acc", "loss", "err", "score")
        )
        # What is shown under an aligned name in every run comes last.
        return (
            name not in told,
            -counts[name],
            dull,
            "val" not in lower,
            directions[name] is not Direction.HIGHER,
            name,
        )

    return tuple(sorted(counts, key=telling)[:limit])
