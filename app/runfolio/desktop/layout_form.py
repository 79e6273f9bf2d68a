"""What of a layout is chosen in fields: step, time, metrics, the path's pattern, its name, and when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.widgets import PlainLabel, tooltip
from runfolio.errors import UsageError
from runfolio.model.display import plain
from runfolio.model.layout import Layout
from runfolio.model.path_pattern import parse_pattern

_BY_NAME = "Recognised by its name"
_HINT = "{experiment}/{name}_seed{seed:int}"
_CELL = (192, 24)
_NAME = Qt.ItemDataRole.UserRole


class LayoutForm(QWidget):
    """Fields in a grid. `edited` is emitted after each change by the user."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        self._layout = Layout("")
        self._columns: tuple[str, ...] | None = None
        """What the layout says of them until a box is clicked."""
        self.step = self._box("layout-step", "Step")
        self.time = self._box("layout-time", "Time")
        self.metrics = QListWidget()
        self.metrics.setObjectName("layout-columns")
        self.metrics.setAccessibleName("Columns that are metrics")
        self.metrics.setSelectionMode(QListWidget.SelectionMode.SingleSelection)
        self.metrics.setFlow(QListWidget.Flow.LeftToRight)
        self.metrics.setWrapping(True)
        self.metrics.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.metrics.setGridSize(QSize(*_CELL))
        self.metrics.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.metrics.setMinimumHeight(3 * _CELL[1] + 4)
        self.metrics.setMaximumHeight(6 * _CELL[1] + 4)
        self.metrics.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.metrics.itemChanged.connect(self._on_box)
        self.path = self._line("layout-path", "Pattern for the folder's path", f"Any folder. Or such as {_HINT}")
        self.path.setFont(fonts.mono(13))
        self.result = PlainLabel("", role="muted", wrap=True)
        self.result.setObjectName("layout-path-result")
        self.name = self._line("layout-name", "Name of the layout", "A name for the layout")
        self.about = self._line("layout-about", "About", "A sentence for others (optional)")
        self.prefix = self._check("layout-prefix", "Put the file's name before its metrics (train/loss)")
        self.incomplete = self._check("layout-incomplete", "Folders without params, or without metrics, are runs too")
        self.beside = self._check("layout-beside", "Use it, too, where a tracker's reader has read files of the folder")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        for place, (title, widget) in enumerate((("Step", self.step), ("Time", self.time))):
            grid.addWidget(PlainLabel(title), 0, 2 * place)
            grid.addWidget(widget, 0, 2 * place + 1)
        grid.addWidget(PlainLabel("Metrics"), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.metrics, 1, 1, 1, 3)
        grid.setRowStretch(1, 1)
        grid.addWidget(PlainLabel("Path"), 2, 0)
        grid.addWidget(self.path, 2, 1, 1, 3)
        grid.addWidget(self.result, 3, 1, 1, 3)
        for row, check in enumerate((self.prefix, self.incomplete, self.beside), 4):
            grid.addWidget(check, row, 1, 1, 3)
        grid.addWidget(PlainLabel("Name"), 7, 0)
        grid.addWidget(self.name, 7, 1)
        grid.addWidget(PlainLabel("About"), 7, 2)
        grid.addWidget(self.about, 7, 3)

    def show_layout(self, layout: Layout, columns: Sequence[str], folder: Path | None) -> None:
        """Fill the fields. `columns` are those that the sample's tables have."""
        self._layout, self._folder, self._columns = layout, folder, layout.columns
        self._fill_box(self.step, layout.step, columns, "The number of the row")
        self._fill_box(self.time, layout.time, columns, "None")
        for line, text in ((self.path, layout.path), (self.name, layout.name), (self.about, layout.about)):
            line.setText(text)
            line.setCursorPosition(0)
        for check, on in (
            (self.prefix, layout.file_prefix),
            (self.incomplete, layout.incomplete),
            (self.beside, layout.beside_trackers),
        ):
            check.blockSignals(True)
            check.setChecked(on)
            check.blockSignals(False)
        self._fill_metrics(columns)
        self._show_result()

    def set_columns(self, columns: Sequence[str]) -> None:
        """The files that are metrics have changed, and with them the columns there are."""
        self._fill_box(self.step, self.step.currentData(), columns, "The number of the row")
        self._fill_box(self.time, self.time.currentData(), columns, "None")
        self._fill_metrics(columns)

    def layout_with(self, layout: Layout) -> Layout:
        """The layout as the fields say it, files and the rest as in the one given."""
        return replace(
            layout,
            name=self.name.text().strip(),
            about=self.about.text().strip(),
            path=self.path.text().strip(),
            step=self.step.currentData(),
            time=self.time.currentData(),
            columns=self._columns,
            file_prefix=self.prefix.isChecked(),
            incomplete=self.incomplete.isChecked(),
            beside_trackers=self.beside.isChecked(),
        )

    # --- building ----------------------------------------------------------------------------------------------

    def _box(self, name: str, title: str) -> QComboBox:
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(title)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(16)
        box.currentIndexChanged.connect(lambda _index: self._on_column())
        return box

    def _line(self, name: str, title: str, placeholder: str) -> QLineEdit:
        line = QLineEdit()
        line.setObjectName(name)
        line.setAccessibleName(title)
        line.setPlaceholderText(placeholder)
        line.textChanged.connect(lambda _text: self._show_result())
        line.textEdited.connect(lambda _text: self.edited.emit())
        return line

    def _check(self, name: str, title: str) -> QCheckBox:
        check = QCheckBox(title)
        check.setObjectName(name)
        check.toggled.connect(lambda _on: self.edited.emit())
        return check

    # --- filling -----------------------------------------------------------------------------------------------

    def _fill_box(self, box: QComboBox, chosen: object, columns: Sequence[str], none: str) -> None:
        box.blockSignals(True)
        box.clear()
        box.addItem(_BY_NAME, None)
        box.addItem(none, "")
        names = [*columns] if not isinstance(chosen, str) or not chosen or chosen in columns else [*columns, chosen]
        for name in names:
            box.addItem(plain(name, 80), name)
        place = next((i for i in range(box.count()) if box.itemData(i) == chosen), 0)
        box.setCurrentIndex(place)
        box.blockSignals(False)

    def _fill_metrics(self, columns: Sequence[str]) -> None:
        chosen = replace(self._layout, columns=self._columns)
        taken = (self.step.currentData(), self.time.currentData())
        self.metrics.blockSignals(True)
        self.metrics.clear()
        for name in columns:
            if name in taken:
                continue
            item = QListWidgetItem(plain(name, 200))
            item.setData(_NAME, name)
            item.setToolTip(tooltip(name))
            item.setSizeHint(QSize(*_CELL))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if chosen.is_metric(name) else Qt.CheckState.Unchecked)
            self.metrics.addItem(item)
        self.metrics.blockSignals(False)

    def _items(self) -> list[QListWidgetItem]:
        return [self.metrics.item(row) for row in range(self.metrics.count())]

    def _on_column(self) -> None:
        columns = [str(self.step.itemData(i)) for i in range(2, self.step.count())]
        self._fill_metrics(columns)
        self.edited.emit()

    def _on_box(self, _item: QListWidgetItem) -> None:
        names = [str(item.data(_NAME)) for item in self._items() if item.checkState() is Qt.CheckState.Checked]
        self._columns = None if len(names) == self.metrics.count() else tuple(names)
        self.edited.emit()

    def _show_result(self) -> None:
        """What the pattern makes of the sample's path, at each letter typed: it needs no file."""
        text = self.path.text().strip()
        if not text:
            self.result.setText("Every folder with these files fits.")
            return
        try:
            pattern = parse_pattern(text)
        except UsageError as error:
            self.result.setText(f"{error.message}. {error.hint}" if error.hint else f"{error.message}.")
            return
        if self._folder is None:
            self.result.setText("Choose a sample folder to see what it gives.")
            return
        found = pattern.match(self._folder.parts)
        shown = "/".join(self._folder.parts[-len(pattern.parts) :])
        if found is None:
            self.result.setText(f"{shown} does not fit.")
        else:
            said = " · ".join(f"{key} = {value}" for key, value in found.items())
            self.result.setText(said or f"{shown} fits; nothing is taken from it.")
