"""What a layout would make of the sample folder: whether it fits, the run's name, its metrics and params, problems."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import EmptyState, Pill, PlainLabel
from runfolio.model.display import count, number
from runfolio.model.layout_answers import LayoutPreview
from runfolio.model.problem import Severity

_COLORS = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "muted"}


class LayoutPreviewPane(QWidget):
    """The right half of the dialog."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("layout-preview")
        self._theme = theme
        self._shown: LayoutPreview | None = None
        self._empty = EmptyState(theme, "Nothing to show yet", "", icon="table-2")
        self.verdict = Pill()
        self.verdict.setObjectName("layout-verdict")
        self.title = PlainLabel("", font=fonts.ui(15, fonts.DEMI_BOLD), wrap=True)
        self.title.setObjectName("layout-run")
        self.why = PlainLabel("", role="muted", wrap=True)
        self.why.setObjectName("layout-why")
        self.metrics = PlainTable(["Metric", "Points", "Steps", "Last"], "layout-metrics")
        self.params = PlainTable(["Param", "Value"], "layout-params")
        self.problems = PlainTable(["What happened", "Where"], "layout-problems")
        for table, widths in ((self.metrics, (150, 64, 96)), (self.params, (180,)), (self.problems, (250,))):
            table.setTabKeyNavigation(False)
            for column, width in enumerate(widths):
                table.setColumnWidth(column, width)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("layout-tabs")
        self.tabs.setDocumentMode(True)
        for table in (self.metrics, self.params, self.problems):
            self.tabs.addTab(table, "")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.title, 1)
        head.addWidget(self.verdict)
        page = QWidget()
        column_layout = QVBoxLayout(page)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.setSpacing(6)
        column_layout.addLayout(head)
        column_layout.addWidget(self.why)
        column_layout.addWidget(self.tabs, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        theme.changed.connect(self._fill)

    def say(self, title: str, text: str) -> None:
        """Show a sentence in place of a preview."""
        self._shown = None
        self._empty.set(title, text)
        self._stack.setCurrentIndex(0)

    def wait(self) -> None:
        """What is shown is of the layout as it was before the last change."""
        self.verdict.set("…", "neutral")

    def show_preview(self, preview: LayoutPreview) -> None:
        """Show what would be read."""
        self._shown = preview
        self._fill()
        self._stack.setCurrentIndex(1)

    def _fill(self) -> None:
        preview = self._shown
        if preview is None:
            return
        experiment = f"{preview.experiment} / " if preview.experiment else ""
        self.title.setText(experiment + preview.name)
        self.verdict.set("fits" if preview.fits else "does not fit", "good" if preview.fits else "bad")
        files = f"{count(preview.artifacts)} artifacts would be listed." if preview.artifacts else "No artifacts."
        self.why.setText(files if preview.fits else f"{preview.why_not}.")
        mono = fonts.mono(12)
        self.metrics.start(len(preview.metrics))
        for row, metric in enumerate(preview.metrics):
            steps = "–" if metric.first_step is None else f"{metric.first_step} – {metric.last_step}"
            self.metrics.put(row, 0, metric.name)
            self.metrics.put(row, 1, count(metric.points), font=mono)
            self.metrics.put(row, 2, steps, font=mono)
            self.metrics.put(row, 3, number(metric.last), font=mono)
        self.params.start(len(preview.params))
        for row, param in enumerate(preview.params):
            self.params.put(row, 0, param.key)
            self.params.put(row, 1, param.text, font=mono)
        self.problems.start(len(preview.problems))
        for row, problem in enumerate(preview.problems):
            color = self._theme.color(_COLORS[problem.severity])
            self.problems.put(row, 0, problem.message, color=color, tip=f"{problem.message}\n{problem.hint}".strip())
            self.problems.put(row, 1, problem.path or ".", font=mono)
        tables = (("Metrics", self.metrics), ("Params", self.params), ("Problems", self.problems))
        for tab, (title, table) in enumerate(tables):
            self.tabs.setTabText(tab, f"{title} ({count(table.rowCount())})")
