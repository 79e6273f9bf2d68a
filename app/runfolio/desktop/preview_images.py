"""Images of several runs over their steps: a row for each run, a column for each step, and a slider over the steps."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt, QTimer
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QSlider,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_picture import image_of
from runfolio.desktop.preview_runs import runs_shown
from runfolio.desktop.widgets import EmptyState, PlainLabel, tooltip
from runfolio.errors import RunfolioError
from runfolio.model.display import count, plain
from runfolio.model.previews import FileKind, FilePlace, Picture, RunFile
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_BATCH = 12
_KEPT = 1_500
_SIZES = (96, 144, 208, 304)
NO_STEP = -1


@dataclass(frozen=True, slots=True)
class Board:
    """An image inside of event files."""

    places: tuple[FilePlace, ...]
    tag: str
    step: int


@dataclass(frozen=True, slots=True)
class Shot:
    """An image of a run at a step: a file, or one inside of event files."""

    source: FilePlace | Board
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Images of one name: `shots` by run and step; `steps` of all runs together."""

    title: str
    steps: tuple[int, ...]
    shots: dict[tuple[RunKey, int], Shot]


def find_series(runs: Sequence[tuple[RunKey, Sequence[RunFile], dict[str, tuple[int, ...]]]]) -> tuple[Series, ...]:
    """What image files of runs, and images in their event files by tag, come to; those of most steps first."""
    shots: dict[str, dict[tuple[RunKey, int], Shot]] = {}
    for key, files, tags in runs:
        boards = tuple(f.place for f in files if f.kind is FileKind.EVENTS and f.place is not None)
        for file in files:
            if file.kind is FileKind.IMAGE and file.place is not None:
                step = NO_STEP if file.step is None else file.step
                shots.setdefault(file.series, {}).setdefault((key, step), Shot(file.place, file.shown))
        for tag, steps in tags.items():
            for step in steps:
                shots.setdefault(f"{tag} (events)", {})[key, step] = Shot(Board(boards, tag, step))
    made = [Series(title, tuple(sorted({step for _, step in found})), found) for title, found in shots.items()]
    return tuple(sorted(made, key=lambda series: (-len(series.steps), series.title)))


