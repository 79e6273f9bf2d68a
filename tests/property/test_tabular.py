"""What holds for any table: what was written is read, and nothing a file can hold stops the reader."""

from __future__ import annotations

import csv
import io
import json
import math
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfolio.model.params import Json
from runfolio.readers import csv_table
from runfolio.readers.contract import Budget
from runfolio.readers.csv_table import head_rows
from runfolio.readers.interpolation import resolved
from runfolio.readers.tabular import read_metrics

repeatable = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

steps = st.integers(-(2**63), 2**63 - 1)
cells = st.none() | st.floats()
rows = st.lists(st.tuples(steps, cells, cells), min_size=1, max_size=30)
small = st.sampled_from([0, csv_table.SMALL])  # 0: the quick path also for small files
names = st.sampled_from(["metrics.csv", "metrics.tsv", "metrics.jsonl", "metrics.json", "metrics.parquet"])
tokens = st.sampled_from(
    ["step", "loss", "time", ",", ";", "\t", "\n", "\r\n", '"', "0", "1.5", "1,5", "nan", "NA", "{", "}", "[", "]", ":",
     '"step"', "\0", "é", "#", "sep=;", "\ud800", "99999999999999999999", "2024-01-01", "-", " "]
)  # fmt: skip


def as_dict(data: bytes, name: str) -> dict[str, list[tuple[int, float]]]:
    logged = read_metrics(data, name, name, Budget())
    assert [p for p in logged.problems if p.severity != "info"] == []
    return {m.name: [*zip(m.step.tolist(), m.value.tolist(), strict=True)] for m in logged.metrics}


def wanted(table: list[tuple[int, float | None, float | None]], column: int) -> list[tuple[int, float]]:
    return [(row[0], value) for row in table if (value := row[column]) is not None]


def check(found: dict[str, list[tuple[int, float]]], table: list[tuple[int, float | None, float | None]]) -> None:
    for name, column in (("a", 1), ("b b", 2)):
        want = wanted(table, column)
        got = found.get(name, [])
        assert [step for step, _ in got] == [step for step, _ in want]
        assert np.array_equal([v for _, v in got], [v for _, v in want], equal_nan=True)


@repeatable
@given(rows, st.sampled_from([",", "\t", ";"]), st.booleans(), small)
def test_a_csv_file_is_read_as_it_was_written(
    table: list[tuple[int, float | None, float | None]], separator: str, quote: bool, limit: int
) -> None:
    target = io.StringIO(newline="")
    writer = csv.writer(
        target, delimiter=separator, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL, lineterminator="\n"
    )
    writer.writerow(["step", "a", "b b"])
    writer.writerows([[step, "" if a is None else repr(a), "" if b is None else repr(b)] for step, a, b in table])
    with patch.object(csv_table, "SMALL", limit):
        check(as_dict(target.getvalue().encode(), "metrics.csv"), table)


@repeatable
@given(rows)
def test_json_lines_are_read_as_they_were_written(table: list[tuple[int, float | None, float | None]]) -> None:
    lines = "".join(json.dumps({"step": step, "a": a, "b b": b}) + "\n" for step, a, b in table)
    check(as_dict(lines.encode(), "metrics.jsonl"), table)


@repeatable
@given(rows, st.integers(0, 200))
def test_of_a_cut_csv_file_only_the_last_line_is_in_doubt(
    table: list[tuple[int, float | None, float | None]], missing: int
) -> None:
    text = "step,a\n" + "".join(f"{step},{'' if a is None else repr(a)}\n" for step, a, _ in table)
    data = text[: max(7, len(text) - missing)]
    whole_lines = data.count("\n") - 1
    logged = read_metrics(data.encode(), "m.csv", "m.csv", Budget())
    found = [v for m in logged.metrics if m.name == "a" for v in m.value.tolist()]
    sure = [a for _, a, _ in table[:whole_lines] if a is not None]
    assert np.array_equal(found[: len(sure)], sure, equal_nan=True)
    assert len(found) <= len(sure) + 1


@repeatable
@given(st.binary(max_size=300), names)
def test_any_bytes_give_series_or_problems(data: bytes, name: str) -> None:
    read_metrics(data, name, name, Budget())
    head_rows(data)


@repeatable
@given(st.lists(tokens, max_size=60).map("".join), names, small)
def test_any_text_of_table_parts_gives_series_or_problems(text: str, name: str, limit: int) -> None:
    data = text.encode("utf-8", "surrogatepass")
    with patch.object(csv_table, "SMALL", limit):
        for metric in read_metrics(data, name, name, Budget()).metrics:
            assert len(metric) > 0
    head_rows(data)


config = st.recursive(
    st.integers()
    | st.none()
    | st.lists(st.sampled_from(["${", "}", ".", "a", "b", "[0]", ":", "\\", "x"])).map("".join),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abx"), inner, max_size=3),
    max_leaves=12,
)


@repeatable
@given(st.dictionaries(st.sampled_from("abx"), config, max_size=3))
def test_any_config_has_its_references_followed_or_left(tree: dict[str, Json]) -> None:
    for value in resolved(tree).values():
        assert not (isinstance(value, float) and math.isnan(value))
