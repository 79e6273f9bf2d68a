"""What holds for any runs and any series, not just for the ones somebody thought of."""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from runfolio.analysis.dataworker import Request, compare
from runfolio.analysis.diff import RunDiff, SectionId, Verdict, diff_runs
from runfolio.analysis.reduce import min_max_columns
from runfolio.analysis.render import as_json, as_latex, as_markdown, as_tsv
from runfolio.analysis.smooth import Smoother, smooth
from runfolio.analysis.typed import canonical
from runfolio.model.metrics import Floats
from runfolio.model.params import Json
from support.run_details import run

# The same examples on every machine; the first draw of a session also builds Hypothesis' tables, which takes a second.
repeatable = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
params = st.dictionaries(st.sampled_from(["lr", "seed", "optim", "a.b", "=x", "p|q"]), values, max_size=5)
metrics = st.dictionaries(st.sampled_from(["loss", "acc", "grad_norm"]), st.lists(st.floats(), max_size=4), max_size=3)
curves = arrays.arrays(
    np.float64, st.integers(0, 300), elements=st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf])
)


@repeatable
@given(params, params, metrics, metrics)
def test_swapping_two_runs_mirrors_their_diff(
    p: Json, q: Json, m: dict[str, list[float]], n: dict[str, list[float]]
) -> None:
    assert isinstance(p, dict)
    assert isinstance(q, dict)
    left, right = run("a", p, m), run("b", q, n)
    forth, back = diff_runs([left, right], 0), diff_runs([right, left], 1)
    assert differing(forth) == differing(back)
    swapped = {r.key: r for r in diff_runs([left, right], 1).section(SectionId.METRICS).rows}
    opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    for row in forth.section(SectionId.METRICS).rows:
        verdict, other = row.cells[1].verdict, swapped[row.key].cells[0].verdict
        if row.cells[1].delta is not None and not row.cells[0].missing:
            assert verdict is not None
            assert opposite.get(verdict, verdict) is other


def differing(diff: RunDiff) -> set[tuple[str, str]]:
    return {(s.id.value, r.key) for s in diff.sections for r in s.rows if r.differs}


@repeatable
@given(params, metrics)
def test_a_run_does_not_differ_from_itself(p: Json, m: dict[str, list[float]]) -> None:
    assert isinstance(p, dict)
    assert diff_runs([run("a", p, m), run("b", p, m)]).differing == 0


@repeatable
@given(params, metrics)
def test_every_rendering_of_every_diff_is_sound(p: Json, m: dict[str, list[float]]) -> None:
    assert isinstance(p, dict)
    diff = diff_runs([run("a", p, m), run("b", {"lr": 1})])
    json.dumps(as_json(diff), allow_nan=False)
    rows = as_tsv(diff).splitlines()
    assert {line.count("\t") for line in rows} == {4}
    assert len(rows) == 1 + sum(len(s.rows) for s in diff.sections)
    assert as_markdown(diff).count("\n|") == len(rows) - 1 + 2 * sum(bool(s.rows) for s in diff.sections)
    assert as_latex(diff).endswith("\\end{tabular}\n")


@repeatable
@given(values)
def test_a_value_means_the_same_as_its_json_text(value: Json) -> None:
    if isinstance(value, list | dict) and "\\" not in json.dumps(value):
        assert canonical(json.dumps(value)) == canonical(value)


@repeatable
@given(curves, st.integers(1, 40), st.integers(0, 100), st.integers(1, 400))
def test_reduction_keeps_the_extremes_of_every_pixel_and_the_order(
    y: Floats, columns: int, x0: int, width: int
) -> None:
    x = np.arange(float(len(y)))
    found = min_max_columns(x, y, x0, x0 + width, columns)
    drawn = np.isfinite(found.y)
    assert np.all(np.diff(found.x[drawn]) > 0)
    np.testing.assert_array_equal(y[found.x[drawn].astype(int)], found.y[drawn])
    for column in range(columns):
        edges = x0 + width * np.array([column, column + 1]) / columns
        # A point on an edge may fall to either side by rounding; those clearly inside may not.
        inside = (x > edges[0] + 1e-6) & (x < edges[1] - 1e-6) & np.isfinite(y)
        if inside.any():
            kept = found.y[drawn & (found.x >= edges[0] - 1e-6) & (found.x <= edges[1] + 1e-6)]
            assert kept.min() <= y[inside].min()
            assert kept.max() >= y[inside].max()


@repeatable
@given(curves, st.integers(1, 40))
def test_reduction_joins_only_points_that_no_gap_divides(y: Floats, columns: int) -> None:
    x = np.arange(float(len(y)))
    found = min_max_columns(x, y, 0, max(1, len(y)), columns)
    pixel = max(1, len(y)) / columns
    for left, right in zip(range(len(found.y) - 1), range(1, len(found.y)), strict=True):
        if np.isfinite(found.y[left]) and np.isfinite(found.y[right]):
            between = y[int(found.x[left]) : int(found.x[right]) + 1]
            assert np.isfinite(between).all() or found.x[right] - found.x[left] < pixel + 1e-6


@repeatable
@given(curves, st.sampled_from([how for how in Smoother if how is not Smoother.LOWESS]), st.floats(0.01, 0.99))
def test_smoothing_stays_between_the_lowest_and_the_highest_value(y: Floats, how: Smoother, amount: float) -> None:
    # Not those of LOWESS: a line through points may leave them at its ends.
    x = np.arange(float(len(y)))
    found = smooth(x, y, how, amount if "ema" in how else 1 + 20 * amount)
    finite = np.isfinite(y)
    np.testing.assert_array_equal(found[~finite], y[~finite])
    if finite.any():
        room = 1e-9 * max(1.0, float(np.abs(y[finite]).max()))
        assert found[finite].min() >= y[finite].min() - room
        assert found[finite].max() <= y[finite].max() + room


cells = st.sampled_from(["", "a", "b", "1", "2.5", "=x"])
tables = st.dictionaries(st.integers(0, 12), st.tuples(cells, cells), max_size=10)


@settings(repeatable, max_examples=40)
@given(tables, tables, st.booleans())
def test_rows_are_counted_as_a_loop_over_them_would(
    left: dict[int, tuple[str, str]], right: dict[int, tuple[str, str]], keyed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("a.csv", "b.csv")]
        for path, table in zip(paths, (left, right), strict=True):
            with path.open("w", newline="") as stream:
                # The last column keeps every column text: the loop below compares what is written.
                rows = [[*([str(k)] if keyed else []), *v, "text"] for k, v in table.items()]
                csv.writer(stream).writerows([[*(["id"] if keyed else []), "x", "y", "z"], *rows])
        found = compare(Request(str(paths[0]), str(paths[1]), ("id",) if keyed else (), 1 << 30, folder))
    if keyed:
        both = left.keys() & right.keys()
        assert found.rows_changed == sum(left[k] != right[k] for k in both)
        assert (found.rows_added, found.rows_removed) == (len(right) - len(both), len(left) - len(both))
    elif not found.key:
        before, after = Counter(left.values()), Counter(right.values())
        assert (found.rows_added, found.rows_removed) == ((after - before).total(), (before - after).total())
