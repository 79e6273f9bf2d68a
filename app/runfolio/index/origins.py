"""Where a shown value comes from: which recording, file and reader, and which of the stored points.

The place in the file is found by a worker process afterwards (`readers.places`); what the index knows is enough to say
the rest, also when the folder is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from runfolio.errors import NotFound, RunGone
from runfolio.index.database import Database, Row
from runfolio.index.fields import BY_NAME
from runfolio.index.points import series_for
from runfolio.model.alignment import AlignedName
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.display import counted, plain
from runfolio.model.origin import Origin, Place, Point, Wanted
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME
from runfolio.readers.registry import reader_named

if TYPE_CHECKING:
    from runfolio.model.metrics import MetricSeries

FindPlace = Callable[[Path, str, str, str, Wanted], Place | None]
"""Root, claimed folder, reader, file that the reader named, and what is looked for."""

_RULES = {
    Aggregate.FIRST: "first value in the file",
    Aggregate.MIN: "lowest finite value",
    Aggregate.MAX: "highest finite value",
}
_OURS = {
    "tag": "Tags are yours: see the audit trail",
    "note": "The note is yours: see the audit trail",
    "model": "Model versions are yours: see the audit trail",
    "stage": "Stages are yours: see the audit trail",
    "key": "Made of the recording's identity",
    "metrics": "Counted in the index",
    "points": "Counted in the index",
    "problems": "Counted in the index",
    "source": "The name of the folder in the library",
    "path": "Where the folder lies in the library",
    "format": "The reader that claimed the folder",
}
_GONE = (
    "Not found there as it is shown: the file has changed since it was read, or its reader makes the value of "
    "what stands there in another form."
)


@dataclass(frozen=True, slots=True)
class _Recording:
    """A recording as far as its whereabouts go."""

    id: int
    root: str
    unit: str
    reader: str
    format: str
    path: str
    run: str

    @property
    def title(self) -> str:
        try:
            return reader_named(self.reader).title
        except KeyError:
            return self.reader  # of a package that is no longer installed


_WHEREABOUTS = "c.id, o.path, c.unit, c.reader, c.format, c.path, c.tracker_id"
_JOINED = "join recordings c on c.id = l.recording join sources o on o.id = c.source"


def origin(database: Database, key: RunKey, field: FieldRef, find: FindPlace, index: int | None = None) -> Origin:
    """Where the value of a field of a run comes from.

    index   of a point in the series of a metric, instead of the one that the field's aggregate chooses.
    Raises  NotFound when the run has no such value.
    """
    found = database.rows("select id, recording from runs where key = ?", [key])
    if not found:
        raise RunGone(key)
    run, primary = cast("tuple[int, int]", found[0])
    if field.kind is FieldKind.DERIVED:
        raise NotFound(
            f"{plain(field.name, 120)} is worked out of other fields, and stands in no file",
            hint="Ask for the origin of the fields in it.",
        )
    if field.kind is FieldKind.METRIC:
        return _of_metric(database, key, run, field, find, index)
    if field.kind is FieldKind.PARAM:
        rows = database.rows(
            f"""select {_WHEREABOUTS}, p.text, p.file, p.path from params p join links l using (recording) {_JOINED}
                where l.run = ? and p.key = ? order by l.rank, p.ordinal""",
            [run, field.name],
        )
        return _of_text(field, rows, f"param {field.name}", find, as_path=True)
    if field.kind in (FieldKind.TAG, FieldKind.FACT):
        table = "tags" if field.kind is FieldKind.TAG else "facts"
        rows = database.rows(
            f"""select {_WHEREABOUTS}, t.text, '', '' from {table} t join links l using (recording) {_JOINED}
                where l.run = ? and t.name = ? order by l.rank, t.rowid""",
            [run, field.name],
        )
        return _of_text(field, rows, f"{field.kind.value} {field.name}", find)
    return _of_builtin(database, run, primary, field, find)


def _of_builtin(database: Database, run: int, primary: int, field: FieldRef, find: FindPlace) -> Origin:
    if field.name.startswith("dataset"):
        column = "digest" if field.name == "dataset.digest" else "name"
        rows = database.rows(
            f"""select {_WHEREABOUTS}, d.{column}, '', '' from datasets d join links l using (recording) {_JOINED}
                where l.run = ? and d.{column} is not null order by l.rank, d.rowid""",
            [run],
        )
        return _of_text(field, rows, BY_NAME[field.name].title, find)
    builtin = BY_NAME[field.name]
    value = database.rows(f"select ({builtin.sql})::varchar, r.status_raw from runs r where r.id = ?", [run])[0]
    rows = database.rows(
        f"select {_WHEREABOUTS} from recordings c join sources o on o.id = c.source where c.id = ?", [primary]
    )
    recording = _recording(rows[0])
    shown = str(value[0]) if value[0] is not None else ""
    note = _OURS.get(field.name, "")
    raw = str(value[1]) if field.name == "status" and value[1] is not None else shown
    rule = f"what the tracker wrote: {raw}" if field.name == "status" else ""
    place = None
    if not note and raw and field.name in ("name", "status", "experiment"):
        place = _find(find, recording, "", Wanted(field.name, text=raw))
        note = "" if place else "Made by the reader of what the folder says as a whole."
    elif not note:
        note = "Made by the reader of the times that the folder holds."
    return _origin(builtin.title, shown, rule, None, recording, place, note)


def _of_text(field: FieldRef, rows: Sequence[Row], title: str, find: FindPlace, *, as_path: bool = False) -> Origin:
    if not rows:
        raise NotFound(f"The run has no {field.kind.value} {field.name!r}")
    recording = _recording(rows[0])
    text, file, path = (str(value) for value in rows[0][7:])
    wanted = Wanted(field.name, _parts(path) if as_path else (), text)
    place = _find(find, recording, file, wanted)
    note = "" if place else _GONE
    if place is None and (file or as_path):
        # The file and the key are told at least.
        place = Place(file or recording.path, part=f"key {plain(field.name, 120)}")
    others: list[tuple[str, str, str]] = []
    for row in rows[1:]:
        other = _recording(row)
        if other.id != recording.id:
            others.append((other.path, other.format, str(row[7])))
    return _origin(title, text, "", None, recording, place, note, others)


def _of_metric(
    database: Database, key: RunKey, run: int, field: FieldRef, find: FindPlace, index: int | None
) -> Origin:
    # A metric of another name may be shown under this one: it is looked for as it was written.
    shown_as = database.rows("select origin, scale from run_series where run = ? and name = ?", [run, field.name])
    name, scale = cast("tuple[str | None, float]", shown_as[0]) if shown_as else (None, 1.0)
    written = field.name if name is None else name
    points = series_for(database, [key], written).get(key)
    rows = database.rows(
        f"""select {_WHEREABOUTS}, s.name, s.file, s.n, s.shown, l.leg,
                   s.id = (select series from run_series x where x.run = l.run and x.name = ?) as is_shown,
                   s.id in (select id from made_series) as is_made
            from series s join links l using (recording) {_JOINED}
            where l.run = ? and l.prefix || s.name = ?
            order by l.leg, l.rank, s.id""",
        [written, run, written],
    )
    if points is None or not rows:
        raise NotFound(f"The run has no metric {field.name!r}")
    chosen, rule = (index, "") if index is not None else choose_point(points, field)
    kept = [row for row in rows if not row[13]]
    shown = next((row for row in kept if row[12]), kept[0])
    point = None
    if chosen is not None:
        if not 0 <= chosen < len(points):
            raise NotFound(f"The metric {field.name!r} has {counted(len(points), 'point')}, no number {chosen + 1:,}")
        at = chosen
        if any(row[13] for row in rows):
            # Legs of a resumed run lie end to end: the point is of the leg whose turn it is.
            shown, at = _leg_of(kept, chosen)
        point = _point(points, chosen, chosen - at)
    recording = _recording(shown)
    file = str(shown[8])
    place = None if point is None else _find(find, recording, file, Wanted(str(shown[7]), point=point))
    if point is None:
        value = f"{len(points)}" if field.aggregate is Aggregate.COUNT else repr(points.final)
        if field.aggregate.of_points:
            from runfolio.index.point_figures import point_figures

            figures = point_figures(database, field, [run])[1].tolist()
            value = repr(figures[0]) if figures else "none"
        note = "A figure of the whole series, no single point of it."
        place = Place(file) if file else None
    else:
        value, note = repr(point.value), "" if place else _GONE
        place = place or Place(file or recording.path, part=plain(str(shown[7]), 120))
    if name is not None:
        aligned = AlignedName(name, scale)
        shown_value = "" if point is None else f": shown as {point.value * scale!r}"
        note = f"{aligned.words} under another name, by an alignment{shown_value}. {note}".strip()
    others = [
        (_recording(row).path, _recording(row).format, f"last {row[10]!r} of {counted(cast(int, row[9]), 'point')}")
        for row in kept
        if row[0] != shown[0] and row[11] == shown[11]
    ]
    return _origin(f"{field.name}, {field.aggregate.value}", value, rule, point, recording, place, note, others)


def choose_point(points: MetricSeries, field: FieldRef) -> tuple[int | None, str]:
    """Which point of a series stands for the field, and by which rule; no point for figures of the whole.

    NaN never is the best, lowest or highest; where no point is finite there is none.
    """
    # NumPy is no part of a window's start.
    import numpy as np

    value = points.value
    aggregate = field.aggregate
    if aggregate.of_points:
        from runfolio.index.point_figures import point_of

        if aggregate.argument == "last":
            return None, f"{field.figure_words}, worked out of the points"
        rule = (
            "the point written last up to that step" if aggregate is Aggregate.AT else "the first point as good as that"
        )
        return point_of(points, field), f"{field.figure_words}: {rule}"
    if aggregate is Aggregate.BEST:
        way = guess_direction(field.name)
        aggregate = Aggregate.MAX if way is Direction.HIGHER else Aggregate.MIN
    if aggregate is Aggregate.COUNT or not len(value):
        return None, "number of points"
    if aggregate is Aggregate.FIRST:
        return 0, _RULES[aggregate]
    if aggregate is Aggregate.LAST:
        if points.final is None:
            return len(value) - 1, "last value in the file"
        same = np.isnan(value) if np.isnan(points.final) else value == points.final
        held = np.flatnonzero(same)
        if not len(held):
            return None, points.final_rule
        latest = held[points.step[held] == points.step[held].max()] if "step" in points.final_rule else held
        return int(latest[-1]), points.final_rule
    finite = np.flatnonzero(np.isfinite(value))
    if not len(finite):
        return None, _RULES[aggregate]
    sound = value[finite]
    return int(finite[int(sound.argmax() if aggregate is Aggregate.MAX else sound.argmin())]), _RULES[aggregate]


def _leg_of(rows: Sequence[Row], index: int) -> tuple[Row, int]:
    """The leg that holds a point of the joined series, and the point's index in it."""
    left = index
    seen: set[object] = set()
    for row in rows:
        if row[11] in seen:
            continue  # another recording of the same leg
        seen.add(row[11])
        if left < cast(int, row[9]):
            return row, left
        left -= cast(int, row[9])
    return rows[-1], left


