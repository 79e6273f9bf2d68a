"""The table of compared groups: a model that writes a cell when it is looked at, and its view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView

from runfolio.analysis import grouprender
from runfolio.desktop import fonts
from runfolio.desktop.compare_ask import GroupAnswer
from runfolio.desktop.compare_forest import Forest, ForestDelegate, forests
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import tooltip
from runfolio.export.table import as_tsv
from runfolio.model.display import counted, number, plain
from runfolio.model.groups import GroupRow, GroupTable, RunGroup
from runfolio.model.statistics import Standing

ROW_HEIGHT = 33
GROUP, N, MEAN, FOREST, DIFFERENCE, EFFECT, P, VERDICT = range(8)
_WIDTHS = (150, 76, 140, 160, 192, 98, 72)
_RIGHT = frozenset({N, MEAN, EFFECT, P})
_COLORS = {
    Standing.BETTER: "good",
    Standing.WORSE: "bad",
    Standing.HIGHER: "accent",
    Standing.LOWER: "accent",
    Standing.UNTOLD: "muted",
}
_Role = Qt.ItemDataRole


@dataclass(frozen=True, slots=True)
class _Line:
    """A row: the heading of a metric (no `entry`), or one of its groups."""

    table: GroupTable
    entry: GroupRow | None = None
    group: RunGroup | None = None
    forest: Forest | None = None


class GroupModel(QAbstractTableModel):
    """The rows of all metrics, one below the other."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lines: list[_Line] = []
        self._header = ["Group", "n", "Mean ± std", "Difference", "", "Effect", "p", "Verdict"]
        self._figures = fonts.ui(13, figures=True)
        self._bold = fonts.ui(13, fonts.DEMI_BOLD)
        self._heading = fonts.ui(11, fonts.DEMI_BOLD)

    def show(self, answer: GroupAnswer) -> None:
        """Show other tables."""
        self.beginResetModel()
        by_name = {group.name: group for group in answer.groups}
        self._lines = []
        for table in answer.tables:
            self._lines.append(_Line(table))
            for entry, forest in zip(table.rows, forests(table), strict=True):
                self._lines.append(_Line(table, entry, by_name[entry.name], forest))
        if answer.tables:
            self._header[DIFFERENCE] = f"{number(answer.tables[0].level * 100)} % interval"
            self._header[P] = "p (Holm)" if len(answer.groups) > 2 else "p"
        self.endResetModel()

    def group_at(self, row: int) -> RunGroup | None:
        """The group of a row; None for a heading."""
        return self._lines[row].group if 0 <= row < len(self._lines) else None

    def headings(self) -> list[int]:
        """The rows that name a metric."""
        return [row for row, line in enumerate(self._lines) if line.entry is None]

    def text(self, row: int, column: int) -> str:
        """What a cell says; a forest says its difference."""
        line = self._lines[row]
        if line.entry is None:
            return grouprender.metric_title(line.table).upper() if column == GROUP else ""
        return _text(line.entry, column)

    # --- what Qt asks ------------------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        """Rows of all metrics with their headings."""
        return 0 if parent is not None and parent.isValid() else len(self._lines)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        """Always the same."""
        return 0 if parent is not None and parent.isValid() else len(self._header)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        """Headings cannot be selected."""
        if self.group_at(index.row()) is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> object:
        """Titles, above numbers at the right."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == _Role.DisplayRole:
            return self._header[section]
        if role == _Role.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = _Role.DisplayRole) -> object:
        """One cell, written now."""
        row, column = index.row(), index.column()
        line = self._lines[row]
        if role == _Role.DisplayRole:
            return plain(self.text(row, column))
        if role == _Role.TextAlignmentRole:
            return _alignment(column)
        if line.entry is None:
            if role == _Role.ForegroundRole:
                return self._theme.color("muted")
            return self._heading if role == _Role.FontRole else None
        if role == _Role.UserRole and column == FOREST:
            return line.forest
        if role == _Role.FontRole:
            return self._font(line.entry, column)
        if role == _Role.ForegroundRole:
            color = _color(line.entry, column)
            return self._theme.color(color) if color else None
        if role == _Role.ToolTipRole:
            return tooltip(_tip(line.entry, line.table, column))
        return None

    def _font(self, entry: GroupRow, column: int) -> QFont | None:
        if column == GROUP and entry.comparison is None:
            return self._bold
        return self._figures if column in _RIGHT else None


def _text(entry: GroupRow, column: int) -> str:
    cells, compared = grouprender.cells(entry), entry.comparison
    if column in (FOREST, DIFFERENCE):
        if compared is None:
            return "baseline" if column == FOREST else ""
        interval = "" if compared.low is None else f"  {grouprender.interval_text(compared, 2)}"
        return f"{cells[4]}{interval}"
    if column == MEAN:
        std = entry.figures.std
        return cells[2] if std is None else f"{cells[2]} ± {number(std, 2)}"
    return {GROUP: cells[0], N: cells[1], EFFECT: cells[6], P: cells[8], VERDICT: cells[9]}[column]


def _color(entry: GroupRow, column: int) -> str:
    if column == N and entry.figures.excluded:
        return "warn"
    if column != VERDICT:
        return ""
    return "muted" if entry.comparison is None else _COLORS.get(entry.comparison.standing, "")


def _tip(entry: GroupRow, table: GroupTable, column: int) -> str:
    if column >= FOREST and entry.comparison is not None:
        return grouprender.explained(entry.comparison)
    f = entry.figures
    lines = [entry.name] if column == GROUP else []
    lines.append(counted(f.n, "run") + (f", {f.excluded} without a finite value" if f.excluded else ""))
    if f.mean is not None:
        lines.append(f"mean {f.mean!r}, from {number(f.least)} to {number(f.most)}")
    if f.low is not None:
        lines.append(f"{number(table.level * 100)} % interval of the mean: {number(f.low)} to {number(f.high)}")
    return "\n".join(lines)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class GroupTableView(QTableView):
    """Rows of fixed height; Ctrl+C copies as TSV."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("groups-table")
        self.setAccessibleName("compared groups")
        self.rows = GroupModel(theme)
        self.setModel(self.rows)
        self.setItemDelegateForColumn(FOREST, ForestDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        across = self.horizontalHeader()
        across.setHighlightSections(False)
        across.setFixedHeight(34)
        across.setMinimumSectionSize(40)
        across.setStretchLastSection(True)
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, width)

    def show_answer(self, answer: GroupAnswer) -> None:
        """Show other tables; the group of the current row stays current."""
        before = self.rows.group_at(self.currentIndex().row())
        self.clearSpans()
        self.rows.show(answer)
        for row in self.rows.headings():
            self.setSpan(row, 0, 1, self.rows.columnCount())
        if before is not None:
            self._go_to(before.name)

    def _go_to(self, name: str) -> None:
        for row in range(self.rows.rowCount()):
            group = self.rows.group_at(row)
            if group is not None and group.name == name:
                self.setCurrentIndex(self.rows.index(row, GROUP))
                return

    def current_group(self) -> RunGroup | None:
        """The group of the current row."""
        return self.rows.group_at(self.currentIndex().row())

    def rows_as_text(self, rows: Sequence[int]) -> list[list[str]]:
        """The texts of rows."""
        return [[self.rows.text(row, column) for column in range(self.rows.columnCount())] for row in rows]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the selected rows, all when none is selected."""
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = sorted({index.row() for index in self.selectedIndexes()}) or [*range(self.rows.rowCount())]
            header = [str(self.rows.headerData(c, Qt.Orientation.Horizontal)) for c in range(self.rows.columnCount())]
            QApplication.clipboard().setText(as_tsv(header, self.rows_as_text(chosen)))
            event.accept()
            return
        super().keyPressEvent(event)
