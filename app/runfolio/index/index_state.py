"""In which state a snapshot sees the index, for whoever keeps in memory what was read of it."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.index.database import Database


@dataclass(frozen=True, slots=True)
class IndexState:
    """Texts that are others after a change; None before the first.

    linking   of the runs and their ids.
    version   of all that was read from folders or made of it, the linking included.
    marks     of what the ledger says of runs.
    """

    linking: object = None
    version: object = None
    marks: object = None

    @classmethod
    def of(cls, database: Database) -> IndexState:
        """The state that the surrounding snapshot sees."""
        values: dict[object, object] = {}
        for name, value in database.rows("select name, value from meta where name in ('linking', 'version', 'marks')"):
            values[name] = value
        return cls(values.get("linking"), values.get("version"), values.get("marks"))
