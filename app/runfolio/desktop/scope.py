"""Keeps the scope's runs up to date: asks when the query or the library changes, and learns names that are shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from runfolio.desktop.columns import NAME
from runfolio.desktop.context import Context
from runfolio.errors import FilterSyntax, RunfolioError
from runfolio.model.answers import Change, Touched
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.key_order import KeyOrder
from runfolio.model.query import FieldKind
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

FIRST_PICKS = 5
"""Runs that are picked for a first look, so that charts are not empty; more would hide each other."""


class ScopeLoader(QObject):
    """The one place that asks for `scope_keys`. `answered` is emitted with each answer, also when it is the same."""

    answered = Signal()

    def __init__(self, context: Context, busy: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._busy = busy
        self.loading = False
        self.refused: FilterSyntax | None = None
        """Why the scope has no answer: the filter names what is no longer there."""
        self._pick_first = True
        self._learning = False
        """Whether names may be asked for: not before the first rows, which bring most of them."""
        self._picked: tuple[RunKey, ...] = ()
        state = context.state
        state.query_changed.connect(self.ask)
        state.library_changed.connect(self._on_library_changed)
        state.selection_changed.connect(self._learn_names)
        state.baseline_changed.connect(self._learn_names)

    def pick_none(self) -> None:
        """A session has its own selection: pick nothing for a first look."""
        self._pick_first = False

    def ask(self) -> None:
        """Ask for the runs of the scope as it is now."""
        query = self._context.state.scope
        self.loading = True
        self._context.jobs.query("scope", lambda workspace: workspace.run_order(query), self._take, self._refuse)

    def _take(self, keys: KeyOrder) -> None:
        self.loading = False
        self.refused = None
        state = self._context.state
        state.set_scope_keys(keys)
        # A session selects runs before there is anybody to ask for their names, and no row may show them.
        self._learn_names()
        if self._pick_first and keys:
            self._context.jobs.query("first-picks", lambda workspace: best_runs(workspace, keys), self._pick)
        self.answered.emit()

    def _pick(self, best: tuple[RunKey, ...]) -> None:
        # Better runs may arrive while the first folder is still being read; what the user picked is left alone.
        state = self._context.state
        if self._pick_first and state.selection == self._picked:
            self._picked = best
            state.start_from(state.scope, {key: slot for slot, key in enumerate(best)}, state.baseline)
        else:
            self._pick_first = False
        self._pick_first = self._pick_first and self._busy()

    def _refuse(self, error: RunfolioError) -> None:
        self.loading = False
        if isinstance(error, FilterSyntax):
            self.refused = error
        else:
            self._context.say.error(error)
        self.answered.emit()

    def _on_library_changed(self, change: Change) -> None:
        if change.touched & (Touched.RUNS | Touched.MARKS):
            self.ask()

    def learn_names(self) -> None:
        """Ask for the names of selected runs from now on; after the first rows, which bring most of them."""
        self._learning = True
        self._learn_names()

    def _learn_names(self) -> None:
        if not self._learning:
            return
        state = self._context.state
        shown = (*state.selection, *((state.baseline,) if state.baseline is not None else ()))
        unknown = [key for key in shown if not state.knows_name(key)]
        if not unknown:
            return

        def learn(names: dict[RunKey, str]) -> None:
            state.learn_names(names)

        self._context.jobs.query(
            "names",
            lambda workspace: {
                key: str(name)
                for key, name in zip(unknown, workspace.column(NAME.field, unknown).values, strict=True)
                if name is not None
            },
            learn,
        )


def best_runs(workspace: Workspace, keys: Sequence[RunKey]) -> tuple[RunKey, ...]:
    """The best few of `keys` by the metric that most runs share; the first few where no metric says what is best."""
    metric = next((f for f in workspace.default_columns() if f.kind is FieldKind.METRIC), None)
    if metric is None:
        return tuple(keys[:FIRST_PICKS])
    sign = -1.0 if guess_direction(metric.name) is Direction.HIGHER else 1.0
    values = workspace.column(metric, keys).values
    ranked = sorted(
        (sign * value, place) for place, value in enumerate(values) if isinstance(value, float) and math.isfinite(value)
    )
    return tuple(keys[place] for _, place in ranked[:FIRST_PICKS]) or tuple(keys[:FIRST_PICKS])
