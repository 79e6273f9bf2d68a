"""The controls over the charts: x axis, smoothing, scale, panels, layout, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSlider, QWidget

from runfolio.analysis.axis import XKind
from runfolio.desktop.chart_settings import MOST_COLUMNS, MOST_SMOOTHING, ChartSettings
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import Pill, PlainLabel, TextButton
from runfolio.model.display import number, plain, short_count

X_NAMES = {XKind.STEP: "step", XKind.RELATIVE: "relative time", XKind.WALL: "wall time"}
_MENU_METRICS = 24


class ChartBar(QWidget):
    """`asked` tells what the user wants from now on, with a label for undo; the other signals speak for themselves."""

    asked = Signal(str, object)
    panel_asked = Signal(str)
    search_asked = Signal()
    export_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._settings = ChartSettings()
        self._panels: tuple[str, ...] = ()
        self._missing: tuple[str, ...] = ()
        self.x_button = self._chip("x: step", "x-axis", "What the x axis counts")
        self.x_button.setProperty("chip", "menu")
        self._fill_x_menu()
        self.log_button = self._chip("log y", "log-y", "Logarithmic y axis in all panels")
        self.log_button.setCheckable(True)
        self.log_button.clicked.connect(self._on_log)
        self._smooth_label = PlainLabel("no smoothing", role="muted")
        self._smooth_label.setObjectName("smoothing-text")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("smoothing")
        self.slider.setAccessibleName("Smoothing")
        self.slider.setRange(0, round(MOST_SMOOTHING * 100))
        self.slider.setFixedWidth(96)
        self.slider.setToolTip("Time-weighted exponential moving average; the raw curve stays behind it")
        self.slider.valueChanged.connect(self._on_smoothing)
        self.badge = Pill("every point shown", "good")
        self.badge.setObjectName("points-badge")
        self.badge.setToolTip("Each pixel column is drawn from its true lowest to its true highest point")
        self._buttons: list[tuple[TextButton, str]] = []
        self._lay_out()

    def _chip(self, text: str, name: str, tip: str) -> TextButton:
        chip = TextButton(text, self._theme, tip=tip)
        chip.setObjectName(name)
        chip.setProperty("chip", True)
        return chip

    def _lay_out(self) -> None:
        self.add_menu = QMenu(self)
        self.add_menu.setObjectName("add-panel")
        self.add_menu.aboutToShow.connect(self._fill_add_menu)
        self.layout_menu = QMenu(self)
        self.layout_menu.setObjectName("layout-menu")
        self.layout_menu.aboutToShow.connect(self._fill_layout_menu)
        export_menu = QMenu(self)
        for suffix in ("png", "svg", "pdf", "csv"):
            export_menu.addAction(suffix.upper(), self._exporting(suffix))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 8)
        row.setSpacing(8)
        for widget in (self.x_button, self.slider, self._smooth_label, self.log_button, self.badge):
            row.addWidget(widget)
        row.addStretch()
        for text, icon, menu, name in (
            ("Panel", "plus", self.add_menu, "add-panel-button"),
            ("Layout", "layout-grid", self.layout_menu, "layout-button"),
            ("Export figure…", "download", export_menu, "export-figure"),
        ):
            button = TextButton(text, self._theme, icon=icon)
            button.setObjectName(name)
            button.setMenu(menu)
            row.addWidget(button)
            self._buttons.append((button, text))

    def minimumSizeHint(self) -> QSize:
        """Any width will do: texts give way first."""
        return QSize(320, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words on the buttons where there is room, else icons alone; the badge goes last."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.badge.setVisible(True)
        self._smooth_label.setVisible(True)
        for button, text in self._buttons:
            button.set_text(text)
        if self._wanted() > self.width():
            for button, text in self._buttons:
                button.set_text("")
                button.setAccessibleName(text)
                button.setToolTip(text)
        self._smooth_label.setVisible(self._wanted() <= self.width())
        self.badge.setVisible(self._wanted() <= self.width())

    def _wanted(self) -> int:
        layout = self.layout()
        if layout is None:
            return 0
        layout.invalidate()
        return layout.sizeHint().width()

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_settings(self, settings: ChartSettings, panels: Sequence[str], missing: Sequence[str]) -> None:
        """Show how things are; `panels` are the metrics on show, `missing` those that could be added."""
        self._settings, self._missing = settings, tuple(missing)
        self.x_button.set_text(f"x: {X_NAMES[settings.x]}")
        self.slider.blockSignals(True)
        self.slider.setValue(round(settings.smoothing * 100))
        self.slider.blockSignals(False)
        self._smooth_label.setText(f"{number(settings.smoothing)} · raw kept" if settings.smoothing else "no smoothing")
        self.log_button.setChecked(bool(panels) and settings.log.issuperset(panels))
        for action in self._x_actions.actions():
            action.setChecked(action.data() == settings.x.value)
        self._panels = tuple(panels)
        self._fit()

    def show_points(self, points: int) -> None:
        """Say how many points the panels in sight stand for."""
        self.badge.set(f"every point shown · {short_count(points)}", "good")
        self._fit()

    # --- what is asked -----------------------------------------------------------------------------------------

    def _fill_x_menu(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("x-menu")
        self._x_actions = QActionGroup(menu)
        for kind, name in X_NAMES.items():
            action = menu.addAction(name, self._choosing_x(kind))
            action.setCheckable(True)
            action.setData(kind.value)
            self._x_actions.addAction(action)
        self.x_button.setMenu(menu)

    def _choosing_x(self, kind: XKind) -> Callable[[], None]:
        return lambda: self.asked.emit("X axis", replace(self._settings, x=kind))

    def _on_smoothing(self, value: int) -> None:
        self.asked.emit("Smoothing", replace(self._settings, smoothing=value / 100))

    def _on_log(self, checked: bool) -> None:
        shown = frozenset(self._panels)
        scales = self._settings.log | shown if checked else self._settings.log - shown
        self.asked.emit("Scale", replace(self._settings, log=scales))

    def _fill_add_menu(self) -> None:
        self.add_menu.clear()
        for metric in self._missing[:_MENU_METRICS]:
            self.add_menu.addAction(plain(metric, 60).replace("&", "&&"), self._adding(metric))
        if not self._missing:
            self.add_menu.addAction("Every metric has a panel").setEnabled(False)
        self.add_menu.addSeparator()
        self.add_menu.addAction("Search metrics…", self.search_asked.emit)

    def _adding(self, metric: str) -> Callable[[], None]:
        return lambda: self.panel_asked.emit(metric)

    def _fill_layout_menu(self) -> None:
        self.layout_menu.clear()
        for columns in range(1, MOST_COLUMNS + 1):
            words = f"{columns} column{'s' if columns > 1 else ''}"
            action = self.layout_menu.addAction(words, self._setting_columns(columns))
            action.setCheckable(True)
            action.setChecked(columns == self._settings.columns)
        self.layout_menu.addSeparator()
        self.layout_menu.addAction("Panels by themselves", self._follow)

    def _setting_columns(self, columns: int) -> Callable[[], None]:
        return lambda: self.asked.emit("Columns", replace(self._settings, columns=columns, large=None))

    def _follow(self) -> None:
        self.asked.emit("Panels", replace(self._settings, metrics=None, large=None))

    def _exporting(self, suffix: str) -> Callable[[], None]:
        return lambda: self.export_asked.emit(suffix)
