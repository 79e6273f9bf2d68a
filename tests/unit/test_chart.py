"""Figures: opened again with other tools, equal for equal input, and harmless whatever the names say."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from runfolio.errors import UsageError
from runfolio.export.chart import export_chart
from runfolio.export.figure import draw
from runfolio.export.lines import SeriesOf
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.point_files import csv_texts
from runfolio.export.points import parts_of
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe, recipe_for
from runfolio.export.recipe_file import read_recipe
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.run import RunKey
from support.run_details import run

NOON = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC
SVG = "{http://www.w3.org/2000/svg}"
DC = "{http://purl.org/dc/elements/1.1/}"

RECIPE = ChartRecipe(
    runs=(RunStyleRecipe("k:a", "amber-heron", 0), RunStyleRecipe("k:b", "brisk-otter", 1, 2)),
    panels=(PanelRecipe("val/acc", smoothing=0.6), PanelRecipe("loss", x="relative", y="log")),
    title="Two runs",
    columns=2,
)


def curve(name: str, values: list[float]) -> MetricSeries:
    walls = [NOON + 1_000_000 * i for i in range(len(values))]
    return series(name, [*range(len(values))], values, walls)


SERIES: Mapping[str, Mapping[RunKey, MetricSeries]] = {
    "val/acc": {
        RunKey("k:a"): curve("val/acc", [0.1, 0.5, 0.7, 0.9]),
        RunKey("k:b"): curve("val/acc", [0.2, math.nan, 0.6, 0.8]),
    },
    "loss": {RunKey("k:a"): curve("loss", [1.0, 0.1, 0.01, 0.001])},
}


def png_chunks(data: bytes) -> dict[bytes, list[bytes]]:
    """The chunks of a PNG file by name, each with its checksum verified."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found: dict[bytes, list[bytes]] = {}
    at = 8
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + body)
        found.setdefault(name, []).append(body)
        at += 12 + length
    return found


def test_a_png_has_the_size_asked_for_and_carries_its_recipe() -> None:
    recipe = replace(RECIPE, width_mm=100.0, height_mm=50.0, dpi=254)
    chunks = png_chunks(draw(recipe, SERIES, "png"))
    assert struct.unpack(">II", chunks[b"IHDR"][0][:8]) == (1000, 500)
    texts = dict(body.split(b"\0", 1) for body in chunks[b"tEXt"])
    assert ChartRecipe.from_json(texts[b"Description"].decode("latin-1")) == recipe


def test_an_svg_is_well_formed_self_contained_and_carries_its_recipe() -> None:
    root = ET.fromstring(draw(RECIPE, SERIES, "svg"))
    assert root.tag == f"{SVG}svg"
    assert root.get("width", "").endswith("pt")
    (description,) = root.iter(f"{DC}description")
    assert ChartRecipe.from_json(description.text or "") == RECIPE
    links = {v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")}
    assert all(link.startswith("#") for link in links)
    assert not [*root.iter(f"{SVG}script"), *root.iter(f"{SVG}image")]


def test_a_pdf_is_one_page_with_embedded_fonts_and_no_date() -> None:
    data = draw(RECIPE, SERIES, "pdf")
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") == 1
    assert b"/FontFile2" in data
    assert b"CreationDate" not in data


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_equal_recipes_and_points_give_equal_bytes(kind: str) -> None:
    assert draw(RECIPE, SERIES, kind) == draw(RECIPE, SERIES, kind)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_themes_paint_their_own_surface(theme: str, tmp_path: Path) -> None:
    path = export_chart(replace(RECIPE, theme=theme), SERIES, tmp_path / "chart.png")
    corner = imread(path)[0, 0, :3]
    np.testing.assert_allclose(corner, [18 / 255, 19 / 255, 22 / 255] if theme == "dark" else [1, 1, 1], atol=0.003)


def test_one_spike_among_many_points_is_in_the_figure_and_the_file_stays_small() -> None:
    values = [0.0] * 200_000
    values[77_777] = 1000.0
    recipe = ChartRecipe((RunStyleRecipe("k:a", "a", 0),), (PanelRecipe("x"),))
    data = draw(recipe, {"x": {RunKey("k:a"): curve("x", values)}}, "svg")
    assert len(data) < 400_000
    flat = draw(recipe, {"x": {RunKey("k:a"): curve("x", [0.0] * 200_000)}}, "svg")
    assert line_height(data) > 20 * max(1.0, line_height(flat))


def line_height(svg: bytes) -> float:
    """How high the highest curve of a figure is, in points; curves have far more corners than frames and ticks."""
    heights = [0.0]
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        corners = [*map(float, re.findall(r"-?\d+\.?\d*", path.get("d", "")))] if path.get("clip-path") else []
        if len(corners) > 40:
            heights.append(max(corners[1::2]) - min(corners[1::2]))
    return max(heights)


HOSTILE = [
    "$\\frac{1}{0}$",
    "_underscore",
    "--><script>alert(1)</script>&",
    "名前 🚀",
    "\x1b[31m\u202ered",
    "a" * 5000,
    "\ud800",
    "%s {0} \\n",
    "",
]


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_names_are_only_text(kind: str) -> None:
    runs = tuple(RunStyleRecipe(f"k:{i}", name, i) for i, name in enumerate(HOSTILE))
    panels = tuple(PanelRecipe(name) for name in HOSTILE)
    points = {name: {RunKey(r.key): curve(name, [1.0, 2.0]) for r in runs} for name in HOSTILE}
    data = draw(ChartRecipe(runs, panels, title=HOSTILE[0], columns=3), points, kind)
    assert data.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[kind])
    if kind == "svg":
        root = ET.fromstring(data)
        assert not [*root.iter(f"{SVG}script")]
        # matplotlib writes each text as a comment beside its outlines: with its dollars, so no formula was set.
        assert b"<!-- $\\frac{1}{0}$ -->" in data


