"""What the filter bar suggests, by where the cursor stands."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from runfolio.desktop.completion import Place, place_of, suggest
from runfolio.model.answers import FieldInfo
from runfolio.model.direction import Direction
from runfolio.model.query import FieldKind, FieldRef

FIELDS = (
    FieldInfo(FieldRef(FieldKind.BUILTIN, "status"), 9),
    FieldInfo(FieldRef(FieldKind.METRIC, "val/acc"), 9, numeric=True, direction=Direction.HIGHER),
    FieldInfo(FieldRef(FieldKind.METRIC, "train/acc"), 8, numeric=True, direction=Direction.HIGHER),
    FieldInfo(FieldRef(FieldKind.METRIC, "accuracy"), 2, numeric=True, direction=Direction.HIGHER),
    FieldInfo(FieldRef(FieldKind.PARAM, "optimizer"), 9, 2),
    FieldInfo(FieldRef(FieldKind.PARAM, "batch size"), 9, 2, numeric=True),
)
NAMES = frozenset(info.field.name for info in FIELDS)


def values(field: FieldRef) -> Sequence[tuple[str, int]]:
    return {"optimizer": (("adam", 6), ("it's", 1)), "batch size": (("128", 5), ("0x10", 1))}.get(field.name, ())


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("va", Place("field", "va", 0)),
        ("lr < 1 and va", Place("field", "va", 11)),
        ("not va", Place("field", "va", 4)),
        ("(va", Place("field", "va", 1)),
        ("optimizer ", Place("operator", "", 10, "optimizer")),
        ("optimizer = ", Place("value", "", 12, "optimizer")),
        ("optimizer=ad", Place("value", "ad", 10, "optimizer")),
        ("optimizer in (", Place("value", "", 14, "optimizer")),
        ("optimizer not in (ad", Place("value", "ad", 18, "optimizer")),
        ("optimizer = 'ad", Place("")),
        ('"batch size" ', Place("operator", "", 13, "batch size")),
        ("optimizer = adam ", Place("field", "", 17)),
        ("optimizer like ", Place("value", "", 15, "optimizer")),
        ("optimizer not like ", Place("value", "", 19, "optimizer")),
        ("best(va", Place("metric", "va", 5, "best")),
        ("mean(val/acc, ", Place("argument", "", 14, "mean")),
        ("mean(val/acc, last=10) ", Place("operator", "", 23, "mean")),
        ("abs(va", Place("field", "va", 4)),
        ("val/acc * va", Place("field", "va", 10)),
    ],
)
def test_the_place_of_the_cursor_is_known(text: str, place: Place) -> None:
    assert place_of(text, len(text), NAMES) == place


def test_names_that_start_with_what_was_typed_come_first() -> None:
    found = suggest(place_of("acc", 3, NAMES), FIELDS, values)
    assert [s.label for s in found] == ["accuracy", "val/acc", "train/acc"]
    assert [s.note for s in found] == ["metric ↑ · 2", "metric ↑ · 9", "metric ↑ · 8"]


def test_a_name_with_a_space_is_inserted_in_quotes() -> None:
    (found,) = suggest(place_of("batch", 5, NAMES), FIELDS, values)
    assert found.insert == '"batch size" '


def test_values_are_inserted_as_they_have_to_be_typed() -> None:
    place = place_of("optimizer = ", 12, NAMES)
    assert [s.insert for s in suggest(place, FIELDS, values)] == ["'adam' ", "'it''s' "]
    place = place_of('"batch size" = ', 15, NAMES)
    assert [s.insert for s in suggest(place, FIELDS, values)] == ["128 ", "'0x10' "]


def test_functions_are_offered_with_an_example() -> None:
    found = suggest(place_of("slo", 3, NAMES), FIELDS, values)
    assert [(s.label, s.note, s.insert) for s in found] == [("slope(…)", "slope(loss, last=100)", "slope(")]
    assert [s.label for s in suggest(place_of("best(", 5, NAMES), FIELDS, values)] == [
        "val/acc", "train/acc", "accuracy",
    ]  # fmt: skip
    assert [s.insert for s in suggest(place_of("best(tr", 7, NAMES), FIELDS, values)] == ["train/acc"]
    assert [s.insert for s in suggest(place_of("at(val/acc, ", 12, NAMES), FIELDS, values)] == ["step="]


def test_operators_suit_the_field() -> None:
    of_metric = [s.label for s in suggest(place_of("val/acc ", 8, NAMES), FIELDS, values)]
    assert "between" in of_metric
    assert "like" not in of_metric
    assert "like" in [s.label for s in suggest(place_of("optimizer ", 10, NAMES), FIELDS, values)]


@pytest.mark.parametrize(("typed", "offered"), [("AD", ["adam"]), ("adsm", ["adam"]), ("adam", []), ("zzz", [])])
def test_a_mistyped_value_offers_what_is_spelt_alike(typed: str, offered: list[str]) -> None:
    text = f"optimizer = {typed}"
    assert [s.label for s in suggest(place_of(text, len(text), NAMES), FIELDS, values)] == offered


@pytest.mark.parametrize("typed", ["129", "1.29", "129e0", "-129"])
def test_a_number_is_no_mistake(typed: str) -> None:
    text = f"'batch size' < {typed}"
    assert suggest(place_of(text, len(text), NAMES), FIELDS, lambda _field: [("128", 3), (f"{typed}0x", 1)])
    assert suggest(place_of(text, len(text), NAMES), FIELDS, lambda _field: [("128", 3), ("12e9", 1)]) == ()


def test_counts_stand_beside_values() -> None:
    assert [s.note for s in suggest(place_of("optimizer = ", 12, NAMES), FIELDS, values)] == ["6", "1"]


def test_ten_thousand_fields_take_no_time() -> None:
    many = [FieldInfo(FieldRef(FieldKind.PARAM, f"group{n // 100}.param{n}"), 9) for n in range(10_000)]
    started = time.process_time()
    found = suggest(place_of("param77", 7, NAMES), many, values)
    assert [s.label for s in found[:2]] == ["group0.param77", "group7.param770"]
    assert time.process_time() - started < 0.05


def test_status_words_are_suggested_as_free_text() -> None:
    assert [s.label for s in suggest(place_of("fai", 3, NAMES), FIELDS, values)] == ["failed"]


def test_nothing_is_suggested_before_a_letter_is_typed_or_inside_quotes() -> None:
    assert suggest(place_of("", 0, NAMES), FIELDS, values) == ()
    assert suggest(place_of("optimizer = 'a", 14, NAMES), FIELDS, values) == ()
