"""When a long series first reaches a value: read a part at a time, no further than to there, never held as a whole."""

from __future__ import annotations

import numpy as np

from runfolio.index.database import Database
from runfolio.index.long_points import Numbered, chunks
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.query import Aggregate, FieldRef
from runfolio.model.times import NO_TIME


def long_reach(database: Database, series: Numbered, scale: float, ref: FieldRef) -> float | None:
    """Step of the first point that is as good as the value, or seconds from the first known time; None for none.

    As `point_figures` has it for all others; `scale` is what values are multiplied by.
    """
    wanted = ref.argument or 0.0
    direction = guess_direction(ref.name)
    began: int | None = None
    for part in chunks(database, series):
        value = part.value * scale if scale != 1.0 else part.value
        if direction is Direction.UNKNOWN and len(value):
            # Seen from where the series begins.
            direction = Direction.HIGHER if value[0] <= wanted else Direction.LOWER
        if began is None and (known := part.wall[part.wall != NO_TIME]).size:
            began = int(known[0])
        hits = np.flatnonzero(value >= wanted if direction is Direction.HIGHER else value <= wanted)
        if not len(hits):
            continue
        place = int(hits[0])
        if ref.aggregate is Aggregate.REACH:
            return float(part.step[place])
        wall = int(part.wall[place])
        return None if began is None or wall == NO_TIME else (wall - began) / 1e6
    return None
