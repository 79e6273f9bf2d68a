"""The runs of the charts as a list: search them, switch curves off and on, see one alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPalette, QPen, QShowEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop.chart_groups import styles_of
from runfolio.desktop.context import Context
from runfolio.desktop.strokes import DASHES
from runfolio.desktop.widgets import tooltip
from runfolio.model.display import counted, plain
from runfolio.model.groups import RunGroup
from runfolio.model.run import RunKey

_HEIGHT = 22
_ROWS = 6
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Entry:
    """A run in the legend, or several that are drawn as one; `runs` are all that it stands for."""

    key: RunKey
    name: str
    color: QColor
    dash: int
    shown: bool
    runs: tuple[RunKey, ...]


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show(self, entries: list[Entry]) -> None:
        if [e.runs for e in entries] != [e.runs for e in self.entries]:
            self.beginResetModel()
            self.entries = entries
            self.endResetModel()
        elif entries:
            self.entries = entries
            self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(entry.name)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(f"{entry.name}\nclick: off or on · Alt+click or double click: alone")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{plain(entry.name)}, {'shown' if entry.shown else 'switched off'}"
        return entry if role == Qt.ItemDataRole.UserRole else None


class _Delegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(option.palette.color(QPalette.ColorRole.Accent))
            painter.drawRoundedRect(rect.adjusted(1, 1, -2, -2), 4, 4)
        middle = rect.center().y() + 1
        if entry.shown:
            pen = QPen(entry.color, 2.6)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if entry.dash:
                pen.setDashPattern([part / 3.6 for part in DASHES[entry.dash % len(DASHES)]])
            painter.setPen(pen)
        else:
            painter.setPen(QPen(option.palette.color(QPalette.ColorRole.Mid), 1.0))
        painter.drawLine(rect.left() + 4, middle, rect.left() + 22, middle)
        role = QPalette.ColorRole.Text if entry.shown else QPalette.ColorRole.PlaceholderText
        painter.setPen(option.palette.color(role))
        room = rect.adjusted(30, 0, -4, 0)
        text = option.fontMetrics.elidedText(plain(entry.name), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, _HEIGHT)


class _List(QListView):
    """`toggled` and `isolated` tell the run that was clicked, with Alt or twice for the latter; Space and Enter too."""

    toggled = Signal(str)
    isolated = Signal(str)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        super().mouseReleaseEvent(event)
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            alone = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            (self.isolated if alone else self.toggled).emit(str(index.data(Qt.ItemDataRole.UserRole).key))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.isolated.emit(str(index.data(Qt.ItemDataRole.UserRole).key))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if index.isValid() and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            signal = self.toggled if event.key() == Qt.Key.Key_Space else self.isolated
            signal.emit(str(index.data(Qt.ItemDataRole.UserRole).key))
            return
        super().keyPressEvent(event)


class Legend(QWidget):
    """`asked` tells a label for undo and which runs are to be switched off from now on."""

    asked = Signal(str, object)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._hidden: frozenset[RunKey] = frozenset()
        self._grouping: tuple[RunGroup, ...] = ()
        self._stale = True
        """Whether it shows what was so when it was last in sight."""
        self.search = QLineEdit()
        self.search.setObjectName("legend-search")
        self.search.setPlaceholderText("search runs")
        self.search.setAccessibleName("Search the legend")
        self.search.setClearButtonEnabled(True)
        self._model = _Model(self)
        self._found = QSortFilterProxyModel(self)
        self._found.setSourceModel(self._model)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search.textChanged.connect(self._found.setFilterFixedString)
        self.listing = _List()
        self.listing.setObjectName("legend")
        self.listing.setAccessibleName("Legend")
        self.listing.setProperty("surface", "panel")
        self.listing.setUniformItemSizes(True)
        self.listing.setItemDelegate(_Delegate(self.listing))
        self.listing.setModel(self._found)
        self.listing.toggled.connect(self.toggle)
        self.listing.isolated.connect(self.isolate)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.listing)
        context.theme.changed.connect(self._fill)
        context.state.names_changed.connect(self._fill)
        context.state.selection_changed.connect(self._fill)

    @property
    def lines(self) -> list[str]:
        """The names in sight, those that are switched off in brackets."""
        rows = [self._found.index(row, 0).data(Qt.ItemDataRole.UserRole) for row in range(self._found.rowCount())]
        return [entry.name if entry.shown else f"({entry.name})" for entry in rows]

    def show_hidden(self, hidden: frozenset[RunKey]) -> None:
        """Show the selected runs, and which of them are switched off."""
        if hidden != self._hidden:
            self._hidden = hidden
            self._fill()

    def show_grouping(self, grouping: tuple[RunGroup, ...]) -> None:
        """List groups instead of the runs in them; () for single runs."""
        if grouping != self._grouping:
            self._grouping = grouping
            self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        """In sight: catch up."""
        super().showEvent(event)
        if self._stale:
            self._fill()

    def _fill(self) -> None:
        self._stale = not self.isVisible()
        if self._stale:
            return
        state, theme = self._context.state, self._context.theme
        entries: list[Entry] = []
        grouped: set[RunKey] = set()
        for group, (color, dash) in zip(self._grouping, styles_of(self._grouping, state), strict=True):
            many = len(group.runs)
            name = state.name_of(group.runs[0]) if many == 1 else f"{group.name} · {counted(many, 'run')}"
            shown = not self._hidden.issuperset(group.runs)
            entries.append(Entry(group.runs[0], name, theme.run_color(color), dash, shown, group.runs))
            grouped.update(group.runs)
        for key in state.selection:
            if key not in grouped:
                style = state.style_of(key)
                color_of = theme.run_color(style.color_index)
                entries.append(Entry(key, state.name_of(key), color_of, style.dash, key not in self._hidden, (key,)))
        self._model.show(entries)
        rows = max(1, min(_ROWS, len(entries)))
        self.listing.setFixedHeight(rows * _HEIGHT + 4)
        self.search.setVisible(len(entries) > 1)

    def toggle(self, key: str) -> None:
        """Switch the curves of a run off, or on again; of a run in a group those of the group."""
        runs = self._with(key)
        off = not self._hidden.issuperset(runs)
        what = "run" if len(runs) == 1 else "group"
        hidden = self._hidden | runs if off else self._hidden - runs
        self.asked.emit(f"Switch a {what} {'off' if off else 'on'}", hidden)

    def _with(self, key: str) -> frozenset[RunKey]:
        """The run, and those that are drawn as one with it."""
        found = (entry.runs for entry in self._model.entries if key in entry.runs)
        return frozenset(next(found, (RunKey(key),)))

    def isolate(self, key: str) -> None:
        """See one run alone; the others again when it is alone already."""
        runs = self._with(key)
        others = frozenset(self._context.state.selection) - runs
        alone = others <= self._hidden and not self._hidden & runs
        self.asked.emit("See all runs" if alone else "See one run alone", frozenset() if alone else others)

    def show_all(self) -> None:
        """Switch all runs on."""
        self.asked.emit("See all runs", frozenset[RunKey]())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the runs found."""
        menu = QMenu(self)
        menu.setObjectName("legend-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show all", self.show_all)
        menu.addAction("Show only these", lambda: self._only(self._in_sight()))
        menu.addAction("Switch these off", lambda: self.asked.emit("Switch runs off", self._hidden | self._in_sight()))
        menu.popup(event.globalPos())

    def _in_sight(self) -> frozenset[RunKey]:
        rows = [self._found.index(row, 0).data(Qt.ItemDataRole.UserRole) for row in range(self._found.rowCount())]
        return frozenset(run for entry in rows for run in entry.runs)

    def _only(self, keys: Sequence[RunKey] | frozenset[RunKey]) -> None:
        self.asked.emit("Show only these", frozenset(self._context.state.selection) - frozenset(keys))
