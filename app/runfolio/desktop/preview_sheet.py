"""Facts and a list out of a header, and the outline of a sound."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_rows import Rows, RowsTable
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel
from runfolio.model.display import count
from runfolio.model.previews import Sheet, Sound

_ROW_HEIGHT = 27


class SheetPane(QWidget):
    """Facts above or beside the list, warnings over both."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet: Sheet | None = None
        self.title = PlainLabel("", font=fonts.ui(13, fonts.DEMI_BOLD))
        self.warning = PlainLabel("", role="bad", wrap=True)
        self.warning.setObjectName(f"{name}-warning")
        self.facts = RowsTable(f"{name}-facts", "Facts")
        self.facts.set_row_height(_ROW_HEIGHT)
        self.list = RowsTable(f"{name}-list", "Contents")
        self.list.set_row_height(_ROW_HEIGHT)
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}-search")
        self.search.setAccessibleName("Search the list")
        self.search.setPlaceholderText("Search the list")
        self.search.textChanged.connect(self._fill)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 6, 0, 0)
        below.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(self.search, 1)
        head.addWidget(self.told)
        below.addLayout(head)
        below.addWidget(self.list, 1)
        self._lower = lower
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.facts)
        splitter.addWidget(lower)
        splitter.setSizes([240, 400])
        top = QVBoxLayout()
        top.setContentsMargins(14, 9, 14, 6)
        top.setSpacing(5)
        top.addWidget(self.title)
        top.addWidget(self.warning)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(splitter, 1)

    def show_sheet(self, sheet: Sheet) -> None:
        """Show what a header says."""
        self._sheet = sheet
        self.title.setText(sheet.title)
        self.warning.setText("\n".join(sheet.warnings))
        self.warning.setVisible(bool(sheet.warnings))
        self.facts.put(Rows(("Fact", "Value"), sheet.facts, mono=frozenset({1})), (210,))
        self._lower.setVisible(bool(sheet.header))
        self.search.clear()
        self._fill()
        for place, width in enumerate((360, 110, 170)[: max(0, len(sheet.header) - 1)]):
            self.list.setColumnWidth(place, width if len(sheet.header) < 8 else 90)

    def _fill(self) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        wanted = self.search.text().strip().casefold()
        rows = [row for row in sheet.rows if not wanted or any(wanted in cell.casefold() for cell in row)]
        self.list.put(Rows(sheet.header, rows, mono=frozenset(range(len(sheet.header)))))
        self.told.setText(f"{count(len(rows))} of {count(len(sheet.rows))}" if wanted else count(len(sheet.rows)))


class SoundPane(QWidget):
    """Outline and facts of a sound. It is not played: that needs QtMultimedia, which does not come with the window."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outline = Outline(context.theme)
        self.outline.setObjectName(f"{name}-outline")
        self.facts = RowsTable(f"{name}-sound", "Facts")
        self.facts.set_row_height(_ROW_HEIGHT)
        told = PlainLabel(
            "Sounds are shown and not played: this installation of Qt has no audio part.", role="muted", wrap=True
        )
        told.setContentsMargins(14, 6, 14, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.outline, 2)
        column.addWidget(self.facts, 1)
        column.addWidget(told)

    def show_sound(self, sound: Sound) -> None:
        """Show another sound."""
        self.outline.put(sound.peaks)
        self.outline.setVisible(bool(sound.peaks))
        self.facts.put(Rows(("Fact", "Value"), sound.facts, mono=frozenset({1})), (210,))


class Outline(QWidget):
    """Lowest and highest sample over time."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._peaks: tuple[tuple[float, float], ...] = ()
        self.setAccessibleName("Outline of the sound")
        self.setMinimumHeight(90)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(500, 180)

    def put(self, peaks: tuple[tuple[float, float], ...]) -> None:
        """Show another outline."""
        self._peaks = peaks
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """One filled shape."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(14, 12, -14, -12)
        middle = area.center().y()
        painter.setPen(self._theme.color("line"))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
        if not self._peaks:
            return
        step = area.width() / max(1, len(self._peaks) - 1)
        half = area.height() / 2
        upper = [QPointF(area.left() + i * step, middle - high * half) for i, (_, high) in enumerate(self._peaks)]
        lower = [QPointF(area.left() + i * step, middle - low * half + 1) for i, (low, _) in enumerate(self._peaks)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent"))
        painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
