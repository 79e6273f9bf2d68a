"""A figure leaves, is opened by other programs, and comes back from its own file byte for byte."""

from __future__ import annotations

import csv
import io
import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pypdfium2 as pdfium
import pytest
from matplotlib.image import imread

from runfolio.api import CancelToken, Workspace
from runfolio.errors import Cancelled, UsageError
from runfolio.export.figure import draw
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe
from runfolio.locate import resources
from runfolio.model.answers import Progress
from runfolio.model.metrics import Floats, series
from runfolio.model.query import RunQuery
from runfolio.model.run import RunKey
from support.command import answer, call

RUNS = resources() / "samples" / "runs"
FIGURE = ("--where", "name in (olive-newt, keen-raven)", "--metric", "val/acc", "--metric", "val/loss")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def index() -> None:
    answer("index", RUNS)


def test_each_format_is_drawn_again_from_itself(index: None, tmp_path: Path) -> None:
    options = (*FIGURE, "--smoothing", "0.6", "--markers", "--unit", "%", "--width", "120", "--title", "Two runs")
    for suffix in ("png", "svg", "pdf", "html", "csv", "parquet"):
        first, again = tmp_path / f"first.{suffix}", tmp_path / f"again.{suffix}"
        call("export", "chart", first, *options)
        call("render", first, again)
        assert first.read_bytes() == again.read_bytes(), suffix
    # From one format to another, and from the bare recipe.
    call("render", tmp_path / "first.png", tmp_path / "from.svg")
    call("render", tmp_path / "first.recipe.json", tmp_path / "bare.svg")
    assert (tmp_path / "from.svg").read_bytes() == (tmp_path / "first.svg").read_bytes()
    assert (tmp_path / "bare.svg").read_bytes() == (tmp_path / "first.svg").read_bytes()
    recipe = json.loads((tmp_path / "first.recipe.json").read_text())
    assert recipe["query"] == FIGURE[1]
    assert recipe["version"]
    assert {run["name"] for run in recipe["runs"]} == {"olive-newt", "keen-raven"}


def test_a_run_has_the_colour_that_it_was_given(index: None, tmp_path: Path) -> None:
    call("mark", "keen-raven", "--color", "3")
    call("export", "chart", tmp_path / "a.csv", *FIGURE)
    recipe = json.loads((tmp_path / "a.recipe.json").read_text())
    # The other one keeps the colour of its place; the report draws the same.
    colors = {run["name"]: run["color"] for run in recipe["runs"]}
    assert colors["keen-raven"] == 2
    assert colors["olive-newt"] in (0, 1)


def test_groups_and_every_other_setting_are_drawn_again_from_the_figure(index: None, tmp_path: Path) -> None:
    options = ("--where", "val/acc > 0", "--metric", "val/loss", "--limit", "8", "--groups", "replicates",
               "--centre", "median", "--spread", "range", "--y", "log", "--smoother", "median", "--smoothing", "0.2",
               "--clip")  # fmt: skip
    for suffix in ("svg", "parquet"):
        call("export", "chart", tmp_path / f"first.{suffix}", *options, "--points", "drawn")
        call("render", tmp_path / f"first.{suffix}", tmp_path / f"again.{suffix}", "--points", "drawn")
        assert (tmp_path / f"first.{suffix}").read_bytes() == (tmp_path / f"again.{suffix}").read_bytes(), suffix
    call("export", "chart", tmp_path / "x.csv", *options)
    (panel,) = json.loads((tmp_path / "x.recipe.json").read_text())["panels"]
    members = [key for group in panel["groups"] for key in group["runs"]]
    assert 0 < len(members) == len(set(members)) <= 8
    apart = ("--metric", "val/acc", "--metric", "val/loss", "--together", "--x-metric", "train/loss", "--limit", "2")
    call("export", "chart", tmp_path / "both.svg", *apart)
    call("render", tmp_path / "both.svg", tmp_path / "both-again.svg")
    assert (tmp_path / "both.svg").read_bytes() == (tmp_path / "both-again.svg").read_bytes()
    assert b"<!-- val/acc, val/loss -->" in (tmp_path / "both.svg").read_bytes()


