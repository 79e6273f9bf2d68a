"""The Charts workspace: a grid of panels for the selected runs, with one cursor, one smoothing and one x axis."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from runfolio.analysis.axis import XKind
from runfolio.desktop.context import Context
from runfolio.desktop.metric_panel import MetricPanel, ask_and_export, recipe_of, shared_metrics
from runfolio.desktop.plot import Reading
from runfolio.desktop.readout import ReadOut
from runfolio.desktop.widgets import EmptyState, Pill, PlainLabel, SectionTitle, TextButton
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count, number, plain
from runfolio.model.params import Json
from runfolio.model.query import RunQuery

FIRST_PANELS = 6
_X_KINDS = ((XKind.STEP, "x: step"), (XKind.RELATIVE, "x: relative time"), (XKind.WALL, "x: wall time"))
_LEAST_HEIGHT = 210


class ChartsView(QWidget):
    """Panels made by themselves from the metrics that the selected runs share, and changed by hand."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("charts")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("surface", "surface")
        self._context = context
        self._metrics: tuple[str, ...] = ()
        self._chosen: list[str] | None = None
        """Metrics the user wants; None while they follow the selection."""
        self._panels: dict[str, MetricPanel] = {}
        self._large: str | None = None
        self._columns = 3
        self._smoothing = 0.0
        self._x_kind = XKind.STEP
        self._log: set[str] = set()
        self._made = 0
        self._lay_out()
        state = context.state
        state.selection_changed.connect(self._refresh)
        state.cursor_changed.connect(self._read_out)
        state.names_changed.connect(self._read_out)

    # --- layout ------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        theme = self._context.theme
        self.empty = EmptyState(
            theme,
            "No run is selected",
            "Select runs in the table with Space, or start with the first five of the scope.",
            icon="chart-line",
            action="Chart the first five runs",
            call=self._pick_first,
        )
        self._grid_widget = QWidget()
        self._grid_widget.setProperty("surface", "surface")
        self._grid = QGridLayout(self._grid_widget)
        self._grid.setContentsMargins(14, 0, 14, 10)
        self._grid.setSpacing(14)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self._grid_widget)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addLayout(self._bar())
        left.addWidget(scroll, 1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self._side())
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    def _bar(self) -> QHBoxLayout:
        theme = self._context.theme
        self.x_choice = QComboBox()
        self.x_choice.setAccessibleName("x axis")
        self.x_choice.setObjectName("x-axis")
        for kind, title in _X_KINDS:
            self.x_choice.addItem(title, kind)
        self.x_choice.currentIndexChanged.connect(self._choose_x)
        self._smooth_label = PlainLabel("no smoothing", role="muted")
        self._smooth_label.setFixedWidth(100)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("smoothing")
        self.slider.setAccessibleName("Smoothing")
        self.slider.setRange(0, 99)
        self.slider.setFixedWidth(110)
        self.slider.setToolTip("Time-weighted exponential moving average; the raw curve stays behind it")
        self.slider.valueChanged.connect(self._choose_smoothing)
        self.badge = Pill("every point shown", "good")
        self.badge.setObjectName("points-badge")
        self.badge.setToolTip("Each pixel column is drawn from its true lowest to its true highest point")
        add = TextButton("Panel", theme, icon="plus")
        add.clicked.connect(lambda: self._search.setFocus())
        layout = TextButton("Layout", theme, icon="layout-grid")
        menu = QMenu(layout)
        for columns in (1, 2, 3, 4):
            menu.addAction(f"{columns} column{'s' if columns > 1 else ''}", self._setting_columns(columns))
        layout.setMenu(menu)
        export = TextButton("Export figure…", theme, icon="download")
        exports = QMenu(export)
        for suffix in ("png", "svg", "pdf", "csv"):
            exports.addAction(suffix.upper(), self._exporting(suffix))
        export.setMenu(exports)
        bar = QHBoxLayout()
        bar.setContentsMargins(14, 10, 14, 8)
        bar.setSpacing(8)
        for widget in (self.x_choice, self.slider, self._smooth_label, self.badge):
            bar.addWidget(widget)
        bar.addStretch()
        for button in (add, layout, export):
            bar.addWidget(button)
        return bar

    def _side(self) -> QWidget:
        side = QWidget()
        side.setProperty("surface", "panel")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setFixedWidth(250)
        self._cursor_title = SectionTitle("Read-out")
        self.read_out = ReadOut(self._context.theme, self._context.state)
        self._search = QLineEdit()
        self._search.setObjectName("panel-search")
        self._search.setPlaceholderText("glob, e.g. val/*")
        self._search.setAccessibleName("Search panels")
        self._search.textChanged.connect(self._filter_list)
        self.listing = QListWidget()
        self.listing.setProperty("surface", "panel")
        self.listing.setSpacing(2)
        self.listing.setObjectName("panel-list")
        self.listing.setAccessibleName("Metrics to chart")
        self.listing.itemChanged.connect(self._on_checked)
        column = QVBoxLayout(side)
        column.setContentsMargins(14, 14, 12, 12)
        column.setSpacing(8)
        column.addWidget(self._cursor_title)
        column.addWidget(self.read_out)
        column.addSpacing(10)
        column.addWidget(SectionTitle("Panels"))
        column.addWidget(self._search)
        column.addWidget(self.listing, 1)
        return side

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: fetch what is stale."""
        self._refresh()

    def changed(self, change: Change) -> None:
        """Runs were read again: draw them anew when they are in sight."""
        if change.touched & Touched.RUNS and self.isVisible():
            self._refresh()

    def saved(self) -> dict[str, Json]:
        """Panels, columns, smoothing and x axis."""
        chosen: Json = None if self._chosen is None else [*self._chosen]
        return {
            "metrics": chosen,
            "columns": self._columns,
            "smoothing": self._smoothing,
            "x": self._x_kind.value,
            "log": [*sorted(self._log)],
        }

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        metrics, columns, smoothing = kept.get("metrics"), kept.get("columns"), kept.get("smoothing")
        log = kept.get("log")
        if isinstance(metrics, list):
            self._chosen = [m for m in metrics if isinstance(m, str)]
        if isinstance(columns, int) and 1 <= columns <= 4:
            self._columns = columns
        if isinstance(smoothing, float) and 0 <= smoothing < 1:
            self.slider.setValue(round(smoothing * 100))
        if isinstance(log, list):
            self._log = {m for m in log if isinstance(m, str)}
        for index, (kind, _) in enumerate(_X_KINDS):
            if kind.value == kept.get("x"):
                self.x_choice.setCurrentIndex(index)

    # --- panels ------------------------------------------------------------------------------------------------

    @property
    def panels(self) -> tuple[MetricPanel, ...]:
        """The panels in sight."""
        return tuple(p for m, p in self._panels.items() if self._large in (None, m))

    def _pick_first(self) -> None:
        state = self._context.state
        if state.scope_keys:
            state.select(state.scope_keys[:5])
            return
        self._context.jobs.query("charts:first", lambda ws: ws.run_keys(RunQuery())[:5], state.select)

    def _refresh(self) -> None:
        keys = self._context.state.selection
        if not keys:
            self.stack.setCurrentIndex(0)
            return
        if self.isVisible():
            self._context.jobs.query("charts:metrics", lambda workspace: shared_metrics(workspace, keys), self._arrived)

    def _arrived(self, metrics: tuple[str, ...]) -> None:
        self.stack.setCurrentIndex(1)
        self._metrics = metrics
        self._show_panels()
        self._fill_list()

    def _wanted(self) -> list[str]:
        if self._chosen is not None:
            return [m for m in self._chosen if m in self._metrics]
        return [*self._metrics[:FIRST_PANELS]]

    def _show_panels(self) -> None:
        wanted = self._wanted()
        for metric in [m for m in self._panels if m not in wanted]:
            panel = self._panels.pop(metric)
            self._grid.removeWidget(panel)
            panel.hide()
            panel.deleteLater()
        for metric in wanted:
            if metric not in self._panels:
                self._panels[metric] = self._make(metric)
        self._panels = {m: self._panels[m] for m in wanted}
        if self._large not in self._panels:
            self._large = None
        self._arrange()
        for panel in self.panels:
            self._ask(panel)

    def _make(self, metric: str) -> MetricPanel:
        self._made += 1
        panel = MetricPanel(self._context, metric, f"charts-{self._made}", closable=True)
        panel.setMinimumHeight(_LEAST_HEIGHT)
        panel.set_log_y(metric in self._log)
        panel.closed.connect(lambda: self._choose([m for m in self._panels if m != metric]))
        panel.maximised.connect(lambda: self._maximise(metric))
        panel.log_changed.connect(lambda log: self._log.add(metric) if log else self._log.discard(metric))
        panel.shown.connect(self._count_points)
        return panel

    def _ask(self, panel: MetricPanel) -> None:
        panel.x_kind, panel.smoothing = self._x_kind, self._smoothing
        panel.refresh()

    def _arrange(self) -> None:
        for panel in self._panels.values():
            self._grid.removeWidget(panel)
            panel.setVisible(panel in self.panels)
        shown = self.panels
        columns = 1 if self._large else min(self._columns, max(1, len(shown)))
        for i, panel in enumerate(shown):
            self._grid.addWidget(panel, i // columns, i % columns)
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def _maximise(self, metric: str) -> None:
        self._large = None if self._large == metric else metric
        self._arrange()
        for panel in self.panels:
            self._ask(panel)

    def _count_points(self) -> None:
        points = sum(p.point_count for p in self.panels)
        self.badge.set(f"every point shown · {count(points)}", "good")
        self._read_out()

    def _choose(self, metrics: list[str]) -> None:
        self._chosen = metrics
        self._show_panels()
        self._fill_list()

    # --- controls ----------------------------------------------------------------------------------------------

    def _choose_x(self, index: int) -> None:
        self._x_kind = _X_KINDS[index][0]
        self._context.state.set_cursor(None)
        for panel in self.panels:
            self._ask(panel)

    def _choose_smoothing(self, value: int) -> None:
        self._smoothing = value / 100
        self._smooth_label.setText(f"{number(self._smoothing)} · raw kept" if value else "no smoothing")
        for panel in self.panels:
            self._ask(panel)

    def _setting_columns(self, columns: int) -> Callable[[], None]:
        def choose() -> None:
            self._columns = columns
            self._arrange()

        return choose

    def _exporting(self, suffix: str) -> Callable[[], None]:
        def export() -> None:
            recipe = recipe_of(self._context, self.panels, min(self._columns, max(1, len(self.panels))))
            ask_and_export(self._context, self, recipe, "figure", suffix)

        return export

    # --- the list of metrics -----------------------------------------------------------------------------------

    def _fill_list(self) -> None:
        wanted = {*self._wanted()}
        self.listing.blockSignals(True)
        self.listing.clear()
        for metric in self._metrics:
            item = QListWidgetItem(plain(metric))
            item.setData(Qt.ItemDataRole.UserRole, metric)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if metric in wanted else Qt.CheckState.Unchecked)
            self.listing.addItem(item)
        self.listing.blockSignals(False)
        self._filter_list(self._search.text())

    def _filter_list(self, text: str) -> None:
        pattern = text.strip() if any(c in text for c in "*?[") else f"*{text.strip()}*"
        for i in range(self.listing.count()):
            item = self.listing.item(i)
            metric = str(item.data(Qt.ItemDataRole.UserRole))
            item.setHidden(bool(text.strip()) and not fnmatch.fnmatch(metric.lower(), pattern.lower()))

    def _on_checked(self, item: QListWidgetItem) -> None:
        metric = str(item.data(Qt.ItemDataRole.UserRole))
        chosen = [m for m in self._wanted() if m != metric]
        if item.checkState() is Qt.CheckState.Checked:
            chosen.append(metric)
        self._choose(chosen)

    def _read_out(self) -> None:
        panels = self.panels
        step = self._context.state.cursor_step
        if not panels or not self.isVisible():
            return
        panel = next((p for p in panels if p.underMouse()), panels[0])
        if step is None:
            ends = [float(c.x.max()) for c in panel.curves if len(c.x)]
            readings = panel.readings(max(ends)) if ends else []
            self._cursor_title.setText(f"READ-OUT · {plain(panel.title, 24)} · last")
        else:
            readings = panel.readings(step)
            where = f"step {number(round(step))}" if self._x_kind is XKind.STEP else "at the cursor"
            self._cursor_title.setText(f"READ-OUT · {plain(panel.title, 24)} · {where}")
        self.read_out.show_readings(sorted(readings, key=_by_value, reverse=True))


def _by_value(reading: Reading) -> tuple[bool, float]:
    """Largest first, NaN last."""
    return (not math.isnan(reading.value), reading.value)
