"""Keys that pass from one place to another, because several runs have one identity.

Runs that begin alike, with params and first points that are the same, have one identity when no tracker gives them an
id; so have folders that carry one id and other content. The first of them by path has the identity for its key, the
others have the identity and a hash of their path (see `link_copies`). So when a run comes before it, or the first goes
away or becomes another, keys change of runs that have not. What was said stays with the place of which it was said:
each time runs are made, it is kept which place had a key that another place has now, and the ledger is told where it
goes on.

Of a folder that is read for the first time nothing is kept: what the ledger says of its runs was said when all of them
were there, and some of them come before others only while it is read.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, cast

from runfolio.index.database import Database
from runfolio.index.linkable import LinkedRun

WHY = "a run that begins alike came, went or changed"

_MARK = "~"
_TOLD_APART = re.compile(r"(?s)(.*)~([0-9a-f]{8})")

Place: TypeAlias = tuple[int, str]
"""Source, and path in it."""

_WITH = """select r.key, r.source, r.path, r.name, r.format, c.source, c.path
           from runs r left join sources s on s.id = r.source
           left join links l on l.run = r.id left join recordings c on c.id = l.recording
           where r.key in (select unnest(?::varchar[])) and (s.id is null or s.scanned_us is not null)
           order by r.key, l.rank"""

_NOW = """select r.key, r.source, r.path, c.source, c.path, c.tracker_id
          from recordings c join links l on l.recording = c.id join runs r on r.id = l.run
          where c.identity in (select unnest(?::varchar[]))
          order by r.key, l.rank"""


def told_apart(identity: str, path: str, tracker_id: str | None = None) -> str:
    """The key of a run whose identity another run has for its key; `tracker_id` where a place holds several such."""
    told = path if tracker_id is None else f"{path}\0{tracker_id}"
    return f"{identity}{_MARK}{hashlib.sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def identity_of(key: str) -> str:
    """The identity that a key was made of."""
    found = _TOLD_APART.fullmatch(key)
    return key if found is None else found[1]


class Moved(NamedTuple):
    """A key of which what was said goes on under another; name and format of the run as it was.

    new   None where nobody can tell: the run is gone or has become another, and its key is another run's.
    parked   the key that it would have if it came back.
    """

    new: str | None
    parked: str
    name: str
    format: str


@dataclass(slots=True)
class _Held:
    """A run as it was: its key, the places of its recordings, its own first, and what it was called."""

    name: str
    format: str
    places: list[Place] = field(default_factory=list)


def keep_passed(database: Database, runs: Sequence[LinkedRun]) -> None:
    """Keep which keys pass on when `runs` take the place of those in the index; in a transaction of the caller."""
    rows = database.rows(f"select key from runs where contains(key, '{_MARK}')")
    several = {identity_of(str(key)) for (key,) in rows} | {identity_of(r.key) for r in runs if _MARK in r.key}
    if not several:
        return
    mine = [run for run in runs if identity_of(run.key) in several]
    keys = {*several, *(str(key) for (key,) in rows), *(run.key for run in mine)}
    held = _held(database, sorted(keys))
    places = _places(database, mine)
    passed = {key: was for key, was in held.items() if places.get(key, frozenset()).isdisjoint(was.places)}
    _follow_a_move(database, passed, held, places)
    known = {str(key) for (key,) in database.rows("select distinct key from passed")}
    told = [
        (key, number, source, path, was.name, was.format)
        for key, was in passed.items()
        # The ledger knows the keys of before this round; what passes on once more is found by its place.
        if key not in known
        for number, (source, path) in enumerate(was.places)
    ]
    if told:
        names = ("key", "place", "source", "path", "name", "format")
        database.insert("passed", dict(zip(names, map(list, zip(*told, strict=True)), strict=True)))


def passed_on(database: Database, spoken_of: Collection[str]) -> dict[str, Moved]:
    """What of the ledger's keys stays with a place that has another key now. To be asked when all is linked."""
    kept: dict[str, _Held] = {}
    for key, source, path, name, format_ in database.rows(
        "select key, source, path, name, format from passed order by key, place"
    ):
        if key in spoken_of:
            was = kept.setdefault(str(key), _Held(str(name), str(format_)))
            was.places.append((cast(int, source), str(path)))
    apart = [key for key in spoken_of if _TOLD_APART.fullmatch(key)]
    now = _Now(database, {identity_of(key) for key in (*kept, *apart)})
    moved: dict[str, Moved] = {}
    for key, was in kept.items():
        new = now.key_at(identity_of(key), was.places)
        if new != key and (new is not None or key in now.keys):
            moved[key] = Moved(new, told_apart(identity_of(key), was.places[0][1]), was.name, was.format)
    for key in apart:
        # Said of a place whose run was away, or has the plain key now.
        new = now.key_called(key)
        if key not in now.keys and key not in moved and new is not None:
            moved[key] = Moved(new, key, "", "")
    # Whoever stays under its key does not share it: runs that have become one were two when something was said.
    return {key: at for key, at in moved.items() if at.new is None or at.new not in spoken_of or at.new in moved}


