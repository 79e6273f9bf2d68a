"""How far the writing of a file is, in the status bar, with a way to stop it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.jobs import LongJob
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import IconButton, PlainLabel
from runfolio.model.answers import Progress
from runfolio.model.display import count, plain


class ExportProgress(QWidget):
    """Hidden while nothing is written; of several files it shows the newest."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export-progress")
        self._job: LongJob | None = None
        self.text = PlainLabel(role="muted", font=fonts.ui(12))
        self._bar = QProgressBar()
        self._bar.setFixedWidth(120)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the export")
        self._cancel = IconButton("x", "Cancel the export", theme, size=13)
        self._cancel.setObjectName("cancel-export")
        self._cancel.clicked.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 4, 0)
        row.addWidget(self.text)
        row.addWidget(self._bar)
        row.addWidget(self._cancel)
        row.addStretch()
        self.hide()

    def begin(self, name: str, start: Callable[[], LongJob]) -> None:
        """A file of that name is about to be written by the job that `start` gives."""
        self.text.setText(f"Writing {plain(name, 40)}")
        self._bar.setMaximum(0)
        self._job = start()
        self.show()

    def show_step(self, step: Progress) -> None:
        """So many runs, points or panels are written."""
        self.text.setText(f"Writing {plain(step.folder, 40)}  {count(step.done)} / {count(step.total or 0)}")
        self._bar.setMaximum(max(1, step.total or 0))
        self._bar.setValue(step.done)

    def end(self) -> bool:
        """It is written, or was given up: whether somebody stopped it."""
        stopped = self._job is not None and self._job.cancelled
        self._job = None
        self.hide()
        return stopped

    @property
    def busy(self) -> bool:
        """Whether a file is being written."""
        return self._job is not None

    def cancel(self) -> None:
        """Stop; no file is left."""
        if self._job is not None:
            self._job.cancel()
