"""The keys of runs by id and back, kept in memory from one linking to the next.

Inside the index runs go by their ids, which are small, sorted and new after every linking; everybody else knows runs by
their keys. Joining 100,000 keys in every query costs more than the query.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from runfolio.index.database import Bound, Database
from runfolio.model.run import RunKey

MANY = 2_000
"""From this many runs on whole columns are read as arrays, which is five times faster and needs NumPy."""

VERY_MANY = 40_000
"""So many are read so also when NumPy has yet to be imported, which takes as long as reading them otherwise."""


@dataclass(frozen=True, slots=True)
class RunIds:
    """Ids are 1, 2, ... in the default order; `keys[id - 1]` is a run's key, `places` has its id less 1."""

    linking: object = None
    keys: tuple[RunKey, ...] = ()
    places: dict[RunKey, int] = field(default_factory=dict)

    def current(self, database: Database, linking: object) -> RunIds:
        """These, or those of the linking that the surrounding snapshot sees; None for one that was never done."""
        if linking == self.linking:
            return self
        # Arrays would be quicker to make, but NumPy is no part of a window's start, and this is asked first of all.
        keys = tuple([cast(RunKey, row[0]) for row in database.rows("select key from runs order by id")])
        return RunIds(linking, keys, dict(zip(keys, range(len(keys)), strict=True)))

    @property
    def many(self) -> bool:
        """Whether whole columns are better read as arrays."""
        return len(self.keys) >= (MANY if "numpy" in sys.modules else VERY_MANY)


def lists(database: Database, sql: str, params: Sequence[Bound], width: int, *, many: bool) -> list[list[object]]:
    """The `width` columns of a query as lists of Python values, None where null; `many` says that rows are many."""
    if many:
        return [column.tolist() for column in database.arrays(sql, params).values()]
    rows = database.rows(sql, params)
    return [[row[place] for row in rows] for place in range(width)]
