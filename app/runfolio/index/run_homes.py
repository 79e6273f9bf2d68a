"""Where the recordings of a run lie, and which folders near them belong to other runs."""

from __future__ import annotations

from typing import cast

from runfolio.errors import RunGone
from runfolio.index.database import Database
from runfolio.model.run import RunKey
from runfolio.model.run_homes import NamedFile, RunHome

_MOST_APART = 50_000
"""More folders of other runs are not looked up one by one: such a place is told as shared."""


def run_homes(database: Database, key: RunKey) -> tuple[RunHome, ...]:
    """The places of a run, that of its first recording first. Raises RunGone."""
    with database.snapshot():
        found = database.rows("select id from runs where key = ?", [key])
        if not found:
            raise RunGone(key)
        run = cast(int, found[0][0])
        places = database.rows(
            """select c.source, s.path, c.path, list(c.id order by l.rank)
               from links l join recordings c on c.id = l.recording join sources s on s.id = c.source
               where l.run = ? group by c.source, s.path, c.path order by min(l.rank)""",
            [run],
        )
        return tuple(
            _home(database, run, cast(int, source), str(root), str(path), cast("list[int]", recordings))
            for source, root, path, recordings in places
        )


def _home(database: Database, run: int, source: int, root: str, path: str, recordings: list[int]) -> RunHome:
    below = f"{path}/" if path else ""
    others = database.rows(
        """select distinct c.path from recordings c
           where c.source = ? and (c.path = ? or starts_with(c.path, ?))
             and c.id not in (select recording from links where run = ?) limit ?""",
        [source, path, below, run, _MOST_APART],
    )
    apart = frozenset(str(other) for (other,) in others)
    artifacts = database.rows(
        "select path, size_bytes, base from artifacts where recording in (select unnest(?::integer[])) order by rowid",
        [recordings],
    )
    return RunHome(
        root,
        path,
        apart - {path},
        path in apart or len(others) >= _MOST_APART,
        tuple(
            NamedFile(str(name), cast("int | None", size), cast("str | None", base)) for name, size, base in artifacts
        ),
    )
