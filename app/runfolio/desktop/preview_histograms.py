"""Histograms of the selected runs over time beside each other: maps of steps and values, and those at one step."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QSlider,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from runfolio.analysis.kinds.recorded import MOST_BESIDE, DensityMap, density_maps
from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_histogram_plots import BarPlot, MapPlot
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_runs import runs_shown
from runfolio.desktop.widgets import EmptyState, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import count, counted, plain
from runfolio.model.previews import FileKind, FilePlace, Histograms
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace


@dataclass(frozen=True, slots=True)
class _Tags:
    """Event files by run, and in how many runs there is each tag, in the order found."""

    places: dict[RunKey, tuple[FilePlace, ...]]
    tags: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Loaded:
    runs: tuple[RunKey, ...]
    found: tuple[Histograms, ...]
    maps: tuple[DensityMap, ...]


_NOTHING = _Loaded((), (), ())


class HistogramPane(QWidget):
    """Follows the selected runs, and the current one."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._asked: tuple[RunKey, ...] | None = None
        self._found = _Tags({}, {})
        self._shown = _NOTHING
        self._steps: list[int] = []
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
        self.maps: list[MapPlot] = []
        self.bars: list[BarPlot] = []
        self._grids = [QGridLayout(), QGridLayout()]
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        for grid in self._grids:
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setSpacing(0)
            half = QWidget()
            half.setLayout(grid)
            splitter.addWidget(half)
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
        context.state.names_changed.connect(self._show)

    def activate(self) -> None:
        """Show those of the selected runs, the current one first."""
        state = self._context.state
        current = () if state.current is None else (state.current,)
        keys = tuple(dict.fromkeys((*current, *runs_shown(state))))[:MOST_BESIDE]
        if not keys:
            self._asked = None
            self._say("No run is chosen", "Click a row of the table to see its histograms, or select several runs.")
            return
        if keys == self._asked:
            return
        self._asked = keys
        self._say("Looking for histograms…", "")

        def call(workspace: Workspace, token: CancelToken) -> _Tags:
            places: dict[RunKey, tuple[FilePlace, ...]] = {}
            tags: dict[str, int] = {}
            for key in keys:
                files = workspace.run_files(key, cancel=token).files
                own = tuple(f.place for f in files if f.kind is FileKind.EVENTS and f.place is not None)
                for tag in workspace.board_tags(own, cancel=token) if own else ():
                    if tag.plugin == "histograms":
                        places[key] = own
                        tags[tag.tag] = tags.get(tag.tag, 0) + 1
            return _Tags(places, tags)

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
            several = self._asked is not None and len(self._asked) > 1
            title = "None of these runs has histograms" if several else "This run has no histograms"
            self._say(title, "TensorBoard event files can hold them; theirs hold none, or there are none.")
            return
        before = self.tags.currentData()
        self.tags.blockSignals(True)
        self.tags.clear()
        # Those that most of the runs have come first.
        for tag in sorted(found.tags, key=lambda name: -found.tags[name]):
            self.tags.addItem(plain(tag, 80), tag)
        self.tags.setCurrentIndex(max(0, self.tags.findData(before)))
        self.tags.blockSignals(False)
        self._load()

    def _load(self) -> None:
        tag = self.tags.currentData()
        if not isinstance(tag, str):
            return
        places = self._found.places

        def call(workspace: Workspace, token: CancelToken) -> _Loaded:
            read = [(key, workspace.histograms(own, tag, cancel=token)) for key, own in places.items()]
            some = [(key, found) for key, found in read if found.steps]
            found = tuple(found for _, found in some)
            return _Loaded(tuple(key for key, _ in some), found, density_maps(found))

        self._loader.ask(call, self._loaded, self._failed)

    def _loaded(self, answer: _Loaded) -> None:
        self._shown = answer
        if not answer.found:
            self._say("These histograms cannot be shown", "Their events are damaged, or hold no values.")
            return
        self._have(len(answer.runs))
        self.stack.setCurrentIndex(1)
        self._steps = sorted({one.step for found in answer.found for one in found.steps})
        self._show()
        self.slider.setRange(0, len(self._steps) - 1)
        self.slider.setValue(len(self._steps) - 1)
        self._go(self.slider.value())
        self.told.setText(self._words(answer))

    def _words(self, answer: _Loaded) -> str:
        total = max(found.total for found in answer.found)
        left_out = any(found.left_out for found in answer.found)
        shown = max(len(found.steps) for found in answer.found)
        spread = f", every {round(total / shown)}th shown" if left_out else ""
        words = [f"{counted(total, 'step')}{spread}"]
        asked = len(self._asked or ())
        if len(answer.runs) < asked:
            words.append(f"{len(answer.runs)} of {asked} runs have it")
        return " · ".join(words)

    def _have(self, runs: int) -> None:
        """So many maps, and as many histograms below them."""
        theme = self._context.theme
        while len(self.maps) < runs:
            made = MapPlot(theme)
            place = len(self.maps)
            made.picked.connect(lambda column, place=place: self._on_picked(place, column))
            self.maps.append(made)
            self.bars.append(BarPlot(theme))
        columns = runs if runs <= 3 else -(-runs // 2)
        self._place(self._grids[0], self.maps, runs, columns)
        self._place(self._grids[1], self.bars, runs, columns)

    @staticmethod
    def _place(grid: QGridLayout, plots: Sequence[QWidget], runs: int, columns: int) -> None:
        for place, plot in enumerate(plots):
            grid.removeWidget(plot)
            plot.setVisible(place < runs)
            if place < runs:
                grid.addWidget(plot, *divmod(place, columns))
        for column in range(grid.columnCount()):
            grid.setColumnStretch(column, 1 if column < columns else 0)

    def _titles(self) -> list[str]:
        names = [self._context.state.name_of(key) for key in self._shown.runs]
        return names if len(self._asked or ()) > 1 else ["" for _ in names]

    def _show(self) -> None:
        shown = self._shown
        if len(self.maps) < len(shown.runs):
            return
        rows = zip(self.maps, shown.maps, shown.found, self._titles(), strict=False)
        for plot, made, found, title in rows:
            plot.put(made, [one.step for one in found.steps], title)

    def _on_picked(self, place: int, column: int) -> None:
        self.slider.setValue(bisect.bisect_left(self._steps, self.maps[place].steps[column]))

    def _go(self, place: int) -> None:
        shown = self._shown
        if not 0 <= place < len(self._steps):
            return
        step = self._steps[place]
        self.step.setText(f"step {count(step)}")
        several = len(shown.runs) > 1
        for plot, bars, made, found, title in zip(
            self.maps, self.bars, shown.maps, shown.found, self._titles(), strict=False
        ):
            # Of a run that has none at the step the last one before it.
            column = bisect.bisect_right([one.step for one in found.steps], step) - 1
            plot.mark(max(0, column))
            one = found.steps[column] if column >= 0 else None
            at = f"{title} · step {count(one.step)}" if one is not None and title and one.step != step else title
            bars.put(one, (made.low, made.high) if several else None, at)
