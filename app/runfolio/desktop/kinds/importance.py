"""The importance panel: which params a metric depends on, and what the one chosen does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QVBoxLayout

from runfolio.desktop import fonts
from runfolio.desktop.jobs import LongJob
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.kinds.settings import AUTO, ImportanceSettings
from runfolio.desktop.widgets import PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import count, number, plain
from runfolio.model.kinds import Effect, Importance, Variable
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_ROW = 26.0
_NAME_SHARE = 0.36
_MOST_PARAMS = 40
_PAUSE_MS = 300
_WIDE = 640.0


class ImportancePanel(KindPanel[ImportanceSettings, Importance]):
    """Bars with their uncertainty; a click on one shows the effect of its param."""

    kind = "importance"
    title = "Parameter importance"
    explained = (
        "How much worse a random forest predicts the metric of unseen runs when a param's values are shuffled. "
        "Click a bar, or use Up and Down, to see what its param does."
    )

    def add_controls(self) -> None:
        """The metric, and what is said against the answer."""
        self._target = self.field_control("target", "Metric")
        self.warning = PlainLabel("", role="warn", wrap=True)
        self.warning.setObjectName("kind-warning")
        self.warning.hide()
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(1, self.warning)
        self._job: LongJob | None = None
        self.learning = False
        """Whether an answer is awaited."""
        # While a filter is typed the scope changes with each key.
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._begin)

    def show_controls(self, offer: Offer, settings: ImportanceSettings) -> None:
        """Let the control show the metric."""
        self._target.offer(offer.choose_metrics, settings.target)

    @staticmethod
    def fill(settings: ImportanceSettings, offer: Offer) -> ImportanceSettings:
        """The metric that says most, and every param that varies."""
        if settings.target == AUTO:
            best = offer.best_metrics(1)
            settings = replace(settings, target=best[0].id if best else "")
        if AUTO in settings.params:
            settings = replace(settings, params=tuple(field.id for field in offer.varying_params(_MOST_PARAMS)))
        return settings

    # --- asking ------------------------------------------------------------------------------------------------

    def put_settings(self, settings: ImportanceSettings) -> None:
        """Another param's effect needs no new forest."""
        same = replace(settings, effect="") == replace(self._settings, effect="")
        if same and self.answer is not None:
            self._settings = settings
            self.changed.emit()
            self.canvas.update()
        else:
            super().put_settings(settings)

    def refresh(self) -> None:
        """Learn anew, a moment after the last change."""
        self._stale = False
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.warning.hide()
        if not self._context.state.scope_keys:
            self._context.jobs.forget(f"kind:{id(self)}")
            self._pause.stop()
            self.learning = False
            super().refresh()
            return
        self.learning = True
        self._pause.start()

    def _begin(self) -> None:
        keys, settings = self._context.state.scope_keys, self._settings

        def ask(workspace: Workspace) -> tuple[Offer, ImportanceSettings]:
            offer = Offer(workspace.fields(), workspace.default_columns(40), workspace, keys)
            return offer.closed(), self.fill(settings, offer)

        self._context.jobs.query(f"kind:{id(self)}", ask, lambda found: self._learn(keys, *found), self._fail)

    def _learn(self, keys: Sequence[RunKey], offer: Offer, filled: ImportanceSettings) -> None:
        self._offer, self.filled, self.keys, self.answer = offer, filled, keys, None
        self.show_controls(offer, filled)
        if not filled.target or not filled.params:
            self.learning = False
            self._say("Nothing to draw", "The runs in scope have no metric, or no param, that varies.")
            return
        target = FieldRef.from_id(filled.target)
        params = [FieldRef.from_id(id) for id in filled.params]

        def work(workspace: Workspace, token: CancelToken, _progress: object) -> Importance:
            return workspace.importance(target, params, keys, cancel=token)

        def learnt(found: Importance) -> None:
            if job is self._job:
                self._job, self.learning = None, False
                self.put_answer(found)

        def failed(error: RunfolioError) -> None:
            if job is self._job:
                self._job = None
                self._fail(error)

        job = self._job = self._context.jobs.long(f"Explaining {title_of(filled.target)}", work, learnt, failed)
        self._say(
            "Learning from the runs",
            f"A forest learns {title_of(filled.target)} of {count(len(keys))} runs from {count(len(params))} params; "
            "this takes some seconds.",
        )
        self.empty.set("Learning from the runs", self.explained, action="Cancel", call=self._cancel)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job, self.learning = None, False
        self._say("Cancelled", "Nothing was learnt.")
        self.empty.set("Cancelled", "Nothing was learnt.", action="Start again", call=self.refresh)

    def _fail(self, error: RunfolioError) -> None:
        self.learning = False
        super()._fail(error)

    def taken(self) -> None:
        """Say what speaks against the answer."""
        answer = self.answer
        if answer is not None:
            self.warning.setText("\n".join(answer.warnings))
            self.warning.setVisible(bool(answer.warnings))

    def words_of(self, answer: Importance) -> str:
        """Score, runs, gaps, and what was left out."""
        words = [
            f"Out-of-bag R² {number(answer.oob, 3)} with {count(answer.runs)} runs.",
            "Bars: mean over 5 folds of 10 shuffles, as a share of the metric's variance; lines: ± standard deviation.",
        ]
        if answer.excluded:
            words.append(f"{count(answer.excluded)} runs without a finite value of the metric not used.")
        gaps = [f"{p.field.name} ({count(n)})" for p, n in zip(answer.params, answer.missing, strict=True) if n]
        if gaps:
            words.append(f"Missing in some runs, which are used all the same: {', '.join(gaps[:4])}.")
        if answer.left_out:
            more = f" and {len(answer.left_out) - 3} more" if len(answer.left_out) > 3 else ""
            words.append(f"Not looked at: {'; '.join(answer.left_out[:3])}{more}.")
        return " ".join(words)

    def rows(self) -> list[list[str]]:
        """Importance of each param, in full precision."""
        answer = self.answer
        if answer is None:
            return []
        head = ["param", "importance", "standard deviation", "runs without it"]
        figures = zip(answer.params, answer.mean.tolist(), answer.std.tolist(), answer.missing, strict=True)
        return [head, *([p.field.name, repr(mean), repr(std), str(gone)] for p, mean, std, gone in figures)]

    # --- the artist --------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> int:
        """The place of the param whose effect is shown: the most important one until another is chosen."""
        answer = self.answer
        ids = [p.field.id for p in answer.params] if answer is not None else []
        return ids.index(self.settings.effect) if self.settings.effect in ids else 0

    def _bars(self, frame: QRectF) -> QRectF:
        if frame.width() < _WIDE:
            return frame.adjusted(8, 8, -8, -frame.height() * 0.5)
        return frame.adjusted(8, 8, -frame.width() * 0.5 - 8, -8)

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Bars at the left (above in a narrow frame), the effect beside them."""
        answer = self.answer
        if answer is None:
            return
        bars = self._bars(frame)
        self._paint_bars(painter, bars, answer)
        beside = QRectF(bars.right() + 16, frame.top(), frame.right() - bars.right() - 16, frame.height())
        if frame.width() < _WIDE:
            beside = QRectF(frame.left(), bars.bottom() + 8, frame.width(), frame.bottom() - bars.bottom() - 8)
        place = self.chosen
        self._paint_effect(painter, beside, answer.params[place], answer.effects[place], title_of(answer.target.id))

    def _paint_bars(self, painter: QPainter, room: QRectF, answer: Importance) -> None:
        theme, metrics = self._context.theme, QFontMetricsF(fonts.ui(12))
        fits = max(1, int((room.height() - 24) // _ROW))
        names = room.width() * _NAME_SHARE
        ends = answer.mean + answer.std
        low, high = min(0.0, float((answer.mean - answer.std).min())), max(float(ends.max()), 1e-9)
        foot = room.left() + names + 10
        width = max(20.0, room.right() - foot - 52)

        def x(value: float) -> float:
            return foot + (value - low) / (high - low) * width

        painter.setFont(fonts.ui(12))
        for place in range(min(fits, len(answer.params))):
            top = room.top() + place * _ROW
            row = QRectF(room.left(), top, room.width(), _ROW)
            mean, std = float(answer.mean[place]), float(answer.std[place])
            if place == self.chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("accent_soft"))
                painter.drawRoundedRect(row, 4, 4)
            painter.setPen(theme.color("text"))
            name = metrics.elidedText(plain(answer.params[place].field.name), Qt.TextElideMode.ElideMiddle, names - 8)
            painter.drawText(row.adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent" if mean - 2 * std > 0 else "placeholder"))
            left, right = sorted((x(0.0), x(mean)))
            painter.drawRect(QRectF(left, top + 7, max(1.0, right - left), _ROW - 14))
            painter.setPen(QPen(theme.color("text"), 1.4))
            painter.drawLine(QLineF(x(mean - std), top + _ROW / 2, x(mean + std), top + _ROW / 2))
            for end in (mean - std, mean + std):
                painter.drawLine(QLineF(x(end), top + _ROW / 2 - 4, x(end), top + _ROW / 2 + 4))
            painter.setPen(theme.color("muted"))
            side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(row.adjusted(0, 0, -6, 0), side, f"{mean:.3f}".replace("-", "−"))
        if len(answer.params) > fits:
            painter.setPen(theme.color("muted"))
            more = f"{len(answer.params) - fits} less important params: see the CSV"
            painter.drawText(QRectF(room.left() + 8, room.bottom() - 20, room.width(), 18), more)

    def _paint_effect(self, painter: QPainter, room: QRectF, param: Variable, effect: Effect, target: str) -> None:
        theme = self._context.theme
        values = param.values[param.finite]
        wide = not param.categories and len(values) > 0 and values.min() > 0 and values.max() > 100 * values.min()
        x_scale = Scale.of(param, log=bool(wide))
        spread = np.concatenate([effect.runs.ravel(), effect.mean])
        axes = Axes(room, x_scale, Scale.over(spread), plain(param.field.name), f"predicted {target}", top=22)
        axes.paint(painter, theme)
        painter.setFont(fonts.ui(11))
        painter.setPen(theme.color("muted"))
        head = QRectF(axes.area.left(), room.top() + 6, axes.area.width(), 18)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, "Bold: mean effect. Thin: single runs.")
        across = x_scale.place(effect.grid)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        thin = theme.color("muted")
        thin.setAlphaF(0.35)
        painter.save()
        painter.setClipRect(axes.area.adjusted(-4, -4, 4, 4))
        for run in effect.runs:
            self._paint_curve(painter, axes, across, axes.y.place(run), QPen(thin, 1))
        self._paint_curve(painter, axes, across, axes.y.place(effect.mean), QPen(theme.color("accent"), 2.6))
        painter.restore()
        # Where no run lies the curve is a guess: a tick for each run that was set so.
        painter.setPen(QPen(theme.color("text"), 1))
        ticks = np.unique(np.round(x_scale.place(values) * axes.area.width()))
        for tick in ticks[np.isfinite(ticks)].tolist():
            at = axes.area.left() + tick
            painter.drawLine(QLineF(at, axes.area.bottom() - 6, at, axes.area.bottom()))

    @staticmethod
    def _paint_curve(painter: QPainter, axes: Axes, x: np.ndarray, y: np.ndarray, pen: QPen) -> None:
        painter.setPen(pen)
        points = [axes.at(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        painter.drawPolyline(QPolygonF(points))
        if axes.x.categories or len(points) == 1:
            for point in points:
                painter.drawEllipse(point, pen.widthF(), pen.widthF())

    # --- hand and keys -----------------------------------------------------------------------------------------

    def _row_at(self, at: QPointF) -> int | None:
        bars = self._bars(QRectF(self.canvas.rect()))
        place = int((at.y() - bars.top()) // _ROW)
        answer = self.answer
        inside = answer is not None and bars.contains(at) and 0 <= place < len(answer.params)
        return place if inside else None

    def words_at(self, at: QPointF) -> str:
        """The figures of the bar there."""
        place, answer = self._row_at(at), self.answer
        if place is None or answer is None:
            return ""
        mean, std = number(float(answer.mean[place]), 3), number(float(answer.std[place]), 2)
        return f"{plain(answer.params[place].field.name)}: {mean} ± {std}"

    def click(self, at: QPointF, *, add: bool) -> None:
        """Show the effect of the param there."""
        place = self._row_at(at)
        if place is not None:
            self._show_effect(place)

    def _show_effect(self, place: int) -> None:
        answer = self.answer
        if answer is not None:
            self.choose("Effect shown", effect=answer.params[place].field.id)
            self.canvas.setAccessibleDescription(f"Effect of {plain(answer.params[place].field.name)}")

    def key(self, event: QKeyEvent) -> bool:
        """Up and down choose the param whose effect is shown."""
        answer = self.answer
        if answer is None or event.key() not in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            return False
        by = 1 if event.key() == Qt.Key.Key_Down else -1
        self._show_effect(max(0, min(len(answer.params) - 1, self.chosen + by)))
        return True
