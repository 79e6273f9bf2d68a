"""Tables of logged values: which column is the step, which are metrics, and what is left of damaged files."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest

from runfolio.errors import LimitReached
from runfolio.model.times import NO_TIME
from runfolio.readers import csv_table
from runfolio.readers.contract import Budget
from runfolio.readers.csv_table import head_rows, header_of
from runfolio.readers.tabular import Logged, read_metrics

Points = dict[str, tuple[list[int], list[float]]]
NAN = float("nan")


def read(content: str | bytes, name: str = "metrics.csv") -> Logged:
    data = content.encode() if isinstance(content, str) else content
    return read_metrics(data, name, f"run/{name}", Budget())


def points(logged: Logged) -> Points:
    return {m.name: (m.step.tolist(), m.value.tolist()) for m in logged.metrics}


def codes(logged: Logged) -> list[str]:
    return [problem.code for problem in logged.problems]


def parquet(columns: dict[str, object]) -> bytes:
    target = io.BytesIO()
    pl.DataFrame(columns).write_parquet(target)
    return target.getvalue()


# --- the step --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "step"),
    [
        ("step,loss,epoch", "step"),
        ("epoch,loss", "epoch"),
        ("loss,Epoch", "Epoch"),
        ("global_step,step,loss", "step"),
        ("Global Step,loss", "Global Step"),
        ("Époque,loss", "Époque"),
        ("iter,epoch,loss", "iter"),
        ("training_iteration,loss", "training_iteration"),
        (",loss", ""),
        ("Unnamed: 0,loss", "Unnamed: 0"),
        ("acc,loss", None),
    ],
)
def test_the_step_column_is_the_most_telling_name(header: str, step: str | None) -> None:
    width = header.count(",") + 1
    rows = "".join(",".join(str(10 * i) for _ in range(width)) + "\n" for i in (1, 2))
    logged = read(f"{header}\n{rows}")
    assert logged.step_column == step
    assert points(logged)["loss"][0] == ([0, 1] if step is None else [10, 20])


def test_a_fractional_epoch_is_a_metric_and_the_step_the_row() -> None:
    assert points(read("epoch,loss\n0.5,3\n1.0,2\n")) == {"epoch": ([0, 1], [0.5, 1.0]), "loss": ([0, 1], [3.0, 2.0])}


def test_steps_may_repeat_go_back_and_be_negative() -> None:
    assert points(read("step,loss\n5,1\n5,2\n-3,3\n4.0,4\n"))["loss"] == ([5, 5, -3, 4], [1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize("small", [0, 1 << 15])
def test_steps_are_exact_to_64_bits_and_left_out_beyond(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(csv_table, "SMALL", small)
    logged = read("step,loss\n,0\n9007199254740993,1\n9223372036854775807,2\n9223372036854775808,3\n1e300,4\n")
    assert points(logged)["loss"] == ([9007199254740993, 9223372036854775807], [1.0, 2.0])
    assert codes(logged) == ["no-step"]
    lines = '{"step": 9007199254740993, "loss": 1}\n{"step": 9223372036854775808, "loss": 2}\n'
    assert points(read(lines, "metrics.jsonl"))["loss"] == ([9007199254740993], [1.0])


def test_rows_without_a_step_are_left_out_and_told() -> None:
    logged = read("step,loss\n0,1\n,2\nnan,3\nx,4\n")
    assert points(logged) == {"loss": ([0], [1.0])}
    assert [p.message.split()[0] for p in logged.problems if p.code == "no-step"] == ["3"]


def test_figures_without_a_history_have_no_step() -> None:
    (metric,) = read('{"accuracy": 0.91, "note": "best"}', "metrics.json").metrics
    assert (metric.name, metric.value.tolist(), metric.has_step) == ("accuracy", [0.91], False)
    assert [m.has_step for m in read("acc,f1\n0.9,0.8\n").metrics] == [False, False]


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "1700000000",
        "1.7e9",
        "1700000000000",
        "2023-11-14T22:13:20Z",
        "2023-11-14 22:13:20",
        "2023-11-14T23:13:20+01:00",
    ],
)
@pytest.mark.parametrize("name", ["time", "timestamp", "_timestamp", "Wall time", "date"])
def test_a_column_of_points_in_time_is_no_metric(name: str, cell: str) -> None:
    logged = read(f"step,{name},loss\n0,{cell},1\n1,,2\n")
    (metric,) = logged.metrics
    assert metric.wall_time_us.tolist() == [1_700_000_000_000_000, NO_TIME]


def test_a_time_since_the_start_is_a_metric() -> None:
    assert points(read("step,time\n0,0.5\n1,61.0\n"))["time"] == ([0, 1], [0.5, 61.0])


def test_a_second_column_of_times_stays_a_metric() -> None:
    logged = read("step,time,_timestamp\n0,12.5,1700000000\n")
    assert [m.name for m in logged.metrics] == ["time"]
    assert logged.metrics[0].wall_time_us.tolist() == [1_700_000_000_000_000]


def test_an_odd_time_costs_only_itself() -> None:
    logged = read("step,time,loss\n0,1700000000,1\n1,inf,2\n2,soon,3\n")
    (metric,) = logged.metrics
    assert metric.value.tolist() == [1.0, 2.0, 3.0]
    assert metric.wall_time_us.tolist() == [1_700_000_000_000_000, NO_TIME, NO_TIME]
    assert codes(logged) == ["odd-time"]


# --- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quick", [False, True], ids=["row by row", "quick"])
@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1", 1.0),
        (" 2.5 ", 2.5),
        ("+1e-3", 0.001),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e400", float("inf")),
        ("Infinity", float("inf")),
        ("-inf", float("-inf")),
        ("nan", NAN),
        ("NaN", NAN),
        ("0.1000000000000000055511151231257827", 0.1),
        ("5e-324", 5e-324),
        ("True", 1.0),
        ("false", 0.0),
        ("", None),
        ("NA", None),
        ("null", None),
        ("None", None),
        ("<NA>", None),
        ("-", None),
        ("x", None),
        ("1_000", None),
        ("0x10", None),
        ("١٢", None),
        ("1,5", None),
    ],
)
def test_a_cell_is_a_number_or_nothing_on_both_paths(
    monkeypatch: pytest.MonkeyPatch, cell: str, value: float | None, *, quick: bool
) -> None:
    if quick:
        monkeypatch.setattr(csv_table, "SMALL", 0)
    # A tab between columns, so that a comma can stand in a cell.
    logged = read(f"step\tm\n0\t{cell}\n1\t7\n", "metrics.tsv")
    found = dict(zip(*points(logged)["m"], strict=True))
    wanted = {1: 7.0} if value is None else {0: value, 1: 7.0}
    assert found.keys() == wanted.keys()
    assert np.array_equal([*found.values()], [*wanted.values()], equal_nan=True)


@pytest.mark.parametrize("small", [0, 1 << 15])
def test_a_semicolon_makes_the_comma_a_decimal_one(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(csv_table, "SMALL", small)
    assert points(read("step;a;b\n0;1,5;-0,25e1\n1;3;,5\n")) == {"a": ([0, 1], [1.5, 3.0]), "b": ([0, 1], [-2.5, 0.5])}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_are_recognised(encoding: str, end: str) -> None:
    logged = read(f"step,größe{end}0,1{end}{end}1,2{end}".encode(encoding))
    assert points(logged) == {"größe": ([0, 1], [1.0, 2.0])}


def test_a_column_may_be_empty_for_thousands_of_rows() -> None:
    logged = read("step,late\n" + "".join(f"{i},\n" for i in range(5000)) + "5000,0.5\n")
    assert points(logged) == {"late": ([5000], [0.5])}


def test_columns_of_one_name_keep_their_numbers() -> None:
    logged = read("step,loss,loss,\n0,1,2,3\n")
    assert points(logged) == {"loss": ([0], [1.0]), "loss#3": ([0], [2.0]), "#4": ([0], [3.0])}
    assert codes(logged) == ["duplicate-column"]


def test_names_may_hold_separators_quotes_and_line_ends() -> None:
    logged = read('"step","a,b","say ""x""","two\nlines"\n0,1,2,3\n')
    assert points(logged) == {"a,b": ([0], [1.0]), 'say "x"': ([0], [2.0]), "two\nlines": ([0], [3.0])}
    assert logged.problems == []


