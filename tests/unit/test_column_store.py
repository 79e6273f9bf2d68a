"""Columns in memory: bounded, and never older than the index that is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runfolio.index.column_store import ColumnStore
from runfolio.model.query import FieldKind, FieldRef, RunQuery, SortKey
from runfolio.model.run import Recording
from support.indexing import Shelf, metric, params


def made(number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.full(100, number)


def test_the_column_that_was_not_used_for_longest_goes_first() -> None:
    store = ColumnStore(room_bytes=3 * 800)
    for name in ("a", "b", "c"):
        store.get(1, name, lambda: made(1))
    store.get(1, "a", lambda: made(2))
    store.get(1, "d", lambda: made(4))
    assert [store.has(1, name) for name in "abcd"] == [True, False, True, True]
    assert store.nbytes == 3 * 800
    assert store.get(1, "a", lambda: made(9))[0] == 1
    assert store.get(2, "a", lambda: made(9))[0] == 9


def test_one_column_larger_than_the_room_is_kept_alone() -> None:
    store = ColumnStore(room_bytes=10)
    store.get(1, "a", lambda: made(1))
    store.get(1, "b", lambda: made(2))
    assert [store.has(1, name) for name in "ab"] == [False, True]


def test_what_is_kept_cannot_be_written_to() -> None:
    store = ColumnStore()
    assert not store.get(1, "a", lambda: made(1)).flags.writeable


def test_columns_follow_the_index_and_the_marks(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, many=1)
    for key, loss in (("a", 1.0), ("b", 2.0)):
        shelf.put(Recording("generic", key, key, params=params({"lr": loss}), metrics=(metric("loss", 3.0, loss),)))
    down = SortKey(FieldRef(FieldKind.METRIC, "loss"), True)
    slope = SortKey(FieldRef(FieldKind.DERIVED, "slope(loss) * 1"), True)
    assert shelf.keys("loss > 1") == ["b"]
    assert shelf.keys("", down) == ["b", "a"]
    assert shelf.keys("tag = good") == []
    assert shelf.keys("name ~ c") == []
    shelf.mark({"a": ["good"]})
    assert shelf.keys("tag = good or loss > 1", down) == ["b", "a"]
    shelf.put(Recording("generic", "c", "c", params=params({"lr": 9}), metrics=(metric("loss", 3.0, 7.0),)))
    assert shelf.keys("loss > 1") == ["b", "c"]
    assert shelf.keys("", down) == ["c", "b", "a"]
    assert shelf.keys("", slope) == ["c", "b", "a"]
    assert shelf.keys("name ~ c") == ["c"]
    assert shelf.queries.run_order(RunQuery("lr > 5")).row_of(shelf.queries.run_keys(RunQuery())[2]) == 0
    shelf.close()


def test_growing_series_are_seen(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, many=1)
    shelf.put(Recording("generic", "a", "a", metrics=(metric("loss", 3.0, 1.0),)))
    assert shelf.keys("loss < 2 and count(loss) = 2 and mean(loss) = 2") == ["a"]
    with shelf.database.transaction():
        shelf.database.run("update series set n = 3, shown = 5, last_value = 5")
        shelf.database.run("insert into points select series, 1, null, 5 from points limit 1")
    assert shelf.keys("loss = 5 and count(loss) = 3 and mean(loss) = 3 and slope(loss) = 1") == ["a"]
    shelf.close()
