"""The outline and the facts of a sound, and the button that plays it."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from runfolio.desktop import sound_output
from runfolio.desktop.context import Context
from runfolio.desktop.preview_rows import Rows, RowsTable
from runfolio.desktop.sound_player import SoundPlayer
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel, TextButton, tooltip
from runfolio.model.previews import FilePlace, Sound

_ROW_HEIGHT = 27
Peaks = tuple[tuple[float, float], ...]


class SoundPane(QWidget):
    """A sound can be heard where it is decoded and Qt has its audio part; else the button says what is missing."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place: FilePlace | None = None
        self.outline = Outline(context.theme)
        self.outline.setObjectName(f"{name}-outline")
        self.facts = RowsTable(f"{name}-sound", "Facts")
        self.facts.set_row_height(_ROW_HEIGHT)
        self.player = SoundPlayer(context, self)
        self.player.moved.connect(self.outline.mark)
        self.player.ended.connect(self._ended)
        self.button = TextButton("Play", context.theme, icon="audio-lines")
        self.button.setObjectName(f"{name}-play")
        self.button.clicked.connect(self._play_or_stop)
        self.told = PlainLabel("", role="muted", wrap=True)
        self.told.setObjectName(f"{name}-play-told")
        head = QHBoxLayout()
        head.setContentsMargins(14, 6, 14, 9)
        head.setSpacing(10)
        head.addWidget(self.button)
        head.addWidget(self.told, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.outline, 2)
        column.addLayout(head)
        column.addWidget(self.facts, 1)

    def show_sound(self, place: FilePlace, sound: Sound) -> None:
        """Show another sound."""
        self.player.stop()
        self._place = place
        self.outline.put(sound.peaks)
        self.outline.setVisible(bool(sound.peaks))
        self.facts.put(Rows(("Fact", "Value"), sound.facts, mono=frozenset({1})), (210,))
        why = sound.why_silent or ("" if sound_output.is_there() else sound_output.HOW_TO_INSTALL)
        self.button.setEnabled(not why)
        self.button.setToolTip(tooltip(why))
        self.told.setText(why)
        self._say_what_it_does()

    def hideEvent(self, event: QHideEvent) -> None:
        """What is out of sight is not heard."""
        self.player.stop()
        super().hideEvent(event)

    def _play_or_stop(self) -> None:
        if self.player.playing:
            self.player.stop()
        elif self._place is not None:
            self.told.setText("")
            self.player.play(self._place)
            self._say_what_it_does()

    def _ended(self, why: str) -> None:
        self.outline.mark(-1.0)
        self.told.setText(why)
        self._say_what_it_does()

    def _say_what_it_does(self) -> None:
        self.button.set_text("Stop" if self.player.playing else "Play")


class Outline(QWidget):
    """Lowest and highest sample of each column of pixels, over time."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._peaks: Peaks = ()
        self._at = -1.0
        self.setAccessibleName("Outline of the sound")
        self.setMinimumHeight(90)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(500, 180)

    def put(self, peaks: Peaks) -> None:
        """Show another outline."""
        self._peaks, self._at = peaks, -1.0
        self.update()

    def mark(self, at: float) -> None:
        """How far it was heard, 0 to 1; below 0 for no mark."""
        self._at = at
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line down each column of pixels."""
        painter = QPainter(self)
        area = QRectF(self.rect()).adjusted(14, 12, -14, -12)
        middle, half = area.center().y(), area.height() / 2
        painter.setPen(self._theme.color("line"))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
        if self._peaks:
            ratio = self.devicePixelRatioF()
            columns = columns_of(self._peaks, max(1, round(area.width() * ratio)))
            step = area.width() / len(columns)
            pen = QPen(self._theme.color("accent"), step)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            least = 0.5 / ratio
            painter.drawLines(
                [
                    QLineF(x, middle - high * half - least, x, middle - low * half + least)
                    for x, (low, high) in ((area.left() + (i + 0.5) * step, ends) for i, ends in enumerate(columns))
                ]
            )
        if self._at >= 0:
            x = area.left() + self._at * area.width()
            painter.setPen(QPen(self._theme.color("warn"), 1.5))
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))


def columns_of(peaks: Peaks, pixels: int) -> Peaks:
    """The outline in so many columns or fewer: each has the lowest and highest of the parts that it covers."""
    if len(peaks) <= pixels:
        return peaks
    found: list[tuple[float, float]] = []
    for column in range(pixels):
        # A part that two columns share counts in both.
        some = peaks[column * len(peaks) // pixels : -(-(column + 1) * len(peaks) // pixels)]
        found.append((min(low for low, _ in some), max(high for _, high in some)))
    return tuple(found)
