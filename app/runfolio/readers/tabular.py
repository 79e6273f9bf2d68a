"""From a table of logged values to series: which column is the step, which the wall time, which the metrics."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runfolio.errors import RunfolioError
from runfolio.model import times
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, info, problem_from, warning
from runfolio.readers.csv_table import read_csv
from runfolio.readers.folder import Folder
from runfolio.readers.json_table import read_json, read_json_lines
from runfolio.readers.parquet_table import read_parquet
from runfolio.readers.table import LARGEST_EXACT, Table, TableColumn
from runfolio.readers.yaml_nodes import some

STEP_NAMES = (
    "step", "global_step", "_step", "iter", "iteration", "iterations", "epoch", "epoque", "training_iteration",
    "total_steps",
)  # fmt: skip
"""Names of step columns, the most telling first; compared without case, accents, blanks and dashes."""

_INDEX_NAMES = ("", "unnamed:_0", "__index_level_0__", "index")
"""What pandas calls the index it writes along: no metric, and the step where there is no other."""

TIME_NAMES = frozenset(
    {
        "time", "timestamp", "_timestamp", "wall_time", "walltime", "wall", "unix_time", "ts", "date", "datetime",
        "date_time", "created_at", "logged_at",
    }
)  # fmt: skip

_PAST_INT64 = 2.0**63
# Unix times between 1973 and 5138 in seconds, and the same in milliseconds; times since the start are smaller.
_SECONDS = (1e8, 1e11)
_MILLIS = (1e11, 1e14)
_JSON, _JSON_LINES, _PARQUET = (".json",), (".jsonl", ".ndjson"), (".parquet", ".pq")
_LARGEST_UNPACKED = 64 << 20


@dataclass(frozen=True, slots=True)
class Columns:
    """What somebody says of a table's columns, in place of the rules of `to_series`.

    step, time   the column's name; "" for none, None to leave it to the rules.
    is_metric    whether a column is one of the metrics; what it refuses is looked at in no way.
    """

    step: str | None = None
    time: str | None = None
    is_metric: Callable[[str], bool] = lambda _: True


BY_RULE = Columns()


@dataclass(slots=True)
class Logged:
    """Series of one metric file.

    step_column   its name ("" for an index column); None where the step is the row number, or unknown.
    """

    metrics: list[MetricSeries] = field(default_factory=list)
    step_column: str | None = None
    problems: list[Problem] = field(default_factory=list)


def plain_name(name: str) -> str:
    """A column's name without case, accents and surrounding blanks, words joined with `_`, for comparing."""
    if name.isascii():
        return name[:200].lower().strip().replace(" ", "_").replace("-", "_")
    text = unicodedata.normalize("NFKD", name[:200]).casefold().strip()
    return "".join(c for c in text if not unicodedata.combining(c)).replace(" ", "_").replace("-", "_")


def has_step(names: list[str]) -> bool:
    """Whether one of the names is that of a step column."""
    return any(plain_name(n) in STEP_NAMES for n in names)


def is_index(name: str) -> bool:
    """Whether a column's name is what pandas gives an index that has none."""
    return plain_name(name) in _INDEX_NAMES


def is_time(name: str) -> bool:
    """Whether a column's name is that of points in time."""
    return plain_name(name) in TIME_NAMES


def read_file(
    folder: Folder, name: str, budget: Budget, *, epoch_first: bool = False, columns: Columns = BY_RULE
) -> Logged:
    """The series of a metric file by the suffix of its name. What cannot be read is a Problem; never raises for it."""
    where = folder.where(name)
    try:
        data = folder.read(name, budget.metric_bytes)
    except RunfolioError as failure:
        return Logged(problems=[problem_from(failure, "unreadable", where)])
    if not name.lower().endswith(".gz"):
        return read_metrics(data, name, where, budget, epoch_first=epoch_first, columns=columns)
    whole, problem = unpacked(data, where)
    logged = Logged()
    if whole:
        logged = read_metrics(whole, name[:-3], where, budget, epoch_first=epoch_first, columns=columns)
    logged.problems[:0] = [problem] if problem else []
    return logged


def read_metrics(
    data: bytes, name: str, where: str, budget: Budget, *, epoch_first: bool = False, columns: Columns = BY_RULE
) -> Logged:
    """The series in the bytes of a metric file, by the suffix of its name. Never raises for what it holds.

    `where` is told in problems. Raises LimitReached when the time of the budget is used up.
    """
    table, single = load_table(data, name, where, budget)
    by_epoch = epoch_first and not name.lower().endswith((*_JSON, *_JSON_LINES, *_PARQUET))
    return to_series(table, where, single=single, epoch_first=by_epoch, columns=columns)


def load_table(data: bytes, name: str, where: str, budget: Budget) -> tuple[Table, bool]:
    """The table in a metric file, and whether it holds single figures rather than a history; see `read_metrics`."""
    lower = name.lower()
    if lower.endswith(_JSON_LINES):
        return read_json_lines(data, where, budget), False
    if lower.endswith(_JSON):
        return read_json(data, where, budget)
    if lower.endswith(_PARQUET):
        return read_parquet(data, where), False
    return read_csv(data, where, budget), False


