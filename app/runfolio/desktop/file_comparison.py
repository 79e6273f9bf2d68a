"""Two data files compared: the differences in their columns, their rows and how values are spread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from runfolio.analysis.datachange import ColumnChange, DataDiff, SchemaChange
from runfolio.analysis.datarender import as_markdown, cell_text, key_text, type_text
from runfolio.api import Workspace
from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.histogram_delegate import HistogramDelegate
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.widgets import Card, EmptyState, Pill, PlainLabel, TextButton
from runfolio.errors import RunfolioError
from runfolio.model.display import count, counted, number

_SHIFTED, _MOVED = 0.25, 0.10
_FILES = "Data files (*.csv *.tsv *.parquet *.pq)"
_HISTOGRAM = 4


class FileComparison(QWidget):
    """Two files, a key, and what changed between them."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("file-comparison")
        self._context = context
        self._diff: DataDiff | None = None
        theme = context.theme
        self.before, self.after = _path_field("Before"), _path_field("After")
        self.key = QLineEdit()
        self.key.setObjectName("key")
        self.key.setAccessibleName("Key columns")
        self.key.setPlaceholderText("key: guessed")
        self.key.setFixedWidth(140)
        self.button = TextButton("Compare", theme, kind="primary")
        self.button.setObjectName("compare-files")
        self.button.clicked.connect(self.compare)
        copying = TextButton("Copy as Markdown", theme, icon="copy")
        copying.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.setSpacing(8)
        for field in (self.before, self.after):
            choose = TextButton("…", theme, tip="Choose a file")
            choose.clicked.connect(lambda _=False, field=field: self._choose(field))
            row.addWidget(field, 1)
            row.addWidget(choose)
            field.returnPressed.connect(self.compare)
        row.addWidget(self.key)
        row.addWidget(self.button)
        row.addWidget(copying)
        self._title = PlainLabel("", font=fonts.ui(18, fonts.DEMI_BOLD))
        self._facts = PlainLabel("", role="muted")
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self._facts)
        head.addStretch()
        self._cards = [_Figure() for _ in range(5)]
        cards = QHBoxLayout()
        cards.setSpacing(11)
        for card in self._cards:
            cards.addWidget(card, 1)
        self.columns = PlainTable(
            ["Column", "Type", "Schema", "What moved", "Distribution  before / after", "PSI"], "data-columns"
        )
        self.columns.setItemDelegateForColumn(_HISTOGRAM, HistogramDelegate(theme, self.columns))
        for column, width in enumerate((140, 140, 110, 230, 240)):
            self.columns.setColumnWidth(column, width)
        self.rows = PlainTable(["change"], "data-rows")
        lower = QWidget()
        lower_column = QVBoxLayout(lower)
        lower_column.setContentsMargins(0, 6, 0, 0)
        self._rows_title = PlainLabel("Changed rows", font=fonts.ui(13, fonts.DEMI_BOLD))
        lower_column.addWidget(self._rows_title)
        lower_column.addWidget(self.rows, 1)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.columns)
        splitter.addWidget(lower)
        result = QWidget()
        result_column = QVBoxLayout(result)
        result_column.setContentsMargins(0, 0, 0, 0)
        result_column.setSpacing(11)
        result_column.addLayout(head)
        result_column.addLayout(cards)
        result_column.addWidget(splitter, 1)
        self.empty = EmptyState(
            theme,
            "Compare two versions of a data file",
            "CSV, TSV or Parquet, of any size. Rows are matched by a key that is found by itself, or that you name.",
            icon="file-diff",
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(result)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(18, 12, 18, 10)
        outer.setSpacing(11)
        outer.addLayout(row)
        outer.addWidget(self.stack, 1)

    def files(self) -> tuple[str, str]:
        """The two paths as typed."""
        return self.before.text(), self.after.text()

    def set_files(self, before: str, after: str) -> None:
        """Put two paths into the fields."""
        self.before.setText(before)
        self.after.setText(after)

    def compare(self) -> None:
        """Compare the two files, in a process of their own."""
        before, after = (text.strip() for text in self.files())
        if not before or not after:
            self.empty.set("Two files are needed", "Name the file before and the file after, then press Compare.")
            self.stack.setCurrentIndex(0)
            return
        key = tuple(k.strip() for k in self.key.text().split(",") if k.strip())
        self.empty.set("Comparing…", f"{Path(before).name} → {Path(after).name}")
        self.stack.setCurrentIndex(0)

        def call(workspace: Workspace) -> DataDiff:
            return workspace.data_diff(before, after, key=key)

        self._context.jobs.query("data-diff", call, self._arrived, self._failed)

    def _failed(self, error: RunfolioError) -> None:
        self.empty.set(error.message, f"{error.where}\n{error.hint}".strip())
        self.stack.setCurrentIndex(0)

    def _choose(self, field: QLineEdit) -> None:
        dialog = QFileDialog(self, "Choose a data file", field.text(), _FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(field.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _copy(self) -> None:
        if self._diff is not None:
            QApplication.clipboard().setText(as_markdown(self._diff))
            self._context.say.info("Copied the difference as Markdown")

    # --- showing -----------------------------------------------------------------------------------------------

    def _arrived(self, diff: DataDiff) -> None:
        self._diff = diff
        self.stack.setCurrentIndex(1)
        names = dict.fromkeys((Path(diff.before.path).name, Path(diff.after.path).name))
        self._title.setText(" → ".join(names))
        rows = f"{count(diff.before.rows)} → {counted(diff.after.rows, 'row')}"
        self._facts.setText(f"{rows} · {counted(len(diff.columns), 'column')} · {key_text(diff)}")
        added = sum(c.schema is SchemaChange.NEW for c in diff.columns)
        removed = sum(c.schema is SchemaChange.REMOVED for c in diff.columns)
        retyped = sum(c.schema is SchemaChange.RETYPED for c in diff.columns)
        worst = max((c for c in diff.columns if c.psi is not None), key=lambda c: c.psi or 0.0, default=None)
        changed = "–" if diff.rows_changed is None else count(diff.rows_changed)
        self._cards[0].set(count(diff.rows_added), "rows added", "good")
        self._cards[1].set(count(diff.rows_removed), "rows removed", "bad")
        self._cards[2].set(changed, "rows changed", "warn")
        self._cards[3].set(f"+{added} −{removed} ~{retyped}", "columns", "")
        psi = "–" if worst is None else f"{worst.psi:.2f}"
        self._cards[4].set(psi, f"largest PSI{': ' + worst.name if worst else ''}", _psi_role(worst))
        self._fill_columns(diff)
        self._fill_rows(diff)

    def _fill_columns(self, diff: DataDiff) -> None:
        theme = self._context.theme
        tones = {SchemaChange.SAME: "neutral", SchemaChange.NEW: "good", SchemaChange.REMOVED: "bad"}
        self.columns.start(len(diff.columns))
        for row, column in enumerate(diff.columns):
            self.columns.put(row, 0, column.name)
            self.columns.put(row, 1, type_text(column))
            self.columns.put(row, 2, "")
            pill = Pill(column.schema.value, tones.get(column.schema, "warn"))
            holder = QWidget()
            inside = QHBoxLayout(holder)
            inside.setContentsMargins(6, 0, 0, 0)
            inside.addWidget(pill)
            inside.addStretch()
            self.columns.setCellWidget(row, 2, holder)
            self.columns.put(row, 3, column.moved)
            self.columns.put(row, _HISTOGRAM, "", data=column.histogram, tip=_bins_text(column))
            color = theme.color(_psi_role(column)) if _psi_role(column) else None
            self.columns.put(row, 5, "—" if column.psi is None else f"{column.psi:.2f}", color=color)

    def _fill_rows(self, diff: DataDiff) -> None:
        self.rows.set_header([*diff.row_columns, "change"])
        self.rows.start(len(diff.rows))
        theme = self._context.theme
        for row, change in enumerate(diff.rows):
            for column, cell in enumerate(change.cells):
                color = theme.color("warn") if cell.changed else None
                self.rows.put(row, column, cell_text(cell, change.kind), font=fonts.mono(12), color=color)
            self.rows.put(row, len(diff.row_columns), change.kind.value, font=fonts.mono(12))
        total = diff.rows_added + diff.rows_removed + (diff.rows_changed or 0)
        self._rows_title.setText(
            "Changed rows" if total <= len(diff.rows) else f"Changed rows · {count(len(diff.rows))} of {count(total)}"
        )


class _Figure(Card):
    """A large figure over a caption."""

    def __init__(self) -> None:
        super().__init__()
        self._value = PlainLabel("", font=fonts.ui(20, fonts.DEMI_BOLD))
        self._caption = PlainLabel("", role="muted")
        self.body.setSpacing(1)
        self.body.addWidget(self._value)
        self.body.addWidget(self._caption)

    def set(self, value: str, caption: str, role: str) -> None:
        """Show another figure."""
        self._value.setText(value)
        self._value.set_role(role)
        self._caption.setText(caption)


def _path_field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setObjectName(f"path-{name.lower()}")
    field.setAccessibleName(f"{name}: data file")
    field.setPlaceholderText(f"{name}: path of a CSV, TSV or Parquet file")
    return field


def _psi_role(column: ColumnChange | None) -> str:
    """Customary thresholds of credit scoring, not significance: 0.1 is worth a look, 0.25 is another population."""
    if column is None or column.psi is None or column.psi < _MOVED:
        return ""
    return "bad" if column.psi >= _SHIFTED else "warn"


def _bins_text(column: ColumnChange) -> str:
    if column.histogram is None:
        return ""
    lines = [f"{b.label}: {number(b.before)} → {number(b.after)}" for b in column.histogram.bins[:24]]
    return "\n".join(lines)
