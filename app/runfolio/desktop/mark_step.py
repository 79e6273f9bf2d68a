"""Changing the marks of runs as one step of undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from runfolio.desktop.context import Context
from runfolio.model.display import counted
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.model.marks import MarkChange
    from runfolio.model.promotion import LedgerEntry


def mark_runs(context: Context, keys: tuple[RunKey, ...], change: MarkChange, what: str) -> None:
    """Change the marks of runs as one step of undo. `what` is said of them: "starred".

    Runs that go out of the way are dropped from the selection, so that no chart draws what no table shows.
    """

    def take(entry: LedgerEntry) -> None:
        state = context.state
        slots = state.slots
        gone = {*keys} if change.hidden or change.archived else set()
        dropped = bool(gone & slots.keys()) and not state.scope.with_hidden
        if dropped:
            state.start_from(state.scope, {key: slot for key, slot in slots.items() if key not in gone}, state.baseline)

        remaining = state.slots
        # What is done again is another entry of the ledger, which the next undo takes back; one after the other.
        standing = [entry.number]

        def back() -> None:
            context.jobs.action(lambda workspace: workspace.undo(standing[0], reason="undone in the window"))
            if dropped:
                state.start_from(state.scope, slots, state.baseline)

        def again(workspace: Workspace) -> None:
            standing[0] = workspace.mark(keys, change, reason="done again in the window").number

        def forth() -> None:
            context.jobs.action(again)
            if dropped:
                state.start_from(state.scope, remaining, state.baseline)

        state.undo.push(entry.summary, back, forth)
        runs = state.name_of(keys[0]) if len(keys) == 1 else counted(len(keys), "run")
        verb = "is" if len(keys) == 1 else "are"
        context.say.info(f"{runs} {verb} {what}.", action="Undo", call=lambda: context.commands.run("edit.undo"))

    context.jobs.action(lambda workspace: workspace.mark(keys, change), take)


def swatch(color: QColor) -> QIcon:
    """A round sample of a colour."""
    drawn = QPixmap(28, 28)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(2, 2, 24, 24)
    painter.end()
    drawn.setDevicePixelRatio(2)
    return QIcon(drawn)
