"""A line panel that fetches what it shows: one metric of the selected runs, in their colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from runfolio.analysis.axis import XKind
from runfolio.api import Workspace
from runfolio.desktop.context import Context
from runfolio.desktop.plot import Drawable, LinePanel, drawable
from runfolio.desktop.plot_items import Curve
from runfolio.export.recipe import ChartRecipe, PanelRecipe, RunStyleRecipe
from runfolio.model.direction import Direction
from runfolio.model.run import RunKey


class MetricPanel(LinePanel):
    """One metric for `state.selection`; `refresh` asks for it again, `shown` says that the answer is drawn."""

    shown = Signal()

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
        self.setObjectName(f"panel-{metric}")
        self.picked.connect(lambda key: context.state.set_current(RunKey(key)))
        self.export_asked.connect(self._export)
        context.state.names_changed.connect(self._recolour)
        context.theme.changed.connect(self._recolour)
        self._answer: Mapping[RunKey, Drawable] = {}

    def set_metric(self, metric: str) -> None:
        """Show another metric."""
        if metric != self.metric_name:
            self.metric_name = metric
            self._answer = {}
            self.set_title(metric)
            self.refresh()

    def refresh(self) -> None:
        """Fetch the series of the selected runs and draw them."""
        keys, metric, kind, smoothing = self._context.state.selection, self.metric_name, self.x_kind, self.smoothing
        self.set_x_kind(kind)

        def call(workspace: Workspace) -> dict[RunKey, Drawable]:
            found = workspace.series_for(keys, metric)
            return {key: drawable(series, kind, smoothing) for key, series in found.items()}

        self._context.jobs.query(self._slot, call, self._arrived)

    def _arrived(self, answer: dict[RunKey, Drawable]) -> None:
        self._answer = answer
        self.show_curves(self._curves())
        self.shown.emit()

    def _recolour(self) -> None:
        if self._answer:
            self.show_curves(self._curves(), keep_range=True)

    def _curves(self) -> list[Curve]:
        state, theme = self._context.state, self._context.theme
        curves = []
        for key, arrays in self._answer.items():
            style = state.style_of(key)
            color = theme.run_color(style.color_index)
            curves.append(Curve(key, state.name_of(key), arrays.x, arrays.y, arrays.smooth, color, style.dash))
        return curves

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
    for run in workspace.runs(keys):
        for metric in run.metrics:
            counts[metric.name] = counts.get(metric.name, 0) + (metric.count > 1)
            directions[metric.name] = metric.direction

    def telling(name: str) -> tuple[int, bool, bool, bool, str]:
        lower = name.lower()
        # What a model is judged by comes first, what the machine did last.
        dull = directions[name] is Direction.UNKNOWN or not any(
            word in lower for word in ("acc", "loss", "err", "score")
        )
        return (-counts[name], dull, "val" not in lower, directions[name] is not Direction.HIGHER, name)

    return tuple(sorted(counts, key=telling)[:limit])
