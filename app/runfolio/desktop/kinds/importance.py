"""The importance panel: which params a metric depends on, and what the one chosen does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QVBoxLayout

from runfolio.desktop.jobs import LongJob
from runfolio.desktop.kinds.field_combo import title_of
from runfolio.desktop.kinds.importance_paint import ROW, paint_bars, paint_effect
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.settings import AUTO, ImportanceSettings
from runfolio.desktop.widgets import PlainLabel
from runfolio.errors import RunfolioError
from runfolio.export.kind_rows import Rows, importance_rows
from runfolio.model.display import count, counted, number, plain
from runfolio.model.kinds import Importance
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_MOST_PARAMS = 40
_PAUSE_MS = 300
_WIDE = 640.0
_HIGH = 330.0


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
        self._target = self.controls.field("target", "Metric")
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
            self.filled = replace(self.filled, effect=settings.effect)
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
            self._context.jobs.forget(self._slot)
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

        self._context.jobs.query(self._slot, ask, lambda found: self._learn(keys, *found), self._fail)

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
            f"A forest learns {title_of(filled.target)} of {counted(len(keys), 'run')} from "
            f"{counted(len(params), 'param')}; this takes some seconds.",
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
            self.warning.setVisible(bool(answer.warnings) and not self._compact)

    def words_of(self, answer: Importance) -> str:
        """Score, runs, gaps, and what was left out."""
        words = [
            f"Out-of-bag R² {number(answer.oob, 3)} with {counted(answer.runs, 'run')}.",
            "Bars: mean over 5 folds of 10 shuffles, as a share of the metric's variance; lines: ± standard deviation.",
        ]
        if answer.excluded:
            words.append(f"{counted(answer.excluded, 'run')} without a finite value of the metric not used.")
        gaps = [f"{p.field.name} ({count(n)})" for p, n in zip(answer.params, answer.missing, strict=True) if n]
        if gaps:
            words.append(f"Missing in some runs, which are used all the same: {', '.join(gaps[:4])}.")
        if answer.left_out:
            more = f" and {len(answer.left_out) - 3} more" if len(answer.left_out) > 3 else ""
            words.append(f"Not looked at: {'; '.join(answer.left_out[:3])}{more}.")
        return " ".join(words)

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        return self.title if self.answer is None else f"What {title_of(self.answer.target.id)} depends on"

    @property
    def caveat(self) -> str:
        """Why not to trust the answer."""
        return "" if self.answer is None else "\n".join(self.answer.warnings)

    def leave(self) -> None:
        """Learn no longer."""
        super().leave()
        self._pause.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def set_compact(self, *, compact: bool) -> None:
        """The warning is then shown by who owns the panel."""
        super().set_compact(compact=compact)
        self.warning.setVisible(bool(self.caveat) and not compact)

    def rows(self) -> Rows:
        """Importance of each param, in full precision."""
        return [] if self.answer is None else importance_rows(self.answer)

    # --- the artist --------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> int:
        """The place of the param whose effect is shown: the most important one until another is chosen."""
        answer = self.answer
        ids = [p.field.id for p in answer.params] if answer is not None else []
        return ids.index(self.settings.effect) if self.settings.effect in ids else 0

    def _bars(self, frame: QRectF) -> QRectF:
        if frame.width() < _WIDE:
            return frame.adjusted(8, 8, -8, -8 if frame.height() < _HIGH else -frame.height() * 0.5)
        return frame.adjusted(8, 8, -frame.width() * 0.5 - 8, -8)

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Bars at the left, the effect beside them; below in a narrow frame, and in none that is low as well."""
        answer = self.answer
        if answer is None:
            return
        bars = self._bars(frame)
        paint_bars(painter, self._context.theme, bars, answer, self.chosen)
        beside = QRectF(bars.right() + 16, frame.top(), frame.right() - bars.right() - 16, frame.height())
        if frame.width() < _WIDE and frame.height() < _HIGH:
            return
        if frame.width() < _WIDE:
            beside = QRectF(frame.left(), bars.bottom() + 8, frame.width(), frame.bottom() - bars.bottom() - 8)
        place = self.chosen
        target = title_of(answer.target.id)
        paint_effect(painter, self._context.theme, beside, answer.params[place], answer.effects[place], target)

    # --- hand and keys -----------------------------------------------------------------------------------------

    def _row_at(self, at: QPointF) -> int | None:
        bars = self._bars(QRectF(self.canvas.rect()))
        place = int((at.y() - bars.top()) // ROW)
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