def test_a_figure_knows_which_points_it_holds_and_says_when_a_run_has_changed(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for name, metric in (("a-probe", "noise"), ("calm-ibis", "loss"), ("brisk-otter", "loss")):
        (runs / name).mkdir(parents=True)
        (runs / name / "params.json").write_text(json.dumps({"name": name}))
        lines = (json.dumps({"step": step, metric: 1 / (step + len(name))}) for step in range(5000))
        (runs / name / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    answer("index", runs)
    # The first two that have the metric, not the first two of the library.
    call("export", "chart", tmp_path / "first.parquet", "--metric", "loss", "--points", "drawn", "--limit", "2")
    assert set(pq.read_table(tmp_path / "first.parquet")["run"].to_pylist()) == {"calm-ibis", "brisk-otter"}
    told = answer("render", tmp_path / "first.parquet", tmp_path / "again.parquet", "--json")
    assert told["changed"] == []
    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()
    with (runs / "calm-ibis" / "metrics.jsonl").open("a") as log:
        log.write(json.dumps({"step": 5000, "loss": 2.0}) + "\n")
    answer("index", runs)
    told = answer("render", tmp_path / "first.parquet", tmp_path / "other.svg", "--json")
    assert told["changed"] == ["calm-ibis"]


def test_an_export_tells_how_far_it_is_and_leaves_no_file_when_it_is_stopped(index: None, tmp_path: Path) -> None:
    told: list[Progress] = []
    token = CancelToken()

    def stop(step: Progress) -> None:
        told.append(step)
        if len(told) == 3:
            token.cancel()

    with Workspace.open() as workspace:
        keys = workspace.run_keys(RunQuery("name in (olive-newt, keen-raven)"))
        runs = tuple(RunStyleRecipe(key, key, place) for place, key in enumerate(keys))
        recipe = ChartRecipe(runs, (PanelRecipe("val/acc"), PanelRecipe("val/loss")))
        with pytest.raises(Cancelled):
            workspace.export_chart(recipe, tmp_path / "stopped.svg", on_progress=stop, cancel=token)
        assert not [*tmp_path.iterdir()]
        assert [(step.done, step.total) for step in told] == [(1, 4), (2, 4), (3, 4)]
        workspace.export_chart(recipe, tmp_path / "whole.svg", on_progress=told.append)
        assert (told[-1].done, told[-1].total) == (4, 4)
        told.clear()
        token = CancelToken()
        with pytest.raises(Cancelled):
            workspace.export_report(keys, tmp_path / "stopped.html", on_progress=stop, cancel=token)
        workspace.export_report(keys, tmp_path / "whole.html", on_progress=told.append)
        assert told[-1].done == told[-1].total
        assert {path.name for path in tmp_path.iterdir()} == {"whole.svg", "whole.html"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metric", 5),
        ("metric", ["loss"]),
        ("groups_by", "x:y:z"),
        ("derived", 7),
    ],
)
def test_a_recipe_that_names_nonsense_is_refused_in_words(key: str, value: object) -> None:
    tree = json.loads(ChartRecipe((RunStyleRecipe("k", "calm-ibis", 0),), (PanelRecipe("loss"),)).to_json())
    tree["panels"][0][key] = value
    with pytest.raises(UsageError):
        ChartRecipe.from_json(json.dumps(tree))


def test_a_figure_too_large_for_memory_is_refused_and_huge_ends_of_an_axis_are_drawn() -> None:
    run = RunStyleRecipe("k", "calm-ibis", 0)
    found = {"loss": {RunKey("k"): series("loss", [0, 1, 2], [1.0, 2.0, 3.0])}}
    with pytest.raises(UsageError, match="million pixels"):
        draw(ChartRecipe((run,), (PanelRecipe("loss"),), width_mm=2000, height_mm=2000, dpi=1200), found, "png")
    with pytest.raises(UsageError, match="once"):
        ChartRecipe.from_json(ChartRecipe((run, run), (PanelRecipe("loss"),)).to_json())
    wide = ChartRecipe((run,), (PanelRecipe("loss", x_range=(-1e308, 1e308)),), width_mm=40)
    assert draw(wide, found, "svg").startswith(b"<?xml")


def test_a_pdf_has_its_size_in_millimetres_and_looks_like_the_png(index: None, tmp_path: Path) -> None:
    """Rendered by PDFium, which shares no code with what wrote the file."""
    sizes = ("--width", "100", "--height", "60", "--dpi", "254")
    call("export", "chart", tmp_path / "chart.pdf", *FIGURE, *sizes)
    call("export", "chart", tmp_path / "chart.png", *FIGURE, *sizes)
    page = pdfium.PdfDocument(tmp_path / "chart.pdf")[0]
    assert [side / 72 * 25.4 for side in page.get_size()] == pytest.approx([100, 60], abs=0.01)
    pdf = page.render(scale=254 / 72).to_numpy()[..., :3][..., ::-1] / 255
    png = imread(tmp_path / "chart.png")[..., :3]
    assert png.shape[:2] == (600, 1000)
    ink_pdf, ink_png = blocks(pdf), blocks(png)
    assert np.corrcoef(ink_pdf.ravel(), ink_png.ravel())[0, 1] > 0.95
    text = page.get_textpage().get_text_bounded()
    assert "olive-newt" in text, "fonts are embedded with their letters"
    assert "val/acc" in text


def blocks(image: Floats, side: int = 10) -> Floats:
    """How dark each block of pixels is."""
    grey = 1 - image.mean(axis=2)
    rows, columns = grey.shape[0] // side, grey.shape[1] // side
    found: Floats = grey[: rows * side, : columns * side].reshape(rows, side, columns, side).mean(axis=(1, 3))
    return found


def test_points_as_csv_and_parquet_are_those_that_lie_in_the_folder(index: None, tmp_path: Path) -> None:
    call("export", "chart", tmp_path / "points.csv", *FIGURE)
    call("export", "chart", tmp_path / "points.parquet", *FIGURE)
    rows = [*csv.DictReader(io.StringIO((tmp_path / "points.csv").read_text()))]
    table = pq.read_table(tmp_path / "points.parquet")
    assert str(table.schema.field("wall_time").type) == "timestamp[us, tz=UTC]"
    records = table.to_pylist()
    assert len(records) == len(rows) == 2 * 2 * 60
    for row, record in zip(rows, records, strict=True):
        assert (row["run"], row["key"], row["metric"]) == (record["run"], record["key"], record["metric"])
        assert (int(row["step"]), float(row["value"])) == (record["step"], record["value"])
    # MLflow's files of the run, as they lie: "time value step".
    (folder,) = (p.parent for p in RUNS.rglob("tags/mlflow.runName") if p.read_text() == "olive-newt")
    lines = [line.split() for line in (folder.parent / "metrics" / "val" / "acc").read_text().splitlines()]
    held = [(r["step"], r["value"]) for r in records if (r["run"], r["metric"]) == ("olive-newt", "val/acc")]
    assert held == [(int(step), float(value)) for _, value, step in lines]


def test_what_is_drawn_is_what_the_svg_draws(index: None, tmp_path: Path) -> None:
    """The corners in the file of what is drawn lie on the line of the SVG, after one linear map for each axis."""
    one = ("--run", "olive-newt", "--metric", "val/acc")
    call("export", "chart", tmp_path / "drawn.csv", *one, "--points", "drawn")
    call("export", "chart", tmp_path / "chart.svg", *one)
    rows = [*csv.DictReader(io.StringIO((tmp_path / "drawn.csv").read_text()))]
    assert {row["curve"] for row in rows} == {"line"}
    x, y = np.array([[float(row["x"]), float(row["y"])] for row in rows]).T
    line = max(polylines(tmp_path / "chart.svg"), key=len)
    assert len(line) == len(x) == 60
    for own, drawn in ((x, line[:, 0]), (y, line[:, 1])):
        slope, offset = np.polyfit(own, drawn, 1)
        np.testing.assert_allclose(slope * own + offset, drawn, atol=0.01)


def polylines(path: Path) -> list[Floats]:
    """The corners of each clipped path of an SVG, by an XML parser and the path syntax of SVG 1.1, 8.3 (M and L)."""
    found = []
    for element in ET.fromstring(path.read_bytes()).iter(f"{SVG}path"):
        words = element.get("d", "").replace("M", " ").replace("L", " ").split()
        if element.get("clip-path") and not {"C", "Q", "z", "Z"} & set(words):
            found.append(np.array([float(word) for word in words]).reshape(-1, 2))
    return found


def test_nan_and_breaks_are_told_in_what_is_drawn(index: None, tmp_path: Path) -> None:
    call(
        "export", "chart", tmp_path / "d.parquet", "--run", "mellow-crane", "--metric", "val/loss", "--points", "drawn"
    )
    call("export", "chart", tmp_path / "all.csv", "--run", "mellow-crane", "--metric", "val/loss")
    rows = [*csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text()))]
    nan_steps = [float(row["step"]) for row in rows if math.isnan(float(row["value"]))]
    assert nan_steps
    records = pq.read_table(tmp_path / "d.parquet").to_pylist()
    assert [r["x"] for r in records if r["curve"] == "nan"] == nan_steps
    assert all(r["y"] is None for r in records if r["curve"] == "nan")


