"""The rows of a W&B history, gathered into series: each row may hold any metrics, and says its step and time itself."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from runfolio.model.params import Json
from runfolio.model.times import NO_TIME, checked, from_seconds
from runfolio.readers.contract import Budget
from runfolio.readers.documents import parse_json
from runfolio.readers.protobuf import BYTES, VARINT, fields, signed
from runfolio.readers.series_builder import as_step
from runfolio.readers.wandb_values import key_path, number_in, number_of, parts, split_item

_LONGEST_STEP = 32
"""Digits of a step; 64 bits hold 19."""


@dataclass(slots=True)
class Series:
    """The points of one metric as they come."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times_us: array[int] = field(default_factory=lambda: array("q"))

    def add(self, step: int, value: float, time_us: int) -> None:
        """One more point."""
        self.steps.append(step)
        self.values.append(value)
        self.times_us.append(time_us)


@dataclass(slots=True)
class _Row:
    """A row of history while it is read. `counted` is the step of the record itself, `since_us` by its run time."""

    found: list[tuple[str, float]] = field(default_factory=list)
    step: int | None = None
    counted: int | None = None
    time_us: int | None = None
    since_us: int | None = None


class History:
    """Takes rows one after the other.

    series       points by metric, in the order of the first of each.
    others       names of what is in the rows and no number.
    last_time_us the latest time of any row; None without one.
    started_us   the start of the run, for rows that have only the seconds since then; to be set when it is known.
    """

    def __init__(self, where: str, budget: Budget) -> None:
        self.series: dict[str, Series] = {}
        self.others: dict[str, None] = {}
        self.last_time_us: int | None = None
        self.started_us: int | None = None
        self._where = where
        self._budget = budget
        self._rows = 0
        self._columns: dict[bytes, str] = {}

    def take(self, data: bytes, start: int, end: int) -> None:
        """One row. Raises BadMessage."""
        self._rows += 1
        if self._rows % 1024 == 0:
            self._budget.check(self._where)
        row = _Row()
        columns = self._columns
        for number, kind, a, b in fields(data, start, end):
            if kind != BYTES:
                continue
            if number == 2:
                steps = [value for inner, wire, value, _ in fields(data, a, b) if inner == 1 and wire == VARINT]
                row.counted = signed(steps[-1]) if steps else 0
                continue
            if number != 1:
                continue
            split = split_item(data[a:b])
            if split is None:
                self._odd_item(row, data, a, b)
                continue
            key, raw = split
            name = columns.get(key)
            if name is None:
                path = key_path(key)
                if path is None:
                    self._odd_item(row, data, a, b)
                    continue
                name = columns[key] = ".".join(path)
            figure = number_in(raw)
            if name[0:1] == "_":
                self._axis(row, name, raw, figure)
            elif figure is not None:
                row.found.append((name, figure))
            else:
                row.found += self._nested(name, raw)
        self._add(row)

    def _odd_item(self, row: _Row, data: bytes, start: int, end: int) -> None:
        path, raw, typed = parts(data, start, end)
        name = ".".join(path)
        if not name:
            return
        figure = number_in(raw) if raw is not None else number_of(typed)
        if name.startswith("_"):
            self._axis(row, name, raw or b"", figure)
        elif figure is not None:
            row.found.append((name, figure))
        elif raw is not None:
            row.found += self._nested(name, raw)
        else:
            self.others[name] = None

    def _axis(self, row: _Row, name: str, raw: bytes, figure: float | None) -> None:
        """What wandb itself puts into a row: its step, its time, and the seconds since the start."""
        if figure is None:
            return
        if name == "_step":
            digits = len(raw) < _LONGEST_STEP and raw.removeprefix(b"-").isdigit()
            row.step = as_step(int(raw) if digits else figure)
        elif name == "_timestamp":
            row.time_us = from_seconds(figure)
        elif name == "_runtime" and self.started_us is not None:
            since = from_seconds(figure)
            row.since_us = None if since is None else checked(self.started_us + since)

    def _add(self, row: _Row) -> None:
        step = row.step if row.step is not None else row.counted
        if step is None:
            step = self._rows - 1
        time_us = row.time_us if row.time_us is not None else row.since_us
        if time_us is not None:
            self.last_time_us = max(time_us, self.last_time_us or time_us)
        for name, figure in row.found:
            series = self.series.get(name)
            if series is None:
                series = self.series[name] = Series()
            series.add(step, figure, NO_TIME if time_us is None else time_us)

    def _nested(self, name: str, raw: bytes) -> Iterator[tuple[str, float]]:
        """The numbers in a JSON object, as wandb before 0.19 wrote nested metrics; anything else is no scalar."""
        value = parse_json(raw, self._where, self._budget).value if raw[:1] == b"{" else None
        if not isinstance(value, dict) or "_type" in value:
            self.others[name] = None
            return
        pending: list[tuple[str, Json]] = [(name, value)]
        while pending:
            prefix, here = pending.pop()
            if isinstance(here, dict) and "_type" not in here:
                pending += [(f"{prefix}.{key}", below) for key, below in reversed(here.items())]
            elif (number := number_of(here)) is not None:
                yield prefix, number
            else:
                self.others[prefix] = None
