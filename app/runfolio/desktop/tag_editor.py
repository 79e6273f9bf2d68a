"""The small popup that puts tags on runs and takes them off; every change goes to the ledger and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLineEdit, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import PlainLabel
from runfolio.model.display import counted, plain
from runfolio.model.promotion import LedgerEntry
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

SHOWN = 12


class TagEditor(QFrame):
    """Tags of some runs: a line for a new one, boxes for those in use."""

    def __init__(self, context: Context, keys: tuple[RunKey, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("tag-editor")
        self.setAccessibleName("Tags")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._keys = keys
        runs = context.state.name_of(keys[0]) if len(keys) == 1 else counted(len(keys), "run")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(7)
        column.addWidget(PlainLabel(f"Tags of {runs}", font=fonts.ui(13, fonts.DEMI_BOLD)))
        self.field = QLineEdit()
        self.field.setObjectName("tag-name")
        self.field.setAccessibleName("New tag")
        self.field.setPlaceholderText("New tag, then Enter")
        self.field.setMinimumWidth(220)
        self.field.returnPressed.connect(self._add)
        column.addWidget(self.field)
        self._boxes = QVBoxLayout()
        column.addLayout(self._boxes)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its upper left corner there, once it knows the tags."""
        keys = self._keys

        def take(found: tuple[tuple[str, ...], dict[str, int]]) -> None:
            self._show_tags(*found)
            self.move(corner)
            self.show()
            self.field.setFocus()

        self._context.jobs.query(
            "tag-editor",
            lambda workspace: (
                tuple(tag for tag, _ in workspace.tags()[:SHOWN]),
                _held([workspace.marks(key).tags for key in keys]),
            ),
            take,
        )

    def _show_tags(self, known: tuple[str, ...], held: dict[str, int]) -> None:
        for tag in dict.fromkeys((*held, *known)):
            box = QCheckBox(plain(tag).replace("&", "&&"))
            box.setAccessibleName(plain(tag))
            on = held.get(tag, 0)
            # Partly on is shown as such; pressing it puts the tag on all.
            box.setTristate(0 < on < len(self._keys))
            box.setCheckState(
                Qt.CheckState.Unchecked
                if not on
                else Qt.CheckState.Checked
                if on == len(self._keys)
                else Qt.CheckState.PartiallyChecked
            )
            box.clicked.connect(lambda _checked=False, box=box, tag=tag: self._toggle(box, tag))
            self._boxes.addWidget(box)

    def _add(self) -> None:
        tag = self.field.text().strip()
        if tag:
            put_tag(self._context, self._keys, tag, on=True)
        self.close()

    def _toggle(self, box: QCheckBox, tag: str) -> None:
        on = box.checkState() is not Qt.CheckState.Unchecked
        put_tag(self._context, self._keys, tag, on=on)
        self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)


def put_tag(context: Context, keys: tuple[RunKey, ...], tag: str, *, on: bool) -> None:
    """Put a tag on runs or take it off; Ctrl+Z takes the entry back."""
    names = (tag,)

    def take(entry: LedgerEntry) -> None:
        remember_entry(context, entry, change)
        runs = context.state.name_of(keys[0]) if len(keys) == 1 else counted(len(keys), "run")
        what = f"“{plain(tag)}” {'on' if on else 'taken off'} {runs}."
        context.say.info(what, action="Undo", call=lambda: context.commands.run("edit.undo"))

    def change(workspace: Workspace) -> LedgerEntry:
        return workspace.tag(keys, add=names) if on else workspace.tag(keys, remove=names)

    context.jobs.action(change, take)


def remember_entry(
    context: Context, entry: LedgerEntry, change: Callable[[Workspace], LedgerEntry] | None = None
) -> None:
    """Let Ctrl+Z take back a ledger entry, by a compensating entry; `change` makes one like it again, for redo."""
    # What is done again is another entry, which the next undo takes back.
    standing = [entry.number]

    def back() -> None:
        context.jobs.action(lambda workspace: workspace.undo(standing[0], reason="undone in the window"))

    def again(workspace: Workspace) -> None:
        if change is not None:
            standing[0] = change(workspace).number

    context.state.undo.push(entry.summary, back, (lambda: context.jobs.action(again)) if change is not None else None)


def _held(tags: list[tuple[str, ...]]) -> dict[str, int]:
    held: dict[str, int] = {}
    for own in tags:
        for tag in own:
            held[tag] = held.get(tag, 0) + 1
    return held
