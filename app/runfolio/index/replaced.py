"""Runs that have another key because their folder went on being written.

Where a tracker gives no id, the identity of a recording is a digest of its content (`model.run.content_identity`). It
changes when the first points come, when params are added, or when earlier points are. So what such a recording was is
kept when its folder is read again, and looked at when all that was found is linked. A run goes on under its new key
where the same reader finds one recording in the same place, the old key is nowhere any more, the new one is nowhere
else, and the figures that were there still are: a folder that was used again for another training is another run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np

from runfolio.index.database import Database, Row
from runfolio.index.link_agreement import is_schedule, plain_name
from runfolio.index.passed_keys import WHY, Moved, has_passed, passed_on
from runfolio.index.points import SeriesStart, read_points
from runfolio.model.metrics import Floats

_KEEP = """insert into replaced
           select c.id, c.source, c.reader, c.path, c.tracker_id, c.identity,
                  case when l.is_primary then r.key end,
                  coalesce((select count(*) from links m where m.run = l.run) = 1, false), c.params_digest
           from recordings c left join links l on l.recording = c.id left join runs r on r.id = l.run
           where c.id in (select id from recordings where {which}) and not c.has_id"""

_KEEP_STARTS = """insert into replaced_starts
                  select s.recording, s.name, s.n, s.first_value
                  from series s join recordings c on c.id = s.recording
                  where c.id in (select id from recordings where {which}) and not c.has_id and s.n > 0
                        and s.id not in (select id from made_series)"""

_OLD = """select id, source, reader, path, tracker_id, identity, key, alone, params_digest
          from replaced
          where identity in (select unnest($1::varchar[])) or key in (select unnest($1::varchar[]))
          order by id"""

_STANDING = """select identity from recordings where identity in (select unnest($1::varchar[]))
               union
               select key from runs where key in (select unnest($1::varchar[]))"""

_NOW = """select c.id, c.source, c.reader, c.path, c.tracker_id, c.identity,
                 case when l.is_primary then r.key else c.identity end, c.params_digest, r.name, c.format, c.started_us
          from recordings c join links l on l.recording = c.id join runs r on r.id = l.run"""
_AT = f"{_NOW} where (c.source, c.path) in (select unnest(?::integer[]), unnest(?::varchar[]))"
_CALLED = f"""{_NOW} where c.identity in (select unnest($1::varchar[]))
                     or (l.is_primary and r.key in (select unnest($1::varchar[])))"""

_NOBODY = Moved(None, "", "", "")

Place = tuple[int, str]
"""Source and path of a recording."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A run that goes on under another key: both keys, why in words, and what the ledger keeps to know it again."""

    old: str
    new: str
    why: str
    name: str
    format: str
    tracker_id: str
    started_us: int | None
    params_digest: str


class _Old(NamedTuple):
    id: int
    source: int
    reader: str
    path: str
    tracker_id: str
    identity: str
    key: str | None
    alone: bool
    params_digest: str

    @property
    def place(self) -> Place:
        return (self.source, self.path)

    @property
    def called(self) -> str:
        """The key of its run where several have one identity: `links` adds to it what tells them apart."""
        return self.key if self.key is not None and self.key.startswith(f"{self.identity}~") else self.identity


class _Now(NamedTuple):
    id: int
    source: int
    reader: str
    path: str
    tracker_id: str
    identity: str
    called: str
    params_digest: str
    run_name: str
    format: str
    started_us: int | None

    @property
    def place(self) -> Place:
        return (self.source, self.path)


class _Start(NamedTuple):
    """How a series began: `n` points, the first of them."""

    name: str
    n: int
    value: float | None


# The schema gives the columns their types.
_make_old = cast("Callable[[Row], _Old]", _Old._make)
_make_now = cast("Callable[[Row], _Now]", _Now._make)
_make_start = cast("Callable[[Row], _Start]", _Start._make)


def keep_replaced(database: Database, which: str, params: list[int]) -> None:
    """Keep what the recordings chosen by `which` are, before their rows are dropped; in a transaction of the caller."""
    for statement in (_KEEP, _KEEP_STARTS):
        database.run(statement.format(which=which), params)


def has_replaced(database: Database) -> bool:
    """Whether anything was kept that has not been looked at."""
    return has_passed(database) or bool(database.rows("select 1 from replaced limit 1"))


def forget_replaced(database: Database) -> None:
    """Drop what was kept: it has been looked at."""
    with database.transaction():
        database.run("delete from replaced")
        database.run("delete from replaced_starts")
        database.run("delete from passed")


def renamed_runs(database: Database, spoken_of: Set[str]) -> list[Renamed]:
    """Of what the ledger speaks of, that which goes on under another key; keys of runs and identities of recordings.

    To be asked when all that was read is linked.
    """
    moved = passed_on(database, spoken_of)
    rows = database.rows(_OLD, [[*spoken_of]]) if spoken_of else []
    olds: dict[str, list[_Old]] = defaultdict(list)
    for old in map(_make_old, rows):
        if old.called in spoken_of and moved.get(old.called, _NOBODY).new is None:
            olds[old.called].append(old)
    standing = {str(row[0]) for row in database.rows(_STANDING, [[*olds]])} if olds else set()
    # Whoever has such a key now has got it from another.
    standing -= moved.keys()
    changed = _changed(database, olds, standing)
    return [*changed, *_staying(database, moved, {each.old for each in changed})]