class ImagesPane(QWidget):
    """Follows the selection. Enter or a double click on an image file shows it large."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._asked: tuple[RunKey, ...] | None = None
        self._looker = Looker(context, "Find images")
        self._loader = Looker(context, "Decode images")
        self._series: tuple[Series, ...] = ()
        self.names = QComboBox()
        self.names.setObjectName("image-series")
        self.names.setAccessibleName("Images")
        self.names.setMinimumWidth(240)
        self.names.currentIndexChanged.connect(lambda _: self._show_series())
        self.sizes = QComboBox()
        self.sizes.setObjectName("image-size")
        self.sizes.setAccessibleName("Size of the images")
        for size, words in zip(_SIZES, ("Small", "Medium", "Large", "Largest"), strict=True):
            self.sizes.addItem(words, size)
        self.sizes.setCurrentIndex(1)
        self.sizes.currentIndexChanged.connect(lambda _: self._resize())
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("image-step")
        self.slider.setAccessibleName("Step")
        self.slider.valueChanged.connect(self._go)
        self.step = PlainLabel("", font=fonts.mono(12))
        self.step.setObjectName("image-step-text")
        self.step.setMinimumWidth(110)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.grid = ImageGrid(context)
        self.grid.wanted.timeout.connect(self._load)
        self.grid.activated.connect(self._open)
        head = QHBoxLayout()
        head.setContentsMargins(14, 9, 12, 6)
        head.setSpacing(9)
        head.addWidget(self.names)
        head.addWidget(self.sizes)
        head.addWidget(self.slider, 1)
        head.addWidget(self.step)
        head.addWidget(self.told)
        self.empty = EmptyState(context.theme, "No images", "", icon="images")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.grid, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        context.state.names_changed.connect(self.grid.shots.names_changed)

    def activate(self) -> None:
        """Show the images of the runs that are selected now."""
        runs = runs_shown(self._context.state)
        if not runs:
            self._asked = None
            self._say("No run is chosen", "Select runs in the table (Space) to see their images over the steps.")
            return
        if runs == self._asked:
            return
        self._asked = runs
        if self.stack.currentIndex() == 0:
            self._say("Looking for images…", "")

        def call(workspace: Workspace, token: CancelToken) -> tuple[Series, ...]:
            found = []
            for key in runs:
                files = workspace.run_files(key, cancel=token).files
                boards = [f.place for f in files if f.kind is FileKind.EVENTS and f.place is not None]
                tags = workspace.board_image_steps(boards, cancel=token) if boards else {}
                found.append((key, files, tags))
            return find_series(found)

        self._looker.ask(call, self._arrived, self._failed)

    def outdate(self) -> None:
        """Runs were read again: look for images the next time."""
        self._asked = None

    def _open(self, index: QModelIndex) -> None:
        shot = self.grid.shots.shot(index.row(), index.column())
        if shot is not None and isinstance(shot.source, FilePlace):
            self._context.state.set_current(self.grid.shots.runs[index.row()])
            self._context.state.file_asked.emit(shot.shown)

    def _say(self, title: str, text: str) -> None:
        self.empty.set(title, text)
        self.stack.setCurrentIndex(0)

    def _failed(self, error: RunfolioError) -> None:
        self._asked = None
        self._say(error.message, error.hint)

    def _arrived(self, series: tuple[Series, ...]) -> None:
        self._series = series
        if not series:
            self._say("These runs have no images", "Image files, and images in TensorBoard event files, show up here.")
            return
        before = self.names.currentData()
        self.names.blockSignals(True)
        self.names.clear()
        for one in series:
            self.names.addItem(plain(one.title, 80), one.title)
        self.names.setCurrentIndex(max(0, self.names.findData(before)))
        self.names.blockSignals(False)
        self.stack.setCurrentIndex(1)
        self._show_series()

    def _show_series(self) -> None:
        place = self.names.currentIndex()
        if not 0 <= place < len(self._series):
            return
        series = self._series[place]
        runs = [key for key in self._asked or () if any(run == key for run, _ in series.shots)]
        self._loader.forget()
        self.grid.put(series, runs)
        self._resize()
        self.slider.setRange(0, max(0, len(series.steps) - 1))
        self.slider.setEnabled(len(series.steps) > 1)
        self.slider.setValue(len(series.steps) - 1)
        self._go(self.slider.value())
        self.told.setText(f"{count(len(runs))} run{'s' * (len(runs) != 1)} · {count(len(series.steps))} steps")

    def _resize(self) -> None:
        self.grid.set_edge(int(self.sizes.currentData()))

    def _go(self, place: int) -> None:
        steps = self.grid.shots.steps
        if 0 <= place < len(steps):
            self.step.setText(step_text(steps[place]))
            self.grid.go_to_step(place)

    def _load(self) -> None:
        if self._loader.busy:
            return  # what is in view then is asked when this has arrived
        shots = self.grid.missing(_BATCH)
        if not shots:
            return
        files = [shot for shot in shots if isinstance(shot.source, FilePlace)]
        first = next((shot.source for shot in shots if isinstance(shot.source, Board)), None)
        edge = 2 * self.grid.edge

        def call(workspace: Workspace, token: CancelToken) -> dict[FilePlace | Board, Picture | str]:
            if files:
                places = [shot.source for shot in files if isinstance(shot.source, FilePlace)]
                return dict(zip(places, workspace.thumbnails(places, edge, cancel=token), strict=True))
            assert first is not None
            boards = [s.source for s in shots if isinstance(s.source, Board) and s.source.places == first.places]
            steps = [board.step for board in boards]
            pictures = workspace.board_images(first.places, first.tag, steps, edge, cancel=token)
            return dict(zip(boards, pictures, strict=True))

        def arrived(pictures: dict[FilePlace | Board, Picture | str]) -> None:
            self.grid.take(pictures)
            self._load()

        def failed(error: RunfolioError) -> None:
            self.grid.take({shot.source: error.message for shot in shots})
            self._load()

        self._loader.ask(call, arrived, failed)


def step_text(step: int) -> str:
    """What stands over a column."""
    return "no step" if step == NO_STEP else f"step {count(step)}"


class ShotModel(QAbstractTableModel):
    """Runs by steps. The pictures are kept by what they are of, the latest ones."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.steps: tuple[int, ...] = ()
        self.runs: list[RunKey] = []
        self._shots: dict[tuple[RunKey, int], Shot] = {}
        self.pictures: OrderedDict[FilePlace | Board, QPixmap | str] = OrderedDict()

    def put(self, series: Series, runs: list[RunKey]) -> None:
        """Show other images."""
        self.beginResetModel()
        self.steps, self.runs, self._shots = series.steps, runs, series.shots
        self.endResetModel()

    def shot(self, row: int, column: int) -> Shot | None:
        """The image of a run at a step."""
        return self._shots.get((self.runs[row], self.steps[column]))

    def names_changed(self) -> None:
        """The names at the left are known now."""
        if self.runs:
            self.headerDataChanged.emit(Qt.Orientation.Vertical, 0, len(self.runs) - 1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Runs."""
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Steps."""
        return 0 if parent.isValid() else len(self.steps)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The picture, or why there is none, as user data."""
        shot = self.shot(index.row(), index.column())
        if role == Qt.ItemDataRole.UserRole:
            return None if shot is None else self.pictures.get(shot.source, "…")
        if role == Qt.ItemDataRole.ToolTipRole:
            run = self._context.state.name_of(self.runs[index.row()])
            what = "no image" if shot is None else shot.shown or step_text(self.steps[index.column()])
            return tooltip(f"{run}\n{what}")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            run = self._context.state.name_of(self.runs[index.row()])
            return plain(f"{run}, {step_text(self.steps[index.column()])}")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Steps over names."""
        if role == Qt.ItemDataRole.DisplayRole:
            if orientation == Qt.Orientation.Horizontal:
                return step_text(self.steps[section])
            return plain(self._context.state.name_of(self.runs[section]), 40)
        if role == Qt.ItemDataRole.ForegroundRole and orientation == Qt.Orientation.Vertical:
            style = self._context.state.style_of(self.runs[section])
            return self._context.theme.run_color(style.color_index) if style.picked else None
        return None


class ImageGrid(QTableView):
    """The pictures; `wanted` fires when some in view may be missing."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("image-grid")
        self.setAccessibleName("Images by run and step")
        self.shots = ShotModel(context)
        self.edge = _SIZES[1]
        self.wanted = QTimer(self)
        self.wanted.setSingleShot(True)
        self.wanted.setInterval(40)
        self.setModel(self.shots)
        self.setItemDelegate(_ShotDelegate(context, self))
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(False)
            header.setFont(fonts.ui(12))
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalScrollBar().valueChanged.connect(lambda _: self.wanted.start())
        self.verticalScrollBar().valueChanged.connect(lambda _: self.wanted.start())

    def put(self, series: Series, runs: list[RunKey]) -> None:
        """Show other images."""
        self.shots.put(series, runs)
        self.wanted.start()

    def set_edge(self, edge: int) -> None:
        """Show them in another size; they are decoded again when they get larger."""
        if edge > self.edge:
            self.shots.pictures.clear()
        self.edge = edge
        self.horizontalHeader().setDefaultSectionSize(edge + 12)
        self.verticalHeader().setDefaultSectionSize(edge + 12)
        self.wanted.start()

    def go_to_step(self, column: int) -> None:
        """Bring a step into view, in the middle where there is room."""
        row = max(0, self.currentIndex().row())
        self.setCurrentIndex(self.shots.index(min(row, self.shots.rowCount() - 1), column))
        bar = self.horizontalScrollBar()
        bar.setValue(column * (self.edge + 12) - (self.viewport().width() - self.edge) // 2)

    def missing(self, most: int) -> list[Shot]:
        """Images in view that are not here yet; those of one run of event files together."""
        first, last = self._columns()
        top = max(0, self.rowAt(0))
        bottom = self.rowAt(self.viewport().height() - 1)
        bottom = self.shots.rowCount() - 1 if bottom < 0 else bottom
        found: list[Shot] = []
        for row in range(top, bottom + 1):
            for column in range(first, last + 1):
                shot = self.shots.shot(row, column)
                if shot is not None and shot.source not in self.shots.pictures:
                    found.append(shot)
                    if len(found) >= most:
                        return found
        return found

    def take(self, pictures: dict[FilePlace | Board, Picture | str]) -> None:
        """Pictures have arrived."""
        kept = self.shots.pictures
        for source, picture in pictures.items():
            kept[source] = picture if isinstance(picture, str) else QPixmap.fromImage(image_of(picture))
        while len(kept) > _KEPT:
            kept.popitem(last=False)
        self.viewport().update()

    def resizeEvent(self, event: object) -> None:
        """More may be in view."""
        super().resizeEvent(event)  # type: ignore[arg-type] # whatever event Qt hands over
        self.wanted.start()

    def _columns(self) -> tuple[int, int]:
        first, last = self.columnAt(0), self.columnAt(self.viewport().width() - 1)
        return max(0, first), self.shots.columnCount() - 1 if last < 0 else last


class _ShotDelegate(QStyledItemDelegate):
    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The picture in the middle of its cell."""
        found = index.data(Qt.ItemDataRole.UserRole)
        theme = self._context.theme
        area = QRect(option.rect).adjusted(5, 5, -5, -5)
        painter.save()
        if isinstance(found, QPixmap):
            size = found.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(
                area.center().x() - size.width() // 2,
                area.center().y() - size.height() // 2,
                size.width(),
                size.height(),
            )
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, found.width() > target.width())
            painter.drawPixmap(target, found)
        else:
            painter.fillRect(area, theme.color("panel"))
            painter.setPen(theme.color("placeholder"))
            painter.setFont(fonts.ui(11))
            text = found if isinstance(found, str) else "–"
            painter.drawText(
                area.adjusted(4, 4, -4, -4),
                int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap),
                plain(text, 90),
            )
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(theme.color("accent"))
            painter.drawRect(area.adjusted(-3, -3, 2, 2))
        painter.restore()
