"""The scatter panel: one field over another, with colour, size, marginal histograms and the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QCheckBox

from runfolio.analysis.kinds.planar import inside, pareto_front
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.colors import colors_of
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.kept import Part
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.scale import Scale, scattered
from runfolio.desktop.kinds.scatter_paint import MANY, paint_front, paint_margins, paint_points, paint_selected, raster
from runfolio.desktop.kinds.settings import AUTO, ScatterSettings
from runfolio.desktop.widgets import PlainLabel
from runfolio.export.kind_rows import Rows, scatter_rows
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.display import count, counted, plain
from runfolio.model.kinds import Flags, Variable
from runfolio.model.metrics import Floats, Ints
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

_NEAR = 12.0
_NAME = FieldRef(FieldKind.BUILTIN, "name")
_BETTER = {"": "no direction", "higher": "higher is better", "lower": "lower is better"}


@dataclass(frozen=True, slots=True, eq=False)
class ScatterData:
    """What is drawn.

    shown    which runs have a place on both axes.
    front    places of the runs on the Pareto front; () without one.
    x_place, y_place   0 to 1 along the axes.
    """

    x: Variable
    y: Variable
    color: Variable | None
    size: Variable | None
    names: tuple[str, ...]
    x_scale: Scale
    y_scale: Scale
    x_place: Floats
    y_place: Floats
    shown: Flags
    front: Ints


class ScatterPanel(KindPanel[ScatterSettings, ScatterData]):
    """Runs as points. Click, box and lasso select; arrows walk from point to point."""

    kind = "scatter"
    title = "Scatter"
    explained = "Each run is a point. Drag a box to select, hold Alt to draw a lasso."

    def add_controls(self) -> None:
        """Fields, and how they are drawn."""
        self._fields = {
            "x": self.controls.field("x", "X"),
            "y": self.controls.field("y", "Y"),
            "color": self.controls.field("color", "Colour", optional=True),
            "size": self.controls.field("size", "Size", optional=True),
        }
        self._log_x = self.controls.check("log_x", "Log X")
        self._log_y = self.controls.check("log_y", "Log Y")
        self._margins = self.controls.check("margins", "Margins", "Histograms of both fields beside the points")
        self._front = self.controls.check("front", "Pareto front", "Runs that no other run beats in both fields")
        self._better = {part: self.controls.choice(part, "", _BETTER) for part in ("x_better", "y_better")}
        for part, box in self._better.items():
            box.setAccessibleName(f"Scatter: which way {part[0]} is better")
        lasso = QCheckBox("Lasso")
        lasso.setObjectName("kind-lasso")
        lasso.setToolTip("Draw any shape to select; Alt does the same for once")
        lasso.toggled.connect(lambda on: setattr(self.canvas, "lasso", on))
        self.controls.add(lasso)
        self.canvas.encloses = True
        self._raster: tuple[tuple[object, ...], QImage] | None = None
        self._stamping: tuple[object, ...] | None = None
        self._at = -1

    def show_controls(self, offer: Offer, settings: ScatterSettings) -> None:
        """Let the controls show settings."""
        for part, combo in self._fields.items():
            combo.offer(offer.choose_numbers if part == "size" else offer.choose_all, getattr(settings, part))
        self._log_x.setChecked(settings.log_x)
        self._log_y.setChecked(settings.log_y)
        self._margins.setChecked(settings.margins)
        self._front.setChecked(settings.front)
        for part, box in self._better.items():
            box.setCurrentIndex(box.findData(_direction(settings, part[0])))
            pair = box.parentWidget()
            if pair is not None:
                pair.setVisible(settings.front)
                label = pair.findChild(PlainLabel)
                if label is not None:
                    label.setText(title_of(getattr(settings, part[0])))

    @staticmethod
    def fill(settings: ScatterSettings, offer: Offer) -> ScatterSettings:
        """The best metric over the param that varies most, where nothing was chosen."""
        x, y = settings.x, settings.y
        metrics = offer.best_metrics(3) if AUTO in (x, y) else []
        if y == AUTO:
            y = metrics[0].id if metrics else ""
        if x == AUTO:
            params = offer.varying_params(1, numbers=True)
            others = [*params, *(m for m in metrics if m.id != y)]
            x = others[0].id if others else FieldRef(FieldKind.BUILTIN, "started").id
        settings = replace(settings, x=x, y=y)
        # What a name tells is written down, so that a figure has the same front wherever it is drawn.
        return replace(settings, x_better=_direction(settings, "x"), y_better=_direction(settings, "y"))

    @staticmethod
    def compute(workspace: Workspace, settings: ScatterSettings, keys: Sequence[RunKey]) -> ScatterData:
        """Fields as places on the axes, and the front."""
        if not settings.x or not settings.y:
            raise LookupError("The runs in scope share no metric that varies. Choose a field for each axis.")
        wanted = [settings.x, settings.y, *filter(None, (settings.color, settings.size))]
        found = dict(zip(wanted, workspace.variables([FieldRef.from_id(id) for id in wanted], keys), strict=True))
        names = tuple(str(name or "") for name in workspace.column(_NAME, keys).values)
        x, y = found[settings.x], found[settings.y]
        shown = _placed(x, log=settings.log_x) & _placed(y, log=settings.log_y)
        if not shown.any():
            raise LookupError(
                f"No run in scope has both {title_of(settings.x)} and {title_of(settings.y)}. Choose other fields."
            )
        # Axes, colours and areas are those of what is drawn: a run without a place stretches none of them.
        x_scale, y_scale = Scale.of(_of(x, shown), log=settings.log_x), Scale.of(_of(y, shown), log=settings.log_y)
        x_place, y_place = scattered(x_scale.place(x.values), x_scale), scattered(y_scale.place(y.values), y_scale)
        front = np.empty(0, dtype=np.int64)
        ways = _direction(settings, "x"), _direction(settings, "y")
        if settings.front and all(ways):
            held = [np.where(shown, v.values, np.nan) for v in (x, y)]
            front = pareto_front(*held, x_higher=ways[0] == "higher", y_higher=ways[1] == "higher")
        color, size = (None if v is None else _of(v, shown) for v in map(found.get, (settings.color, settings.size)))
        return ScatterData(x, y, color, size, names, x_scale, y_scale, x_place, y_place, shown, front)

    def words_of(self, answer: ScatterData) -> str:
        """How many runs are shown, and who is not."""
        shown = int(answer.shown.sum())
        words = [f"{count(shown)} of {counted(len(answer.shown), 'run')}, every one drawn."]
        for name, variable, scale in (("x", answer.x, answer.x_scale), ("y", answer.y, answer.y_scale)):
            title = title_of(variable.field.id)
            if variable.missing:
                words.append(f"{count(variable.missing)} without a value of {title} not shown.")
            if variable.texts:
                words.append(f"{count(variable.texts)} of them have a text as {name}.")
            if variable.infinite:
                words.append(f"{count(variable.infinite)} with an infinite {title} not shown.")
            below = int((variable.values[variable.finite] <= 0).sum()) if scale.log and not scale.categories else 0
            if below:
                words.append(f"{count(below)} with {title} of 0 or less have no place on a logarithmic axis.")
        if answer.color is not None and (grey := int((answer.shown & np.isnan(answer.color.values)).sum())):
            words.append(f"{count(grey)} without a value of {title_of(answer.color.field.id)} are grey.")
        if answer.size is not None:
            words.append(f"Areas grow with {title_of(answer.size.field.id)}; runs without it are small.")
        if self.filled.front and not all(_direction(self.filled, axis) for axis in "xy"):
            words.append("Say which way is better on both axes to see the Pareto front.")
        elif self.filled.front:
            front = len(answer.front)
            words.append(f"{count(front)} {'run' if front == 1 else 'runs'} on the Pareto front.")
        # Where both axes show one field, what is said of it is said once.
        return " ".join(dict.fromkeys(words))

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        data = self.answer
        return self.title if data is None else f"{title_of(data.y.field.id)} over {title_of(data.x.field.id)}"

    def rows(self) -> Rows:
        """Name and fields of the runs that are drawn."""
        data = self.answer
        if data is None:
            return []
        fields = [(title_of(v.field.id), v) for v in (data.x, data.y, data.color, data.size) if v is not None]
        return scatter_rows(data.names, self.keys, fields, data.shown, data.front)

    # --- the artist --------------------------------------------------------------------------------------------

    def _axes(self, frame: QRectF) -> Axes:
        data = self.answer
        assert data is not None
        margin = 44.0 if self.filled.margins else 0.0
        legend = 22.0 if data.color is not None else 0.0
        inner = frame.adjusted(0, legend, -margin, 0)
        titles = (title_of(data.x.field.id), title_of(data.y.field.id))
        return Axes(inner, data.x_scale, data.y_scale, *titles, top=margin)

    def _pixels(self, axes: Axes) -> tuple[Floats, Floats]:
        data = self.answer
        assert data is not None
        area = axes.area
        x = area.left() + data.x_place * area.width()
        y = area.bottom() - data.y_place * area.height()
        return np.where(data.shown, x, np.nan), np.where(data.shown, y, np.nan)

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Axes, margins, points, the front, and the selected runs on top."""
        data, theme = self.answer, self._context.theme
        if data is None:
            return
        axes = self._axes(frame)
        axes.paint(painter, theme)
        x, y = self._pixels(axes)
        if self.filled.margins:
            paint_margins(painter, theme, axes, data.x.values[data.shown], data.y.values[data.shown])
        if int(data.shown.sum()) > MANY:
            self._paint_raster(painter, axes, data)
        for part in self.parts(frame):
            self.canvas.paint_kept(painter, frame, part)
        if data.color is not None:
            from runfolio.desktop.kinds.legend import paint_legend

            legend = QRectF(axes.area.left(), frame.top() + 2, axes.area.width(), 20)
            paint_legend(painter, theme, legend, title_of(data.color.field.id), data.color)
        paint_front(painter, theme, x[data.front], y[data.front])
        paint_selected(painter, theme, x, y, self.chosen_runs(), self._at)

    def parts(self, frame: QRectF) -> Sequence[Part]:
        """The points, where they are painted one by one."""
        data, theme = self.answer, self._context.theme
        if data is None or int(data.shown.sum()) > MANY:
            return ()
        x, y = self._pixels(self._axes(frame))
        margins = self.filled.margins
        return (Part("points", (data, margins), lambda p: paint_points(p, theme, x, y, data.color, data.size)),)

    def _paint_raster(self, painter: QPainter, axes: Axes, data: ScatterData) -> None:
        """The picture of all points: stamped off the GUI thread; the one before is stretched until it is there."""
        theme = self._context.theme
        ratio = painter.device().devicePixelRatioF()
        wanted = (data, axes.area.size().toTuple(), ratio, theme.name)

        def make() -> QImage:
            by = data.color
            tones = None if by is None else colors_of(by, Scale.of(by, pad=0.0), theme)
            return raster(data.x_place, data.y_place, tones, axes.area, ratio, theme)

        def arrived(image: QImage) -> None:
            self._raster = (wanted, image)
            self.canvas.update()

        if painter.device() is not self.canvas:
            painter.drawImage(axes.area, make())
            return
        if (self._raster is None or self._raster[0] != wanted) and self._stamping != wanted:
            self._stamping = wanted
            self._context.jobs.query(f"{self._slot}:raster", lambda _workspace: make(), arrived)
        if self._raster is not None and self._raster[0][0] is data:
            painter.drawImage(axes.area, self._raster[1])

    def leave(self) -> None:
        """Stamp no longer."""
        super().leave()
        self._context.jobs.forget(f"{self._slot}:raster")

    def taken(self) -> None:
        """Start the walk afresh."""
        self._at = -1

    def _nearest(self, at: QPointF) -> int | None:
        if self.answer is None:
            return None
        x, y = self._pixels(self._axes(QRectF(self.canvas.rect())))
        distance = np.hypot(x - at.x(), y - at.y())
        if not np.isfinite(distance).any():
            return None
        place = int(np.nanargmin(distance))
        return place if distance[place] <= _NEAR else None

    def words_at(self, at: QPointF) -> str:
        """Name and values of the run under the pointer."""
        place = self._nearest(at)
        return "" if place is None else self._words(place)

    def _words(self, place: int) -> str:
        data = self.answer
        assert data is not None
        lines = [plain(data.names[place], 80)]
        for variable in (data.x, data.y, data.color, data.size):
            if variable is not None:
                lines.append(f"{title_of(variable.field.id)}: {Scale.of(variable).text(float(variable.values[place]))}")
        return "\n".join(lines)

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the run under the pointer; beside all points nothing is selected any more."""
        place = self._nearest(at)
        if place is not None:
            self._at = place
            self.pick_one(place, add=add)
        elif not add:
            self._context.state.select(())

    def enclose(self, corners: Floats, *, add: bool) -> None:
        """Select the runs inside of the shape."""
        if self.answer is not None:
            self.pick(inside(*self._pixels(self._axes(QRectF(self.canvas.rect()))), corners), add=add)

    def key(self, event: QKeyEvent) -> bool:
        """Left and right walk through the points in order of x, Space toggles one, Enter selects it alone."""
        data = self.answer
        if data is None:
            return False
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            order = np.lexsort((data.y_place, data.x_place))
            order = order[data.shown[order]]
            here = np.flatnonzero(order == self._at)
            step = 1 if event.key() == Qt.Key.Key_Right else -1
            at = (int(here[0]) + step) if len(here) else (0 if step > 0 else len(order) - 1)
            self._at = int(order[at % len(order)])
            self._context.state.set_current(self.keys[self._at])
            self.canvas.setAccessibleDescription(self._words(self._at))
            self.canvas.update()
            return True
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at >= 0:
            self.pick_one(self._at, add=event.key() == Qt.Key.Key_Space)
            return True
        return False


def _placed(variable: Variable, *, log: bool) -> Flags:
    """Which runs have a place on the axis of a variable, however long it is; bool (runs,)."""
    scale = Scale.of(variable, log=log)
    found: Flags = np.isfinite(scale.place(variable.values))
    return found


def _of(variable: Variable, shown: Flags) -> Variable:
    """A variable without the values of runs that are not drawn."""
    return replace(variable, values=np.where(shown, variable.values, np.nan))


def _direction(settings: ScatterSettings, axis: str) -> str:
    """The way that was chosen, else the one that the metric's name tells; "" where neither is known."""
    chosen: str = getattr(settings, f"{axis}_better")
    id: str = getattr(settings, axis)
    if chosen or not id or id == AUTO:
        return chosen
    field = FieldRef.from_id(id)
    if field.kind is not FieldKind.METRIC:
        return ""
    return {Direction.HIGHER: "higher", Direction.LOWER: "lower"}.get(guess_direction(field.name), "")
