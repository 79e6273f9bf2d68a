"""Groups of runs as a table of their own: what each is, how many runs it holds, and the figures of its columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.api.asking import Asking
from runfolio.api.grouping import GroupColumn, Grouping
from runfolio.api.library import Library
from runfolio.api.tabling import TableReport
from runfolio.errors import Cancelled
from runfolio.model.answers import CellKind, Column
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.grouping import Figure, GroupBy
from runfolio.model.query import FieldKind, FieldRef, SortKey
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.analysis.groups import GroupFigures, GroupTree
    from runfolio.api.cancelling import CancelToken
    from runfolio.export.sheet import Block, SheetColumn

_SUMMED = (CellKind.NUMBER, CellKind.DURATION)
_MOST_DECIMALS = 12


class GroupTables:
    """Makes the table and has it written."""

    def __init__(self, library: Library, asking: Asking, grouping: Grouping) -> None:
        self._library = library
        self._asking = asking
        self._grouping = grouping

    def group_sheet(
        self,
        keys: Sequence[RunKey],
        by: GroupBy,
        columns: Sequence[SheetColumn],
        sort: Sequence[SortKey] = (),
        *,
        short: bool = False,
    ) -> tuple[tuple[str, ...], Block]:
        """Titles and cells, a row for each group, outer ones before those inside of them, as the table shows them.

        First comes what runs are grouped by, empty on rows of outer groups, then the number of runs. Of a metric, or
        another measured number, there are the number of finite values, mean, standard deviation (n - 1), the ends of
        the 95 % interval of the mean by Student's t, and the best and the worst value (the lowest and the highest where
        no direction is known); of other fields the value that all runs have, or how many there are.

        short   one text for each metric instead, with the figure that `by` shows: `0.9433 ± 0.0018`.
        Raises ValueError when `by` has no level.
        """
        from runfolio.export.sheet import Block

        tree = self._grouping.group_runs(keys, by, sort).tree
        groups = len(tree.start)
        first = [keys[place] for place in tree.order[tree.start].tolist()]
        made = [*self._levels(tree, by, first)]
        made.append(("runs", _numbers(tree.sizes.tolist(), whole=True)))
        for column in columns:
            field = column.field
            if field in by.fields or (field.kind is FieldKind.BUILTIN and field.name == "name"):
                continue
            answer, shown = self._grouping.group_column(keys, tree, field), self._asking.column(field, first)
            measured = field.kind in (FieldKind.METRIC, FieldKind.DERIVED) or (
                field.kind is FieldKind.BUILTIN and shown.kind in _SUMMED
            )
            if answer.figures is None or not measured:
                made.append((column.title, _common(shown, answer)))
            elif short:
                made.append((f"{column.title} ({by.figure})", _short(answer.figures, tree, by.figure, field)))
            else:
                made += _figures(column.title, answer.figures, field)
        return tuple(title for title, _ in made), Block(groups, tuple(cells for _, cells in made))

    def export_groups(
        self,
        keys: Sequence[RunKey],
        by: GroupBy,
        columns: Sequence[SheetColumn],
        path: Path,
        sort: Sequence[SortKey] = (),
        *,
        cancel: CancelToken | None = None,
    ) -> TableReport:
        """Write that table to CSV, Parquet or Excel, by the suffix of `path`. `runs` of the answer are the groups.

        Raises UsageError for places and suffixes that cannot be written, Cancelled when asked to stop.
        """
        from runfolio.export.table_files import table_writer

        self._library.check_target(path)
        titles, block = self.group_sheet(keys, by, columns, sort)
        if cancel is not None and cancel.cancelled:
            raise Cancelled
        with table_writer(path, titles, block.rows) as writer:
            writer.write(block)
        return TableReport(path, block.rows, len(titles))

    def _levels(self, tree: GroupTree, by: GroupBy, first: Sequence[RunKey]) -> list[tuple[str, Column]]:
        depths = tree.depth.tolist()
        made = []
        for level, field in enumerate(by.fields):
            shown = self._asking.column(field, first)
            values = tuple(v if depth >= level else None for v, depth in zip(shown.values, depths, strict=True))
            title = field.name if field.kind is not FieldKind.METRIC else f"{field.name} ({field.figure_words})"
            # Times are grouped by their day.
            day = shown.kind is CellKind.TIME
            made.append((title, _days(values) if day else Column(field, shown.kind, values, shown.texts)))
        if by.replicates:
            inner, numbers, count = tree.levels - 1, [], 0
            for depth in depths:
                count += depth == inner
                numbers.append(count if depth == inner else None)
            made.append(("replicate group", _numbers(numbers, whole=True)))
        return made


def _numbers(values: Sequence[float | None], *, whole: bool = False) -> Column:
    given = tuple(None if v is None or math.isnan(v) else float(v) for v in values)
    texts = tuple(None if v is None else str(int(v)) for v in given) if whole else None
    return Column(_made("number"), CellKind.NUMBER, given, texts)


def _texts(values: Sequence[str | None]) -> Column:
    return Column(_made("text"), CellKind.TEXT, tuple(values))


def _made(name: str) -> FieldRef:
    return FieldRef(FieldKind.BUILTIN, name)


def _days(values: Sequence[object]) -> Column:
    from runfolio.model import times

    return _texts([(times.to_iso(v) or "")[:10] if isinstance(v, int) else None for v in values])


def _common(shown: Column, answer: GroupColumn) -> Column:
    from runfolio.export.sheet import Block

    distinct = answer.distinct.tolist()
    if all(count <= 1 for count in distinct):
        return shown
    texts = Block(len(distinct), (shown,)).texts[0]
    return _texts([text if n == 1 else f"{n} values" for text, n in zip(texts, distinct, strict=True)])


def _figures(title: str, found: GroupFigures, field: FieldRef) -> list[tuple[str, Column]]:
    lower, named = _way(field)
    best, worst = (found.low, found.high) if lower else (found.high, found.low)
    return [
        (f"{title} n", _numbers(found.n.tolist(), whole=True)),
        *(
            (f"{title} {name}", _numbers(values.tolist()))
            for name, values in (
                ("mean", found.mean),
                ("std", found.std),
                ("95 % low", found.mean - found.half),
                ("95 % high", found.mean + found.half),
                (named[0], best),
                (named[1], worst),
            )
        ),
    ]


def _way(field: FieldRef) -> tuple[bool, tuple[str, str]]:
    direction = guess_direction(field.name) if field.kind is FieldKind.METRIC else Direction.UNKNOWN
    return direction is Direction.LOWER, ("highest", "lowest") if direction is Direction.UNKNOWN else ("best", "worst")


def _short(found: GroupFigures, tree: GroupTree, figure: Figure, field: FieldRef) -> Column:
    lower, _ = _way(field)
    best, worst = (found.low, found.high) if lower else (found.high, found.low)
    shown = {Figure.STD: found.std, Figure.BEST: best, Figure.WORST: worst}.get(figure, found.mean)
    beside = {Figure.MEAN_CI: found.half, Figure.MEAN_STD: found.std}.get(figure)
    spreads = [math.nan] * len(found.n) if beside is None else beside.tolist()
    texts = []
    for value, spread, n, size in zip(shown.tolist(), spreads, found.n.tolist(), tree.sizes.tolist(), strict=True):
        text = measured(value, spread) if n else ""
        texts.append(text if n in (0, size) else f"{text} ({n})")
    return _texts(texts)


def measured(value: float, spread: float) -> str:
    """A value with what stands behind `±`, both with the decimals of two digits of that; all digits without one.

    >>> measured(0.94331, 0.00182), measured(0.5, 0.0), measured(0.5, float("nan"))
    ('0.9433 ± 0.0018', '0.5 ± 0.0', '0.5')
    """
    if not math.isfinite(value):
        return "–"
    if not math.isfinite(spread):
        return repr(value)
    decimals = 1 - math.floor(math.log10(spread)) if spread > 0 else _MOST_DECIMALS + 1
    if not 0 <= decimals <= _MOST_DECIMALS or abs(value) >= 1e15:
        return f"{value!r} ± {spread!r}"
    return f"{value:.{decimals}f} ± {spread:.{decimals}f}"
