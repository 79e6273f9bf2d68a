"""Settings of chart kinds as a session or a view that somebody has sent may hold them."""

from __future__ import annotations

import dataclasses

import pytest

from runfolio.desktop.kinds import classifier, grid, groups, histogram, recorded
from runfolio.desktop.kinds.settings import (
    SETTINGS,
    ClassifierSettings,
    GridSettings,
    GroupsSettings,
    HistogramSettings,
    KindSettings,
    ParallelSettings,
    RecordedSettings,
    ScatterSettings,
)
from runfolio.model.params import Json


@pytest.mark.parametrize("cls", SETTINGS.values(), ids=list(SETTINGS))
def test_what_names_no_field_and_no_look_is_left_out(cls: type[KindSettings]) -> None:
    plain = cls()
    for name in (*cls.FIELDS, *cls.CHOICES):
        for odd in ("bogus", "metric:acc:wrong", "metric:acc:mean(x)", "nokind:lr"):
            kept: Json = {name: [odd, "param:lr"] if isinstance(getattr(plain, name), tuple) else odd}
            assert cls.from_saved(kept) == plain
    for name in cls.FIELDS:
        value = ("param:lr", "metric:acc:best") if isinstance(getattr(plain, name), tuple) else "metric:acc:mean(10)"
        changed = dataclasses.replace(plain, **{name: value})
        assert cls.from_saved(changed.saved()) == changed


def test_every_look_that_can_be_chosen_comes_back() -> None:
    for cls, looks in (
        (ClassifierSettings, classifier._LOOKS),
        (GridSettings, grid._LOOKS),
        (GroupsSettings, groups._LOOKS),
        (HistogramSettings, histogram._LOOKS),
        (RecordedSettings, recorded._LOOKS),
    ):
        assert cls.CHOICES["look"] == tuple(looks)
    for way in ("", "higher", "lower"):
        assert ScatterSettings.from_saved({"x_better": way}).x_better == way


def test_an_axis_that_is_named_twice_is_one() -> None:
    kept: Json = {"axes": ["param:lr", "param:wd", "param:lr"]}
    assert ParallelSettings.from_saved(kept).axes == ("param:lr", "param:wd")
