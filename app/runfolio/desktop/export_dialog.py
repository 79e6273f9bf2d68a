"""A figure before it is written: what it shows, how large and in which style, with a picture of it at every change."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop.context import Context
from runfolio.desktop.panel_recipe import ask_where, file_name
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.errors import RunfolioError
from runfolio.export.panel_recipe import LINE
from runfolio.export.recipe import LEGENDS, ChartRecipe
from runfolio.model.display import plain

FORMATS = ("PNG", "SVG", "PDF", "HTML", "CSV", "Parquet")
_TABLES = ("CSV", "Parquet")
_THEMES = {"print": "Print: black on white", "light": "Light", "dark": "Dark"}
_POINTS = {"all": "All points, as logged", "drawn": "What the lines go through"}
_WAIT_MS = 250
_SLOT = "export-preview"
_COLORS = 10
Field = TypeVar("Field", bound=QWidget)


class ExportDialog(QDialog):
    """Asks how a figure is to be written; the window behind it stays in use."""

    def __init__(self, context: Context, recipe: ChartRecipe, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export-dialog")
        self.setWindowTitle("Export figure")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.resize(980, 640)
        self._context, self._start, self._name = context, recipe, file_name(name)
        self._picture = QPixmap()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_WAIT_MS)
        self._pause.timeout.connect(self._ask_for_picture)
        self._of_curves = any(panel.kind == LINE for panel in recipe.panels)
        self._make_fields(recipe)
        self._lay_out()
        self._on_changed()
        self._pause.start(0)

    @classmethod
    def open_for(cls, context: Context, recipe: ChartRecipe, name: str, parent: QWidget) -> ExportDialog:
        """Show one for a figure; `name` is offered for the file."""
        dialog = cls(context, recipe, name, parent)
        dialog.show()
        dialog.format.setFocus()
        return dialog

    # --- the form ----------------------------------------------------------------------------------------------

    def _make_fields(self, recipe: ChartRecipe) -> None:
        self.format = self._choice("Format", "export-format", {kind: kind for kind in FORMATS})
        self.points = self._choice("Points", "export-points", _POINTS)
        self.theme = self._choice("Style", "export-theme", _THEMES)
        self.dpi = self._number("export-dpi", "Dots per inch", 20, 1200, recipe.dpi)
        self.wide = self._size("export-width", "Width in mm", 10, 2000, recipe.width_mm, " mm")
        self.high = self._size("export-height", "Height in mm", 0, 2000, recipe.height_mm, " mm")
        self.high.setSpecialValueText("by the rows")
        self.columns = self._number("export-columns", "Columns", 1, 8, recipe.columns)
        self.font_size = self._size("export-font", "Font size in points", 3, 72, recipe.font_size, " pt")
        self.line_width = self._size("export-line", "Line width in points", 0.1, 20, recipe.line_width, " pt")
        self.markers = self._check("export-markers", "A shape for each run", any(run.marker for run in recipe.runs))
        self.markers.setToolTip("Beside colour and dash, so that the figure can be read in grey")
        # Past ten runs colours come again: dashes and shapes tell them apart.
        self.markers.setChecked(self.markers.isChecked() or (self._of_curves and len(recipe.runs) > _COLORS))
        self.legend = self._check("export-legend", "Legend below", recipe.legend == LEGENDS[0])
        self.title = self._line("export-title", "Title", recipe.title)
        self.unit = self._line("export-unit", "Unit", recipe.panels[0].unit if len(recipe.panels) == 1 else "")
        self.unit.setPlaceholderText("stands behind the names")
        self.panels = QListWidget()
        self.panels.setObjectName("export-panels")
        self.panels.setAccessibleName("Panels in the figure")
        for panel in recipe.panels:
            item = QListWidgetItem(plain(panel.title or ", ".join(panel.metrics), 80))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked)
            self.panels.addItem(item)
        self.panels.itemChanged.connect(self._on_changed)
        rows = min(len(recipe.panels), 6)
        self.panels.setFixedHeight(rows * max(20, self.panels.sizeHintForRow(0)) + 8)
        self.panels.setVisible(len(recipe.panels) > 1)

    def _choice(self, name: str, object_name: str, choices: dict[str, str]) -> QComboBox:
        box = QComboBox()
        box.setObjectName(object_name)
        box.setAccessibleName(name)
        for value, title in choices.items():
            box.addItem(title, value)
        box.currentIndexChanged.connect(self._on_changed)
        return box

    def _number(self, name: str, title: str, low: int, high: int, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setValue(value)
        box.valueChanged.connect(self._on_changed)
        return self._named(box, name, title)

    def _size(self, name: str, title: str, low: float, high: float, value: float, unit: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setDecimals(1)
        box.setRange(low, high)
        box.setSuffix(unit)
        box.setSingleStep(1.0 if high > 100 else 0.5)
        box.setValue(value)
        box.valueChanged.connect(self._on_changed)
        return self._named(box, name, title)

    def _check(self, name: str, title: str, on: bool) -> QCheckBox:
        box = QCheckBox(title)
        box.setChecked(on)
        box.toggled.connect(self._on_changed)
        return self._named(box, name, title)

    def _line(self, name: str, title: str, text: str) -> QLineEdit:
        line = QLineEdit(text)
        line.textEdited.connect(self._on_changed)
        return self._named(line, name, title)

    @staticmethod
    def _named(field: Field, name: str, title: str) -> Field:
        field.setObjectName(name)
        field.setAccessibleName(title)
        return field

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            ("Format", self.format), ("Points", self.points), ("Panels", self.panels), ("Style", self.theme),
            ("Width", self.wide), ("Height", self.high), ("Dots per inch", self.dpi), ("Columns", self.columns),
            ("Font size", self.font_size), ("Line width", self.line_width), ("Title", self.title), ("Unit", self.unit),
            ("", self.legend), ("", self.markers),
        )  # fmt: skip
        for label, field in rows:
            form.addRow(PlainLabel(label, role="muted"), field)
        form.setRowVisible(self.panels, len(self._start.panels) > 1)
        self._form = form
        theme = self._context.theme
        self.save_button = TextButton("Save as…", theme, kind="primary", icon="download")
        self.save_button.setObjectName("export-save")
        self.save_button.clicked.connect(self._ask_where)
        self.save_button.setDefault(True)
        self.copy_button = TextButton("Copy image", theme, icon="copy")
        self.copy_button.setObjectName("export-copy")
        self.copy_button.clicked.connect(self._copy)
        close = TextButton("Close", theme)
        close.setObjectName("export-close")
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(close)
        buttons.addStretch()
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.save_button)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addLayout(form)
        left.addStretch()
        left.addLayout(buttons)
        self.preview = QLabel()
        self.preview.setObjectName("export-picture")
        self.preview.setAccessibleName("How the figure will look")
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setMinimumSize(QSize(320, 240))
        self.preview.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.note = PlainLabel("Drawing…", role="muted", wrap=True)
        self.note.setObjectName("export-note")
        right = QVBoxLayout()
        right.addWidget(self.preview, 1)
        right.addWidget(self.note)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 18, 20, 18)
        row.setSpacing(20)
        side = QWidget()
        side.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        side.setFixedWidth(310)
        row.addWidget(side)
        row.addLayout(right, 1)

    # --- what is wanted ----------------------------------------------------------------------------------------

    @property
    def recipe(self) -> ChartRecipe | None:
        """The figure as it is wanted now; None while no panel is ticked."""
        start = self._start
        ticked = [
            place
            for place in range(self.panels.count())
            if self.panels.item(place).checkState() is Qt.CheckState.Checked
        ]
        if not ticked:
            return None
        unit, marked = self.unit.text().strip(), self.markers.isChecked()
        columns = min(self.columns.value(), len(ticked)) if len(ticked) < len(start.panels) else self.columns.value()
        return replace(
            start,
            runs=tuple(replace(run, marker=place + 1 if marked else 0) for place, run in enumerate(start.runs)),
            panels=tuple(replace(start.panels[place], unit=unit or start.panels[place].unit) for place in ticked),
            title=self.title.text().strip(),
            columns=columns,
            width_mm=self.wide.value(),
            height_mm=0.0 if self.high.value() < 10 else self.high.value(),
            dpi=self.dpi.value(),
            theme=str(self.theme.currentData()),
            font_size=self.font_size.value(),
            line_width=self.line_width.value(),
            legend=LEGENDS[0] if self.legend.isChecked() else LEGENDS[1],
        )

    @property
    def suffix(self) -> str:
        """Of the file that will be written."""
        return str(self.format.currentData()).lower()

    def _on_changed(self, *_: object) -> None:
        table = self.format.currentData() in _TABLES
        # A chart of many runs is one table, whatever is chosen.
        self._form.setRowVisible(self.points, table and self._of_curves)
        self._form.setRowVisible(self.dpi, self.suffix == "png")
        for field in (
            self.theme,
            self.wide,
            self.high,
            self.columns,
            self.font_size,
            self.line_width,
            self.title,
            self.unit,
        ):
            self._form.setRowVisible(field, not table)
        self._form.setRowVisible(self.legend, not table)
        self._form.setRowVisible(self.markers, not table)
        if not self._of_curves:
            for needless in (self.columns, self.line_width, self.unit, self.legend, self.markers):
                self._form.setRowVisible(needless, False)
        self.save_button.setEnabled(self.recipe is not None)
        self._pause.start()

    # --- the picture -------------------------------------------------------------------------------------------

    def _ask_for_picture(self) -> None:
        recipe = self.recipe
        if recipe is None:
            self._picture = QPixmap()
            self.preview.clear()
            self.note.setText("Tick at least one panel.")
            return
        room = self.preview.width() * self.devicePixelRatioF()
        small = replace(recipe, dpi=max(40, min(300, round(room / (recipe.width_mm / 25.4)))))

        def arrived(data: bytes) -> None:
            self._picture = QPixmap()
            self._picture.loadFromData(data, "PNG")
            self._show_picture()
            self.note.setText(self._about(recipe))

        def failed(error: RunfolioError) -> None:
            self.note.setText(f"{error.message} {error.hint}".strip())

        self.note.setText("Drawing…")
        self._context.jobs.query(_SLOT, lambda workspace: workspace.draw_chart(small, "png"), arrived, failed)

    def _about(self, recipe: ChartRecipe) -> str:
        runs = f"{len(recipe.runs)} run{'' if len(recipe.runs) == 1 else 's'}"
        again = "The recipe travels with the file: `runfolio render` draws it again."
        if self.suffix == "png":
            pixels = round(recipe.width_mm / 25.4 * recipe.dpi)
            return f"{runs}, {pixels} pixels wide. {again}"
        if self.format.currentData() in _TABLES:
            rows = "a row for each point of what is seen here" if self._of_curves else "what is drawn, as a table"
            return f"{runs}; {rows}. {again}"
        return f"{runs}, {recipe.width_mm:g} mm wide. {again}"

    def _show_picture(self) -> None:
        if self._picture.isNull():
            return
        ratio = self.devicePixelRatioF()
        shown = self._picture.scaled(
            self.preview.size() * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown.setDevicePixelRatio(ratio)
        self.preview.setPixmap(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The picture is drawn anew for its room."""
        super().resizeEvent(event)
        self._show_picture()
        self._pause.start()

    # --- what is done with it ----------------------------------------------------------------------------------

    def _copy(self) -> None:
        recipe = self.recipe
        if recipe is None:
            return

        def arrived(data: bytes) -> None:
            picture = QPixmap()
            picture.loadFromData(data, "PNG")
            QApplication.clipboard().setPixmap(picture)
            self._context.say.info("The figure is on the clipboard.")

        self._context.jobs.query("export-copy", lambda workspace: workspace.draw_chart(recipe, "png"), arrived)

    def _ask_where(self) -> None:
        recipe, drawn = self.recipe, self.points.currentData() == "drawn"
        if recipe is None:
            return
        ask_where(self._context, self, self._name, self.suffix, recipe, drawn=drawn)
