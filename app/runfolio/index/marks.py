"""The mirror of the ledger in the index, so that tags, notes and stages filter and sort like everything else.

It is written with plain values, without Polars: it is renewed at every start, which must stay quick.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from runfolio.index.database import Database
from runfolio.model.display import storable
from runfolio.model.promotion import ModelVersion
from runfolio.model.run import RunKey


def put_marks(
    database: Database,
    tags: Mapping[RunKey, Sequence[str]],
    notes: Mapping[RunKey, str],
    versions: Iterable[ModelVersion],
) -> None:
    """Replace the mirror."""
    marks = [(str(key), i, storable(tag)) for key, own in tags.items() for i, tag in enumerate(own)]
    made = list(versions)
    with database.transaction("marks"):
        for table in ("run_tags", "run_notes", "versions"):
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
