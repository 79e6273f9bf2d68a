"""The columns that stay at the left: a second view of the same rows over the table, there only while it is scrolled."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView

from runfolio.desktop import fonts
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.fills import fill
from runfolio.desktop.painting_turns import PaintingTurns
from runfolio.desktop.run_delegate import ROW_HEIGHT
from runfolio.desktop.run_table import RunTableModel
from runfolio.desktop.theme import Theme
from runfolio.desktop.viewports import give_viewport


class PinnedColumns(QTableView):
    """Shows the first columns of `table`, with its rows and its selection; what is done here is done there."""

    def __init__(
        self,
        table: QTableView,
        runs: RunTableModel,
        theme: Theme,
        head_menu: Callable[[TableColumn, QPoint], object],
        row_menu: Callable[[QPoint], object],
    ) -> None:
        """head_menu, row_menu   show the menus of a column and of rows at a global position."""
        super().__init__(table)
        self.setObjectName("pinned-columns")
        self.setAccessibleName("Pinned columns")
        self._table = table
        self._theme = theme
        self._runs = runs
        self._head_menu = head_menu
        self._count = 0
        self._placed: tuple[tuple[int, int], ...] = ()
        self._turns = PaintingTurns(self)
        give_viewport(self).setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setModel(runs)
        self.setSelectionModel(table.selectionModel())
        self.setItemDelegate(table.itemDelegate())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(table)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(table.verticalScrollMode())
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        head = self.horizontalHeader()
        give_viewport(head, QPalette.ColorRole.Button).setMouseTracking(True)
        head.setFont(fonts.ui(12, fonts.DEMI_BOLD))
        head.setHighlightSections(False)
        head.setFixedHeight(table.horizontalHeader().height())
        head.setSectionsClickable(True)
        # Presses on the head and the cells are the table's: one place decides what they mean.
        head.viewport().installEventFilter(self)
        self.viewport().installEventFilter(self)
        table.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        table.horizontalScrollBar().valueChanged.connect(lambda _value: self.follow())
        table.horizontalHeader().sectionResized.connect(lambda *_: self.follow())
        runs.modelReset.connect(self._start_afresh)
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(self._on_head_menu)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: row_menu(self.viewport().mapToGlobal(at)))
        self.hide()

    def set_count(self, count: int) -> None:
        """How many of the first columns are pinned."""
        self._count = count
        self.follow()

    @property
    def count(self) -> int:
        """How many columns are pinned."""
        return self._count

    @property
    def width_pinned(self) -> int:
        """What the pinned columns take at the left while the table is scrolled."""
        return 0 if self.isHidden() else self.width()

    def follow(self) -> None:
        """Show and place it as the table stands; nothing is shown while the columns are in their place."""
        table = self._table
        head = table.horizontalHeader()
        shown = min(self._count, head.count())
        width = sum(head.sectionSize(head.logicalIndex(place)) for place in range(shown))
        # Where pinned columns would leave no room for others they go with them.
        room = table.viewport().width() * 0.7
        if not shown or table.horizontalScrollBar().value() == 0 or width > room:
            self.hide()
            return
        self._place(tuple((head.logicalIndex(p), head.sectionSize(head.logicalIndex(p))) for p in range(shown)))
        at = table.viewport().geometry().topLeft() - QPoint(0, head.height())
        self.setGeometry(QRect(at.x(), at.y(), width, head.height() + table.viewport().height()))
        self.verticalScrollBar().setValue(table.verticalScrollBar().value())
        self.show()
        self.raise_()

    def _place(self, pinned: tuple[tuple[int, int], ...]) -> None:
        if pinned == self._placed:
            return
        self._placed = pinned
        own = self.horizontalHeader()
        widths = dict(pinned)
        for logical in range(own.count()):
            self.setColumnHidden(logical, logical not in widths)
        for place, (logical, width) in enumerate(pinned):
            own.moveSection(own.visualIndex(logical), place)
            self.setColumnWidth(logical, width)

    def _start_afresh(self) -> None:
        self._placed = ()
        self.follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand the mouse on to the table, moved to where the columns really are there."""
        head = self._table.horizontalHeader()
        own_head = self.horizontalHeader().viewport()
        if not isinstance(event, QMouseEvent) or watched not in (self.viewport(), own_head):
            return super().eventFilter(watched, event)
        moved = QMouseEvent(
            event.type(),
            event.position() - QPointF(head.offset(), 0),
            event.globalPosition(),
            event.button(),
            event.buttons(),
            event.modifiers(),
        )
        QApplication.sendEvent(self._table.viewport() if watched is self.viewport() else head.viewport(), moved)
        own_head.setCursor(head.viewport().cursor())
        return True

    def _on_head_menu(self, at: QPoint) -> None:
        section = self.horizontalHeader().logicalIndexAt(at)
        if section >= 0:
            self._head_menu(self._runs.columns[section], self.horizontalHeader().mapToGlobal(at))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The table scrolls, and this follows."""
        self._table.wheelEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cells, and a line where the others go under."""
        self._turns.paint_rows(event, ROW_HEIGHT, self._paint_part)

    def _paint_part(self, event: QPaintEvent) -> None:
        area = event.rect()
        painter = QPainter(self.viewport())
        fill(painter, area, self._theme.color("surface"))
        painter.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setPen(self._theme.color("line_strong"))
        right = self.viewport().width() - 1
        painter.drawLine(right, area.top(), right, area.bottom())
        painter.end()