def test_a_run_whose_name_starts_with_an_underscore_is_in_the_legend() -> None:
    def legend_lines(name: str) -> int:
        recipe = ChartRecipe((RunStyleRecipe("k:a", name, 0),), (PanelRecipe("loss"),))
        root = ET.fromstring(draw(recipe, SERIES, "svg"))
        (legend,) = [g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("legend")]
        return len([*legend.iter(f"{SVG}path")])

    assert legend_lines("_hidden") > 1


@pytest.mark.parametrize(
    "values",
    [
        [],
        [math.nan, math.nan],
        [math.inf, 1.0, -math.inf],
        [1.7e308, -1.7e308],
        [0.0, -1.0],
        [5.0],
        [5e-324, 0.0],
    ],
)
@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("x", ["step", "relative", "wall"])
def test_any_values_can_be_drawn(values: list[float], log_y: bool, x: str) -> None:
    panel = PanelRecipe("x", x=x, y="log" if log_y else "linear", smoothing=0.5)
    recipe = ChartRecipe((RunStyleRecipe("k:a", "a", 0),), (panel,), dpi=50)
    assert draw(recipe, {"x": {RunKey("k:a"): curve("x", values)}}, "png")[:4] == b"\x89PNG"


def test_a_chart_without_points_still_says_so(tmp_path: Path) -> None:
    path = export_chart(RECIPE, {}, tmp_path / "new folder" / "chart.svg")
    assert ET.parse(path).getroot().tag == f"{SVG}svg"
    assert b"<!-- no data -->" in path.read_bytes()


def test_points_without_a_time_are_on_no_clock_and_values_below_zero_on_no_logarithm() -> None:
    no_time = series("loss", [0, 1], [-1.0, 0.0])
    for panel, said in (
        (PanelRecipe("loss", x="wall"), b"no data"),
        (PanelRecipe("loss", y="log"), b"no positive values"),
    ):
        figure = draw(ChartRecipe(RECIPE.runs, (panel,)), {"loss": {RunKey("k:a"): no_time}}, "svg")
        assert b"<!-- " + said + b" -->" in figure


def test_csv_holds_every_point_at_full_precision(tmp_path: Path) -> None:
    export_chart(RECIPE, SERIES, tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="", encoding="utf-8") as stream:
        rows = [*csv.DictReader(stream)]
    assert len(rows) == 12
    for key, name in (("k:a", "amber-heron"), ("k:b", "brisk-otter")):
        for metric, by_run in SERIES.items():
            found = [r for r in rows if (r["key"], r["metric"]) == (key, metric)]
            points = by_run.get(RunKey(key))
            assert [float(r["value"]) for r in found] == pytest.approx(
                [] if points is None else points.value.tolist(), nan_ok=True
            )
            assert {r["run"] for r in found} <= {name}
    assert (rows[1]["step"], rows[1]["wall_time"]) == ("1", "2026-01-01T12:00:01.000Z")


def points_csv(recipe: ChartRecipe, series: SeriesOf) -> str:
    return "".join(csv_texts(parts_of(recipe, series), {run.key: run.name for run in recipe.runs}))


def test_csv_keeps_floats_to_the_last_bit_and_names_from_being_formulas() -> None:
    values = [0.1 + 0.2, 1e-320, 1.7976931348623157e308, -0.0]
    recipe = ChartRecipe((RunStyleRecipe("k:a", "=1+1", 0),), (PanelRecipe("@m"), PanelRecipe("@m", y="log")))
    text = points_csv(recipe, {"@m": {RunKey("k:a"): series("@m", None, values)}})
    rows = [*csv.reader(io.StringIO(text))][1:]
    assert [float(r[5]).hex() for r in rows] == [v.hex() for v in values]
    assert {tuple(r[:5]) for r in rows} == {("'=1+1", "k:a", "'@m", "", "")}


