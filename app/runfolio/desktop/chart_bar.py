"""The controls over the charts: x axis, smoothing, scale, panels, layout, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QSlider, QWidget

from runfolio.analysis.axis import XKind
from runfolio.analysis.scales import YKind
from runfolio.desktop.chart_menus import (
    X_NAMES,
    add_lines,
    fill_groups,
    fill_smoother,
    fill_x,
    group_title,
    smoothing_text,
)
from runfolio.desktop.chart_settings import MOST_SMOOTHING, ChartSettings
from runfolio.desktop.flow import FlowLayout
from runfolio.desktop.panel_kinds import fill_charts
from runfolio.desktop.panel_layout import MANY
from runfolio.desktop.panel_settings import MOST_COLUMNS
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import Pill, TextButton
from runfolio.model.display import plain, short_count
from runfolio.model.query import FieldRef

_MENU_METRICS = 24
_SIDE = 14

_EVERY_POINT = "Each pixel column is drawn from its true lowest to its true highest point"


class ChartBar(QWidget):
    """`asked` tells what the user wants from now on, with a label for undo; the other signals speak for themselves."""

    asked = Signal(str, object)
    panel_asked = Signal(str)
    chart_asked = Signal(str)
    search_asked = Signal()
    export_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._settings = ChartSettings()
        self._panels: tuple[str, ...] = ()
        self._missing: tuple[str, ...] = ()
        self.offered: tuple[str, ...] = ()
        """Metrics that may be an x axis."""
        self.fields: tuple[FieldRef, ...] = ()
        """Params that runs may be grouped by."""
        self.x_button = self._menu_chip("x: step", "x-axis", "What the x axis counts", "x-menu", self._fill_x)
        self.smoother_button = self._menu_chip(
            "smooth", "smoother", "How curves are smoothed", "smoother-menu", self._fill_smoother
        )
        self.group_button = self._menu_chip(
            "single runs", "group-runs", "Draw each run, or groups with a band", "group-menu", self._fill_groups
        )
        self.log_button = self._chip("log y", "log-y", "Logarithmic y axis in all panels")
        self.log_button.setCheckable(True)
        self.log_button.clicked.connect(self._on_log)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("smoothing")
        self.slider.setAccessibleName("Smoothing")
        self.slider.setRange(0, round(MOST_SMOOTHING * 100))
        self.slider.setFixedWidth(90)
        self.slider.setToolTip("How much curves are smoothed; the raw curve stays behind")
        self.slider.valueChanged.connect(self._on_smoothing)
        self.badge = Pill("every point shown", "good")
        self.badge.setObjectName("points-badge")
        self.badge.setToolTip(_EVERY_POINT)
        self._buttons: list[tuple[TextButton, str]] = []
        self._lay_out()

    def _chip(self, text: str, name: str, tip: str) -> TextButton:
        chip = TextButton(text, self._theme, tip=tip)
        chip.setObjectName(name)
        chip.setProperty("chip", True)
        return chip

    def _menu_chip(self, text: str, name: str, tip: str, menu_name: str, fill: Callable[[QMenu], None]) -> TextButton:
        chip = self._chip(text, name, tip)
        chip.setProperty("chip", "menu")
        menu = QMenu(self)
        menu.setObjectName(menu_name)
        menu.aboutToShow.connect(lambda: fill(menu))
        chip.setMenu(menu)
        return chip

    def _lay_out(self) -> None:
        self.add_menu = QMenu(self)
        self.add_menu.setObjectName("add-panel")
        self.add_menu.aboutToShow.connect(self._fill_add_menu)
        self.layout_menu = QMenu(self)
        self.layout_menu.setObjectName("layout-menu")
        self.layout_menu.aboutToShow.connect(self._fill_layout_menu)
        export_menu = QMenu(self)
        export_menu.setObjectName("export-figure-menu")
        export_menu.addAction("Export, with a look at it first… (Ctrl+E)", self._exporting(""))
        export_menu.addSeparator()
        for suffix in ("png", "svg", "pdf", "html", "csv", "parquet"):
            export_menu.addAction(suffix.upper(), self._exporting(suffix))
        self._chips = FlowLayout(gap=8)
        for widget in (
            self.x_button, self.smoother_button, self.slider, self.log_button, self.group_button,
            self.badge,
        ):  # fmt: skip
            self._chips.addWidget(widget)
        chips = QWidget()
        chips.setLayout(self._chips)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        chips.setSizePolicy(policy)
        column = QHBoxLayout(self)
        column.setContentsMargins(_SIDE, 10, _SIDE, 8)
        column.addWidget(chips, 1)
        # They lie at the right of the first line of chips; the lines below have the whole width.
        self._right = QWidget(self)
        row = QHBoxLayout(self._right)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
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
        """Any width will do: texts give way first, then there are more lines."""
        return QSize(320, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words on the buttons where there is room, else icons alone; what the chips need beyond goes below."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        for button, text in self._buttons:
            button.set_text(text)
        if self._wanted() > self.width():
            for button, text in self._buttons:
                button.set_text("")
                button.setAccessibleName(text)
                button.setToolTip(text)
        size = self._right.sizeHint()
        self._chips.set_reserve(size.width() + 8)
        self._right.setGeometry(self.width() - _SIDE - size.width(), 10, size.width(), size.height())

    def _wanted(self) -> int:
        """How wide the controls are together, in one line."""
        chips = [item for at in range(self._chips.count()) if (item := self._chips.itemAt(at)) and not item.isEmpty()]
        return 2 * _SIDE + sum(item.sizeHint().width() + 8 for item in chips) + self._right.sizeHint().width()

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_settings(self, settings: ChartSettings, panels: Sequence[str], missing: Sequence[str]) -> None:
        """Show how things are; `panels` are the metrics on show, `missing` those that could be added."""
        self._settings, self._missing = settings, tuple(missing)
        x_name = settings.x_metric if settings.x is XKind.METRIC else X_NAMES[settings.x]
        self.x_button.set_text(f"x: {plain(x_name, 24)}")
        self.smoother_button.set_text(smoothing_text(settings))
        self.group_button.set_text(group_title(settings.groups))
        self.slider.blockSignals(True)
        self.slider.setValue(round(settings.smoothing * 100))
        self.slider.blockSignals(False)
        self._panels = settings.lines(panels)
        self.log_button.setChecked(bool(self._panels) and all(settings.panel(m).y is YKind.LOG for m in self._panels))
        self._fit()

    def show_points(self, points: int, without_place: int = 0) -> None:
        """Say how many points the panels of curves in sight stand for, and how many the axes have no place for."""
        shown = "counted" if self._settings.groups.by else "shown"
        if without_place:
            placed = f"{short_count(points - without_place)} of {short_count(points)}"
            self.badge.set(f"{placed} points {shown}", "warn")
            self.badge.setToolTip("The axes have no place for the others: each chart says why")
        else:
            self.badge.set(f"every point {shown} · {short_count(points)}", "good")
            self.badge.setToolTip(_EVERY_POINT)
        self.badge.setVisible(bool(self._panels))
        self._fit()

    # --- what is asked -----------------------------------------------------------------------------------------

    def _fill_x(self, menu: QMenu) -> None:
        fill_x(menu, self._settings, self.offered, self.asked.emit)

    def _fill_smoother(self, menu: QMenu) -> None:
        fill_smoother(menu, self._settings, self.asked.emit)

    def _fill_groups(self, menu: QMenu) -> None:
        fill_groups(menu, self._settings, self.fields, self.asked.emit)

    def _on_smoothing(self, value: int) -> None:
        self.asked.emit("Smoothing", replace(self._settings, smoothing=value / 100))

    def _on_log(self, checked: bool) -> None:
        kind = YKind.LOG if checked else YKind.LINEAR
        panels = {m: replace(self._settings.panel(m), y=kind, y_range=None) for m in self._panels}
        wanted = self._settings.with_panels(panels)
        self.asked.emit("Scale", wanted)

    def _fill_add_menu(self) -> None:
        self.add_menu.clear()
        for metric in self._missing[:_MENU_METRICS]:
            self.add_menu.addAction(plain(metric, 60).replace("&", "&&"), self._adding(metric))
        if not self._missing:
            self.add_menu.addAction("Every metric has a panel").setEnabled(False)
        self.add_menu.addSeparator()
        self.add_menu.addAction("Search metrics…", self.search_asked.emit)
        charts = self.add_menu.addMenu("Chart of all runs in scope")
        charts.setObjectName("add-chart")
        fill_charts(charts, self.chart_asked.emit)

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
        sections = self.layout_menu.addAction("Sections by name", self._switch_sections)
        sections.setCheckable(True)
        sections.setChecked(self.sectioned)
        self.layout_menu.addSeparator()
        add_lines(self.layout_menu, self._settings, self.asked.emit)

    def _setting_columns(self, columns: int) -> Callable[[], None]:
        return lambda: self.asked.emit("Columns", replace(self._settings, columns=columns, large=None))

    def _follow(self) -> None:
        self.asked.emit("Panels", replace(self._settings, metrics=None, large=None))

    @property
    def sectioned(self) -> bool:
        """Whether panels stand in sections."""
        wished = self._settings.sections
        return len(self._panels) > MANY if wished is None else wished

    def _switch_sections(self) -> None:
        self.asked.emit("Sections", replace(self._settings, sections=not self.sectioned))

    def _exporting(self, suffix: str) -> Callable[[], None]:
        return lambda: self.export_asked.emit(suffix)
