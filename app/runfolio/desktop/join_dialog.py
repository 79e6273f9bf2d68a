"""Asks how the highlighted runs are one: recordings of one execution, or legs of a run that was resumed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.tag_editor import remember_entry
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.model.display import count, counted, plain
from runfolio.model.promotion import LedgerEntry
from runfolio.model.run import RunKey


class JoinDialog(QDialog):
    """Runs become one when it is accepted; Ctrl+Z makes them several again."""

    def __init__(self, context: Context, keys: tuple[RunKey, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("join-runs")
        self.setWindowTitle("Join runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(520)
        self._context = context
        self._keys = keys
        self.first = QComboBox()
        self.first.setObjectName("join-first")
        self.first.setAccessibleName("The run that keeps its name")
        for key in keys:
            self.first.addItem(plain(context.state.name_of(key), 80), key)
        self.same = QRadioButton("Recordings of one execution: each metric is shown once")
        self.same.setObjectName("join-same")
        self.same.setChecked(True)
        self.legs = QRadioButton("Legs of a resumed run: their curves are laid end to end")
        self.legs.setObjectName("join-legs")
        self.reason = QLineEdit()
        self.reason.setObjectName("join-reason")
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why? It is kept in the audit trail")
        self.button = TextButton("Join", context.theme, kind="primary")
        self.button.setObjectName("join")
        self.button.setDefault(True)
        self.button.clicked.connect(self.accept)
        cancel = TextButton("Cancel", context.theme)
        cancel.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(PlainLabel(f"Join {counted(len(keys), 'run')}", font=fonts.ui(17, QFont.Weight.DemiBold)))
        text = "Nothing in the folders is changed. Tags and stages of all stay with the run, and undo parts them."
        column.addWidget(PlainLabel(text, role="muted", wrap=True))
        column.addWidget(self.same)
        column.addWidget(self.legs)
        column.addWidget(PlainLabel("The run keeps the name and key of"))
        column.addWidget(self.first)
        column.addWidget(self.reason)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(self.button)
        column.addSpacing(6)
        column.addLayout(buttons)
        self.accepted.connect(self._join)

    def _join(self) -> None:
        first = RunKey(str(self.first.currentData()))
        keys = (first, *(key for key in self._keys if key != first))
        chain, reason = self.legs.isChecked(), self.reason.text().strip()
        context = self._context

        def take(entry: LedgerEntry) -> None:
            remember_entry(context, entry)
            text = f"{count(len(keys))} runs are one."
            context.say.info(text, action="Undo", call=lambda: context.commands.run("edit.undo"))

        context.jobs.action(lambda workspace: workspace.join(keys, chain=chain, reason=reason), take)
