"""Two versions of a data file: schema, rows by key, distributions, and files that are not as they should be."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pytest

from runfolio import scratch
from runfolio.analysis.datachange import Bin, ColumnChange, DataDiff, RowKind, SchemaChange
from runfolio.analysis.datadiff import DataLimits, data_diff
from runfolio.analysis.datarender import as_json, as_markdown, cell_text, key_text, type_text
from runfolio.analysis.dataworker import Request, compare
from runfolio.analysis.drift import population_stability_index
from runfolio.errors import Cancelled, FolderUnreadable, LimitReached, UsageError
from runfolio.model.metrics import Floats

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


def diff(before: Path, after: Path, *key: str) -> DataDiff:
    """What the worker does, in this process: a process of its own costs half a second."""
    with tempfile.TemporaryDirectory() as private:
        return compare(Request(str(before), str(after), key, 1 << 30, private))


def column(found: DataDiff, name: str) -> ColumnChange:
    return next(c for c in found.columns if c.name == name)


def texts(found: DataDiff, kind: RowKind) -> list[list[str]]:
    return [[cell_text(c, kind) for c in row.cells] for row in found.rows if row.kind is kind]


BEFORE = "image_id,label,brightness,annotator\n104,3,0.51,\n988,1,0.44,\n17,9,0.50,a1\n5,2,0.30,a1\n"
AFTER = (
    "image_id,label,brightness,source,annotator\n"
    "5,2,0.3,web,a1\n104,7,0.51,web,a2\n988,7,0.44,web,a2\n50001,7,0.39,cam,a2\n"
)


def test_rows_are_paired_by_a_key_that_is_found_and_changed_cells_are_named(write: Write) -> None:
    found = diff(write("a.csv", BEFORE), write("b.csv", AFTER))
    assert (found.key, found.key_guessed, key_text(found)) == (("image_id",), True, "key: image_id (guessed)")
    assert (found.rows_added, found.rows_removed, found.rows_changed, found.rows_same) == (1, 1, 2, 1)
    assert found.row_columns == ("image_id", "label", "brightness", "source", "annotator")
    assert texts(found, RowKind.CHANGED) == [
        ["104", "3 → 7", "0.51", "web", "∅ → a2"],
        ["988", "1 → 7", "0.44", "web", "∅ → a2"],
    ]
    assert texts(found, RowKind.ADDED) == [["50001", "7", "0.39", "cam", "a2"]]
    assert texts(found, RowKind.REMOVED) == [["17", "9", "0.5", "∅", "a1"]]
    assert (column(found, "label").changed_cells, column(found, "brightness").changed_cells) == (2, 0)
    assert found.differs


def test_new_removed_and_retyped_columns_are_told(write: Write) -> None:
    before = write("a.csv", "id,width,old\n1,32,x\n2,32,x\n")
    after = write("b.csv", "id,width,source\n1,32.5,web\n2,32,web\n")
    found = diff(before, after)
    assert [(c.name, c.schema.value, type_text(c)) for c in found.columns] == [
        ("id", "same", "int64"),
        ("width", "type changed", "int64 → float64"),
        ("source", "new", "string"),
        ("old", "removed", "string"),
    ]
    assert (column(found, "source").psi, column(found, "source").moved) == (None, "1 value")


def test_the_same_data_in_another_order_of_rows_and_columns_does_not_differ(write: Write) -> None:
    found = diff(write("a.csv", "id,x\n1,2\n2,3\n"), write("b.csv", "x,id\n3.0,2\n2,1\n"))
    assert (found.rows_changed, found.rows_added, found.rows_removed) == (0, 0, 0)
    assert [c.schema for c in found.columns] == [SchemaChange.RETYPED, SchemaChange.SAME]
    again = diff(write("c.csv", "id,x\n1,2\n2,3\n"), write("d.csv", "x,id\n3,2\n2,1\n"))
    assert not again.differs


def test_nan_equals_nan_zero_equals_minus_zero_null_equals_null_and_floats_are_exact(tmp_path: Path) -> None:
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    rows = [
        "(1, 'nan'::double), (2, '-0.0'::double), (3, null), (4, 0.1::double), (5, 'inf'::double)",
        "(1, -('nan'::double)), (2, 0.0::double), (3, null), (4, 0.1::double + 1e-18), (5, '-inf'::double)",
    ]
    for path, values in zip(paths, rows, strict=True):
        duckdb.sql(f"copy (select * from (values {values}) t(id, x)) to '{path}' (format parquet)")
    found = diff(paths[0], paths[1])
    # 0.1 + 1e-18 is 0.1 in float64; only the infinities differ.
    assert (found.rows_changed, texts(found, RowKind.CHANGED)) == (1, [["5", "inf → -inf"]])
    stats = column(found, "x").before
    assert stats is not None
    assert (stats.nan, stats.nulls) == (1, 1)


def test_a_column_that_turns_from_text_to_numbers_is_compared_as_text(write: Write) -> None:
    found = diff(write("a.csv", "id,n\n1,5\n2,x\n3,7\n"), write("b.csv", "id,n\n1,5\n2,6\n3,8\n"))
    assert type_text(column(found, "n")) == "string → int64"
    assert texts(found, RowKind.CHANGED) == [["2", "x → 6"], ["3", "7 → 8"]]


def test_text_that_spells_the_other_files_value_is_that_value(write: Write) -> None:
    before = write("a.csv", "id,x,f,t\n1,1,True,2026-01-01T10:00\n2,2.50,False,2026-01-01 11:00:00\n3,007,x,y\n")
    after = write("b.csv", "id,x,f,t\n1,1.0,true,2026-01-01 10:00\n2,2.5,false,2026-01-01 11:00\n")
    found = diff(before, after)
    assert [type_text(c) for c in found.columns[1:]] == ["string → float64", "string → bool", "string → timestamp"]
    assert (found.rows_changed, found.rows_removed) == (0, 1)
    assert column(found, "x").histogram is not None
    # A shorter integer is another text: that a zip code lost its zeros is to be seen.
    lost = diff(write("c.csv", "id,zip\n1,007\n"), write("d.csv", "id,zip\n1,7\n"))
    assert lost.rows_changed == 1


def test_zip_codes_long_ids_and_times_with_an_offset_stay_text(write: Write) -> None:
    text = (
        "id,zip,long,when,day,at,flag\n"
        "1,007,123456789012345678901,2026-01-01T00:00:00+02:00,2026-01-01,2026-01-01 10:00,true\n"
    )
    found = diff(write("a.csv", text), write("b.csv", text))
    assert [type_text(c) for c in found.columns] == ["int64", "string", "string", "string", "date", "timestamp", "bool"]


def test_a_type_needs_every_value_of_the_whole_file(write: Write) -> None:
    rows = "".join(f"{i},{i}\n" for i in range(30_000))
    found = diff(write("a.csv", "id,x\n" + rows + "30000,n/a\n"), write("b.csv", "id,x\n" + rows))
    assert type_text(column(found, "x")) == "string → int64"
    assert (found.rows_changed, found.rows_removed) == (0, 1)


def test_a_column_without_values_has_no_type_that_could_change(write: Write) -> None:
    found = diff(write("a.csv", "id,x\n1,\n2,\n"), write("b.csv", "id,x\n1,5\n2,\n"))
    x = column(found, "x")
    assert (x.schema, type_text(x), x.moved) == (SchemaChange.SAME, "int64", "nulls 2 → 1")
    assert texts(found, RowKind.CHANGED) == [["1", "∅ → 5"]]


# --- keys ----------------------------------------------------------------------------------------------------------


def test_two_columns_are_the_key_where_one_is_not_enough(write: Write) -> None:
    rows = [f"{v},{f},{(v * 7 + f) % 3}\n" for v in range(4) for f in range(5)]
    before = write("a.csv", "video,frame,label\n" + "".join(rows))
    after = write("b.csv", "video,frame,label\n" + "".join(rows[:-1]) + "3,4,9\n")
    found = diff(before, after)
    assert (found.key, found.rows_changed) == (("video", "frame"), 1)


def test_measurements_that_happen_to_be_unique_are_no_key(write: Write) -> None:
    before = write("a.csv", "reading\n" + "".join(f"{i}\n" for i in range(0, 100, 2)))
    after = write("b.csv", "reading\n" + "".join(f"{i}\n" for i in range(1, 101, 2)))
    found = diff(before, after)
    assert (found.key, found.rows_changed, key_text(found)) == ((), None, "no key: rows compared whole")
    assert (found.rows_added, found.rows_removed) == (50, 50)


def test_without_a_key_equal_rows_are_counted(write: Write) -> None:
    before = write("a.csv", "x,y\na,1\na,1\na,1\nb,2\n")
    after = write("b.csv", "x,y\nb,2\na,1\nb,2\nc,\n")
    found = diff(before, after)
    assert (found.rows_added, found.rows_removed, found.rows_changed, found.rows_same) == (2, 2, None, 2)
    assert [(r.kind.value, r.times) for r in found.rows] == [("added", 1), ("added", 1), ("removed", 2)]


def test_a_key_that_is_asked_for_is_used(write: Write) -> None:
    found = diff(write("a.csv", "id,name,x\n1,a,5\n2,b,6\n"), write("b.csv", "id,name,x\n2,a,5\n1,b,6\n"), "name")
    assert (found.key, found.key_guessed) == (("name",), False)
    assert texts(found, RowKind.CHANGED) == [["a", "1 → 2", "5"], ["b", "2 → 1", "6"]]


def test_a_null_in_a_key_is_a_value_like_any_other(write: Write) -> None:
    found = diff(write("a.csv", "k,x\n,1\nb,2\n"), write("b.csv", "k,x\n,5\nb,2\n"), "k")
    assert texts(found, RowKind.CHANGED) == [["∅", "1 → 5"]]


def test_a_key_that_does_not_tell_rows_apart_is_refused_with_an_example(write: Write) -> None:
    before, after = write("a.csv", "id,x\n1,1\n2,2\n"), write("b.csv", "id,x\n7,1\n7,2\n2,2\n")
    with pytest.raises(
        UsageError, match="does not tell rows apart: 1 of its values stand in more than one row, 7"
    ) as caught:
        diff(before, after, "id")
    assert caught.value.where == str(after)


def test_a_key_column_that_is_not_there_is_refused(write: Write) -> None:
    before, after = write("a.csv", "id,x\n1,1\n"), write("b.csv", "idx,x\n1,1\n")
    with pytest.raises(UsageError, match="'id' is not there") as caught:
        diff(before, after, "id")
    assert (caught.value.where, caught.value.hint) == (str(after), "The file has idx, x.")


# --- distributions -------------------------------------------------------------------------------------------------


def test_few_numbers_are_counted_value_by_value(write: Write) -> None:
    before = "".join(f"{i},{i % 10}\n" for i in range(1000))
    after = "".join(f"{i},{7 if i < 45 else i % 10}\n" for i in range(1000))
    found = column(diff(write("a.csv", "id,label\n" + before), write("b.csv", "id,label\n" + after)), "label")
    # Among rows 0 to 44 four are 7 already, so 41 more of 1000.
    assert found.moved == "label 7: 10.0 % → 14.1 %"
    assert found.histogram is not None
    assert [b.label for b in found.histogram.bins] == [str(i) for i in range(10)]
    assert found.histogram.bins[7] == Bin("7", 100, 141)
    labels: Floats = (np.arange(1000) % 10).astype(np.float64)
    assert found.psi == pytest.approx(population_stability_index(labels, np.where(np.arange(1000) < 45, 7.0, labels)))


def test_many_numbers_are_counted_in_common_ranges(write: Write) -> None:
    rng = np.random.default_rng(5)
    left, right = rng.normal(0.481, 0.1, 400), rng.normal(0.44, 0.1, 500)
    paths = [
        write(name, "id,x\n" + "".join(f"{i},{v!r}\n" for i, v in enumerate(values.tolist())))
        for name, values in (("a.csv", left), ("b.csv", right))
    ]
    found = column(diff(paths[0], paths[1]), "x")
    edges = np.linspace(min(left.min(), right.min()), max(left.max(), right.max()), 21)
    assert found.histogram is not None
    assert [b.before for b in found.histogram.bins] == np.histogram(left, edges)[0].tolist()
    assert [b.after for b in found.histogram.bins] == np.histogram(right, edges)[0].tolist()
    assert found.psi == pytest.approx(population_stability_index(left, right), rel=1e-12)
    assert found.moved == f"mean {left.mean():.3f} → {right.mean():.3f}"
    assert found.before is not None
    assert found.before.mean == pytest.approx(left.mean(), rel=1e-12)
    assert (found.before.low, found.before.high) == (repr(float(left.min())), repr(float(left.max())))


def test_texts_are_counted_by_frequency_with_the_rest_in_one_bin(write: Write) -> None:
    before = "".join(f"{i},{'ab'[i % 2]}\n" for i in range(60)) + "".join(f"{60 + i},rare{i}\n" for i in range(40))
    found = column(diff(write("a.csv", "id,t\n" + before), write("b.csv", "id,t\n" + before)), "t")
    assert found.histogram is not None
    assert len(found.histogram.bins) == 21
    assert found.histogram.bins[:2] == (Bin("a", 30, 30), Bin("b", 30, 30))
    assert found.histogram.bins[-1] == Bin("other values", 22, 22)
    assert (found.psi, found.moved) == (0.0, "42 values")


def test_nulls_that_appear_come_first_in_what_moved(write: Write) -> None:
    before = write("a.csv", "id,t\n1,a\n2,b\n3,a\n")
    assert column(diff(before, write("b.csv", "id,t\n1,\n2,\n3,a\n")), "t").moved == "nulls 0 → 2"


def test_times_are_ordered_and_labelled_as_times(write: Write) -> None:
    days = [f"{i},2026-01-{1 + i % 31:02d}\n" for i in range(62)]
    found = column(diff(write("a.csv", "id,day\n" + "".join(days)), write("b.csv", "id,day\n" + "".join(days))), "day")
    assert found.histogram is not None
    assert (found.histogram.ordered, found.histogram.ranges) == (True, True)
    assert found.histogram.bins[0].label == "2026-01-01 00:00 … 2026-01-02 12:00"
    assert found.moved == "range 2026-01-01 … 2026-01-31"


def test_nested_and_binary_columns_are_compared_without_a_distribution(tmp_path: Path) -> None:
    for name, values in (("a", "[1, 2], {'k': 1}, 'x'::blob"), ("b", "[1, 3], {'k': 1}, 'x'::blob")):
        duckdb.sql(f"copy (select 1 as id, * from (select {values}) t(l, s, raw)) to '{tmp_path}/{name}.parquet'")
    found = diff(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert texts(found, RowKind.CHANGED) == [["1", "[1, 2] → [1, 3]", "{'k': 1}", "x"]]
    assert [(c.histogram, c.psi) for c in found.columns[1:]] == [(None, None)] * 3


def test_csv_and_parquet_compare_with_each_other(write: Write, tmp_path: Path) -> None:
    duckdb.sql(f"copy (select 1::bigint as id, 'a' as t, 0.5::double as x) to '{tmp_path}/b.parquet'")
    assert not diff(write("a.csv", "id,t,x\n1,a,0.50\n"), tmp_path / "b.parquet").differs


# --- files that are not as they should be --------------------------------------------------------------------------


def test_a_header_without_rows_is_a_table_without_rows(write: Write) -> None:
    found = diff(write("a.csv", "id,x\n"), write("b.csv", "id,x\n1,2\n2,3\n"))
    assert (found.before.rows, found.key, found.rows_added, found.rows_same) == (0, ("id",), 2, 0)
    assert [c.psi for c in found.columns] == [None, None]
    both = diff(write("c.csv", "id,x\n"), write("d.csv", "id,x\n"))
    assert not both.differs


def test_rows_that_do_not_fit_the_header_are_counted_and_told(write: Write) -> None:
    found = diff(write("a.csv", "id,x\n1,2\n2\n3,4,5\n4,5\n"), write("b.csv", "id,x\n1,2\n4,5\n"))
    (problem,) = found.problems
    assert (problem.code, problem.path, found.before.rows, found.differs) == ("bad-rows", "a.csv", 2, True)
    assert problem.message.startswith("2 rows do not fit the header and are left out; the first is row 2 (")


def test_quotes_line_breaks_separators_and_a_byte_order_mark_are_understood(write: Write) -> None:
    left = write("a.csv", '\ufeff"id";"te;xt"\r\n1;"a ""b""\nc"\r\n2;d\r\n')
    right = write("b.tsv", 'id\tte;xt\n1\t"a ""b""\nc"\n2\te\n')
    found = diff(left, right)
    assert (found.row_columns, texts(found, RowKind.CHANGED)) == (("id", "te;xt"), [["2", "d → e"]])


def test_columns_without_a_name_or_with_the_same_one_are_renamed_and_told(write: Write) -> None:
    path = write("a.csv", "id,x,,x\n1,2,3,4\n")
    found = diff(path, path)
    assert [c.name for c in found.columns] == ["id", "x", "column 3", "x (2)"]
    assert {p.code for p in found.problems} == {"column-renamed"}


def test_names_that_look_like_sql_or_patterns_are_only_names(write: Write, tmp_path: Path) -> None:
    text = 'id,"a"";drop table before_rows;--",c0\n1,2,3\n'
    left, right = write("x[1]*.csv", text), write("it's {2}?.csv", text)
    write("x1y.csv", "id,other\n9,9\n9,8\n")
    found = diff(left, right)
    assert (found.differs, found.columns[1].name) == (False, 'a";drop table before_rows;--')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id,x\n1,caf\xe9\n", "not UTF-8: byte 0xe9 at offset 10"),
        ("id,x\n1,2\n".encode("utf-16"), "is UTF-16"),
        ("id,x\n1,é".encode()[:-1], "ends in the middle of a character, at offset 7"),
        (b"\n\n", "no column names"),
    ],
)
def test_text_that_cannot_be_read_is_an_error_that_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(FolderUnreadable, match=message):
        diff(path, path)


def test_a_parquet_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(FolderUnreadable, match="cannot be understood"):
        diff(path, path)


def test_files_are_looked_at_before_a_worker_is_started(write: Write, tmp_path: Path) -> None:
    good = write("a.csv", "id\n1\n")
    os.mkfifo(tmp_path / "pipe.csv")
    cases: Sequence[tuple[Path, type[Exception], str]] = [
        (tmp_path / "none.csv", FolderUnreadable, "does not exist"),
        (tmp_path, FolderUnreadable, "a folder"),
        (tmp_path / "pipe.csv", FolderUnreadable, "no regular file"),
        (write("empty.csv", ""), FolderUnreadable, "empty"),
        (write("a.csv.gz", "x"), UsageError, "neither CSV"),
        (write("a.xlsx", "x"), UsageError, "neither CSV"),
    ]
    for path, kind, message in cases:
        with pytest.raises(kind, match=message):
            data_diff(good, path)


# --- the worker process --------------------------------------------------------------------------------------------


class Stop:
    """Asks to stop at the n-th look."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def cancelled(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_the_comparison_runs_in_a_process_of_its_own_and_comes_back_whole(write: Write) -> None:
    before, after = write("a.csv", BEFORE), write("b.csv", AFTER)
    apart, here = data_diff(before, after), diff(before, after)
    assert (apart.columns, apart.rows, apart.before) == (here.columns, here.rows, here.before)


