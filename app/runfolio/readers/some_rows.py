"""Reads the rows of a database for some owners at a time, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from runfolio.readers.sqlite_file import Cell, Store

Only: TypeAlias = tuple[str, Sequence[Cell]] | None
T = TypeVar("T")


class SomeRows(Generic[T]):
    """What a table holds of some runs at a time, where it can be asked for it; else all of it at the first time."""

    def __init__(self, store: Store, table: str, column: str, read: Callable[[str, Only], dict[str, T]]) -> None:
        self._table = table
        self._column = column
        self._read = read
        self._whole: dict[str, T] | None = None
        self._finds = store.finds_by(table, column)

    def of(self, ids: Sequence[Cell]) -> dict[str, T]:
        """What there is by run, of at least these runs."""
        if self._finds:
            return self._read(self._table, (self._column, ids))
        if self._whole is None:
            self._whole = self._read(self._table, None)
        return self._whole
