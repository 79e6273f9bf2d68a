"""The Audit workspace: who did what, when and why; the chain can be verified and decisions taken back."""

from __future__ import annotations

import datetime as dt

from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.widgets import EmptyState, Pill, PlainLabel, TextButton
from runfolio.errors import RunfolioError
from runfolio.model.answers import Change, Touched
from runfolio.model.display import counted
from runfolio.model.params import Json
from runfolio.model.promotion import LedgerEntry


class AuditView(QWidget):
    """The ledger's entries, newest first."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("audit")
        self._context = context
        self._entries: tuple[LedgerEntry, ...] = ()
        theme = context.theme
        self.empty = EmptyState(
            theme,
            "Nothing was decided yet",
            "Tags, notes and promotions are written here with who, when and why. Press T on a run to tag it.",
            icon="history",
        )
        self.chain = Pill("chain not verified", "neutral")
        self.chain.setObjectName("chain")
        verify = TextButton("Verify chain", theme, icon="shield-check", tip="Read both copies again from the start")
        verify.setObjectName("verify-chain")
        verify.clicked.connect(self._verify)
        self.take_back = TextButton("Take back…", theme, icon="undo-2", tip="Append the inverse of the chosen entry")
        self.take_back.setObjectName("take-back")
        self.take_back.setEnabled(False)
        self.take_back.clicked.connect(self._take_back)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search who, what, why")
        self.search.setAccessibleName("Search the audit trail")
        self.search.setFixedWidth(230)
        self.search.textChanged.connect(self._fill)
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(PlainLabel("Audit trail", font=fonts.ui(18, fonts.DEMI_BOLD)))
        head.addWidget(self.chain)
        head.addStretch()
        for widget in (self.search, verify, self.take_back):
            head.addWidget(widget)
        self.table = PlainTable(["No.", "When", "Who", "What", "Why", "Digest"], "audit-table")
        for column, width in enumerate((55, 145, 90, 470, 230)):
            self.table.setColumnWidth(column, width)
        self.table.itemSelectionChanged.connect(self._chosen_changed)
        page = QWidget()
        column_layout = QVBoxLayout(page)
        column_layout.setContentsMargins(18, 14, 18, 10)
        column_layout.setSpacing(11)
        column_layout.addLayout(head)
        column_layout.addWidget(self.table, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        theme.changed.connect(self._fill)

    def activate(self) -> None:
        """Shown: read the trail, and verify it once."""
        self._context.jobs.query("audit", lambda workspace: workspace.history(), self._arrived)
        self._verify()

    def changed(self, change: Change) -> None:
        """Something was decided."""
        if change.touched & Touched.MARKS and self.isVisible():
            self.activate()

    def saved(self) -> dict[str, Json]:
        """Nothing worth keeping."""
        return {}

    def restore(self, kept: dict[str, Json]) -> None:
        """Nothing is kept."""

    def _arrived(self, entries: tuple[LedgerEntry, ...]) -> None:
        self._entries = entries
        self.stack.setCurrentIndex(1 if entries else 0)
        self._fill()

    def _fill(self) -> None:
        theme = self._context.theme
        wanted = self.search.text().strip().lower()
        shown = [e for e in self._entries if wanted in f"{e.actor} {e.summary} {e.reason}".lower()]
        self.table.start(len(shown))
        for row, entry in enumerate(shown):
            faded = theme.color("placeholder") if entry.undone else None
            moment = dt.datetime.fromtimestamp(entry.time_us / 1e6, tz=dt.UTC).astimezone()
            taken = f" (taken back by {entry.undone})" if entry.undone else ""
            self.table.put(row, 0, str(entry.number), color=faded, data=entry.number)
            self.table.put(row, 1, moment.strftime("%Y-%m-%d %H:%M"), color=faded, tip=moment.isoformat())
            self.table.put(row, 2, entry.actor, color=faded)
            self.table.put(row, 3, entry.summary + taken, color=faded)
            self.table.put(row, 4, entry.reason, color=faded)
            self.table.put(row, 5, f"{entry.digest[:8]}…", font=fonts.mono(12), color=faded, tip=entry.digest)
        self._chosen_changed()

    def _chosen(self) -> LedgerEntry | None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        if len(rows) != 1:
            return None
        number = self.table.data_of(rows.pop())
        return next((e for e in self._entries if e.number == number), None)

    def _chosen_changed(self) -> None:
        entry = self._chosen()
        self.take_back.setEnabled(entry is not None and entry.undone is None)

    def _verify(self) -> None:
        def whole(entries: int) -> None:
            self.chain.set(f"chain verified ✓ {counted(entries, 'entry', 'entries')}", "good")

        def broken(error: RunfolioError) -> None:
            self.chain.set("chain broken", "bad")
            self._context.say.error(error)

        self._context.jobs.query("verify", lambda workspace: workspace.verify_ledger(), whole, broken)

    def _take_back(self) -> None:
        entry = self._chosen()
        if entry is None:
            return
        dialog = QInputDialog(self)
        dialog.setObjectName("take-back-reason")
        dialog.setWindowTitle("Take back")
        dialog.setLabelText(f"Why is entry {entry.number} taken back? It stays in the trail.")
        number = entry.number

        def take_back(reason: str) -> None:
            self._context.jobs.action(
                lambda workspace: workspace.undo(number, reason=reason),
                lambda made: self._context.say.info(f"Entry {made.number}: {made.summary}"),
            )

        dialog.textValueSelected.connect(take_back)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
