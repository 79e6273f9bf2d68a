"""Values of fields with counts, and the filters that choosing them gives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runfolio.index.faceting import BINS, few_values, histogram
from runfolio.index.run_ids import MANY
from runfolio.model.answers import CellKind
from runfolio.model.facets import Facet
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.run import Recording, RunStatus
from support.indexing import NOON, SECOND, Shelf, metric, params

OPTIMIZERS = ["adam", "adam", "sgd", "adam", "lion", None, "it's"]
ACCURACIES = [0.1 + 0.001 * i for i in range(39)] + [math.nan]


@pytest.fixture(scope="module", params=[MANY, 1], ids=["few", "many"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(Path(tmp_path_factory.mktemp("index")), many=request.param)
    made.put(*(recording(i) for i in range(40)))
    made.mark({"r00": ["good", "old"], "r01": ["good"]})
    yield made
    made.close()


def recording(i: int) -> Recording:
    optimizer = OPTIMIZERS[i % 7]
    return Recording(
        "generic",
        f"r{i:02}",
        f"r{i:02}",
        status=RunStatus.FAILED if i < 4 else RunStatus.FINISHED,
        started_us=NOON + i * SECOND,
        params=params({"seed": i % 3, "lr": 10.0**-i} | ({} if optimizer is None else {"optimizer": optimizer})),
        metrics=(metric("acc", ACCURACIES[i]),),
    )


def facet(shelf: Shelf, kind: FieldKind, name: str, where: str = "", limit: int = 50) -> Facet:
    return shelf.queries.facet(FieldRef(kind, name), RunQuery(where), limit)


def counts(found: Facet) -> dict[str, int]:
    return {value.text: value.runs for value in found.values}


def test_texts_are_counted_most_frequent_first(shelf: Shelf) -> None:
    found = facet(shelf, FieldKind.PARAM, "optimizer")
    expected = Counter(OPTIMIZERS[i % 7] for i in range(40))
    assert (found.distinct, found.missing, found.bins) == (4, expected.pop(None), None)
    assert counts(found) == dict(expected)
    assert found.values[0].text == "adam"
    assert [v.text for v in facet(shelf, FieldKind.PARAM, "optimizer", limit=1).values] == ["adam"]


def test_few_numbers_are_values_in_their_order(shelf: Shelf) -> None:
    found = facet(shelf, FieldKind.PARAM, "seed", "failed")
    assert (found.kind, counts(found), found.missing) == (CellKind.NUMBER, {"0": 2, "1": 1, "2": 1}, 0)


def test_a_field_of_several_values_counts_runs(shelf: Shelf) -> None:
    found = facet(shelf, FieldKind.BUILTIN, "tag")
    assert (counts(found), found.missing) == ({"good": 2, "old": 1}, 38)


def test_many_numbers_are_a_histogram_of_the_finite_ones(shelf: Shelf) -> None:
    found = facet(shelf, FieldKind.METRIC, "acc")
    assert found.bins is not None
    expected, edges = np.histogram(ACCURACIES[:-1], BINS)
    assert found.bins.counts == tuple(expected)
    assert found.bins.edges == pytest.approx(edges)
    assert not found.bins.is_log
    rates = facet(shelf, FieldKind.PARAM, "lr").bins
    assert rates is not None
    assert rates.is_log
    assert (rates.edges[0], rates.edges[-1], sum(rates.counts)) == (1e-39, 1.0, 40)
    times = facet(shelf, FieldKind.BUILTIN, "started")
    assert times.bins is not None
    assert times.bins.edges[0] == NOON


def test_what_the_filter_asks_of_the_field_itself_is_left_out_of_account(shelf: Shelf) -> None:
    found = facet(shelf, FieldKind.PARAM, "optimizer", "failed optimizer = sgd")
    assert counts(found) == {"adam": 3, "sgd": 1}
    assert [v.text for v in found.values if v.chosen] == ["sgd"]
    assert found.own == "optimizer = sgd"
    other = facet(shelf, FieldKind.PARAM, "seed", "failed optimizer = sgd")
    assert counts(other) == {"2": 1}


@pytest.mark.parametrize(
    ("where", "chosen", "then"),
    [
        ("", "sgd", "optimizer = 'sgd'"),
        ("not failed", "it's", "not failed and optimizer = 'it''s'"),
        ("failed or r01", "sgd", "(failed or r01) and optimizer = 'sgd'"),
        ("optimizer = sgd failed", "adam", "failed and optimizer in ('adam', 'sgd')"),
        ("optimizer in (sgd, adam)", "sgd", "optimizer = 'adam'"),
        ("optimizer = sgd", "sgd", ""),
        ("failed and not (optimizer = sgd)", "adam", "failed and optimizer = 'adam'"),
    ],
)  # fmt: skip
def test_choosing_a_value_gives_a_filter(shelf: Shelf, where: str, chosen: str, then: str) -> None:
    found = facet(shelf, FieldKind.PARAM, "optimizer", where)
    value = next((v for v in found.values if v.text == chosen), None)
    if value is None:
        pytest.fail(f"{chosen} is not among {counts(found)}")
    assert found.toggled(value) == then
    shelf.queries.check_filter(then)


def test_a_range_and_missing_values_of_the_filter_are_told(shelf: Shelf) -> None:
    ranged = facet(shelf, FieldKind.METRIC, "acc", "acc between 0.1 and 0.2 and failed")
    assert (ranged.span, ranged.rest, ranged.name) == ((0.1, 0.2), ("failed",), "acc")
    assert ranged.asking(">= 0.3") == "failed and acc >= 0.3"
    assert facet(shelf, FieldKind.METRIC, "acc", "acc > 0.1").span == (0.1, None)
    missing = facet(shelf, FieldKind.PARAM, "optimizer", "optimizer is null")
    assert missing.no_value
    assert missing.toggled_missing() == ""
    assert facet(shelf, FieldKind.PARAM, "optimizer").toggled_missing() == "optimizer is null"


def test_a_field_is_typed_so_that_no_other_is_meant(shelf: Shelf) -> None:
    known = shelf.queries.known()
    for ref in (
        FieldRef(FieldKind.PARAM, "lr"),
        FieldRef(FieldKind.METRIC, "acc"),
        FieldRef(FieldKind.METRIC, "acc", Aggregate.MEAN, 10),
        FieldRef(FieldKind.BUILTIN, "status"),
    ):
        typed = known.typed(ref)
        shelf.queries.check_filter(f"{typed} is null")
    assert known.typed(FieldRef(FieldKind.METRIC, "acc", Aggregate.MEAN, 10)) == "mean(acc, last=10)"


def test_few_values_and_histograms_of_odd_numbers() -> None:
    assert few_values(np.arange(100.0)) is None
    assert few_values(np.arange(5_000.0) % 3) is not None
    one = histogram(np.array([2.0, 2.0]))
    assert one is not None
    assert one.counts == (2,)
    huge = histogram(np.array([-1.7e308, 1.7e308]))
    assert huge is not None
    assert sum(huge.counts) == 2
    assert histogram(np.empty(0)) is None


@pytest.mark.parametrize("where", ["", "failed", "acc > 0.11 and optimizer != adam", "seed = 1 or tag = good"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (FieldKind.PARAM, "optimizer"),
        (FieldKind.PARAM, "seed"),
        (FieldKind.BUILTIN, "tag"),
        (FieldKind.BUILTIN, "status"),
        (FieldKind.BUILTIN, "metrics"),
    ],
)  # fmt: skip
def test_a_count_is_what_the_filter_then_selects(shelf: Shelf, kind: FieldKind, name: str, where: str) -> None:
    found = facet(shelf, kind, name, where)
    assert found.values or found.missing
    for value in found.values:
        assert len(shelf.keys(found.asking(f"= {value.typed}"))) == value.runs
    assert len(shelf.keys(found.asking("is null"))) == found.missing


def test_a_histogram_counts_what_the_range_then_selects(shelf: Shelf) -> None:
    found = facet(shelf, FieldKind.METRIC, "acc", "not failed")
    assert found.bins is not None
    edges, counted = found.bins.edges, found.bins.counts
    for first, last in ((0, 3), (5, 20), (10, BINS - 1)):
        upper = f"<= {edges[last + 1]!r}" if last == BINS - 1 else f"< {edges[last + 1]!r}"
        selected = shelf.keys(f"not failed and acc >= {edges[first]!r} and acc {upper}")
        assert len(selected) == sum(counted[first : last + 1])