def has_passed(database: Database) -> bool:
    """Whether anything was kept that has not been looked at."""
    return bool(database.rows("select 1 from passed limit 1"))


def _held(database: Database, keys: Sequence[str]) -> dict[str, _Held]:
    found: dict[str, _Held] = {}
    for key, source, path, name, format_, at_source, at_path in database.rows(_WITH, [keys]):
        own = (cast(int, source), str(path))
        was = found.setdefault(str(key), _Held(str(name), str(format_), [own]))
        place = (cast(int, at_source), str(at_path))
        if at_source is not None and place not in was.places:
            was.places.append(place)
    return found


def _places(database: Database, runs: Sequence[LinkedRun]) -> Mapping[str, frozenset[Place]]:
    """Where the recordings of runs lie, by key."""
    owners = {member.recording: run.key for run in runs for member in run.members}
    found: defaultdict[str, set[Place]] = defaultdict(set)
    for number, source, path in database.rows(
        "select id, source, path from recordings where id in (select unnest(?::integer[]))", [[*owners]]
    ):
        found[owners[cast(int, number)]].add((cast(int, source), str(path)))
    return {run.key: frozenset(found[run.key]) for run in runs}


def _follow_a_move(
    database: Database, passed: Mapping[str, _Held], held: Mapping[str, _Held], now: Mapping[str, frozenset[Place]]
) -> None:
    """Where one place of an identity is empty and one is new, the run has moved there."""
    before: defaultdict[str, set[Place]] = defaultdict(set)
    after: defaultdict[str, set[Place]] = defaultdict(set)
    for key, was in held.items():
        before[identity_of(key)].update(was.places)
    for key, places in now.items():
        after[identity_of(key)] |= places
    for key, was in passed.items():
        identity = identity_of(key)
        fresh, gone = after[identity] - before[identity], before[identity] - after[identity]
        if len(fresh) == 1 and gone == {*was.places} and not _are_used(database, gone):
            was.places += fresh


def _are_used(database: Database, places: Collection[Place]) -> bool:
    return bool(
        database.rows(
            """select 1 from recordings
               where (source, path) in (select unnest(?::integer[]), unnest(?::varchar[])) limit 1""",
            [[source for source, _ in places], [path for _, path in places]],
        )
    )


class _Now:
    """The runs that have some identities now."""

    def __init__(self, database: Database, identities: Collection[str]) -> None:
        self.keys: set[str] = set()
        self._at: dict[tuple[str, Place], str] = {}
        self._called: dict[str, str] = {}
        for key, source, path, at_source, at_path, tracker_id in database.rows(_NOW, [sorted(identities)]):
            name, identity = str(key), identity_of(str(key))
            self.keys.add(name)
            for place in ((cast(int, source), str(path)), (cast(int, at_source), str(at_path))):
                self._at.setdefault((identity, place), name)
                self._called.setdefault(told_apart(identity, place[1]), name)
                self._called.setdefault(told_apart(identity, place[1], str(tracker_id)), name)

    def key_at(self, identity: str, places: Iterable[Place]) -> str | None:
        """The key of the run of an identity at the first of some places that has one."""
        return next((self._at[identity, place] for place in places if (identity, place) in self._at), None)

    def key_called(self, key: str) -> str | None:
        """The key that a run has which would have this one if another came before it."""
        return self._called.get(key)
