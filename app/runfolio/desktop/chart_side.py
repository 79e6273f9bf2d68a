"""The right side of the Charts workspace: what is under the cursor, and which metrics have a panel."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.legend import Legend
from runfolio.desktop.plot import LinePanel
from runfolio.desktop.plot_reading import Reading
from runfolio.desktop.readout import ReadOut
from runfolio.desktop.widgets import SectionTitle, TextButton
from runfolio.model.display import count, plain

_WIDTH, _LEAST_WIDTH, _PART = 250, 180, 0.28
MOST_AT_ONCE = 300
"""Panels that are added by one click, or by Enter."""
_MARGIN, _RIGHT = 14, 12
_OTHERS = 440
"""Pixels that title, legend and list of panels take beside the read-out."""


class ChartSide(QWidget):
    """`chosen` tells that a metric was ticked or unticked; `all_chosen` that all that match are wanted, `all_dropped`
    that none of them is."""

    chosen = Signal(str, bool)
    all_chosen = Signal(list)
    all_dropped = Signal(list)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.fit(self.width())
        self.title = SectionTitle("Read-out")
        self.title.setObjectName("read-out-title")
        self.read_out = ReadOut(context.theme, context.state)
        self.legend = Legend(context)
        self.search = QLineEdit()
        self.search.setObjectName("panel-search")
        self.search.setPlaceholderText("glob, e.g. val/*")
        self.search.setAccessibleName("Search panels")
        self.search.setToolTip("Enter shows a panel for every metric that matches")
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(lambda: self.all_chosen.emit(self._in_sight()))
        self._show_all = TextButton("", context.theme, kind="link", tip="A panel for every metric in the list below")
        self._show_all.setObjectName("panels-show")
        self._show_all.clicked.connect(lambda: self.all_chosen.emit(self._in_sight()))
        self._hide_all = TextButton("", context.theme, kind="link", tip="No panel for any metric in the list below")
        self._hide_all.setObjectName("panels-hide")
        self._hide_all.clicked.connect(lambda: self.all_dropped.emit(self._in_sight()))
        for button in (self._show_all, self._hide_all):
            # A click that hides the one would hand the keys to the other.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._listed: list[str] = []
        self._ticked: set[str] = set()
        self.listing = QListWidget()
        self.listing.setProperty("surface", "panel")
        self.listing.setSpacing(2)
        self.listing.setObjectName("panel-list")
        self.listing.setAccessibleName("Metrics to chart")
        self.listing.itemChanged.connect(self._on_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 14, _RIGHT, 12)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.read_out)
        column.addSpacing(10)
        column.addWidget(SectionTitle("Runs"))
        column.addWidget(self.legend)
        column.addSpacing(10)
        column.addWidget(SectionTitle("Panels"))
        column.addWidget(self.search)
        both = QHBoxLayout()
        both.addWidget(self._show_all)
        both.addWidget(self._hide_all)
        both.addStretch()
        column.addLayout(both)
        column.addWidget(self.listing, 1)

    def fit(self, width: int) -> None:
        """Take no more than a part of the workspace's width."""
        self.setFixedWidth(max(_LEAST_WIDTH, min(_WIDTH, round(width * _PART))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer lines of the read-out."""
        super().resizeEvent(event)
        self.read_out.fit(self.height() - _OTHERS)

    # --- read-out ----------------------------------------------------------------------------------------------

    def show_panel(self, panel: LinePanel | None, at: float | None, missing: Sequence[Reading] = ()) -> None:
        """Read out a panel at the cursor, the last values without one; `missing` are runs without the metric."""
        if panel is None:
            self.title.setText("READ-OUT")
            self.read_out.show_readings(())
            return
        ends = [bounds[1] for curve in panel.curves if (bounds := curve.series.x_bounds) is not None]
        readings = panel.readings(at if at is not None else max(ends, default=math.inf))
        where = panel.x_text(at) if at is not None else "last"
        self.title.setText(self._fitting(plain(panel.title), where))
        ordered = sorted([*readings, *missing], key=_rank, reverse=True)
        self.read_out.show_readings(ordered, at, "step" if panel.counts_steps else "time")

    def _fitting(self, name: str, where: str) -> str:
        """What is read out, and where: as much of it as the width holds, the place in any case."""
        room, metrics = self.width() - _MARGIN - _RIGHT, self.title.fontMetrics()
        whole = f"READ-OUT · {name} · {where}"
        if metrics.horizontalAdvance(whole) <= room:
            return whole
        left = room - metrics.horizontalAdvance(f" · {where}")
        return f"{metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, left)} · {where}"

    # --- metrics -----------------------------------------------------------------------------------------------

    def show_metrics(self, metrics: Sequence[str], ticked: Sequence[str]) -> None:
        """List these metrics, those with a panel ticked."""
        wanted = set(ticked)
        self.listing.blockSignals(True)
        anew = [*metrics] != self._listed
        if anew:
            self._listed = [*metrics]
            self.listing.clear()
            self.listing.addItems([plain(metric) for metric in metrics])
        for row, metric in enumerate(metrics):
            # Of thousands of metrics few have a panel more or less than before.
            if anew or (metric in wanted) is not (metric in self._ticked):
                ticks = Qt.CheckState.Checked if metric in wanted else Qt.CheckState.Unchecked
                self.listing.item(row).setCheckState(ticks)
        self._ticked = wanted
        self.listing.blockSignals(False)
        if anew:
            self._filter(self.search.text())
        else:
            self._count()

    def _filter(self, text: str) -> None:
        wanted = text.strip().lower()
        pattern = wanted if any(c in wanted for c in "*?[") else f"*{wanted}*"
        for row, metric in enumerate(self._listed):
            matches = not wanted or fnmatch.fnmatchcase(metric.lower(), pattern)
            self.listing.setRowHidden(row, not matches)
        self._count()

    def _count(self) -> None:
        """Say how many panels would come, and how many would go."""
        in_sight = self._in_sight()
        shown = sum(metric in self._ticked for metric in in_sight)
        missing = len(in_sight) - shown
        of_all = f" of {count(missing)}" if missing > MOST_AT_ONCE else ""
        self._show_all.set_text(f"Show {count(min(missing, MOST_AT_ONCE))}{of_all}")
        self._show_all.setVisible(missing > 0)
        self._hide_all.set_text(f"Hide {count(shown)}")
        self._hide_all.setVisible(shown > 0)

    def _in_sight(self) -> list[str]:
        return [metric for row, metric in enumerate(self._listed) if not self.listing.isRowHidden(row)]

    def _on_changed(self, item: QListWidgetItem) -> None:
        metric, ticked = self._listed[self.listing.row(item)], item.checkState() is Qt.CheckState.Checked
        self._ticked = self._ticked | {metric} if ticked else self._ticked - {metric}
        self._count()
        self.chosen.emit(metric, ticked)


def _rank(reading: Reading) -> tuple[int, float]:
    """Largest first as they lie in the chart, then NaN, then runs that have nothing there."""
    if reading.value is None:
        return (0, 0.0)
    return (1, 0.0) if math.isnan(reading.value) else (2, reading.value)