def test_an_error_in_the_worker_arrives_as_what_it_is(write: Write) -> None:
    path = write("a.csv", "id\n1\n")
    with pytest.raises(UsageError, match="not there") as caught:
        data_diff(path, path, key=["nope"])
    assert caught.value.hint == "The file has id."


def test_cancelling_ends_the_worker_and_leaves_nothing_behind(write: Write) -> None:
    path = write("a.csv", BEFORE)
    with pytest.raises(Cancelled):
        data_diff(path, path, cancel=Stop(looks=1))
    assert [*scratch.folder().glob("data-*")] == []


def test_limits_on_time_and_memory_are_kept(write: Write, tmp_path: Path) -> None:
    path = write("a.csv", BEFORE)
    with pytest.raises(LimitReached, match="longer than 0 s"):
        data_diff(path, path, limits=DataLimits(seconds=0.01))
    with pytest.raises(LimitReached, match="more than the 1 MiB"):
        compare(Request(str(path), str(path), (), 1 << 20, str(tmp_path)))


# --- leaving the application ---------------------------------------------------------------------------------------


def test_json_is_strict_and_has_the_counts(write: Write) -> None:
    found = json.loads(json.dumps(as_json(diff(write("a.csv", BEFORE), write("b.csv", AFTER))), allow_nan=False))
    assert found["rows"] == {"before": 4, "after": 4, "added": 1, "removed": 1, "changed": 2, "same": 1}
    assert found["key"] == {"columns": ["image_id"], "guessed": True}
    assert [c["name"] for c in found["columns"]] == ["image_id", "label", "brightness", "source", "annotator"]
    assert found["changed_rows"][0]["cells"][1] == {"before": "3", "after": "7", "changed": True}


def test_markdown_shows_columns_and_the_first_rows_and_nothing_acts(write: Write, tmp_path: Path) -> None:
    before = tmp_path / "a.csv"
    with before.open("w", newline="") as stream:
        csv.writer(stream).writerows([["id", "a|b"], ["1", "<img src=x>\n|"], ["2", "same"]])
    text = as_markdown(diff(before, write("b.csv", "id,a|b\n1,x\n3,y\n4,z\n")), rows=2)
    assert "| changed | 1 | \\<img src=x\\>⏎\\| → x |" in text
    assert "and 2 more rows" in text
    assert "- rows added 2, removed 1, changed 1" in text