def test_a_file_of_numbers_alone_has_no_header() -> None:
    logged = read("0.5,1\n0.25,2\n")
    assert points(logged)["column 1"] == ([0, 1], [0.5, 0.25])
    assert codes(logged) == ["no-header"]


def test_headers_of_numpy_and_excel_are_understood() -> None:
    assert points(read("# step,loss\n3,1\n")) == {"loss": ([3], [1.0])}
    assert points(read("sep=;\nstep;loss\n3;1,5\n")) == {"loss": ([3], [1.5])}


def test_comments_before_the_header_are_passed_over() -> None:
    said = "# a run, of a script\n#\nstep,loss\n3,1\n"
    assert points(read(said)) == {"loss": ([3], [1.0])}
    assert header_of(said.encode()) == ["step", "loss"]
    assert points(read("# one, two\n#step,loss\n3,1\n")) == {"loss": ([3], [1.0])}
    assert points(read("# of numbers alone\n3,1\n4,2\n"))["column 2"] == ([0, 1], [1.0, 2.0])


def test_text_columns_are_told_once_and_are_no_metrics() -> None:
    logged = read("step,phase,loss\n0,train,1\n1,val,2\n")
    assert points(logged) == {"loss": ([0, 1], [1.0, 2.0])}
    assert codes(logged) == ["text-columns"]


