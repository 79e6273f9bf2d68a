"""The columns of the runs table and the cells that have been fetched, so that painting never waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from runfolio.desktop.cells import Digits, field_title
from runfolio.model.answers import CellKind, Change, Touched
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.display import plain
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

Cell: TypeAlias = tuple[int, object, str | None]
"""When it was asked for, value, and the text as the file wrote it."""

_CURVE = "~curve"
CURVE_POINTS = 48
"""Columns of a sparkline: about one for two pixels."""
ROOM = 200_000
"""Cells kept for each column; past that the table starts afresh, which costs one page query."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: a field, or the curve of a metric."""

    field: FieldRef
    curve: bool = False

    def __hash__(self) -> int:
        # As of its field: it is looked up for every cell.
        return hash(self.field.name)

    @property
    def id(self) -> str:
        """A text that names it without doubt, for sessions."""
        return self.field.id + (_CURVE if self.curve else "")

    @classmethod
    def from_id(cls, text: str) -> TableColumn:
        """The inverse of `id`. Raises ValueError."""
        return cls(FieldRef.from_id(text.removesuffix(_CURVE)), text.endswith(_CURVE))

    @property
    def title(self) -> str:
        """What its header says."""
        return f"{plain(self.field.name)} curve" if self.curve else field_title(self.field)

    @property
    def is_name(self) -> bool:
        """Whether it is the column that carries the run's dot and name."""
        return self.field == NAME.field

    @property
    def direction(self) -> Direction:
        """Which way is better; UNKNOWN for what is no metric."""
        return guess_direction(self.field.name) if self.field.kind is FieldKind.METRIC else Direction.UNKNOWN

    @property
    def best_first_is_descending(self) -> bool:
        """How the first click on its header sorts."""
        if self.field.kind is FieldKind.METRIC:
            return self.direction is not Direction.LOWER
        return self.field.kind is FieldKind.BUILTIN and self.field.name in ("started", "ended", "points", "problems")


NAME = TableColumn(FieldRef(FieldKind.BUILTIN, "name"))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a query has brought for one column: values and texts in the order of `keys`."""

    column: TableColumn
    kind: CellKind
    keys: tuple[RunKey, ...]
    values: tuple[object, ...]
    texts: tuple[str | None, ...] | None
    origins: tuple[str, ...] | None = None


def fetch(workspace: Workspace, wanted: Sequence[tuple[TableColumn, Sequence[RunKey]]]) -> list[Fetched]:
    """Ask for columns, each of some runs; on a query thread."""
    alike: dict[tuple[RunKey, ...], list[TableColumn]] = {}
    for column, keys in wanted:
        alike.setdefault(tuple(keys), []).append(column)
    answers: dict[TableColumn, Fetched] = {}
    for together, columns in alike.items():
        plain = [column for column in columns if not column.curve]
        found = workspace.columns([column.field for column in plain], together)
        for column, answer in zip(plain, found, strict=True):
            answers[column] = Fetched(column, answer.kind, together, answer.values, answer.texts, answer.origins)
        answers |= {column: _fetch_curve(workspace, column, together) for column in columns if column.curve}
    return [answers[column] for column, _ in wanted]


def _fetch_curve(workspace: Workspace, column: TableColumn, keys: tuple[RunKey, ...]) -> Fetched:
    found = workspace.series_for(keys, column.field.name)
    # Imported here: NumPy comes with it, and the window starts without.
    from runfolio.desktop.curves import outline

    values = tuple(outline(found[key], CURVE_POINTS) if key in found else None for key in keys)
    return Fetched(column, CellKind.NUMBER, keys, values, None)


class ColumnCache:
    """Cells by column and run. A cell that is out of date stays until the new one arrives: nothing flickers."""

    def __init__(self) -> None:
        self._cells: dict[TableColumn, dict[RunKey, Cell]] = {}
        self._kinds: dict[TableColumn, CellKind] = {}
        self._digits: dict[TableColumn, Digits] = {}
        self._origins: dict[TableColumn, dict[RunKey, str]] = {}
        self._generation = 1

    def missing(self, columns: Iterable[TableColumn], keys: Sequence[RunKey]) -> list[tuple[TableColumn, list[RunKey]]]:
        """What has to be asked so that `keys` can be shown."""
        wanted: list[tuple[TableColumn, list[RunKey]]] = []
        for column in columns:
            cells = self._cells.get(column, {})
            absent = [key for key in keys if (cell := cells.get(key)) is None or cell[0] < self._generation]
            if absent:
                wanted.append((column, absent))
        return wanted

    def put(self, fetched: Fetched, generation: int) -> None:
        """Take in an answer that was asked for at `generation`."""
        cells = self._cells.setdefault(fetched.column, {})
        if len(cells) + len(fetched.keys) > ROOM:
            cells.clear()
        texts = fetched.texts or (None,) * len(fetched.keys)
        for key, value, text in zip(fetched.keys, fetched.values, texts, strict=True):
            cells[key] = (generation, value, text)
        self._kinds[fetched.column] = fetched.kind
        if fetched.origins is None:
            self._origins.pop(fetched.column, None)
        else:
            self._origins.setdefault(fetched.column, {}).update(zip(fetched.keys, fetched.origins, strict=True))
        if not fetched.column.curve:
            self._digits[fetched.column] = self.digits(fetched.column).seen(fetched.values)

    def get(self, column: TableColumn, key: RunKey) -> tuple[object, str | None] | None:
        """Value and text; None when nothing has arrived yet."""
        cell = self._cells.get(column, {}).get(key)
        return None if cell is None else (cell[1], cell[2])

    def cells(self, column: TableColumn) -> Mapping[RunKey, Cell]:
        """All that has arrived of a column, and what will."""
        return self._cells.setdefault(column, {})

    def kind(self, column: TableColumn) -> CellKind:
        """How the column is drawn; TEXT until something has arrived."""
        return self._kinds.get(column, CellKind.TEXT)

    def origin(self, column: TableColumn, key: RunKey) -> str:
        """What a run calls the metric of an aligned column; "" where it has that name itself."""
        return self._origins.get(column, {}).get(key, "")

    def origins(self, column: TableColumn) -> tuple[str, ...]:
        """All that the values of a column come from, as far as they were fetched; () for most columns."""
        return tuple(sorted({origin for origin in self._origins.get(column, {}).values() if origin}))

    def digits(self, column: TableColumn) -> Digits:
        """How the column's numbers are written."""
        return self._digits.get(column, Digits())

    def manner(self, column: TableColumn) -> tuple[CellKind, int, bool]:
        """All that decides how a value of the column is written."""
        digits = self.digits(column)
        return self.kind(column), digits.decimals, digits.whole

    @property
    def generation(self) -> int:
        """Goes up when everything has become out of date."""
        return self._generation

    def outdate(self, change: Change) -> None:
        """Note what a change has made out of date."""
        if change.touched & Touched.RUNS or not change.runs:
            self._generation += 1
            return
        for cells in self._cells.values():
            for key in change.runs & cells.keys():
                _, value, text = cells[key]
                cells[key] = (0, value, text)


def with_aggregate(column: TableColumn, aggregate: Aggregate) -> TableColumn:
    """The same metric's column with another figure."""
    return TableColumn(FieldRef(column.field.kind, column.field.name, aggregate))