def _point(points: MetricSeries, index: int, start: int) -> Point:
    """The point at `index`; equal ones are counted from `start`, where its file begins."""
    import numpy as np

    value, step = float(points.value[index]), int(points.step[index])
    before = points.value[start:index]
    same = np.isnan(before) if np.isnan(value) else before == value
    if points.has_step:
        same &= points.step[start:index] == step
    wall = int(points.wall_time_us[index])
    return Point(
        step if points.has_step else None,
        value,
        None if wall == NO_TIME else wall,
        index,
        int(same.sum()),
        index - start,
    )


def _recording(row: Row) -> _Recording:
    number, root, unit, reader, format, path, run = row[:7]
    return _Recording(cast(int, number), str(root), str(unit), str(reader), str(format), str(path), str(run))


def _parts(path: str) -> tuple[str, ...]:
    import json

    return tuple(str(part) for part in json.loads(path))


def _find(find: FindPlace, recording: _Recording, file: str, wanted: Wanted) -> Place | None:
    # Of several recordings in one folder, each is a file of its own.
    own = recording.path if recording.path != recording.unit else ""
    wanted = replace(wanted, run=recording.run)
    return find(Path(recording.root), recording.unit, recording.reader, file or own, wanted)


def _origin(
    title: str,
    shown: str,
    rule: str,
    point: Point | None,
    recording: _Recording,
    place: Place | None,
    note: str = "",
    others: Sequence[tuple[str, str, str]] = (),
) -> Origin:
    return Origin(
        title,
        shown,
        rule,
        point,
        recording.title,
        recording.format,
        recording.root,
        recording.path,
        place,
        note,
        tuple(others),
    )
