"""The inspector: everything that is known of one run, in tabs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.tag_editor import remember_entry
from runfolio.desktop.widgets import ElidedLabel, EmptyState, Pill, PlainLabel, SectionTitle, TextButton, tooltip
from runfolio.model.answers import Change, RunDetail, Touched
from runfolio.model.direction import Direction
from runfolio.model.display import count, duration, number, size
from runfolio.model.params import Json
from runfolio.model.promotion import LedgerEntry
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunKey, RunStatus, status_words

STATUS_TONES = {
    RunStatus.FINISHED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.KILLED: "bad",
    RunStatus.RUNNING: "accent",
    RunStatus.UNKNOWN: "neutral",
}


class InspectorView(QWidget):
    """Follows `state.current`."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.setMinimumWidth(330)
        self._context = context
        self._run: RunDetail | None = None
        self._lay_out()
        context.state.current_changed.connect(self._refresh)

    def _lay_out(self) -> None:
        theme = self._context.theme
        self.empty = EmptyState(
            theme, "No run is chosen", "Click a row, or a curve in a chart, to see everything about it.", icon="info"
        )
        self._name = PlainLabel("", font=fonts.ui(16, fonts.DEMI_BOLD), wrap=True)
        self._status = Pill("")
        head = QHBoxLayout()
        head.addWidget(self._name, 1)
        head.addWidget(self._status, 0, Qt.AlignmentFlag.AlignTop)
        self._overview = QFormLayout()
        self._overview.setContentsMargins(0, 4, 0, 0)
        self._overview.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._overview.setHorizontalSpacing(14)
        self._overview.setVerticalSpacing(5)
        self.note = QPlainTextEdit()
        self.note.setObjectName("note")
        self.note.setAccessibleName("Note")
        self.note.setPlaceholderText("A note in Markdown; it is kept in the ledger")
        self.note.setFixedHeight(96)
        self._save = TextButton("Save note", theme)
        self._save.setObjectName("save-note")
        self._save.clicked.connect(self._save_note)
        overview = QWidget()
        column = QVBoxLayout(overview)
        column.setContentsMargins(14, 10, 14, 10)
        column.addLayout(self._overview)
        column.addSpacing(8)
        column.addWidget(SectionTitle("Note"))
        column.addWidget(self.note)
        column.addWidget(self._save, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(SectionTitle("Recordings"))
        self.recordings = PlainTable(["Tracker", "Why it belongs here", "Path"], "recordings")
        for place, width in enumerate((82, 216)):
            self.recordings.setColumnWidth(place, width)
        self.recordings.setMinimumHeight(130)
        column.addWidget(self.recordings)
        self.split = TextButton("Split off", theme)
        self.split.setObjectName("split-recordings")
        self.split.setToolTip(tooltip("Make the chosen recordings a run of their own; undo brings them back"))
        self.split.clicked.connect(self._split)
        self.recordings.itemSelectionChanged.connect(self._update_split)
        column.addWidget(self.split, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(overview)
        self.params = PlainTable(["Param", "Value"], "params")
        self.params_search = _search("Search params", lambda: self._fill_params())
        self.metrics = PlainTable(["Metric", "Last", "Best", "Points"], "metrics")
        for table, field_at in ((self.params, self._param_at), (self.metrics, self._metric_at)):
            table.cellDoubleClicked.connect(partial(self._show_origin, field_at))
            table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            table.customContextMenuRequested.connect(partial(self._open_menu, table, field_at))
        self.facts = PlainTable(["Fact", "Value"], "facts")
        self.files = PlainTable(["File", "Size"], "files")
        self.problems = PlainTable(["", "Problem"], "run-problems")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.addTab(scroll, "Overview")
        self.tabs.addTab(_with_search(self.params_search, self.params), "Params")
        self.tabs.addTab(self.metrics, "Metrics")
        self.tabs.addTab(self.facts, "Data && code")
        self.tabs.addTab(self.files, "Files")
        self.tabs.addTab(self.problems, "Problems")
        page = QWidget()
        page_column = QVBoxLayout(page)
        page_column.setContentsMargins(0, 10, 0, 0)
        head.setContentsMargins(14, 0, 14, 0)
        page_column.addLayout(head)
        page_column.addWidget(self.tabs, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: ask for the current run."""
        self._refresh()

    def changed(self, change: Change) -> None:
        """The current run may have changed."""
        if self.isVisible() and change.touched & (Touched.RUNS | Touched.MARKS):
            key = self._context.state.current
            if not change.runs or key in change.runs:
                self._refresh()

    def saved(self) -> dict[str, Json]:
        """The tab in front."""
        return {"tab": self.tabs.currentIndex()}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        tab = kept.get("tab")
        if isinstance(tab, int) and 0 <= tab < self.tabs.count():
            self.tabs.setCurrentIndex(tab)

    # --- asking and showing ------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        key = self._context.state.current
        if key is None:
            self._run = None
            self.stack.setCurrentIndex(0)
            return
        self._context.jobs.query("inspector", lambda workspace: workspace.run(key), self._arrived)

    def _arrived(self, run: RunDetail) -> None:
        # What the user is writing is not overwritten by what a commit brings.
        writing = self._run is not None and self._run.key == run.key and self.note.toPlainText() != self._run.marks.note
        self._run = run
        self.stack.setCurrentIndex(1)
        self._name.setText(run.name)
        self._status.set(_status_text(run), STATUS_TONES[run.status])
        if not writing:
            self.note.setPlainText(run.marks.note)
        self._fill_overview(run)
        self._fill_params()
        self._fill_metrics(run)
        self._fill_facts(run)
        self._fill_files(run)

    def _fill_overview(self, run: RunDetail) -> None:
        while self._overview.rowCount():
            self._overview.removeRow(0)
        versions = ", ".join(f"{v.model} {v.version} ({v.stage})" for v in run.marks.versions)
        recorded = ", ".join(
            f"{v.model} {v.version}" + (f" ({v.standing})" if v.standing else "") for v in run.registered
        )
        rows = (
            ("Experiment", run.experiment or "–"),
            ("Started", _moment(run.started_us)),
            ("Ended", _moment(run.ended_us)),
            ("Duration", duration(run.duration_s)),
            ("Tags", ", ".join(run.marks.tags) or "–"),
            ("Model version", versions or "–"),
            *((("In a registry", recorded),) if recorded else ()),
            ("Folder", f"{run.source_path}/{run.path}".rstrip("/")),
            ("Key", run.key),
        )
        for title, text in rows:
            label = ElidedLabel(text)
            label.setToolTip(tooltip(text))
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._overview.addRow(PlainLabel(title, role="muted"), label)
        self.recordings.start(len(run.recordings))
        for row, recording in enumerate(run.recordings):
            weight = fonts.ui(13, fonts.DEMI_BOLD) if recording.primary else None
            self.recordings.put(row, 0, recording.format, font=weight)
            self.recordings.put(row, 1, recording.reason)
            self.recordings.put(row, 2, recording.path or ".", tip=f"{recording.source_path}/{recording.path}")
        self.recordings.clearSelection()
        self._update_split()

    def _chosen_recordings(self) -> list[int]:
        return sorted({index.row() for index in self.recordings.selectedIndexes()})

    def _update_split(self) -> None:
        several = self.recordings.rowCount() > 1
        self.split.setVisible(several)
        self.split.setEnabled(several and 0 < len(self._chosen_recordings()) < self.recordings.rowCount())

    def _split(self) -> None:
        if self._run is None:
            return
        key, places, context = self._run.key, self._chosen_recordings(), self._context

        def take(entry: LedgerEntry) -> None:
            remember_entry(context, entry)
            text = f"{count(len(places))} recording{'' if len(places) == 1 else 's'} split off."
            context.say.info(text, action="Undo", call=lambda: context.commands.run("edit.undo"))

        context.jobs.action(lambda workspace: workspace.split(key, places), take)

    def _fill_params(self) -> None:
        if self._run is None:
            return
        wanted = self.params_search.text().strip().lower()
        shown = [p for p in self._run.params if wanted in f"{p.key} {p.text}".lower()]
        self.params.start(len(shown))
        for row, param in enumerate(shown):
            self.params.put(row, 0, param.key, data=param.key)
            self.params.put(row, 1, param.text, font=fonts.mono(12), tip=f"{param.text}\n{param.kind}")
        self.params.setColumnWidth(0, 160)

    def _fill_metrics(self, run: RunDetail) -> None:
        self.metrics.start(len(run.metrics))
        for row, metric in enumerate(run.metrics):
            odd = metric.nan_count + metric.inf_count
            aligned = f"\ncalled {metric.origin_words} in this run" if metric.origin else ""
            rule = f"{metric.name}{aligned}\nlast: {metric.shown_rule}\nread from {metric.source or run.path}"
            way = "" if metric.direction is Direction.UNKNOWN else f"{metric.direction} is better"
            points = count(metric.count) + (f" ({count(odd)} NaN or ∞)" if odd else "")
            mono = fonts.mono(12)
            name = f"{metric.name}  ≈ {metric.origin_words}" if metric.origin else metric.name
            self.metrics.put(row, 0, name, tip=f"{rule}\n{way}".rstrip(), data=metric.name)
            self.metrics.put(row, 1, number(metric.shown), font=mono, tip=repr(metric.shown), right=True)
            self.metrics.put(row, 2, number(metric.best), font=mono, tip=repr(metric.best), right=True)
            self.metrics.put(row, 3, points, font=mono, right=True)
        for column, width in enumerate((130, 72, 72)):
            self.metrics.setColumnWidth(column, width)

    # --- where values come from --------------------------------------------------------------------------------

    def _param_at(self, row: int, _column: int) -> FieldRef:
        return FieldRef(FieldKind.PARAM, str(self.params.data_of(row)))

    def _metric_at(self, row: int, column: int) -> FieldRef:
        aggregate = {2: Aggregate.BEST, 3: Aggregate.COUNT}.get(column, Aggregate.LAST)
        return FieldRef(FieldKind.METRIC, str(self.metrics.data_of(row)), aggregate)

    def _show_origin(self, field_at: Callable[[int, int], FieldRef], row: int, column: int) -> None:
        from runfolio.desktop.origin_dialog import OriginDialog

        if self._run is not None:
            OriginDialog(self._context, self._run.key, field_at(row, column), self).open()

    def _open_menu(self, table: PlainTable, field_at: Callable[[int, int], FieldRef], at: QPoint) -> None:
        cell = table.indexAt(at)
        if not cell.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ask = partial(self._show_origin, field_at, cell.row(), cell.column())
        menu.addAction("Where is this value from?\tDouble click", ask)
        menu.addAction("Copy\tCtrl+C", table.copy)
        menu.popup(table.viewport().mapToGlobal(at))

    def _fill_facts(self, run: RunDetail) -> None:
        data = [(f"data: {d.context or 'used'}", f"{d.name}  {d.digest or ''}") for d in run.datasets]
        rows = [*data, *run.facts.items(), *((f"tag: {k}", v) for k, v in sorted(run.tags.items()))]
        self.facts.start(len(rows))
        for row, (name, text) in enumerate(rows):
            self.facts.put(row, 0, name)
            self.facts.put(row, 1, text, font=fonts.mono(12), tip=text)
        self.facts.setColumnWidth(0, 150)

    def _fill_files(self, run: RunDetail) -> None:
        self.files.start(len(run.artifacts))
        for row, artifact in enumerate(run.artifacts):
            self.files.put(row, 0, artifact.path, font=fonts.mono(12))
            self.files.put(row, 1, "–" if artifact.size_bytes is None else size(artifact.size_bytes), right=True)
        self.files.setColumnWidth(0, 220)
        self.problems.start(len(run.problems))
        for row, problem in enumerate(run.problems):
            self.problems.put(row, 0, problem.severity.value)
            self.problems.put(row, 1, problem.message, tip=f"{problem.path}\n{problem.message}\n{problem.hint}")
        self.problems.setColumnWidth(0, 70)
        title = f"Problems ({count(len(run.problems))})" if run.problems else "Problems"
        self.tabs.setTabText(self.tabs.count() - 1, title)

    def _save_note(self) -> None:
        if self._run is None:
            return
        key, text = RunKey(self._run.key), self.note.toPlainText()
        self._context.jobs.action(
            lambda workspace: workspace.note(key, text),
            lambda entry: self._context.say.info(f"Entry {entry.number}: {entry.summary}"),
        )


def _status_text(run: RunDetail) -> str:
    return status_words(run.status).capitalize()


def _moment(time_us: int | None) -> str:
    if time_us is None:
        return "–"
    return dt.datetime.fromtimestamp(time_us / 1e6, tz=dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _search(label: str, call: object) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(label)
    field.setAccessibleName(label)
    field.textChanged.connect(call)
    return field


def _with_search(field: QLineEdit, table: PlainTable) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(8, 8, 8, 0)
    column.addWidget(field)
    column.addWidget(table, 1)
    return page
