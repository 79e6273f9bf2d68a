"""A line panel that fetches what it shows: one metric of the selected runs, in their colours.

panel = MetricPanel(context, "val/acc", slot="strip-0")   # in a layout of any view
panel.refresh()                                           # asks off the GUI thread, draws when the answer is there
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import Derivation
from runfolio.analysis.drawing import Drawing, Style
from runfolio.analysis.prepared import PreparedSeries
from runfolio.api import Workspace
from runfolio.desktop.chart_groups import styles_of
from runfolio.desktop.context import Context
from runfolio.desktop.panel_recipe import ask_and_export, recipe_of
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.desktop.panel_waiting import Waiting, Work
from runfolio.desktop.plot import LinePanel
from runfolio.desktop.plot_fetch import Fetched, fetch_all, joined_reach, zoom
from runfolio.desktop.plot_style import Band, Curve
from runfolio.desktop.plot_turn import TURN, Soon
from runfolio.desktop.run_style import DASHES
from runfolio.desktop.widgets import tooltip
from runfolio.errors import RunfolioError
from runfolio.export.recipe import ChartRecipe
from runfolio.model.groups import RunGroup
from runfolio.model.run import RunKey
from runfolio.model.statistics import CENTRE_TITLES, SPREAD_TITLES, WITHOUT_LEVEL

_LOOK_CLOSER_MS = 40
"""How long a view rests before long series are read for it."""


class MetricPanel(LinePanel):
    """One metric for `state.selection`; `refresh` asks for it again, `shown` says that the answer is drawn."""

    shown = Signal()

    def __init__(
        self, context: Context, metric: str, slot: str, *, closable: bool = False, parent: QWidget | None = None
    ) -> None:
        """`slot` is unique among the panels of a window: answers to older questions of it are dropped."""
        super().__init__(context.theme, context.state, metric, closable=closable, parent=parent)
        self._context = context
        self._slot = f"panel:{slot}"
        self.drawings: tuple[Drawing, ...] = (Drawing(metric),)
        """What the next answer is to be drawn as, for each metric."""
        self._answers: tuple[Fetched, ...] = (Fetched(self.drawings[0]),)
        self._forgotten = self._points = 0
        self._hidden: frozenset[RunKey] = frozenset()
        self._closer_for: tuple[float, float] | None = None
        self.waiting = Waiting(context.theme, self)
        self.waiting.stopped.connect(self._on_stopped)
        self._again = Soon(self._draw, self)
        self._closer = QTimer(self)
        self._closer.setSingleShot(True)
        self._closer.setInterval(_LOOK_CLOSER_MS)
        self._closer.timeout.connect(self._look_closer)
        self.setObjectName(f"panel-{metric}")
        self.picked.connect(lambda key: context.state.set_current(RunKey(key)))
        self.enclosed.connect(self._select)
        self.export_asked.connect(self._export)
        self.plot.getViewBox().sigXRangeChanged.connect(lambda *_: self._closer.start())
        self.plot.getViewBox().sigResized.connect(lambda *_: self._closer.start())
        context.state.names_changed.connect(self._recolour)
        context.theme.changed.connect(self._recolour)

    @property
    def drawing(self) -> Drawing:
        """What the next answer is to be drawn as; of several metrics that of the first."""
        return self.drawings[0]

    @property
    def metric_name(self) -> str:
        """The metric, of several the first."""
        return self.drawings[0].metric

    @property
    def metrics(self) -> tuple[str, ...]:
        """All that it draws."""
        return tuple(drawing.metric for drawing in self.drawings)

    @property
    def x_kind(self) -> XKind:
        """What its x axis counts from the next answer on."""
        return self.drawing.x

    def set_metric(self, metric: str) -> None:
        """Show another metric from the next answer on."""
        if metric != self.metric_name:
            self.show_drawings((replace(self.drawing, metric=metric),))
            self.forget()
            self.set_title(metric)

    def show_drawings(self, drawings: tuple[Drawing, ...]) -> bool:
        """Draw otherwise from the next answer on, at least one metric; False when that is nothing new."""
        if not drawings or drawings == self.drawings:
            return False
        self.drawings = drawings
        self.setObjectName(f"panel-{self.metric_name}")
        return True

    def set_look(self, width: float, *, antialias: bool) -> None:
        """How lines are painted."""
        look = self.items.look
        if (width, antialias) != (look.width, look.antialias):
            look.width, look.antialias = width, antialias
            self.items.repaint_now()

    def set_hidden(self, hidden: frozenset[RunKey]) -> None:
        """Leave the curves of these runs out."""
        if hidden != self._hidden:
            self._hidden = hidden
            self._recolour()

    def set_panel(self, settings: PanelSettings) -> None:
        """What is set for this panel alone; its drawing comes by itself."""
        before, self.settings = self.settings, settings
        self.notes.set_notes(settings.notes)
        if before.zoom != settings.zoom and before.y is settings.y:
            self.show_zoom()
        if (before.x_range, before.title) != (settings.x_range, settings.title) and self._drawn:
            self._draw()

    def forget(self) -> None:
        """Fetch every series anew at the next refresh: the index has changed."""
        self._forgotten += 1
        self._answers = tuple(replace(answer, found={}) for answer in self._answers)

    @property
    def _drawn(self) -> bool:
        return any(answer.prepared for answer in self._answers)

    def refresh(self) -> None:
        """Draw the selected runs: series that were not fetched yet are, and prepared where they are not yet."""
        keys, drawings, before = self._context.state.selection, self.drawings, self._answers
        forgotten = self._forgotten
        work = Work(len(keys) * len(drawings))

        def arrived(answers: tuple[Fetched, ...]) -> None:
            self.waiting.end()
            if [a.drawing.metric for a in self._answers] != [d.metric for d in drawings]:
                self.follow()
            # What was forgotten while the question was under way stays forgotten.
            still = self._forgotten == forgotten
            self._answers = answers if still else tuple(replace(answer, found={}) for answer in answers)
            self._closer_for = None
            with TURN.spending():
                self._draw()
            self.shown.emit()
            self._closer.start()

        def failed(error: RunfolioError) -> None:
            self.waiting.end()
            self.show_message(f"The curves could not be drawn: {error.message}. {error.hint}")

        self.waiting.begin(work)
        self._context.jobs.query(
            self._slot, lambda workspace: fetch_all(workspace, keys, drawings, before, work.step), arrived, failed
        )

    def _on_stopped(self) -> None:
        self._context.jobs.forget(self._slot)
        self.show_message("Stopped. Ctrl+Z takes back what was asked for.")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape stops what is under way."""
        if event.key() == Qt.Key.Key_Escape and self.waiting.text:
            self.waiting.stop()
            return
        super().keyPressEvent(event)

    def _look_closer(self) -> None:
        """Read long series for the range in view, and as much again around it."""
        if not any(answer.long for answer in self._answers) or not self.isVisible():
            return
        (low, high), _ = self.plot.getViewBox().viewRange()
        wide = high - low
        if self._closer_for is not None:
            start, end = self._closer_for
            if start <= low and high <= end and end - start < wide * 6:
                return
        asked_for = (low - wide / 2, high + wide / 2)
        answers, columns = self._answers, max(1, round(self.plot.getViewBox().width() * self.devicePixelRatioF()) * 2)

        def arrived(closer: tuple[Fetched, ...]) -> None:
            if self._answers is answers:
                self._answers, self._closer_for = closer, asked_for
                self._draw()

        def look(workspace: Workspace) -> tuple[Fetched, ...]:
            return tuple(zoom(workspace, answer, *asked_for, columns) if answer.long else answer for answer in answers)

        self._context.jobs.query(f"{self._slot}:closer", look, arrived)

    def _draw(self) -> None:
        self._again.forget()
        first, several = self._answers[0], len(self._answers) > 1
        curves: list[Curve] = []
        notes: dict[str, None] = {}
        for place, answer in enumerate(self._answers):
            curves += self._curves_of(answer, place, f" · {answer.drawing.metric}" if several else "")
            notes.update(dict.fromkeys((*answer.notes, *self._about_groups(answer))))
        found = [s for answer in self._answers for s in answer.found.values() if s is not None]
        origins = sorted({s.origin for s in found if s.origin})
        self.head.setToolTip(tooltip(f"Some runs call it otherwise: {', '.join(origins)}") if origins else "")
        drawing, state = first.drawing, self._context.state
        baseline = "" if drawing.baseline is None else state.name_of(drawing.baseline)
        named = ", ".join(a.drawing.derived.title(a.drawing.metric, baseline) for a in self._answers)
        self.set_title(self.settings.title or named)
        self.show_curves(
            curves,
            x_kind=drawing.x,
            x_name=drawing.x_metric,
            scale=first.scale,
            reach=joined_reach([answer.reach for answer in self._answers]),
            x_range=self.settings.x_range,
            notes=tuple(notes),
            nowhere=sum(series.nowhere for series in self._in_sight()),
        )
        self._points = sum(len(series) for series in self._in_sight())
        self.show_message(self._why_empty(first) if not curves or not several else "")

    def _in_sight(self) -> list[PreparedSeries]:
        """What is drawn, by itself or in a group."""
        found = (pair for answer in self._answers for pair in answer.prepared.items())
        return [series for key, series in found if key not in self._hidden]

    @property
    def point_count(self) -> int:
        """How many points the chart stands for, those that are taken together in groups as well."""
        return self._points

    def _curves_of(self, answer: Fetched, place: int, suffix: str) -> list[Curve]:
        """Of one metric; the further it is from the first, the further the dash."""
        state = self._context.state
        curves: list[Curve] = []
        grouped: set[RunKey] = set()
        styles = styles_of(answer.grouping, state)
        for group in answer.groups:
            grouped.update(group.runs)
            if not self._hidden.issuperset(group.runs):
                name = state.name_of(group.runs[0]) if len(group.runs) == 1 else group.name
                look, key = styles[group.place], group.runs[0]
                curves.append(self._curve(key, name + suffix, group.series, look, place, group.band, group.runs))
        for key, series in answer.prepared.items():
            if key not in grouped and key not in self._hidden:
                style = state.style_of(key)
                look = style.color_index, style.dash
                curves.append(self._curve(key, state.name_of(key) + suffix, series, look, place))
        return curves

    def _curve(
        self,
        key: RunKey,
        name: str,
        series: PreparedSeries,
        style: Style,
        place: int,
        band: Band | None = None,
        runs: tuple[RunKey, ...] = (),
    ) -> Curve:
        color = self._context.theme.run_color(style[0])
        return Curve(key, name, series, color, (style[1] + place) % DASHES, band, runs)

    @property
    def grouping(self) -> tuple[RunGroup, ...]:
        """The groups of the selected runs; () for single runs."""
        return self._answers[0].grouping

    def _about_groups(self, answer: Fetched) -> tuple[str, ...]:
        """What the bands are."""
        groups = answer.drawing.groups
        if not any(group.band is not None for group in answer.groups):
            return (f"{answer.rule}: no group of several runs",) if groups.by else ()
        level = f" {groups.level:.0%}" if groups.spread not in WITHOUT_LEVEL else ""
        return (f"{CENTRE_TITLES[groups.centre]}, {SPREAD_TITLES[groups.spread]}{level}",)

    def _why_empty(self, answer: Fetched) -> str:
        drawing, series = answer.drawing, answer.prepared.values()
        if not any(len(s) for s in series):
            return f"No selected run has values of {drawing.metric}"
        if all(s.x_bounds is None for s in series):
            if drawing.x.is_time:
                return "The points have no times: choose the step as x axis"
            what = "counts epochs" if drawing.x is XKind.EPOCH else f"has {drawing.x_metric or 'that metric'}"
            return f"No selected run {what}: choose the step as x axis"
        if not self.curves:
            return "All runs are switched off in the legend"
        if drawing.derived.kind is Derivation.BASELINE and drawing.baseline is None:
            return "No run is the baseline: press B on a run in the table"
        if not any(len(s.raw) for s in series):
            if any(s.hidden for s in series):
                return "No value is above 0: nothing to show on a logarithmic axis"
            if drawing.derived.kind is not Derivation.NONE:
                return f"There is no {drawing.derived.title(drawing.metric)} to draw"
        return ""

    def _recolour(self) -> None:
        # Dozens of panels hear of it at once.
        if self._drawn:
            self._again.ask()

    def leave(self) -> None:
        """It goes away: nothing that it has asked for may come back to it."""
        self.waiting.end()
        self._again.forget()
        self._closer.stop()
        for slot in (self._slot, f"{self._slot}:closer"):
            self._context.jobs.forget(slot)

    def _select(self, keys: list[RunKey]) -> None:
        """Keep the runs that a box or lasso was drawn around."""
        state = self._context.state
        if keys and len({*keys}) == len(state.selection):
            self._context.say.info("All curves come through what was drawn.")
        elif keys:
            state.select([key for key in state.selection if key in set(keys)])
            self._context.say.info(f"{len(keys)} runs kept; Ctrl+Z brings the others back.")
        else:
            self._context.say.info("No curve comes through what was drawn.")

    def recipe(self) -> ChartRecipe:
        """What an export draws: this panel as it is set."""
        return recipe_of(self._context, [(self.drawings, self.settings)], hidden=self._hidden)

    def _export(self, suffix: str) -> None:
        ask_and_export(self._context, self, self.recipe(), self.metric_name, suffix)