# --- damaged text ----------------------------------------------------------------------------------------------------


def test_ragged_rows_keep_their_good_cells() -> None:
    logged = read("step,loss\n0,1.0\n1\n2,0.5,9,9\n3,abc\n4,0.25\n,\n5,\n")
    assert points(logged) == {"loss": ([0, 2, 4], [1.0, 0.5, 0.25])}
    assert codes(logged) == ["ragged-rows", "no-step", "not-a-number"]


@pytest.mark.parametrize("small", [0, 1 << 15])
def test_a_short_row_alone_is_told(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(csv_table, "SMALL", small)
    logged = read("a,b\n1,2\n3\n5,6\n")
    assert points(logged) == {"a": ([0, 1, 2], [1.0, 3.0, 5.0]), "b": ([0, 2], [2.0, 6.0])}
    assert codes(logged) == ["ragged-rows"]


def test_a_long_row_does_not_make_up_for_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "SMALL", 0)
    logged = read("a,b\n1\n2,3,4\n5,6\n")
    assert points(logged) == {"a": ([0, 1, 2], [1.0, 2.0, 5.0]), "b": ([1, 2], [3.0, 6.0])}


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    logged = read('step,loss,note\n0,1.0,"never closed\n' + "".join(f"{i},0.5,x\n" for i in range(1, 100)))
    assert len(points(logged)["loss"][0]) == 100
    assert codes(logged)[0] == "open-quote"


def test_of_a_row_that_breaks_off_the_last_cell_is_not_believed() -> None:
    logged = read("step,loss,acc\n0,1,2\n1,0.12")
    assert points(logged) == {"loss": ([0], [1.0]), "acc": ([0], [2.0])}
    assert codes(logged) == ["torn-line"]
    assert codes(read("step,loss\n0,1\n1,0.12")) == ["cut-line"]
    assert codes(read("step,loss\n" + "1,0.12\n" * 10_000 + "1,0.1")) == ["cut-line"]


def test_nul_bytes_are_left_out() -> None:
    logged = read(b"step,loss\n0,0.\x005\n")
    assert points(logged) == {"loss": ([0], [0.5])}
    assert codes(logged) == ["nul-bytes"]


@pytest.mark.parametrize("content", ["a," * 2_000_000, "x" * 3_000_000, '"' * 2_000_000])
def test_a_line_of_megabytes_is_no_header(content: str) -> None:
    logged = read(content)
    assert logged.metrics == []
    assert codes(logged) in (["no-header"], ["bad-csv"])


def test_rows_far_shorter_than_the_header_take_no_more_memory_than_they_hold() -> None:
    # As a rectangle this would be 20,000 columns of 200,000 rows, 32 GB.
    header = ",".join(f"m{i}" for i in range(20_000))
    logged = read(f"{header}\n" + "1\n" * 200_000)
    assert [(m.name, len(m)) for m in logged.metrics] == [("m0", 200_000)]


