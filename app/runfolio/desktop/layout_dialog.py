"""Teach Runfolio a layout: choose a sample folder, say what its files are, see what would be read, save."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.layout_files import LayoutFiles
from runfolio.desktop.layout_form import LayoutForm
from runfolio.desktop.layout_preview import LayoutPreviewPane
from runfolio.desktop.widgets import PlainLabel, Rule, TextButton
from runfolio.errors import RunfolioError, UsageError
from runfolio.model.layout import Layout, Role, SavedLayout, check_layout
from runfolio.model.layout_answers import LayoutPreview, LayoutSuggestion, SampleFile

SIZE = (1180, 780)
_PAUSE_MS = 200
"""A preview is asked for when nothing was changed for so long."""


class LayoutDialog(QDialog):
    """A layout in the making. Saving it reads the folders of the library that fit."""

    def __init__(
        self,
        context: Context,
        folder: str = "",
        layout: Layout | None = None,
        *,
        kept: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """`folder` is the sample to begin with; `layout` one to be changed, or tried when it is not `kept` yet."""
        super().__init__(parent)
        self.setObjectName("teach-layout")
        self.setWindowTitle("Teach a layout")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        self._context = context
        self._before = layout if kept else None
        self._given = layout is not None
        self._layout = layout or Layout("")
        self._closed = False
        self._samples: tuple[SampleFile, ...] = ()
        self._folder: Path | None = None
        self._kept: frozenset[str] = frozenset()
        self._sound = False
        self.folder = QLineEdit()
        self.folder.setObjectName("layout-folder")
        self.folder.setAccessibleName("Sample folder")
        self.folder.setPlaceholderText("The folder of one run")
        self.folder.returnPressed.connect(lambda: self.choose(self.folder.text().strip()))
        self.browse = TextButton("Choose…", context.theme, icon="folder-open")
        self.browse.setObjectName("layout-browse")
        self.browse.clicked.connect(self._ask_folder)
        self.files = LayoutFiles()
        self.files.edited.connect(self._on_files)
        self.form = LayoutForm()
        self.form.edited.connect(self._on_edited)
        self.preview = LayoutPreviewPane(context.theme)
        self.trouble = PlainLabel("", role="bad", wrap=True)
        self.trouble.setObjectName("layout-trouble")
        self.save = TextButton("Save", context.theme, kind="primary")
        self.save.setObjectName("layout-save")
        self.save.clicked.connect(self._save)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._ask_preview)
        self._build()
        self.finished.connect(self._forget)
        context.jobs.query("layout-names", lambda workspace: workspace.layouts(), self._take_names)
        self._show([])
        if folder:
            self.choose(folder)
        else:
            self._show_empty()

    def _build(self) -> None:
        title = "Teach a layout" if self._before is None else f"Change the layout {self._before.name}"
        text = "Show Runfolio the folder of one run and say what is what. It then reads every folder like it."
        head = QHBoxLayout()
        head.addWidget(PlainLabel("Sample"))
        head.addWidget(self.folder, 1)
        head.addWidget(self.browse)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.files, 3)
        left.addWidget(self.form, 2)
        halves = QHBoxLayout()
        halves.setSpacing(18)
        halves.addLayout(left, 3)
        halves.addWidget(Rule(vertical=True))
        halves.addWidget(self.preview, 2)
        cancel = TextButton("Cancel", self._context.theme)
        cancel.setObjectName("layout-cancel")
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.trouble, 1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 18)
        column.setSpacing(10)
        column.addWidget(PlainLabel(title, font=fonts.ui(17, QFont.Weight.DemiBold)))
        column.addWidget(PlainLabel(text, role="muted", wrap=True))
        column.addLayout(head)
        column.addLayout(halves, 1)
        column.addLayout(buttons)

    # --- the sample --------------------------------------------------------------------------------------------

    def choose(self, folder: str) -> None:
        """Look at a sample folder, and guess its layout unless one is being changed."""
        if not folder:
            return
        path = Path(folder).expanduser().absolute()
        self._folder = path
        self.folder.setText(str(path))
        self.preview.say("Looking at the folder…", str(path))
        self._context.jobs.query(
            "layout-sample", lambda workspace: workspace.suggest_layout(path), self._suggested, self._no_sample
        )

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, "Choose the folder of one run", self.folder.text())
        dialog.setObjectName("layout-folder-dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.choose(names[0]))
        dialog.open()

    def _suggested(self, found: LayoutSuggestion) -> None:
        self._samples = found.files
        if not self._given:
            self._layout = replace(found.layout, name=self._free_name(found.layout.name))
        self._show(self._columns(self._layout))
        if not found.found and not self._given:
            several = next((p for p in found.problems if p.code == "several-runs"), None)
            title = "Nothing tells what is what" if several is None else "Several runs"
            text = "No file in this folder looks like params or metrics. Say in the table which are."
            self.preview.say(title, text if several is None else f"{several.message}. {several.hint}")
        self._on_edited()
        self.form.path.setFocus()

    def _no_sample(self, error: RunfolioError) -> None:
        self._folder = None
        self._samples = ()
        self._show([])
        self.preview.say(error.message, error.hint or "Choose another folder.")
        self._judge()

    def _columns(self, layout: Layout) -> list[str]:
        """The columns of the files that are metrics by a layout; the step of one that is being changed among them."""
        names = [name for f in self._samples if layout.role_of(f.path) is Role.METRICS for name in f.columns]
        return [*dict.fromkeys(names)]

    def _show(self, columns: Sequence[str]) -> None:
        self.files.show_files(self._samples, self._layout)
        self.form.show_layout(self._layout, columns, self._folder)
        # The rows are younger than all else: without a word Tab would come to them last.
        order = [self.browse, *self.files.editors(), self.form.step]
        for before, after in pairwise(order):
            self.setTabOrder(before, after)

    def _show_empty(self) -> None:
        text = "Choose the folder of one run. What would be read of it is shown here as you go."
        self.preview.say("No sample yet", text)
        self._judge()
        self.browse.setFocus()

    # --- changes -----------------------------------------------------------------------------------------------

    def layout_now(self) -> Layout:
        """The layout as the dialog says it; it may make no sense yet."""
        files = replace(
            self._layout,
            params=self.files.patterns(Role.PARAMS),
            metrics=self.files.patterns(Role.METRICS),
            ignore=self.files.patterns(Role.IGNORED),
        )
        return self.form.layout_with(files)

    def _on_files(self) -> None:
        # With half a pattern the columns stay until it makes sense; the line below says what is wrong.
        with contextlib.suppress(UsageError):
            self.form.set_columns(self._columns(self.layout_now()))
        self._on_edited()

    def _on_edited(self) -> None:
        self._context.jobs.forget("layout-preview")
        self.preview.wait()
        self._judge()
        self._pause.start()

    def _judge(self) -> None:
        """Say what is wrong with the layout; only one that makes sense can be saved."""
        layout = self.layout_now()
        before = self._before.name.casefold() if self._before is not None else ""
        replaces = layout.name.casefold() in self._kept and layout.name.casefold() != before
        self.save.set_text("Replace" if replaces else "Save")
        try:
            check_layout(layout)
        except UsageError as error:
            self._sound = False
            # An empty dialog is no mistake.
            told = bool(self._samples) or self._given
            self.trouble.set_role("bad")
            self.trouble.setText(f"{error.message}. {error.hint}".strip() if told else "")
        else:
            self._sound = True
            self.trouble.set_role("warn")
            self.trouble.setText(f"There is a layout {layout.name} already; it is replaced." if replaces else "")
        self.save.setEnabled(self._sound)

    def _ask_preview(self) -> None:
        layout, folder = self.layout_now(), self._folder
        if folder is None or not self._sound:
            return
        self._context.jobs.query(
            "layout-preview", lambda workspace: workspace.preview_layout(layout, folder), self._previewed, self._failed
        )

    def _previewed(self, preview: LayoutPreview) -> None:
        self.preview.show_preview(preview)

    def _failed(self, error: RunfolioError) -> None:
        self.preview.say(error.message, error.hint)

    def _forget(self) -> None:
        self._closed = True
        self._pause.stop()
        for slot in ("layout-names", "layout-sample", "layout-preview"):
            self._context.jobs.forget(slot)

    # --- saving ------------------------------------------------------------------------------------------------

    def _take_names(self, saved: tuple[SavedLayout, ...]) -> None:
        self._kept = frozenset(s.layout.name.casefold() for s in saved if s.layout is not None)
        self._judge()

    def _free_name(self, name: str) -> str:
        names = (name, *(f"{name} {number}" for number in range(2, 1_000)))
        return next(n for n in names if n.casefold() not in self._kept)

    def _save(self) -> None:
        layout, context = self.layout_now(), self._context
        before = self._before.name if self._before is not None else ""

        def saved(_path: Path) -> None:
            context.say.info(f"The layout {layout.name} is kept. Folders that fit are read by it.")
            context.commands.run("library.look")
            if not self._closed:
                self.accept()

        def failed(error: RunfolioError) -> None:
            if self._closed:
                context.say.error(error)
            else:
                self.trouble.set_role("bad")
                self.trouble.setText(f"{error.message}. {error.hint}".strip())
                self.save.setEnabled(True)

        self.save.setEnabled(False)
        context.jobs.action(lambda workspace: workspace.save_layout(layout, instead_of=before), saved, failed)
