"""Cells of the runs table as text: one column, one way of writing numbers."""

from __future__ import annotations

import math

import pytest

from runfolio.desktop.cells import Digits, cell_text, exact_text, field_title
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.run_sort import next_sort
from runfolio.model.answers import CellKind
from runfolio.model.display import THIN_SPACE
from runfolio.model.query import Aggregate, FieldKind, FieldRef, SortKey

ACC = TableColumn(FieldRef(FieldKind.METRIC, "val/acc", Aggregate.BEST))
LOSS = TableColumn(FieldRef(FieldKind.METRIC, "loss", Aggregate.BEST))
LR = TableColumn(FieldRef(FieldKind.PARAM, "lr"))


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([0.9433, 0.5, 0.87], ["0.9433", "0.5000", "0.8700"]),
        ([0.5, 0.51, 0.52, 19.894], ["0.5000", "0.5100", "0.5200", "19.8940"]),
        ([12.5, 9.25, 100.0], ["12.50", "9.25", "100.00"]),
        ([3.0, 128.0, 1e6], ["3", "128", f"1{THIN_SPACE}000{THIN_SPACE}000"]),
        ([1234567.5, 2345678.25], [f"1{THIN_SPACE}234{THIN_SPACE}568", f"2{THIN_SPACE}345{THIN_SPACE}678"]),
        ([-0.25, 0.5], ["−0.2500", "0.5000"]),
        ([0.5, math.nan, math.inf, 0.0], ["0.5000", "NaN", "∞", "0"]),
        ([2.5, 1.5, 1e-7], ["2.500", "1.500", "1e-7"]),
    ],
)
def test_a_column_writes_its_numbers_with_the_same_decimals(values: list[float], written: list[str]) -> None:
    digits = Digits().seen(values)
    assert [digits.write(value) for value in values] == written


def test_what_arrives_later_is_counted_in() -> None:
    digits = Digits().seen([1.0, 2.0])
    assert digits.write(2.0) == "2"
    assert digits.seen([0.5, 0.25, 0.125]).write(2.0) == "2.0000"


def test_a_param_shows_as_it_was_written_and_its_value_is_exact() -> None:
    assert cell_text(CellKind.NUMBER, 0.001, "1e-3", Digits(), utc=True) == "1e-3"
    assert exact_text(CellKind.NUMBER, 0.1 + 0.2, None) == "0.30000000000000004"


def test_times_are_shown_to_the_minute_and_copied_in_iso() -> None:
    moment = 1_767_268_805_250_000
    assert cell_text(CellKind.TIME, moment, None, Digits(), utc=True) == "2026-01-01 12:00"
    assert exact_text(CellKind.TIME, moment, None) == "2026-01-01T12:00:05.250Z"


def test_titles_name_the_figure_where_it_is_not_the_last_value() -> None:
    assert field_title(ACC.field) == "val/acc · best"
    assert field_title(FieldRef(FieldKind.METRIC, "val/acc")) == "val/acc"
    assert field_title(FieldRef(FieldKind.BUILTIN, "dataset.digest")) == "Dataset digest"


def test_a_header_sorts_best_first_then_the_other_way_then_not_at_all() -> None:
    down, up = SortKey(ACC.field, descending=True), SortKey(ACC.field)
    assert next_sort((), ACC, added=False) == (down,)
    assert next_sort((down,), ACC, added=False) == (up,)
    assert next_sort((up,), ACC, added=False) == ()
    assert next_sort((), LOSS, added=False) == (SortKey(LOSS.field),)


def test_shift_adds_turns_and_takes_out_one_of_several_keys() -> None:
    first, second = SortKey(ACC.field, descending=True), SortKey(LR.field)
    assert next_sort((first,), LR, added=True) == (first, second)
    assert next_sort((first, second), ACC, added=True) == (SortKey(ACC.field), second)
    assert next_sort((SortKey(ACC.field), second), ACC, added=True) == (second,)
    assert next_sort((first, second), LR, added=False) == (SortKey(LR.field, descending=True),)


def test_column_ids_name_the_column_again() -> None:
    curve = TableColumn(FieldRef(FieldKind.METRIC, "odd:name/ü"), curve=True)
    for column in (ACC, LR, curve):
        assert TableColumn.from_id(column.id) == column
    with pytest.raises(ValueError, match="nonsense"):
        TableColumn.from_id("nonsense")
