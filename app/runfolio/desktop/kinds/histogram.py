"""The histogram panel: one value of each run, or all values of a metric along the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPen, QPolygonF

from runfolio.analysis.kinds.histograms import MOST_SERIES, QUANTILES, Histogram, OverTime, histogram, over_time
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.colors import ramp
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.grid_paint import paint_scale
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.kinds.settings import AUTO, HistogramSettings
from runfolio.export.kind_rows import Rows, histogram_rows, over_time_rows
from runfolio.model.display import count, counted, number
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats, Ints
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

_LOOKS = {"now": "One value per run", "time": "Over the steps"}


@dataclass(frozen=True, slots=True, eq=False)
class HistogramData:
    """One of the two, and how many runs have the metric."""

    variable: Variable
    now: Histogram | None = None
    time: OverTime | None = None
    series: int = 0


class HistogramPanel(KindPanel[HistogramSettings, HistogramData]):
    """Bars that select their runs, or a map of steps and values with quantiles."""

    kind = "histogram"
    title = "Histogram"
    explained = "How a value is distributed over the runs in scope. Click a bar, or drag over several, to select runs."

    def add_controls(self) -> None:
        """Value and look."""
        self._value = self.controls.field("value", "Value")
        self._look = self.controls.choice("look", "As", _LOOKS)
        self._log = self.controls.check("log", "Log", "Logarithmic values; what is not above 0 is left out and said")
        self.canvas.encloses = True
        self._at = -1

    def show_controls(self, offer: Offer, settings: HistogramSettings) -> None:
        """Let the controls show settings."""
        self._value.offer(offer.choose_all, settings.value)
        self._look.setCurrentIndex(self._look.findData(settings.look))
        self._log.setChecked(settings.log)

    @staticmethod
    def fill(settings: HistogramSettings, offer: Offer) -> HistogramSettings:
        """The metric that says most."""
        if settings.value == AUTO:
            best = offer.best_metrics(1)
            settings = replace(settings, value=best[0].id if best else FieldRef(FieldKind.BUILTIN, "duration").id)
        return settings

    @staticmethod
    def compute(workspace: Workspace, settings: HistogramSettings, keys: Sequence[RunKey]) -> HistogramData:
        """Counts, or shares along the steps."""
        field = FieldRef.from_id(settings.value)
        (variable,) = workspace.variables([field], keys)
        if settings.look == "time":
            if field.kind is not FieldKind.METRIC:
                raise LookupError(f"{title_of(settings.value)} is no metric: it has no steps. Choose a metric.")
            series = [*workspace.series_for(keys[:MOST_SERIES], field.name).values()]
            try:
                return HistogramData(variable, time=over_time(series, log=settings.log), series=len(series))
            except ValueError:
                raise LookupError(f"No run in scope has a value of {field.name} that can be shown.") from None
        if variable.categories:
            of = np.where(variable.finite, np.nan_to_num(variable.values), -1).astype(np.int64)
            counts = np.bincount(of[of >= 0], minlength=len(variable.categories))
            edges = np.arange(len(counts) + 1).astype(np.float64) - 0.5
            return HistogramData(variable, now=Histogram(edges, counts.astype(np.int64), of))
        try:
            return HistogramData(variable, now=histogram(variable.values, log=settings.log))
        except ValueError:
            raise LookupError(f"No run in scope has a value of {title_of(settings.value)} that can be shown.") from None

    def words_of(self, answer: HistogramData) -> str:
        """How many runs, and who is not shown."""
        title, words = title_of(self.filled.value), []
        if answer.time is not None:
            words.append(
                f"{counted(answer.series, 'run')}; each counts once in a column of steps, with its last value there. "
                "Lines: median, quartiles, and 5 % and 95 %."
            )
            if answer.time.skipped:
                what = "not finite or not above 0" if self.filled.log else "NaN or infinite"
                words.append(f"{counted(answer.time.skipped, 'point')} that are {what} not shown.")
            if len(self.keys) > MOST_SERIES:
                words.append(
                    f"Only the first {count(MOST_SERIES)} of {counted(len(self.keys), 'run')} in scope are read."
                )
        elif answer.now is not None:
            words.append(f"{counted(int(answer.now.counts.sum()), 'run')} in {counted(len(answer.now.counts), 'bin')}.")
            if answer.variable.missing:
                words.append(f"{counted(answer.variable.missing, 'run')} without a value of {title} not shown.")
            if answer.variable.infinite:
                words.append(f"{count(answer.variable.infinite)} with an infinite one not shown.")
            finite = int(answer.variable.finite.sum())
            below = finite - int(answer.now.counts.sum())
            if below:
                words.append(f"{count(below)} with a value of 0 or less have no place on a logarithmic axis.")
        return " ".join(words)

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        if self.answer is None:
            return self.title
        return title_of(self.filled.value) + (" over the steps" if self.filled.look == "time" else "")

    def rows(self) -> Rows:
        """Counts of bins, or n and quantiles of columns."""
        answer = self.answer
        if answer is None:
            return []
        if answer.time is not None:
            return over_time_rows(answer.time)
        assert answer.now is not None
        return histogram_rows(answer.variable, answer.now)

    # --- the artist --------------------------------------------------------------------------------------------

    def _axes(self, frame: QRectF) -> Axes:
        data = self.answer
        assert data is not None
        title = title_of(data.variable.field.id)
        if data.time is not None:
            up = Scale(float(data.time.levels[0]), float(data.time.levels[-1]), self.filled.log)
            return Axes(frame, Scale(float(data.time.steps[0]), float(data.time.steps[-1])), up, "Step", title, top=24)
        now = data.now
        assert now is not None
        across = Scale.of(data.variable)
        if not data.variable.categories:
            ends = np.log10(now.edges[[0, -1]]) if self.filled.log else now.edges[[0, -1]]
            across = Scale(float(ends[0]), float(ends[1]), self.filled.log, kind=data.variable.kind)
        return Axes(frame, across, Scale(0.0, float(now.counts.max()) * 1.06), title, "Runs")

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Bars, or the map with its quantiles."""
        data, theme = self.answer, self._context.theme
        if data is None:
            return
        axes = self._axes(frame)
        axes.paint(painter, theme)
        if data.time is not None:
            self._paint_time(painter, axes, data.time)
            most = float(np.nanmax(data.time.share))
            room = QRectF(axes.area.left(), frame.top() + 4, axes.area.width(), 20)
            paint_scale(painter, theme, room, "Share of the runs", Scale(0.0, most))
        else:
            self._paint_bars(painter, axes, data)

    def _paint_bars(self, painter: QPainter, axes: Axes, data: HistogramData) -> None:
        theme, now = self._context.theme, data.now
        assert now is not None
        chosen = [place for place, _ in self.chosen_runs()]
        selected = np.bincount(now.of[chosen][now.of[chosen] >= 0], minlength=len(now.counts)).astype(np.int64)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, room in enumerate(self._rooms(axes, now, now.counts)):
            ground = theme.color("accent")
            ground.setAlphaF(0.75 if place == self._at else 0.45)
            painter.setBrush(ground)
            painter.drawRect(room)
        painter.setBrush(theme.color("accent"))
        for room in self._rooms(axes, now, selected):
            painter.drawRect(room)

    @staticmethod
    def _rooms(axes: Axes, now: Histogram, heights: Ints) -> list[QRectF]:
        across, up = axes.x.place(now.edges), axes.y.place(heights.astype(np.float64))
        found = []
        for left, right, high in zip(across[:-1].tolist(), across[1:].tolist(), up.tolist(), strict=True):
            slim = 0.12 * (right - left) if axes.x.categories else 0.0
            room = QRectF(axes.at(left + slim, high), axes.at(right - slim, 0.0))
            found.append(room.adjusted(0.5, 0, -0.5, 0) if room.width() > 3 else room)
        return found

    def _paint_time(self, painter: QPainter, axes: Axes, time: OverTime) -> None:
        theme = self._context.theme
        share = time.share[::-1]
        pixels = np.empty((*share.shape, 4), dtype=np.uint8)
        pixels[..., :3] = ramp(share / max(float(np.nanmax(time.share)), 1e-9), theme)
        # A single run in a cell is seen as well.
        pixels[..., 3] = np.where(np.nan_to_num(share) > 0, 235, 0)
        height, width = share.shape
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        painter.drawImage(axes.area, image)
        middle = axes.x.place((time.steps[:-1] + time.steps[1:]) / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for row, style in zip(time.quantiles, ("dot", "dash", "solid", "dash", "dot"), strict=True):
            pen = QPen(theme.color("text"), 2.0 if style == "solid" else 1.2)
            pen.setStyle({"dot": Qt.PenStyle.DotLine, "dash": Qt.PenStyle.DashLine}.get(style, Qt.PenStyle.SolidLine))
            up = axes.y.place(row)
            known = np.isfinite(up)
            points = [axes.at(a, b) for a, b in zip(middle[known].tolist(), up[known].tolist(), strict=True)]
            # On a ground of their own, or the lines would be lost on colours of every brightness.
            painter.setPen(QPen(theme.color("surface"), pen.widthF() + 2.4))
            painter.drawPolyline(QPolygonF(points))
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(points))
        if self._at >= 0:
            x = axes.at(float(middle[self._at]), 0).x()
            painter.setPen(QPen(theme.color("text"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QLineF(x, axes.area.top(), x, axes.area.bottom()))

    def taken(self) -> None:
        """Start the walk afresh."""
        self._at = -1

    def _bin_at(self, at: QPointF) -> int | None:
        data = self.answer
        if data is None:
            return None
        axes = self._axes(QRectF(self.canvas.rect()))
        edges = data.time.steps if data.time is not None else data.now.edges if data.now is not None else np.empty(0)
        if not axes.area.left() <= at.x() <= axes.area.right():
            return None
        across = axes.x.place(edges)
        place = (at.x() - axes.area.left()) / axes.area.width()
        return int(np.clip(np.searchsorted(across, place, side="right") - 1, 0, len(edges) - 2))

    def words_at(self, at: QPointF) -> str:
        """The bin or column there."""
        place = self._bin_at(at)
        return "" if place is None else self._words(place)

    def _words(self, place: int) -> str:
        data = self.answer
        assert data is not None
        if data.time is not None:
            low, high = (number(float(data.time.steps[place + k])) for k in (0, 1))
            lines = [f"Steps {low} to {high}: {counted(int(data.time.n[place]), 'run')}"]
            named = zip(QUANTILES, data.time.quantiles[:, place].tolist(), strict=True)
            return "\n".join([*lines, *(f"{q:.0%}: {number(v)}" for q, v in named if np.isfinite(v))])
        now = data.now
        assert now is not None
        runs = counted(int(now.counts[place]), "run")
        scale = Scale.of(data.variable)
        if data.variable.categories:
            return f"{scale.text(float(place))}: {runs}"
        return f"{scale.text(float(now.edges[place]))} to {scale.text(float(now.edges[place + 1]))}: {runs}"

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the runs of the bar there."""
        data, place = self.answer, self._bin_at(at)
        if data is not None and data.now is not None and place is not None:
            self._at = place
            self.pick(data.now.of == place, add=add)

    def enclose(self, corners: Floats, *, add: bool) -> None:
        """Select the runs of all bars that the shape touches from left to right."""
        data = self.answer
        if data is None or data.now is None:
            return
        ends = [self._bin_at(QPointF(float(x), 0.0)) for x in (corners[:, 0].min(), corners[:, 0].max())]
        low = 0 if ends[0] is None else ends[0]
        high = len(data.now.counts) - 1 if ends[1] is None else ends[1]
        self.pick((data.now.of >= low) & (data.now.of <= high), add=add)

    def key(self, event: QKeyEvent) -> bool:
        """Left and right walk through the bars or columns, Enter selects the runs of a bar."""
        data = self.answer
        if data is None:
            return False
        last = len(data.time.n if data.time is not None else data.now.counts if data.now is not None else ()) - 1
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._at = max(0, min(last, self._at + (1 if event.key() == Qt.Key.Key_Right else -1)))
            self.canvas.setAccessibleDescription(self._words(self._at))
            self.canvas.update()
            return True
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if entered and self._at >= 0 and data.now is not None:
            self.pick(data.now.of == self._at, add=event.key() == Qt.Key.Key_Space)
            return True
        return False
