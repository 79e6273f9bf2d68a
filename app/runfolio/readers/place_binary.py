"""Finds a point in files that are no text: event files and Parquet tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from runfolio.model.origin import Place, Point, Wanted
from runfolio.model.params import text_of
from runfolio.readers.contract import Budget
from runfolio.readers.framing import HEAD, frames
from runfolio.readers.parquet_table import read_parquet
from runfolio.readers.protobuf import BadMessage
from runfolio.readers.table import TableColumn
from runfolio.readers.tabular import STEP_NAMES, is_whole, plain_name
from runfolio.readers.tensorboard_hparams import PLUGIN, Session
from runfolio.readers.tensorboard_proto import Value, read_event


def find_in_events(data: bytes, where: str, wanted: Wanted, budget: Budget) -> Place | None:
    """The record of an event file that holds a point: its number and its first byte."""
    point = wanted.point
    if point is None:
        return _find_param(data, where, wanted, budget) if wanted.path else None
    if point.step is None:
        return None
    framed = frames(data)
    tag = _encoded(wanted.name)
    step = _varint(point.step)
    left = point.repeat
    at = data.find(tag)
    while at >= 0:
        budget.check(where)
        index = int(np.searchsorted(framed.starts, at, side="right")) - 1
        start = int(framed.starts[index]) if index >= 0 else len(data)
        end = start + int(framed.lengths[index]) if index >= 0 else 0
        if start <= at < end:
            if (point.step == 0 or data.find(step, start, end) >= 0) and _holds(data, start, end, wanted.name, point):
                if not left:
                    return Place(where, None, int(framed.numbers[index]), start - HEAD, f"tag {wanted.name}")
                left -= 1
            at = end
        at = data.find(tag, at + 1)
    return None


def _find_param(data: bytes, where: str, wanted: Wanted, budget: Budget) -> Place | None:
    """The record in which the hparams plugin says that a session started with the value."""
    framed = frames(data)
    key = ".".join(wanted.path)
    at = data.find(_encoded(key))
    while at >= 0:
        budget.check(where)
        index = int(np.searchsorted(framed.starts, at, side="right")) - 1
        start = int(framed.starts[index]) if index >= 0 else len(data)
        end = start + int(framed.lengths[index]) if index >= 0 else 0
        if start <= at < end:
            if _starts_with(data, start, end, key, wanted):
                return Place(where, None, int(framed.numbers[index]), start - HEAD, f"hparam {key}")
            at = end - 1
        at = data.find(_encoded(key), at + 1)
    return None


def _starts_with(data: bytes, start: int, end: int, key: str, wanted: Wanted) -> bool:
    session = Session()
    try:
        for value in read_event(data, start, end).values:
            if value.plugin == PLUGIN:
                session.read(data, *value.content)
    except BadMessage:
        return False
    return key in session.params and wanted.means(text_of(session.params[key]))


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _varint(number: int) -> bytes:
    left = number % (1 << 64)
    made = bytearray()
    while left > 0x7F:
        made.append(left & 0x7F | 0x80)
        left >>= 7
    made.append(left)
    return bytes(made)


def _holds(data: bytes, start: int, end: int, name: str, point: Point) -> bool:
    try:
        event = read_event(data, start, end)
    except BadMessage:
        return False
    return event.step == point.step and any(
        value.tag == name and (number := _number(value, data)) is not None and point.has(number)
        for value in event.values
    )


def _number(value: Value, data: bytes) -> float | None:
    if value.simple is not None:
        return value.simple.read(data)
    if value.tensor is None:
        return None
    return value.tensor.number if value.tensor.place is None else value.tensor.place.read(data)


def find_in_parquet(data: bytes, where: str, wanted: Wanted) -> Place | None:
    """The row of a Parquet table that holds a point, in the column of its name."""
    point = wanted.point
    columns = read_parquet(data, where).columns
    column = columns.get(wanted.name)
    if point is None or column is None:
        return None
    same = np.isnan(column.numbers) if np.isnan(point.value) else column.numbers == point.value
    held = np.flatnonzero(same)
    steps = _step_column(columns, wanted)
    if steps is not None and point.step is not None:
        with_step = steps.rows[steps.numbers == point.step]
        held = held[np.isin(column.rows[held], with_step)]
    elif point.step is not None and len(held) > 1:
        held = held[held == point.ordinal]
    exact = held[held == point.ordinal]
    chosen = exact if len(exact) else held[point.repeat :]
    if not len(chosen):
        return None
    return Place(where, None, int(column.rows[chosen[0]]) + 1, None, f"column {wanted.name}")


def _step_column(columns: Mapping[str, TableColumn], wanted: Wanted) -> TableColumn | None:
    if wanted.step is not None:
        return columns.get(wanted.step)
    named = {plain_name(name): column for name, column in reversed([*columns.items()]) if name != wanted.name}
    return next((named[name] for name in STEP_NAMES if name in named and is_whole(named[name])), None)