def test_another_suffix_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not .\.gif"):
        export_chart(RECIPE, SERIES, tmp_path / "chart.gif")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        export_chart(RECIPE, {}, tmp_path / "file" / "chart.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_figure_replaces_an_older_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text("older and longer" * 1000)
    export_chart(RECIPE, SERIES, path)
    assert path.read_text() == points_csv(RECIPE, SERIES)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chart.csv", "chart.recipe.json"]


# --- recipes -------------------------------------------------------------------------------------------------------


def test_a_recipe_survives_its_json() -> None:
    assert ChartRecipe.from_json(RECIPE.to_json()) == RECIPE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "runs": [], "panels": []}',
        '{"format": 1, "runs": 5, "panels": [{}]}',
    ],
)
def test_a_text_that_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        ChartRecipe.from_json(text)


@pytest.mark.parametrize(
    "change",
    [{"theme": "neon"}, {"panels": ()}, {"width_mm": 5.0}, {"dpi": 5000}, {"columns": 0}, {"width_mm": math.nan}],
)
def test_a_recipe_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    fields = json.loads(RECIPE.to_json()) | change
    fields["panels"] = [] if change.get("panels") == () else fields["panels"]
    with pytest.raises(UsageError):
        ChartRecipe.from_json(json.dumps(fields))


@pytest.mark.parametrize(
    ("change", "says", "hint"),
    [
        (lambda r: r.pop("runs"), "The recipe has no 'runs'", ""),
        (lambda r: r.update(panels={}), "In the recipe 'panels' is no list", ""),
        (lambda r: r.update(widht_mm=90), "A figure has nothing called 'widht_mm'", "Did you mean 'width_mm'?"),
        (lambda r: r.update(dpi="300"), "'dpi' is \"300\", and should be a whole number", ""),
        (lambda r: r.update(format=99), "The recipe was written by a later version", "Update"),
        (lambda r: r.update(format="x"), "That is no recipe of a figure: it has no format that is known", ""),
        (lambda r: r["runs"][0].pop("key"), "Run 1 of the recipe: A run lacks 'key'", ""),
        (lambda r: r["runs"].append(7), "Run 3 of the recipe: it is no JSON object", ""),
        (lambda r: r["runs"][1].update(color=None), "Run 2 of the recipe: 'color' is null, and should be a", ""),
        (lambda r: r["panels"][0].pop("metric"), "Panel 1 of the recipe: A panel lacks 'metric'", ""),
        (lambda r: r["panels"][0].update(x="fortnight"), "Panel 1 of the recipe: Unknown x 'fortnight'", "Known are"),
        (lambda r: r["panels"][0].update(x_range=[3]), "Panel 1 of the recipe: 'x_range' is null, or", ""),
        (lambda r: r["panels"][0].update(notes=3), "Panel 1 of the recipe: 'notes' is no list", ""),
        (lambda r: r["panels"][0].update(notes=[3]), "Panel 1 of the recipe: a list in it has other parts", ""),
        (lambda r: r["panels"][0].update(smoothing="a lot"), "Panel 1 of the recipe: 'smoothing' is \"a lot\"", ""),
    ],
)  # fmt: skip
def test_a_recipe_that_was_edited_by_hand_says_what_is_wrong_where(
    change: Callable[[dict[str, Any]], object], says: str, hint: str, tmp_path: Path
) -> None:
    fields = json.loads(RECIPE.to_json())
    change(fields)
    (tmp_path / "figure.json").write_text(json.dumps(fields), "utf-8")
    with pytest.raises(UsageError) as told:
        read_recipe(tmp_path / "figure.json")
    assert told.value.message.startswith(says)
    assert told.value.hint
    assert hint in told.value.hint
    assert told.value.where == str(tmp_path / "figure.json")


def test_a_recipe_that_is_no_json_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "figure.json").write_text('{"format": 4,\n "runs": [,]}', "utf-8")
    with pytest.raises(UsageError, match="no JSON from line 2, column 11 on"):
        read_recipe(tmp_path / "figure.json")


def test_the_figure_of_a_report_shows_what_most_runs_share_validation_first() -> None:
    one = run("a", metrics={"train/loss": [1, 2], "val/acc": [1, 2], "single": [1], "system/gpu": [1, 2], "lr": [1, 2]})
    other = run("b", metrics={"train/loss": [1, 2], "val/acc": [1, 2], "lr": [1, 2], "own": [1, 2]})
    recipe = recipe_for([one, other])
    assert recipe is not None
    assert [p.metric for p in recipe.panels] == ["val/acc", "train/loss", "lr", "own"]
    assert recipe_for([run("a", metrics={"x": [1]})]) is None


def test_more_than_ten_runs_differ_by_dash() -> None:
    recipe = recipe_for([run(str(i), metrics={"x": [1, 2]}) for i in range(45)])
    assert recipe is not None
    styles = [(r.color, r.dash) for r in recipe.runs]
    assert len(set(styles[:40])) == 40
    assert styles[40] == styles[0]
