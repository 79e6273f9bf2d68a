"""The classifier panel: confusion matrix, ROC, precision and recall, and calibration of a table of predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog

from runfolio.desktop.jobs import LongJob
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.grid_paint import paint_cells
from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.kinds.settings import ClassifierSettings
from runfolio.desktop.widgets import TextButton
from runfolio.errors import RunfolioError
from runfolio.export.kind_rows import MATRICES, Rows, classified_rows, curve, matrix
from runfolio.model.display import count, number, plain
from runfolio.model.kinds import Classified, Scored

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_LOOKS = {
    "confusion": "Confusion matrix",
    "rates": "Confusion matrix by true class",
    "roc": "ROC",
    "pr": "Precision and recall",
    "calibration": "Calibration",
}
_FILES = "Tables (*.csv *.tsv *.parquet *.pq *.json)"
_COLUMNS = {"truth": "True class", "predicted": "Predicted", "score": "Score"}
_WHOLE = Scale(0.0, 1.0)


class ClassifierPanel(KindPanel[ClassifierSettings, Classified]):
    """A table that is chosen once; its columns are guessed and can be chosen."""

    kind = "classifier"
    title = "Classifier"
    explained = "Predictions of a classifier from a table: CSV, Parquet, or JSON as W&B and MLflow write tables."

    def add_controls(self) -> None:
        """The table, its columns, and what is drawn of it."""
        button = TextButton("Choose a table…", self._context.theme, icon="folder-open", tip="A file with predictions")
        button.setObjectName("kind-table")
        button.clicked.connect(self.ask_for_table)
        self.controls.add(button)
        self._columns: dict[str, QComboBox] = {}
        for part, label in _COLUMNS.items():
            self._columns[part] = self.controls.choice(part, label, {"": "by its name"})
        self._look = self.controls.choice("look", "Show", _LOOKS)
        self._job: LongJob | None = None

    def ask_for_table(self) -> None:
        """Ask for a file without blocking."""
        popup = QApplication.activePopupWidget()
        if popup is not None:
            # The button stands in a popup where the chart has no room: the dialog would lie behind it.
            popup.close()
        dialog = QFileDialog(self, "Choose a table of predictions", "", _FILES)
        dialog.setObjectName("choose-table")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_table)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_table(self, path: str) -> None:
        """Judge another table, its columns guessed anew."""
        self.choose("Choose table", path=path, truth="", predicted="", score="")

    # --- asking ------------------------------------------------------------------------------------------------

    def put_settings(self, settings: ClassifierSettings) -> None:
        """Another look needs no new reading."""
        same = replace(settings, look="") == replace(self._settings, look="")
        if same and self.answer is not None:
            self._settings = self.filled = settings
            self.changed.emit()
            self._show_choice(self.answer)
            self.reread(self.answer)
        else:
            super().put_settings(settings)

    def _on_scope(self) -> None:
        # The table does not depend on the runs in scope.
        return

    def refresh(self) -> None:
        """Read the table and judge it."""
        self._stale = False
        settings = self.filled = self._settings
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._look.setCurrentIndex(self._look.findData(settings.look))
        if not settings.path:
            text = "Choose a file with a row for each example: its true class, and what was predicted or its score."
            self._say("No table is chosen", text)
            self.empty.set("No table is chosen", text, action="Choose a table…", call=self.ask_for_table)
            return

        def work(workspace: Workspace, token: CancelToken, _progress: object) -> Classified:
            return workspace.classified(
                Path(settings.path),
                truth=settings.truth,
                predicted=settings.predicted,
                score=settings.score,
                cancel=token,
            )

        def judged(found: Classified) -> None:
            if job is self._job:
                self._job = None
                self._show_choice(found)
                self.put_answer(found)

        def failed(error: RunfolioError) -> None:
            if job is self._job:
                self._job = None
                self._fail(error)

        job = self._job = self._context.jobs.long("Judging the predictions", work, judged, failed)
        name = plain(Path(settings.path).name, 80)
        self._say("Reading the table", name)
        self.empty.set("Reading the table", name, action="Cancel", call=self._cancel)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._say("Cancelled", "The table was not read.")
        self.empty.set("Cancelled", "The table was not read.", action="Start again", call=self.refresh)

    def _show_choice(self, found: Classified) -> None:
        for part, box in self._columns.items():
            box.clear()
            guessed = plain(getattr(found, part), 40)
            box.addItem(
                f"{guessed} (by its name)" if guessed and not getattr(self.settings, part) else "by its name", ""
            )
            for column in found.columns:
                box.addItem(plain(column, 60), column)
            box.setCurrentIndex(max(0, box.findData(getattr(self.settings, part))))
        self._look.setCurrentIndex(self._look.findData(self.settings.look))

    def words_of(self, answer: Classified) -> str:
        """How many rows, the figures, and what cannot be said."""
        words = [f"{plain(Path(self.settings.path).name, 60)}: {count(answer.rows)} rows."]
        if answer.skipped:
            words.append(f"{count(answer.skipped)} with a gap in a column used are left out.")
        look, scored = self.settings.look, answer.scored
        if look in MATRICES:
            if answer.confusion.size:
                right = int(np.trace(answer.confusion))
                words.append(f"Accuracy {number(right / answer.rows, 4)} ({count(right)} right).")
            else:
                words.append("There are no predictions, and scores alone name no class.")
        elif scored is None:
            words.append("This needs a score and two classes.")
        elif look == "roc":
            words.append(f"Area under the curve {number(scored.auc, 4)}; the diagonal is chance.")
        elif look == "pr":
            words.append(
                f"Average precision {number(scored.average_precision, 4)}; by chance {number(scored.share, 4)}."
            )
        elif scored.brier is not None:
            words.append(f"Brier score {number(scored.brier, 4)}. Ten bins; the diagonal is a perfect forecast.")
        if scored is not None and look in ("roc", "pr", "calibration"):
            words.append(f"Positive: {plain(scored.positive, 40)}.")
        return " ".join([*words, *answer.notes])

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        look = _LOOKS[self.settings.look]
        return look if self.answer is None else f"{look} · {plain(Path(self.settings.path).name, 60)}"

    def leave(self) -> None:
        """Read no longer."""
        super().leave()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def rows(self) -> Rows:
        """The matrix or the curve that is shown."""
        return [] if self.answer is None else classified_rows(self.answer, self.settings.look)

    # --- the artist --------------------------------------------------------------------------------------------

    def _axes(self, frame: QRectF) -> Axes:
        answer = self.answer
        assert answer is not None
        look = self.settings.look
        if look in MATRICES:
            across = Scale(-0.5, len(answer.labels) - 0.5, categories=answer.labels)
            # The first class on top, as matrices are read.
            down = Scale(-0.5, len(answer.labels) - 0.5, categories=answer.labels[::-1])
            return Axes(_square(frame), across, down, "Predicted", "True class")
        titles = {
            "roc": ("False positive rate", "True positive rate"),
            "pr": ("Recall", "Precision"),
            "calibration": ("Mean score", "Share of positives"),
        }
        return Axes(_square(frame), _WHOLE, _WHOLE, *titles[look])

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """The matrix or the curve."""
        answer, theme = self.answer, self._context.theme
        if answer is None:
            return
        axes = self._axes(frame)
        axes.paint(painter, theme)
        if self.settings.look in MATRICES:
            table = matrix(answer, self.settings.look)
            if table.size:
                counts = answer.confusion[::-1]
                only = self.settings.look == "confusion"
                paint_cells(painter, theme, axes, table[::-1], counts, Scale.over(table, pad=0.0), counts_only=only)
        elif answer.scored is not None:
            self._paint_curve(painter, axes, answer.scored)

    def _paint_curve(self, painter: QPainter, axes: Axes, scored: Scored) -> None:
        theme, look = self._context.theme, self.settings.look
        painter.setPen(QPen(theme.color("muted"), 1.2, Qt.PenStyle.DashLine))
        low = scored.share if look == "pr" else 0.0
        painter.drawLine(axes.at(0, low), axes.at(1, low if look == "pr" else 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent"), 2.4))
        if look == "calibration":
            x, y = scored.claimed, scored.found
        else:
            _, x, y = curve(scored, look)
        if look == "pr":
            # Precision holds until the next recall: between two points there is no threshold.
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
        points = [axes.at(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        painter.drawPolyline(QPolygonF(points))
        if look == "calibration":
            most = max(scored.in_bin, default=1)
            painter.setBrush(theme.color("accent"))
            for point, n in zip(points, scored.in_bin, strict=True):
                painter.drawEllipse(point, 3 + 6 * (n / most) ** 0.5, 3 + 6 * (n / most) ** 0.5)

    def words_at(self, at: QPointF) -> str:
        """The cell, or the nearest place of the curve."""
        answer = self.answer
        if answer is None:
            return ""
        area = self._axes(QRectF(self.canvas.rect())).area
        if not area.contains(at):
            return ""
        across, up = (at.x() - area.left()) / area.width(), (area.bottom() - at.y()) / area.height()
        if self.settings.look in MATRICES:
            size = len(answer.labels)
            if not answer.confusion.size:
                return ""
            true, guess = min(size - 1, int((1 - up) * size)), min(size - 1, int(across * size))
            n, total = int(answer.confusion[true, guess]), int(answer.confusion[true].sum())
            names = plain(answer.labels[true], 40), plain(answer.labels[guess], 40)
            share = f" ({n / total:.1%} of {names[0]})" if total else ""
            return f"{names[0]} predicted as {names[1]}: {count(n)}{share}"
        scored = answer.scored
        if scored is None:
            return ""
        if self.settings.look == "calibration":
            if not len(scored.claimed):
                return ""
            place = int(np.abs(scored.claimed - across).argmin())
            return (
                f"Mean score {number(float(scored.claimed[place]), 3)}: {number(float(scored.found[place]), 3)} "
                f"positive, {count(scored.in_bin[place])} rows"
            )
        head, x, y = curve(scored, self.settings.look)
        place = int(np.hypot(x - across, y - up).argmin())
        return f"{head[0]} {number(float(x[place]), 3)}, {head[1]} {number(float(y[place]), 3)}"


def _square(frame: QRectF) -> QRectF:
    """As much of the frame as keeps both axes about as long."""
    width = min(frame.width(), frame.height() * 1.25)
    return QRectF(frame.left() + (frame.width() - width) / 2, frame.top(), width, frame.height())
