"""What all chart kinds have in common: controls, a canvas, what is said below it, undo, selection and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.flow import FlowLayout
from runfolio.desktop.kinds.canvas import Artist, Canvas
from runfolio.desktop.kinds.field_combo import FieldCombo
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.settings import KindSettings
from runfolio.desktop.widgets import EmptyState, IconButton, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count
from runfolio.model.kinds import Flags
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

S = TypeVar("S", bound=KindSettings)
A = TypeVar("A")

MOST_PICKED = 5_000
"""Runs that a brush selects: each gets a colour, a curve and a row in every view."""

_FILES = (("png", "PNG"), ("svg", "SVG"), ("pdf", "PDF"), ("csv", "CSV of what is drawn"))


class KindPanel(QWidget, Artist, Generic[S, A]):
    """A chart of the runs in scope.

    shown      emitted when an answer, or why there is none, has arrived.
    changed    emitted when other settings were chosen.
    """

    shown = Signal()
    changed = Signal()
    kind: ClassVar[str]
    title: ClassVar[str]
    explained: ClassVar[str]
    """What the chart says, for a person who sees it first."""

    def __init__(self, context: Context, settings: S) -> None:
        super().__init__()
        self.setObjectName(f"kind-{self.kind}")
        self.setAccessibleName(self.title)
        self._context = context
        self._settings = settings
        self.filled = settings
        """The settings with what was chosen by itself."""
        self.answer: A | None = None
        self.keys: Sequence[RunKey] = ()
        self._place_of: dict[RunKey, int] = {}
        self._picture: tuple[object, QPixmap] | None = None
        self._stale = True
        self._offer = Offer(())
        self.message = ""
        theme = context.theme
        self.bar = FlowLayout()
        self.canvas = Canvas(self, theme, self.title)
        self.note = PlainLabel("", role="muted", wrap=True)
        self.note.setObjectName("kind-note")
        self.empty = EmptyState(theme, "", "", icon="chart-line")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.canvas)
        self._lay_out()
        self.add_controls()
        state = context.state
        state.scope_changed.connect(self._on_scope)
        state.selection_changed.connect(self.canvas.update)

    def _lay_out(self) -> None:
        self._save = IconButton("download", "Save the chart or its data", self._context.theme)
        self._save.setObjectName("kind-save")
        menu = QMenu(self._save)
        menu.setObjectName("kind-save-menu")
        menu.addAction("Export for print…", self.open_export)
        for suffix, title in _FILES:
            menu.addAction(title, partial(self._ask_to_save, suffix))
        self._save.setMenu(menu)
        self._save.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addLayout(self.bar, 1)
        head.addWidget(self._save, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addWidget(self.note)

    # --- what a kind says of itself ----------------------------------------------------------------------------

    def add_controls(self) -> None:
        """Put the kind's own controls into the bar."""

    def show_controls(self, offer: Offer, settings: S) -> None:
        """Let the controls show settings."""

    @staticmethod
    def fill(settings: S, offer: Offer) -> S:
        """Settings without AUTO; on a query thread."""
        return settings

    @staticmethod
    def compute(workspace: Workspace, settings: S, keys: Sequence[RunKey]) -> A:
        """What is drawn; on a query thread. Raises RunfolioError, and LookupError where there is nothing to draw."""
        raise LookupError("Nothing is drawn")

    def words_of(self, answer: A) -> str:
        """What has to be said below the chart: who is not shown, and why."""
        return ""

    def rows(self) -> list[list[str]]:
        """What is drawn as rows of a table, the head first."""
        return []

    def taken(self) -> None:
        """An answer has been taken in."""

    # --- settings ----------------------------------------------------------------------------------------------

    @property
    def settings(self) -> S:
        """What was chosen."""
        return self._settings

    def put_settings(self, settings: S) -> None:
        """Draw by other settings, with nothing to undo."""
        if settings != self._settings:
            self._settings = settings
            self.changed.emit()
            self.refresh()

    def choose(self, label: str, **parts: object) -> None:
        """The user wants other settings; Ctrl+Z brings those before back."""
        before, after = self._settings, replace(self._settings, **parts)
        if after != before:
            self._context.state.undo.push(label, lambda: self.put_settings(before), lambda: self.put_settings(after))
            self.put_settings(after)

    def field_control(self, part: str, label: str, *, optional: bool = False) -> FieldCombo:
        """A labelled list of fields in the bar, for a part of the settings."""
        combo = FieldCombo(f"kind-{part}", f"{self.title}: {label}", optional=optional)
        combo.chosen.connect(lambda id: self.choose(f"Chart {label.lower()}", **{part: id}))
        self._add_labelled(label, combo)
        return combo

    def check_control(self, part: str, label: str, tip: str = "") -> QCheckBox:
        """A box to tick in the bar."""
        box = QCheckBox(label)
        box.setObjectName(f"kind-{part}")
        box.setAccessibleName(f"{self.title}: {label}")
        box.setToolTip(tip or label)
        box.clicked.connect(lambda on: self.choose(f"Chart {label.lower()}", **{part: on}))
        self.bar.addWidget(box)
        return box

    def choice_control(self, part: str, label: str, titles: dict[str, str]) -> QComboBox:
        """A short list in the bar."""
        box = QComboBox()
        box.setObjectName(f"kind-{part}")
        box.setAccessibleName(f"{self.title}: {label}")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for id, title in titles.items():
            box.addItem(title, id)
        box.activated.connect(lambda place: self.choose(f"Chart {label.lower()}", **{part: box.itemData(place)}))
        self._add_labelled(label, box)
        return box

    def _add_labelled(self, label: str, control: QWidget) -> None:
        pair = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(5)
        row.addWidget(PlainLabel(label, role="muted"))
        row.addWidget(control)
        self.bar.addWidget(pair)

    # --- asking ------------------------------------------------------------------------------------------------

    def activate(self) -> None:
        """It comes into sight: ask when what it shows is stale."""
        if self._stale:
            self.refresh()

    def changed_library(self, change: Change) -> None:
        """Runs were read again."""
        if change.touched & Touched.RUNS:
            self._on_scope()

    def _on_scope(self) -> None:
        self._stale = True
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Ask for what the settings want of the runs in scope."""
        keys, settings = self._context.state.scope_keys, self._settings
        self._stale = False
        if not keys:
            self._say(
                "No runs in scope", "Open a folder, or change the filter: the chart shows the runs that it leaves."
            )
            return
        if self.answer is None:
            self._say("Reading the runs", f"{count(len(keys))} runs are in scope.")

        def ask(workspace: Workspace) -> tuple[Offer, S, A | str, dict[RunKey, int]]:
            # Here and not when it arrives: with 100,000 runs that would be felt.
            places = {key: place for place, key in enumerate(keys)}
            offer = Offer(workspace.fields(), workspace.default_columns(40), workspace, keys)
            filled = self.fill(settings, offer)
            try:
                return offer.closed(), filled, self.compute(workspace, filled, keys), places
            except LookupError as reason:
                return offer.closed(), filled, str(reason.args[0]), places

        self._context.jobs.query(f"kind:{id(self)}", ask, lambda found: self._take(keys, *found), self._fail)

    def _take(
        self, keys: Sequence[RunKey], offer: Offer, filled: S, answer: A | str, places: dict[RunKey, int]
    ) -> None:
        self._offer, self.filled, self.keys, self._place_of = offer, filled, keys, places
        self.show_controls(offer, filled)
        if isinstance(answer, str):
            self.answer = None
            self._say("Nothing to draw", answer)
            return
        self.put_answer(answer)

    def put_answer(self, answer: A) -> None:
        """Show an answer."""
        self.answer = answer
        self.message = ""
        self.note.setText(self.words_of(answer))
        self.note.setVisible(bool(self.note.text()))
        self._stack.setCurrentWidget(self.canvas)
        self.taken()
        self.canvas.update()
        self.shown.emit()

    def _fail(self, error: RunfolioError) -> None:
        self.answer = None
        self._say(error.message, error.hint)

    def _say(self, title: str, text: str) -> None:
        self.message = title
        self.empty.set(title, text)
        self.note.hide()
        self._stack.setCurrentWidget(self.empty)
        self.shown.emit()

    def reread(self, answer: A) -> None:
        """The same answer is drawn another way."""
        self.note.setText(self.words_of(answer))
        self.canvas.update()

    def chosen_runs(self) -> list[tuple[int, int]]:
        """Places of the selected runs that are in the answer, each with the index of its colour."""
        state, places = self._context.state, self._place_of
        return [(places[key], state.style_of(key).color_index) for key in state.selection if key in places]

    def paint_kept(
        self,
        painter: QPainter,
        frame: QRectF,
        drawn_for: object,
        draw: Callable[[QPainter], None],
        opacity: float = 1.0,
    ) -> None:
        """Paint what is costly once, and show its picture until `drawn_for` is another; files get it painted anew."""
        if painter.device() is not self.canvas:
            draw(painter)
            return
        ratio = painter.device().devicePixelRatioF()
        wanted = (drawn_for, frame.size().toTuple(), ratio, self._context.theme.name)
        if self._picture is None or self._picture[0] != wanted:
            picture = QPixmap((frame.size() * ratio).toSize())
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            inner = QPainter(picture)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw(inner)
            inner.end()
            self._picture = (wanted, picture)
        painter.setOpacity(opacity)
        painter.drawPixmap(QPointF(), self._picture[1])
        painter.setOpacity(1.0)

    # --- selection ---------------------------------------------------------------------------------------------

    def pick(self, runs: Flags | Sequence[int], *, add: bool) -> None:
        """Select runs by their places in `keys`; too many are refused in words."""
        places = np.flatnonzero(runs) if isinstance(runs, np.ndarray) and runs.dtype == bool else [*runs]
        if len(places) > MOST_PICKED:
            self._context.say.warning(
                f"{count(len(places))} runs lie there, and at most {count(MOST_PICKED)} can be selected. "
                "Draw a smaller shape, or filter."
            )
            return
        chosen = [self.keys[int(place)] for place in places]
        state = self._context.state
        state.select([*state.selection, *chosen] if add else chosen)

    def pick_one(self, place: int, *, add: bool) -> None:
        """Click on a run: select it alone and show it in the inspector; `add` adds it or takes it away."""
        key = self.keys[place]
        state = self._context.state
        state.set_current(key)
        if add:
            state.toggle(key)
        else:
            state.select([key])

    # --- files -------------------------------------------------------------------------------------------------

    def open_export(self) -> None:
        """Show what the chart would be as a figure that can be drawn again, and write it."""
        from runfolio.desktop.export_dialog import ExportDialog
        from runfolio.desktop.panel_recipe import kind_recipe

        if self.answer is None:
            return
        try:
            recipe = kind_recipe(self._context, self.kind, self.title, self.filled.saved(), self.keys)
        except ValueError as error:
            self._context.say.warning(f"{error} Filter to fewer.")
            return
        ExportDialog.open_for(self._context, recipe, self.kind, self.window())

    def _ask_to_save(self, suffix: str) -> None:
        from runfolio.desktop.kinds.saving import ask_to_save

        if self.answer is not None:
            make: Callable[[], bytes] = self.csv if suffix == "csv" else lambda: self.canvas.picture(suffix)
            ask_to_save(self._context, self, f"{self.kind}.{suffix}", make)

    def csv(self) -> bytes:
        """What is drawn as CSV, UTF-8; cells that a spreadsheet would run as a formula are made harmless."""
        from runfolio.export.table import as_csv

        head, *rows = self.rows()
        return as_csv(head, rows).encode("utf-8")

    def save(self, path: Path) -> None:
        """Write the chart, or its data, by the path's suffix, off the GUI thread."""
        from runfolio.desktop.kinds.saving import write

        suffix = path.suffix.lower().removeprefix(".")
        write(self._context, path, self.csv() if suffix == "csv" else self.canvas.picture(suffix))
