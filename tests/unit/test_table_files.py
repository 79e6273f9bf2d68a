"""Tables of runs as CSV, Parquet, Excel and text, read again by others."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import re
import statistics
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from scipy import stats

from runfolio.api import CancelToken, Workspace
from runfolio.errors import Cancelled, UsageError
from runfolio.export.copied import WRITERS
from runfolio.export.sheet import Block, SheetColumn, told_apart
from runfolio.export.table_files import table_writer
from runfolio.model.answers import CellKind, Column
from runfolio.model.grouping import GroupBy
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery, SortKey
from runfolio.model.run import RunKey
from support.room import room
from support.sweep import NAMES, STEPS, write_sweep

BIG = 2**53 + 1
NASTY = '=HYPERLINK("http://example.org")'
NAME = FieldRef(FieldKind.BUILTIN, "name")


def field(kind: FieldKind, name: str, title: str = "", aggregate: Aggregate = Aggregate.LAST) -> SheetColumn:
    return SheetColumn(FieldRef(kind, name, aggregate), title or name)


COLUMNS = (
    field(FieldKind.BUILTIN, "name", "Run"),
    field(FieldKind.BUILTIN, "tag", "Tags"),
    field(FieldKind.PARAM, "lr"),
    field(FieldKind.PARAM, "seed"),
    field(FieldKind.PARAM, "big"),
    field(FieldKind.PARAM, "text"),
    field(FieldKind.METRIC, "loss", "loss · last"),
    field(FieldKind.METRIC, "val/acc", "val/acc · best", Aggregate.BEST),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    home = tmp_path_factory.mktemp("tables")
    root = write_sweep(home / "runs")
    for name, text in ((NAMES[0], f'"{NASTY[:1]}1+1"'), (NAMES[1], json.dumps(NASTY))):
        file = root / "sweep" / name / "params.json"
        file.write_text(file.read_text()[:-1] + f', "big": {BIG}, "text": {text}}}', encoding="utf-8")
    with Workspace.open(home / "index.duckdb", home / "ledger") as opened:
        opened.index([root])
        opened.tag([opened.resolve_run(NAMES[0])], add=["a & b", "50 %"])
        yield opened


def by_name(workspace: Workspace, where: str = "") -> tuple[RunKey, ...]:
    return workspace.run_keys(RunQuery(where, (SortKey(NAME),)))


def accuracy(number: int) -> float:
    return round(0.51 + 0.01 * (STEPS - 1) + 0.02 * number, 6)


def test_parquet_has_the_types_and_the_exact_numbers(workspace: Workspace, tmp_path: Path) -> None:
    report = workspace.export_table(by_name(workspace), COLUMNS, tmp_path / "runs.parquet")
    assert (report.runs, report.columns) == (6, 8)
    table = pq.read_table(tmp_path / "runs.parquet")
    assert table.column_names == [column.title for column in COLUMNS]
    kinds = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert kinds["lr"] == kinds["loss · last"] == kinds["val/acc · best"] == "double"
    assert kinds["seed"] == kinds["big"] == "int64"
    assert "string" in kinds["Run"]
    assert "list" in kinds["Tags"]
    rows = table.to_pylist()
    assert [row["Run"] for row in rows] == [*NAMES]
    assert [row["lr"] for row in rows] == [10.0**-n for n in range(6)]
    assert [row["seed"] for row in rows] == [*range(6)]
    assert [row["big"] for row in rows] == [BIG, BIG, None, None, None, None]
    assert rows[0]["Tags"] == ["a & b", "50 %"]
    assert rows[1]["text"] == NASTY
    assert [row["val/acc · best"] for row in rows] == [accuracy(n) for n in range(6)]
    assert math.isnan(rows[5]["loss · last"])


def test_a_param_that_is_a_text_in_some_runs_is_written_as_its_files_wrote_it(tmp_path: Path) -> None:
    def block(*values: tuple[float | str | None, str | None]) -> Block:
        lr = FieldRef(FieldKind.PARAM, "lr")
        return Block(
            len(values),
            (
                Column(lr, CellKind.NUMBER, tuple(v for v, _ in values), tuple(t for _, t in values)),
                Column(FieldRef(FieldKind.PARAM, "k"), CellKind.NUMBER, (1.0,) * len(values), ("+1",) * len(values)),
            ),
        )

    # The text may come after blocks of numbers alone, before, and in between.
    blocks = (
        block((0.1, "1e-1"), (0.01, "0.010"), (None, None)),
        block((5.0, "5")),
        block(("fast", "fast"), (1.0, "1.")),
        block((1e-5, "1e-05")),
    )
    for suffix in ("parquet", "csv"):
        with table_writer(tmp_path / f"x.{suffix}", ("lr", "k"), 7) as writer:
            for part in blocks:
                writer.write(part)
    written = ["1e-1", "0.010", None, "5", "fast", "1.", "1e-05"]
    table = pq.read_table(tmp_path / "x.parquet")
    assert table["lr"].to_pylist() == written
    assert table["k"].to_pylist() == [1] * 7, "what is a number everywhere is one"
    with (tmp_path / "x.csv").open(newline="") as file:
        assert [row[0] or None for row in [*csv.reader(file)][1:]] == written


def test_csv_has_what_is_shown_in_its_order(workspace: Workspace, tmp_path: Path) -> None:
    workspace.export_table(by_name(workspace)[::-1], COLUMNS, tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == [column.title for column in COLUMNS]
    assert [row[0] for row in rows] == [*reversed(NAMES)]
    assert rows[-1] == [NAMES[0], "a & b, 50 %", "1.0", "0", str(BIG), "'=1+1", repr(1 / STEPS), repr(accuracy(0))]
    assert [row[3] for row in rows] == ["5", "4", "3", "2", "1", "0"]


def cells(path: Path) -> tuple[list[dict[str, tuple[str, str]]], str]:
    """Rows of a workbook's first sheet as (type, text) by column letter, read without a library; and the raw XML."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as file:
        raw = file.read("xl/worksheets/sheet1.xml").decode()
    rows: list[dict[str, tuple[str, str]]] = []
    for row in ET.fromstring(raw).iterfind(".//m:row", space):
        found: dict[str, tuple[str, str]] = {}
        for cell in row.iterfind("m:c", space):
            letter = re.sub(r"\d", "", cell.attrib["r"])
            node = cell.find("m:v", space)
            text = "".join(cell.itertext()) if node is None else node.text or ""
            found[letter] = (cell.attrib.get("t", "n"), text)
        rows.append(found)
    return rows, raw


