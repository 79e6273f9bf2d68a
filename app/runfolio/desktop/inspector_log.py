"""The console log of a run: the files that hold what it printed, a page at a time, with a search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_text import TextPane
from runfolio.desktop.widgets import EmptyState, TextButton
from runfolio.errors import RunfolioError
from runfolio.model.display import plain, size
from runfolio.model.previews import RunFile
from runfolio.model.run import RunKey
from runfolio.model.run_detail import RunDetail

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_FIRST = re.compile(
    r"(?:^|/)(?:output|console|stdout|cout|train|training|main|log|logs|debug)(?:\.(?:log|txt|out))?$", re.I
)
_LOG = re.compile(
    r"(?:\.(?:log|out|err)(?:\.\d+)?$)|(?:^|/)(?:stdout|stderr|cout|cerr|console|output|nohup)(?:\.txt)?$|(?:^|/)logs?\.txt$|(?:^|/)slurm[-_][^/]*$",
    re.IGNORECASE,
)
_ERRORS = re.compile(r"(?:^|/)(?:stderr|cerr)|\.err", re.IGNORECASE)


def log_files(files: Sequence[RunFile]) -> list[RunFile]:
    """Files of a run that hold what it printed, the likeliest first; errors after output, then by size."""
    found = [file for file in files if file.place is not None and _LOG.search(file.shown)]
    return sorted(
        found,
        key=lambda f: (
            bool(_ERRORS.search(f.shown)),
            not _FIRST.search(f.shown),
            not f.size_bytes,
            f.shown.count("/"),
            f.shown,
        ),
    )


class LogSection(QWidget):
    """Follows the run; nothing is listed or read before the section is looked at."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._key: RunKey | None = None
        self._listed: RunKey | None = None
        self._files: list[RunFile] = []
        self._looker = Looker(context, "Find the log of a run")
        self.names = QComboBox()
        self.names.setObjectName("log-file")
        self.names.setAccessibleName("Log file")
        self.names.currentIndexChanged.connect(self._open)
        again = TextButton("End", context.theme, tip="Read the end of the log, as it is now")
        again.setObjectName("log-end")
        again.clicked.connect(self.open_end)
        self.pane = TextPane(context, "log")
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 10, 0)
        head.addWidget(self.names, 1)
        head.addWidget(again)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.pane, 1)
        self.empty = EmptyState(context.theme, "Looking for logs…", "", icon="file-text")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    def show_run(self, run: RunDetail) -> None:
        """The run in question; its logs are looked for when the section is in front."""
        if run.key != self._key:
            self._key, self._listed = run.key, None
            self._looker.forget()
            self.pane.forget()
            self._say("Looking for logs…", "")
        if self.isVisible():
            self.activate()

    def activate(self) -> None:
        """In front: look for the logs of the run."""
        key = self._key
        if key is None or key == self._listed:
            return
        self._listed = key

        def call(workspace: Workspace, token: CancelToken) -> list[RunFile]:
            return log_files(workspace.run_files(key, cancel=token).files)

        self._looker.ask(call, self._arrived, self._failed)

    def open_end(self) -> None:
        """Read the last page of the log again: a run may still write it."""
        place = self.names.currentIndex()
        if 0 <= place < len(self._files):
            file = self._files[place].place
            if file is not None:
                self.pane.open(file, at_end=True)

    def showEvent(self, event: object) -> None:
        """In front."""
        self.activate()

    def _say(self, title: str, text: str) -> None:
        self.empty.set(title, text)
        self.stack.setCurrentIndex(0)

    def _failed(self, error: RunfolioError) -> None:
        self._listed = None
        self._say(error.message, error.hint)

    def _arrived(self, files: list[RunFile]) -> None:
        self._files = files
        if not files:
            self._say("This run has no log", "Files such as output.log, stdout.txt or train.log show up here.")
            return
        self.names.blockSignals(True)
        self.names.clear()
        for file in files:
            told = "" if file.size_bytes is None else f"   {size(file.size_bytes)}"
            self.names.addItem(plain(file.shown, 90) + told)
        self.names.setCurrentIndex(0)
        self.names.blockSignals(False)
        self.stack.setCurrentIndex(1)
        self._open(0)

    def _open(self, place: int) -> None:
        if 0 <= place < len(self._files):
            file = self._files[place].place
            if file is not None:
                self.pane.open(file)
