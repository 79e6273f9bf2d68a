"""The plane panel: a metric over two fields as a heat map or contours, or how often each combination was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from runfolio.analysis.kinds.planar import inside
from runfolio.analysis.kinds.planes import Cells, Surface, cells, surface
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.grid_paint import paint_cells, paint_cursor, paint_scale, paint_surface
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.scale import Scale, scattered
from runfolio.desktop.kinds.scatter_paint import MANY, paint_selected
from runfolio.desktop.kinds.settings import AUTO, GridSettings
from runfolio.model.display import count, number
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

_LOOKS = {"heat": "Heat map", "contour": "Contours", "coverage": "Coverage"}
_TOP = 26.0


@dataclass(frozen=True, slots=True, eq=False)
class PlaneData:
    """What is drawn; `between` is None for a grid of cells, which has its categories as scales."""

    x: Variable
    y: Variable
    value: Variable
    table: Cells
    x_scale: Scale
    y_scale: Scale
    between: Surface | None


class GridPanel(KindPanel[GridSettings, PlaneData]):
    """Cells or a surface; a click selects the runs of a cell, a box those inside."""

    kind = "grid"
    title = "Two params"
    explained = (
        "A metric over two fields: means in cells, contours between the runs, or how many runs were tried where."
    )

    def add_controls(self) -> None:
        """Fields, and how they are drawn."""
        self._fields = {
            "x": self.controls.field("x", "X"),
            "y": self.controls.field("y", "Y"),
            "value": self.controls.field("value", "Value"),
        }
        self._look = self.controls.choice("look", "As", _LOOKS)
        self._log_x = self.controls.check("log_x", "Log X")
        self._log_y = self.controls.check("log_y", "Log Y")
        self.canvas.encloses = True
        self._at = (-1, -1)

    def show_controls(self, offer: Offer, settings: GridSettings) -> None:
        """Let the controls show settings."""
        for part, combo in self._fields.items():
            combo.offer(offer.choose_numbers if part == "value" else offer.choose_all, getattr(settings, part))
        self._look.setCurrentIndex(self._look.findData(settings.look))
        self._log_x.setChecked(settings.log_x)
        self._log_y.setChecked(settings.log_y)

    @staticmethod
    def fill(settings: GridSettings, offer: Offer) -> GridSettings:
        """The best metric over the two params that vary most."""
        if settings.value == AUTO:
            best = offer.best_metrics(1)
            settings = replace(settings, value=best[0].id if best else "")
        if AUTO in (settings.x, settings.y):
            params = [ref.id for ref in offer.varying_params(4) if ref.id not in (settings.x, settings.y)]
            x = params.pop(0) if settings.x == AUTO and params else settings.x.replace(AUTO, "")
            y = params.pop(0) if settings.y == AUTO and params else settings.y.replace(AUTO, "")
            settings = replace(settings, x=x, y=y)
        return settings

    @staticmethod
    def compute(workspace: Workspace, settings: GridSettings, keys: Sequence[RunKey]) -> PlaneData:
        """Cells, and the surface where one is wanted."""
        if not settings.x or not settings.y:
            raise LookupError("The runs in scope have fewer than two params that vary. Choose a field for each axis.")
        if not settings.value:
            raise LookupError("The runs in scope share no metric that varies. Choose a value.")
        wanted = [settings.x, settings.y, settings.value]
        x, y, value = workspace.variables([FieldRef.from_id(id) for id in wanted], keys)
        table = cells(x, y, value.values, log_x=settings.log_x, log_y=settings.log_y)
        if not table.n.sum() or (settings.look != "coverage" and not table.valued.sum()):
            raise LookupError("No run in scope has a value of all these fields. Choose others.")
        if settings.look == "contour":
            x_scale, y_scale = Scale.of(x, log=settings.log_x, pad=0.0), Scale.of(y, log=settings.log_y, pad=0.0)
            try:
                between = surface(x_scale.place(x.values), y_scale.place(y.values), value.values)
            except ValueError as reason:
                raise LookupError(str(reason)) from reason
            return PlaneData(x, y, value, table, x_scale, y_scale, between)
        x_scale, y_scale = (Scale(-0.5, len(names) - 0.5, categories=names) for names in (table.x_names, table.y_names))
        return PlaneData(x, y, value, table, x_scale, y_scale, None)

    def words_of(self, answer: PlaneData) -> str:
        """How full the plane is, and who is not in it."""
        table = answer.table
        runs, inside_it = len(table.x_of), int(table.n.sum())
        used, total = int((table.n > 0).sum()), table.n.size
        words = []
        if answer.between is not None:
            words.append("Linear between neighbouring runs (Delaunay); nothing is drawn outside of them.")
            if inside_it <= MANY:
                words.append("Dots are runs.")
            if answer.between.merged:
                words.append(f"{count(answer.between.merged)} runs share a place with others: their mean is drawn.")
        else:
            words.append(f"{count(used)} of {count(total)} combinations tried; {count(total - used)} cells are empty.")
        if self.filled.look == "heat":
            words.append("Cells: mean, and n below it.")
            valued = inside_it - int(table.valued.sum())
            if valued:
                words.append(f"{count(valued)} runs without a finite {title_of(self.filled.value)} not in the means.")
        if runs - inside_it:
            words.append(f"{count(runs - inside_it)} runs without a place on both axes not shown.")
        return " ".join(words)

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        if self.answer is None:
            return self.title
        axes = f"{title_of(self.filled.x)} and {title_of(self.filled.y)}"
        return f"Coverage of {axes}" if self.filled.look == "coverage" else f"{title_of(self.filled.value)} over {axes}"

    def rows(self) -> list[list[str]]:
        """A row for each cell."""
        answer = self.answer
        if answer is None:
            return []
        table = answer.table
        titles = [title_of(v.field.id) for v in (answer.x, answer.y)]
        found = [[*titles, "runs", f"mean {title_of(answer.value.field.id)}", "standard deviation"]]
        for row, y_name in enumerate(table.y_names):
            for column, x_name in enumerate(table.x_names):
                figures = (float(table.mean[row, column]), float(table.std[row, column]))
                texts = ["" if np.isnan(f) else repr(f) for f in figures]
                found.append([x_name, y_name, str(int(table.n[row, column])), *texts])
        return found

    # --- the artist --------------------------------------------------------------------------------------------

    def _axes(self, frame: QRectF) -> Axes:
        data = self.answer
        assert data is not None
        titles = (title_of(data.x.field.id), title_of(data.y.field.id))
        return Axes(frame, data.x_scale, data.y_scale, *titles, top=_TOP)

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Cells or surface, the scale of colours above, and the selected runs."""
        data, theme = self.answer, self._context.theme
        if data is None:
            return
        axes = self._axes(frame)
        table = data.table
        coverage = self.filled.look == "coverage"
        shown = np.where(table.n > 0, table.n.astype(np.float64), np.nan) if coverage else table.mean
        scale = Scale.over(data.between.value if data.between is not None else shown, pad=0.0)
        axes.paint(painter, theme)
        if data.between is not None:
            paint_surface(painter, theme, axes, data.between.value, scale)
            x, y = self._pixels(axes)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("text"))
            spots = np.stack([x, y], axis=1)[np.isfinite(x + y)]
            for a, b in spots.tolist() if len(spots) <= MANY else ():
                painter.drawEllipse(QPointF(a, b), 1.8, 1.8)
        else:
            paint_cells(painter, theme, axes, shown, table.n, scale, counts_only=coverage)
            if min(self._at) >= 0:
                paint_cursor(painter, theme, axes, self._at)
        title = "runs" if coverage else title_of(data.value.field.id)
        room = QRectF(axes.area.left(), frame.top() + 4, axes.area.width(), 20)
        paint_scale(painter, theme, room, title, scale)
        paint_selected(painter, theme, *self._pixels(axes), self.chosen_runs(), -1)

    def taken(self) -> None:
        """Start the walk afresh."""
        self._at = (-1, -1)

    def _pixels(self, axes: Axes) -> tuple[Floats, Floats]:
        data = self.answer
        assert data is not None
        if data.between is not None:
            x, y = data.x_scale.place(data.x.values), data.y_scale.place(data.y.values)
        else:
            of = [np.where(o >= 0, o, np.nan).astype(np.float64) for o in (data.table.x_of, data.table.y_of)]
            x, y = scattered(data.x_scale.place(of[0]), data.x_scale), data.y_scale.place(of[1])
            # Below the figures of a cell.
            y = y - 0.32 / len(data.table.y_names)
        return axes.area.left() + x * axes.area.width(), axes.area.bottom() - y * axes.area.height()

    def _cell_at(self, at: QPointF) -> tuple[int, int] | None:
        data = self.answer
        if data is None or data.between is not None:
            return None
        area = self._axes(QRectF(self.canvas.rect())).area
        if not area.contains(at):
            return None
        rows, columns = data.table.n.shape
        column = min(columns - 1, int((at.x() - area.left()) / area.width() * columns))
        return min(rows - 1, int((area.bottom() - at.y()) / area.height() * rows)), column

    def words_at(self, at: QPointF) -> str:
        """What a cell holds, or the nearest run of a surface."""
        cell = self._cell_at(at)
        if cell is not None:
            return self._words(*cell)
        run = self._run_at(at)
        data = self.answer
        if run is None or data is None:
            return ""
        value = number(float(data.value.values[run]))
        return f"{self._context.state.name_of(self.keys[run])}\n{title_of(data.value.field.id)}: {value}"

    def _run_at(self, at: QPointF) -> int | None:
        if self.answer is None:
            return None
        x, y = self._pixels(self._axes(QRectF(self.canvas.rect())))
        far = np.hypot(x - at.x(), y - at.y())
        place = int(np.nan_to_num(far, nan=1e9).argmin())
        return place if far[place] <= 10 else None

    def _words(self, row: int, column: int) -> str:
        data = self.answer
        assert data is not None
        table = data.table
        lines = [
            f"{title_of(data.x.field.id)}: {table.x_names[column]}",
            f"{title_of(data.y.field.id)}: {table.y_names[row]}",
            f"n = {count(int(table.n[row, column]))}",
        ]
        if table.valued[row, column]:
            spread = f" ± {number(float(table.std[row, column]), 3)}" if table.valued[row, column] > 1 else ""
            lines.append(f"{title_of(data.value.field.id)}: {number(float(table.mean[row, column]))}{spread}")
        return "\n".join(lines)

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the runs of the cell, or the run there."""
        cell, run = self._cell_at(at), self._run_at(at)
        if cell is not None:
            self._pick_cell(cell, add=add)
        elif run is not None:
            self.pick_one(run, add=add)

    def _pick_cell(self, cell: tuple[int, int], *, add: bool) -> None:
        data = self.answer
        if data is not None:
            self._at = cell
            self.pick((data.table.y_of == cell[0]) & (data.table.x_of == cell[1]), add=add)

    def enclose(self, corners: Floats, *, add: bool) -> None:
        """Select the runs inside of the shape."""
        if self.answer is not None:
            self.pick(inside(*self._pixels(self._axes(QRectF(self.canvas.rect()))), corners), add=add)

    def key(self, event: QKeyEvent) -> bool:
        """Arrows walk from cell to cell, Enter selects the runs of one."""
        data = self.answer
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (1, 0),
            Qt.Key.Key_Down: (-1, 0),
        }
        pressed = Qt.Key(event.key())
        if data is None or data.between is not None:
            return False
        if pressed in moves:
            rows, columns = data.table.n.shape
            down, right = moves[pressed]
            row, column = self._at if min(self._at) >= 0 else (-down, -right)
            self._at = (max(0, min(rows - 1, row + down)), max(0, min(columns - 1, column + right)))
            self.canvas.setAccessibleDescription(self._words(*self._at))
            self.canvas.update()
            return True
        if pressed in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and min(self._at) >= 0:
            self._pick_cell(self._at, add=pressed == Qt.Key.Key_Space)
            return True
        return False
