"""The parallel coordinates panel: an axis for each param and metric, a line for each run, brushes that select."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QMenu

from runfolio.analysis.kinds.lines import line_density, nearest_line
from runfolio.desktop.kinds import parallel_paint as look
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.kept import Part, Same
from runfolio.desktop.kinds.legend import paint_legend
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.parallel_data import ParallelData, parallel_data
from runfolio.desktop.kinds.settings import AUTO, ParallelSettings
from runfolio.desktop.widgets import TextButton
from runfolio.export.kind_rows import Rows, field_rows
from runfolio.model.display import count, counted, plain
from runfolio.model.kinds import Flags
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

MANY = 600
"""Runs from which a raster is drawn: an antialiased line over eight axes takes Qt some 50 microseconds."""
_FIRST_PARAMS, _FIRST_METRICS = 6, 2
_NEAR = 9.0
_STEP = 0.05
_LINES = 300


class ParallelPanel(KindPanel[ParallelSettings, ParallelData]):
    """Drag along an axis to brush; drag its title to another place; click a line to select its run."""

    kind = "parallel"
    title = "Parallel coordinates"
    explained = (
        "Each run is a line over all axes. Drag along an axis to select the runs in a range, several axes together; "
        "drag a title to move its axis."
    )

    def add_controls(self) -> None:
        """What to add, what to take away, and the colour."""
        self._more = self.controls.field("more", "Add axis", optional=True)
        self._more.chosen.disconnect()
        self._more.chosen.connect(self._add)
        self._color = self.controls.field("color", "Colour", optional=True)
        self._menu = QMenu(self)
        self._menu.setObjectName("kind-axes-menu")
        self._menu.aboutToShow.connect(self._fill_menu)
        button = TextButton(
            "Axes", self._context.theme, icon="columns-3", tip="Take axes away, or make them logarithmic"
        )
        button.setObjectName("kind-axes")
        button.setMenu(self._menu)
        self.controls.add(button)
        self.brushes: dict[str, tuple[float, float]] = {}
        """Ranges by field id, in places on its axis."""
        self._held: tuple[str, int, float] | None = None
        self._moved = 0.0
        self._at = 0

    def show_controls(self, offer: Offer, settings: ParallelSettings) -> None:
        """Let the controls show settings."""
        self._more.offer(offer.choose_all, "")
        self._color.offer(offer.choose_all, settings.color)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for id in self.filled.axes:
            action = self._menu.addAction(title_of(id).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(True)
            action.triggered.connect(lambda _on=False, id=id: self._take_away(id))
        self._menu.addSection("Logarithmic")
        for variable in self.answer.axes if self.answer is not None else ():
            if not variable.categories:
                id = variable.field.id
                action = self._menu.addAction(f"{title_of(id)} logarithmic".replace("&", "&&"))
                action.setCheckable(True)
                action.setChecked(id in self.filled.log)
                action.triggered.connect(lambda on=False, id=id: self._set_log(id, on=on))

    def _add(self, id: str) -> None:
        if id and id not in self.filled.axes:
            self.choose("Add axis", axes=(*self.filled.axes, id))
        else:
            self._more.offer(self._offer.choose_all, "")

    def _take_away(self, id: str) -> None:
        self.brushes.pop(id, None)
        if len(self.filled.axes) > 2:
            self.choose("Remove axis", axes=tuple(axis for axis in self.filled.axes if axis != id))

    def _set_log(self, id: str, *, on: bool) -> None:
        rest = tuple(axis for axis in self.settings.log if axis != id)
        self.brushes.pop(id, None)
        self.choose("Axis scale", log=(*rest, id) if on else rest)

    @staticmethod
    def fill(settings: ParallelSettings, offer: Offer) -> ParallelSettings:
        """The params that vary, then the metrics that say most; coloured by the last axis."""
        axes = settings.axes
        if AUTO in axes:
            fields = [*offer.varying_params(_FIRST_PARAMS), *reversed(offer.best_metrics(_FIRST_METRICS))]
            axes = tuple(field.id for field in fields)
        color = axes[-1] if settings.color == AUTO and axes else settings.color.replace(AUTO, "")
        return replace(settings, axes=axes, color=color)

    @staticmethod
    def compute(workspace: Workspace, settings: ParallelSettings, keys: Sequence[RunKey]) -> ParallelData:
        """Where each run crosses each axis."""
        return parallel_data(workspace, settings, keys, MANY)

    def words_of(self, answer: ParallelData) -> str:
        """How many runs, how they are drawn, and who has gaps."""
        runs = answer.crossed.shape[1]
        gaps = int((answer.crossed < 0).any(axis=0).sum())
        words = [f"{counted(runs, 'run')}, every one drawn{' as density' if answer.density else ''}."]
        if gaps:
            words.append(f"{count(gaps)} lack a value that an axis can place and cross it below its foot, at “none”.")
        if answer.density and answer.color is not None and answer.color.categories:
            words.append("So many runs are coloured by numbers only.")
        if self.brushes:
            words.append(f"{count(int(self.brushed.sum()))} runs lie in all brushed ranges.")
        return " ".join(words)

    def rows(self) -> Rows:
        """Name and values of the runs."""
        data = self.answer
        if data is None:
            return []
        fields = [(title_of(v.field.id), v) for v in data.axes]
        return field_rows(data.names, self.keys, fields, np.ones(len(self.keys), dtype=bool))

    # --- brushes -----------------------------------------------------------------------------------------------

    @property
    def brushed(self) -> Flags:
        """Which runs lie in all brushed ranges; all of them without a brush."""
        data = self.answer
        assert data is not None
        inside = np.ones(data.crossed.shape[1], dtype=bool)
        for place, variable in enumerate(data.axes):
            if variable.field.id in self.brushes:
                low, high = self.brushes[variable.field.id]
                inside &= (data.crossed[place] >= low) & (data.crossed[place] <= high)
        return inside

    def brush(self, id: str, span: tuple[float, float] | None) -> None:
        """Select the runs in a range of an axis (places from 0 to 1), beside the other ranges; None takes it away."""
        if span is None:
            self.brushes.pop(id, None)
        else:
            self.brushes[id] = span
        if self.answer is None:
            return
        self.pick(self.brushed if self.brushes else [], add=False)
        self.reread(self.answer)

    def taken(self) -> None:
        """Brushes on axes that are gone are gone too."""
        self.brushes = {id: span for id, span in self.brushes.items() if id in self.filled.axes}
        self._at = min(self._at, len(self.filled.axes) - 1)

    # --- the artist --------------------------------------------------------------------------------------------

    def _frame(self, frame: QRectF) -> look.Frame:
        data = self.answer
        assert data is not None
        return look.Frame(frame, len(data.axes))

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Lines, then axes, brushes and the selected runs."""
        data, theme = self.answer, self._context.theme
        if data is None:
            return
        place = self._frame(frame)
        faint = 0.25 if self.brushes else 1.0
        lines, chosen = self.parts(frame)
        self.canvas.paint_kept(painter, frame, lines, faint)
        self.canvas.paint_kept(painter, frame, chosen)
        moved = (self._held[1], self._moved) if self._held is not None and self._held[0] == "title" else None
        titles = [title_of(v.field.id) for v in data.axes]
        spans = [self.brushes.get(v.field.id) for v in data.axes]
        none = [bool((row < 0).any()) for row in data.crossed]
        look.paint_axes(painter, theme, place, data.scales, titles, spans, none, moved)
        if self.canvas.hasFocus() and painter.device() is self.canvas:
            look.paint_focus(painter, theme, place, self._at)
        if data.color is not None:
            room = QRectF(place.left, frame.top() + 2, place.right - place.left, 20)
            paint_legend(painter, theme, room, title_of(data.color.field.id), data.color)

    def parts(self, frame: QRectF) -> Sequence[Part]:
        """All runs, and the selected ones: lines in their colours, or where they are many their density."""
        data, theme = self.answer, self._context.theme
        if data is None:
            return ()
        place, chosen = self._frame(frame), self.chosen_runs()

        def lines(painter: QPainter) -> Iterator[None]:
            if data.density:
                return look.paint_density(painter, theme, place, lambda gap: data.density[gap])
            return look.paint_lines(painter, theme, place, data.crossed, data.color, data.tone)

        def selected(painter: QPainter) -> Iterator[None]:
            if len(chosen) <= _LINES:
                return look.paint_chosen(painter, theme, place, data.crossed, chosen)
            some, none = data.crossed[:, [run for run, _ in chosen]], np.full(len(chosen), np.nan)
            return look.paint_density(painter, theme, place, lambda gap: line_density(some[gap], some[gap + 1], none))

        # Lists of runs are made anew when others are selected: a look at thousands of them is not needed.
        return Part("lines", data, lines), Part("chosen", (data, Same(chosen)), selected)

    def _line_at(self, at: QPointF) -> int | None:
        data = self.answer
        if data is None:
            return None
        place = self._frame(QRectF(self.canvas.rect()))
        gap, along = place.gap_at(at.x())
        if gap is None:
            return None
        run, far = nearest_line(data.crossed, gap, along, place.value_at(at.y()))
        return run if far * place.height <= _NEAR else None

    def words_at(self, at: QPointF) -> str:
        """The run whose line passes there, with its values."""
        run = self._line_at(at)
        data = self.answer
        if run is None or data is None:
            return ""
        values = (
            f"{title_of(v.field.id)}: {scale.text(float(v.values[run]))}"
            for v, scale in zip(data.axes, data.scales, strict=True)
        )
        return "\n".join([plain(data.names[run], 80), *values])

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the run whose line passes there."""
        run = self._line_at(at)
        if run is not None:
            self.pick_one(run, add=add)

    def takes(self, at: QPointF) -> bool:
        """A press on an axis begins a brush, one on its title moves the axis."""
        if self.answer is None:
            return False
        place = self._frame(QRectF(self.canvas.rect()))
        axis = place.axis_at(at.x())
        if axis is None or at.y() > place.bottom + 50:
            return False
        self._at = axis
        part = "title" if at.y() < place.top - 4 else "axis"
        self._held = (part, axis, at.x() if part == "title" else place.value_at(at.y()))
        self._moved = at.x()
        return True

    def drag(self, at: QPointF, *, done: bool) -> None:
        """Draw the brush on, or move the axis."""
        data, held = self.answer, self._held
        if data is None or held is None:
            return
        place = self._frame(QRectF(self.canvas.rect()))
        part, axis, start = held
        id = data.axes[axis].field.id
        if part == "title":
            self._moved = at.x()
            if done:
                self._held = None
                self._move(axis, place.nearest_axis(at.x()))
        else:
            now = place.value_at(at.y())
            small = abs(now - start) * place.height < 4
            low, high = sorted((max(-0.1, min(1.0, start)), max(-0.1, min(1.0, now))))
            if done:
                self._held = None
                self.brush(id, None if small else (low, high))
            elif not small:
                self.brushes[id] = (low, high)
        self.canvas.update()

    def _move(self, axis: int, to: int) -> None:
        axes = [*self.filled.axes]
        axes.insert(to, axes.pop(axis))
        self._at = to
        if tuple(axes) != self.filled.axes:
            self.choose("Move axis", axes=tuple(axes))

    def key(self, event: QKeyEvent) -> bool:
        """Arrows: choose an axis and move its brush. Shift with left and right moves the axis, Escape ends brushing."""
        data, key = self.answer, event.key()
        if data is None:
            return False
        last = len(data.axes) - 1
        id = data.axes[self._at].field.id
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            to = max(0, min(last, self._at + (1 if key == Qt.Key.Key_Right else -1)))
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._move(self._at, to)
            self._at = to
            self.canvas.setAccessibleDescription(f"Axis {title_of(data.axes[to].field.id)}")
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            by = _STEP if key == Qt.Key.Key_Up else -_STEP
            low, high = self.brushes.get(id, (0.4, 0.6))
            self.brush(id, (low + by, high + by) if id in self.brushes else (low, high))
        elif key == Qt.Key.Key_Escape and self.brushes:
            self.brushes = {}
            self.brush(id, None)
        elif key == Qt.Key.Key_Delete:
            self._take_away(id)
        else:
            return False
        self.canvas.update()
        return True
