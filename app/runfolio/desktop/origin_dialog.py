"""Says where a value comes from: reader, file, the place in it, and what stands there."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFont
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import ROW_HEIGHT, PlainTable
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.errors import RunfolioError
from runfolio.model.display import plain
from runfolio.model.origin import Origin
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

_MONO = frozenset({"Value", "There stands", "File"})


class OriginDialog(QDialog):
    """Asks for the origin of one field of one run, and shows it when it has been found in the file.

    point   index of a point in the metric's series; None for the one that the field's aggregate chooses.
    """

    def __init__(
        self,
        context: Context,
        run: RunKey,
        field: FieldRef,
        parent: QWidget | None = None,
        *,
        point: int | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("origin")
        self.setWindowTitle("Where is this value from?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(780, 430)
        self._origin: Origin | None = None
        self.title = PlainLabel(plain(field.name, 80), font=fonts.ui(17, QFont.Weight.DemiBold))
        self.title.setObjectName("origin-title")
        self.state = PlainLabel("Looking into the files of the run…", role="muted", wrap=True)
        self.state.setObjectName("origin-state")
        self.rows = PlainTable(["", ""], "origin-rows")
        self.rows.horizontalHeader().hide()
        self.rows.setWordWrap(True)
        self.rows.setColumnWidth(0, 140)
        self.copy = TextButton("Copy", context.theme)
        self.copy.setObjectName("origin-copy")
        self.copy.clicked.connect(self.rows.copy)
        self.show_file = TextButton("Show the folder", context.theme)
        self.show_file.setObjectName("origin-show")
        self.show_file.clicked.connect(self._show_folder)
        close = TextButton("Close", context.theme, kind="primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        for button in (self.copy, self.show_file):
            button.setEnabled(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.state)
        column.addWidget(self.rows, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addWidget(self.show_file)
        buttons.addStretch()
        buttons.addWidget(close)
        column.addLayout(buttons)
        context.jobs.query("origin", lambda workspace: workspace.origin(run, field, point), self._arrived, self._failed)
        self._name = context.state.name_of(run)

    def _arrived(self, origin: Origin) -> None:
        self._origin = origin
        self.title.setText(plain(origin.title, 80))
        self.state.setText(f"of {plain(self._name, 80)}")
        self.rows.start(len(origin.lines))
        for row, (title, text) in enumerate(origin.lines):
            self.rows.put(row, 0, title)
            self.rows.put(row, 1, text, font=fonts.mono(12) if title in _MONO else None, tip=text)
            # A path or a line of a file may be longer than the window is wide.
            self.rows.setRowHeight(row, ROW_HEIGHT * (1 + min(3, len(text) // 76)))
        self.copy.setEnabled(True)
        self.show_file.setEnabled(True)

    def _failed(self, error: RunfolioError) -> None:
        self.state.setText(f"{error.message} {error.hint}".strip())

    def _show_folder(self) -> None:
        if self._origin is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._origin.file).parent)))
