"""What the filter bar suggests, by where the cursor stands."""

from __future__ import annotations

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
    ],
)
def test_the_place_of_the_cursor_is_known(text: str, place: Place) -> None:
    assert place_of(text, len(text), NAMES) == place


def test_names_that_start_with_what_was_typed_come_first() -> None:
    found = suggest(place_of("acc", 3, NAMES), FIELDS, values)
    assert [s.label for s in found] == ["accuracy", "val/acc", "train/acc"]
    assert found[0].note == "metric ↑"


def test_a_name_with_a_space_is_inserted_in_quotes() -> None:
    (found,) = suggest(place_of("batch", 5, NAMES), FIELDS, values)
    assert found.insert == '"batch size" '


def test_values_are_inserted_as_they_have_to_be_typed() -> None:
    place = place_of("optimizer = ", 12, NAMES)
    assert [s.insert for s in suggest(place, FIELDS, values)] == ["'adam' ", "'it''s' "]
    place = place_of('"batch size" = ', 15, NAMES)
    assert [s.insert for s in suggest(place, FIELDS, values)] == ["128 ", "'0x10' "]


def test_status_words_are_suggested_as_free_text() -> None:
    assert [s.label for s in suggest(place_of("fai", 3, NAMES), FIELDS, values)] == ["failed"]


def test_nothing_is_suggested_before_a_letter_is_typed_or_inside_quotes() -> None:
    assert suggest(place_of("", 0, NAMES), FIELDS, values) == ()
    assert suggest(place_of("optimizer = 'a", 14, NAMES), FIELDS, values) == ()
