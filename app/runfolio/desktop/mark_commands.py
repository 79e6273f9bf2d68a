"""What is done with the highlighted runs: star, colour, hide, archive, note, and many things at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.mark_step import mark_runs, swatch
from runfolio.desktop.mark_styles import COLOR_NAMES
from runfolio.model.marks import MarkChange
from runfolio.model.run import RunKey

LOCAL = ("runs.star", "runs.color", "runs.hide", "runs.archive", "runs.note", "runs.edit")
"""Commands whose keys work in the table."""


class MarkCommands:
    """The commands, on the runs that `chosen` gives.

    place   where a menu or popup opens, in global coordinates.
    """

    def __init__(
        self, context: Context, chosen: Callable[[], tuple[RunKey, ...]], table: QWidget, place: Callable[[], QPoint]
    ) -> None:
        self._context = context
        self._chosen = chosen
        self._table = table
        self._place = place
        rows: tuple[tuple[str, str, Callable[[], None], str, str], ...] = (
            ("runs.star", "Star the highlighted runs, or no longer", self.star, "S", "star"),
            ("runs.color", "Colour of the highlighted runs…", self.ask_color, "C", "palette"),
            ("runs.hide", "Hide the highlighted runs, or no longer", self.hide, "H", "eye-off"),
            ("runs.archive", "Archive the highlighted runs, or no longer", self.archive, "A", "archive"),
            ("runs.note", "Note of the highlighted runs…", self.note, "N", "pencil"),
            ("runs.edit", "Edit the highlighted runs together…", self.edit, "E", "pencil"),
        )
        for id, title, call, keys, icon in rows:
            context.commands.add(
                Command(id, title, call, (keys,), "Runs", icon, lambda: bool(self._chosen()), local=True)
            )
        context.commands.attach(table, *LOCAL)
        context.commands.add(
            Command(
                "runs.show-hidden",
                "Show hidden and archived runs, or leave them out",
                lambda: context.state.set_with_hidden(on=not context.state.scope.with_hidden),
                ("Ctrl+H",),
                "Runs",
                "eye-off",
            )
        )

    def star(self) -> None:
        """Star the runs; where all have a star, take it away."""
        keys = self._chosen()
        on = not all(key in self._context.state.board.starred for key in keys)
        mark_runs(self._context, keys, MarkChange(starred=on), "starred" if on else "no longer starred")

    def hide(self) -> None:
        """Have the runs out of the way; where all are hidden, bring them back."""
        keys = self._chosen()
        on = not all(key in self._context.state.board.hidden for key in keys)
        mark_runs(self._context, keys, MarkChange(hidden=on), "hidden" if on else "no longer hidden")

    def archive(self) -> None:
        """Put the runs away for good, as it is meant; where all are archived, bring them back."""
        keys = self._chosen()
        on = not all(key in self._context.state.board.archived for key in keys)
        mark_runs(self._context, keys, MarkChange(archived=on), "archived" if on else "taken out of the archive")

    def ask_color(self) -> None:
        """A menu of the ten colours; the digits choose as well."""
        keys, context = self._chosen(), self._context
        menu = QMenu(self._table)
        menu.setObjectName("color-menu")
        menu.setAccessibleName("Colour")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for place, name in enumerate(COLOR_NAMES):
            text = f"&{(place + 1) % 10}  {name}"
            menu.addAction(swatch(context.theme.run_color(place)), text, partial(self._give_color, keys, place + 1))
        menu.addSeparator()
        menu.addAction("&None: that of its place in the selection", partial(self._give_color, keys, 0))
        menu.popup(self._place())

    def _give_color(self, keys: tuple[RunKey, ...], color: int) -> None:
        what = f"{COLOR_NAMES[color - 1].lower()} everywhere" if color else "without a colour of their own"
        mark_runs(self._context, keys, MarkChange(color=color), what)

    def note(self) -> None:
        """Write the note of one run; of several, what is added to the notes of all."""
        keys = self._chosen()
        if len(keys) > 1:
            self._edit(keys, at_note=True)
            return
        from runfolio.desktop.note_editor import NoteDialog

        NoteDialog(self._context, keys[0], self._table).ask()

    def edit(self) -> None:
        """Ask for all that can be changed of many runs at once."""
        self._edit(self._chosen(), at_note=False)

    def _edit(self, keys: tuple[RunKey, ...], *, at_note: bool) -> None:
        from runfolio.desktop.bulk_editor import BulkEditor

        BulkEditor(self._context, keys, self._table).ask(at_note=at_note)
