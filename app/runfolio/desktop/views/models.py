"""The Models workspace: versions and their stages, the gates before a promotion, and what was decided."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from runfolio.api import Workspace
from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.promotion_panel import PromotionPanel
from runfolio.desktop.widgets import ElidedLabel, EmptyState, Pill, PlainLabel
from runfolio.model.answers import Change, Touched
from runfolio.model.params import Json
from runfolio.model.promotion import LedgerEntry, ModelVersion
from runfolio.model.registered import RegisteredVersion
from runfolio.model.run import RunKey
from runfolio.model.stage import Stage

STAGE_TONES = {
    Stage.NONE: "neutral",
    Stage.CANDIDATE: "warn",
    Stage.STAGING: "accent",
    Stage.PRODUCTION: "good",
    Stage.ARCHIVED: "neutral",
}
_NEXT = {
    Stage.NONE: Stage.CANDIDATE,
    Stage.CANDIDATE: Stage.STAGING,
    Stage.STAGING: Stage.PRODUCTION,
    Stage.PRODUCTION: Stage.ARCHIVED,
    Stage.ARCHIVED: Stage.STAGING,
}


class ModelsView(QWidget):
    """Versions on the left; on the right the one that is chosen, or the run that is to be promoted."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("models")
        self._context = context
        self._versions: tuple[ModelVersion, ...] = ()
        self._recorded: tuple[RegisteredVersion, ...] = ()
        self._run: RunKey | None = None
        self._lay_out()
        context.state.current_changed.connect(self._follow)

    def _lay_out(self) -> None:
        theme = self._context.theme
        self.empty = EmptyState(
            theme,
            "No run is chosen and no model is registered",
            "Choose a run in the table, then come back to check its gates and promote it.",
            icon="rocket",
        )
        self.table = PlainTable(["Model", "Version", "Stage", "Run"], "model-versions")
        for column, width in enumerate((116, 62, 98)):
            self.table.setColumnWidth(column, width)
        self.table.itemSelectionChanged.connect(self._choose_version)
        self._title = ElidedLabel("", font=fonts.ui(18, fonts.DEMI_BOLD), both_ends=True)
        self._stage = Pill("", "neutral")
        self._from = ElidedLabel("", role="muted")
        head = QHBoxLayout()
        head.setSpacing(9)
        for label in (self._title, self._from):
            label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._title.setMinimumWidth(80)
        for widget in (self._title, self._stage, self._from):
            head.addWidget(widget)
        head.addStretch()
        self.panel = PromotionPanel(self._context)
        self.panel.promoted.connect(lambda _version: self._ask())
        self.trail = PlainTable(["When", "Who", "What", "Why"], "run-trail")
        for column, width in enumerate((135, 90, 380)):
            self.trail.setColumnWidth(column, width)
        detail = QWidget()
        column_layout = QVBoxLayout(detail)
        column_layout.setContentsMargins(18, 14, 18, 10)
        column_layout.setSpacing(11)
        column_layout.addLayout(head)
        column_layout.addWidget(self.panel)
        column_layout.addWidget(PlainLabel("Audit trail of this run", font=fonts.ui(13, fonts.DEMI_BOLD)))
        column_layout.addWidget(self.trail, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.table)
        splitter.addWidget(detail)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([390, 800])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(splitter)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: the current run, when there is one, is what is to be promoted."""
        self._follow()
        self._ask()

    def changed(self, change: Change) -> None:
        """Something was decided."""
        if change.touched & Touched.MARKS and self.isVisible():
            self._ask()

    def saved(self) -> dict[str, Json]:
        """Nothing worth keeping."""
        return {}

    def restore(self, kept: dict[str, Json]) -> None:
        """Nothing is kept."""

    # --- asking and showing ------------------------------------------------------------------------------------

    def _follow(self) -> None:
        key = self._context.state.current
        if key is not None and key != self._run and self.isVisible():
            self._show_run(key, None)

    def _ask(self) -> None:
        def call(workspace: Workspace) -> tuple[tuple[ModelVersion, ...], tuple[RegisteredVersion, ...]]:
            return workspace.models(), workspace.registered()

        self._context.jobs.query("models", call, lambda answer: self._arrived(*answer))

    def _arrived(self, versions: tuple[ModelVersion, ...], recorded: tuple[RegisteredVersion, ...]) -> None:
        self._versions = versions
        self._recorded = recorded
        self.table.blockSignals(True)
        self.table.start(len(versions) + (1 + len(recorded) if recorded else 0))
        for row, version in enumerate(versions):
            moment = dt.datetime.fromtimestamp(version.created_us / 1e6, tz=dt.UTC).astimezone()
            made = f"registered by {version.created_by}, {moment:%Y-%m-%d %H:%M}"
            self.table.put(row, 0, version.model, tip=made, data=row)
            self.table.put(row, 1, str(version.version), right=True)
            color = self._context.theme.color("good") if version.stage is Stage.PRODUCTION else None
            self.table.put(row, 2, version.stage.value, color=color)
            self.table.put(row, 3, version.run_name)
        self._fill_recorded(len(versions))
        self.table.blockSignals(False)
        if self._run is None and (versions or recorded):
            self.table.selectRow(0 if versions else 1)
        self.stack.setCurrentIndex(1 if versions or recorded or self._run is not None else 0)
        if self._run is not None:
            self._show_head(self._version_of(self._run))
            self._ask_trail(self._run)

    def _fill_recorded(self, row: int) -> None:
        """Below the user's own versions those that trackers registered: shown as they were, and not to be changed."""
        if not self._recorded:
            return
        self.table.put_section(row, "Registries of trackers", self._context.theme.color("muted"))
        for place, version in enumerate(self._recorded):
            at = row + 1 + place
            said = (f"tags: {', '.join(f'{k}={v}' for k, v in version.tags.items())}" if version.tags else "",)
            tip = "\n".join(["recorded by the tracker", *filter(None, (version.status, version.description, *said))])
            self.table.put(at, 0, version.model, tip=tip, data=len(self._versions) + place)
            self.table.put(at, 1, version.version, right=True)
            self.table.put(at, 2, version.standing)
            self.table.put(at, 3, version.run_name)

    def _ask_trail(self, run: RunKey) -> None:
        self._context.jobs.query("model-trail", lambda workspace: workspace.history(run), self._fill_trail)

    def _version_of(self, run: RunKey) -> ModelVersion | None:
        return next((v for v in self._versions if v.run == run), None)

    def _choose_version(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        place = self.table.data_of(rows.pop()) if len(rows) == 1 else None
        if not isinstance(place, int):
            return
        if place < len(self._versions):
            self._show_run(self._versions[place].run, self._versions[place])
        else:
            self._show_run(self._recorded[place - len(self._versions)].run, None)

    def _show_run(self, run: RunKey, version: ModelVersion | None) -> None:
        self._run = run
        self.stack.setCurrentIndex(1)
        version = version or self._version_of(run)
        self._show_head(version)

        def call(workspace: Workspace) -> tuple[str, str]:
            detail = workspace.run(run)
            return detail.name, detail.experiment or "model"

        self._context.jobs.query("model-run", call, lambda answer: self._show_detail(run, *answer))
        self._ask_trail(run)

    def _show_head(self, version: ModelVersion | None) -> None:
        assert self._run is not None
        name = self._context.state.name_of(self._run)
        if version is None:
            self._title.setText(name)
            self._stage.set("not registered", "neutral")
            self._from.setText("its first promotion registers a version")
            return
        aliases = f" · {', '.join(version.aliases)}" if version.aliases else ""
        self._title.setText(f"{version.model} · version {version.version}{aliases}")
        self._stage.set(version.stage.value, STAGE_TONES[version.stage])
        self._from.setText(f"from run {version.run_name}")

    def _show_detail(self, run: RunKey, name: str, experiment: str) -> None:
        self._context.state.learn_names({run: name})
        version = self._version_of(run)
        self._show_head(version)
        stage = _NEXT[version.stage] if version else Stage.CANDIDATE
        self.panel.propose(run, version.model if version else experiment, stage)

    def _fill_trail(self, trail: tuple[LedgerEntry, ...]) -> None:
        self.trail.start(len(trail))
        for row, entry in enumerate(trail):
            moment = dt.datetime.fromtimestamp(entry.time_us / 1e6, tz=dt.UTC).astimezone()
            self.trail.put(row, 0, f"{moment:%Y-%m-%d %H:%M}", tip=entry.digest)
            self.trail.put(row, 1, entry.actor)
            self.trail.put(row, 2, entry.summary)
            self.trail.put(row, 3, entry.reason)
