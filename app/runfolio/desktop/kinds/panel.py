"""What all chart kinds have in common: controls, a canvas, what is said below it, undo, selection and files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.kinds.canvas import Artist, Canvas
from runfolio.desktop.kinds.controls import ControlBar
from runfolio.desktop.kinds.offer import Offer
from runfolio.desktop.kinds.save_button import SaveButton
from runfolio.desktop.kinds.settings import KindSettings
from runfolio.desktop.widgets import EmptyState, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.export.kind_rows import Rows, texts
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count, counted
from runfolio.model.kinds import Flags
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

S = TypeVar("S", bound=KindSettings)
A = TypeVar("A")

_NUMBERS = itertools.count(1)
MOST_PICKED = 5_000
"""Runs that a brush selects: each gets a colour, a curve and a row in every view."""


class KindPanel(QWidget, Artist, Generic[S, A]):
    """A chart of the runs in scope.

    shown      emitted when an answer, or why there is none, has arrived.
    changed    emitted when other settings were chosen.
    export_asked   the chart is wanted as a figure: a recipe, and what it draws.
    outdated   emitted by a panel that has an owner when what it shows is stale.
    """

    shown = Signal()
    changed = Signal()
    outdated = Signal()
    export_asked = Signal()
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
        self._chosen: tuple[dict[RunKey, int], list[tuple[int, int]]] | None = None
        self._stale = True
        self._offer = Offer(())
        self._slot = f"kind:{next(_NUMBERS)}"
        self.message = ""
        self.owner: Callable[[str, S], None] | None = None
        """Who keeps the settings where the panel does not: told what is chosen, and under which label for undo."""
        self._compact = False
        theme = context.theme
        self.controls = ControlBar(self.title)
        self.controls.chosen.connect(lambda label, part, value: self.choose(label, **{part: value}))
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
        state.selection_changed.connect(self._on_selection)

    def _lay_out(self) -> None:
        self._save = SaveButton(self._context.theme)
        self._save.figure_asked.connect(self.open_export)
        self._save.file_asked.connect(self._ask_to_save)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.controls, 1)
        head.addWidget(self._save, 0, Qt.AlignmentFlag.AlignTop)
        self._head = head
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

    def rows(self) -> Rows:
        """What is drawn as a table, the head first."""
        return []

    @property
    def heading(self) -> str:
        """What it shows now, in a few words."""
        return self.title

    @property
    def caveat(self) -> str:
        """What speaks against the answer; "" for nothing."""
        return ""

    def taken(self) -> None:
        """An answer has been taken in."""

    # --- settings ----------------------------------------------------------------------------------------------

    @property
    def settings(self) -> S:
        """What was chosen."""
        return self._settings

    @property
    def drawn_by(self) -> S:
        """The settings of what is seen: what was chosen, and what the panel has chosen by itself."""
        return self._settings if self.answer is None else self.filled

    def put_settings(self, settings: S) -> None:
        """Draw by other settings, with nothing to undo."""
        if settings != self._settings:
            self._settings = settings
            self.changed.emit()
            self.refresh()

    def choose(self, label: str, **parts: object) -> None:
        """The user wants other settings; Ctrl+Z brings those before back."""
        before, after = self._settings, replace(self._settings, **parts)
        if after == before:
            return
        if self.owner is not None:
            self.owner(label, after)
        else:
            self._context.state.undo.push(label, lambda: self.put_settings(before), lambda: self.put_settings(after))
            self.put_settings(after)

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
        if self.owner is not None:
            # It may be visible and still out of sight, in a page that is scrolled.
            self.outdated.emit()
        elif self.isVisible():
            self.refresh()

    def _on_selection(self) -> None:
        self._chosen = None
        self.canvas.update()

    def leave(self) -> None:
        """It goes away: nothing that it has asked for may come back to it."""
        self._context.jobs.forget(self._slot)

    def set_compact(self, *, compact: bool) -> None:
        """Whether there is room for nothing but the chart: its controls and words are then shown by who owns it."""
        self._compact = compact
        self.canvas.setMinimumSize(*((120, 90) if compact else (220, 140)))
        self.controls.setVisible(not compact)
        self._save.setVisible(not compact)
        self._show_note()

    def take_controls(self) -> None:
        """Have the controls again after they were lent."""
        self._head.insertWidget(0, self.controls, 1)
        self.controls.setVisible(not self._compact)

    def _show_note(self) -> None:
        self.note.setVisible(bool(self.note.text()) and not self._compact and not self.message)

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
            self._say("Reading the runs", f"{counted(len(keys), 'run')} in scope.")

        def ask(workspace: Workspace) -> tuple[Offer, S, A | str, dict[RunKey, int]]:
            # Here and not when it arrives: with 100,000 runs that would be felt.
            places = {key: place for place, key in enumerate(keys)}
            offer = Offer(workspace.fields(), workspace.default_columns(40), workspace, keys)
            filled = self.fill(settings, offer)
            try:
                return offer.closed(), filled, self.compute(workspace, filled, keys), places
            except LookupError as reason:
                return offer.closed(), filled, str(reason.args[0]), places

        self._context.jobs.query(self._slot, ask, lambda found: self._take(keys, *found), self._fail)

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
        self._show_note()
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
        self._show_note()
        self._stack.setCurrentWidget(self.empty)
        self.shown.emit()

    def reread(self, answer: A) -> None:
        """The same answer is drawn another way."""
        self.note.setText(self.words_of(answer))
        self.canvas.update()
        self.shown.emit()

    def chosen_runs(self) -> list[tuple[int, int]]:
        """Places of the selected runs that are in the answer, each with the index of its colour."""
        state, places = self._context.state, self._place_of
        if self._chosen is None or self._chosen[0] is not places:
            # Kept: every painting asks for what may be thousands.
            found = [(places[key], state.style_of(key).color_index) for key in state.selection if key in places]
            self._chosen = places, found
        return self._chosen[1]

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
        """Ask for the chart as a figure that can be drawn again."""
        if self.answer is not None:
            self.export_asked.emit()

    def _ask_to_save(self, suffix: str) -> None:
        from runfolio.desktop.kinds.saving import ask_to_save

        if self.answer is not None:
            make: Callable[[], bytes] = self.csv if suffix == "csv" else lambda: self.canvas.picture(suffix)
            ask_to_save(self._context, self, f"{self.kind}.{suffix}", make)

    def csv(self) -> bytes:
        """What is drawn as CSV, UTF-8; cells that a spreadsheet would run as a formula are made harmless."""
        from runfolio.export.table import as_csv

        head, *rows = texts(self.rows())
        return as_csv(head, rows).encode("utf-8")

    def save(self, path: Path) -> None:
        """Write the chart, or its data, by the path's suffix, off the GUI thread."""
        from runfolio.desktop.kinds.saving import write

        suffix = path.suffix.lower().removeprefix(".")
        write(self._context, path, self.csv() if suffix == "csv" else self.canvas.picture(suffix))
