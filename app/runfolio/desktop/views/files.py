"""The Files workspace: what the current run wrote, one file of several runs beside each other, images, histograms."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.deferred import Deferred
from runfolio.desktop.preview_beside import BesidePane
from runfolio.desktop.preview_files import FileTree
from runfolio.desktop.preview_histograms import HistogramPane
from runfolio.desktop.preview_images import ImagesPane
from runfolio.desktop.preview_pane import PreviewPane
from runfolio.desktop.preview_runs import runs_shown
from runfolio.desktop.view_steps import ViewSteps
from runfolio.desktop.widgets import ElidedLabel, IconButton
from runfolio.model.answers import Change, Touched
from runfolio.model.params import Json
from runfolio.model.previews import RunFile

PREVIEW, BESIDE, IMAGES, HISTOGRAMS = range(4)
_WIDTH, _NARROWEST = 330, 240


class FilesView(QWidget):
    """Follows `state.current` for the list, and the selection for what shows several runs."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("files")
        self._context = context
        self._wanted = ""
        self._stale = True
        self._tab = PREVIEW
        self._steps = ViewSteps(context.state.undo, self.isVisible, self)
        self.files = FileTree(context, "run-files")
        self.files.chosen.connect(self._open)
        self.files.opened.connect(self._open_at_once)
        self.files.listed.connect(self._on_listed)
        self.preview = PreviewPane(context, "preview")
        self._beside = Deferred(lambda: BesidePane(context))
        self._images = Deferred(lambda: ImagesPane(context))
        self._histograms = Deferred(lambda: HistogramPane(context))
        self.tabs = QTabWidget()
        self.tabs.setObjectName("files-tabs")
        self.tabs.setDocumentMode(True)
        for widget, title in (
            (self.preview, "Preview"),
            (self._beside, "Beside each other"),
            (self._images, "Images over steps"),
            (self._histograms, "Histograms"),
        ):
            self.tabs.addTab(widget, title)
        self.tabs.currentChanged.connect(self._on_tab)
        self._title = ElidedLabel("Files", font=fonts.ui(15, fonts.DEMI_BOLD))
        again = IconButton("refresh-cw", "List the files again", context.theme, size=15)
        again.setObjectName("list-again")
        # The keyboard has a command for it; as the first thing in the view it would take the focus.
        again.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        again.clicked.connect(self.list_again)
        head = QHBoxLayout()
        head.setContentsMargins(14, 10, 8, 0)
        head.addWidget(self._title, 1)
        head.addWidget(again)
        side = QWidget()
        side.setMinimumWidth(_NARROWEST)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.files, 1)
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(side)
        self.splitter.addWidget(self.tabs)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([_WIDTH, 900])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)
        context.state.current_changed.connect(self._on_runs)
        context.state.selection_changed.connect(self._on_runs)
        context.state.names_changed.connect(self._name)

    @property
    def beside(self) -> BesidePane:
        """The tab with a file of several runs."""
        return self._beside.body

    @property
    def images(self) -> ImagesPane:
        """The tab with images over steps."""
        return self._images.body

    @property
    def histograms(self) -> HistogramPane:
        """The tab with histograms over steps."""
        return self._histograms.body

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: list the files of the current run, again when something was read since."""
        key = self._context.state.current
        again = self._stale and key is not None
        self._stale = False
        self._name()
        self.files.show_run(key, again=again)
        self._show_tab()

    def changed(self, change: Change) -> None:
        """Runs were read again: their files may be others."""
        if change.touched & Touched.RUNS:
            shown = {self._context.state.current, *runs_shown(self._context.state)}
            if change.runs and not change.runs & shown:
                return
            self._stale = True
            for pane in (self._beside.made, self._images.made, self._histograms.made):
                if pane is not None:
                    pane.outdate()
            if self.isVisible():
                self.activate()

    def saved(self) -> dict[str, Json]:
        """Tab, widths and the file."""
        return {
            "tab": self.tabs.currentIndex(),
            "widths": [*self.splitter.sizes()],
            "file": self._wanted,
            "search": self.files.search.text(),
        }

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        tab, widths, file, search = (kept.get(name) for name in ("tab", "widths", "file", "search"))
        if isinstance(tab, int) and 0 <= tab < self.tabs.count():
            with self._steps.quietly():
                self.tabs.setCurrentIndex(tab)
        if isinstance(widths, list) and len(widths) == 2 and all(isinstance(width, int) for width in widths):
            self.splitter.setSizes([int(str(width)) for width in widths])
        if isinstance(file, str):
            self._wanted = file
        if isinstance(search, str):
            self.files.search.setText(search)

    # --- showing -----------------------------------------------------------------------------------------------

    def open_file(self, shown: str) -> None:
        """Show a file of the current run by its path, as soon as it is listed."""
        self._wanted = shown
        self.show_tab(PREVIEW, is_step=False)
        for file in self.files.files:
            if file.shown == shown:
                self.files.search.clear()
                self.files.go_to(file)
                self._open(file)

    def show_tab(self, tab: int, *, is_step: bool = True) -> None:
        """Bring a tab to the front; no step of undo where the workspace is shown for it."""
        with self._steps.quietly_unless(is_step):
            self.tabs.setCurrentIndex(tab)

    def list_again(self) -> None:
        """Look at the folder again."""
        self.files.show_run(self._context.state.current, again=True)

    def focus_search(self) -> None:
        """Find in the file that is shown."""
        self.tabs.setCurrentIndex(PREVIEW)
        self.preview.focus_search()

    def _on_runs(self) -> None:
        if self.isVisible():
            self.activate()

    def _name(self) -> None:
        key = self._context.state.current
        self._title.setText("Files" if key is None else f"Files of {self._context.state.name_of(key)}")

    def _on_listed(self, files: tuple[RunFile, ...]) -> None:
        # The file that was looked at in the run before is shown of this one too, where it has it.
        found = next((file for file in files if file.shown == self._wanted), None)
        if found is not None:
            self.files.go_to(found)
            self._open(found)
        else:
            self.preview.clear()
            if self._wanted and files:
                self.preview.clear("This run has no such file", self._wanted)

    def _open(self, file: RunFile) -> None:
        self._wanted = file.shown
        if self.tabs.currentIndex() == BESIDE:
            self.beside.show_file(file.shown)
        if self.tabs.currentIndex() not in (PREVIEW, BESIDE):
            return
        if file.place is None:
            self.preview.clear("The file is not here", f"The run recorded {file.shown}; its folder does not hold it.")
        elif file.place != self.preview.place:
            self.preview.open(file.place, file.shown)

    def _open_at_once(self, file: RunFile) -> None:
        self.tabs.setCurrentIndex(PREVIEW)
        self._open(file)

    def _on_tab(self, tab: int) -> None:
        before, self._tab = self._tab, tab
        self._steps.changed("tab", f"Show {self.tabs.tabText(tab)} in Files", before, tab, self.tabs.setCurrentIndex)
        self._show_tab()

    def _show_tab(self) -> None:
        if not self.isVisible():
            return
        tab = self.tabs.currentIndex()
        if tab == BESIDE:
            self.beside.show_file(self._wanted)
        elif tab == IMAGES:
            self.images.activate()
        elif tab == HISTOGRAMS:
            self.histograms.activate()