def test_excel_has_numbers_as_numbers_and_runs_nothing(workspace: Workspace, tmp_path: Path) -> None:
    started = field(FieldKind.BUILTIN, "started", "Started")
    workspace.export_table(by_name(workspace), (*COLUMNS, started), tmp_path / "runs.xlsx")
    rows, raw = cells(tmp_path / "runs.xlsx")
    assert [text for _, text in rows[0].values()][:3] == ["Run", "Tags", "lr"]
    assert [row["A"] for row in rows[1:]] == [("inlineStr", name) for name in NAMES]
    assert [(row["C"][0], float(row["C"][1])) for row in rows[1:]] == [("n", 10.0**-n) for n in range(6)]
    # A spreadsheet has float64 only: a longer number stays exact as a text, and NaN is a word.
    assert rows[1]["E"] == ("inlineStr", str(BIG))
    assert rows[6]["G"] == ("inlineStr", "nan")
    assert rows[2]["F"] == ("inlineStr", NASTY)
    assert "<f>" not in raw
    assert "hyperlink" not in raw
    assert 'state="frozen"' in raw


def test_groups_stand_together_with_what_they_are_grouped_by(workspace: Workspace, tmp_path: Path) -> None:
    by = GroupBy((FieldRef(FieldKind.PARAM, "optimizer"),), replicates=True)
    workspace.export_table(by_name(workspace), COLUMNS[:1], tmp_path / "runs.csv", group=by)
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["Replicate group", "optimizer", "Run"]
    assert [row[1] for row in rows] == ["adam"] * 3 + ["sgd"] * 3
    assert sorted(row[2] for row in rows) == [*NAMES]
    assert {int(row[0]) for row in rows} == set(range(1, 7)), "every run has a learning rate of its own"


