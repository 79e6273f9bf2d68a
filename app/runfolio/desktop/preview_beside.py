"""The same file of several runs: texts as a difference, images and whatever else beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_pane import PreviewPane
from runfolio.desktop.preview_rows import Rows, RowsTable
from runfolio.desktop.preview_runs import runs_shown
from runfolio.desktop.widgets import ElidedLabel, EmptyState, IconButton, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import count, counted, plain
from runfolio.model.previews import DiffLine, FileKind, RunFile, SideBySide
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_TEXTS = frozenset({FileKind.TEXT, FileKind.MARKDOWN, FileKind.MARKUP, FileKind.TREE, FileKind.TABLE})
_BINARY_TABLES = (".parquet", ".pq")
_AROUND = 3
_MOST_PANES = 6
_LINE_HEIGHT = 22
_TONES = {"left": "bad_soft", "right": "good_soft", "both": "warn_soft"}


@dataclass(frozen=True, slots=True)
class _Found:
    """The file of each run that has it."""

    files: tuple[tuple[RunKey, RunFile], ...]
    without: int


class BesidePane(QWidget):
    """Follows the selection; a file is named by its path in the run's folder."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._path = ""
        self._asked: tuple[str, tuple[RunKey, ...]] | None = None
        self._found = _Found((), 0)
        self._diff: SideBySide | None = None
        self._looker = Looker(context, "Find the file in other runs")
        self._differ = Looker(context, "Compare two files")
        theme = context.theme
        self._title = ElidedLabel("", font=fonts.ui(14, fonts.DEMI_BOLD))
        self._told = PlainLabel("", role="muted", font=fonts.ui(12))
        self._told.setObjectName("beside-told")
        self.left, self.right = _runs("beside-left", "Left run"), _runs("beside-right", "Right run")
        for box in (self.left, self.right):
            box.currentIndexChanged.connect(lambda _: self._compare())
        self.only = QPushButton("Only changes")
        self.only.setObjectName("beside-only")
        self.only.setProperty("chip", True)
        self.only.setCheckable(True)
        self.only.setChecked(True)
        self.only.setAutoDefault(False)
        self.only.toggled.connect(lambda _: self._fill())
        self._before = IconButton("chevron-up", "Previous change", theme, size=16)
        self._after = IconButton("chevron-down", "Next change", theme, size=16)
        self._before.clicked.connect(lambda: self._step(-1))
        self._after.clicked.connect(lambda: self._step(1))
        head = QHBoxLayout()
        head.setContentsMargins(14, 9, 12, 5)
        head.addWidget(self._title, 1)
        head.addWidget(self._told)
        self._pair = QWidget()
        pair = QHBoxLayout(self._pair)
        pair.setContentsMargins(14, 0, 12, 6)
        pair.setSpacing(8)
        pair.addWidget(self.left, 1)
        pair.addWidget(self.right, 1)
        for widget in (self.only, self._before, self._after):
            pair.addWidget(widget)
        self.empty = EmptyState(
            theme, "Choose a file and several runs", "Select runs in the table (Space), then a file at the left.",
            icon="columns-2",
        )  # fmt: skip
        self.lines = RowsTable("beside-lines", "Both texts")
        self.lines.set_row_height(_LINE_HEIGHT)
        self.panes = QSplitter()
        self.panes.setChildrenCollapsible(False)
        self.stack = QStackedWidget()
        for page in (self.empty, self.lines, self.panes):
            self.stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = QWidget()
        self._head.setLayout(head)
        column.addWidget(self._head)
        column.addWidget(self._pair)
        column.addWidget(self.stack, 1)
        self._say("Choose a file and several runs", "Select runs in the table (Space), then a file at the left.")

    def show_file(self, path: str) -> None:
        """Show a file of the runs; nothing happens when it is shown already."""
        runs = runs_shown(self._context.state)
        if not path or len(runs) < 2:
            self._asked = None
            self._looker.forget()
            title = "Choose a file at the left" if len(runs) > 1 else "Select two runs or more"
            self._say(title, "Runs are selected in the table with Space; the file is the one chosen at the left.")
            return
        if (path, runs) == self._asked:
            return
        self._path, self._asked = path, (path, runs)
        self._say("Looking for the file…", path)

        def call(workspace: Workspace, token: CancelToken) -> _Found:
            found: list[tuple[RunKey, RunFile]] = []
            for key in runs:
                files = workspace.run_files(key, cancel=token).files
                found += [(key, file) for file in files if file.shown == path and file.place is not None]
            return _Found(tuple(found), len(runs) - len(found))

        self._looker.ask(call, self._arrived, self._failed)

    def outdate(self) -> None:
        """Runs were read again: look at their files the next time."""
        self._asked = None

    def _say(self, title: str, text: str) -> None:
        self._head.hide()
        self._pair.hide()
        self.empty.set(title, text)
        self.stack.setCurrentWidget(self.empty)

    def _failed(self, error: RunfolioError) -> None:
        self._asked = None
        self._say(error.message, error.hint)

    def _arrived(self, found: _Found) -> None:
        self._found = found
        if len(found.files) < 2:
            self._say(
                "Only one of these runs has this file" if found.files else "None of these runs has this file",
                self._path,
            )
            return
        self._title.setText(self._path)
        without = f" · {count(found.without)} without it" if found.without else ""
        self._told.setText(f"{counted(len(found.files), 'run')}{without}")
        self._head.show()
        kinds = {file.kind for _, file in found.files}
        if kinds <= _TEXTS and not self._path.lower().endswith(_BINARY_TABLES):
            self._offer_pairs()
        else:
            self._show_panes()

    # --- texts -------------------------------------------------------------------------------------------------

    def _offer_pairs(self) -> None:
        baseline = self._context.state.baseline
        keys = [key for key, _ in self._found.files]
        left = keys.index(baseline) if baseline in keys else 0
        right = next(place for place in range(len(keys)) if place != left)
        for box, place in ((self.left, left), (self.right, right)):
            box.blockSignals(True)
            box.clear()
            for key, _ in self._found.files:
                box.addItem(plain(self._context.state.name_of(key), 80))
            box.setCurrentIndex(place)
            box.blockSignals(False)
        self._pair.show()
        self._compare()

    def _compare(self) -> None:
        files = self._found.files
        if not (0 <= self.left.currentIndex() < len(files) and 0 <= self.right.currentIndex() < len(files)):
            return
        left, right = files[self.left.currentIndex()][1].place, files[self.right.currentIndex()][1].place
        if left is None or right is None:
            return

        def call(workspace: Workspace, token: CancelToken) -> SideBySide:
            return workspace.side_by_side(left, right, cancel=token)

        self._differ.ask(call, self._compared, self._failed)

    def _compared(self, diff: SideBySide) -> None:
        self._diff = diff
        parts = []
        for number, words in ((diff.changed, "changed"), (diff.added, "added"), (diff.removed, "removed")):
            if number:
                parts.append(f"{count(number)} {words}")
        cut = " · only the beginnings were compared" if diff.cut else ""
        self._told.setText((", ".join(parts) or "no difference") + cut)
        self._fill()
        self.stack.setCurrentWidget(self.lines)

    def _fill(self) -> None:
        diff = self._diff
        if diff is None:
            return
        shown = shown_lines(diff.lines, only=self.only.isChecked())
        changes = [line.change if line is not None else "" for line in shown]
        rows = [
            ("⋯", "⋯", "⋯", "⋯")
            if line is None
            else (_number(line.left_number), line.left or "", _number(line.right_number), line.right or "")
            for line in shown
        ]

        def tone(row: int, column: int) -> str:
            change = changes[row]
            if (change == "left" and column > 1) or (change == "right" and column < 2):
                return "neutral_soft"
            return _TONES.get(change, "")

        names = self.left.currentText(), self.right.currentText()
        self.lines.put(
            Rows(
                ("", names[0], "", names[1]), rows, frozenset({0, 2}), frozenset(range(4)), tone=tone,
                theme=self._context.theme, data=changes,
            )
        )  # fmt: skip
        room = max(200, (self.lines.viewport().width() - 120) // 2)
        for column, width in enumerate((58, room, 58)):
            self.lines.setColumnWidth(column, width)

    def _step(self, by: int) -> None:
        changes = self.lines.rows.shown.data
        here = (
            self.lines.currentIndex().row() if self.lines.currentIndex().isValid() else -1 if by > 0 else len(changes)
        )
        at = here + by
        while 0 <= at < len(changes):
            before = changes[at - by] if 0 <= at - by < len(changes) else ""
            if changes[at] in _TONES and before not in _TONES:
                self.lines.setCurrentIndex(self.lines.rows.index(at, 1))
                self.lines.scrollTo(self.lines.rows.index(at, 1), RowsTable.ScrollHint.PositionAtCenter)
                return
            at += by

    # --- whatever else -----------------------------------------------------------------------------------------

    def _show_panes(self) -> None:
        self._pair.hide()
        while self.panes.count():
            old = self.panes.widget(0)
            if old is None:
                break
            old.setParent(None)
            old.deleteLater()
        for place, (key, file) in enumerate(self._found.files[:_MOST_PANES]):
            pane = PreviewPane(self._context, f"beside-{place}")
            self.panes.addWidget(pane)
            if file.place is not None:
                pane.open(file.place, self._context.state.name_of(key))
        if len(self._found.files) > _MOST_PANES:
            self._told.setText(f"the first {_MOST_PANES} of {counted(len(self._found.files), 'run')}")
        self.stack.setCurrentWidget(self.panes)


def shown_lines(lines: tuple[DiffLine, ...], *, only: bool) -> list[DiffLine | None]:
    """All lines; or only those that changed with some around them, None where some are left out."""
    if not only or all(line.change == "same" for line in lines):
        return [*lines]
    near = bytearray(len(lines))
    for place, line in enumerate(lines):
        if line.change != "same":
            for around in range(max(0, place - _AROUND), min(len(lines), place + _AROUND + 1)):
                near[around] = 1
    found: list[DiffLine | None] = []
    for place, line in enumerate(lines):
        if near[place]:
            found.append(line)
        elif not found or found[-1] is not None:
            found.append(None)
    return found


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _runs(name: str, title: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(title)
    box.setMinimumWidth(120)
    return box
