"""The small popup that says how the numbers of a column are written: notation, digits, unit, ground."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLineEdit, QSpinBox, QVBoxLayout

from runfolio.desktop import fonts
from runfolio.desktop.column_format import MOST_DIGITS, Colouring, ColumnFormat, Notation
from runfolio.desktop.column_hands import ColumnHands
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.widgets import PlainLabel

_AUTO = -1
_SAMPLE = 0.0943217


class FormatPopup(QFrame):
    """Each change shows in the table at once; Escape or a click elsewhere closes it."""

    def __init__(self, columns: ColumnHands, column: TableColumn) -> None:
        # No child of the table, whose keys would work in it.
        super().__init__(columns.table.window(), Qt.WindowType.Popup)
        self.setObjectName("format-popup")
        self.setAccessibleName(f"Number format of {column.title}")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._columns = columns
        self._column = column
        chosen = columns.look.formats.get(column.id, ColumnFormat())
        self.notation = QComboBox()
        self.notation.setObjectName("format-notation")
        self.notation.addItems([way.value.capitalize() for way in Notation])
        self.notation.setCurrentIndex([*Notation].index(chosen.notation))
        self.digits = QSpinBox()
        self.digits.setObjectName("format-digits")
        self.digits.lineEdit().setTextMargins(8, 0, 0, 0)
        self.digits.setRange(_AUTO, MOST_DIGITS)
        self.digits.setSpecialValueText("automatic")
        self.digits.setValue(_AUTO if chosen.digits is None else chosen.digits)
        self.unit = QLineEdit(chosen.unit)
        self.unit.setObjectName("format-unit")
        self.unit.setMaxLength(16)
        self.unit.setPlaceholderText("none")
        self.colour = QComboBox()
        self.colour.setObjectName("format-colour")
        self.colour.addItems([way.value.capitalize() for way in Colouring])
        self.colour.setCurrentIndex([*Colouring].index(chosen.colouring))
        self.example = PlainLabel(role="muted", font=fonts.ui(12, figures=True))
        self.example.setObjectName("format-example")
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        for words, widget in (
            ("Notation", self.notation),
            ("Digits", self.digits),
            ("Unit", self.unit),
            ("Ground", self.colour),
        ):
            label = PlainLabel(words)
            label.setBuddy(widget)
            widget.setAccessibleName(words)
            widget.setMinimumWidth(190)
            form.addRow(label, widget)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(16, 13, 16, 14)
        column_box.setSpacing(10)
        column_box.addWidget(PlainLabel(column.title, font=fonts.ui(13, fonts.DEMI_BOLD)))
        column_box.addLayout(form)
        column_box.addWidget(self.example)
        self.notation.currentIndexChanged.connect(lambda _at: self._take())
        self.digits.valueChanged.connect(lambda _digits: self._take())
        self.unit.textEdited.connect(lambda _text: self._take())
        self.colour.currentIndexChanged.connect(lambda _at: self._take())
        self._show_example()

    def chosen(self) -> ColumnFormat:
        """What the fields say."""
        digits = self.digits.value()
        return ColumnFormat(
            [*Notation][self.notation.currentIndex()],
            None if digits == _AUTO else digits,
            self.unit.text().strip(),
            [*Colouring][self.colour.currentIndex()],
        )

    def open_below_header(self) -> None:
        """Show it under the header of its column."""
        head = self._columns.table.horizontalHeader()
        place = self._columns.table.runs.columns.index(self._column)
        self.adjustSize()
        room = self._columns.table.width() - self.width() - 8
        x = max(8, min(head.sectionViewportPosition(place), room))
        self.move(head.mapToGlobal(QPoint(x, head.height() + 2)))
        self.show()
        self.notation.setFocus()

    def _take(self) -> None:
        self._columns.format(self._column, self.chosen())
        self._show_example()

    def _show_example(self) -> None:
        runs = self._columns.table.runs
        digits = runs.digits(self._column)
        value = next(
            (
                cell[0]
                for row in range(min(40, runs.rowCount()))
                if (cell := runs.fetched(self._column, runs.stand_in(row))) is not None and isinstance(cell[0], float)
            ),
            _SAMPLE,
        )
        assert isinstance(value, float)
        auto = digits.write(value)
        chosen = self.chosen()
        self.digits.setEnabled(chosen.notation is not Notation.AUTO)
        self.example.setText(f"{value!r} is written {chosen.write(value, auto)}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
            return
        super().keyPressEvent(event)