def test_fixed_ranges_cut_the_view_and_lose_no_point(index: None, tmp_path: Path) -> None:
    one = ("--run", "olive-newt", "--metric", "val/acc", "--x-range", "10:20", "--y-range", "0.5:1")
    call("export", "chart", tmp_path / "all.csv", *one)
    call("export", "chart", tmp_path / "drawn.csv", *one, "--points", "drawn")
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 61
    steps = [float(row["x"]) for row in csv.DictReader(io.StringIO((tmp_path / "drawn.csv").read_text()))]
    assert steps == [9.0, *map(float, range(10, 21)), 21.0], "the view and the points that the line enters it from"
    refused = call("export", "chart", tmp_path / "x.png", *one[:4], "--y-range", "2:1", code=2).stderr
    assert "lower one first" in refused


def test_a_figure_of_runs_that_are_not_here_says_which(index: None, tmp_path: Path) -> None:
    call("export", "chart", tmp_path / "chart.svg", *FIGURE)
    empty = ("--index", tmp_path / "other.duckdb", "--ledger", tmp_path / "ledger")
    message = call("render", tmp_path / "chart.svg", tmp_path / "again.svg", *empty, code=2).stderr
    assert "2 of the figure's 2 runs are not in the index" in message
    assert "olive-newt" in message
    assert not (tmp_path / "again.svg").exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
        ("a.svg", b"<svg"),
        ("a.pdf", b"%PDF-1.4"),
        ("a.html", b"<!doctype html><html></html>"),
        ("a.parquet", b"PAR1"),
        ("a.json", b"{"),
        ("a.json", b'{"format": 99}'),
        ("a.json", b'{"format": 2, "runs": [], "panels": [{"metric": "m", "x_range": [1]}]}'),
        ("a.txt", b"plain"),
        ("a.csv", b"run,key\n"),
    ],
)
def test_what_holds_no_recipe_is_refused_plainly(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    failed = call("render", tmp_path / name, tmp_path / "out.svg", code=2)
    assert "Traceback" not in failed.stderr
    assert "recipe" in failed.stderr or "range" in failed.stderr
