"""The runs table as a file: CSV, Parquet or an Excel workbook, written block by block so that memory stays bounded."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import polars as pl

from runfolio.analysis.cells import spreadsheet
from runfolio.errors import UsageError
from runfolio.export.files import system_errors, whole_file
from runfolio.export.sheet import Block, Cell
from runfolio.model.answers import CellKind, Column
from runfolio.model.display import storable

SUFFIXES = (".csv", ".parquet", ".xlsx")
_LARGEST = 2**63 - 1


class TableWriter(Protocol):
    """Takes the blocks of a table in order."""

    def write(self, block: Block) -> None:
        """Take more rows."""


def table_writer(path: Path, titles: Sequence[str], rows: int) -> AbstractContextManager[TableWriter]:
    """What writes a table of `rows` rows to a path, by its suffix; the file is there when the context ends well.

    Raises UsageError for another suffix, for a table that a workbook cannot hold, and when it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _csv_writer(path, titles)
    if suffix == ".parquet":
        return _parquet_writer(path, titles)
    if suffix == ".xlsx":
        from runfolio.export.workbook import workbook_writer

        return workbook_writer(path, titles, rows)
    raise UsageError(
        f"A table is not written as {suffix or 'a file without a suffix'}",
        hint=f"Let the name end in {', '.join(SUFFIXES)}.",
        where=str(path),
    )


# --- CSV -------------------------------------------------------------------------------------------------------------


class _Csv:
    def __init__(self, out: io.TextIOBase) -> None:
        self.rows = csv.writer(out, lineterminator="\n")

    def write(self, block: Block) -> None:
        columns = [[spreadsheet(text) for text in column] for column in block.texts]
        self.rows.writerows(zip(*columns, strict=True))


@contextmanager
def _csv_writer(path: Path, titles: Sequence[str]) -> Iterator[TableWriter]:
    with whole_file(path) as fresh, fresh.open("w", encoding="utf-8", newline="") as out:
        made = _Csv(out)
        made.rows.writerow([spreadsheet(title) for title in titles])
        yield made


# --- Parquet ---------------------------------------------------------------------------------------------------------


class _Parquet:
    """Each block becomes a file of its own, typed by what is in it; joining them finds the type that holds all.

    A param that is a text in some runs is text in all of them, as its files wrote it. That may come out in a later
    block, so the texts of what are numbers until then lie beside the numbers: column 3 is called "3", its texts "t3".
    """

    def __init__(self, titles: Sequence[str], folder: Path) -> None:
        self._titles = titles
        self._folder = folder
        self.parts: list[Path] = []
        self.schemas: list[dict[str, pl.DataType]] = []

    def write(self, block: Block) -> None:
        columns: list[pl.Series] = []
        for place, (column, cells) in enumerate(zip(block.columns, block.cells, strict=True)):
            made = _series(str(place), column, cells)
            columns.append(made)
            if column.texts is not None and made.dtype != pl.String:
                columns.append(_text_series(f"t{place}", column, cells))
        frame = pl.DataFrame(columns)
        part = self._folder / f"part-{len(self.parts)}.parquet"
        frame.write_parquet(part)
        self.parts.append(part)
        self.schemas.append(dict(frame.schema))

    def join(self, path: Path) -> None:
        """Write the parts as one file, never holding all of them."""
        kinds = [_common([s[str(place)] for s in self.schemas]) for place in range(len(self._titles))]
        frames = []
        for part, own in zip(self.parts, self.schemas, strict=True):
            chosen = []
            for place, (title, kind) in enumerate(zip(self._titles, kinds, strict=True)):
                written = f"t{place}" if kind == pl.String and f"t{place}" in own else str(place)
                chosen.append(pl.col(written).cast(kind).alias(title))
            frames.append(pl.scan_parquet(part).select(chosen))
        pl.concat(frames).sink_parquet(path)


def _text_series(title: str, column: Column, cells: Sequence[Cell]) -> pl.Series:
    """A param as its file wrote it; null where it has none."""
    written = column.texts or (None,) * len(cells)
    texts = [
        None if cell is None else storable(str(cell) if text is None else text)
        for cell, text in zip(cells, written, strict=True)
    ]
    return pl.Series(title, texts, dtype=pl.String)


def _series(title: str, column: Column, cells: Sequence[Cell]) -> pl.Series:
    kind = column.kind
    if kind is CellKind.TIME:
        return pl.Series(title, cells, dtype=pl.Datetime("us", "UTC"))
    if kind is CellKind.TAGS:
        lists = [[storable(p) for p in c] if isinstance(c, tuple) else None for c in cells]
        return pl.Series(title, lists, dtype=pl.List(pl.String))
    given = [c for c in cells if c is not None]
    if kind not in (CellKind.NUMBER, CellKind.DURATION) or any(isinstance(c, str) for c in given):
        return _text_series(title, column, cells)
    whole = bool(given) and all(isinstance(c, int) and abs(c) <= _LARGEST for c in given)
    if whole:
        return pl.Series(title, cells, dtype=pl.Int64)
    if not given:
        return pl.Series(title, cells, dtype=pl.Null)
    return pl.Series(title, [None if c is None else float(c) for c in cells], dtype=pl.Float64)  # type: ignore[arg-type]


def _common(kinds: Sequence[pl.DataType]) -> pl.DataType:
    given = [kind for kind in dict.fromkeys(kinds) if kind != pl.Null]
    if len(given) <= 1:
        return given[0] if given else pl.Float64()
    return pl.String() if pl.String() in given else pl.Float64()


@contextmanager
def _parquet_writer(path: Path, titles: Sequence[str]) -> Iterator[TableWriter]:
    with (
        whole_file(path) as fresh,
        system_errors(pl.exceptions.ComputeError),
        tempfile.TemporaryDirectory(prefix="runfolio-table-") as folder,
    ):
        made = _Parquet(titles, Path(folder))
        yield made
        made.join(fresh)
