"""The runs table taken out of Runfolio: what is shown, or everything, for some runs or for 100,000."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.api.asking import Asking
from runfolio.api.grouping import Grouping
from runfolio.api.library import Library
from runfolio.errors import Cancelled
from runfolio.model.answers import CellKind, Column, Progress
from runfolio.model.grouping import GroupBy
from runfolio.model.query import Aggregate, FieldKind, FieldRef, SortKey
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api.cancelling import CancelToken
    from runfolio.export.sheet import Block, SheetColumn

AT_ONCE = 1_000_000
"""Cells held at a time."""
_FEWEST, _MOST = 1_000, 50_000
"""Runs in a block."""


@dataclass(frozen=True, slots=True)
class TableReport:
    """What was written."""

    path: Path
    runs: int
    columns: int


class Tabling:
    """Gathers the cells of a table block by block and has them written."""

    def __init__(self, library: Library, asking: Asking, grouping: Grouping) -> None:
        self._library = library
        self._asking = asking
        self._grouping = grouping

    def all_columns(self) -> tuple[FieldRef, ...]:
        """Every field: builtins, all params, the last and the best figure of each metric, tags, facts."""
        columns: list[FieldRef] = []
        for info in self._asking.fields():
            field = info.field
            columns.append(field)
            if field.kind is FieldKind.METRIC:
                columns.append(replace(field, aggregate=Aggregate.BEST))
        return tuple(columns)

    def sheet(self, keys: Sequence[RunKey], columns: Sequence[SheetColumn]) -> Block:
        """The cells of some runs, in the order of `keys`; truth values and null of params are what they are."""
        from runfolio.export.sheet import Block

        kinds = {
            place: self._asking.param_kinds(column.field.name, keys)
            for place, column in enumerate(columns)
            if column.field.kind is FieldKind.PARAM
        }
        return Block(len(keys), tuple(self._asking.column(column.field, keys) for column in columns), kinds)

    def export_table(
        self,
        keys: Sequence[RunKey],
        columns: Sequence[SheetColumn],
        path: Path,
        *,
        group: GroupBy | None = None,
        sort: Sequence[SortKey] = (),
        on_progress: Callable[[Progress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> TableReport:
        """Write runs to CSV, Parquet or Excel, by the suffix of `path`.

        group, sort   when given, runs stand in the order of their groups, sorted as the table sorts them; what they are
                      grouped by comes first, replicate groups as numbers from 1.
        At most AT_ONCE cells are held at a time, or 1,000 runs where there are very many columns.
        Raises UsageError for places and suffixes that cannot be written, Cancelled when asked to stop: no file is left.
        """
        from runfolio.export.sheet import Block, told_apart
        from runfolio.export.table_files import table_writer

        self._library.check_target(path)
        by = group if group is not None and group.active else None
        ordered, numbers = (keys, None) if by is None else self._grouped(keys, by, sort)
        chosen = columns if by is None else (*_leading(by, columns), *columns)
        head = told_apart(chosen)
        titles = [column.title for column in head]
        if numbers is not None:
            titles.insert(0, "Replicate group")
        rows = max(_FEWEST, min(_MOST, AT_ONCE // max(1, len(titles))))
        with table_writer(path, titles, len(ordered)) as writer:
            for start in range(0, max(1, len(ordered)), rows):
                part = ordered[start : start + rows]
                answers: list[Column] = []
                for column in head:
                    if cancel is not None and cancel.cancelled:
                        raise Cancelled
                    answers.append(self._asking.column(column.field, part))
                if numbers is not None:
                    answers.insert(0, _numbered(numbers[start : start + rows]))
                writer.write(Block(len(part), tuple(answers)))
                if on_progress is not None:
                    on_progress(Progress("write", start + len(part), len(ordered), path.name))
        return TableReport(path, len(ordered), len(titles))

    def _grouped(
        self, keys: Sequence[RunKey], by: GroupBy, sort: Sequence[SortKey]
    ) -> tuple[Sequence[RunKey], list[int] | None]:
        import numpy as np

        tree = self._grouping.group_runs(keys, by, sort).tree
        ordered = [keys[place] for place in tree.order.tolist()]
        if not by.replicates:
            return ordered, None
        inner = tree.at_depth(tree.levels - 1)
        sizes = tree.stop[inner] - tree.start[inner]
        return ordered, np.repeat(np.arange(1, len(inner) + 1), sizes).tolist()


def _leading(by: GroupBy, columns: Sequence[SheetColumn]) -> list[SheetColumn]:
    """Columns of what runs are grouped by, those left out that are shown anyway."""
    from runfolio.export.sheet import SheetColumn

    shown = {column.field for column in columns}
    return [SheetColumn(field, field.name) for field in by.fields if field not in shown]


def _numbered(numbers: Sequence[int]) -> Column:
    field = FieldRef(FieldKind.BUILTIN, "replicates")
    return Column(field, CellKind.NUMBER, tuple(map(float, numbers)), tuple(map(str, numbers)))
