"""The three things that every view of a window shares: scope, selection, baseline; and the step cursor.

Views read them here, change them here, and listen to the signals; none talks to another.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from runfolio.desktop.run_style import COLORS, DASHES, PLAIN_STYLE, RunStyle
from runfolio.desktop.undo import Stretch, UndoStack
from runfolio.model.answers import Change, merged
from runfolio.model.key_order import KeyOrder
from runfolio.model.marks import MarkBoard, ranked_colors
from runfolio.model.query import RunQuery, SortKey
from runfolio.model.run import RunKey

_TYPING_REST_S = 3.0
"""After so long a rest what is typed into the filter is a new step of undo."""
CHANGE_PAUSE_MS = 250
"""While indexing commits quickly, views hear of it at most this often."""


@dataclass(frozen=True, slots=True)
class _View:
    """What Ctrl+Z brings back."""

    query: RunQuery
    slots: Mapping[RunKey, int]
    baseline: RunKey | None


class WindowState(QObject):
    """Scope, selection, baseline, current run and step cursor of one window.

    query_changed       another scope is wanted; its keys are on their way.
    scope_changed       `scope_keys` is the answer to `scope`.
    selection_changed   runs were picked or dropped, or took other styles.
    names_changed       `name_of` knows more names.
    marks_changed       `board` has other stars, colours, hidden or archived runs.
    live_changed        other runs are being written.
    file_asked          a file of the current run is to be shown, by its path in the run's folder.
    library_changed     a Change of index or ledger; many quick ones arrive as one.
    """

    query_changed = Signal()
    scope_changed = Signal()
    selection_changed = Signal()
    baseline_changed = Signal()
    current_changed = Signal()
    cursor_changed = Signal()
    names_changed = Signal()
    marks_changed = Signal()
    live_changed = Signal()
    file_asked = Signal(str)
    library_changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo = UndoStack()
        self._live: frozenset[RunKey] = frozenset()
        self._query = RunQuery()
        self._keys = KeyOrder()
        self._slots: dict[RunKey, int] = {}
        self._gone: frozenset[RunKey] = frozenset()
        self.board = MarkBoard()
        """The marks of all runs that have some."""
        self._chosen: dict[RunKey, int] = {}
        self._styles: dict[RunKey, tuple[int, int]] | None = None
        self._looks: dict[RunKey, RunStyle] = {}
        """Those asked for since the selection became what it is."""
        self._baseline: RunKey | None = None
        self._current: RunKey | None = None
        self._cursor_step: float | None = None
        self._names: dict[RunKey, str] = {}
        self._typing = Stretch(_TYPING_REST_S)
        self._typing_from = self._view()
        self._pending: Change | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(CHANGE_PAUSE_MS)
        self._pause.timeout.connect(self._announce)

    # --- scope -------------------------------------------------------------------------------------------------

    @property
    def live(self) -> frozenset[RunKey]:
        """Runs whose folders are being written."""
        return self._live

    def set_live(self, keys: frozenset[RunKey]) -> None:
        """Other runs are being written."""
        if keys != self._live:
            self._live = keys
            self.live_changed.emit()

    @property
    def scope(self) -> RunQuery:
        """Which runs are looked at, and in which order."""
        return self._query

    @property
    def scope_keys(self) -> KeyOrder:
        """The runs that the scope holds, in order; those of the scope before while a new answer is awaited."""
        return self._keys

    def set_where(self, where: str, *, typing: bool = False) -> None:
        """Filter by another text. While `typing` without a rest, all texts up to the last are one step of undo."""
        query = dataclasses.replace(self._query, where=where)
        if query == self._query:
            return
        if typing and self._typing.goes_on(self.undo.last):
            before = self._typing_from
            self.undo.drop_last()
        else:
            before = self._view()
        self._query = query
        self._remember("Filter", before)
        self._typing.keep(self.undo.last if typing else None)
        self._typing_from = before
        self.query_changed.emit()

    def end_typing(self) -> None:
        """The text typed so far is a step of its own."""
        self._typing.keep(None)

    def set_sort(self, sort: tuple[SortKey, ...]) -> None:
        """Order by other fields."""
        self._ask(dataclasses.replace(self._query, sort=sort), "Sort")

    def set_place(self, source: int | None, experiment: str | None) -> None:
        """Look at another part of the library; None and None is all of it."""
        self._ask(dataclasses.replace(self._query, source=source, experiment=experiment), "Library selection")

    def set_with_hidden(self, *, on: bool) -> None:
        """Look also at runs that are hidden or archived, or no longer."""
        self._ask(
            dataclasses.replace(self._query, with_hidden=on), "Show hidden runs" if on else "Leave hidden runs out"
        )

    def set_saved_view(self, where: str, sort: tuple[SortKey, ...]) -> None:
        """Take over a saved view's filter, and its order where it has one."""
        self._ask(dataclasses.replace(self._query, where=where, sort=sort or self._query.sort), "Saved view")

    def set_scope_keys(self, keys: KeyOrder) -> None:
        """The answer to the scope has arrived."""
        if self._gone and not self._gone.isdisjoint(keys):
            self._set_gone(self._gone.difference(keys))
        if keys != self._keys:
            self._keys = keys
            self.scope_changed.emit()

    def _ask(self, query: RunQuery, label: str) -> None:
        if query != self._query:
            before = self._view()
            self._query = query
            self._remember(label, before)
            self.query_changed.emit()

    # --- selection ---------------------------------------------------------------------------------------------

    @property
    def selection(self) -> tuple[RunKey, ...]:
        """The selected runs in picking order, but for those that are gone."""
        return tuple(key for key in self._slots if key not in self._gone) if self._gone else tuple(self._slots)

    def style_of(self, key: RunKey) -> RunStyle:
        """How `key` is drawn everywhere; the plain style when it is not selected."""
        slot = self._slots.get(key)
        if slot is None:
            return PLAIN_STYLE
        known = self._looks.get(key)
        if known is None:
            known = self._looks[key] = self._look_of(key, slot)
        return known

    def _look_of(self, key: RunKey, slot: int) -> RunStyle:
        color, rank = slot % COLORS, slot // COLORS
        if self._chosen:
            if self._styles is None:
                self._styles = ranked_colors(self._slots, self._chosen)
            color, rank = self._styles[key]
        return RunStyle(color, rank % DASHES, rank)

    def chosen_color(self, key: RunKey) -> int | None:
        """The colour (0 to 9) that a run was given for good, selected or not."""
        return self._chosen.get(key)

    def set_marks(self, board: MarkBoard) -> None:
        """The marks of runs have arrived."""
        if board == self.board:
            return
        recoloured = board.colors != self.board.colors
        self.board = board
        self._chosen = {RunKey(key): color - 1 for key, color in board.colors}
        self._styles, self._looks = None, {}
        self.marks_changed.emit()
        if recoloured and self._slots:
            self.selection_changed.emit()

    def toggle(self, key: RunKey) -> None:
        """Pick a run, or drop it if it was picked."""
        if key in self._slots:
            self.select(k for k in self._slots if k != key)
        else:
            self.select((*self._slots, key))

    def select(self, keys: Iterable[RunKey]) -> None:
        """Select exactly `keys`; those selected before keep their colour, new ones take the lowest free slot."""
        wanted = dict.fromkeys(keys)
        if list(wanted) == list(self._slots):
            return
        before = self._view()
        kept = {key: slot for key, slot in self._slots.items() if key in wanted}
        taken = set(kept.values())
        free = (slot for slot in itertools.count() if slot not in taken)
        slots = {key: kept[key] if key in kept else next(free) for key in wanted}
        self._slots, self._styles, self._looks = slots, None, {}
        self._remember("Selection", before)
        self.selection_changed.emit()

    # --- baseline, current run, cursor -------------------------------------------------------------------------

    @property
    def baseline(self) -> RunKey | None:
        """The run that differences are measured against."""
        return None if self._baseline in self._gone else self._baseline

    def set_baseline(self, key: RunKey | None) -> None:
        """Measure against another run, or none."""
        if key != self._baseline:
            before = self._view()
            self._baseline = key
            self._remember("Baseline", before)
            self.baseline_changed.emit()

    @property
    def current(self) -> RunKey | None:
        """The run that the inspector shows."""
        return None if self._current in self._gone else self._current

    def set_current(self, key: RunKey | None) -> None:
        """Show another run in the inspector."""
        if key != self._current:
            self._current = key
            self.current_changed.emit()

    @property
    def cursor_step(self) -> float | None:
        """Where the crosshair of all charts stands on the x axis; None when it is nowhere."""
        return self._cursor_step

    def set_cursor(self, step: float | None) -> None:
        """Move the crosshair of all charts."""
        if step != self._cursor_step:
            self._cursor_step = step
            self.cursor_changed.emit()

    # --- runs that are gone ------------------------------------------------------------------------------------

    def lose(self, keys: Collection[RunKey]) -> frozenset[RunKey] | None:
        """The library has these runs no more; they keep their places until it has. None where nothing here is of them.

        Otherwise those of them that nobody knew to be gone.
        """
        held = {*self._slots, self._baseline, self._current}.intersection(keys)
        fresh = frozenset(key for key in held if key is not None and key not in self._gone)
        if fresh:
            self._set_gone(self._gone | fresh)
        return fresh if held else None

    def _set_gone(self, gone: frozenset[RunKey]) -> None:
        changed, self._gone = gone ^ self._gone, gone
        if not changed.isdisjoint(self._slots):
            self.selection_changed.emit()
        if self._baseline in changed:
            self.baseline_changed.emit()
        if self._current in changed:
            self.current_changed.emit()

    # --- names -------------------------------------------------------------------------------------------------

    def name_of(self, key: RunKey) -> str:
        """The display name of a run; the start of its key until it is known."""
        return self._names.get(key) or str(key).rpartition(":")[2][:8]

    def knows_name(self, key: RunKey) -> bool:
        """Whether `name_of` gives the real name."""
        return key in self._names

    def learn_names(self, names: Mapping[RunKey, str]) -> None:
        """Take in display names that a query has brought."""
        fresh = {key: name for key, name in names.items() if self._names.get(key) != name}
        if fresh:
            self._names.update(fresh)
            self.names_changed.emit()

    # --- the library -------------------------------------------------------------------------------------------

    def announce(self, change: Change) -> None:
        """Tell the views of a commit: at once when none was told lately, else together with those that follow."""
        self._pending = change if self._pending is None else merged(self._pending, change)
        if not self._pause.isActive():
            self._announce()

    @property
    def announced(self) -> bool:
        """Whether all commits heard of have been told to the views."""
        return self._pending is None

    def _announce(self) -> None:
        if self._pending is not None:
            change, self._pending = self._pending, None
            self._pause.start()
            self.library_changed.emit(change)

    # --- undo --------------------------------------------------------------------------------------------------

    def _view(self) -> _View:
        return _View(self._query, self._slots, self._baseline)

    def _remember(self, label: str, before: _View) -> None:
        after = self._view()
        self.undo.push(label, lambda: self._bring_back(before), lambda: self._bring_back(after))

    def _bring_back(self, view: _View) -> None:
        old = self._view()
        self._query, self._slots, self._baseline = view.query, dict(view.slots), view.baseline
        self._styles, self._looks = None, {}
        if view.query != old.query:
            self.query_changed.emit()
        if list(view.slots.items()) != list(old.slots.items()):
            self.selection_changed.emit()
        if view.baseline != old.baseline:
            self.baseline_changed.emit()

    def start_from(self, query: RunQuery, slots: Mapping[RunKey, int], baseline: RunKey | None) -> None:
        """Take over what a session kept, with nothing to undo."""
        self._bring_back(_View(query, dict(slots), baseline))

    @property
    def slots(self) -> Mapping[RunKey, int]:
        """The selection with the slot each run's style comes from; what a session keeps."""
        return dict(self._slots)
