"""A small histogram of a field whose range is brushed with the mouse or the arrow keys."""

from __future__ import annotations

import bisect
import datetime as dt

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.theme import Theme
from runfolio.model import display
from runfolio.model.answers import CellKind
from runfolio.model.facets import Bins, Facet
from runfolio.model.query import number_text

HEIGHT = 74
_SIDE = 14
_AXIS = 17
_BRIEF_US = 4 * 86_400 * 1_000_000
"""Less than four days are told by the minute, longer times by the day."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class FacetHistogram(QWidget):
    """Bars over an axis. `brushed` carries what is to stand behind the field's name, "" for the whole range."""

    brushed = Signal(str)

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = title
        self._facet: Facet | None = None
        self._chosen: tuple[int, int] | None = None
        """First and last bin of the brush."""
        self._anchor = 0
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        theme.changed.connect(self.update)

    # --- what it shows -----------------------------------------------------------------------------------------

    def show_bins(self, facet: Facet) -> None:
        """Show another histogram; a brush under way goes on."""
        self._facet = facet
        if not self._dragging:
            self._chosen = _bins_of(facet)
        self._describe()
        self.update()

    @property
    def words(self) -> str:
        """The range that is brushed, or all of it, for people."""
        bins = self._bins
        if bins is None:
            return "no finite number"
        first, last = self._chosen or (0, len(bins.counts) - 1)
        # The filter takes times in UTC, whatever zone the table shows.
        zone = " UTC" if self._facet is not None and self._facet.kind is CellKind.TIME else ""
        return f"{self._text(bins.edges[first])} to {self._text(bins.edges[last + 1])}{zone}"

    @property
    def _bins(self) -> Bins | None:
        return self._facet.bins if self._facet is not None else None

    def _describe(self) -> None:
        kind = "Chosen" if self._chosen is not None else "All"
        self.setAccessibleName(f"Histogram of {display.plain(self._title)}")
        self.setAccessibleDescription(f"{kind}: {self.words}. Arrow keys choose a range, Enter filters, Delete clears.")
        self.setToolTip(f"{kind}: {self.words}\nDrag to choose a range, click outside of it to clear")

    def _text(self, number: float) -> str:
        kind = self._facet.kind if self._facet is not None else CellKind.NUMBER
        if kind is CellKind.TIME:
            bins = self._bins
            brief = bins is not None and bins.edges[-1] - bins.edges[0] < _BRIEF_US
            moment = _EPOCH + dt.timedelta(microseconds=number)
            return f"{moment:%m-%d %H:%M}" if brief else f"{moment:%Y-%m-%d}"
        return display.duration(number) if kind is CellKind.DURATION else display.number(number, 3)

    # --- mouse and keys ----------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a range here."""
        bins = self._bins
        if bins is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._dragging = True
        self._anchor = self._bin_at(event.position().x(), bins)
        self._had = self._chosen
        self._chosen = (self._anchor, self._anchor)
        self._describe()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The range ends here."""
        bins = self._bins
        if bins is not None and self._dragging:
            here = self._bin_at(event.position().x(), bins)
            self._choose(min(self._anchor, here), max(self._anchor, here))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Filter by the range; a click beside the range that was there takes it away."""
        if not self._dragging or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._dragging = False
        had, now = self._had, self._chosen
        if had is not None and now is not None and now[0] == now[1] and not had[0] <= now[0] <= had[1]:
            self._chosen = None
        self._emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the range by a bin, with Shift its end; Enter filters; Delete takes it away."""
        bins = self._bins
        key = event.key()
        if bins is None or key not in _KEYS:
            super().keyPressEvent(event)
            return
        last = len(bins.counts) - 1
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._chosen = None
            self._emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._emit()
        elif self._chosen is None:
            place = 0 if key == Qt.Key.Key_Right else last
            self._choose(place, place)
        else:
            begin, end = self._chosen
            step = 1 if key == Qt.Key.Key_Right else -1
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._choose(begin, min(last, max(begin, end + step)))
            elif begin + step >= 0 and end + step <= last:
                self._choose(begin + step, end + step)

    def _choose(self, first: int, last: int) -> None:
        self._chosen = (first, last)
        self._describe()
        self.update()

    def _emit(self) -> None:
        self._describe()
        self.update()
        self.brushed.emit(self._condition())

    def _condition(self) -> str:
        bins, chosen = self._bins, self._chosen
        if bins is None or chosen is None or self._facet is None:
            return ""
        first, last = chosen
        at_start, at_end = first == 0, last == len(bins.counts) - 1
        low, high = self._typed(first, bins), self._typed(last + 1, bins)
        if at_start and at_end:
            return "is not null"
        if at_start:
            return f"<= {high}"
        return f">= {low}" if at_end else f"between {low} and {high}"

    def _typed(self, edge: int, bins: Bins) -> str:
        """An edge as it is typed: as short as may be, without leaving the neighbourhood of the edge."""
        number = bins.edges[edge]
        if self._facet is not None and self._facet.kind is CellKind.TIME:
            return f"'{_EPOCH + dt.timedelta(microseconds=round(number)):%Y-%m-%d %H:%M:%S}'"
        beside = bins.edges[edge - 1] if edge else bins.edges[1]
        return short(number, abs(number - beside) / 20)

    def _bin_at(self, x: float, bins: Bins) -> int:
        share = (x - _SIDE) / max(1.0, self.width() - 2 * _SIDE)
        return min(len(bins.counts) - 1, max(0, int(share * len(bins.counts))))

    # --- drawing -----------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Any width, one height."""
        return QSize(160, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars, the chosen ones in the accent colour, and the ends of the axis."""
        painter = QPainter(self)
        theme = self._theme
        painter.setFont(fonts.ui(11))
        bins = self._bins
        box = QRectF(_SIDE, 4, self.width() - 2 * _SIDE, HEIGHT - _AXIS - 6)
        if bins is None:
            painter.setPen(theme.color("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), "No finite numbers")
            painter.end()
            return
        wide = box.width() / len(bins.counts)
        most = max(bins.counts) or 1
        for place, runs in enumerate(bins.counts):
            inside = self._chosen is not None and self._chosen[0] <= place <= self._chosen[1]
            if inside:
                painter.fillRect(
                    QRectF(box.left() + place * wide, box.top(), wide, box.height()), theme.color("accent_soft")
                )
            if runs:
                height = max(2.0, box.height() * runs / most)
                token = "accent" if inside or self._chosen is None else "placeholder"
                painter.fillRect(
                    QRectF(box.left() + place * wide + 0.5, box.bottom() - height, max(1.0, wide - 1), height),
                    theme.color(token),
                )
        painter.fillRect(QRectF(box.left(), box.bottom(), box.width(), 1), theme.color("line_strong"))
        axis = QRectF(box.left(), box.bottom() + 2, box.width(), _AXIS)
        painter.setPen(theme.color("muted"))
        if self._chosen is not None:
            painter.setPen(theme.color("accent"))
            painter.drawText(axis, int(Qt.AlignmentFlag.AlignCenter), self.words)
        else:
            painter.drawText(axis, int(Qt.AlignmentFlag.AlignLeft), self._text(bins.edges[0]))
            painter.drawText(axis, int(Qt.AlignmentFlag.AlignRight), self._text(bins.edges[-1]))
            if bins.is_log:
                painter.drawText(axis, int(Qt.AlignmentFlag.AlignHCenter), "log")
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.drawRect(self.rect().adjusted(4, 0, -5, -1))
        painter.end()


_KEYS = frozenset(
    {
        Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Delete,
        Qt.Key.Key_Backspace,
    }
)  # fmt: skip


def short(number: float, tolerance: float) -> str:
    """A number as short as it can be written within a tolerance."""
    for digits in range(1, 17):
        rounded = float(f"{number:.{digits}g}")
        if abs(rounded - number) <= tolerance:
            return number_text(rounded)
    return number_text(number)


def _bins_of(facet: Facet) -> tuple[int, int] | None:
    """The bins that the filter's range covers."""
    bins = facet.bins
    low, high = facet.span
    if bins is None or (low is None and high is None):
        return None
    last = len(bins.counts) - 1
    # Edges are typed rounded: a bin belongs to the range when its middle does.
    middles = [(a + b) / 2 for a, b in zip(bins.edges, bins.edges[1:], strict=False)]
    first = 0 if low is None else bisect.bisect_left(middles, low)
    end = last if high is None else bisect.bisect_right(middles, high) - 1
    return (min(first, last), max(min(first, last), end))