def test_more_columns_than_are_read_are_told() -> None:
    logged = read(",".join(f"m{i}" for i in range(20_001)) + "\n" + ",".join("1" * 20_001) + "\n")
    assert len(logged.metrics) == 20_000
    assert codes(logged)[0] == "too-many-columns"


def test_the_time_of_the_budget_ends_a_long_file() -> None:
    with pytest.raises(LimitReached):
        read_metrics(b'step,"a"\n' + b'0,"1"\n' * 20_000, "m.csv", "m.csv", Budget(seconds=-1.0))


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "step,loss\n", "step,loss", "\0\0"])
def test_files_without_rows_have_no_series(content: str) -> None:
    for name in ("metrics.csv", "metrics.tsv", "metrics.jsonl", "metrics.json", "metrics.parquet"):
        assert read(content, name).metrics == []


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_json_lines_may_end_in_carriage_returns_alone() -> None:
    assert points(read('{"step": 0, "a": 1}\r{"step": 1, "a": 2}\r', "m.jsonl"))["a"] == ([0, 1], [1.0, 2.0])


def test_json_lines_may_differ_in_their_keys() -> None:
    logged = read('{"step": 0, "a": 1}\n{"step": 1, "b": {"c": NaN}}\n{"step": 2, "a": "Infinity"}\n', "m.jsonl")
    assert points(logged)["a"] == ([0, 2], [1.0, float("inf")])
    assert points(logged)["b.c"][0] == [1]


def test_a_torn_last_line_and_lines_of_something_else_are_left_out() -> None:
    logged = read('{"step": 0, "a": 1}\n[1]\nx\n{"step": 1, "a": 2}\n{"step": 2, "a"', "m.jsonl")
    assert points(logged) == {"a": ([0, 1], [1.0, 2.0])}
    assert codes(logged) == ["torn-line", "bad-line"]


def test_a_last_line_without_its_end_is_kept_when_it_is_whole() -> None:
    assert points(read('{"step": 0, "a": 1}\n{"step": 1, "a": 2}', "m.jsonl"))["a"] == ([0, 1], [1.0, 2.0])


def test_text_that_looks_like_a_number_is_none_in_json() -> None:
    assert points(read('{"step": 0, "a": 1, "version": "3"}\n', "m.jsonl")) == {"a": ([0], [1.0])}


@pytest.mark.parametrize(
    "content",
    [
        '[{"epoch": 0, "loss": 1}, {"epoch": 1, "loss": null}, {"epoch": 2, "loss": 3}]',
        '{"best": 3, "log_history": [{"epoch": 0, "loss": 1}, {"epoch": 1}, {"epoch": 2, "loss": 3}]}',
        '{"loss": [1, null, 3]}',
        '{"epoch": 0, "loss": 1}\n{"epoch": 1}\n{"epoch": 2, "loss": 3}\n',
    ],
    ids=["rows", "rows inside", "columns", "lines"],
)
def test_histories_in_json_have_four_forms(content: str) -> None:
    assert points(read(content, "history.json")) == {"loss": ([0, 2], [1.0, 3.0])}


def test_columns_may_be_nested_and_single_values_beside_them_are_told() -> None:
    logged = read('{"train": {"loss": [1, 2]}, "epochs": 2}', "history.json")
    assert points(logged) == {"train.loss": ([0, 1], [1.0, 2.0])}
    assert codes(logged) == ["single-values"]


def test_many_rows_of_ever_new_keys_cost_what_they_hold() -> None:
    logged = read("".join(f'{{"step": {i}, "k{i}": 1}}\n' for i in range(20_000)), "m.jsonl")
    assert len(logged.metrics) == 20_000


@pytest.mark.parametrize(
    "content", ["null", "3", '"x"', "[1, 2]", "[" * 5000, "{", '{"a": {"b": {}}}', '{"a": 1e999999}']
)
def test_odd_json_is_told_or_read_and_never_raises(content: str) -> None:
    logged = read(content, "metrics.json")
    assert logged.metrics or logged.problems or content == '{"a": {"b": {}}}'


