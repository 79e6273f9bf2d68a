"""The selected runs side by side, why they differ, and what that did to the metrics."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from runfolio.analysis.diff import DiffCell, DiffRow, DiffSection, RunDiff, SectionId, Verdict
from runfolio.analysis.grouprender import explained, verdict_text
from runfolio.analysis.reasons import headline
from runfolio.analysis.render import as_latex, as_markdown, as_tsv, delta_text, title_of
from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.readout import Dot
from runfolio.desktop.widgets import Card, ElidedLabel, EmptyState, Pill, PlainLabel, TextButton, tooltip
from runfolio.model.comparison import Comparison
from runfolio.model.display import count, plain
from runfolio.model.params import Json
from runfolio.model.run import RunKey
from runfolio.model.statistics import Standing

_REASON_COLORS = {"dataset": "bad", "param": "warn", "code": "muted", "environment": "muted", "more": "muted"}
_VERDICT_COLORS = {Verdict.BETTER: "good", Verdict.WORSE: "bad"}
_STANDING_COLORS = {Standing.BETTER: "good", Standing.WORSE: "bad"}
_WIDTH, _WIDTH_SURE = 246, 480
_ROOMY = 640
"""Pixels from which on the head has room for words on its buttons."""
MOST_RUNS = 50
_LONGEST_NAME = 32
_AT_ONCE = 120
"""Rows that are filled before the window gets its turn."""
_MOST_METRICS = 200
"""Of which it is said how sure their differences are."""


class CompareRuns(QWidget):
    """Params, metrics, data, code and environment of the selected runs, against the baseline. `head` is the view's."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("compare-runs")
        self._context = context
        self._diff: RunDiff | None = None
        self._sure: Mapping[tuple[str, RunKey], Comparison] = {}
        self._metric_rows: list[tuple[int, DiffSection, DiffRow]] = []
        self._left: Iterator[int] = iter(())
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.setInterval(0)
        self._next.timeout.connect(self._fill_on)
        self._lay_out()
        state = context.state
        state.selection_changed.connect(self._refresh)
        state.baseline_changed.connect(self._refresh)
        context.theme.changed.connect(self._show)

    def _lay_out(self) -> None:
        theme = self._context.theme
        self.empty = EmptyState(
            theme,
            "Nothing to compare yet",
            "Select two or more runs in the table with Space; press B to set the one that others are measured against.",
            icon="git-compare",
        )
        self._title = ElidedLabel("Compare", font=fonts.ui(18, fonts.DEMI_BOLD))
        self._baseline = Pill("", "accent")
        self.only = TextButton("Only differences", theme, icon="filter", tip="Hide what is the same in all runs")
        self.only.setObjectName("only-differences")
        self.only.setCheckable(True)
        self.only.setChecked(True)
        self.only.toggled.connect(self._show)
        self.only.clicked.connect(self._remember_only)
        self.swap = TextButton("Swap baseline", theme, icon="refresh-cw", tip="Measure against the next of the runs")
        self.swap.setObjectName("swap-baseline")
        self.swap.clicked.connect(self._swap)
        copying = TextButton("Copy as", theme, icon="copy", tip="Copy the comparison as text")
        copying.setObjectName("copy-as")
        menu = QMenu(copying)
        for title, render in (("Markdown", as_markdown), ("TSV", as_tsv), ("LaTeX", as_latex)):
            menu.addAction(title, self._copying(render))
        copying.setMenu(menu)
        self.head = _Head(self._title, self._baseline, (self.only, self.swap, copying))
        self._why = Card("Why do they differ?")
        self._why.setObjectName("why")
        self._reasons = QVBoxLayout()
        self._reasons.setSpacing(4)
        self._why.body.addLayout(self._reasons)
        self.table = PlainTable(["", ""], "compare-table")
        self.table.setSelectionBehavior(PlainTable.SelectionBehavior.SelectItems)
        self._same = PlainLabel("", role="muted")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(11)
        column.addWidget(self._why)
        column.addWidget(self.table, 1)
        column.addWidget(self._same)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: compare what is selected now."""
        self._refresh()

    def saved(self) -> dict[str, Json]:
        """Whether equal rows are hidden."""
        return {"only": self.only.isChecked()}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        if isinstance(kept.get("only"), bool):
            self.only.setChecked(bool(kept["only"]))

    # --- asking and showing ------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        state = self._context.state
        keys = state.selection[:MOST_RUNS]
        if len({*keys, state.baseline} - {None}) < 2:
            self.stack.setCurrentIndex(0)
            return
        if not self.isVisible():
            return
        baseline = state.baseline
        self._context.jobs.query("compare", lambda workspace: workspace.diff(keys, baseline), self._arrived)

    def _arrived(self, diff: RunDiff) -> None:
        self._diff, self._sure = diff, {}
        self._context.state.learn_names({run.key: run.name for run in diff.runs})
        self.stack.setCurrentIndex(1)
        self._show()
        keys, baseline = [run.key for run in diff.runs], diff.runs[diff.baseline].key
        metrics = [row.key for row in diff.section(SectionId.METRICS).rows[:_MOST_METRICS]]
        if metrics:
            self._context.jobs.query(
                "compare:significance",
                lambda workspace: workspace.significance(keys, baseline, metrics),
                self._on_significance,
            )

    def _on_significance(self, sure: Mapping[tuple[str, RunKey], Comparison]) -> None:
        self._sure = sure
        if sure:
            for row, section, entry in self._metric_rows[:_MOST_METRICS]:
                self._fill_row(row, section, entry)
            self._set_widths()

    def _shown(self) -> RunDiff:
        assert self._diff is not None
        return self._diff.only_differences() if self.only.isChecked() else self._diff

    def _show(self) -> None:
        if self._diff is None:
            return
        diff = self._diff
        chosen = len(self._context.state.selection)
        self._title.setText(f"Compare {len(diff.runs)} runs" + (f" of {count(chosen)}" if chosen > MOST_RUNS else ""))
        name = diff.runs[diff.baseline].name
        self._baseline.set(f"baseline: {plain(name, _LONGEST_NAME)}", "accent")
        self._baseline.setToolTip(tooltip(name))
        self._show_reasons(diff)
        shown = self._shown()
        self._fill(shown)
        total = sum(len(s.rows) for s in diff.sections)
        hidden = total - sum(len(s.rows) for s in shown.sections)
        self._same.setText(f"{count(hidden)} rows are the same in all runs and are hidden" if hidden else "")

    def _show_reasons(self, diff: RunDiff) -> None:
        while (item := self._reasons.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        reasons = headline(diff)
        for reason in reasons:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(9)
            row.addWidget(Dot(self._context.theme.color(_REASON_COLORS.get(reason.kind, "muted"))))
            kind = "" if reason.kind == "more" else f"{reason.kind}  "
            row.addWidget(PlainLabel(kind + reason.text), 1)
            self._reasons.addWidget(line)
        if not reasons:
            self._reasons.addWidget(
                PlainLabel("Nothing that was recorded differs but the metrics: look at seeds and unrecorded settings.")
            )

    def _fill(self, diff: RunDiff) -> None:
        table, theme = self.table, self._context.theme
        names = [run.name + ("  (baseline)" if i == diff.baseline else "") for i, run in enumerate(diff.runs)]
        table.set_header(["", *names])
        sections = [s for s in diff.sections if s.rows]
        table.start(sum(len(s.rows) + 1 for s in sections))
        self._metric_rows = []
        self._left = self._filling(sections)
        self._fill_on()
        for i, run in enumerate(diff.runs, 1):
            item = table.horizontalHeaderItem(i)
            style = self._context.state.style_of(run.key)
            if item is not None and style.picked:
                item.setForeground(theme.run_color(style.color_index))
        self._set_widths()

    def _filling(self, sections: Sequence[DiffSection]) -> Iterator[int]:
        """Puts one row after the other."""
        row = 0
        for section in sections:
            self.table.put_section(row, title_of(section), self._context.theme.color("muted"))
            row += 1
            for entry in section.rows:
                self._fill_row(row, section, entry)
                if section.id is SectionId.METRICS:
                    self._metric_rows.append((row, section, entry))
                row += 1
                yield row

    def _fill_on(self) -> None:
        # Thousands of params differ between runs of two projects: the window gets its turns meanwhile.
        if sum(1 for _ in itertools.islice(self._left, _AT_ONCE)) == _AT_ONCE:
            self._next.start()

    def _set_widths(self) -> None:
        self.table.setColumnWidth(0, 225)
        for column in range(1, self.table.columnCount()):
            self.table.setColumnWidth(column, _WIDTH_SURE if self._sure else _WIDTH)

    def _fill_row(self, row: int, section: DiffSection, entry: DiffRow) -> None:
        table, theme = self.table, self._context.theme
        figure = f" ({entry.figure})" if entry.figure and entry.figure != "last" else ""
        table.put(row, 0, entry.key, tip=f"{entry.key}{figure}")
        assert self._diff is not None
        metrics = section.id is SectionId.METRICS
        for column, (run, cell) in enumerate(zip(self._diff.runs, entry.cells, strict=True), 1):
            sure = self._sure.get((entry.key, run.key)) if metrics else None
            color = _VERDICT_COLORS.get(cell.verdict) if cell.verdict is not None else None
            text, tip = _text(section, cell), _tip(section, cell)
            if sure is not None:
                # What one run does says little beside what its configuration does.
                color = _STANDING_COLORS.get(sure.standing)
                text = f"{_without_arrow(text)}  · {verdict_text(sure)}"
                tip = f"{tip}\n\nWith all repetitions of both configurations:\n{explained(sure)}"
            table.put(
                row, column, text, font=fonts.mono(12), color=None if color is None else theme.color(color), tip=tip
            )

    # --- actions -----------------------------------------------------------------------------------------------

    def _remember_only(self, on: bool) -> None:
        self._context.state.undo.push(
            "Only differences", lambda: self.only.setChecked(not on), lambda: self.only.setChecked(on)
        )

    def _swap(self) -> None:
        if self._diff is None:
            return
        following = (self._diff.baseline + 1) % len(self._diff.runs)
        self._context.state.set_baseline(RunKey(self._diff.runs[following].key))

    def _copying(self, render: Callable[[RunDiff], str]) -> Callable[[], None]:
        def copy() -> None:
            QApplication.clipboard().setText(render(self._shown()))
            self._context.say.info("Copied the comparison")

        return copy


class _Head(QWidget):
    """Title, baseline and buttons on one line; where there is little room the buttons are their icons."""

    def __init__(self, title: QWidget, baseline: QWidget, buttons: Sequence[TextButton]) -> None:
        super().__init__()
        self._buttons, self._baseline = buttons, baseline
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        row.addWidget(title, 1)
        row.addWidget(baseline)
        for button in buttons:
            row.addWidget(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take another width."""
        super().resizeEvent(event)
        for button in self._buttons:
            button.set_compact(compact=event.size().width() < _ROOMY)
        # The table's header names it too.
        self._baseline.setVisible(event.size().width() >= _ROOMY // 2)


def _text(section: DiffSection, cell: DiffCell) -> str:
    if section.id is not SectionId.METRICS or cell.verdict is None:
        return cell.text
    return f"{cell.text}  {delta_text(cell)}".rstrip()


def _without_arrow(text: str) -> str:
    return text.rstrip(" ▲▼")


def _tip(section: DiffSection, cell: DiffCell) -> str:
    if section.id is not SectionId.METRICS or cell.missing:
        return cell.text
    return f"{cell.value!r}\nfrom {cell.origin}" if cell.origin else f"{cell.value!r}"
