"""The grid of images by run and step: what there is, a model that keeps the latest pictures, and the view."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt, QTimer
from PySide6.QtGui import QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_picture import image_of
from runfolio.desktop.widgets import tooltip
from runfolio.model.display import count, plain
from runfolio.model.previews import FileKind, FilePlace, Picture, RunFile
from runfolio.model.run import RunKey

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_KEPT = 1_500
SIZES = (96, 144, 208, 304)
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
        self.edge = SIZES[1]
        self.wanted = QTimer(self)
        self.wanted.setSingleShot(True)
        self.wanted.setInterval(40)
        self.setModel(self.shots)
        self.setItemDelegate(_ShotDelegate(context, self))
        self.setTabKeyNavigation(False)
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More may be in view."""
        super().resizeEvent(event)
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
