"""Metric names shown as one: written into `run_series` when runs are settled, and what is asked before deciding.

An aligned name is one more row for each run, which points to the run's own series and carries a scale. Filters,
columns, charts and comparisons find it like any other metric, at no further cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from runfolio.index.database import Bound, Database

if TYPE_CHECKING:
    from runfolio.model.alignment import (
        AlignedName,
        Alignment,
        AlignmentFacts,
        AlignmentPreview,
        NameFacts,
        Together,
    )

_WANTED = """select unnest(?::varchar[]) as target, unnest(?::integer[]) as place, unnest(?::varchar[]) as name,
                    unnest(?::double[]) as scale"""

# A run's own metric of the target's name comes before all that is aligned to it.
_CANDIDATES = f"""select x.run, w.target, x.series, x.recording, w.name, w.scale, w.place
                  from run_series x join ({_WANTED}) w on w.name = x.name
                  where x.origin is null
                    and not exists (select 1 from run_series o
                                    where o.run = x.run and o.name = w.target and o.origin is null)"""

_METRIC_FIELDS = (
    "delete from fields where kind = 'metric'",
    "insert into fields select 'metric', name, count(*), null, true from run_series group by name",
)

# How far two figures may lie apart and be the same, rounded to float32 or to five digits: as in linking.
_TOLERANCE = 1e-4


def put_aligned(database: Database, alignments: Sequence[Alignment]) -> None:
    """Replace the aligned names of all runs, within the caller's transaction, and the list of metrics."""
    database.run("delete from run_series where origin is not null")
    database.run("delete from aligned")
    wanted = _columns(alignments)
    if wanted[0]:
        database.run(
            f"""insert into run_series
                select run, target, series, recording, name, scale
                from ({_CANDIDATES})
                qualify row_number() over (partition by run, target order by place) = 1
                order by target, run""",
            wanted,
        )
        database.run(
            f"""insert into aligned
                select w.*, (select count(*) from run_series x where x.name = w.target and x.origin = w.name)
                from ({_WANTED}) w""",
            wanted,
        )
    for statement in _METRIC_FIELDS:
        database.run(statement)


def align_again(database: Database, alignments: Sequence[Alignment]) -> bool:
    """Bring the index up to what was decided; False when it is already."""
    if {a.target: a.names for a in alignments} == written(database):
        return False
    with database.transaction():
        put_aligned(database, alignments)
    return True


def written(database: Database) -> dict[str, tuple[AlignedName, ...]]:
    """The alignments that the index holds, by target."""
    rows = database.rows("select target, name, scale from aligned order by target, place")
    if not rows:
        return {}
    # Here and below: a start of a library without any does not need them.
    from runfolio.model.alignment import AlignedName

    found: dict[str, list[AlignedName]] = {}
    for target, name, scale in rows:
        found.setdefault(str(target), []).append(AlignedName(str(name), cast(float, scale)))
    return {target: tuple(names) for target, names in found.items()}


def alignment_facts(database: Database, alignments: Sequence[Alignment]) -> tuple[AlignmentFacts, ...]:
    """What each alignment does in this index, by target."""
    from runfolio.model.alignment import AlignmentFacts, PartFacts

    with database.snapshot():
        known = {facts.name: facts for facts in name_facts(database)}
        rows = database.rows("select target, name, runs from aligned")
    shown = {(str(target), str(name)): cast(int, runs) for target, name, runs in rows}
    found = []
    for alignment in sorted(alignments, key=lambda a: a.target):
        target, own = alignment.target, known.get(alignment.target)
        parts = tuple(PartFacts(n, known.get(n.name), shown.get((target, n.name), 0)) for n in alignment.names)
        runs = (0 if own is None else own.runs) + sum(part.shown for part in parts)
        found.append(AlignmentFacts(alignment, own, parts, runs))
    return tuple(found)


