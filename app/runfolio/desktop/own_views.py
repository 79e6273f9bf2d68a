"""What is done with the user's own saved views: save, rename, move, remove, write to a file and open one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.name_popup import NamePopup
from runfolio.desktop.saved_views import SavedView
from runfolio.desktop.table_look import TableLook
from runfolio.desktop.view_file import SUFFIX, read_view, write_view
from runfolio.desktop.view_state import ViewState
from runfolio.errors import FilterSyntax
from runfolio.model.display import plain
from runfolio.model.query import FieldKind

if TYPE_CHECKING:
    from runfolio.api import Workspace

_DELETES = Qt.WidgetAttribute.WA_DeleteOnClose
KIND = f"Saved view (*{SUFFIX})"
_NAMED = 6
"""Fields that a notice names."""


class ViewList(Protocol):
    """Where the user's saved views are kept.

    views   takes what the window shows, and shows saved views.
    """

    saved: tuple[SavedView, ...]
    views: ViewState

    def put_views(self, views: tuple[SavedView, ...], label: str) -> None:
        """Keep others; can be undone."""


class OwnViews:
    """Every change is a step of undo."""

    def __init__(self, window: QWidget, context: Context, control: ViewList) -> None:
        self._window = window
        self._context = context
        self._control = control
        context.commands.add(
            Command("views.open", "Open a saved view from a file…", self.ask_to_open, (), "Library", "folder-open"),
            Command("views.export", "Save this view as a file…", self.ask_to_export, (), "Library", "download"),
        )

    # --- the list ----------------------------------------------------------------------------------------------

    def ask_to_save(self) -> None:
        """Give what is shown a name."""
        NamePopup("Save this view", "Name, then Enter", self.save, self._window).open_over(self._window)

    def save(self, title: str) -> None:
        """Keep what is shown under a name, in place of a view that has it."""
        view = self._control.views.capture(title)
        saved = self._control.saved
        if any(other.title == title for other in saved):
            views = tuple(view if other.title == title else other for other in saved)
        else:
            views = (*saved, view)
        self._control.put_views(views, f"Save {title}")

    def add_actions(self, menu: QMenu, view: SavedView) -> None:
        """What can be done with a view."""
        place = self._control.saved.index(view)
        menu.addAction("Save what is shown under this name", partial(self.save, view.title))
        menu.addAction("Rename…", partial(self.ask_to_rename, view))
        menu.addAction("Save as a file…", partial(self.ask_to_export, view))
        up = menu.addAction("Move up", partial(self.move, view, -1))
        up.setEnabled(place > 0)
        down = menu.addAction("Move down", partial(self.move, view, 1))
        down.setEnabled(place < len(self._control.saved) - 1)
        menu.addSeparator()
        menu.addAction("Remove this view\tDel", partial(self.remove, view))

    def ask_to_rename(self, view: SavedView) -> None:
        """Ask for another name."""
        popup = NamePopup(
            f"Rename {plain(view.title, 60)}", "Name, then Enter", partial(self.rename, view), self._window
        )
        popup.open_over(self._window)

    def rename(self, view: SavedView, title: str) -> None:
        """Call a view otherwise; refused when another has that name."""
        if any(other.title == title and other != view for other in self._control.saved):
            self._context.say.info(f"There is a view called {title} already.")
            return
        renamed = dataclasses.replace(view, title=title)
        views = tuple(renamed if other == view else other for other in self._control.saved)
        self._control.put_views(views, f"Rename {view.title}")

    def move(self, view: SavedView, by: int) -> None:
        """Move a view up (-1) or down (1) in the list."""
        views = [*self._control.saved]
        place = views.index(view)
        views.insert(max(0, place + by), views.pop(place))
        self._control.put_views(tuple(views), f"Move {view.title}")

    def remove(self, view: SavedView) -> None:
        """Forget a view."""
        self._control.put_views(tuple(o for o in self._control.saved if o != view), f"Remove {view.title}")
        self._context.say.info(
            f"The view {view.title} was removed.",
            action="Undo",
            call=lambda: self._context.commands.run("edit.undo"),
        )

    # --- files -------------------------------------------------------------------------------------------------

    def ask_to_export(self, view: SavedView | None = None) -> None:
        """Ask where a view is written to; what is shown where none is named."""
        from PySide6.QtWidgets import QFileDialog

        chosen = self._control.views.capture("Shared view") if view is None else view
        name = "".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in chosen.title)
        dialog = QFileDialog(self._window, "Save the view as a file", f"{name[:80]}{SUFFIX}", KIND)
        dialog.setObjectName("save-view")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX[1:])
        dialog.setAttribute(_DELETES)
        dialog.fileSelected.connect(lambda path: self.export(chosen, Path(path)))
        dialog.open()

    def export(self, view: SavedView, path: Path) -> None:
        """Write a view to a file that a colleague can open."""
        self._context.jobs.action(
            lambda workspace: write_view(view, workspace.check_target(path)),
            lambda done: self._context.say.info(_saved_words(*done)),
        )

    def ask_to_open(self) -> None:
        """Ask for the file of a view."""
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self._window, "Open a saved view", "", KIND)
        dialog.setObjectName("open-view")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(_DELETES)
        dialog.filesSelected.connect(self.open_files)
        dialog.open()

    def open_files(self, paths: Sequence[str]) -> None:
        """Keep the views of files among the saved ones and show the last; what is wrong with a file is said."""
        for path in paths:
            self._context.jobs.action(partial(_read, Path(path)), lambda found: self._take(*found))

    def _take(self, view: SavedView, unknown: tuple[str, ...], fault: str) -> None:
        titles = {other.title for other in self._control.saved if other != view}
        title, number = view.title, 2
        while title in titles:
            title, number = f"{view.title} ({number})", number + 1
        view = dataclasses.replace(view, title=title)
        if view not in self._control.saved:
            self._control.put_views((*self._control.saved, view), f"Open {title}")
        self._control.views.show(view)
        told = f"The view {title} is kept under saved views."
        if unknown:
            more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
            told += f" No run here has {', '.join(plain(name, 40) for name in unknown[:_NAMED])}{more}."
        if fault:
            told += f" Its filter finds nothing here: {plain(fault, 120)}."
        if view.extra:
            names = ", ".join(plain(name, 40) for name in [*view.extra][:_NAMED])
            told += f" This version does not know its {names}; it is kept."
        (self._context.say.warning if unknown or fault or view.extra else self._context.say.info)(told)


def _read(path: Path, workspace: Workspace) -> tuple[SavedView, tuple[str, ...], str]:
    """The view in a file, what it names that no run here has, and what is wrong with its filter here."""
    view = read_view(path)
    look = TableLook.from_json(view.look or {"columns": [*view.columns]})
    known = {(info.field.kind, info.field.name) for info in workspace.fields()}
    fields = dict.fromkeys((*(c.field for c in look.columns), *look.group.fields, *(key.field for key in view.sort)))
    unknown = {f.name: None for f in fields if f.kind is not FieldKind.DERIVED and (f.kind, f.name) not in known}
    try:
        workspace.check_filter(view.where)
    except FilterSyntax as error:
        return view, tuple(unknown), str(error.message)
    return view, tuple(unknown), ""


def _saved_words(written: Path, left_out: tuple[str, ...]) -> str:
    words = f"The view was saved to {written}"
    return f"{words}. Left out, as it is on this machine alone: {', '.join(left_out)}." if left_out else words
