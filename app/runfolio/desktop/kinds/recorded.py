"""The panel of histograms that runs recorded: a map of steps and values for each run, or their bars at one step."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPen

from runfolio.analysis.kinds.recorded import MOST_BESIDE, Recorded, at_step, bars, map_edges
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.colors import ramp
from runfolio.desktop.kinds.grid_paint import paint_scale
from runfolio.desktop.kinds.grid_panes import paint_heads, panes
from runfolio.desktop.kinds.reading import ReadingPanel
from runfolio.desktop.kinds.scale import PlacesScale, Scale
from runfolio.desktop.kinds.settings import AUTO, RecordedSettings
from runfolio.export.kind_rows import Rows, recorded_rows
from runfolio.model.display import count, counted, number, plain
from runfolio.model.previews import Histogram
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_LOOKS = {"time": "Over the steps", "even": "Step by step", "step": "At a step"}
_TOP = 30.0
_FINE = 2
"""Columns of a map's picture for each pixel."""


class RecordedPanel(ReadingPanel[RecordedSettings, Recorded]):
    """Of the first runs in scope that have them; their files are read by a worker with limits."""

    kind = "recorded"
    title = "Recorded histograms"
    explained = (
        "Histograms that runs wrote into TensorBoard event files, on one scale. Left and Right walk through the steps, "
        "Enter shows one step; a click selects the run."
    )

    job = "Read recorded histograms"

    def add_controls(self) -> None:
        """Which histogram, and how it is shown."""
        super().add_controls()
        self._tag = self.controls.choice("tag", "Histogram", {AUTO: "that most runs have"})
        self._look = self.controls.choice("look", "Show", _LOOKS)
        self._at = -1

    # --- asking ------------------------------------------------------------------------------------------------

    def put_settings(self, settings: RecordedSettings) -> None:
        """Another step or look needs no new reading."""
        if self.answer is not None and settings.tag == self._settings.tag:
            self._settings = self.filled = settings
            self.changed.emit()
            self._show_choice(self.answer)
            self.reread(self.answer)
        else:
            super().put_settings(settings)

    def refresh(self) -> None:
        """Read the files anew, a moment after the last change."""
        self._stale = False
        self.filled = self._settings
        self.stop_reading()
        if not self._context.state.scope_keys:
            super().refresh()
            return
        if self.answer is None:
            self._say("Looking for histograms", f"{counted(len(self._context.state.scope_keys), 'run')} in scope.")
        self.read_soon()

    def begin(self) -> None:
        keys, tag = self._context.state.scope_keys, self._settings.tag
        wanted = "" if tag == AUTO else tag

        def call(workspace: Workspace, token: CancelToken) -> tuple[Recorded, dict[RunKey, int]]:
            found = workspace.recorded_histograms(keys, wanted, cancel=token)
            return found, {key: place for place, key in enumerate(keys) if key in found.runs}

        self.looker.ask(call, lambda answer: self._arrived(keys, *answer), self._fail)

    def _arrived(self, keys: Sequence[RunKey], found: Recorded, places: dict[RunKey, int]) -> None:
        self.keys, self._place_of = keys, places
        self._show_choice(found)
        if not found.runs:
            self.answer = None
            self._say("No histograms", self._why_none(found))
            return
        self.put_answer(found)

    def _why_none(self, found: Recorded) -> str:
        looked = f"The files of the first {counted(found.looked, 'run')} in scope were looked through"
        unread = f" (those of {count(found.unread)} could not be read)" if found.unread else ""
        what = f"no histogram {plain(found.tag, 60)}" if found.tag and found.tags else "none"
        return f"{looked}{unread}: TensorBoard event files can hold histograms, and there is {what} in them."

    def _show_choice(self, found: Recorded) -> None:
        self._tag.clear()
        auto = f"{plain(found.tag, 40)} (that most have)" if found.tag and self._settings.tag == AUTO else ""
        self._tag.addItem(auto or "that most runs have", AUTO)
        for tag, runs in found.tags:
            self._tag.addItem(f"{plain(tag, 60)} · {count(runs)}", tag)
        if self._tag.findData(self._settings.tag) < 0:
            self._tag.addItem(plain(self._settings.tag, 60), self._settings.tag)
        self._tag.setCurrentIndex(self._tag.findData(self._settings.tag))
        self._look.setCurrentIndex(max(0, self._look.findData(self._settings.look)))

    def taken(self) -> None:
        """Start the walk afresh."""
        self._at = -1

    # --- words -------------------------------------------------------------------------------------------------

    def words_of(self, answer: Recorded) -> str:
        """Which runs are shown, and which are not."""
        words = [f"{counted(len(answer.runs), 'run')}, in the order of the table."]
        if len(answer.runs) >= MOST_BESIDE and len(self.keys) > answer.looked:
            words.append(f"Only the first {MOST_BESIDE} that have it are drawn; filter or sort for others.")
        elif answer.looked < len(self.keys):
            words.append(
                f"The files of the first {count(answer.looked)} of {count(len(self.keys))} were looked through."
            )
        lacking = answer.looked - answer.unread - len(answer.runs)
        if lacking > 0:
            words.append(f"{count(lacking)} looked at have no such histogram.")
        if answer.unread:
            words.append(f"The files of {count(answer.unread)} could not be read.")
        left_out = sum(found.left_out for found in answer.found)
        if left_out:
            words.append(f"{counted(left_out, 'step')} between those that are drawn.")
        if self._settings.look == "step":
            words.append("The height of a bar is its count over its width.")
        elif self._settings.look == "even":
            words.append("Steps are equally far from each other, however many lie between them.")
        return " ".join(words)

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        if self.answer is None:
            return self.title
        tag = plain(self.answer.tag, 80)
        return f"{tag} at {self._step_words()}" if self._settings.look == "step" else f"{tag} over the steps"

    def _step_words(self) -> str:
        step = self._step()
        return "the last step" if step is None else f"step {count(step)}"

    def _step(self) -> int | None:
        text = self._settings.step
        # A view that somebody has sent may hold any text.
        return int(text) if len(text) < 20 and text.removeprefix("-").isdecimal() else None

    def rows(self) -> Rows:
        """Every bucket of what is shown."""
        answer = self.answer
        if answer is None:
            return []
        names = [self._context.state.name_of(key) for key in answer.runs]
        return recorded_rows(answer, names, (self._step(),) if self._settings.look == "step" else None)

    # --- the artist --------------------------------------------------------------------------------------------

    def _axes(self, frame: QRectF) -> tuple[Axes, ...]:
        data = self.answer
        assert data is not None
        low, high = data.ends
        if self._settings.look == "step":
            heights = (bars(one, data.ends)[1] for one in self._at_step() if one is not None)
            most = max((max(own, default=0.0) for own in heights), default=0.0)
            up, titles = Scale(0.0, (most or 1.0) * 1.06), ("Value", "Per width")
            return panes(frame, len(data.runs), Scale(low, high), up, titles, top=_TOP - 10)
        edges = self._edges(data)
        first, last = min(own[0] for own in edges), max(own[-1] for own in edges)
        across = PlacesScale(first, last, texts=tuple(map(count, data.steps))) if self._even else Scale(first, last)
        return panes(frame, len(data.runs), across, Scale(low, high), ("Step", "Value"), top=_TOP)

    @property
    def _even(self) -> bool:
        return self._settings.look == "even"

    def _edges(self, data: Recorded) -> list[list[float]]:
        return map_edges(data, even=self._even)

    def _at_step(self) -> list[Histogram | None]:
        data = self.answer
        assert data is not None
        return [at_step(found, self._step()) for found in data.found]

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Maps with the scale of their colours, or bars."""
        data, theme = self.answer, self._context.theme
        if data is None:
            return
        axes = self._axes(frame)
        for one in axes:
            one.paint(painter, theme)
        if self._settings.look == "step":
            self._paint_bars(painter, axes, data.ends)
        else:
            self._paint_maps(painter, axes, data)
            room = QRectF(axes[0].area.left(), frame.top() + 2, frame.right() - axes[0].area.left() - 14, 18)
            paint_scale(
                painter, theme, room, "% of a step's values, by its square root", Scale(0.0, 100 * data.maps[0].highest)
            )
        paint_heads(painter, theme, axes, tuple(self.pane_title(place) for place in range(len(data.runs))))
        for place, color in self.chosen_runs():
            own = data.runs.index(self.keys[place])
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.run_color(color) if color >= 0 else theme.color("accent"), 2.0))
            painter.drawRect(axes[own].area)

    def pane_title(self, place: int) -> str:
        """What stands over the histograms of a run."""
        data = self.answer
        assert data is not None
        name = plain(self._context.state.name_of(data.runs[place]), 60)
        if self._settings.look != "step":
            return name
        one = self._at_step()[place]
        return f"{name} · none yet" if one is None else f"{name} · step {count(one.step)}"

    def _paint_maps(self, painter: QPainter, axes: Sequence[Axes], data: Recorded) -> None:
        theme = self._context.theme
        for one, own, made in zip(axes, self._edges(data), data.maps, strict=True):
            area = one.area
            edges = one.x.place(np.array(own))
            # One picture with the columns where their steps are: side by side, they would show their seams.
            middle = (np.arange(max(1, round(area.width() * _FINE))) + 0.5) / max(1, round(area.width() * _FINE))
            column = np.searchsorted(edges, middle, side="right") - 1
            cells = np.frombuffer(b"".join(made.cells), dtype=np.uint8).reshape(len(made.cells), -1)
            cells = cells[np.clip(column, 0, len(made.cells) - 1)].T[::-1]
            pixels = np.empty((*cells.shape, 4), dtype=np.uint8)
            pixels[..., :3] = ramp((cells / 255.0).ravel(), theme).reshape((*cells.shape, 3))
            pixels[..., 3] = np.where((cells > 0) & (column >= 0) & (column < len(made.cells)), 255, 0)
            height, width = cells.shape
            image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
            painter.drawImage(area, image)
            if self._at >= 0:
                here = float(self._at if self._even else data.steps[self._at])
                x = one.at(float(one.x.place(np.array([here]))[0]), 0).x()
                painter.setPen(QPen(theme.color("text"), 1, Qt.PenStyle.DotLine))
                painter.drawLine(QLineF(x, area.top(), x, area.bottom()))

    def _paint_bars(self, painter: QPainter, axes: Sequence[Axes], ends: tuple[float, float]) -> None:
        ground = self._context.theme.color("accent")
        ground.setAlphaF(0.75)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        for one, histogram in zip(axes, self._at_step(), strict=True):
            if histogram is None:
                continue
            edges, heights = bars(histogram, ends)
            across, up = one.x.place(np.asarray(edges)).tolist(), one.y.place(np.asarray(heights)).tolist()
            for left, right, high in zip(across[:-1], across[1:], up, strict=True):
                room = QRectF(one.at(left, high), one.at(right, 0.0))
                painter.drawRect(room if room.width() >= 1 else room.adjusted(-0.5, 0, 0.5, 0))

    # --- pointing ----------------------------------------------------------------------------------------------

    def _pane_at(self, at: QPointF) -> tuple[int, Axes] | None:
        if self.answer is None:
            return None
        axes = self._axes(QRectF(self.canvas.rect()))
        return next(((place, one) for place, one in enumerate(axes) if one.area.contains(at)), None)

    def words_at(self, at: QPointF) -> str:
        """The run, the step, and the bucket there."""
        pane, data = self._pane_at(at), self.answer
        if pane is None or data is None:
            return ""
        place, one = pane
        across, up = (at.x() - one.area.left()) / one.area.width(), (one.area.bottom() - at.y()) / one.area.height()
        lines = [self._context.state.name_of(data.runs[place])]
        if self._settings.look == "step":
            histogram, value = self._at_step()[place], one.x.value(across)
        else:
            steps = data.found[place].steps
            column = bisect.bisect_right(self._edges(data)[place], one.x.value(across)) - 1
            histogram = steps[column] if 0 <= column < len(steps) else None
            value = one.y.value(up)
        if histogram is None:
            return "\n".join(lines)
        lines.append(f"step {count(histogram.step)}: {counted(round(sum(histogram.counts)), 'value')}")
        bucket = bisect.bisect_right(histogram.edges, value) - 1
        if 0 <= bucket < len(histogram.counts):
            ends = (number(histogram.edges[bucket], 3), number(histogram.edges[bucket + 1], 3))
            lines.append(f"{ends[0]} to {ends[1]}: {number(histogram.counts[bucket])}")
        return "\n".join(lines)

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the run there."""
        pane, data = self._pane_at(at), self.answer
        if pane is not None and data is not None:
            self.pick_one(self._place_of[data.runs[pane[0]]], add=add)

    def key(self, event: QKeyEvent) -> bool:
        """Left and Right walk through the steps; Enter shows the marked one, and all again."""
        data, pressed = self.answer, Qt.Key(event.key())
        if data is None:
            return False
        steps = data.steps
        if pressed in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            by = 1 if pressed == Qt.Key.Key_Right else -1
            if self._settings.look == "step":
                step = self._step()
                here = len(steps) - 1 if step is None else bisect.bisect_right(steps, step) - 1
                self.choose("Chart step", step=str(steps[max(0, min(len(steps) - 1, here + by))]))
            else:
                self._at = max(0, min(len(steps) - 1, self._at + by))
                self.canvas.setAccessibleDescription(f"step {count(steps[self._at])}")
                self.canvas.update()
            return True
        if pressed in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            shown = replace(self._settings, look="time")
            if self._settings.look != "step":
                shown = replace(shown, look="step", step=str(steps[self._at]) if self._at >= 0 else "")
            self.choose("Chart show", look=shown.look, step=shown.step)
            return True
        return False
