"""The popup that says how runs are grouped: levels by fields, replicates, and what groups show."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.cells import field_title
from runfolio.desktop.column_hands import ColumnHands
from runfolio.desktop.context import Context
from runfolio.desktop.field_rows import FieldRows, Searchable, searchable
from runfolio.desktop.widgets import IconButton, PlainLabel, TextButton
from runfolio.model.display import plain
from runfolio.model.grouping import Figure, GroupBy, ReplicateRule
from runfolio.model.query import FieldRef

WIDTH, FIELDS_HIGH, LEVEL_HIGH, MOST_LEVELS_HIGH = 380, 210, 30, 4
_FIELD = Qt.ItemDataRole.UserRole


class GroupPopup(QFrame):
    """Each change shows in the table at once."""

    def __init__(self, context: Context, columns: ColumnHands) -> None:
        # No child of the table, whose keys would work in it.
        super().__init__(columns.table.window(), Qt.WindowType.Popup)
        self.setObjectName("group-popup")
        self.setAccessibleName("Group runs")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(WIDTH)
        self._context = context
        self._columns = columns
        self._found: tuple[str, ...] = ()
        """The names that stand in the line of the rule, as it was shown."""
        by = columns.look.group
        self.replicates = QCheckBox("Replicates: runs of one configuration")
        self.replicates.setObjectName("group-replicates")
        self.replicates.setChecked(by.replicates)
        self.replicates.toggled.connect(lambda on: self._put(replace(self._by, replicates=on)))
        self.ignored = QLineEdit()
        self.ignored.setObjectName("group-ignored")
        self.ignored.setAccessibleName("Params that replicates may differ in")
        self.ignored.setToolTip(
            "Params that replicates may differ in, with commas between them. "
            "Write experiment or data where those do not count."
        )
        self.ignored.editingFinished.connect(self._take_ignored)
        self.rule = PlainLabel(role="muted", font=fonts.ui(12), wrap=True)
        self.rule.setObjectName("group-rule")
        self.levels = QListWidget()
        self.levels.setObjectName("group-levels")
        self.levels.setAccessibleName("Levels from the outside in; drag to reorder, Delete removes")
        self.levels.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.levels.model().rowsMoved.connect(lambda *_: self._take_order())
        self.levels.setUniformItemSizes(True)
        self.field = QLineEdit()
        self.field.setObjectName("group-search")
        self.field.setAccessibleName("Search a field to group by")
        self.field.setPlaceholderText("Group by… search params, tags, data sets")
        self.field.setClearButtonEnabled(True)
        self.rows = FieldRows()
        self.list = QListView()
        self.list.setObjectName("group-fields")
        self.list.setAccessibleName("Fields")
        self.list.setModel(self.rows)
        self.list.setUniformItemSizes(True)
        self.list.setFixedHeight(FIELDS_HIGH)
        self.list.clicked.connect(self._add_at)
        self.list.activated.connect(self._add_at)
        self.figure = QComboBox()
        self.figure.setObjectName("group-figure")
        self.figure.setAccessibleName("Groups show")
        self.figure.addItems([figure.value for figure in Figure])
        self.figure.setCurrentIndex([*Figure].index(by.figure))
        self.figure.currentIndexChanged.connect(lambda at: self._put(replace(self._by, figure=[*Figure][at])))
        self.nothing = TextButton("No grouping", context.theme, icon="x")
        self.nothing.setObjectName("group-none")
        self.nothing.clicked.connect(self._clear)
        self._build()
        self.field.textChanged.connect(self.rows.search)
        self.field.returnPressed.connect(lambda: self._add_at(self.rows.index(self.rows.first_field())))
        self._show()

    @property
    def _by(self) -> GroupBy:
        return self._columns.look.group

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(PlainLabel("Group runs", font=fonts.ui(13, fonts.DEMI_BOLD)), 1)
        head.addWidget(self.nothing)
        self.rule_box = QWidget()
        rule = QVBoxLayout(self.rule_box)
        rule.setContentsMargins(26, 0, 0, 0)
        rule.setSpacing(4)
        across = QHBoxLayout()
        again = IconButton("undo-2", "The rule found by the names of params", self._context.theme, size=14)
        again.clicked.connect(lambda: self._put(replace(self._by, ignored=None)))
        across.addWidget(self.ignored, 1)
        across.addWidget(again)
        rule.addLayout(across)
        rule.addWidget(self.rule)
        shows = QHBoxLayout()
        shows.addWidget(PlainLabel("Groups show"))
        shows.addWidget(self.figure, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(9)
        column.addLayout(head)
        column.addWidget(self.replicates)
        column.addWidget(self.rule_box)
        column.addWidget(self.levels)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addLayout(shows)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its upper right corner there; the fields follow."""

        def take(fields: list[Searchable]) -> None:
            self.rows.fill(fields)
            self.rows.search(self.field.text())

        self._context.jobs.query("group-fields", lambda workspace: searchable(workspace.fields()), take)
        self.move(corner.x() - WIDTH, corner.y())
        self.show()
        self.field.setFocus()

    # --- changes -----------------------------------------------------------------------------------------------

    def _put(self, by: GroupBy) -> None:
        self._columns.group(by)
        self._show()

    def _clear(self) -> None:
        self._put(replace(self._by, fields=(), replicates=False))
        self.close()

    def _add_at(self, index: QModelIndex) -> None:
        info = self.rows.info(index.row())
        if info is not None and info.field not in self._by.fields:
            self._put(replace(self._by, fields=(*self._by.fields, info.field)))
            self.field.clear()

    def _take_order(self) -> None:
        items = [self.levels.item(row).data(_FIELD) for row in range(self.levels.count())]
        self._put(replace(self._by, fields=tuple(field for field in items if isinstance(field, FieldRef))))

    def _take_ignored(self) -> None:
        names = tuple(dict.fromkeys(name for name in re.split(r"[,\s]+", self.ignored.text()) if name))
        if names != self._found:
            self._put(replace(self._by, ignored=names))

    def _remove(self, row: int) -> None:
        fields = self._by.fields
        self._put(replace(self._by, fields=(*fields[:row], *fields[row + 1 :])))

    # --- what it shows -----------------------------------------------------------------------------------------

    def _show(self) -> None:
        by = self._by
        self.replicates.blockSignals(True)
        self.replicates.setChecked(by.replicates)
        self.replicates.blockSignals(False)
        self.rule_box.setVisible(by.replicates)
        self.nothing.setEnabled(by.active)
        self.levels.clear()
        for field in by.fields:
            item = QListWidgetItem(plain(field_title(field), 60))
            item.setData(_FIELD, field)
            item.setSizeHint(QSize(60, LEVEL_HIGH))
            self.levels.addItem(item)
            self.levels.setItemWidget(item, self._level(field))
        self.levels.setVisible(bool(by.fields))
        self.levels.setFixedHeight(LEVEL_HIGH * min(MOST_LEVELS_HIGH, max(1, len(by.fields))) + 4)
        if by.replicates:
            self._context.jobs.query("group-rule", lambda workspace: workspace.replicate_rule(by), self._show_rule)
        self.adjustSize()

    def _level(self, field: FieldRef) -> QWidget:
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 4, 0)
        across.addStretch()
        remove = IconButton("x", f"Do not group by {plain(field_title(field), 60)}", self._context.theme, size=14)
        remove.setFixedSize(24, 24)
        remove.clicked.connect(lambda: self._columns_without(field))
        across.addWidget(remove)
        return row

    def _columns_without(self, field: FieldRef) -> None:
        self._put(replace(self._by, fields=tuple(other for other in self._by.fields if other != field)))

    def _show_rule(self, rule: ReplicateRule) -> None:
        ignored = rule.ignored if self._by.ignored is None else self._by.ignored
        self._found = ignored
        self.ignored.setText(", ".join(ignored))
        self.rule.setText(f"{rule.words[:1].upper()}{rule.words[1:]}.")
        self.adjustSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it, Delete takes out the current level, Down goes from the search into the list."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() == Qt.Key.Key_Delete and self.levels.hasFocus() and self.levels.currentRow() >= 0:
            self._remove(self.levels.currentRow())
        elif event.key() == Qt.Key.Key_Down and self.field.hasFocus():
            self.list.setFocus()
            self.list.setCurrentIndex(self.rows.index(self.rows.first_field()))
        else:
            super().keyPressEvent(event)
