"""The popup that chooses columns: a search over every field there is, by kind, each with its number of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, QSortFilterProxyModel, Qt
from PySide6.QtGui import QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QLineEdit, QTreeView, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.cells import field_title
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import PlainLabel, TextButton, tooltip
from runfolio.model.alignment import Strength
from runfolio.model.answers import FieldInfo
from runfolio.model.direction import Direction
from runfolio.model.display import count, plain
from runfolio.model.query import Aggregate, FieldKind, FieldRef

if TYPE_CHECKING:
    from runfolio.api import Workspace

SIZE = (360, 510)
ROW = 25
_GROUPS = (
    (FieldKind.BUILTIN, "Run"),
    (FieldKind.METRIC, "Metrics"),
    (FieldKind.PARAM, "Params"),
    (FieldKind.TAG, "Tags of the tracker"),
    (FieldKind.FACT, "Code and environment"),
)
_COLUMN = Qt.ItemDataRole.UserRole


class ColumnChooser(QFrame):
    """Boxes for all fields. `put` is called with the columns to show after each change."""

    def __init__(
        self,
        context: Context,
        shown: Callable[[], tuple[TableColumn, ...]],
        put: Callable[[tuple[TableColumn, ...]], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("column-chooser")
        self.setAccessibleName("Columns")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedSize(*SIZE)
        self._context = context
        self._shown = shown
        self._put = put
        self.field = QLineEdit()
        self.field.setObjectName("column-search")
        self.field.setAccessibleName("Search fields")
        self.field.setPlaceholderText("Search metrics, params, tags…")
        self.field.setClearButtonEnabled(True)
        self.rows = QStandardItemModel(self)
        self.rows.itemChanged.connect(self._on_changed)
        self._filtered = QSortFilterProxyModel(self)
        self._filtered.setSourceModel(self.rows)
        self._filtered.setRecursiveFilteringEnabled(True)
        self._filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.list = QTreeView()
        self.list.setObjectName("column-list")
        self.list.setAccessibleName("Fields")
        self.list.setModel(self._filtered)
        self.list.setHeaderHidden(True)
        self.list.setUniformRowHeights(True)
        self.list.setIndentation(14)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._found = PlainLabel(role="muted", font=fonts.ui(12))
        hide = TextButton("Hide constant", context.theme, icon="eye-off")
        hide.clicked.connect(lambda: self._give("columns.constant"))
        self.align = TextButton("Align names…", context.theme, tip="Show metrics of several names as one")
        self.align.setObjectName("column-align")
        self.align.clicked.connect(lambda: self._give("metrics.align"))
        reset = TextButton("Reset", context.theme, icon="undo-2")
        reset.clicked.connect(lambda: self._give("columns.reset"))
        about = QHBoxLayout()
        about.addWidget(self._found, 1)
        about.addWidget(self.align)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(hide)
        buttons.addWidget(reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addLayout(about)
        column.addLayout(buttons)
        self.field.textChanged.connect(self._search)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its upper right corner there, once the fields are known."""

        def take(fields: tuple[FieldInfo, ...]) -> None:
            self._fill(fields)
            self.move(corner.x() - self.width(), corner.y())
            self.show()
            self.field.setFocus()

        def hint(found: int) -> None:
            # A quiet sign of what could be done; nothing asks for it.
            self.align.set_text(f"Align names ({count(found)})…" if found else "Align names…")

        self._context.jobs.query("column-chooser", lambda workspace: workspace.fields(), take)
        self._context.jobs.query("align-hint", _suggested, hint)

    def _fill(self, fields: tuple[FieldInfo, ...]) -> None:
        shown = {_base(column) for column in self._shown()}
        self.rows.blockSignals(True)
        for kind, title in _GROUPS:
            members = [info for info in fields if info.field.kind is kind]
            if not members:
                continue
            group = QStandardItem(f"{title}  {count(len(members))}")
            group.setFont(fonts.ui(12, fonts.DEMI_BOLD))
            group.setSelectable(False)
            group.setSizeHint(QSize(60, ROW))
            self.rows.appendRow(group)
            for info in members:
                item = QStandardItem(_label(info))
                item.setCheckable(True)
                column = TableColumn(_wanted(info))
                item.setCheckState(Qt.CheckState.Checked if _base(column) in shown else Qt.CheckState.Unchecked)
                item.setEnabled(not column.is_name)
                item.setData(column, _COLUMN)
                item.setSizeHint(QSize(60, ROW))
                if info.origins:
                    item.setToolTip(tooltip(f"Some runs call it {', '.join(o.words for o in info.origins)}"))
                elif info.shown_as:
                    item.setToolTip(tooltip(f"Shown as {info.shown_as} as well"))
                group.appendRow(item)
        self.rows.blockSignals(False)
        self._filtered.invalidate()
        self.list.expandAll()
        self._search("")

    def _search(self, typed: str) -> None:
        self._filtered.setFilterFixedString(typed.strip())
        self.list.expandAll()
        groups = range(self._filtered.rowCount())
        found = sum(self._filtered.rowCount(self._filtered.index(row, 0)) for row in groups)
        self._found.setText(f"{count(found)} field{'' if found == 1 else 's'}")

    def _on_changed(self, item: QStandardItem) -> None:
        column = item.data(_COLUMN)
        if not isinstance(column, TableColumn):
            return
        shown = self._shown()
        without = tuple(c for c in shown if _base(c) != _base(column))
        self._put((*without, column) if item.checkState() is Qt.CheckState.Checked else without)

    def _give(self, command: str) -> None:
        self.close()
        self._context.commands.run(command)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
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


def _label(info: FieldInfo) -> str:
    if info.field.kind is FieldKind.BUILTIN:
        return field_title(info.field)
    return f"{plain(info.field.name, 80)}  ·  {count(info.runs)}"
