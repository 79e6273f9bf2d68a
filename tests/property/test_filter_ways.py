"""SQL and columns in memory select and order the same runs, whatever the filter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.errors import FilterSyntax
from runfolio.index.queries import Queries
from runfolio.index.run_ids import MANY
from runfolio.model.arithmetic import FUNCTIONS, OPERATORS, RELATIONS
from runfolio.model.query import Aggregate as A
from runfolio.model.query import FieldKind, FieldRef, RunQuery, SortKey
from runfolio.model.run import Recording, RunKey, RunStatus
from support.indexing import NOON, SECOND, Shelf, metric, params

FIGURES = [None, 0.0, -1.5, 0.5, 1.0, 2.5, math.nan, math.inf, -math.inf, -0.5, 1e300]
TEXTS = [
    None,
    "0.5",
    "1",
    "1.0",
    "adam",
    "Adam",
    "ADAM",
    "ada",
    "true",
    "True",
    "nan",
    "a_b",
    "a%b",
    "ÄDAM",
    "İx",
    "",
    "x\ny",
]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(Path(tmp_path_factory.mktemp("index")))
    statuses = [*RunStatus]
    made.put(*(recording(number, statuses[number % len(statuses)]) for number in range(70)))
    made.mark(
        {f"r{i:02}": ["good", "a_b"][: 1 + i % 2] for i in range(0, 70, 3)}, {f"r{i:02}": f"see {i}" for i in range(9)}
    )
    yield made
    made.close()


def recording(i: int, status: RunStatus) -> Recording:
    acc, loss = FIGURES[i % 11], FIGURES[(i * 4 + 1) % 11]
    lr, label = TEXTS[i % 17], TEXTS[(i * 5 + 2) % 17]
    return Recording(
        "generic",
        f"r{i:02}",
        f"r{i:02}",
        name=["heron", "Otter", "lynx"][i % 3],
        status=status,
        started_us=None if i % 7 == 0 else NOON + i * 3600 * SECOND,
        ended_us=NOON + (i + i % 5) * 3600 * SECOND,
        params=params(({} if lr is None else {"lr": lr}) | {"n": i % 13, "gone": None if i % 2 else 1}),
        tags={} if label is None else {"label": label},
        metrics=tuple(metric(n, 0.25, v) for n, v in (("acc", acc), ("loss", loss)) if v is not None),
    )


@pytest.fixture(scope="module")
def in_memory(shelf: Shelf) -> Queries:
    assert MANY > 70
    return Queries(shelf.database, many=1)


NUMBERS = [
    "acc",
    "loss",
    "lr",
    "n",
    "gone",
    "best(acc)",
    "min(loss)",
    "first(acc)",
    "count(loss)",
    "duration",
    "points",
]
NUMBERS += ["started", "ended", "0.5", "-1", "2", "0", "1e300"]
TEXT_FIELDS = ["lr", "label", "name", "status", "tag", "note", "param.n", "experiment", "gone"]
PATTERNS = ["a%", "%d_m", "ADAM", "a_b", "", "%", "ä%", "_", "x%"]
REGEXES = ["^a", "(?i)adam", "[0-9]+", "a.b", "x.y", "(?s)x.y", "$", "ä|ö"]


def called(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.sampled_from([*FUNCTIONS]).flatmap(
        lambda name: st.lists(inner, min_size=FUNCTIONS[name][0], max_size=min(3, FUNCTIONS[name][1])).map(
            lambda parts: f"{name}({', '.join(parts)})"
        )
    )


terms = st.recursive(
    st.sampled_from(NUMBERS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda p: f"(- {p})"),
        called(inner),
    ),
    max_leaves=4,
)
relations = st.sampled_from(RELATIONS)
tests = st.one_of(
    st.tuples(terms, relations, terms).map(lambda p: f"{p[0]} {p[1]} ({p[2]})"),
    st.tuples(
        st.sampled_from(TEXT_FIELDS), relations, st.sampled_from(["0.5", "adam", "'1'", "ada*", "true", "heron"])
    ).map(" ".join),
    st.tuples(
        st.sampled_from(TEXT_FIELDS),
        st.sampled_from(["like", "not like", "ilike", "not ilike"]),
        st.sampled_from(PATTERNS),
    ).map(lambda p: f"{p[0]} {p[1]} '{p[2]}'"),
    st.tuples(
        st.sampled_from(TEXT_FIELDS), st.sampled_from(["matches", "not matches", "~", "!~"]), st.sampled_from(REGEXES)
    ).map(lambda p: f"{p[0]} {p[1]} '{p[2]}'"),
    terms.map(lambda p: f"{p} in -1..2"),
    terms.map(lambda p: f"({p} + acc) is null"),
    st.sampled_from([*NUMBERS[:11], *TEXT_FIELDS]).map(lambda p: f"{p} is not null"),
    st.sampled_from(["acc = nan", "loss != nan", "started >= 2026-01-02", "started = 2026-01-02", "duration <= 2h"]),
    st.sampled_from(["heron", "failed", "good", "see", "adam", "ä", "lr in (0.5, adam, 1)", "tag not in (good, x)"]),
)
filters = st.recursive(
    tests,
    lambda inner: st.one_of(
        inner.map(lambda t: f"not ({t})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda ts: "(" + " and ".join(ts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda ts: "(" + " or ".join(ts) + ")"),
    ),
    max_leaves=5,
)
FIELDS = [
    FieldRef(FieldKind.METRIC, "acc"), FieldRef(FieldKind.METRIC, "loss", A.MIN), FieldRef(FieldKind.PARAM, "lr"),
    FieldRef(FieldKind.PARAM, "n"), FieldRef(FieldKind.PARAM, "gone"), FieldRef(FieldKind.TAG, "label"),
    FieldRef(FieldKind.BUILTIN, "name"), FieldRef(FieldKind.BUILTIN, "started"),
    FieldRef(FieldKind.BUILTIN, "duration"),
    FieldRef(FieldKind.BUILTIN, "tag"), FieldRef(FieldKind.BUILTIN, "note"), FieldRef(FieldKind.BUILTIN, "points"),
    FieldRef(FieldKind.DERIVED, "acc / loss"), FieldRef(FieldKind.DERIVED, "n - 5"),
]  # fmt: skip
orders = st.lists(st.builds(SortKey, st.sampled_from(FIELDS), st.booleans()), max_size=3).map(tuple)


@settings(derandomize=True, deadline=None, database=None, max_examples=250)
@given(where=filters, sort=orders)
def test_both_ways_select_the_same_in_the_same_order(
    shelf: Shelf, in_memory: Queries, where: str, sort: tuple[SortKey, ...]
) -> None:
    query = RunQuery(where, sort)
    assert answer(in_memory, query) == answer(shelf.queries, query)


def answer(queries: Queries, query: RunQuery) -> tuple[RunKey, ...] | str:
    try:
        return queries.run_keys(query)
    except FilterSyntax as error:
        return error.message


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: str(field.id))
@pytest.mark.parametrize("descending", [False, True])
def test_both_ways_sort_by_every_kind_of_field(
    shelf: Shelf, in_memory: Queries, field: FieldRef, descending: bool
) -> None:
    query = RunQuery("", (SortKey(field, descending),))
    assert in_memory.run_keys(query) == shelf.queries.run_keys(query)
    assert len(in_memory.run_keys(query)) == 70
