"""MLflow metric files: a line of `<time> <value> <step>` for each point, in the order it was logged.

Sound files, nearly all there are, are parsed in bulk: those of some runs are joined, because a parser's start costs
more than a few hundred lines. Anything else is read line by line, so that a damaged line costs itself only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from runfolio.model.metrics import Floats, Ints, MetricSeries, series
from runfolio.model.problem import Problem
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, info, warning

FINAL_RULE = "greatest step, then time, then value"
"""How MLflow itself chooses the latest value of a metric (FileStore._get_metric_from_file)."""

_JOINED_BYTES = 1 << 21
"""Files below this are parsed together, larger ones by themselves in pieces of this size."""

_FEW_BYTES = 1 << 14
"""Below this, Python is done before Polars has begun (0.5 ms a call)."""

_SOUND = re.compile(rb"(?:-?[0-9]+ [-+.0-9A-Za-z]+ -?[0-9]+\n)*")
_INT64 = range(-(2**63), 2**63)
_EARLIEST_MS, _LATEST_MS = -62_135_596_800_000, 253_402_300_799_999  # years 1 to 9999

Columns = tuple[Ints, Floats, Ints]
"""Times in milliseconds, values, steps."""


@dataclass(frozen=True, slots=True)
class MetricFile:
    """The content of one metric file, with the metric's name and the file's path for problems."""

    name: str
    where: str
    data: bytes


Found = tuple[MetricSeries | None, list[Problem]]
"""The series of a file, None when it holds no point, and what is wrong with the file."""


def parse_metrics(files: Sequence[MetricFile], budget: Budget) -> Iterator[Found]:
    """What each file holds, in the order of `files`, which may be those of many runs."""
    for group in _groups(files):
        budget.check(group[0].where)
        contents = [file.data for file in group]
        columns = lengths = None
        # Joined with the next one, a file without a last line end must not look sound.
        if all(data.endswith(b"\n") or not data for data in contents):
            joined = b"".join(contents)
            lengths = _lines(joined, contents)
            columns = _sound_columns(joined, sum(lengths))
        if columns is None or lengths is None:
            yield from (_one(file, budget) for file in group)
        else:
            yield from _all(group, columns, lengths)


def _all(files: Sequence[MetricFile], columns: Columns, lengths: Sequence[int]) -> Iterator[Found]:
    """What sound files hold whose points follow each other in `columns`."""
    times, values, steps = columns
    wall = _wall_times(times)
    ends = np.cumsum(lengths)
    begins = (ends - lengths).tolist()
    plain = _ending_latest(np.array(lengths), steps) if wall.min(initial=0) != NO_TIME else [False] * len(files)
    finals = values[ends - 1].tolist() if len(values) else [0.0] * len(files)
    for file, begin, end, is_plain, final in zip(files, begins, ends.tolist(), plain, finals, strict=True):
        step, value, time = steps[begin:end], values[begin:end], wall[begin:end]
        if is_plain:
            yield MetricSeries(file.name, step, value, time, True, final, FINAL_RULE, file.where), []
        else:
            yield _series(file, (times[begin:end], value, step), time)


def _groups(files: Sequence[MetricFile]) -> Iterator[list[MetricFile]]:
    group: list[MetricFile] = []
    size = 0
    for file in files:
        if group and size + len(file.data) > _JOINED_BYTES:
            yield group
            group, size = [], 0
        group.append(file)
        size += len(file.data)
    if group:
        yield group


def _lines(joined: bytes, contents: Sequence[bytes]) -> list[int]:
    """Lines of each file; `joined` is what they hold, one after the other."""
    # All at once: to count in the bytes of each file takes ten times as long.
    line_ends = np.flatnonzero(np.frombuffer(joined, np.uint8) == ord("\n"))
    ends = np.cumsum([len(content) for content in contents])
    lengths: list[int] = np.diff(np.searchsorted(line_ends, ends, side="left"), prepend=0).tolist()
    return lengths


def _one(file: MetricFile, budget: Budget) -> Found:
    parts: list[Columns] = []
    bad = _BadLines()
    for piece in _pieces(file.data):
        budget.check(file.where)
        columns = _sound_columns(piece, piece.count(b"\n"))
        parts.append(_columns_by_line(piece, bad) if columns is None else columns)
        bad.lines_before += piece.count(b"\n")
    parts = parts or [_NOTHING]
    times = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    steps = np.concatenate([part[2] for part in parts])
    made, problems = _series(file, (times, values, steps), _wall_times(times))
    return made, [*bad.told(file), *problems]


_NOTHING: Columns = (np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int64))


def _pieces(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _JOINED_BYTES) + 1 or len(data)
        yield data[start:end]
        start = end


def _wall_times(times_ms: Ints) -> Ints:
    known = (times_ms >= _EARLIEST_MS) & (times_ms <= _LATEST_MS)
    if known.all():
        return times_ms * 1000
    return np.where(known, np.where(known, times_ms, 0) * 1000, NO_TIME)


def _series(file: MetricFile, columns: Columns, wall: Ints) -> Found:
    times, values, steps = columns
    if not len(values):
        return None, [info("empty-metric", file.where, f"The metric {file.name!r} has no points")]
    problems: list[Problem] = []
    if wall.min() == NO_TIME:
        count = int((wall == NO_TIME).sum())
        message = f"{count} points have a time that no calendar can show: it is left out"
        problems.append(warning("odd-time", file.where, message))
    made = series(
        file.name,
        steps,
        values,
        wall,
        final=latest(times, values, steps),
        final_rule=FINAL_RULE,
        source=file.where,
    )
    return made, problems


def _ending_latest(lengths: Ints, steps: Ints) -> list[bool]:
    """For each series, one after the other in `steps`, whether its last step is greater than all before it."""
    ends = np.cumsum(lengths)[lengths > 0]
    begins = ends - lengths[lengths > 0]
    found = np.zeros(len(lengths), dtype=bool)
    if len(ends):
        top = np.maximum.reduceat(steps, begins)
        times_reached = np.add.reduceat(steps == np.repeat(top, ends - begins), begins, dtype=np.int64)
        found[lengths > 0] = (times_reached == 1) & (steps[ends - 1] == top)
    flags: list[bool] = found.tolist()
    return flags


def latest(times: Ints, values: Floats, steps: Ints) -> float:
    """The value that MLflow shows as the latest, by FINAL_RULE; a NaN among equals counts as Python's max has it."""
    first = int(steps.argmax())
    if first == len(steps) - 1:
        return float(values[first])
    candidates = first + np.flatnonzero(steps[first:] == steps[first])
    candidates = candidates[times[candidates] == times[candidates].max()]
    return float(max(values[candidates].tolist()))


