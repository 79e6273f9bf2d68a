"""Long series in blocks of several sizes, each with its true lowest and highest value, kept beside the points.

A chart of 10^8 points reads some thousand rows of them, and points only where it is zoomed in on few. They are made
after an import, or when a series is first looked at (see `pyramid_making`), and are then as much a part of the index as
the points are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from runfolio.index.database import Bound, Database
from runfolio.index.pyramid_making import MOST_TURNS
from runfolio.index.series_blocks import columns_as_blocks, finer_size
from runfolio.index.stretches import replaced
from runfolio.model.alignment import AlignedName
from runfolio.model.long_series import COLUMNS, LongSeries
from runfolio.model.metrics import Ints
from runfolio.model.run import RunKey


@dataclass(frozen=True, slots=True)
class Head:
    """The shown series of a metric of one run: its number, how many points it has, and what is told of its blocks.

    kept   None where there are no blocks of all of these points; what `long_series` takes.
    """

    number: int
    n: int
    kept: tuple[object, ...] | None


def heads(database: Database, keys: Sequence[RunKey], metric: str) -> dict[RunKey, Head]:
    """What is known of a metric's series, for each run that has it."""
    rows = database.rows(
        """select r.key, x.series, s.n, y.size,
                  y.by_wall, y.turns, y.last_step, y.last_wall, y.hidden, y.first_row, y.together,
                  s.has_step, coalesce(s.wall_unit, 1), x.scale, x.origin
           from run_series x join runs r on r.id = x.run join series s on s.id = x.series
                left join pyramids y on y.series = x.series and y.n = s.n
           where x.name = ? and r.key in (select unnest(?::varchar[]))""",
        [metric, [*keys]],
    )
    found = {
        RunKey(str(key)): Head(cast(int, number), cast(int, n), None if kept[0] is None else tuple(kept))
        for key, number, n, *kept in rows
    }
    return {key: found[key] for key in keys if key in found}


def epoch_names(database: Database) -> tuple[str, ...]:
    """Metrics that are called `epoch`, in any group and case; the shortest name first."""
    rows = database.rows(
        """select name from fields
           where kind = 'metric' and regexp_matches(lower(name), '(^|[/._])epoch$')
           order by length(name), name"""
    )
    return tuple(str(name) for (name,) in rows)


def long_series(database: Database, keys: Sequence[RunKey], metric: str) -> dict[RunKey, LongSeries]:
    """Those shown series of a metric that have a pyramid; make it first by `keep_pyramids`."""
    with database.snapshot():
        return of_heads(database, heads(database, keys, metric), metric)


def of_heads(database: Database, known: Mapping[RunKey, Head], metric: str) -> dict[RunKey, LongSeries]:
    """The same of series that were looked up in this snapshot."""
    kept = {key: (head, head.kept) for key, head in known.items() if head.kept is not None}
    wholes = _overviews(database, [(head.number, cast(int, values[0])) for head, values in kept.values()])
    found: dict[RunKey, LongSeries] = {}
    for key, (head, values) in kept.items():
        size, by_wall, turns, last_step, last_wall, hidden, row, together, has_step, unit, scale, origin = values
        block, factor = cast(int, size), cast(float, scale)
        back = np.array(cast("list[int]", turns), dtype=np.int64)
        long = LongSeries(
            metric,
            head.number,
            cast(int, row),
            bool(together),
            head.n,
            bool(has_step),
            len(back) <= MOST_TURNS,
            bool(by_wall),
            back,
            cast(int, last_step),
            cast(int, last_wall),
            cast(int, unit),
            factor,
            cast(int, hidden),
            block,
            columns_as_blocks(wholes[head.number], block, 0, head.n, factor),
            AlignedName(str(origin), factor).words if origin is not None else "",
        )
        found[key] = _split_at_turns(database, long) if long.by_step and len(back) else long
    return found


_Arrays = dict[str, NDArray[np.generic]]


def _overviews(database: Database, wanted: Sequence[tuple[int, int]]) -> dict[int, _Arrays]:
    """Columns of all blocks of a size of each series (number, size)."""
    found: dict[int, _Arrays] = {}
    for size in sorted({size for _, size in wanted}):
        numbers = [number for number, own in wanted if own == size]
        which, params = "series in (select unnest(?::integer[]))", list[Bound]([numbers, size])
        if len(numbers) == 1:
            # A number by itself is looked up among the ranges of numbers that are kept of the table's parts.
            which, params = "series = ?", [numbers[0], size]
        columns = database.arrays(
            f"""select series, place, {_NAMES} from pyramid_blocks where {which} and size = ?""", params
        )
        series, place = columns["series"].astype(np.int64), columns["place"].astype(np.int64)
        order: Ints | slice = slice(None)
        if bool((series[1:] < series[:-1]).any() or ((series[1:] == series[:-1]) & (place[1:] < place[:-1])).any()):
            # Blocks that were added later lie behind those of other series.
            order = np.lexsort((place, series))
        series = series[order]
        for number in numbers:
            own = slice(*np.searchsorted(series, [number, number + 1]).tolist())
            found[number] = {name: columns[name][order][own] for name in COLUMNS}
    return found


_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)


def _split_at_turns(database: Database, long: LongSeries) -> LongSeries:
    """With the points on both sides of each turn as blocks of one, between blocks that become coarser from there on."""
    beside = np.unique(np.concatenate((long.turns - 1, long.turns)))
    size = long.size
    while size > 1:
        size = finer_size(size)
        overview = long.overview
        wide = np.unique(np.searchsorted(overview.begins, beside, side="right") - 1)
        made = replaced(database, long, overview, 0, wide[overview.size[wide] > size], size)
        long = replace(long, overview=made)
    return long
