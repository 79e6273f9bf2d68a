"""The groups panel: a metric by any field as boxes, violins, strips of points, or bars with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from runfolio.analysis.kinds.boxes import Box, Boxes, boxes
from runfolio.analysis.kinds.planar import inside
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.groups_paint import paint_bar, paint_box, paint_names, paint_strip, paint_violin, spots
from runfolio.desktop.kinds.kept import Part
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.kinds.scatter_paint import paint_selected
from runfolio.desktop.kinds.settings import AUTO, GroupsSettings
from runfolio.export.kind_rows import Rows, group_rows
from runfolio.model.display import count, counted, number, plain
from runfolio.model.metrics import Floats, Ints
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

_LOOKS = {"box": "Box", "violin": "Violin", "strip": "Strip", "bar": "Bar of means"}
_NEAR = 9.0
_TOP = 24.0


class GroupsPanel(KindPanel[GroupsSettings, Boxes]):
    """A column for each group, with every run as a point."""

    kind = "groups"
    title = "Groups"
    explained = "A metric by any field, with every run as a point. Click a group or drag a box to select its runs."

    def add_controls(self) -> None:
        """Value, group, and how they are drawn."""
        self._value = self.controls.field("value", "Value")
        self._group = self.controls.field("group", "By")
        self._look = self.controls.choice("look", "As", _LOOKS)
        self._log = self.controls.check("log", "Log", "Logarithmic values; what is not above 0 is left out and said")
        self.canvas.encloses = True
        self._at = -1

    def show_controls(self, offer: Offer, settings: GroupsSettings) -> None:
        """Let the controls show settings."""
        self._value.offer(offer.choose_numbers, settings.value)
        self._group.offer(offer.choose_all, settings.group)
        self._look.setCurrentIndex(self._look.findData(settings.look))
        self._log.setChecked(settings.log)

    @staticmethod
    def fill(settings: GroupsSettings, offer: Offer) -> GroupsSettings:
        """The metric that says most by the first text that varies, else by the first number."""
        if settings.value == AUTO:
            best = offer.best_metrics(1)
            settings = replace(settings, value=best[0].id if best else "")
        if settings.group == AUTO:
            params = offer.varying_params(6)
            numbers = {ref.id for ref in offer.numbers()}
            texts = [ref for ref in params if ref.id not in numbers]
            chosen = [*texts, *params, FieldRef(FieldKind.BUILTIN, "experiment")]
            settings = replace(settings, group=chosen[0].id)
        return settings

    @staticmethod
    def compute(workspace: Workspace, settings: GroupsSettings, keys: Sequence[RunKey]) -> Boxes:
        """The groups that have values."""
        if not settings.value:
            raise LookupError("The runs in scope share no metric that varies. Choose a value.")
        wanted = [FieldRef.from_id(settings.value), FieldRef.from_id(settings.group)]
        value, group = workspace.variables(wanted, keys)
        found = boxes(value, group, log=settings.log)
        if not found.groups:
            raise LookupError(f"No run in scope has both {title_of(settings.value)} and {title_of(settings.group)}.")
        return found

    def words_of(self, answer: Boxes) -> str:
        """How many groups and runs, and who is in none."""
        shown = sum(len(box.values) for box in answer.groups)
        title = title_of(self.filled.value)
        words = [f"{counted(len(answer.groups), 'group')}, {counted(shown, 'run')}; n stands above each group."]
        if self.filled.look == "box":
            words.append("Box: quartiles and median; whiskers: the last runs within 1.5 box lengths.")
        elif self.filled.look == "bar":
            words.append("Wide line: mean; narrow line: its 95 % t interval, none for n = 1.")
            if not self._foot:
                words.append("The axis does not start at 0, so no bars stand on it.")
        elif self.filled.look == "violin":
            words.append("Outline: Gaussian kernel density (Scott's rule), none for fewer than three runs.")
        gone = int(answer.figures.excluded.sum())
        if gone:
            words.append(
                f"{counted(gone, 'run')} without a {'positive' if self.filled.log else 'finite'} {title} not shown."
            )
        if answer.ungrouped:
            words.append(f"{counted(answer.ungrouped, 'run')} without {title_of(self.filled.group)} not shown.")
        if answer.empty:
            words.append(f"No value in {', '.join(plain(name, 40) for name in answer.empty[:3])}.")
        return " ".join(words)

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        filled = self.filled
        return self.title if self.answer is None else f"{title_of(filled.value)} by {title_of(filled.group)}"

    def rows(self) -> Rows:
        """What is known of each group, in full precision."""
        return [] if self.answer is None else group_rows(self.answer)

    # --- the artist --------------------------------------------------------------------------------------------

    @property
    def _foot(self) -> bool:
        """Whether means are bars: not where their foot at 0 has no place, or would press all of them flat."""
        answer = self.answer
        assert answer is not None
        means = answer.figures.mean
        return not self.filled.log and not (means.min() > 0 and means.max() < 2 * means.min())

    def _axes(self, frame: QRectF) -> Axes:
        answer = self.answer
        assert answer is not None
        names = tuple(box.name for box in answer.groups)
        across = Scale(-0.5, len(names) - 0.5, categories=names)
        spread = [box.values for box in answer.groups]
        if self.filled.look == "bar":
            spread += [answer.figures.low, answer.figures.high]
        elif self.filled.look == "violin":
            spread += [box.at for box in answer.groups]
        zero = self.filled.look == "bar" and self._foot
        up = Scale.over(np.concatenate(spread), log=self.filled.log, zero=zero)
        titles = (title_of(self.filled.group), title_of(self.filled.value))
        return Axes(frame, across, up, *titles, top=_TOP)

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Axes, groups, points, and the selected runs on top."""
        answer = self.answer
        if answer is None:
            return
        for part in self.parts(frame):
            self.canvas.paint_kept(painter, frame, part)
        self._paint_selected(painter, self._axes(frame))

    def parts(self, frame: QRectF) -> Sequence[Part]:
        """Everything but the selected runs."""
        answer, look = self.answer, self.filled.look
        if answer is None:
            return ()
        axes, foot = self._axes(frame), self._foot
        return (Part("groups", (answer, look), lambda p: self._paint_groups(p, axes, answer, look, foot=foot)),)

    def _paint_groups(self, painter: QPainter, axes: Axes, answer: Boxes, look: str, *, foot: bool) -> Iterator[None]:
        theme = self._context.theme
        axes.paint(painter, theme)
        width = axes.area.width() / len(answer.groups)
        for place, box in enumerate(answer.groups):
            middle = axes.at((place + 0.5) / len(answer.groups), 0).x()
            if look == "violin":
                paint_violin(painter, theme, axes, middle, width, box)
            elif look == "bar":
                paint_bar(painter, theme, axes, middle, width, answer.figures, place, foot=foot)
            elif look == "box":
                paint_box(painter, theme, axes, middle, width, box)
            yield from paint_strip(painter, theme, axes, middle, width, box, solid=look == "strip")
        paint_names(painter, theme, axes, [f"n = {count(len(box.values))}" for box in answer.groups])

    def _paint_selected(self, painter: QPainter, axes: Axes) -> None:
        chosen = self.chosen_runs()
        if not chosen:
            return
        runs, x, y = self._arrays(axes)
        at = np.full((2, len(self.keys)), np.nan)
        at[:, runs] = x, y
        paint_selected(painter, self._context.theme, at[0], at[1], chosen, -1)

    def taken(self) -> None:
        """Start the walk afresh."""
        self._at = -1

    def _arrays(self, axes: Axes | None = None) -> tuple[Ints, Floats, Floats]:
        """Places of the runs that are shown, and their pixels."""
        answer = self.answer
        assert answer is not None
        axes = axes or self._axes(QRectF(self.canvas.rect()))
        width = axes.area.width() / len(answer.groups)
        parts = [
            spots(axes, axes.at((place + 0.5) / len(answer.groups), 0).x(), width, box)
            for place, box in enumerate(answer.groups)
        ]
        runs = np.concatenate([box.places for box in answer.groups])
        return runs, np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])

    def _run_at(self, at: QPointF) -> int | None:
        runs, x, y = self._arrays()
        far = np.hypot(x - at.x(), y - at.y())
        place = int(far.argmin())
        return int(runs[place]) if far[place] <= _NEAR else None

    def _group_at(self, at: QPointF) -> int | None:
        answer = self.answer
        area = self._axes(QRectF(self.canvas.rect())).area
        if answer is None or not area.left() <= at.x() < area.right():
            return None
        return int((at.x() - area.left()) / area.width() * len(answer.groups))

    def words_at(self, at: QPointF) -> str:
        """The run there, else what is known of the group."""
        answer = self.answer
        if answer is None:
            return ""
        run = self._run_at(at)
        if run is not None:
            box = next(box for box in answer.groups if run in box.places)
            value = box.values[box.places.tolist().index(run)]
            return f"{self._context.state.name_of(self.keys[run])}: {number(float(value))}"
        place = self._group_at(at)
        return "" if place is None else self._words(place)

    def _words(self, place: int) -> str:
        answer = self.answer
        assert answer is not None
        box, figures = answer.groups[place], answer.figures
        first, median, third = (number(q) for q in box.quartiles)
        low, high = figures.low[place], figures.high[place]
        interval = f", 95 % {number(float(low))} to {number(float(high))}" if np.isfinite(low) else ""
        return (
            f"{plain(box.name, 60)}: n = {count(len(box.values))}\n"
            f"mean {number(float(figures.mean[place]))}{interval}\n"
            f"median {median}, quartiles {first} to {third}"
        )

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the run there, else all runs of the group."""
        if self.answer is None:
            return
        run, place = self._run_at(at), self._group_at(at)
        if run is not None:
            self.pick_one(run, add=add)
        elif place is not None:
            self.pick(self.answer.groups[place].places.tolist(), add=add)

    def enclose(self, corners: Floats, *, add: bool) -> None:
        """Select the runs inside of the shape."""
        if self.answer is not None:
            runs, x, y = self._arrays()
            self.pick(runs[inside(x, y, corners)].tolist(), add=add)

    def key(self, event: QKeyEvent) -> bool:
        """Left and right walk through the groups, Enter selects the runs of one."""
        answer = self.answer
        if answer is None:
            return False
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            by = 1 if event.key() == Qt.Key.Key_Right else -1
            self._at = max(0, min(len(answer.groups) - 1, self._at + by))
            self.canvas.setAccessibleDescription(self._words(self._at))
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._at >= 0:
            self.pick(self._box(self._at).places.tolist(), add=event.key() == Qt.Key.Key_Space)
            return True
        return False

    def _box(self, place: int) -> Box:
        answer = self.answer
        assert answer is not None
        return answer.groups[place]