def test_everything_has_every_field_once(workspace: Workspace, tmp_path: Path) -> None:
    columns = told_apart([SheetColumn(f, f.name) for f in workspace.all_columns()])
    workspace.export_table(by_name(workspace), columns, tmp_path / "all.parquet")
    names = pq.read_schema(tmp_path / "all.parquet").names
    assert len(names) == len(set(names)) == len(columns)
    assert {"lr", "seed", "optimizer", "depth", "note", "key"} <= set(names)


def test_an_empty_table_is_a_table(workspace: Workspace, tmp_path: Path) -> None:
    for suffix in ("csv", "parquet", "xlsx"):
        workspace.export_table((), COLUMNS, tmp_path / f"none.{suffix}")
    assert (tmp_path / "none.csv").read_text(encoding="utf-8").count("\n") == 1
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
    assert len(cells(tmp_path / "none.xlsx")[0]) == 1


def test_what_was_cancelled_or_cannot_be_written_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    for suffix in ("csv", "parquet", "xlsx"):
        with pytest.raises(Cancelled):
            workspace.export_table(by_name(workspace), COLUMNS, tmp_path / f"runs.{suffix}", cancel=token)
    with pytest.raises(UsageError, match=r"not written as \.doc"):
        workspace.export_table(by_name(workspace), COLUMNS, tmp_path / "runs.doc")
    with pytest.raises(UsageError, match="only read"):
        workspace.export_table(by_name(workspace), COLUMNS, Path(workspace.sources()[0].path) / "runs.csv")
    assert [*tmp_path.iterdir()] == []


def copied(workspace: Workspace, form: str) -> str:
    block = workspace.sheet(by_name(workspace), COLUMNS)
    return WRITERS[form][1]([column.title for column in COLUMNS], block)


def test_json_and_python_give_the_same_values(workspace: Workspace) -> None:
    rows = json.loads(copied(workspace, "json"))
    assert [row["seed"] for row in rows] == [*range(6)]
    assert rows[0]["big"] == BIG
    assert rows[5]["loss · last"] == "NaN"
    space: dict[str, dict[str, list[object]]] = {}
    exec(copied(workspace, "python"), {}, space)  # what was written is read as its reader does
    runs = space["runs"]
    assert runs["Run"] == [*NAMES]
    assert runs["lr"] == [row["lr"] for row in rows]
    assert runs["Tags"][0] == ["a & b", "50 %"]
    assert math.isnan(float(str(runs["loss · last"][5])))


def test_truth_values_and_null_of_params_are_copied_as_what_they_are(tmp_path: Path) -> None:
    for number, params in enumerate(({"amp": True, "warm": None, "k": 1}, {"amp": "False", "warm": 2, "k": "true"})):
        folder = tmp_path / "runs" / f"run-{number}"
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps(params), encoding="utf-8")
        (folder / "metrics.csv").write_text(f"step,loss\n1,{number}\n2,3\n", encoding="utf-8")
    columns = tuple(field(FieldKind.PARAM, name) for name in ("amp", "warm", "k"))
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as made:
        made.index([tmp_path / "runs"])
        block = made.sheet(by_name(made), columns)
    titles = [column.title for column in columns]
    assert json.loads(WRITERS["json"][1](titles, block)) == [
        {"amp": True, "warm": None, "k": 1}, {"amp": False, "warm": 2, "k": True},
    ]  # fmt: skip
    space: dict[str, object] = {}
    exec(WRITERS["python"][1](titles, block), {}, space)  # what was written is read as its reader does
    assert space["runs"] == {"amp": [True, False], "warm": [None, 2], "k": [1, True]}
    # As text they are as their files wrote them.
    assert WRITERS["tsv"][1](titles, block).splitlines()[1:] == ["true\tnull\t1", "False\t2\ttrue"]


