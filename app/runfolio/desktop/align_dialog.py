"""The dialog that shows metrics of several names as one: what stands, what is suggested and why, and the user's say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QHBoxLayout, QHeaderView, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.align_editor import AlignEditor
from runfolio.desktop.align_groups import GroupKind, NameGroup, group_with, groups_of, new_group
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.tag_editor import remember_entry
from runfolio.desktop.widgets import PlainLabel, Rule, TextButton
from runfolio.model.alignment import NameFacts
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count, plain
from runfolio.model.promotion import LedgerEntry

if TYPE_CHECKING:
    from runfolio.api import Workspace

SIZE = (1180, 660)
_LIST_WIDTH = 310


class AlignDialog(QDialog):
    """Stays open beside the table, which follows each decision at once; Ctrl+Z takes decisions back in here too."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("align-metrics")
        self.setWindowTitle("Align metric names")
        self.resize(*SIZE)
        self._context = context
        self._wanted = ""
        self._groups: tuple[NameGroup, ...] = ()
        self._known: dict[str, NameFacts] = {}
        self._shown: NameGroup | None = None
        """The group in the editor as it was before anything was edited."""
        self._edited = False
        self.list = PlainTable(["Metric", "Names", "Runs"], "align-groups")
        self.list.setFixedWidth(_LIST_WIDTH)
        head = self.list.horizontalHeader()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for place, width in ((1, 62), (2, 54)):
            self.list.setColumnWidth(place, width)
        self.list.setSelectionMode(PlainTable.SelectionMode.SingleSelection)
        self.list.itemSelectionChanged.connect(self._choose)
        self.editor = AlignEditor(context)
        self.editor.changed.connect(self._on_edited)
        self._lay_out()
        context.commands.attach(self, "edit.undo")
        context.state.library_changed.connect(self._on_library_changed)
        context.theme.changed.connect(self._fill)

    def _lay_out(self) -> None:
        theme = self._context.theme
        text = (
            "Show several names as one metric in table, filter, charts and comparisons. No folder is changed, every "
            "name stays, and undo takes it back."
        )
        self.confirm = TextButton("Show as one", theme, kind="primary")
        self.confirm.setObjectName("align-confirm")
        self.confirm.clicked.connect(self._confirm)
        self.remove = TextButton("Show separately again", theme)
        self.remove.setObjectName("align-remove")
        self.remove.clicked.connect(self._remove)
        self.dismiss = TextButton("Not one metric", theme, tip="Keep these names apart: they are not suggested again")
        self.dismiss.setObjectName("align-dismiss")
        self.dismiss.clicked.connect(self._dismiss)
        self.again = TextButton("Suggest them again", theme)
        self.again.setObjectName("align-again")
        self.again.clicked.connect(self._suggest_again)
        close = TextButton("Close", theme)
        close.setObjectName("align-close")
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.dismiss, self.remove, self.again):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(close)
        buttons.addWidget(self.confirm)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self.editor, 1)
        right.addLayout(buttons)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.list)
        body.addWidget(Rule(vertical=True))
        body.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(PlainLabel("Align metric names", font=fonts.ui(17, QFont.Weight.DemiBold)))
        column.addWidget(PlainLabel(text, role="muted", wrap=True))
        column.addLayout(body, 1)
        self._update_buttons()

    # --- asking ------------------------------------------------------------------------------------------------

    def show_metric(self, metric: str = "") -> None:
        """Come to the front, at the group of a metric if one is named."""
        self._wanted = metric or self._wanted
        self.ask()
        self.show()
        self.raise_()
        self.activateWindow()

    def ask(self) -> None:
        """Ask for what stands and what is suggested now."""
        self._context.jobs.query("align", _look, self._arrived)

    def _on_library_changed(self, change: Change) -> None:
        if self.isVisible() and change.touched & (Touched.RUNS | Touched.MARKS):
            self.ask()

    def _arrived(self, answer: tuple[tuple[NameGroup, ...], dict[str, NameFacts]]) -> None:
        groups, self._known = answer
        if self._wanted and group_with(groups, self._wanted) is None and self._wanted in self._known:
            groups = (*groups, new_group(self._known[self._wanted]))
        if self._edited and not self._wanted:
            # What the user is editing is not overwritten by what a commit brings.
            self._groups = groups
            self._fill()
            return
        self._groups = groups
        place = group_with(groups, self._wanted or (self._shown.target if self._shown is not None else ""))
        self._wanted = ""
        self._show(place if place is not None else 0 if groups else None)

    # --- showing -----------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        color = self._context.theme.color("muted")
        kinds = dict.fromkeys(group.kind for group in self._groups)
        self.list.blockSignals(True)
        self.list.start(len(self._groups) + len(kinds))
        row = 0
        for kind in kinds:
            self.list.put_section(row, kind.value, color)
            row += 1
            for place, group in enumerate(self._groups):
                if group.kind is kind:
                    tip = "\n".join([group.target, *(r.name for r in group.rows if r.name != group.target)])
                    self.list.put(row, 0, group.target, tip=tip, data=place)
                    self.list.put(row, 1, count(len(group.rows)), font=fonts.mono(12), right=True)
                    runs = count(group.runs) if kind is not GroupKind.APART else ""
                    self.list.put(row, 2, runs, font=fonts.mono(12), right=True)
                    if self._shown is not None and (kind, group.target) == (self._shown.kind, self._shown.target):
                        self.list.selectRow(row)
                    row += 1
        self.list.blockSignals(False)

    def _show(self, place: int | None) -> None:
        self._edited = False
        self._shown = None if place is None else self._groups[place]
        self._fill()
        self.editor.show_group(self._shown, self._known)
        if place is None:
            self.editor.preview.setText("No two names of the metrics in the library look like one.")
        self._update_buttons()

    def _choose(self) -> None:
        rows = sorted({index.row() for index in self.list.selectedIndexes()})
        place = self.list.data_of(rows[0]) if rows else None
        if isinstance(place, int) and self._groups[place] != self._shown:
            self._show(place)

    def _on_edited(self) -> None:
        self._edited = True
        self._update_buttons()

    def _update_buttons(self) -> None:
        group = self.editor.group
        kind = None if group is None else group.kind
        self.confirm.setVisible(kind in (GroupKind.ALIGNED, GroupKind.SUGGESTED, GroupKind.NEW))
        self.confirm.set_text("Save changes" if kind is GroupKind.ALIGNED else "Show as one")
        others = [] if group is None else [n for n in group.names if n.name != group.target]
        ready = group is not None and bool(group.target and others)
        self.confirm.setEnabled(ready and (self._edited or kind is not GroupKind.ALIGNED))
        self.remove.setVisible(kind is GroupKind.ALIGNED)
        self.dismiss.setVisible(kind is GroupKind.SUGGESTED)
        self.again.setVisible(kind is GroupKind.APART)

    # --- deciding ----------------------------------------------------------------------------------------------

    def _standing(self) -> NameGroup | None:
        """The alignment that the group in the editor is, or would extend; None for one that is new."""
        shown = self._shown
        aligned = (group for group in self._groups if group.kind is GroupKind.ALIGNED)
        return next((group for group in aligned if shown is not None and group.target == shown.target), None)

    def _confirm(self) -> None:
        self.editor.finish()
        group, standing = self.editor.group, self._standing()
        if group is None:
            return
        target, names, before = group.target, group.names, "" if standing is None else standing.target
        shown = ", ".join(n.words for n in names if n.name != target)
        self._decide(
            lambda workspace: workspace.align(target, names, instead_of=before),
            f"{shown} shown as {plain(target, 80)}.",
            target,
        )

    def _remove(self) -> None:
        standing = self._standing()
        if standing is not None:
            target = standing.target
            self._decide(
                lambda workspace: workspace.unalign(target), f"Only {plain(target, 80)} itself is shown as it."
            )

    def _dismiss(self) -> None:
        group, standing = self._shown, self._standing()
        if group is not None:
            # What stands together already is not parted by it.
            settled = () if standing is None else [row.name for row in standing.rows]
            names = [row.name for row in group.rows if row.name == group.target or row.name not in settled]
            self._decide(lambda workspace: workspace.keep_apart(names), f"{count(len(names))} names are kept apart.")

    def _suggest_again(self) -> None:
        group = self.editor.group
        if group is not None:
            entry = group.entry
            self._decide(
                lambda workspace: workspace.undo(entry, reason="to be suggested again"),
                "They may be suggested again.",
                undoable=False,
            )

    def _decide(
        self, call: Callable[[Workspace], LedgerEntry], told: str, wanted: str = "", *, undoable: bool = True
    ) -> None:
        context = self._context

        def take(entry: LedgerEntry) -> None:
            self._edited, self._wanted = False, wanted
            if undoable:
                remember_entry(context, entry)
                context.say.info(told, action="Undo", call=lambda: context.commands.run("edit.undo"))
            else:
                context.say.info(told)
            self.ask()

        context.jobs.action(call, take)


def _look(workspace: Workspace) -> tuple[tuple[NameGroup, ...], dict[str, NameFacts]]:
    groups = groups_of(workspace.alignments(), workspace.suggest_alignments(), workspace.kept_apart())
    return groups, {facts.name: facts for facts in workspace.metric_names()}
