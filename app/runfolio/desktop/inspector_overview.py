"""The inspector's first section: what a run is, and the recordings it is made of."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHeaderView, QScrollArea, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.tag_editor import remember_entry
from runfolio.desktop.widgets import ElidedLabel, PlainLabel, SectionTitle, TextButton, tooltip
from runfolio.model.display import count, duration
from runfolio.model.promotion import LedgerEntry
from runfolio.model.run_detail import RunDetail

_TRACKER = 82
"""Pixels of the first column."""


class OverviewSection(QScrollArea):
    """Facts in rows, then the recordings with what splits them off."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run: RunDetail | None = None
        self._facts = QFormLayout()
        self._facts.setContentsMargins(0, 4, 0, 0)
        self._facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._facts.setHorizontalSpacing(14)
        self._facts.setVerticalSpacing(5)
        self.recordings = PlainTable(["Tracker", "Why", "Path"], "recordings")
        # As wide as the section, which never scrolls sideways; tooltips say what is cut.
        across = self.recordings.horizontalHeader()
        across.resizeSection(0, _TRACKER)
        # Beside another column that stretches, the last one would keep its usual width.
        across.setStretchLastSection(False)
        for place in (1, 2):
            across.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        self.recordings.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recordings.setMinimumHeight(130)
        self.split = TextButton("Split off", context.theme)
        self.split.setObjectName("split-recordings")
        self.split.setToolTip(tooltip("Make the chosen recordings a run of their own; undo brings them back"))
        self.split.clicked.connect(self._split)
        self.recordings.itemSelectionChanged.connect(self._update_split)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 8, 14, 10)
        column.addLayout(self._facts)
        column.addSpacing(8)
        column.addWidget(SectionTitle("Recordings"))
        column.addWidget(self.recordings)
        column.addWidget(self.split, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch()
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)

    def show_run(self, run: RunDetail) -> None:
        """Show another run, or the same as it is now."""
        self._run = run
        while self._facts.rowCount():
            self._facts.removeRow(0)
        for title, text in _rows(run):
            label = ElidedLabel(text)
            label.setToolTip(tooltip(text))
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addRow(PlainLabel(title, role="muted"), label)
        self.recordings.start(len(run.recordings))
        for row, recording in enumerate(run.recordings):
            weight = fonts.ui(13, fonts.DEMI_BOLD) if recording.primary else None
            self.recordings.put(row, 0, recording.format, font=weight)
            self.recordings.put(row, 1, recording.reason)
            self.recordings.put(row, 2, recording.path or ".", tip=f"{recording.source_path}/{recording.path}")
        self.recordings.clearSelection()
        self._update_split()

    def _chosen(self) -> list[int]:
        return sorted({index.row() for index in self.recordings.selectedIndexes()})

    def _update_split(self) -> None:
        several = self.recordings.rowCount() > 1
        self.split.setVisible(several)
        self.split.setEnabled(several and 0 < len(self._chosen()) < self.recordings.rowCount())

    def _split(self) -> None:
        if self._run is None:
            return
        key, places, context = self._run.key, self._chosen(), self._context

        def take(entry: LedgerEntry) -> None:
            remember_entry(context, entry)
            text = f"{count(len(places))} recording{'' if len(places) == 1 else 's'} split off."
            context.say.info(text, action="Undo", call=lambda: context.commands.run("edit.undo"))

        context.jobs.action(lambda workspace: workspace.split(key, places), take)


def _number(of: int, what: str) -> str:
    return f"{count(of)} {what}{'' if of == 1 else 's'}"


def _rows(run: RunDetail) -> list[tuple[str, str]]:
    versions = ", ".join(f"{v.model} {v.version} ({v.stage})" for v in run.marks.versions)
    recorded = ", ".join(f"{v.model} {v.version}" + (f" ({v.standing})" if v.standing else "") for v in run.registered)
    counts = f"{_number(len(run.params), 'param')}, {_number(len(run.told_metrics), 'metric')}"
    return [
        ("Experiment", run.experiment or "–"),
        ("Started", moment(run.started_us)),
        ("Ended", moment(run.ended_us)),
        ("Duration", duration(run.duration_s)),
        ("Tags", ", ".join(run.marks.tags) or "–"),
        ("Model version", versions or "–"),
        *([("In a registry", recorded)] if recorded else []),
        ("Holds", counts),
        ("Note", run.marks.note.partition("\n")[0] or "–"),
        ("Folder", f"{run.source_path}/{run.path}".rstrip("/")),
        ("Key", run.key),
    ]


def moment(time_us: int | None) -> str:
    """A time in the zone of this machine."""
    if time_us is None:
        return "–"
    return dt.datetime.fromtimestamp(time_us / 1e6, tz=dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