# --- Parquet ---------------------------------------------------------------------------------------------------------


def test_parquet_keeps_nan_apart_from_no_value_and_integers_exact() -> None:
    data = parquet({"step": [0, 2**53 + 1, 2], "a": [1.0, NAN, None], "flag": [True, None, False]})
    logged = read(data, "log.parquet")
    assert points(logged)["a"][0] == [0, 2**53 + 1]
    assert np.isnan(points(logged)["a"][1][1])
    assert points(logged)["flag"] == ([0, 2], [1.0, 0.0])


def test_parquet_times_are_wall_times_and_nested_columns_are_told() -> None:
    when = pl.Series([1_700_000_000_000_000], dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
    logged = read(parquet({"step": [1], "time": when, "a": [2.0], "image": [[1, 2]]}), "log.parquet")
    assert [(m.name, m.wall_time_us.tolist()) for m in logged.metrics] == [("a", [1_700_000_000_000_000])]
    assert codes(logged) == ["odd-columns"]


def test_parquet_cut_or_changed_anywhere_never_stops_the_reader(capfd: pytest.CaptureFixture[str]) -> None:
    whole = parquet({"step": [*range(50)], "loss": [i / 3 for i in range(50)]})
    for position in range(0, len(whole), 7):
        for data in (whole[:position], whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :]):
            read(data, "log.parquet")
    capfd.readouterr()  # Polars reports what it gives up on there


def test_parquet_that_claims_more_cells_than_memory_holds_is_not_read() -> None:
    target = io.BytesIO()
    pl.select(pl.repeat(1.0, 50_000_001).alias("a"), pl.repeat(1.0, 50_000_001).alias("b")).select(
        "a", "b", pl.col("a").alias("c"), pl.col("a").alias("d")
    ).write_parquet(target, compression="zstd")
    logged = read(target.getvalue(), "log.parquet")
    assert logged.metrics == []
    assert codes(logged) == ["too-large"]


# --- the first bytes -------------------------------------------------------------------------------------------------


def test_the_header_is_seen_in_the_first_bytes_of_a_file() -> None:
    assert header_of(b"step,loss\n0,1\n0,") == ["step", "loss"]
    assert header_of('step;"a;b"\n'.encode("utf-16")) == ["step", "a;b"]
    assert head_rows(b"step\tloss\n0\t1\n1\t0.2") == [["step", "loss"], ["0", "1"]]
    assert header_of(b"\tloss\n0\t1\n") == ["", "loss"]


@pytest.mark.parametrize("head", [b"", b"\x89PNG\r\n\x1a\n", b"\0\0\0", b"PK\x03\x04"])
def test_binary_files_have_no_header(head: bytes) -> None:
    assert header_of(head) == []


@pytest.mark.parametrize(
    ("body", "columns"),
    [
        ("0,0.5\n1,-2e-3\n", {"step": ([0, 1], [0.0, 1.0]), "loss": ([0, 1], [0.5, -0.002])}),
        ("0,0.5\n1,\n", {"step": ([0, 1], [0.0, 1.0]), "loss": ([0], [0.5])}),
        ("0,0.5,7\n1\n", {"step": ([0, 1], [0.0, 1.0]), "loss": ([0], [0.5])}),
        ("0,0.5\n1,-\n", {"step": ([0, 1], [0.0, 1.0]), "loss": ([0], [0.5])}),
        ("0,0.5\n\n1,1e5\n", {"step": ([0, 1], [0.0, 1.0]), "loss": ([0, 1], [0.5, 1e5])}),
        ("0,0.5\n9007199254740993,2\n", {"step": ([0, 1], [0.0, 2.0**53]), "loss": ([0, 1], [0.5, 2.0])}),
    ],
)
def test_small_tables_of_numbers_read_like_all_others(
    body: str, columns: dict[str, tuple[list[int], list[float]]]
) -> None:
    table = csv_table.read_csv(b"step,loss\n" + body.encode(), "m.csv", Budget())
    assert {n: (c.rows.tolist(), c.numbers.tolist()) for n, c in table.columns.items()} == columns
    exact = {1: "9007199254740993"} if "9007" in body else {}
    assert table.columns["step"].words == exact
