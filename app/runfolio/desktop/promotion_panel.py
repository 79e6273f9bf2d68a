"""Promoting a run: the gates first, then a reason, then the decision."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from runfolio.api import Workspace
from runfolio.desktop.context import Context
from runfolio.desktop.flow import FlowLayout
from runfolio.desktop.widgets import Card, ElidedLabel, Pill, PlainLabel, TextButton
from runfolio.errors import RunfolioError
from runfolio.model.promotion import GateResult, LedgerEntry, ModelVersion, Outcome
from runfolio.model.run import RunKey
from runfolio.model.stage import Stage

_TONES = {Outcome.PASS: "good", Outcome.FAIL: "bad", Outcome.SIGN_OFF: "warn"}
_STAGES = (Stage.CANDIDATE, Stage.STAGING, Stage.PRODUCTION, Stage.ARCHIVED)
_PAUSE_MS = 150


class PromotionPanel(QWidget):
    """Model, stage, reason, the gates of that stage, and the button. `promoted` carries the version.

    Where a gate waits for a sign-off there is a second button for it; it counts when somebody else promotes.
    """

    promoted = Signal(object)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._run: RunKey | None = None
        self._met = True
        self.model = QLineEdit()
        self.model.setObjectName("model-name")
        self.model.setAccessibleName("Model")
        self.model.setPlaceholderText("model name")
        self.model.setFixedWidth(180)
        self.stage = QComboBox()
        self.stage.setObjectName("stage")
        self.stage.setAccessibleName("Stage")
        for stage in _STAGES:
            self.stage.addItem(stage.value, stage)
        self.reason = QLineEdit()
        self.reason.setObjectName("reason")
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why? It is kept in the audit trail")
        self.force = QCheckBox("although gates are not met")
        self.force.setObjectName("force")
        self.force.hide()
        self.button = TextButton("Promote", context.theme, kind="primary")
        self.button.setObjectName("promote")
        self.sign = TextButton("Sign off", context.theme)
        self.sign.setObjectName("sign-off")
        self.sign.hide()
        where = FlowLayout(8)
        for widget in (self.model, PlainLabel("to"), self.stage, self.force):
            where.addWidget(widget)
        self.reason.setMinimumWidth(80)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.reason, 1)
        row.addWidget(self.sign)
        row.addWidget(self.button)
        self.card = Card("Gates")
        self._gates = QVBoxLayout()
        self._gates.setSpacing(6)
        self.card.body.addLayout(self._gates)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(11)
        column.addLayout(where)
        column.addLayout(row)
        column.addWidget(self.card)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        for signal in (self.model.textChanged, self.reason.textChanged):
            signal.connect(self._update_button)
        self.model.textChanged.connect(self._pause.start)
        self.stage.currentIndexChanged.connect(self._ask)
        self.force.toggled.connect(self._update_button)
        self.reason.returnPressed.connect(self.button.click)
        self.button.clicked.connect(self._promote)
        self.sign.clicked.connect(self._sign_off)
        self._update_button()

    def propose(self, run: RunKey, model: str, stage: Stage) -> None:
        """Offer to promote a run; the gates of that stage are evaluated at once."""
        self._run = run
        self.reason.clear()
        self.force.setChecked(False)
        self.model.setText(model)
        self.stage.setCurrentIndex(_STAGES.index(stage) if stage in _STAGES else 0)
        self._ask()

    @property
    def chosen_stage(self) -> Stage:
        """The stage to promote to."""
        return Stage(str(self.stage.currentData()))

    def _ask(self) -> None:
        run, stage, model = self._run, self.chosen_stage, self.model.text().strip()
        if run is None:
            return

        def call(workspace: Workspace) -> tuple[GateResult, ...]:
            return workspace.check_gates(run, stage, workspace.load_gates(), model)

        self._context.jobs.query("gates", call, self._show_gates, self._refused)

    def _refused(self, error: RunfolioError) -> None:
        self._clear()
        self._gates.addWidget(PlainLabel(f"The gates file cannot be used: {error.message}", role="bad", wrap=True))
        self._met = False
        self._update_button()

    def _show_gates(self, results: tuple[GateResult, ...]) -> None:
        self._clear()
        for result in results:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(9)
            row.addWidget(Pill(result.outcome.value, _TONES[result.outcome]))
            row.addWidget(ElidedLabel(result.gate), 1)
            observed = PlainLabel(result.observed, role="muted")
            observed.setToolTip(f"wanted {result.wanted}; {result.evidence}")
            row.addWidget(observed)
            self._gates.addWidget(line)
        if not results:
            text = "No gates guard this stage. Put them into gates.yaml beside the ledger; the help shows how."
            self._gates.addWidget(PlainLabel(text, role="muted", wrap=True))
        self._met = all(r.outcome is Outcome.PASS for r in results)
        self.force.setVisible(not self._met)
        self.sign.setVisible(any(r.outcome is Outcome.SIGN_OFF for r in results))
        self._update_button()

    def _clear(self) -> None:
        while (item := self._gates.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _update_button(self) -> None:
        ready = self._run is not None and bool(self.reason.text().strip()) and bool(self.model.text().strip())
        self.button.setEnabled(ready and (self._met or self.force.isChecked()))
        self.button.set_text(f"Promote to {self.chosen_stage}")
        self.sign.setEnabled(ready)
        self.sign.setToolTip(
            "Approve it; this counts when somebody else promotes" if ready else "Say first what you looked at"
        )
        missing = "Give a reason first" if not self.reason.text().strip() else "A gate is not met"
        self.button.setToolTip("" if self.button.isEnabled() else missing)

    def _promote(self) -> None:
        run, stage, reason = self._run, self.chosen_stage, self.reason.text().strip()
        model, force = self.model.text().strip(), self.force.isChecked()
        if run is None or not self.button.isEnabled():
            return

        def call(workspace: Workspace) -> ModelVersion:
            gates = workspace.load_gates()
            version, _ = workspace.promote(run, stage, reason=reason, model=model, gates=gates, force=force)
            return version

        self._context.jobs.action(call, self._done)

    def _sign_off(self) -> None:
        run, stage, reason, model = self._run, self.chosen_stage, self.reason.text().strip(), self.model.text().strip()
        if run is None:
            return

        def call(workspace: Workspace) -> LedgerEntry:
            return workspace.sign_off(run, stage, reason=reason, model=model)

        self._context.jobs.action(call, self._signed)

    def _signed(self, entry: LedgerEntry) -> None:
        self.reason.clear()
        self._context.say.info(entry.summary)
        self._ask()

    def _done(self, version: ModelVersion) -> None:
        self.reason.clear()
        self.force.setChecked(False)
        self._context.say.info(f"{version.model} version {version.version} now stands at {version.stage}")
        self.promoted.emit(version)
        self._ask()
