"""The grounds of coloured columns: where a value lies among those of the scope, or how far off the baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from runfolio.desktop.column_format import Colouring
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.context import Context
from runfolio.errors import RunfolioError
from runfolio.model.direction import Direction
from runfolio.model.key_order import KeyOrder
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.api.grouping import Span

STRONGEST = 0.42
"""Share of colour at the end of the scale: text on it still reads at 4.5:1 in both themes."""
FAINTEST = 0.04

Asked = tuple[TableColumn, RunKey | None]
Of = tuple[KeyOrder | None, int]
_NEVER: tuple[Of, None] = ((None, 0), None)


class ColumnColours:
    """Spans of the coloured columns, asked for once for a scope. `arrived` is called when some have come in."""

    def __init__(self, context: Context, arrived: Callable[[], None]) -> None:
        self._context = context
        self._arrived = arrived
        self._spans: dict[Asked, tuple[Of, Span | None]] = {}
        self._asking = False
        self._generation = 0

    def outdate(self) -> None:
        """Values may be others; spans are asked for again, those there are stay until then."""
        self._generation += 1

    def want(self, columns: Sequence[TableColumn], keys: KeyOrder) -> None:
        """Ask for what the coloured columns need, one query at a time."""
        baseline = self._context.state.baseline
        # Spans are those of a list of runs at a time; that it is the same one is told without looking into it.
        of = (keys, self._generation)
        wanted = [c for c in columns if not _same(self._spans.get((c, baseline), _NEVER)[0], of)]
        if self._asking or not wanted or not keys:
            return
        self._asking = True

        def ask(workspace: Workspace) -> list[Span | None]:
            return [workspace.column_span(keys, column.field, baseline) for column in wanted]

        def done(spans: list[Span | None]) -> None:
            self._asking = False
            for column, span in zip(wanted, spans, strict=True):
                self._spans[column, baseline] = (of, span)
            self._arrived()

        def failed(error: RunfolioError) -> None:
            self._asking = False
            self._context.say.error(error)

        self._context.jobs.query(f"table-spans-{id(self)}", ask, done, failed)

    def ground(self, column: TableColumn, colouring: Colouring, value: object) -> QColor | None:
        """The ground of a cell; None for a plain one."""
        if colouring is Colouring.NONE or not isinstance(value, float) or not math.isfinite(value):
            return None
        _, span = self._spans.get((column, self._context.state.baseline), _NEVER)
        if span is None:
            return None
        if colouring is Colouring.HEAT:
            width = span.high - span.low
            share = 1.0 if width <= 0 else min(1.0, max(0.0, (value - span.low) / width))
            # The better the stronger; the higher where nobody knows.
            share = 1.0 - share if column.direction is Direction.LOWER and width > 0 else share
            return self._mixed("accent", FAINTEST + share * (STRONGEST - FAINTEST))
        if span.base is None or not math.isfinite(span.base) or value == span.base:
            return None
        reach = max(abs(span.high - span.base), abs(span.low - span.base))
        share = 1.0 if reach <= 0 else min(1.0, abs(value - span.base) / reach)
        above = value > span.base
        if column.direction is Direction.UNKNOWN:
            token = "accent" if above else "warn"
        else:
            token = "good" if above is (column.direction is Direction.HIGHER) else "bad"
        return self._mixed(token, FAINTEST + share * (STRONGEST - FAINTEST))

    def _mixed(self, token: str, alpha: float) -> QColor:
        color = self._context.theme.color(token)
        color.setAlphaF(alpha)
        return color


def _same(one: Of, other: Of) -> bool:
    return one[0] is other[0] and one[1] == other[1]
