"""The line at the bottom: indexing with cancel, folders that need attention, and what is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from runfolio.desktop import fonts, icons
from runfolio.desktop.context import Context
from runfolio.desktop.indexing import Indexing, progress_text
from runfolio.desktop.watching import Watching, watching_text
from runfolio.desktop.widgets import IconButton, PlainLabel, TextButton, tooltip
from runfolio.model.answers import Change, Progress, Touched
from runfolio.model.display import count, counted, size

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.model.reports import IndexFacts

HEIGHT = 29


def _in_need(workspace: Workspace) -> int:
    """In how many folders something is amiss."""
    from runfolio.model.problem import Severity

    # Folders rather than problems: a thousand broken lines of one file are one thing to look at.
    return len(
        {
            (placed.source_path, placed.problem.path.rpartition("/")[0])
            for placed in workspace.problems()
            if placed.problem.severity is not Severity.INFO
        }
    )


class StatusBar(QStatusBar):
    """`attention_asked`: the link to the problems was pressed."""

    attention_asked = Signal()

    def __init__(self, context: Context, indexing: Indexing, watching: Watching, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("status-bar")
        self.setAccessibleName("Status")
        self.setSizeGripEnabled(False)
        self.setFixedHeight(HEIGHT)
        small = fonts.ui(12)
        self._doing = PlainLabel(role="muted", font=small)
        self._doing.setObjectName("indexing-text")
        self._doing.setContentsMargins(10, 0, 4, 0)
        self._bar = QProgressBar()
        self._bar.setFixedWidth(160)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Indexing progress")
        self._cancel = IconButton("x", "Cancel indexing", context.theme, size=13)
        self._cancel.setObjectName("cancel-indexing")
        self._cancel.clicked.connect(indexing.cancel)
        self.attention = TextButton("", context.theme, kind="link")
        self.attention.setObjectName("needs-attention")
        self.attention.setProperty("tone", "warn")
        self.attention.setFont(small)
        self.attention.clicked.connect(self.attention_asked)
        self._watching = watching
        self.live = TextButton("", context.theme, kind="link", icon="circle-dot")
        self.live.setObjectName("watching")
        self.live.setFont(small)
        self.live.clicked.connect(lambda: context.commands.run("library.watch"))
        watching.changed.connect(self._show_watching)
        self.facts = PlainLabel(role="muted", font=small)
        self.facts.setObjectName("index-facts")
        self.facts.setContentsMargins(8, 0, 14, 0)
        for widget in (self._doing, self._bar, self._cancel):
            self.addWidget(widget)
            widget.hide()
        self.addPermanentWidget(self.live)
        self.addPermanentWidget(self.attention)
        self.addPermanentWidget(self.facts)
        self.attention.hide()
        indexing.progressed.connect(self._show_progress)
        context.theme.changed.connect(self._tint)
        self._tint()
        self._show_watching()

    def activate(self) -> None:
        """The workspace is open: ask for the figures."""
        jobs = self._context.jobs
        jobs.query("status-facts", lambda workspace: workspace.facts(), self._show_facts)
        jobs.query("status-attention", _in_need, self._show_attention)

    def changed(self, change: Change) -> None:
        """Runs or problems came or went."""
        if change.touched & (Touched.RUNS | Touched.PROBLEMS | Touched.SOURCES):
            self.activate()

    def _show_facts(self, facts: IndexFacts) -> None:
        runs = counted(facts.runs, "run")
        self.facts.setText(f"{runs} · {short_count(facts.points)} points · index {size(facts.size_bytes)} · offline")
        self.facts.setToolTip(
            f"{counted(facts.recordings, 'recording')}, {counted(facts.points, 'point')}. "
            "Runfolio never uses the network."
        )

    def _show_attention(self, folders: int) -> None:
        self.attention.setVisible(folders > 0)
        self.attention.set_text(f"{count(folders)} folder{' needs' if folders == 1 else 's need'} attention")

    def _show_watching(self) -> None:
        live = len(self._context.state.live)
        self.live.setVisible(self._watching.on)
        self.live.set_text(watching_text(live))
        self.live.setToolTip(
            tooltip(
                f"{'1 run is' if live == 1 else f'{count(live)} runs are'} being written. A click stops watching."
                if live
                else "The library is watched: new runs and new points appear by themselves. A click stops it."
            )
        )

    def _show_progress(self, progress: Progress | None) -> None:
        for widget in (self._doing, self._bar, self._cancel):
            widget.setVisible(progress is not None)
        if progress is not None:
            self._doing.setText(progress_text(progress))
            # A maximum of 0 is Qt's "busy, no idea how long".
            self._bar.setMaximum(progress.total or 0)
            self._bar.setValue(progress.done)

    def _tint(self) -> None:
        self.attention.setIcon(icons.icon("triangle-alert", self._context.theme, "warn", size=14))


def short_count(value: int) -> str:
    """`41.2 M` from a million on, every digit below.

    >>> short_count(41_200_000), short_count(9_300)
    ('41.2 M', '9\\u2009300')
    """
    for unit, amount in (("G", 1e9), ("M", 1e6)):
        if value >= amount:
            return f"{value / amount:.1f} {unit}"
    return count(value)
