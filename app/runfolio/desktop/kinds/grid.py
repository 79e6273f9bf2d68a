"""The plane panel: a metric over two fields as a heat map or contours, or how often each combination was tried.

A third field makes a grid of cells for each of its values, beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from runfolio.analysis.kinds.planar import inside
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.grid_data import PlaneData, plane_data
from runfolio.desktop.kinds.grid_paint import paint_cells, paint_cursor, paint_scale, paint_surface
from runfolio.desktop.kinds.grid_panes import cell_at, paint_heads, panes
from runfolio.desktop.kinds.kept import Part
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.scale import Scale, scattered
from runfolio.desktop.kinds.scatter_paint import MANY, paint_selected
from runfolio.desktop.kinds.settings import AUTO, GridSettings
from runfolio.export.kind_rows import Rows, cell_rows
from runfolio.model.display import count, counted, number, plain
from runfolio.model.metrics import Floats
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

_LOOKS = {"heat": "Heat map", "contour": "Contours", "coverage": "Coverage"}
_TOP = 26.0
Cell = tuple[int, int, int]
_STEP = 200
_NO_CELL: Cell = (-1, -1, -1)


class GridPanel(KindPanel[GridSettings, PlaneData]):
    """Cells or a surface; a click selects the runs of a cell, a box those inside."""

    kind = "grid"
    title = "Two params"
    explained = (
        "A metric over two fields: means in cells, contours between the runs, or how many runs were tried where. "
        "A third field makes a map for each of its values."
    )

    def add_controls(self) -> None:
        """Fields, and how they are drawn."""
        self._fields = {
            "x": self.controls.field("x", "X"),
            "y": self.controls.field("y", "Y"),
            "value": self.controls.field("value", "Value"),
            "z": self.controls.field("z", "For each", optional=True),
        }
        self._look = self.controls.choice("look", "As", _LOOKS)
        self._log_x = self.controls.check("log_x", "Log X")
        self._log_y = self.controls.check("log_y", "Log Y")
        self.canvas.encloses = True
        self._at = _NO_CELL

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
        return plane_data(workspace, settings, keys)

    def words_of(self, answer: PlaneData) -> str:
        """How full the plane is, and who is not in it."""
        runs = len(answer.x.values)
        inside_it = sum(int(table.n.sum()) for table in answer.tables)
        used = sum(int((table.n > 0).sum()) for table in answer.tables)
        total = sum(table.n.size for table in answer.tables)
        words = []
        if answer.between is not None:
            words.append("Linear between neighbouring runs (Delaunay); nothing is drawn outside of them.")
            if inside_it <= MANY:
                words.append("Dots are runs.")
            if answer.between.merged:
                words.append(f"{count(answer.between.merged)} runs share a place with others: their mean is drawn.")
            if self.filled.z:
                words.append("Contours are of all runs together; choose the heat map to see a third field.")
        else:
            words.append(f"{count(used)} of {count(total)} combinations tried; {count(total - used)} cells are empty.")
        if self.filled.look == "heat":
            words.append("Cells: mean, and n below it.")
            left = inside_it - sum(int(table.valued.sum()) for table in answer.tables)
            if left:
                words.append(f"{counted(left, 'run')} without a finite {title_of(self.filled.value)} not in the means.")
        gone = answer.by.beyond + answer.by.unplaced if answer.by is not None else 0
        if answer.by is not None and answer.by.beyond:
            words.append(f"The {len(answer.tables)} values with most runs; {counted(answer.by.beyond, 'run')} more.")
        if answer.by is not None and answer.by.unplaced:
            words.append(f"{counted(answer.by.unplaced, 'run')} without {title_of(self.filled.z)} not shown.")
        if runs - inside_it - gone:
            words.append(f"{counted(runs - inside_it - gone, 'run')} without a place on both axes not shown.")
        return " ".join(words)

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        if self.answer is None:
            return self.title
        axes = f"{title_of(self.filled.x)} and {title_of(self.filled.y)}"
        if self.answer.of is not None:
            axes = f"{axes} for each {title_of(self.filled.z)}"
        return f"Coverage of {axes}" if self.filled.look == "coverage" else f"{title_of(self.filled.value)} over {axes}"

    def rows(self) -> Rows:
        """A row for each cell."""
        answer = self.answer
        if answer is None:
            return []
        fields = [answer.x, answer.y, *([answer.of] if answer.of is not None else [])]
        names = answer.by.names if answer.by is not None else ("",)
        titles = [title_of(field.field.id) for field in fields]
        return cell_rows(titles, title_of(answer.value.field.id), [*zip(names, answer.tables, strict=True)])

    # --- the artist --------------------------------------------------------------------------------------------

    def _panes(self, frame: QRectF) -> tuple[Axes, ...]:
        data = self.answer
        assert data is not None
        titles = (title_of(data.x.field.id), title_of(data.y.field.id))
        return panes(frame, len(data.tables), data.x_scale, data.y_scale, titles, top=_TOP)

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Cells or surface, the scale of colours above, and the selected runs."""
        data, theme = self.answer, self._context.theme
        if data is None:
            return
        axes = self._panes(frame)
        for one in axes:
            one.paint(painter, theme)
        coverage, scale = self.filled.look == "coverage", self._scale(data)
        for part in self.parts(frame):
            self.canvas.paint_kept(painter, frame, part)
        if data.between is None and min(self._at) >= 0:
            paint_cursor(painter, theme, axes[self._at[0]], self._at[1:])
        if data.by is not None:
            title = title_of(self.filled.z)
            paint_heads(painter, theme, axes, tuple(f"{title} = {plain(name, 40)}" for name in data.by.names))
        title = "runs" if coverage else title_of(data.value.field.id)
        room = QRectF(axes[0].area.left(), frame.top() + 4, frame.right() - axes[0].area.left() - 14, 20)
        paint_scale(painter, theme, room, title, scale)
        chosen = self.chosen_runs()
        for x, y in self._pixels(axes):
            paint_selected(painter, theme, x, y, chosen, -1)

    def _shown(self, data: PlaneData) -> list[Floats]:
        coverage = self.filled.look == "coverage"
        return [np.where(t.n > 0, t.n.astype(np.float64), np.nan) if coverage else t.mean for t in data.tables]

    def _scale(self, data: PlaneData) -> Scale:
        """What the colours stand for."""
        return Scale.over(data.between.value if data.between is not None else np.stack(self._shown(data)), pad=0.0)

    def parts(self, frame: QRectF) -> Sequence[Part]:
        """Cells or surface."""
        data, theme, coverage = self.answer, self._context.theme, self.filled.look == "coverage"
        if data is None:
            return ()
        axes, scale, shown = self._panes(frame), self._scale(data), self._shown(data)

        def cells(painter: QPainter) -> Iterator[None]:
            for one, table, values in zip(axes, data.tables, shown, strict=True):
                yield from paint_cells(painter, theme, one, values, table.n, scale, counts_only=coverage)

        def between(painter: QPainter) -> Iterator[None]:
            yield
            assert data.between is not None
            paint_surface(painter, theme, axes[0], data.between.value, scale)
            x, y = self._pixels(axes)[0]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("text"))
            spots = np.stack([x, y], axis=1)[np.isfinite(x + y)]
            for place, (a, b) in enumerate(spots.tolist() if len(spots) <= MANY else ()):
                if place % _STEP == 0:
                    yield
                painter.drawEllipse(QPointF(a, b), 1.8, 1.8)

        return (Part("plane", (data, coverage), cells if data.between is None else between),)

    def taken(self) -> None:
        """Start the walk afresh."""
        self._at = _NO_CELL

    def _pixels(self, axes: tuple[Axes, ...]) -> list[tuple[Floats, Floats]]:
        """Where each run lies in each grid; NaN where it does not."""
        data = self.answer
        assert data is not None
        found = []
        for one, table in zip(axes, data.tables, strict=True):
            if data.between is not None:
                x, y = data.x_scale.place(data.x.values), data.y_scale.place(data.y.values)
            else:
                on = (table.x_of >= 0) & (table.y_of >= 0)
                of = [np.where(on, o, np.nan).astype(np.float64) for o in (table.x_of, table.y_of)]
                x, y = scattered(data.x_scale.place(of[0]), data.x_scale), data.y_scale.place(of[1])
                # Below the figures of a cell.
                y = y - 0.32 / len(table.y_names)
            found.append((one.area.left() + x * one.area.width(), one.area.bottom() - y * one.area.height()))
        return found

    def _here(self) -> list[tuple[Floats, Floats]]:
        return self._pixels(self._panes(QRectF(self.canvas.rect())))

    def _cell_at(self, at: QPointF) -> Cell | None:
        if self.answer is None or self.answer.between is not None:
            return None
        return cell_at(self._panes(QRectF(self.canvas.rect())), at)

    def words_at(self, at: QPointF) -> str:
        """What a cell holds, or the nearest run of a surface."""
        cell = self._cell_at(at)
        if cell is not None:
            return self._words(cell)
        run = self._run_at(at)
        data = self.answer
        if run is None or data is None:
            return ""
        value = number(float(data.value.values[run]))
        return f"{self._context.state.name_of(self.keys[run])}\n{title_of(data.value.field.id)}: {value}"

    def _run_at(self, at: QPointF) -> int | None:
        if self.answer is None:
            return None
        x, y = self._here()[0]
        far = np.hypot(x - at.x(), y - at.y())
        place = int(np.nan_to_num(far, nan=1e9).argmin())
        return place if far[place] <= 10 else None

    def _words(self, cell: Cell) -> str:
        data = self.answer
        assert data is not None
        grid, row, column = cell
        table = data.tables[grid]
        lines = [
            f"{title_of(data.x.field.id)}: {table.x_names[column]}",
            f"{title_of(data.y.field.id)}: {table.y_names[row]}",
        ]
        if data.by is not None:
            lines.append(f"{title_of(self.filled.z)}: {plain(data.by.names[grid], 60)}")
        lines.append(f"n = {count(int(table.n[row, column]))}")
        if table.valued[row, column]:
            spread = f" ± {number(float(table.std[row, column]), 3)}" if table.valued[row, column] > 1 else ""
            lines.append(f"{title_of(data.value.field.id)}: {number(float(table.mean[row, column]))}{spread}")
        return "\n".join(lines)

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the runs of the cell, or the run there."""
        cell = self._cell_at(at)
        run = self._run_at(at) if cell is None else None
        if cell is not None:
            self._pick_cell(cell, add=add)
        elif run is not None:
            self.pick_one(run, add=add)

    def _pick_cell(self, cell: Cell, *, add: bool) -> None:
        data = self.answer
        if data is not None:
            self._at = cell
            table = data.tables[cell[0]]
            self.pick((table.y_of == cell[1]) & (table.x_of == cell[2]), add=add)

    def enclose(self, corners: Floats, *, add: bool) -> None:
        """Select the runs inside of the shape."""
        if self.answer is not None:
            self.pick(np.logical_or.reduce([inside(x, y, corners) for x, y in self._here()]), add=add)

    def key(self, event: QKeyEvent) -> bool:
        """Arrows walk from cell to cell, Page Up and Down from grid to grid, Enter selects the runs of one."""
        data = self.answer
        moves = {
            Qt.Key.Key_Left: (0, 0, -1),
            Qt.Key.Key_Right: (0, 0, 1),
            Qt.Key.Key_Up: (0, 1, 0),
            Qt.Key.Key_Down: (0, -1, 0),
            Qt.Key.Key_PageUp: (-1, 0, 0),
            Qt.Key.Key_PageDown: (1, 0, 0),
        }
        pressed = Qt.Key(event.key())
        if data is None or data.between is not None:
            return False
        if pressed in moves:
            ends = (len(data.tables), *data.shape)
            move = moves[pressed] if min(self._at) >= 0 else (0, 0, 0)
            start = self._at if min(self._at) >= 0 else (0, 0, 0)
            grid, row, column = (max(0, min(n - 1, a + by)) for a, by, n in zip(start, move, ends, strict=True))
            self._at = (grid, row, column)
            self.canvas.setAccessibleDescription(self._words(self._at))
            self.canvas.update()
            return True
        if pressed in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and min(self._at) >= 0:
            self._pick_cell(self._at, add=pressed == Qt.Key.Key_Space)
            return True
        return False
