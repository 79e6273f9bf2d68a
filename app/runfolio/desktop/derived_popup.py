"""The popup that makes a column out of others by arithmetic, with errors shown where they are."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from runfolio.desktop import fonts
from runfolio.desktop.column_hands import ColumnHands
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.filter_field import FilterField
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.errors import FilterSyntax, RunfolioError
from runfolio.model.query import FieldRef

WIDTH = 480
_HELP = "Fields, numbers, + - * / ^ with spaces around them, and abs, sqrt, log, least, greatest: val/loss / train/loss"


class _Expression(FilterField):
    """A line of arithmetic; `entered` is emitted on Enter where that takes no suggestion."""

    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is the popup's, and so is Escape where no list of suggestions is open."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.chosen:
            self.hide_suggestions()
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape and not self.suggestions:
            event.ignore()
        else:
            super().keyPressEvent(event)


class DerivedPopup(QFrame):
    """Enter shows the column; an expression that makes no sense is marked and the popup stays."""

    def __init__(self, columns: ColumnHands, column: TableColumn | None = None) -> None:
        """column   the derived column to change; None for a new one."""
        # No child of the table, whose keys would work in it.
        super().__init__(columns.table.window(), Qt.WindowType.Popup)
        self.setObjectName("derived-popup")
        self.setAccessibleName("Derived column")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(WIDTH)
        self._columns = columns
        self._column = column
        self.field = _Expression(columns.context.theme, lambda _field: ())
        self.field.setObjectName("derived-expression")
        self.field.setAccessibleName("Expression")
        self.field.setPlaceholderText("val/loss / train/loss")
        self.field.setFixedHeight(32)
        self.field.entered.connect(self._take)
        self.field.textEdited.connect(lambda _text: self._show(None))
        self.error = PlainLabel(role="muted", wrap=True, font=fonts.ui(12))
        self.error.setObjectName("derived-error")
        show = TextButton("Show the column", columns.context.theme, kind="primary")
        show.setObjectName("derived-show")
        show.clicked.connect(self._take)
        across = QHBoxLayout()
        across.addStretch()
        across.addWidget(show)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 13, 16, 14)
        box.setSpacing(9)
        box.addWidget(PlainLabel("Derived column", font=fonts.ui(13, fonts.DEMI_BOLD)))
        box.addWidget(self.field)
        box.addWidget(self.error)
        box.addLayout(across)
        self._show(None)
        if column is not None:
            self.field.setText(column.field.name)

    def open_over(self) -> None:
        """Show it near the top of the window; the fields to complete from follow."""
        window = self._columns.table.window()
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - WIDTH) // 2, corner.y() + 90)
        self._columns.context.jobs.query("derived-fields", lambda workspace: workspace.fields(), self.field.set_fields)
        self.show()
        self.field.setFocus()

    def _take(self) -> None:
        text = self.field.text().strip()
        if not text:
            return
        lead = len(self.field.text()) - len(self.field.text().lstrip())

        def sound(field: FieldRef) -> None:
            self.close()
            made = TableColumn(field)
            if self._column is not None:
                self._columns.replace_column(self._column, made)
            elif made not in self._columns.table.shown_columns():
                self._columns.put((*self._columns.table.shown_columns(), made), "Derived column")

        def refused(error: RunfolioError) -> None:
            if isinstance(error, FilterSyntax):
                self._show(
                    FilterSyntax(error.message, position=error.position + lead, length=error.length, hint=error.hint)
                )
            else:
                self._columns.context.say.error(error)

        self._columns.context.jobs.query("derived", lambda workspace: workspace.derived(text), sound, refused)

    def _show(self, error: FilterSyntax | None) -> None:
        self.field.set_error(error)
        self.error.set_role("bad" if error is not None else "muted")
        self.error.setText(_HELP if error is None else f"{error.message}. {error.hint}".strip())
        self.adjustSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)
