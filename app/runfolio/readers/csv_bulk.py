"""Many small CSV files at once, as long as they hold nothing but numbers under a header, as most files of metrics do.

Files with an equal header are joined, because setting Polars to work costs as much as reading a small file. Whatever
is not certain to mean the same this way is left to `tabular`, so what comes out does not depend on how it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model import times
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Work
from runfolio.readers.csv_table import certain_header
from runfolio.readers.folder import Folder
from runfolio.readers.table import LARGEST_EXACT, Table, TableColumn
from runfolio.readers.tabular import (
    Logged,
    is_index,
    is_time,
    read_file,
    read_metrics,
    step_columns,
    to_series,
)

if TYPE_CHECKING:
    import polars as pl

Flags: TypeAlias = NDArray[np.bool_]
ReadFile: TypeAlias = Callable[[Folder, str, Budget], Logged]
"""As `tabular.read_file`."""

_SUFFIXES = (".csv", ".tsv", ".log")
_LARGEST = 1 << 20
"""Larger files gain nothing by being joined."""
_TOGETHER_BYTES = 4 << 20
_OF_NUMBERS = b"0123456789+-.eEnaNiIfF\n"
"""In cells of nothing but these letters Polars sees the numbers that Python sees, NaN and infinities among them."""


def read_together(
    work: Sequence[Work],
    read: Callable[[Folder, Claim, Budget, ReadFile], Iterator[Recording | Problem]],
    *,
    epoch_first: bool = False,
) -> Iterator[list[Recording | Problem] | RunfolioError]:
    """What `read` gives for each claimed folder, or the error that it raises, see `BatchReader`.

    read   the reader's own; what it is given in place of `tabular.read_file` has the tables of small files already.
    """
    waiting: list[tuple[Work, dict[str, bytes]]] = []
    size = 0
    for item in work:
        item.budget.restart()
        files = _small_tables(item.folder, item.claim)
        waiting.append((item, files))
        size += sum(map(len, files.values()))
        if size > _TOGETHER_BYTES:
            yield from _read(waiting, read, epoch_first=epoch_first)
            waiting, size = [], 0
    yield from _read(waiting, read, epoch_first=epoch_first)


def _small_tables(folder: Folder, claim: Claim) -> dict[str, bytes]:
    """The claimed files that could be such tables. Of those that cannot be read the reader tells."""
    try:
        here = folder.files
        names = [n for n in claim.files if n.lower().endswith(_SUFFIXES) and n in here and here[n].size <= _LARGEST]
        found = [*folder.read_many(names, _LARGEST)] if names else []
    except FolderUnreadable:
        return {}
    return {name: data for name, data in found if isinstance(data, bytes)}


def _read(
    waiting: Sequence[tuple[Work, dict[str, bytes]]],
    read: Callable[[Folder, Claim, Budget, ReadFile], Iterator[Recording | Problem]],
    *,
    epoch_first: bool,
) -> Iterator[list[Recording | Problem] | RunfolioError]:
    files = [TextFile(item.folder.where(name), data) for item, kept in waiting for name, data in kept.items()]
    found = iter(sound_tables(files, epoch_first=epoch_first))
    for item, kept in waiting:
        item.budget.restart()
        tables = {name: (data, next(found)) for name, data in kept.items()}

        def read_one(folder: Folder, name: str, budget: Budget, tables: _Tables = tables) -> Logged:
            data, logged = tables.get(name, (None, None))
            if data is None:
                return read_file(folder, name, budget, epoch_first=epoch_first)
            return logged or read_metrics(data, name, folder.where(name), budget, epoch_first=epoch_first)

        try:
            yield [*read(item.folder, item.claim, item.budget, read_one)]
        except RunfolioError as failure:
            yield failure


_Tables = dict[str, tuple[bytes, Logged | None]]


# --- tables ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextFile:
    """The content of a file, and its path for problems."""

    where: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    """What a header line says.

    steps     which columns may be the step, the most telling first.
    metrics   which may be metrics, when none of them is the step.
    """

    separator: bytes
    names: tuple[str, ...]
    steps: tuple[int, ...]
    metrics: tuple[int, ...]
    has_times: bool


@lru_cache(maxsize=256)
def _header(line: bytes, *, epoch_first: bool) -> _Header | None:
    """What the first line says; None when other lines have a say in what it means, or there is something to tell."""
    found = certain_header(line)
    if found is None:
        return None
    names, separator = found
    return _Header(
        separator.encode(),
        tuple(names),
        tuple(map(names.index, step_columns(names, epoch_first=epoch_first))),
        tuple(number for number, name in enumerate(names) if not is_index(name)),
        any(map(is_time, names)),
    )


def sound_tables(files: Sequence[TextFile], *, epoch_first: bool = False) -> list[Logged | None]:
    """The series of each file as `tabular.read_metrics` gives them; None for one that is to be read by that."""
    found: list[Logged | None] = [None] * len(files)
    alike: dict[bytes, list[tuple[int, bytes]]] = {}
    for number, file in enumerate(files):
        data = file.data.replace(b"\r\n", b"\n") if b"\r" in file.data else file.data
        end = data.find(b"\n") + 1
        if end:
            alike.setdefault(data[:end], []).append((number, data[end:]))
    for line, bodies in alike.items():
        header = _header(line, epoch_first=epoch_first)
        if header is None:
            continue
        sound = [_Body(number, body, _count(body, b"\n")) for number, body in bodies if _is_sound(body, header)]
        for body, logged in zip(sound, _tables(sound, files, header, epoch_first), strict=True):
            found[body.number] = logged
    return found


@dataclass(frozen=True, slots=True)
class _Body:
    """What follows the header of a file, of which `number` says which it is."""

    number: int
    text: bytes
    rows: int


def _is_sound(body: bytes, header: _Header) -> bool:
    """Whether whole lines follow the header in which there are numbers, separators and nothing else."""
    if not body.endswith(b"\n") or body.translate(None, _OF_NUMBERS + header.separator):
        return False
    # Where there are several columns, an empty line is one of too few cells.
    return len(header.names) > 1 or not (body.startswith(b"\n") or b"\n\n" in body)


def _count(text: bytes, letter: bytes) -> int:
    # bytes.count takes five times as long when there is much to count.
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == letter[0]))


def _tables(
    bodies: Sequence[_Body], files: Sequence[TextFile], header: _Header, epoch_first: bool
) -> Iterator[Logged | None]:
    """The series of files that are sound; None for all when a cell is no number, or a row too short or too long."""
    frame = _parsed([body.text for body in bodies], sum(body.rows for body in bodies), header)
    if frame is None:
        # One that is not may be among them.
        fitting = [b for b in bodies if _count(b.text, header.separator) == (len(header.names) - 1) * b.rows]
        if 0 < len(fitting) < len(bodies):
            found = dict(zip((b.number for b in fitting), _tables(fitting, files, header, epoch_first), strict=True))
            yield from (found.get(body.number) for body in bodies)
        else:
            yield from [None] * len(bodies)
        return
    columns = [_Column.of(cells) for cells in frame.iter_columns()]
    step = header.steps[0] if header.steps else None
    longest = max(body.rows for body in bodies)
    steps = _whole(columns[step]) if step is not None else np.arange(longest, dtype=np.int64)
    if steps is None or header.has_times:
        for body, parts in _cut(columns, bodies):
            yield _by_rule(parts, body.rows, files[body.number].where, header, epoch_first)
        return
    chosen = None if step is None else header.names[step]
    metrics = [(header.names[number], columns[number]) for number in header.metrics if number != step]
    no_times = np.full(longest, times.NO_TIME, dtype=np.int64)
    end = 0
    for body in bodies:
        start, length, where = end, body.rows, files[body.number].where
        end += length
        here = steps[:length] if step is None else steps[start:end]
        wall, has_steps = no_times[:length], step is not None or length > 1
        made: list[MetricSeries] = []
        for name, column in metrics:
            values = column.values[start:end]
            if column.known is None:
                made.append(MetricSeries(name, here, values, wall, has_steps, None, "", where))
                continue
            rows = np.flatnonzero(column.known[start:end])
            if len(rows):
                made.append(MetricSeries(name, here[rows], values[rows], wall[rows], has_steps, None, "", where))
        yield Logged(made, chosen)


def _parsed(texts: Sequence[bytes], rows: int, header: _Header) -> pl.DataFrame | None:
    """Rows of numbers, None where there is no cell; None when there are other things in the texts, or other rows."""
    import polars as pl  # 0.1 s, which scanning folders for claims does without

    joined, width = b"".join(texts), len(header.names)
    # Polars refuses rows that are too long, so with this sum none can be too short either.
    if not rows or _count(joined, header.separator) != rows * (width - 1):
        return None
    try:
        frame = pl.read_csv(
            joined,
            has_header=False,
            separator=header.separator.decode(),
            quote_char=None,
            schema={str(n): pl.Float64 for n in range(width)},
        )
    except pl.exceptions.PolarsError:
        return None
    return frame.rechunk() if frame.shape == (rows, width) else None


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A column of all files: values float64 (n,), and bool (n,) whether a row has one, None when all have."""

    values: Floats
    known: Flags | None

    @classmethod
    def of(cls, cells: pl.Series) -> _Column:
        known = cells.is_not_null().to_numpy() if cells.null_count() else None
        return cls(cells.to_numpy(), known)

    def part(self, start: int, end: int) -> TableColumn:
        """Those of one file."""
        values = self.values[start:end]
        rows = np.arange(end - start, dtype=np.int64)
        if self.known is not None:
            rows = np.flatnonzero(self.known[start:end])
            values = values[rows]
        return TableColumn(rows, values, {}, 0)


def _whole(column: _Column) -> Ints | None:
    """The steps in a column that has one in each row; None for any other."""
    values = column.values
    if column.known is not None or not bool(((np.abs(values) < LARGEST_EXACT) & (values == np.floor(values))).all()):
        return None
    return values.astype(np.int64)


def _cut(columns: Sequence[_Column], bodies: Sequence[_Body]) -> Iterator[tuple[_Body, list[TableColumn]]]:
    start = 0
    for body in bodies:
        yield body, [column.part(start, start + body.rows) for column in columns]
        start += body.rows


def _by_rule(
    columns: Sequence[TableColumn], rows: int, where: str, header: _Header, epoch_first: bool
) -> Logged | None:
    """The series of a file where its cells tell which column is the step, or holds points in time."""
    if any((np.abs(columns[n].numbers) >= LARGEST_EXACT).any() for n in header.steps):
        return None  # float64 does not hold such steps: they are taken from the text
    return to_series(Table(dict(zip(header.names, columns, strict=True)), rows), where, epoch_first=epoch_first)
