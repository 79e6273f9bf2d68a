"""Histograms of a run over time: a map of steps and values, and the histogram at one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import EmptyState, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import count, number, plain
from runfolio.model.previews import BoardTag, FileKind, FilePlace, Histogram, Histograms
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

ROWS = 96
"""Rows of the map, from the lowest value of all steps to the highest."""
_LEFT, _BOTTOM, _TOP, _RIGHT = 68, 26, 12, 14


@dataclass(frozen=True, slots=True)
class DensityMap:
    """Share of the values of a step in each row of the map, 0 to 255 of the highest of all, bottom row first."""

    low: float
    high: float
    cells: tuple[bytes, ...]


def density_map(histograms: Histograms) -> DensityMap:
    """The map of a tag; called on another thread."""
    import numpy as np

    low = min((one.edges[0] for one in histograms.steps), default=0.0)
    high = max((one.edges[-1] for one in histograms.steps), default=1.0)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    rows = np.linspace(low, high, ROWS + 1)
    columns = []
    for one in histograms.steps:
        counts = np.asarray(one.counts)
        total = counts.sum()
        # The share below a value, straight between edges: values of a bucket are taken to be spread evenly.
        below = np.concatenate([[0.0], np.cumsum(counts)]) / (total or 1.0)
        columns.append(np.diff(np.interp(rows, np.asarray(one.edges), below)))
    # A bucket of no width holds all its values at one place, which lies in one row.
    highest = max((float(column.max()) for column in columns), default=1.0) or 1.0
    return DensityMap(
        low, high, tuple((np.sqrt(column / highest) * 255).astype(np.uint8).tobytes() for column in columns)
    )


@dataclass(frozen=True, slots=True)
class _Tags:
    places: tuple[FilePlace, ...]
    tags: tuple[BoardTag, ...]


class HistogramPane(QWidget):
    """Follows the current run."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._asked: RunKey | None = None
        self._found = _Tags((), ())
        self._shown: Histograms | None = None
        self._looker = Looker(context, "Find histograms")
        self._loader = Looker(context, "Read histograms")
        theme = context.theme
        self.tags = QComboBox()
        self.tags.setObjectName("histogram-tag")
        self.tags.setAccessibleName("Histogram")
        self.tags.setMinimumWidth(240)
        self.tags.currentIndexChanged.connect(lambda _: self._load())
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("histogram-step")
        self.slider.setAccessibleName("Step")
        self.slider.valueChanged.connect(self._go)
        self.step = PlainLabel("", font=fonts.mono(12))
        self.step.setObjectName("histogram-step-text")
        self.step.setMinimumWidth(110)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName("histogram-told")
        head = QHBoxLayout()
        head.setContentsMargins(14, 9, 12, 6)
        head.setSpacing(9)
        head.addWidget(self.tags)
        head.addWidget(self.slider, 1)
        head.addWidget(self.step)
        head.addWidget(self.told)
        self.map = MapPlot(theme)
        self.map.picked.connect(self.slider.setValue)
        self.bars = BarPlot(theme)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.map)
        splitter.addWidget(self.bars)
        splitter.setSizes([380, 260])
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(splitter, 1)
        self.empty = EmptyState(theme, "No histograms", "", icon="chart-column")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    def activate(self) -> None:
        """Show those of the current run."""
        key = self._context.state.current
        if key is None:
            self._asked = None
            self._say("No run is chosen", "Click a row of the table to see its histograms.")
            return
        if key == self._asked:
            return
        self._asked = key
        run = key
        self._say("Looking for histograms…", "")

        def call(workspace: Workspace, token: CancelToken) -> _Tags:
            files = workspace.run_files(run, cancel=token).files
            places = tuple(f.place for f in files if f.kind is FileKind.EVENTS and f.place is not None)
            tags = workspace.board_tags(places, cancel=token) if places else ()
            return _Tags(places, tuple(tag for tag in tags if tag.plugin == "histograms"))

        self._looker.ask(call, self._arrived, self._failed)

    def outdate(self) -> None:
        """Runs were read again: look at their files the next time."""
        self._asked = None

    def _say(self, title: str, text: str) -> None:
        self.empty.set(title, text)
        self.stack.setCurrentIndex(0)

    def _failed(self, error: RunfolioError) -> None:
        self._asked = None
        self._say(error.message, error.hint)

    def _arrived(self, found: _Tags) -> None:
        self._found = found
        if not found.tags:
            where = "Its event files hold none." if found.places else "It has no TensorBoard event files."
            self._say("This run has no histograms", where)
            return
        before = self.tags.currentData()
        self.tags.blockSignals(True)
        self.tags.clear()
        for tag in found.tags:
            self.tags.addItem(plain(tag.tag, 80), tag.tag)
        self.tags.setCurrentIndex(max(0, self.tags.findData(before)))
        self.tags.blockSignals(False)
        self._load()

    def _load(self) -> None:
        tag = self.tags.currentData()
        if not isinstance(tag, str):
            return
        places = self._found.places

        def call(workspace: Workspace, token: CancelToken) -> tuple[Histograms, DensityMap]:
            found = workspace.histograms(places, tag, cancel=token)
            return found, density_map(found)

        self._loader.ask(call, self._loaded, self._failed)

    def _loaded(self, answer: tuple[Histograms, DensityMap]) -> None:
        found, made = answer
        self._shown = found
        if not found.steps:
            self._say("These histograms cannot be shown", "Their events are damaged, or hold no values.")
            return
        self.stack.setCurrentIndex(1)
        self.map.put(made, [one.step for one in found.steps])
        self.slider.setRange(0, len(found.steps) - 1)
        self.slider.setValue(len(found.steps) - 1)
        self._go(self.slider.value())
        spread = f", every {round(found.total / len(found.steps))}th shown" if found.left_out else ""
        self.told.setText(f"{count(found.total)} steps{spread}")

    def _go(self, place: int) -> None:
        found = self._shown
        if found is not None and 0 <= place < len(found.steps):
            self.step.setText(f"step {count(found.steps[place].step)}")
            self.map.mark(place)
            self.bars.put(found.steps[place])


