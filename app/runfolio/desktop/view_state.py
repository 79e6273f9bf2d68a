"""All that a saved view keeps of a window, and bringing it back as one step of undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from runfolio.desktop.context import Context
from runfolio.desktop.run_columns import RunColumns
from runfolio.desktop.saved_views import SavedView
from runfolio.desktop.table_look import TableLook
from runfolio.desktop.view_host import ViewHost
from runfolio.desktop.views.registry import INSPECTOR
from runfolio.model.answers import Source
from runfolio.model.params import Json
from runfolio.model.query import RunQuery

_APART = frozenset({"runs", "audit", "problems", INSPECTOR.id})
"""Views that a saved view leaves alone; what the runs table looks like is kept by itself."""


@dataclass(frozen=True, slots=True)
class _Shown:
    query: RunQuery
    look: TableLook
    views: Mapping[str, dict[str, Json]]


class ViewState:
    """Takes the window's filter, columns, grouping, order, place in the library and charts, and puts them back.

    sources   the folders of the library as they are known.
    """

    def __init__(
        self,
        context: Context,
        columns: Callable[[], RunColumns],
        views: ViewHost,
        sources: Callable[[], tuple[Source, ...]],
    ) -> None:
        self._context = context
        self._columns = columns
        self._views = views
        self._sources = sources

    def capture(self, title: str) -> SavedView:
        """What is shown now, under a name."""
        scope = self._context.state.scope
        path = next((s.path for s in self._sources() if s.id == scope.source), None)
        views = {id: kept for id, kept in self._views.saved().items() if id not in _APART}
        window: dict[str, Json] = {
            "source": path,
            "experiment": scope.experiment,
            "with_hidden": scope.with_hidden,
            "views": dict(views),
        }
        look = self._columns().whole_look().to_json()
        return SavedView(title, "star", scope.where, scope.sort, look=look, own=True, window=window)

    def show(self, view: SavedView) -> None:
        """Bring a view of the user's own back; one Ctrl+Z shows again what was there before."""
        before = self._now()
        look = TableLook.from_json(view.look or {"columns": [*view.columns]})
        kept = view.window.get("views")
        views = {id: state for id, state in (kept if isinstance(kept, dict) else {}).items() if isinstance(state, dict)}
        after = _Shown(
            self._query(view, before.query),
            look if look.columns else before.look,
            {id: state for id, state in views.items() if id not in _APART and self._views.knows(id)},
        )
        self._put(after)
        self._context.state.undo.push(f"Show {view.title}", lambda: self._put(before), lambda: self._put(after))

    def _query(self, view: SavedView, before: RunQuery) -> RunQuery:
        query = replace(before, where=view.where, sort=view.sort or before.sort)
        if not view.window:
            # A view of an earlier version: it says nothing of the place.
            return query
        path, experiment = view.window.get("source"), view.window.get("experiment")
        source = next((s.id for s in self._sources() if s.path == path), None)
        known = source is not None or path is None
        return replace(
            query,
            source=source,
            experiment=experiment if isinstance(experiment, str) and known else None,
            with_hidden=view.window.get("with_hidden") is True,
        )

    def _now(self) -> _Shown:
        views = {id: kept for id, kept in self._views.saved().items() if id not in _APART}
        return _Shown(self._context.state.scope, self._columns().look, views)

    def _put(self, shown: _Shown) -> None:
        state = self._context.state
        state.start_from(shown.query, state.slots, state.baseline)
        self._columns().bring(shown.look)
        self._views.bring(shown.views)
