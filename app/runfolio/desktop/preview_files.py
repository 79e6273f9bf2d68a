"""The files of a run as a tree with a search field; listing and filtering happen on other threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QHeaderView, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts, icons
from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_nodes import Branch, BranchTree, branches
from runfolio.desktop.widgets import EmptyState, PlainLabel, tooltip
from runfolio.errors import RunfolioError
from runfolio.model.display import count, size
from runfolio.model.previews import FileKind, RunFile, RunFiles
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

ICONS = {
    FileKind.IMAGE: "image",
    FileKind.TEXT: "file-text",
    FileKind.MARKDOWN: "file-text",
    FileKind.MARKUP: "file-code",
    FileKind.TREE: "braces",
    FileKind.TABLE: "table-2",
    FileKind.AUDIO: "audio-lines",
    FileKind.MODEL: "box",
    FileKind.EVENTS: "chart-line",
    FileKind.OTHER: "file",
}
RECORDED = "recorded"
_PAUSE_MS = 120


class FileTree(QWidget):
    """`chosen` carries the RunFile that is walked to, `opened` the one of an Enter, `listed` all of them."""

    chosen = Signal(object)
    opened = Signal(object)
    listed = Signal(object)

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._name = name
        self._looker = Looker(context, "List the files of a run")
        self._files: tuple[RunFile, ...] = ()
        self._key: RunKey | None = None
        self._loaded: RunKey | None = None
        self._notes: tuple[str, ...] = ()
        self._made: dict[str, QIcon] = {}
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}-search")
        self.search.setAccessibleName("Search files")
        self.search.setPlaceholderText("Search files")
        self.kinds = QComboBox()
        self.kinds.setObjectName(f"{name}-kind")
        self.kinds.setAccessibleName("Kind of file")
        self.kinds.addItem("All files", None)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._filter)
        self.search.textChanged.connect(self._pause.start)
        self.kinds.currentIndexChanged.connect(lambda _: self._filter())
        self.tree = BranchTree(("File", "Size"), f"{name}-tree", "Files of the run", right=frozenset({1}))
        self.tree.rows.icon_of = self._icon
        across = self.tree.header()
        across.setStretchLastSection(False)
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        across.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        across.resizeSection(1, 84)
        self.tree.on_current = lambda data: self.chosen.emit(data) if isinstance(data, RunFile) else None
        self.tree.on_chosen = lambda data: self.opened.emit(data) if isinstance(data, RunFile) else None
        self.empty = EmptyState(
            context.theme, "No run is chosen", "Click a row of the table to see its files.", icon="files"
        )
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName(f"{name}-told")
        self.told.setContentsMargins(12, 4, 12, 6)
        row = QHBoxLayout()
        row.setContentsMargins(10, 8, 10, 6)
        row.setSpacing(6)
        row.addWidget(self.search, 1)
        row.addWidget(self.kinds)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.tree, 1)
        column.addWidget(self.told)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        context.theme.changed.connect(self._made.clear)

    @property
    def files(self) -> tuple[RunFile, ...]:
        """The files of the run, whatever is searched for."""
        return self._files

    @property
    def run(self) -> RunKey | None:
        """The run whose files are listed or awaited."""
        return self._key

    def show_run(self, key: RunKey | None, *, again: bool = False) -> None:
        """List the files of a run; nothing happens when they are listed already, unless `again`."""
        if key == self._key and not again:
            return
        self._key = key
        if key is None:
            self._looker.forget()
            self._files, self._loaded = (), None
            self.empty.set("No run is chosen", "Click a row of the table to see its files.")
            self.stack.setCurrentIndex(0)
            self.listed.emit(())
            return
        if self._loaded != key:
            self._files = ()
            self.tree.put(Branch(()))
            self.empty.set("Listing files…", self._context.state.name_of(key))
            self.stack.setCurrentIndex(0)
        run = key

        def call(workspace: Workspace, token: CancelToken) -> RunFiles:
            return workspace.run_files(run, cancel=token)

        self._looker.ask(call, lambda files: self._arrived(run, files), self._failed)

    def go_to(self, file: RunFile) -> None:
        """Make a file the current one."""
        self.tree.go_to(file.shown.split("/"))

    def _failed(self, error: RunfolioError) -> None:
        self._loaded = None
        self.empty.set("The files cannot be listed", "\n".join(p for p in (error.message, error.hint) if p))
        self.stack.setCurrentIndex(0)
        self.listed.emit(())

    def _arrived(self, key: RunKey, found: RunFiles) -> None:
        self._files, self._loaded = found.files, key
        self.told.setToolTip(tooltip("\n".join(found.notes)))
        self._notes = found.notes
        kinds = sorted({file.kind for file in found.files}, key=lambda kind: kind.value)
        before = self.kinds.currentData()
        self.kinds.blockSignals(True)
        self.kinds.clear()
        self.kinds.addItem("All files", None)
        if any(file.recorded for file in found.files) and not all(file.recorded for file in found.files):
            self.kinds.addItem("Artifacts", RECORDED)
        for kind in kinds:
            self.kinds.addItem(kind.value.capitalize(), kind)
        self.kinds.setCurrentIndex(max(0, self.kinds.findData(before)))
        self.kinds.blockSignals(False)
        if not found.files:
            hint = "\n".join(found.notes) or "Its folder holds nothing that could be shown."
            self.empty.set("This run has no files", hint)
            self.stack.setCurrentIndex(0)
            self.listed.emit(())
            return
        self.stack.setCurrentIndex(1)
        self._filter()
        self.listed.emit(found.files)

    def _filter(self) -> None:
        files, wanted, kind = self._files, self.search.text().strip().casefold(), self.kinds.currentData()

        def build() -> tuple[Branch, int, int]:
            return build_files(files, wanted, kind)

        self._context.jobs.query(f"{self._name}-filter", lambda _: build(), self._show)

    def _show(self, made: tuple[Branch, int, int]) -> None:
        root, shown, total_bytes = made
        before = self.tree.currentIndex().data(Qt.ItemDataRole.UserRole) if self.tree.currentIndex().isValid() else None
        self.tree.put(root)
        if isinstance(before, RunFile):
            self.tree.go_to(before.shown.split("/"))
        of = "" if shown == len(self._files) else f" of {count(len(self._files))}"
        more = f" · {self._notes[0]}" if self._notes else ""
        self.told.setText(f"{count(shown)}{of} files · {size(total_bytes)}{more}")

    def _icon(self, name: str) -> QIcon:
        if name not in self._made:
            self._made[name] = icons.icon(name, self._context.theme, size=15)
        return self._made[name]


def build_files(files: Sequence[RunFile], wanted: str, kind: FileKind | str | None) -> tuple[Branch, int, int]:
    """The tree of those files that are wanted, how many they are, and their bytes.

    wanted   a part of the path, in small letters; kind: of the files, or RECORDED for what the run recorded.
    """
    left = [
        file
        for file in files
        if (kind is None or file.kind is kind or (kind == RECORDED and file.recorded))
        and wanted in file.shown.casefold()
    ]
    left.sort(key=lambda file: [part.casefold() for part in file.shown.split("/")])
    root = branches(
        ((file.shown.split("/"), partial(_leaf, file=file)) for file in left),
        lambda name, path: Branch((name, ""), tip="/".join(path), icon="folder"),
    )
    return root, len(left), sum(file.size_bytes or 0 for file in left)


def _leaf(name: str, file: RunFile) -> Branch:
    missing = file.place is None
    told = "" if file.size_bytes is None else size(file.size_bytes)
    tip = f"{file.shown}\n{file.kind.value}" + ("\nrecorded, and not in the folder" if missing else "")
    return Branch((name, "not here" if missing else told), file, tip=tip, icon=ICONS[file.kind])
