"""The layouts that are kept: change one, take it away, hand it to somebody, take one in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.layout_dialog import LayoutDialog
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.widgets import EmptyState, PlainLabel, TextButton
from runfolio.model.layout import Layout, SavedLayout

_FILES = "Layouts (*.toml)"


class LayoutList(QDialog):
    """A row for each file; one that cannot be used says why."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layouts")
        self.setWindowTitle("Layouts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(960, 500)
        self._context = context
        self._saved: tuple[SavedLayout, ...] = ()
        self._closed = False
        theme = context.theme
        self.table = PlainTable(["Layout", "Path", "Files", "About"], "layout-table")
        self.table.setSelectionMode(PlainTable.SelectionMode.SingleSelection)
        for column, width in enumerate((150, 300, 220)):
            self.table.setColumnWidth(column, width)
        self.table.itemSelectionChanged.connect(self._on_chosen)
        self.table.itemActivated.connect(lambda _item: self._change())
        empty = EmptyState(
            theme,
            "No layout was taught yet",
            "A layout says which files of a run folder are params and metrics, for folders that no reader knows.",
            icon="table-2",
            action="Teach a layout…",
            call=self._teach,
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(empty)
        self.stack.addWidget(self.table)
        self.teach = self._button("New…", "layouts-new", self._teach)
        self.take = self._button("Import…", "layouts-import", self._ask_import)
        self.change = self._button("Change…", "layouts-change", self._change)
        self.export = self._button("Export…", "layouts-export", self._ask_export)
        self.remove = self._button("Remove", "layouts-remove", self._remove)
        close = TextButton("Close", theme, kind="primary")
        close.setObjectName("layouts-close")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        for button in (self.teach, self.take, self.change, self.export, self.remove):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(close)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(24, 18, 24, 18)
        column_layout.setSpacing(10)
        column_layout.addWidget(PlainLabel("Layouts", font=fonts.ui(17, QFont.Weight.DemiBold)))
        text = "How run folders of your own kind are read. When one changes, its folders are read again."
        column_layout.addWidget(PlainLabel(text, role="muted", wrap=True))
        column_layout.addWidget(self.stack, 1)
        column_layout.addLayout(buttons)
        theme.changed.connect(self._fill)
        self.finished.connect(self._forget)
        self._on_chosen()
        self._ask()

    def _button(self, title: str, name: str, call: Callable[[], None]) -> TextButton:
        button = TextButton(title, self._context.theme)
        button.setObjectName(name)
        button.clicked.connect(lambda _checked=False: call())
        return button

    def _ask(self) -> None:
        self._context.jobs.query("layouts", lambda workspace: workspace.layouts(), self._arrived)

    def _arrived(self, saved: tuple[SavedLayout, ...]) -> None:
        self._saved = saved
        self.stack.setCurrentIndex(1 if saved else 0)
        self._fill()
        usable = next((row for row, each in enumerate(saved) if each.layout is not None), None)
        if usable is not None:
            self.table.selectRow(usable)
        self._on_chosen()

    def _fill(self) -> None:
        bad, muted = self._context.theme.color("bad"), self._context.theme.color("muted")
        self.table.start(len(self._saved))
        for row, saved in enumerate(self._saved):
            layout = saved.layout
            if layout is None:
                self.table.put(row, 0, Path(saved.file).name, color=bad, tip=saved.file)
                said = saved.trouble.message if saved.trouble is not None else ""
                hint = saved.trouble.hint if saved.trouble is not None else ""
                self.table.put(row, 1, f"Not used: {said}", color=bad, tip=f"{said}\n{hint}\n{saved.file}")
                self.table.setSpan(row, 1, 1, 3)
                continue
            self.table.put(row, 0, layout.name, tip=saved.file)
            self.table.put(row, 1, layout.path or "any folder", font=fonts.mono(12) if layout.path else None)
            self.table.put(row, 2, " ".join([*layout.params, *layout.metrics]), font=fonts.mono(12))
            self.table.put(row, 3, layout.about, color=muted)

    def _chosen(self) -> Layout | None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        if len(rows) != 1 or (row := rows.pop()) >= len(self._saved):
            return None
        return self._saved[row].layout

    def _on_chosen(self) -> None:
        there = self._chosen() is not None
        for button in (self.change, self.export, self.remove):
            button.setEnabled(there)

    # --- what is done with them --------------------------------------------------------------------------------

    def _teach(self) -> None:
        self._open(LayoutDialog(self._context, parent=self))

    def _change(self) -> None:
        layout = self._chosen()
        if layout is not None:
            self._open(LayoutDialog(self._context, layout=layout, parent=self))

    def _open(self, dialog: LayoutDialog) -> None:
        dialog.accepted.connect(self._ask)
        dialog.open()

    def _remove(self) -> None:
        layout = self._chosen()
        if layout is None:
            return
        context = self._context

        def after(_path: Path) -> None:
            context.commands.run("library.look")
            if not self._closed:
                self._ask()

        def remove() -> None:
            context.jobs.action(lambda workspace: workspace.remove_layout(layout.name), after)

        def put_back() -> None:
            context.jobs.action(lambda workspace: workspace.save_layout(layout), after)

        remove()
        context.state.undo.push(f"Remove the layout {layout.name}", put_back, remove)
        context.say.info(
            f"The layout {layout.name} was removed.", action="Undo", call=lambda: context.commands.run("edit.undo")
        )

    def _forget(self) -> None:
        self._closed = True
        for slot in ("layouts", "layout-import"):
            self._context.jobs.forget(slot)

    def _ask_import(self) -> None:
        dialog = QFileDialog(self, "Import a layout", "", _FILES)
        dialog.setObjectName("layout-import-dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_in)
        dialog.open()

    def take_in(self, name: str) -> None:
        """Open a layout from a file in the dialog, where it is looked at, tried and saved."""

        def read(layout: Layout) -> None:
            self._open(LayoutDialog(self._context, layout=layout, kept=False, parent=self))

        self._context.jobs.query("layout-import", lambda workspace: workspace.read_layout(name), read)

    def _ask_export(self) -> None:
        layout = self._chosen()
        if layout is None:
            return
        dialog = QFileDialog(self, "Export the layout", f"{layout.name}.toml", _FILES)
        dialog.setObjectName("layout-export-dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.write(layout, Path(path)))
        dialog.open()

    def write(self, layout: Layout, path: Path) -> None:
        """Write a layout's file to `path`."""
        self._context.jobs.action(
            lambda workspace: workspace.export_layout(layout.name, path),
            lambda written: self._context.say.info(f"The layout was written to {written}."),
        )
