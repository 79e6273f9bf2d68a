"""The mirror of the ledger in the index, so that tags, notes and stages filter and sort like everything else.

It is written with plain values, without Polars: it is renewed at every start, which must stay quick.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from runfolio.errors import RunGone
from runfolio.index.database import Database
from runfolio.model.display import storable
from runfolio.model.marks import FLAGS
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.promotion import ModelVersion

_MIRRORED = ("run_tags", "run_notes", "run_marks", "versions")


def put_marks(
    database: Database,
    tags: Mapping[RunKey, Sequence[str]],
    notes: Mapping[RunKey, str],
    versions: Iterable[ModelVersion],
    colors: Mapping[RunKey, int] | None = None,
    flags: Mapping[str, Collection[RunKey]] | None = None,
) -> None:
    """Replace the mirror. `flags`: the runs that are starred, hidden and archived, by that word."""
    colors = colors or {}
    sets = {name: frozenset((flags or {}).get(name, ())) for name in FLAGS}
    marked = [*dict.fromkeys((*colors, *(key for own in sets.values() for key in own)))]
    marks = [(str(key), i, storable(tag)) for key, own in tags.items() for i, tag in enumerate(own)]
    made = list(versions)
    if not (marks or notes or marked or made) and _is_empty(database):
        # As in a library that nobody has said anything of: eight statements fewer at each start.
        return
    with database.transaction("marks"):
        for table in _MIRRORED:
            database.run(f"delete from {table}")
        # `unnest` of whole columns: one statement whatever the number of rows.
        database.run(
            "insert into run_tags select unnest(?::varchar[]), unnest(?::integer[]), unnest(?::varchar[])",
            [[m[0] for m in marks], [m[1] for m in marks], [m[2] for m in marks]],
        )
        database.run(
            "insert into run_notes select unnest(?::varchar[]), unnest(?::varchar[])",
            [[str(k) for k in notes], [storable(n) for n in notes.values()]],
        )
        database.run(
            """insert into run_marks select unnest(?::varchar[]), unnest(?::boolean[]),
                                            nullif(unnest(?::integer[]), 0),
                                            unnest(?::boolean[]), unnest(?::boolean[])""",
            [
                [str(k) for k in marked],
                [k in sets["starred"] for k in marked],
                [colors.get(k, 0) for k in marked],
                [k in sets["hidden"] for k in marked],
                [k in sets["archived"] for k in marked],
            ],
        )
        database.run(
            """insert into versions select unnest(?::varchar[]), unnest(?::integer[]), unnest(?::varchar[]),
                                           unnest(?::varchar[]), unnest(?::varchar[])""",
            [
                [storable(v.model) for v in made],
                [v.version for v in made],
                [str(v.run) for v in made],
                [v.stage.value for v in made],
                [storable(json.dumps(v.aliases, ensure_ascii=False)) for v in made],
            ],
        )


def _is_empty(database: Database) -> bool:
    rows = " union all ".join(f"(select 1 from {table} limit 1)" for table in _MIRRORED)
    return not database.rows(rows)


def whole_runs(database: Database, keys: Sequence[str]) -> dict[str, RunKey]:
    """Which run each of these keys is a part of today, for keys that are no run's own: their recordings were joined."""
    rows = database.rows(
        """select c.identity, min(r.key)
           from recordings c join links l on l.recording = c.id join runs r on r.id = l.run
           where c.identity in (select unnest(?::varchar[])) and c.identity not in (select key from runs)
           group by c.identity""",
        [[*keys]],
    )
    return {str(identity): RunKey(str(key)) for identity, key in rows}


Witnessed = tuple[str, str, str, str, int | None, str]
"""Key, name, format, tracker id, start and digest of the params of a run."""


def witnessed(database: Database, keys: Sequence[RunKey]) -> list[Witnessed]:
    """What the ledger keeps of runs, in the order of `keys`, each once. Raises RunGone.

    Tracker id and params are those of the recording that the run is named after.
    """
    wanted = [*dict.fromkeys(str(key) for key in keys)]
    rows = database.rows(
        """select r.key, r.name, r.format, coalesce(c.tracker_id, ''), r.started_us, coalesce(c.params_digest, '')
           from runs r join recordings c on c.id = r.recording
           where r.key in (select unnest(?::varchar[]))""",
        [wanted],
    )
    found = {str(row[0]): cast("Witnessed", row) for row in rows}
    if gone := [key for key in wanted if key not in found]:
        raise RunGone(*gone)
    return [found[key] for key in wanted]