def unpacked(data: bytes, where: str) -> tuple[bytes, Problem | None]:
    """What a gzip file holds, unless that is more than 64 MiB."""
    parts: list[bytes] = []
    left = _LARGEST_UNPACKED + 1
    try:
        while data and left > 0:  # a file may be several packed ones in a row
            inflater = zlib.decompressobj(wbits=31)
            parts.append(inflater.decompress(data, left))
            left -= len(parts[-1])
            if left > 0 and not inflater.eof:
                return b"".join(parts), warning("torn-gzip", where, "The packed file is cut off; its start is shown")
            data = inflater.unused_data
    except zlib.error as failure:
        return b"".join(parts), warning("bad-gzip", where, f"Cannot be unpacked any further: {failure}")
    if left <= 0:
        message = f"Unpacked it has more than {_LARGEST_UNPACKED:,} bytes: it was not read"
        return b"", warning("too-large", where, message, "Unpack it beside the others to see its metrics.")
    return b"".join(parts), None


# --- series ----------------------------------------------------------------------------------------------------------


def to_series(
    table: Table, where: str, *, single: bool = False, epoch_first: bool = False, columns: Columns = BY_RULE
) -> Logged:
    """Series of a table. Cells without a value are no points; NaN is one.

    single        the table holds one figure for each metric and no history: their step is unknown.
    epoch_first   the step is the epoch although there may be a column called step (Keras).
    columns       what somebody says of them; where that cannot be, the rules decide, and a Problem says so.

    The step is the first of STEP_NAMES that holds whole numbers, else an index column, else the row number. A column
    of that name with fractions (epoch 0.5) is no step: it stays a metric, as do an epoch beside a step and a time
    that counts from the start.
    """
    logged = Logged(problems=table.problems)
    chosen = None if single else _chosen_step(table, columns.step, where, logged, epoch_first=epoch_first)
    logged.step_column = chosen
    has_steps = chosen is not None or (table.rows > 1 and not single)
    steps, kept = _steps(table, chosen, where, logged)
    time_column, wall = _wall_times(table, columns.time, where, logged)
    text_only: list[str] = []
    is_whole_table = bool(kept.all())
    # Most columns have values in the rows of the one before: they share the arrays.
    before = np.empty(0, dtype=np.int64)
    its_steps, its_wall = before, before
    for name, column in table.columns.items():
        if name in (chosen, time_column) or is_index(name) or not columns.is_metric(name):
            continue
        if not len(column.rows):
            text_only += [name] if column.bad else []
            continue
        if column.bad:
            message = f"{column.bad:,} cells of {name[:80]!r} are no numbers and were left out"
            logged.problems.append(warning("not-a-number", where, message))
        rows, values = column.rows, column.numbers
        if not is_whole_table:
            here = kept[rows]
            rows, values = rows[here], values[here]
        if not len(rows):
            continue
        if rows is not before and not np.array_equal(rows, before):
            before, its_steps, its_wall = rows, steps[rows], wall[rows]
        logged.metrics.append(
            MetricSeries(name, its_steps, np.ascontiguousarray(values), its_wall, has_steps, None, "", where)
        )
    if text_only:
        logged.problems.append(info("text-columns", where, f"Columns of text are no metrics: {some(text_only)}"))
    return logged


def _chosen_step(table: Table, said: str | None, where: str, logged: Logged, *, epoch_first: bool) -> str | None:
    """The step column that somebody says, if it can be one, else the one that the rules find; None for the row."""
    if said == "" or not table.columns:
        return None
    if said is not None:
        column = table.columns.get(said)
        if column is not None and is_whole(column):
            return said
        what = "There is no column" if column is None else "No whole numbers are in the column"
        message = f"{what} {said[:80]!r}, which is said to be the step: it was recognised by the rules"
        logged.problems.append(warning("odd-step-column", where, message, "Change the layout, or look at the file."))
    candidates = step_columns(table.columns, epoch_first=epoch_first)
    return next((name for name in candidates if is_whole(table.columns[name])), None)


