"""A user has the runs of several tools, is told which names are one metric, says so, and takes it back."""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.analysis.render import as_markdown
from runfolio.api import Workspace
from runfolio.errors import FilterSyntax, UsageError
from runfolio.model.alignment import AlignedName, Strength
from runfolio.model.promotion import Gate
from runfolio.model.query import FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey
from runfolio.model.stage import Stage
from support.command import answer, call

CORPUS = Path(__file__).parents[1] / "corpus"
KERAS = CORPUS / "keras/runs"
LIGHTNING = CORPUS / "lightning/runs"
PERCENTS = {"teal-owl": [61.5, 80.25], "grey-owl": [55.0, 78.5]}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of Keras (val_accuracy), of Lightning (val/acc), and of a script that writes percent (Val Acc); indexed."""
    home = tmp_path_factory.mktemp("mixed")
    shutil.copytree(KERAS, home / "runs/keras")
    shutil.copytree(LIGHTNING, home / "runs/lightning")
    for name, values in PERCENTS.items():
        folder = home / "runs/script" / name
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps({"lr": 0.1}))
        rows = [json.dumps({"step": n, "Val Acc": value}) for n, value in enumerate(values)]
        (folder / "metrics.jsonl").write_text("\n".join(rows) + "\n")
    with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
        workspace.index([home / "runs"])
    return home


@pytest.fixture
def home(base: Path, tmp_path: Path) -> Path:
    """An index of those runs, and no decision yet."""
    shutil.copy(base / "index.duckdb", tmp_path / "index.duckdb")
    return tmp_path


@pytest.fixture
def ws(home: Path) -> Iterator[Workspace]:
    with Workspace.open(home / "index.duckdb", home / "ledger", actor="kim") as workspace:
        yield workspace


def table(ws: Workspace) -> list[tuple[str, str]]:
    """All that a table of the metrics could show."""
    keys = ws.run_keys()
    metrics = [info.field for info in ws.fields() if info.field.kind is FieldKind.METRIC]
    # As text, since NaN is not even equal to itself.
    return [(field.name, repr(ws.column(field, keys).values)) for field in sorted(metrics, key=lambda f: f.name)]


def run_of(ws: Workspace, where: str) -> RunKey:
    return ws.run_keys(RunQuery(where))[0]


def test_names_of_several_tools_are_suggested_confirmed_used_and_taken_back(ws: Workspace) -> None:
    before = table(ws)
    found = next(s for s in ws.suggest_alignments() if "Val Acc" in {n.name for n in s.names})
    assert found.strength is Strength.SURE
    percent = next(n for n in found.names if n.name == "Val Acc")
    assert (percent.scale, percent.strength) == (0.01, Strength.LIKELY)
    assert "values go up to 80.2" in percent.reason
    told = ws.preview_alignment(found.target, found.parts)
    entry = ws.align(found.target, found.parts, reason="one metric")
    runs = ws.find_runs(f'metric."{found.target}" is not null')
    assert len(runs) == told.runs
    assert {run.format for run in runs} >= {"keras", "lightning", "generic"}
    # The percent of the script, as a fraction, in the filter, the table and the chart.
    owls = ws.find_runs(f'metric."{found.target}" <= 0.81 and name ~ owl', sort=f'-metric."{found.target}"')
    assert [run.name for run in owls] == ["teal-owl", "grey-owl"]
    (facts,) = [m for m in owls[0].metrics if m.name == found.target]
    assert facts.shown == pytest.approx(0.8025)
    assert facts.origin_words == "Val Acc × 0.01"
    curve = ws.series(owls[1].key, found.target)
    assert curve.value.tolist() == pytest.approx([0.55, 0.785])
    # The names themselves stay.
    assert ws.series(owls[1].key, "Val Acc").value.tolist() == PERCENTS["grey-owl"]
    assert {name for name, _ in table(ws)} == {name for name, _ in before}
    assert found.target not in {s.target for s in ws.suggest_alignments() if not s.extends}
    ws.undo(entry.number)
    assert table(ws) == before


def test_a_keras_curve_under_its_aligned_name_is_that_of_its_log(ws: Workspace) -> None:
    ws.align("quality", [AlignedName("val_accuracy")])
    runs = [r for r in ws.find_runs("quality is not null") if r.format == "keras"]
    assert runs
    for run in runs:
        (facts,) = [m for m in run.metrics if m.name == "quality"]
        file = Path(run.source_path) / facts.source
        with file.open(newline="") as lines:
            cells = [row["val_accuracy"] for row in csv.DictReader(lines, delimiter=_mark(file))]
        curve = ws.series(run.key, "quality").value.tolist()
        assert [v for v in curve if not math.isnan(v)] == [float(cell) for cell in cells if cell != "NA"]


def _mark(file: Path) -> str:
    head = file.read_text().split("\n", 1)[0]
    return next(mark for mark in ",;\t" if mark in head)


def test_the_choice_outlives_the_index_and_reaches_every_other(ws: Workspace, home: Path, base: Path) -> None:
    ws.align("quality", [AlignedName("Val Acc", 0.01)])
    with Workspace.open(home / "another.duckdb", home / "ledger") as other:
        other.index([base / "runs"])
        assert len(other.find_runs("quality <= 0.81")) == 2
        assert [(a.alignment.target, a.runs) for a in other.alignments()] == [("quality", 2)]
        # What is decided there is seen here at the next look at the ledger, and the other way round when opened.
        other.align("quality", [AlignedName("Val Acc", 0.1)])
    ws.history()
    assert len(ws.find_runs("quality > 7")) == 2
    ws.close()
    with Workspace.open(home / "another.duckdb", home / "ledger") as other:
        other.unalign("quality")
    with Workspace.open(home / "index.duckdb", home / "ledger") as again, pytest.raises(FilterSyntax):
        again.run_keys(RunQuery("quality > 7"))


def test_what_is_aligned_survives_reading_and_linking_again(ws: Workspace, base: Path, tmp_path: Path) -> None:
    ws.align("quality", [AlignedName("Val Acc", 0.01)])
    shutil.copytree(base / "runs/script/teal-owl", tmp_path / "more/wise-owl")
    path = tmp_path / "more/wise-owl/metrics.jsonl"
    path.write_text(path.read_text().replace("61.5", "10.0"))
    ws.index([tmp_path / "more"])
    assert len(ws.find_runs("quality <= 0.81")) == 3


def test_gates_comparisons_and_default_columns_use_the_aligned_name(ws: Workspace, tmp_path: Path) -> None:
    target = "val_accuracy"
    ws.align(target, [AlignedName("Val Acc", 0.01), AlignedName("val/acc")])
    owl, other = run_of(ws, "name = teal-owl"), run_of(ws, "format = keras and val_accuracy is not null")
    gate = Gate("good", "metric", metric=target, operator=">=", threshold=0.8, aggregate="last")
    (result,) = ws.check_gates(owl, Stage.STAGING, [gate])
    assert (result.outcome.value, result.observed) == ("pass", "0.8025")
    assert result.evidence.endswith("there called Val Acc × 0.01")
    diff = ws.diff([owl, other])
    rows = {row.key: row for section in diff.sections for row in section.rows}
    assert rows[target].cells[0].origin == "Val Acc × 0.01"
    assert rows[target].cells[1].origin == ""
    assert "Val Acc" not in rows, "each series is compared once"
    assert "0.8025 (from Val Acc × 0.01)" in as_markdown(diff)
    report = ws.export_report([owl, other], tmp_path / "report.html").read_text(encoding="utf-8")
    assert "from Val Acc × 0.01" in report
    shown = {f.name for f in ws.default_columns() if f.kind is FieldKind.METRIC}
    assert not shown & {"Val Acc", "val/acc"}
    assert ws.field_named("val_accuracy.max") == FieldRef(
        FieldKind.METRIC, target, ws.field_named("val/acc.max").aggregate
    )


def test_names_kept_apart_are_not_suggested_together(ws: Workspace) -> None:
    found = next(s for s in ws.suggest_alignments() if "Val Acc" in {n.name for n in s.names})
    names = (found.target, *(n.name for n in found.names))
    entry = ws.keep_apart(names)
    again = [{s.target, *(n.name for n in s.names)} for s in ws.suggest_alignments()]
    assert not any(len(group & set(names)) > 1 for group in again)
    assert [d.names for d in ws.kept_apart()] == [tuple(sorted(names))]
    ws.undo(entry.number)
    assert found in ws.suggest_alignments()


def test_a_rename_and_an_end_are_decisions_too(ws: Workspace) -> None:
    ws.align("quality", [AlignedName("Val Acc", 0.01)])
    ws.align("how good", [AlignedName("Val Acc", 0.01)], instead_of="quality")
    assert [a.alignment.target for a in ws.alignments()] == ["how good"]
    with pytest.raises(UsageError):
        ws.align("again", [AlignedName("Val Acc")])
    ws.unalign("how good")
    assert ws.alignments() == ()
    with pytest.raises(UsageError):
        ws.unalign("how good")
    assert [e.action for e in ws.history()] == ["align", "align", "align"]


def test_the_command_line_does_the_same(home: Path) -> None:
    store = ("--index", home / "index.duckdb", "--ledger", home / "ledger")
    assert "No names are aligned" in call("align", *store).stderr
    shown = call("align", "suggest", *store).stdout
    assert "percent against fractions: values go up to 80.2" in shown
    (line,) = [row for row in shown.splitlines() if "Val Acc*0.01" in row]
    assert line.startswith("  runfolio align set -- ")
    found = next(s for s in answer("align", "suggest", *store) if "Val Acc" in {n["name"] for n in s["names"]})
    assert found["strength"] == "sure"
    call("align", "set", "quality", "Val Acc*0.01", "--reason", "percent", *store)
    (facts,) = answer("align", "list", *store)
    assert (facts["target"], facts["runs"], facts["names"][0]["shown"]) == ("quality", 2, 2)
    assert "Val Acc × 0.01" in call("align", *store).stdout
    # Options may stand before the verb as well.
    assert len(answer("align", *store, "list")) == 1
    rows = answer("runs", "--where", "quality > 0.79", "--columns", "name,quality", *store)
    assert [(row["name"], row["quality"]) for row in rows] == [("teal-owl", pytest.approx(0.8025))]
    said = call("runs", "--where", "quality > 0.79", "--columns", "name,quality", *store).stderr
    assert said == "quality: 1 of the values come from Val Acc × 0.01.\n"
    call("export", "chart", home / "curve.csv", "--metric", "quality", "--run", "grey-owl", *store)
    with (home / "curve.csv").open(newline="") as lines:
        assert [float(row["value"]) for row in csv.DictReader(lines)] == pytest.approx([0.55, 0.785])
    call("align", "set", "--add", "quality", "val/acc", *store)
    assert [n["name"] for n in answer("align", *store)[0]["names"]] == ["Val Acc", "val/acc"]
    call("align", "set", "good", "Val Acc*0.01", "--instead-of", "quality", *store)
    assert "is no number" in call("align", "set", "x", "Val Acc*lots", *store, code=2).stderr
    assert "No run has a metric" in call("align", "set", "x", "nothing", *store, code=2).stderr
    call("align", "remove", "good", *store)
    call("align", "dismiss", "Val Acc", "val/acc", *store)
    call("undo", *store)
    assert len(answer("align", *store)) == 0
    call("undo", *store)
    assert answer("align", *store)[0]["target"] == "good"
