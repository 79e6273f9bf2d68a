"""The files of a sample folder as rows: what each is to the layout, and the pattern it is recognised by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.widgets import tooltip
from runfolio.errors import UsageError
from runfolio.model.display import plain, size
from runfolio.model.file_pattern import fits, parse_file_pattern
from runfolio.model.layout import Layout, Role
from runfolio.model.layout_answers import SampleFile

ROLES = ((Role.PARAMS, "Params"), (Role.METRICS, "Metrics"), (Role.ARTIFACT, "Artifact"), (Role.IGNORED, "Ignored"))
_ABSENT = "not in this folder"
_MOST_ROWS = 200


class _RoleBox(QComboBox):
    """A combo box that lets the wheel scroll the table, unless it was clicked before."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Without the focus the wheel is meant for the table."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


@dataclass(slots=True)
class _Row:
    """A file, or a pattern of the layout that no file of the sample fits (`path` is "" then)."""

    path: str
    role: QComboBox
    pattern: QLineEdit


class LayoutFiles(PlainTable):
    """A combo box and a pattern for each file. `edited` is emitted after each change by the user."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(["File", "Is", "Recognised by", "Holds"], "layout-files", parent)
        self.setAccessibleName("Files of the sample folder")
        self.setTabKeyNavigation(False)
        self.setSelectionMode(PlainTable.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for column, width in enumerate((190, 124, 190)):
            self.setColumnWidth(column, width)
        self._rows: list[_Row] = []

    def show_files(self, files: Sequence[SampleFile], layout: Layout) -> None:
        """Rows for files, each with what the layout makes of it, and for patterns that none of them fits."""
        first = sorted(files, key=lambda f: (layout.role_of(f.path) not in (Role.PARAMS, Role.METRICS), f.path))
        shown = first[:_MOST_ROWS]
        named = {Role.PARAMS: layout.params, Role.METRICS: layout.metrics, Role.IGNORED: layout.ignore}
        unused = [
            (role, pattern)
            for role, patterns in named.items()
            for pattern in patterns
            if not any(_fits(pattern, f.path) for f in shown)
        ]
        self.start(len(shown) + len(unused))
        self._rows = []
        for number, file in enumerate(shown):
            role = layout.role_of(file.path)
            self.put(number, 0, file.path, font=fonts.mono(12), tip=f"{file.path}\n{size(file.size_bytes)}")
            self.put(number, 3, file.what or size(file.size_bytes))
            self._add(number, file.path, role, _pattern_of(layout, role, file.path))
        for number, (role, pattern) in enumerate(unused, len(shown)):
            self.put(number, 0, _ABSENT)
            self.put(number, 3, "")
            self._add(number, "", role, pattern)

    def patterns(self, role: Role) -> tuple[str, ...]:
        """The patterns of the rows with that role, each once."""
        found = (row.pattern.text().strip() for row in self._rows if row.role.currentData() == role)
        return tuple(dict.fromkeys(text for text in found if text))

    def editors(self) -> list[QWidget]:
        """What can be given the focus, row by row."""
        return [widget for row in self._rows for widget in (row.role, row.pattern)]

    def set_role(self, path: str, role: Role) -> None:
        """Choose what a file is, as the user would."""
        row = next(r for r in self._rows if r.path == path)
        row.role.setCurrentIndex(row.role.findData(role))

    def _add(self, number: int, path: str, role: Role, pattern: str) -> None:
        box = _RoleBox()
        box.setObjectName(f"role-{number}")
        box.setAccessibleName(f"What {plain(path or pattern, 100)} is")
        for value, title in ROLES:
            box.addItem(title, value)
        box.setCurrentIndex(box.findData(role))
        line = QLineEdit(pattern)
        line.setObjectName(f"pattern-{number}")
        line.setFont(fonts.mono(12))
        line.setCursorPosition(0)
        line.setAccessibleName(f"Pattern for {plain(path or pattern, 100)}")
        line.setToolTip(tooltip("* stands for any text, as in metrics_*.csv"))
        row = _Row(path, box, line)
        self._fit_pattern(row)
        self._rows.append(row)
        self.setCellWidget(number, 1, box)
        self.setCellWidget(number, 2, line)
        box.currentIndexChanged.connect(lambda _index, row=row: self._on_role(row))
        line.textEdited.connect(lambda _text: self.edited.emit())

    def _on_role(self, row: _Row) -> None:
        self._fit_pattern(row)
        self.edited.emit()

    def _fit_pattern(self, row: _Row) -> None:
        """Artifacts are all files that are nothing else, so they need no pattern."""
        is_artifact = row.role.currentData() == Role.ARTIFACT
        row.pattern.setEnabled(not is_artifact)
        row.pattern.setPlaceholderText("any other file" if is_artifact else "")
        if is_artifact:
            row.pattern.clear()
        elif not row.pattern.text():
            row.pattern.setText(row.path)
            row.pattern.setCursorPosition(0)


def _pattern_of(layout: Layout, role: Role, path: str) -> str:
    """The pattern by which a file has its role; the file itself where that goes without saying."""
    patterns = {Role.PARAMS: layout.params, Role.METRICS: layout.metrics, Role.IGNORED: layout.ignore}.get(role, ())
    return next((p for p in patterns if _fits(p, path)), path)


def _fits(pattern: str, path: str) -> bool:
    try:
        return fits(parse_file_pattern(pattern, any_depth=True), path.split("/"))
    except UsageError:
        return False
