"""Images of several runs over their steps: a row for each run, a column for each step, and a slider over the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_image_grid import SIZES, Board, ImageGrid, Series, find_series, step_text
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_runs import runs_shown
from runfolio.desktop.widgets import EmptyState, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import count, counted, plain
from runfolio.model.previews import FileKind, FilePlace, Picture
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_BATCH = 12


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
        for size, words in zip(SIZES, ("Small", "Medium", "Large", "Largest"), strict=True):
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
        self.told.setText(f"{count(len(runs))} run{'s' * (len(runs) != 1)} · {counted(len(series.steps), 'step')}")

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