def _staying(database: Database, moved: Mapping[str, Moved], told: Set[str]) -> list[Renamed]:
    """What was said of places that have another key now; where there is no run any more it waits for one."""
    keys = [at.new for at in moved.values() if at.new is not None]
    rows = database.rows(f"{_NOW} where l.is_primary and r.key in (select unnest(?::varchar[]))", [keys])
    now = {each.called: each for each in map(_make_now, rows)}
    made: list[Renamed] = []
    for old, at in sorted(moved.items()):
        if old in told:
            continue
        run = now.get(at.new or "")
        if run is None:
            made.append(Renamed(old, at.parked, WHY, at.name, at.format, "", None, ""))
        else:
            about = (run.run_name, run.format, run.tracker_id, run.started_us, run.params_digest)
            made.append(Renamed(old, run.called, WHY, *about))
    return made


def _changed(database: Database, olds: Mapping[str, list[_Old]], standing: Set[str]) -> list[Renamed]:
    """What goes on under another key because its content has changed; of the olds whose key is nowhere any more."""
    gone = {name: kept for name, kept in olds.items() if name not in standing}
    if not gone:
        return []
    places = sorted({old.place for kept in gone.values() for old in kept})
    here: dict[Place, list[_Now]] = defaultdict(list)
    for row in database.rows(_AT, [[source for source, _ in places], [path for _, path in places]]):
        now = _make_now(row)
        here[now.place].append(now)
    pairs = {name: found for name, kept in gone.items() if (found := _one_successor(kept, here))}
    having: dict[str, set[Place]] = defaultdict(set)
    news = {found[0][1].called for found in pairs.values()}
    for now in map(_make_now, database.rows(_CALLED, [[*news]]) if news else ()):
        having[now.called].add(now.place)
        having[now.identity].add(now.place)
    made: list[Renamed] = []
    for name, found in sorted(pairs.items()):
        old, now = found[-1]
        if not having[now.called] <= {old.place for old in gone[name]}:
            continue  # another run has that key, or wants it
        starts = {old.id: _starts(database, old.id) for old, _ in found}
        if all(_goes_on(database, starts[old.id], old, now) for old, now in found):
            why = _why(old, now, starts[old.id])
            run = (now.run_name, now.format, now.tracker_id, now.started_us, now.params_digest)
            made.append(Renamed(name, now.called, why, *run))
    return made


def _one_successor(kept: Sequence[_Old], here: Mapping[Place, Sequence[_Now]]) -> list[tuple[_Old, _Now]]:
    """What lies today where recordings of one key lay; nothing when it is not of one key any more."""
    found: list[tuple[_Old, _Now]] = []
    for old in kept:
        there = here.get(old.place, ())
        same = [now for now in there if (now.reader, now.tracker_id) == (old.reader, old.tracker_id)]
        if not same and old.alone:
            # With the first metrics another reader may claim the folder.
            same = [*there]
        if len(same) > 1:
            return []
        found += [(old, now) for now in same]
    return found if len({now.called for _, now in found}) == 1 else []


def _starts(database: Database, number: int) -> list[_Start]:
    rows = database.rows("select name, n, first_value from replaced_starts where id = ?", [number])
    return [_make_start(row) for row in rows]


def _goes_on(database: Database, starts: Sequence[_Start], old: _Old, now: _Now) -> bool:
    """Whether most series still have the points with which they began."""
    if not starts or (all(start.n == 1 for start in starts) and old.params_digest == now.params_digest):
        return True  # a single row may have been half written
    rows = database.rows(
        """select name, id, first_step, first_wall, wall_unit from series
           where recording = ? and n > 0 and id not in (select id from made_series)""",
        [now.id],
    )
    series = {str(row[0]): cast(SeriesStart, row[1:]) for row in rows}
    telling = [start for start in starts if not is_schedule(plain_name(start.name))] or starts
    known = [start for start in telling if start.name in series]
    points = read_points(database, [series[start.name] for start in known])
    kept = sum(_is_among(start, value) for start, (_, _, value) in zip(known, points, strict=True))
    return 2 * kept > len(telling)


def _is_among(start: _Start, value: Floats) -> bool:
    """Steps are not compared: where a file has none they count rows, and move with rows that are put before."""
    wanted = float("nan") if start.value is None else start.value
    return bool((np.isnan(value) if np.isnan(wanted) else value == wanted).any())


def _why(old: _Old, now: _Now, starts: Sequence[_Start]) -> str:
    parts = []
    if old.reader != now.reader:
        parts.append(f"its folder is read as {now.format} now")
    if old.params_digest != now.params_digest:
        parts.append("its params have changed")
    if not starts:
        parts.append("its first points have come")
    elif not parts:
        parts.append("its first points have changed")
    return " and ".join(parts)
