"""What trackers' own model registries say of the runs in an index."""

from __future__ import annotations

import json
from collections.abc import Sequence

from runfolio.index.database import Database
from runfolio.model.registered import REGISTERED, RegisteredVersion, registered_in
from runfolio.model.run import RunKey


def registered_versions(database: Database, keys: Sequence[RunKey] | None = None) -> tuple[RegisteredVersion, ...]:
    """Versions by model, newest first; those of some runs, or of all. Recorded twice, they are told once."""
    rows = database.rows(
        """select r.key, r.name, c.format, c.extra
           from runs r join links l on l.run = r.id join recordings c on c.id = l.recording
           where contains(c.extra, ?) and (? or r.key in (select unnest(?::varchar[])))
           order by r.id, l.rank""",
        [f'"{REGISTERED}"', keys is None, [*(keys or ())]],
    )
    found: dict[tuple[str, str, str], RegisteredVersion] = {}
    for key, name, format_, extra in rows:
        for version in registered_in(json.loads(str(extra)), RunKey(str(key)), str(name), str(format_)):
            found.setdefault((version.model, version.version, version.run), version)
    return tuple(sorted(found.values(), key=lambda v: (v.model, -_number(v.version), v.version, v.run)))


def _number(version: str) -> int:
    return int(version) if version.isdecimal() and len(version) < 19 else 0