class MapPlot(QWidget):
    """Steps from left to right, values from bottom to top. `picked` carries the column that was clicked."""

    picked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._map: DensityMap | None = None
        self._steps: list[int] = []
        self._image: QImage | None = None
        self._marked = 0
        self.setAccessibleName("Histograms over the steps")
        self.setMinimumHeight(120)
        theme.changed.connect(self._render)

    def sizeHint(self) -> QSize:
        """Wide."""
        return QSize(600, 340)

    def put(self, made: DensityMap, steps: list[int]) -> None:
        """Show another map."""
        self._map, self._steps = made, steps
        self._render()

    def mark(self, place: int) -> None:
        """Mark a column."""
        self._marked = place
        self.update()

    def _render(self) -> None:
        made = self._map
        if made is None or not made.cells:
            return
        low, high = self._theme.color("surface"), self._theme.color("accent")
        image = QImage(len(made.cells), ROWS, QImage.Format.Format_Indexed8)
        image.setColorTable([_between(low, high, level / 255).rgb() for level in range(256)])
        for x, column in enumerate(made.cells):
            for y in range(ROWS):
                image.setPixel(x, ROWS - 1 - y, column[y])
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Map, axes and the marked step."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("surface"))
        made, area = self._map, self.area()
        if made is None or self._image is None:
            return
        painter.drawImage(area, self._image)
        painter.setPen(self._theme.color("axis"))
        painter.drawRect(area)
        painter.setFont(fonts.ui(11))
        painter.setPen(self._theme.color("muted"))
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - share * area.height()
            text = number(made.low + share * (made.high - made.low), 3)
            painter.drawText(
                QRectF(0, y - 8, _LEFT - 8, 16), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text
            )
        for share, flag in ((0.0, Qt.AlignmentFlag.AlignLeft), (1.0, Qt.AlignmentFlag.AlignRight)):
            text = f"step {count(self._steps[round(share * (len(self._steps) - 1))])}"
            painter.drawText(QRectF(area.left(), area.bottom() + 5, area.width(), 16), int(flag), text)
        wide = area.width() / len(made.cells)
        x = area.left() + (self._marked + 0.5) * wide
        painter.setPen(self._theme.color("warn"))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the step that was clicked."""
        self._pick(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Or dragged to."""
        self._pick(event.position().x())

    def _pick(self, x: float) -> None:
        area = self.area()
        if self._map is not None and area.width() > 0:
            place = int((x - area.left()) / area.width() * len(self._map.cells))
            self.picked.emit(max(0, min(len(self._map.cells) - 1, place)))

    def area(self) -> QRectF:
        """Where the map is, between the axes."""
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)


class BarPlot(QWidget):
    """One histogram: the height of a bar is its count over its width, so that buckets of unequal width are fair."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._one: Histogram | None = None
        self.setAccessibleName("Histogram at the step")
        self.setMinimumHeight(100)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Wide."""
        return QSize(600, 220)

    def put(self, one: Histogram) -> None:
        """Show another one."""
        self._one = one
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars and the ends of the axis."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("surface"))
        one = self._one
        if one is None:
            return
        area = QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)
        low, high = one.edges[0], one.edges[-1]
        span = (high - low) or 1.0
        widths = [max(b - a, span / 1e6) for a, b in zip(one.edges, one.edges[1:], strict=False)]
        densities = [value / width for value, width in zip(one.counts, widths, strict=True)]
        highest = max(densities, default=0.0) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent"))
        for left, width, density in zip(one.edges, widths, densities, strict=False):
            x = area.left() + (left - low) / span * area.width()
            height = area.height() * density / highest
            painter.drawRect(QRectF(x, area.bottom() - height, max(1.0, width / span * area.width() - 0.6), height))
        painter.setPen(self._theme.color("axis"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setFont(fonts.ui(11))
        painter.setPen(self._theme.color("muted"))
        below = QRectF(area.left(), area.bottom() + 5, area.width(), 16)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), number(low))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), number(high))
        middle = f"{count(round(sum(one.counts)))} values"
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), middle)


def _between(low: QColor, high: QColor, share: float) -> QColor:
    ends = (low.red(), high.red()), (low.green(), high.green()), (low.blue(), high.blue())
    return QColor(*(round(a + (b - a) * share) for a, b in ends))