# --- sound files --------------------------------------------------------------------------------------------------


def _sound_columns(data: bytes, lines: int) -> Columns | None:
    """Columns of a file in which every line is a sound one of three fields; None for any other."""
    return _by_python(data) if len(data) < _FEW_BYTES else _by_polars(data, lines)


def _by_python(data: bytes) -> Columns | None:
    if _SOUND.fullmatch(data) is None:
        return None
    fields = data.split()
    try:
        return (
            np.array(list(map(int, fields[0::3])), dtype=np.int64),
            np.array(list(map(float, fields[1::3])), dtype=np.float64),
            np.array(list(map(int, fields[2::3])), dtype=np.int64),
        )
    except (ValueError, OverflowError):
        return None


def _by_polars(data: bytes, lines: int) -> Columns | None:
    # Imported here: it takes 0.3 s, and only large files gain by it.
    import polars as pl

    schema = {"time": pl.Int64, "value": pl.Float64, "step": pl.Int64}
    try:
        frame = pl.read_csv(data, separator=" ", has_header=False, schema=schema, quote_char=None)
    except pl.exceptions.PolarsError:
        return None
    # Polars fills missing fields with null and may pass over empty lines: both are for the careful path.
    if frame.height != lines or sum(frame.null_count().row(0)):
        return None
    times, values, steps = (frame[name].to_numpy() for name in schema)
    return times, values, steps


# --- any other file -----------------------------------------------------------------------------------------------


class _BadLines:
    """Counts lines that are no points, and remembers the first few."""

    def __init__(self) -> None:
        self.lines_before = 0
        self.count = 0
        self.first: list[str] = []
        self.unfinished = ""

    def add(self, line: int, text: str) -> None:
        self.count += 1
        if len(self.first) < 3:
            self.first.append(f"line {self.lines_before + line} ({text[:40]!r})")

    def told(self, file: MetricFile) -> Iterator[Problem]:
        if self.count:
            more = "" if self.count <= len(self.first) else f" and {self.count - len(self.first)} more"
            one = "1 line is no point" if self.count == 1 else f"{self.count} lines are no points"
            message = f"{one} and left out: {', '.join(self.first)}{more}"
            yield warning("bad-line", file.where, message, "Check whether the file was copied completely.")
        if self.unfinished:
            message = f"The last line does not end, its step may be cut: {self.unfinished[:40]!r}"
            yield warning("cut-line", file.where, message, "Check whether the file was copied completely.")


def _columns_by_line(data: bytes, bad: _BadLines) -> Columns:
    points: list[tuple[int, float, int]] = []
    lines = data.decode("utf-8", "replace").split("\n")
    for number, line in enumerate(lines, 1):
        fields = line.split(maxsplit=3)
        if not fields:
            continue
        is_unfinished = number == len(lines)
        point = None if is_unfinished and len(fields) < 3 else _point(fields)
        if point is None:
            bad.add(number, line)
            continue
        points.append(point)
        if is_unfinished:
            bad.unfinished = line
    if not points:
        return _NOTHING
    times, values, steps = zip(*points, strict=True)
    return np.array(times, np.int64), np.array(values, np.float64), np.array(steps, np.int64)


def _point(fields: list[str]) -> tuple[int, float, int] | None:
    """Time, value and step of a line; None when it is not one.

    Two fields: MLflow before 1.0 had no steps, and times in seconds. A fourth and more: the name and digest of the
    data set that was measured on (names hold spaces), and in model folders the run before them.
    """
    try:
        time, value = int(fields[0]), float(fields[1])
        step = int(fields[2]) if len(fields) > 2 else 0
    except ValueError:
        return None
    if time not in _INT64 or step not in _INT64:
        return None
    if len(fields) == 2 and 0 < time < 100_000_000_000:
        time *= 1000
    return time, value, step
