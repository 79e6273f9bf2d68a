"""Keeps the stars, colours and hidden runs that the window draws up to date."""

from __future__ import annotations

from PySide6.QtCore import QObject

from runfolio.desktop.context import Context
from runfolio.model.answers import Change, Touched


class MarkLoader(QObject):
    """Asks for all marks at once: they are few, and every view draws them."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        context.state.library_changed.connect(self._on_library_changed)

    def activate(self) -> None:
        """The workspace is open: ask."""
        self._context.jobs.query("marks", lambda workspace: workspace.mark_board(), self._context.state.set_marks)

    def _on_library_changed(self, change: Change) -> None:
        if change.touched & (Touched.RUNS | Touched.MARKS):
            self.activate()
