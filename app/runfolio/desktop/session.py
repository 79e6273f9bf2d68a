"""What the window was showing when it closed, and shows again: `session.json` beside the settings.

Everything in it can be lost without loss: an unreadable or ill-formed file gives an empty session.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runfolio import locate
from runfolio.desktop.saved_views import SavedView
from runfolio.errors import FolderUnreadable
from runfolio.model.params import Json
from runfolio.model.query import FieldRef, RunQuery, SortKey
from runfolio.model.run import RunKey

RECENT = 8


@dataclass(frozen=True, slots=True)
class Session:
    """One window's state.

    slots     selected runs with the slot each style comes from.
    views     what each view keeps, by view id.
    recent    folders opened lately, newest first.
    saved     the user's own saved views.
    current   the run that the inspector shows.
    fresh     True when nothing was kept: the first start.
    """

    query: RunQuery = field(default_factory=RunQuery)
    slots: Mapping[RunKey, int] = field(default_factory=dict)
    baseline: RunKey | None = None
    view: str = "runs"
    views: Mapping[str, dict[str, Json]] = field(default_factory=dict)
    recent: tuple[str, ...] = ()
    saved: tuple[SavedView, ...] = ()
    fresh: bool = False
    current: RunKey | None = None


def session_file() -> Path:
    """Where the session lies."""
    return locate.config_folder() / "session.json"


def load(path: Path | None = None) -> Session:
    """The session that was kept, or a fresh one. Reads a file: not for the GUI thread."""
    try:
        tree = json.loads((path or session_file()).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Session(fresh=True)
    return from_json(tree)


def save(session: Session, path: Path | None = None) -> None:
    """Write it. Raises FolderUnreadable. Writes a file: not for the GUI thread."""
    path = path or session_file()
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(to_json(session), ensure_ascii=False, indent=1), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise FolderUnreadable(f"The session could not be saved: {error}", where=str(path)) from error


def to_json(session: Session) -> dict[str, Json]:
    """The session as JSON."""
    query = session.query
    return {
        "version": 1,
        "where": query.where,
        "sort": _sort_to_json(query.sort),
        "source": query.source,
        "experiment": query.experiment,
        "with_hidden": query.with_hidden,
        "slots": {str(key): slot for key, slot in session.slots.items()},
        "baseline": session.baseline,
        "current": session.current,
        "view": session.view,
        "views": dict(session.views),
        "recent": [*session.recent],
        "saved": [{**view_to_json(view), "extra": dict(view.extra)} for view in session.saved],
    }


def from_json(tree: Json) -> Session:
    """The inverse of `to_json`; parts that make no sense are left out."""
    if not isinstance(tree, dict):
        return Session(fresh=True)
    slots = {RunKey(k): v for k, v in _table(tree.get("slots")).items() if isinstance(v, int) and 0 <= v < 100_000}
    source = tree.get("source")
    views = {name: kept for name, kept in _table(tree.get("views")).items() if isinstance(kept, dict)}
    return Session(
        RunQuery(
            _text(tree.get("where")) or "",
            _sort_from_json(tree.get("sort")),
            source if isinstance(source, int) and not isinstance(source, bool) else None,
            _text(tree.get("experiment")),
            tree.get("with_hidden") is True,
        ),
        slots if len(set(slots.values())) == len(slots) else {},
        RunKey(baseline) if (baseline := _text(tree.get("baseline"))) is not None else None,
        _text(tree.get("view")) or "runs",
        views,
        texts(tree.get("recent"))[:RECENT],
        tuple(view for piece in _list(tree.get("saved")) if (view := view_from_json(piece)) is not None),
        current=RunKey(current) if (current := _text(tree.get("current"))) else None,
    )


def with_recent(recent: tuple[str, ...], paths: tuple[str, ...]) -> tuple[str, ...]:
    """`recent` with `paths` in front, each once."""
    return tuple(dict.fromkeys((*paths, *recent)))[:RECENT]


def view_to_json(view: SavedView) -> dict[str, Json]:
    """A saved view, with the parts that another version wrote."""
    return {
        **view.extra,
        "title": view.title,
        "where": view.where,
        "sort": _sort_to_json(view.sort),
        "columns": [*view.columns],
        "look": dict(view.look),
        "window": dict(view.window),
    }


def view_from_json(piece: Json) -> SavedView | None:
    """The inverse; parts that make no sense are left out, and without a title there is no view."""
    table = _table(piece)
    title = _text(table.get("title"))
    if not title:
        return None
    where = _text(table.get("where")) or ""
    sort, columns, look = _sort_from_json(table.get("sort")), texts(table.get("columns")), _table(table.get("look"))
    window, extra = _table(table.get("window")), _table(table.get("extra"))
    return SavedView(title, "star", where, sort, columns, own=True, look=look, window=window, extra=extra)


def _sort_to_json(sort: tuple[SortKey, ...]) -> list[Json]:
    return [{"field": key.field.id, "descending": key.descending} for key in sort]


def _sort_from_json(tree: Json) -> tuple[SortKey, ...]:
    keys: list[SortKey] = []
    for piece in _list(tree):
        table = _table(piece)
        try:
            keys.append(SortKey(FieldRef.from_id(str(table.get("field"))), table.get("descending") is True))
        except ValueError:
            continue
    return tuple(keys)


def texts(tree: Json) -> tuple[str, ...]:
    """The texts of a list; () when it is none."""
    return tuple(piece for piece in _list(tree) if isinstance(piece, str))


def _text(tree: Json) -> str | None:
    return tree if isinstance(tree, str) else None


def _list(tree: Json) -> list[Json]:
    return tree if isinstance(tree, list) else []


def _table(tree: Json) -> dict[str, Json]:
    return tree if isinstance(tree, dict) else {}
