"""The classifier panel: confusion matrix, ROC, precision and recall, and calibration of tables of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog

from runfolio.desktop.kinds.classifier_paint import curve_axes, matrix_axes, paint_curves, paint_matrices, tones
from runfolio.desktop.kinds.classifier_words import curve_at, curve_words, matrix_words, place_words, why_none
from runfolio.desktop.kinds.reading import ReadingPanel
from runfolio.desktop.kinds.settings import AUTO, ClassifierSettings
from runfolio.desktop.widgets import TextButton
from runfolio.errors import RunfolioError
from runfolio.export.kind_rows import MATRICES, Rows, curves_of, judged_rows, matrices_of
from runfolio.model.display import count, plain
from runfolio.model.kinds import JudgedTable, JudgedTables, Scored
from runfolio.model.run import RunKey

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
_BY_HAND = "\0"
_NO_RUNS = "Open a folder or change the filter, or choose a file with predictions."


class ClassifierPanel(ReadingPanel[ClassifierSettings, JudgedTables]):
    """A table of predictions of the first runs in scope that have it, or of a file that is chosen."""

    kind = "classifier"
    title = "Classifier"
    explained = (
        "Predictions of a classifier, from tables in the runs' folders or of a file: CSV, Parquet, or JSON as W&B and "
        "MLflow write tables. A click selects the run."
    )

    job = "Judge predictions"

    def add_controls(self) -> None:
        """The table, its columns, and what is drawn of it."""
        super().add_controls()
        self._table = self.controls.choice("table", "Table", {AUTO: "that holds predictions"})
        button = TextButton("Choose a file…", self._context.theme, icon="folder-open", tip="A file with predictions")
        button.setObjectName("kind-table")
        button.clicked.connect(self.ask_for_table)
        self.controls.add(button)
        self._columns: dict[str, QComboBox] = {}
        for part, label in _COLUMNS.items():
            self._columns[part] = self.controls.choice(part, label, {"": "by its name"})
        self._look = self.controls.choice("look", "Show", _LOOKS)
        self._label = self.controls.choice("of_class", "Class", {"": "all"})

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
        """Judge another file, its columns guessed anew."""
        super().choose("Choose table", path=path, truth="", predicted="", score="", of_class="")

    def choose(self, label: str, **parts: object) -> None:
        """Another table of the runs takes the place of a file, and its columns are guessed anew."""
        if parts.get("table") == _BY_HAND:
            return
        if "table" in parts:
            parts |= {"path": "", "truth": "", "predicted": "", "score": "", "of_class": ""}
        super().choose(label, **parts)

    # --- asking ------------------------------------------------------------------------------------------------

    def put_settings(self, settings: ClassifierSettings) -> None:
        """Another look or class needs no new reading."""
        same = replace(settings, look="", of_class="") == replace(self._settings, look="", of_class="")
        if same and self.answer is not None:
            self._settings = self.filled = settings
            self.changed.emit()
            self._show_choice(self.answer)
            self.reread(self.answer)
        else:
            super().put_settings(settings)

    def _on_scope(self) -> None:
        # A file does not depend on the runs in scope.
        if not self._settings.path:
            super()._on_scope()

    def refresh(self) -> None:
        """Read the tables and judge them, a moment after the last change."""
        self._stale = False
        settings = self.filled = self._settings
        self.stop_reading()
        self._look.setCurrentIndex(self._look.findData(settings.look))
        if not settings.path and not self._context.state.scope_keys:
            self._offer_file(
                "No runs in scope", "Open a folder or change the filter, or choose a file with predictions."
            )
            return
        if self.answer is None or settings.path:
            name = plain(Path(settings.path).name, 80) if settings.path else "Looking through the files of runs"
            self._say("Reading the table", name)
            self.empty.set("Reading the table", name, action="Cancel", call=self._cancel)
        self.read_soon()

    def begin(self) -> None:
        settings, keys = self._settings, self._context.state.scope_keys
        truth, predicted, score = settings.truth, settings.predicted, settings.score

        def call(workspace: Workspace, token: CancelToken) -> tuple[JudgedTables, dict[RunKey, int]]:
            if settings.path:
                path = Path(settings.path)
                found = workspace.classified(path, truth=truth, predicted=predicted, score=score, cancel=token)
                return JudgedTables((JudgedTable(path.name, None, found),)), {}
            table = "" if settings.table == AUTO else settings.table
            judged = workspace.judged_tables(keys, table, truth=truth, predicted=predicted, score=score, cancel=token)
            runs = {one.run for one in judged.tables}
            return judged, {key: place for place, key in enumerate(keys) if key in runs}

        self.looker.ask(call, lambda answer: self._arrived(keys, *answer), self._fail)

    def _arrived(self, keys: Sequence[RunKey], found: JudgedTables, places: dict[RunKey, int]) -> None:
        self.keys, self._place_of = keys, places
        self._show_choice(found)
        if found.tables:
            self.put_answer(found)
            return
        self.answer = None
        self._offer_file(*why_none(found))

    def put_answer(self, answer: JudgedTables) -> None:
        """Show it, or say why there is nothing to see of it in this look."""
        super().put_answer(answer)
        self._say_if_empty(answer)

    def reread(self, answer: JudgedTables) -> None:
        """The same in another look."""
        self.message = ""
        self._stack.setCurrentWidget(self.canvas)
        super().reread(answer)
        self._show_note()
        self._say_if_empty(answer)

    def _say_if_empty(self, answer: JudgedTables) -> None:
        look = self._settings.look
        drawn = matrices_of(answer.tables) if look in MATRICES else self._curves(answer)
        if not drawn:
            self._say("No predictions" if look in MATRICES else "No curve", self.words_of(answer))

    def _offer_file(self, title: str, text: str) -> None:
        self.answer = None
        self._say(title, text)
        self.empty.set(title, text, action="Choose a file…", call=self.ask_for_table)

    def _cancel(self) -> None:
        self.stop_reading()
        self._say("Cancelled", "The table was not read.")
        self.empty.set("Cancelled", "The table was not read.", action="Start again", call=self.refresh)

    def _fail(self, error: RunfolioError) -> None:
        self._offer_file(error.message, error.hint)

    # --- what can be chosen ------------------------------------------------------------------------------------

    def _show_choice(self, answer: JudgedTables) -> None:
        settings = self._settings
        if not settings.path:
            # Of a file nothing is known of the runs' tables: what was offered before stays.
            self._table.clear()
            auto = plain(answer.table, 40) if settings.table == AUTO and answer.table else "that holds predictions"
            self._table.addItem(f"{auto} (by its name)" if settings.table == AUTO and answer.table else auto, AUTO)
            for name, runs in answer.offered:
                self._table.addItem(f"{plain(name, 60)} · {count(runs)}", name)
            if self._table.findData(settings.table) < 0:
                self._table.addItem(plain(settings.table, 60), settings.table)
            self._table.setCurrentIndex(self._table.findData(settings.table))
        elif self._table.findData(_BY_HAND) < 0:
            self._table.addItem("a file", _BY_HAND)
        if settings.path:
            self._table.setCurrentIndex(self._table.findData(_BY_HAND))
        first = answer.tables[0].found if answer.tables else None
        for part, box in self._columns.items():
            chosen = getattr(settings, part)
            guessed = plain(getattr(first, part), 40) if first is not None and not chosen else ""
            box.clear()
            box.addItem(f"{guessed} (by its name)" if guessed else "by its name", "")
            for column in () if first is None else first.columns:
                box.addItem(plain(column, 60), column)
            box.setCurrentIndex(max(0, box.findData(chosen)))
        self._look.setCurrentIndex(self._look.findData(settings.look))
        classes = dict.fromkeys(own.positive for one in answer.tables for own in one.found.scored)
        self._label.clear()
        self._label.addItem("all" if len(answer.tables) < 2 else "the first", "")
        for name in classes:
            self._label.addItem(plain(name, 60), name)
        self._label.setCurrentIndex(max(0, self._label.findData(settings.of_class)))
        self._label.setEnabled(len(classes) > 1 and settings.look not in MATRICES)

    # --- words -------------------------------------------------------------------------------------------------

    def words_of(self, answer: JudgedTables) -> str:
        """How many rows, the figures, and what cannot be said."""
        look = self._settings.look
        if look in MATRICES:
            return matrix_words(answer)
        return curve_words(answer, self._curves(answer), look)

    def _curves(self, answer: JudgedTables) -> list[tuple[JudgedTable, Scored]]:
        classes = {own.positive for one in answer.tables for own in one.found.scored}
        label = self._settings.of_class if self._settings.of_class in classes else ""
        return curves_of(answer.tables, self._settings.look, label)

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        look, answer = _LOOKS[self._settings.look], self.answer
        if answer is None:
            return look
        return f"{look} · {plain(answer.table or answer.tables[0].name, 60)}"

    def rows(self) -> Rows:
        """The matrices or the curves that are shown."""
        answer = self.answer
        return [] if answer is None else judged_rows(answer.tables, self._settings.look, self._settings.of_class)

    # --- the artist --------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """The matrices or the curves."""
        answer, theme, look = self.answer, self._context.theme, self._settings.look
        if answer is None:
            return
        if look in MATRICES:
            matrices = matrices_of(answer.tables)
            if matrices:
                paint_matrices(painter, theme, matrix_axes(frame, matrices), matrices, look)
            return
        curves = self._curves(answer)
        if curves:
            several = len({id(one) for one, _ in curves}) > 1
            names = [one.name if several else own.positive for one, own in curves]
            style = self._context.state.style_of
            picked = [-1 if one.run is None or not several else style(one.run).color_index for one, _ in curves]
            paint_curves(painter, theme, curve_axes(frame, look), curves, look, tones(theme, curves, picked), names)

    def _at(self, at: QPointF) -> tuple[JudgedTable, str] | None:
        """The table there and what it says there: of a cell, or of the nearest place of the nearest curve."""
        answer, look = self.answer, self._settings.look
        if answer is None:
            return None
        frame = QRectF(self.canvas.rect())
        if look in MATRICES:
            matrices = matrices_of(answer.tables)
            for axes, one in zip(matrix_axes(frame, matrices) if matrices else (), matrices, strict=True):
                if axes.area.contains(at):
                    across, up = axes.share(at)
                    size = len(one.found.labels)
                    cell = min(size - 1, int((1 - up) * size)), min(size - 1, int(across * size))
                    return one, place_words(one, cell, several=len(matrices) > 1)
            return None
        axes, curves = curve_axes(frame, look), self._curves(answer)
        if not curves or not axes.area.contains(at):
            return None
        return curve_at(axes.share(at), curves, look)

    def words_at(self, at: QPointF) -> str:
        """The cell, or the nearest place of a curve."""
        found = self._at(at)
        return "" if found is None else found[1]

    def click(self, at: QPointF, *, add: bool) -> None:
        """Select the run there."""
        found = self._at(at)
        if found is not None and found[0].run in self._place_of:
            self.pick_one(self._place_of[found[0].run], add=add)
