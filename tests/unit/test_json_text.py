"""Indented JSON in pieces is what the standard library writes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runfolio.index.inspect import look
from runfolio.index.json_text import write
from runfolio.model.metrics import MetricSeries, series, summarise
from runfolio.readers.pool import Limits


def _written(document: dict[str, Any]) -> str:
    pieces: list[str] = []
    write(document, pieces.append)
    return "".join(pieces)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"a": [], "b": {}, "c": [[]], "d": [{}], "e": None, "f": True, "g": 1e-7, "h": -0.0, "i": 2**80},
        {'quotes " and\nlines': "é \u2028 \x1b / \\", "deep": {"a": {"b": {"c": {"d": [1, [2.5, {"e": "f"}]]}}}}},
        {
            "long": [*range(100)],
            "floats": [i / 7 for i in range(100)],
            "wide": {str(i): i % 3 == 0 for i in range(100)},
        },
        {"rows": [{"x": [i, None, "t"]} for i in range(70)]},
    ],
)
def test_it_is_the_text_of_the_standard_library(document: dict[str, Any]) -> None:
    assert _written(document) == json.dumps(document, ensure_ascii=False, indent=1)


@pytest.mark.parametrize("odd", [math.nan, math.inf, [0.5, -math.inf], [0.5] * 99 + [math.nan]])
def test_what_json_cannot_hold_is_refused(odd: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        _written({"odd": odd})


def test_many_pieces_make_one_document() -> None:
    document: dict[str, Any] = {"runs": [{"metrics": {f"m{i}": {"points": [[i, 0.5]] * 2000} for i in range(60)}}]}
    pieces: list[str] = []
    write(document, pieces.append)
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == document


def test_the_text_of_an_inspection_is_its_document(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,loss,gap\n0,1,nan\n1,inf,\n2,-inf,3\n3,0.1,\n")
    (tmp_path / "params.json").write_text('{"lr": 1e-3, "sizes": [1.5, 2.5], "odd": NaN}')
    seen = look([tmp_path], Limits(workers=1))
    for points in (False, True):
        pieces: list[str] = []
        seen.write(pieces.append, points=points)
        expected = json.dumps(seen.document(points=points), ensure_ascii=False, indent=1, allow_nan=False)
        assert "".join(pieces) == expected
    assert "-Infinity" in expected
    assert '"NaN"' in expected


@pytest.mark.parametrize(
    ("values", "low", "high", "best_low", "best_high", "nans", "infinities"),
    [
        ([3.0, 1.0, 2.0], 1.0, 3.0, 1.0, 3.0, 0, 0),
        ([3.0, math.nan, 2.0], 2.0, 3.0, 2.0, 3.0, 1, 0),
        ([math.inf, 1.0, math.nan], 1.0, math.inf, 1.0, 1.0, 1, 1),
        ([math.nan, math.nan], None, None, None, None, 2, 0),
        ([-math.inf], -math.inf, -math.inf, None, None, 0, 1),
    ],
)
def test_a_summary_tells_nan_and_infinities_apart(
    values: list[float], low: object, high: object, best_low: object, best_high: object, nans: int, infinities: int
) -> None:
    facts = summarise(series("loss", None, values))
    assert (facts.min, facts.max, facts.best_min, facts.best_max) == (low, high, best_low, best_high)
    assert (facts.nan_count, facts.inf_count, facts.has_nan) == (nans, infinities, nans > 0)


def test_a_series_is_the_same_after_a_pipe() -> None:
    import pickle

    sent = MetricSeries(
        "loss", np.array([1, 2]), np.array([0.5, math.nan]), np.array([3, 4]), False, 0.5, "last", "a.csv", "b"
    )
    got = pickle.loads(pickle.dumps(sent, protocol=5))  # noqa: S301 - our own
    for name in MetricSeries.__slots__:
        np.testing.assert_equal(getattr(got, name), getattr(sent, name))