def test_latex_is_escaped_and_has_rules(workspace: Workspace) -> None:
    lines = copied(workspace, "latex").splitlines()
    assert lines[1:3] == ["\\begin{tabular}{llrrrlrr}", "\\toprule"]
    assert "a \\& b, 50 \\%" in lines[5]
    assert lines[-2:] == ["\\bottomrule", "\\end{tabular}"]
    # After the end of a row, a bracket or a star would be taken for its argument.
    odd = Block(2, (Column(NAME, CellKind.TEXT, ("[1, 2]", "*best")),))
    assert WRITERS["latex"][1](["[x]"], odd).splitlines()[3:7] == [
        "{[}x] \\\\", "\\midrule", "{[}1, 2] \\\\", "{*}best \\\\",
    ]  # fmt: skip
    assert copied(workspace, "tsv").splitlines()[1].startswith(f"{NAMES[0]}\ta & b, 50 %\t1.0\t0\t{BIG}")


def test_an_instant_is_a_date_everywhere(tmp_path: Path) -> None:
    from runfolio.model.run import Recording
    from support.indexing import NOON, SECOND, Shelf

    shelf = Shelf(tmp_path)
    shelf.put(Recording("generic", "a", "a", name="heron", started_us=NOON + SECOND // 4))
    shelf.close()
    column = (field(FieldKind.BUILTIN, "started", "Started"),)
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as workspace:
        for suffix in ("parquet", "xlsx"):
            workspace.export_table(workspace.run_keys(), column, tmp_path / f"runs.{suffix}")
    (moment,) = pq.read_table(tmp_path / "runs.parquet")["Started"].to_pylist()
    assert moment == dt.datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
    (_, days) = cells(tmp_path / "runs.xlsx")[0][1]["A"]
    assert float(days) == pytest.approx((moment.replace(tzinfo=None) - dt.datetime(1899, 12, 30)) / dt.timedelta(1))


def test_groups_are_a_table_of_their_figures(workspace: Workspace, tmp_path: Path) -> None:
    optimizer, seed = (FieldRef(FieldKind.PARAM, name) for name in ("optimizer", "seed"))
    loss = SheetColumn(FieldRef(FieldKind.METRIC, "loss"), "loss")
    by = GroupBy((optimizer,))
    report = workspace.export_groups(by_name(workspace), by, [SheetColumn(seed, "seed"), loss], tmp_path / "g.parquet")
    assert (report.runs, report.columns) == (2, 10)
    adam, sgd = pq.read_table(tmp_path / "g.parquet").to_pylist()
    assert (adam["optimizer"], adam["runs"], adam["loss n"], adam["seed"]) == ("adam", 3, 2, "3 values")
    # Of adam's three runs the last one ends at NaN.
    values = [1 / STEPS + number / 100 for number in (1, 3)]
    theirs = stats.t.interval(0.95, 1, statistics.mean(values), statistics.stdev(values) / math.sqrt(2))
    assert (adam["loss 95 % low"], adam["loss 95 % high"]) == pytest.approx(theirs)
    assert (sgd["loss std"], sgd["loss best"], sgd["loss worst"]) == pytest.approx((0.02, 1 / STEPS, 1 / STEPS + 0.04))
    titles, inner = workspace.group_sheet(by_name(workspace), GroupBy((optimizer, seed)), [loss], short=True)
    assert titles == ("optimizer", "seed", "runs", "loss (mean ± 95 % CI)")
    assert [row[:3] for row in zip(*inner.texts, strict=True)][:2] == [("adam", "", "3"), ("adam", "1", "1")]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on the size of files")
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_full_disk_is_told_and_the_file_that_was_there_stays(
    workspace: Workspace, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"table{suffix}"
    path.write_text("the one of yesterday")
    with room(64), pytest.raises(UsageError, match="The file cannot be written: File too large") as caught:
        workspace.export_table(workspace.run_keys(), COLUMNS, path)
    assert caught.value.where == str(path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "the one of yesterday"


def test_a_workbook_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    place = tmp_path / "out" / "table.xlsx"
    with pytest.raises(UsageError, match="The file cannot be written: No such file"), table_writer(place, ["Run"], 0):
        place.parent.rmdir()