def name_facts(database: Database) -> tuple[NameFacts, ...]:
    """All metric names that runs have of their own, by name."""
    from runfolio.model.alignment import NameFacts

    rows = database.rows(
        """select x.name, count(*), min(s.best_min), max(s.best_max),
                  count(*) filter (s.best_min >= 0 and s.best_max <= 1),
                  count(*) filter (s.best_min >= 0 and s.best_max > 1 and s.best_max <= 100)
           from run_series x join series s on s.id = x.series
           where x.origin is null
           group by x.name
           order by x.name"""
    )
    return tuple(NameFacts(*cast("tuple[str, int, float | None, float | None, int, int]", row)) for row in rows)


def together(database: Database, families: Iterable[Sequence[str]]) -> dict[tuple[str, str], Together]:
    """For pairs of names within a family, first < second: the runs that have both, and where the values are equal."""
    from runfolio.model.alignment import Together

    names, numbers = _numbered(families)
    if not names:
        return {}
    same = " and ".join(
        f"""(a.{figure} is not distinct from b.{figure}
             or abs(a.{figure} - b.{figure}) <= {_TOLERANCE} * greatest(abs(a.{figure}), abs(b.{figure})))"""
        for figure in ("first_value", "last_value", "min_value", "max_value")
    )
    rows = database.rows(
        f"""with own as (
                select x.run, x.name, w.family, s.first_value, s.last_value, s.min_value, s.max_value
                from run_series x
                join (select unnest(?::varchar[]) as name, unnest(?::integer[]) as family) w on w.name = x.name
                join series s on s.id = x.series
                where x.origin is null)
            select a.name, b.name, count(*), count(*) filter ({same})
            from own a join own b on a.run = b.run and a.family = b.family and a.name < b.name
            group by a.name, b.name""",
        [names, numbers],
    )
    found: dict[tuple[str, str], Together] = {}
    for one, other, runs, equal in rows:
        # The database orders names by their bytes, which is not always how Python does.
        pair = (str(one), str(other)) if str(one) < str(other) else (str(other), str(one))
        found[pair] = Together(cast(int, runs), cast(int, equal))
    return found


def parts_together(database: Database, parts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Pairs of parts of the data, first < second, that some run has names of both of. `parts`: part by name."""
    if not parts:
        return frozenset()
    rows = database.rows(
        """with own as (
               select distinct x.run, w.part
               from run_series x
               join (select unnest(?::varchar[]) as name, unnest(?::varchar[]) as part) w on w.name = x.name
               where x.origin is null)
           select distinct a.part, b.part from own a join own b on a.run = b.run and a.part < b.part""",
        [[*parts], [*parts.values()]],
    )
    return frozenset((str(one), str(other)) for one, other in rows)


def preview(database: Database, target: str, names: Sequence[AlignedName]) -> AlignmentPreview:
    """What aligning these names would do, whatever stands today."""
    from runfolio.model.alignment import Alignment, AlignmentPreview

    others = [n for n in names if n.name != target]
    gains = dict.fromkeys(range(len(others)), 0)
    both = 0
    if others:
        rows = database.rows(
            f"""select place, count(*), count(*) filter (names > 1)
                from (select place, count(*) over (partition by run) as names
                      from ({_CANDIDATES})
                      qualify row_number() over (partition by run order by place) = 1)
                group by place""",
            _columns([Alignment(target, tuple(others))]),
        )
        for place, runs, several in rows:
            gains[cast(int, place)] = cast(int, runs)
            both += cast(int, several)
    own = database.rows("select count(*) from run_series where name = ? and origin is null", [target])
    return AlignmentPreview(cast(int, own[0][0]), tuple(gains.values()), both)


def _columns(alignments: Sequence[Alignment]) -> list[Bound]:
    rows = [(a.target, place, n.name, n.scale) for a in alignments for place, n in enumerate(a.names)]
    return [[r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], [r[3] for r in rows]]


def _numbered(families: Iterable[Sequence[str]]) -> tuple[list[str], list[int]]:
    rows = [(name, number) for number, family in enumerate(families) for name in family]
    return [name for name, _ in rows], [number for _, number in rows]