def step_columns(names: Iterable[str], *, epoch_first: bool = False) -> Iterator[str]:
    """Those of the columns that are the step if they hold whole numbers, the most telling first."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(plain_name(name), name)
    for wanted in (*(("epoch",) if epoch_first else ()), *STEP_NAMES, *_INDEX_NAMES):
        if wanted in plain:
            yield plain[wanted]


def is_whole(column: TableColumn) -> bool:
    """Whether a column can be the step: whole numbers wherever there are finite ones."""
    sound = column.numbers[np.isfinite(column.numbers)]
    return len(sound) > 0 and bool((sound == np.floor(sound)).all())


def _steps(table: Table, chosen: str | None, where: str, logged: Logged) -> tuple[Ints, NDArray[np.bool_]]:
    """The step of every row, and whether the row has one."""
    if chosen is None:
        return np.arange(table.rows, dtype=np.int64), np.ones(table.rows, dtype=bool)
    column = table.columns[chosen]
    steps = np.zeros(table.rows, dtype=np.int64)
    kept = np.zeros(table.rows, dtype=bool)
    sound = np.isfinite(column.numbers) & (np.abs(column.numbers) < _PAST_INT64)
    kept[column.rows[sound]] = True
    steps[column.rows[sound]] = column.numbers[sound].astype(np.int64)
    for row in column.rows[np.abs(column.numbers) >= LARGEST_EXACT].tolist():
        exact = _exact(column.words.get(row, ""))
        if exact is not None:
            steps[row], kept[row] = exact, True
    if lost := table.rows - int(kept.sum()):
        message = f"{lost:,} rows have no step that can be used (none, no number, or past 64 bits); they were left out"
        logged.problems.append(warning("no-step", where, message))
    return steps, kept


def _exact(text: str) -> int | None:
    """A whole number of up to 64 bits as written, which float64 may not hold exactly."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        return None
    return int(text) if -(2**63) <= int(text) < 2**63 else None


def _wall_times(table: Table, said: str | None, where: str, logged: Logged) -> tuple[str | None, Ints]:
    """The first column of points in time and its microseconds by row; NO_TIME where there is none.

    Numbers are Unix times in seconds or milliseconds, text is ISO 8601. A column of times since the start is none.
    `said` is the only one looked at when it is not None.
    """
    for name, column in table.columns.items():
        if name != said if said is not None else not is_time(name):
            continue
        wall = np.full(table.rows, times.NO_TIME, dtype=np.int64)
        if len(column.rows):
            finite = np.isfinite(column.numbers)
            scale = unix_scale(column.numbers[finite])
            if scale is None:
                continue
            wall[column.rows[finite]] = np.round(column.numbers[finite] * scale).astype(np.int64)
            lost = column.bad + int((~finite).sum())
        else:
            parsed = iso_times(column.words)
            if not parsed:
                continue
            wall[np.fromiter(parsed, np.int64, len(parsed))] = np.fromiter(parsed.values(), np.int64, len(parsed))
            lost = column.bad - len(parsed)
        if lost:
            message = f"{lost:,} cells of {name[:80]!r} are no points in time; their rows are shown without one"
            logged.problems.append(warning("odd-time", where, message))
        return name, wall
    if said and table.columns:
        what = "holds no points in time" if said in table.columns else "is not there"
        message = f"The column {said[:80]!r}, which is said to be the time, {what}"
        logged.problems.append(warning("odd-time-column", where, message, "Change the layout, or look at the file."))
    return None, np.full(table.rows, times.NO_TIME, dtype=np.int64)


def iso_times(words: Mapping[int, str]) -> dict[int, int]:
    """Microseconds of the texts that are ISO 8601, by row."""
    found: dict[int, int] = {}
    for row, text in words.items():
        moment = times.from_iso(text)
        if moment is not None:
            found[row] = moment
    return found


def unix_scale(numbers: Floats) -> float | None:
    """Microseconds in a unit of plausible Unix times; None when the numbers are none."""
    if not len(numbers):
        return None
    low, high = float(numbers.min()), float(numbers.max())
    if _SECONDS[0] <= low and high < _SECONDS[1]:
        return 1e6
    return 1e3 if _MILLIS[0] <= low and high < _MILLIS[1] else None


def span_of(metrics: list[MetricSeries]) -> tuple[int | None, int | None]:
    """First and last wall time of all points, in microseconds; (None, None) where there is none."""
    # Series of one table without gaps share an array.
    shared = {id(m.wall_time_us): m.wall_time_us for m in metrics}
    walls = [wall[wall != times.NO_TIME] for wall in shared.values()]
    walls = [w for w in walls if len(w)]
    if not walls:
        return None, None
    return times.checked(min(int(w.min()) for w in walls)), times.checked(max(int(w.max()) for w in walls))


def merge_files(files: list[tuple[str, Logged]]) -> list[MetricSeries]:
    """Series of several metric files of one run: equal ones once, others under their file's name as well.

    files   name and series of each, the one that gives the plain names first.
    """
    shown: dict[str, MetricSeries] = {}
    for file, logged in files:
        for m in logged.metrics:
            other = shown.get(m.name)
            if other is None:
                shown[m.name] = m
            elif not _same(m, other):
                name = f"{file}/{m.name}"
                shown[name] = MetricSeries(name, m.step, m.value, m.wall_time_us, m.has_step, None, "", m.source)
    return [*shown.values()]


def _same(one: MetricSeries, other: MetricSeries) -> bool:
    # Steps are not compared: the copy of a history in JSON counts its rows where the CSV names epochs.
    return len(one) == len(other) and bool(np.allclose(one.value, other.value, rtol=1e-6, atol=0, equal_nan=True))
