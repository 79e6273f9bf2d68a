"""The popup that chooses columns: a search over every field there is, by kind, each with its number of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListView, QMenu, QVBoxLayout

from runfolio.desktop import fonts
from runfolio.desktop.column_hands import ColumnHands
from runfolio.desktop.column_presets import fill_preset_menu
from runfolio.desktop.columns import NAME, TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.field_rows import FieldRows, Searchable, searchable
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.model.alignment import Strength
from runfolio.model.answers import FieldInfo
from runfolio.model.direction import Direction
from runfolio.model.display import count
from runfolio.model.query import Aggregate, FieldKind, FieldRef

if TYPE_CHECKING:
    from runfolio.api import Workspace

SIZE = (430, 560)


class ColumnChooser(QFrame):
    """Boxes for all fields; each change shows in the table at once."""

    def __init__(self, context: Context, columns: ColumnHands) -> None:
        # No child of the table, whose keys would work in it.
        super().__init__(columns.table.window(), Qt.WindowType.Popup)
        self.setObjectName("column-chooser")
        self.setAccessibleName("Columns")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedSize(*SIZE)
        self._context = context
        self._columns = columns
        self._shown = {_base(column) for column in columns.table.shown_columns()}
        self.field = QLineEdit()
        self.field.setObjectName("column-search")
        self.field.setAccessibleName("Search fields")
        self.field.setPlaceholderText("Search metrics, params, tags…")
        self.field.setClearButtonEnabled(True)
        self.rows = FieldRows(
            lambda info: (info.field.kind, info.field.name) in self._shown,
            self._toggle,
            lambda info: info.field == NAME.field,
        )
        self.list = QListView()
        self.list.setObjectName("column-list")
        self.list.setAccessibleName("Fields")
        self.list.setModel(self.rows)
        # Without it the view asks ten thousand rows for their height.
        self.list.setUniformItemSizes(True)
        self._found = PlainLabel(role="muted", font=fonts.ui(12))
        self._found.setObjectName("column-found")
        self.align = TextButton("Align names…", context.theme, tip="Show metrics of several names as one")
        self.align.setObjectName("column-align")
        self.align.clicked.connect(lambda: self._give("metrics.align"))
        derive = TextButton("Derived…", context.theme, icon="plus", tip="A column computed from other fields")
        derive.setObjectName("column-derive")
        derive.clicked.connect(lambda: self._give("columns.derive"))
        vary = TextButton("Only params that vary", context.theme, tip="Of the params show those in which runs differ")
        vary.setObjectName("column-varying")
        vary.clicked.connect(lambda: self._give("columns.varying"))
        self.presets = TextButton("Presets", context.theme, icon="columns-3", tip="Sets of columns with a name")
        self.presets.setObjectName("column-presets")
        self.presets.clicked.connect(self._open_presets)
        about = QHBoxLayout()
        about.addWidget(self._found, 1)
        about.addWidget(self.align)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(vary)
        buttons.addStretch()
        buttons.addWidget(derive)
        buttons.addWidget(self.presets)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addLayout(about)
        column.addLayout(buttons)
        self.field.textChanged.connect(self._search)
        self.field.returnPressed.connect(self._toggle_first)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its upper right corner there; the fields follow."""

        def take(fields: list[Searchable]) -> None:
            self.rows.fill(fields)
            self._search(self.field.text())

        def hint(found: int) -> None:
            # A quiet sign of what could be done; nothing asks for it.
            self.align.set_text(f"Align names ({count(found)})…" if found else "Align names…")

        self._found.setText("Looking for fields…")
        self._context.jobs.query("column-chooser", lambda workspace: searchable(workspace.fields()), take)
        self._context.jobs.query("align-hint", _suggested, hint)
        self.move(corner.x() - self.width(), corner.y())
        self.show()
        self.field.setFocus()

    def _search(self, typed: str) -> None:
        self.rows.search(typed)
        found = self.rows.found
        self._found.setText(f"{count(found)} field{'' if found == 1 else 's'}" if found else "No field is called so")

    def _toggle_first(self) -> None:
        # Enter in the search takes what was found first.
        index = self.rows.index(self.rows.first_field())
        if self.field.text().strip() and index.isValid():
            state = index.data(Qt.ItemDataRole.CheckStateRole)
            other = Qt.CheckState.Unchecked if state is Qt.CheckState.Checked else Qt.CheckState.Checked
            self.rows.setData(index, other, Qt.ItemDataRole.CheckStateRole)

    def _toggle(self, info: FieldInfo, on: bool) -> None:
        base = (info.field.kind, info.field.name)
        shown = self._columns.table.shown_columns()
        without = tuple(column for column in shown if _base(column) != base)
        self._columns.put((*without, TableColumn(_wanted(info))) if on else without)
        self._shown = {_base(column) for column in self._columns.table.shown_columns()}

    def _open_presets(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("preset-menu")
        fill_preset_menu(menu, self._columns)
        menu.triggered.connect(lambda _action: self.close())
        menu.popup(self.presets.mapToGlobal(self.presets.rect().bottomLeft()))

    def _give(self, command: str) -> None:
        self.close()
        self._context.commands.run(command)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it; Down goes from the search into the list."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        if event.key() == Qt.Key.Key_Down and self.field.hasFocus():
            self.list.setFocus()
            self.list.setCurrentIndex(self.rows.index(self.rows.first_field()))
            return
        super().keyPressEvent(event)


def _suggested(workspace: Workspace) -> int:
    """How many metrics that models are judged by are probably written in several ways."""
    found = workspace.suggest_alignments()
    return sum(s.judges and s.strength is not Strength.POSSIBLE for s in found)


def _base(column: TableColumn) -> tuple[FieldKind, str]:
    # A metric has one box, whatever figure or curve of it is shown.
    return column.field.kind, column.field.name


def _wanted(info: FieldInfo) -> FieldRef:
    if info.field.kind is FieldKind.METRIC and info.direction is not Direction.UNKNOWN:
        return FieldRef(info.field.kind, info.field.name, Aggregate.BEST)
    return info.field
