"""Every setting of a panel in a figure: what is drawn is worked out by hand here, and read back from the files."""

from __future__ import annotations

import csv
import io
import json
import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pypdfium2 as pdfium
import pytest

from runfolio.analysis.drawing import Drawing
from runfolio.analysis.flow import flow
from runfolio.errors import UsageError
from runfolio.export.figure import draw
from runfolio.export.figure_room import one_a_place
from runfolio.export.lines import EPOCHS, drawn_panel
from runfolio.export.panel_recipe import GroupRecipe, PanelRecipe
from runfolio.export.points import drawn_csv
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.run import RunKey
from runfolio.model.times import NO_TIME

KEYS = ("k:a", "k:b", "k:c")
LOSS = {"k:a": [4.0, 2.0, 1.0], "k:b": [6.0, 4.0, 1.0], "k:c": [8.0, 3.0, 4.0]}
STEPS = [0, 10, 20]
SERIES: Mapping[str, Mapping[RunKey, MetricSeries]] = {
    "loss": {RunKey(key): series("loss", STEPS, values) for key, values in LOSS.items()},
    "samples": {RunKey(key): series("samples", STEPS, [2.0, 4.0, 8.0]) for key in KEYS},
    "signed": {RunKey("k:a"): series("signed", STEPS, [-1000.0, 0.0, 1000.0])},
    EPOCHS: {RunKey(key): series("epoch", STEPS, [0.0, 0.0, 1.0]) for key in KEYS},
}
RUNS = tuple(RunStyleRecipe(key, f"run {key[-1]}", place) for place, key in enumerate(KEYS))
GROUP = (GroupRecipe("adam", KEYS),)
# The t quantile for 95 % with two degrees of freedom, from a table.
T_TWO = 4.302652729911275


def chart(panel: PanelRecipe, *runs: RunStyleRecipe) -> ChartRecipe:
    return ChartRecipe(runs or RUNS, (panel,))


def lines(panel: PanelRecipe, *runs: RunStyleRecipe) -> dict[str, tuple[list[float], list[float]]]:
    drawn = drawn_panel(panel, chart(panel, *runs), SERIES)
    return {run.name: (run.line.x.tolist(), run.line.y.tolist()) for run in drawn.runs}


def test_x_is_joined_by_step_from_epochs_and_from_another_metric() -> None:
    assert lines(PanelRecipe("loss", x="epoch"))["run a"] == ([0.0, 0.0, 1.0], LOSS["k:a"])
    assert lines(PanelRecipe("loss", x="metric", x_metric="samples"))["run b"] == ([2.0, 4.0, 8.0], LOSS["k:b"])


def test_derived_series_are_those_of_hand_calculation() -> None:
    ratio = PanelRecipe("loss", derived="ratio", other="samples")
    assert lines(ratio)["run a"][1] == [2.0, 0.5, 0.125]
    against = PanelRecipe("loss", derived="baseline", baseline="k:a")
    assert lines(against)["run b"][1] == [2.0, 2.0, 0.0]
    assert lines(PanelRecipe("loss", derived="cumulative"))["run c"][1] == [8.0, 11.0, 15.0]


def test_a_running_median_of_three_is_drawn_over_the_raw_curve() -> None:
    # At a tenth of the slider the window is the smallest one, of three points; cut at the ends.
    panel = PanelRecipe("loss", smoother="median", smoothing=0.1)
    (run,) = drawn_panel(panel, chart(panel, RUNS[2]), SERIES).runs
    assert run.line.y.tolist() == [5.5, 4.0, 3.5]
    assert run.raw is not None
    assert run.raw.y.tolist() == LOSS["k:c"]


def test_a_group_is_its_mean_with_a_t_interval_and_says_how_many_runs_there_are() -> None:
    panel = PanelRecipe("loss", groups_by="replicates", groups=GROUP)
    drawn = drawn_panel(panel, chart(panel), SERIES)
    (run,) = drawn.runs
    values = np.array([*LOSS.values()])
    half = T_TWO * values.std(axis=0, ddof=1) / math.sqrt(3)
    assert run.band is not None
    np.testing.assert_allclose(run.line.y, values.mean(axis=0))
    np.testing.assert_allclose(run.band.low, values.mean(axis=0) - half)
    np.testing.assert_allclose(run.band.high, values.mean(axis=0) + half)
    assert run.label == "adam (n = 3)"
    assert drawn.about == ("mean, t interval 95%",)
    rows = [*csv.DictReader(io.StringIO(drawn_csv(chart(panel), SERIES)))]
    assert {row["curve"] for row in rows} == {"line", "low", "high", "n"}
    assert {row["key"] for row in rows} == {"k:a k:b k:c"}
    assert [float(row["y"]) for row in rows if row["curve"] == "n"] == [3.0, 3.0, 3.0]


def test_a_group_of_one_has_no_band_and_runs_that_are_off_still_count() -> None:
    alone = PanelRecipe("loss", groups_by="param.x", groups=(GroupRecipe("one", ("k:a",)),))
    assert all(run.band is None for run in drawn_panel(alone, chart(alone), SERIES).runs)
    panel = PanelRecipe("loss", groups_by="replicates", groups=GROUP)
    off = (RUNS[0], RUNS[1], replace(RUNS[2], shown=False))
    assert lines(panel, *off)["adam"][1] == [6.0, 3.0, 2.0]
    assert [*lines(PanelRecipe("loss"), *off)] == ["run a", "run b"]


def test_outliers_leave_the_view_and_are_counted() -> None:
    values = [float(i % 10) for i in range(1000)]
    values[500] = 1e9
    points = {"loss": {RunKey("k:a"): series("loss", None, values)}}
    panel = PanelRecipe("loss", clip=True)
    drawn = drawn_panel(panel, chart(panel), points)
    assert drawn.y_range is not None
    assert drawn.y_range[1] < 20
    assert drawn.about == ("1 of 1\u2009000 points outside the view",)
    assert max(drawn.runs[0].line.y) == 1e9, "no point is left out of the line"


def test_a_symmetric_log_axis_places_values_as_the_window_does() -> None:
    panel = PanelRecipe("signed", y="symlog")
    drawn = drawn_panel(panel, chart(panel), SERIES)
    assert drawn.scale.linear == 1000.0, "the 5 % quantile of the sizes, as a power of ten"
    path = max(polylines(draw(chart(panel), SERIES, "svg")), key=len)
    # Values lie at -lg 2, 0 and lg 2: equal distances.
    assert path[1, 1] - path[0, 1] == pytest.approx(path[2, 1] - path[1, 1], abs=1e-3)


def polylines(svg: bytes) -> list[np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """The corners of clipped paths of straight lines."""
    found = []
    for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path"):
        words = element.get("d", "").replace("M", " ").replace("L", " ").split()
        if element.get("clip-path") and not {"C", "Q", "z", "Z"} & set(words):
            corners = np.array([float(word) for word in words]).reshape(-1, 2)
            if len(corners) == 3:
                found.append(corners)
    return found


def test_several_metrics_share_a_panel_and_are_told_by_their_dashes() -> None:
    panel = PanelRecipe("loss", others=("samples",), title="Both")
    drawn = drawn_panel(panel, chart(panel, RUNS[0]), SERIES)
    assert [(run.metric, run.place) for run in drawn.runs] == [("loss", 0), ("samples", 1)]
    svg = draw(chart(panel, RUNS[0]), SERIES, "svg").decode()
    assert "<!-- Both -->" in svg
    assert "<!-- samples -->" in svg, "the legend in the panel"
    assert "stroke-dasharray" in svg


def test_notes_the_axis_and_no_legend_are_in_the_figure() -> None:
    panel = PanelRecipe("loss", x="metric", x_metric="samples", notes=((4.0, "new data"),))
    svg = draw(chart(panel), SERIES, "svg").decode()
    assert "<!-- new data -->" in svg
    assert "<!-- samples -->" in svg
    assert "<!-- run a -->" in svg
    assert "<!-- run a -->" not in draw(replace(chart(panel), legend="none"), SERIES, "svg").decode()


EVERYTHING = PanelRecipe(
    "loss", x="metric", x_metric="samples", y="symlog", smoothing=0.3, smoother="lowess", unit="nats",
    x_range=(0.0, 9.0), y_range=(-1.0, 9.0), others=("samples",), title="t", derived="ratio", other="samples",
    baseline="k:a", groups_by="replicates", groups=GROUP, centre="median", spread="range", level=0.9, clip=True,
    notes=((1.0, "a"), (2.0, "b")), columns=2, rows=3,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_a_panel_with_everything_set_survives_its_json_and_is_drawn_equally(kind: str) -> None:
    recipe = ChartRecipe(RUNS, (EVERYTHING, PanelRecipe("loss")), columns=3, legend="none")
    again = ChartRecipe.from_json(recipe.to_json())
    assert again == recipe
    assert draw(again, SERIES, kind) == draw(recipe, SERIES, kind)


def test_a_panel_as_the_window_has_it_and_its_recipe_are_each_others_inverse() -> None:
    drawing = EVERYTHING.drawing("loss")
    assert isinstance(drawing, Drawing)
    assert PanelRecipe.of(drawing).drawing("loss") == drawing


def test_recipes_of_earlier_formats_still_read() -> None:
    old = {
        "format": 2, "version": "0.1", "columns": 1, "dpi": 150, "font_size": 8.0, "height_mm": 0.0,
        "line_width": 1.1, "query": "", "theme": "print", "title": "", "width_mm": 180.0,
        "runs": [{"color": 0, "dash": 0, "key": "k:a", "marker": 0, "name": "a"}],
        "panels": [{"log_y": True, "metric": "loss", "smoothing": 0.6, "unit": "", "x": "relative",
                    "x_range": [0, 10], "y_range": None}],
    }  # fmt: skip
    (panel,) = ChartRecipe.from_json(json.dumps(old)).panels
    assert panel == PanelRecipe("loss", x="relative", y="log", smoothing=0.6, x_range=(0.0, 10.0))
    # Format 1 had neither letters nor lines to set, and of a run no marker.
    first = {
        "format": 1, "columns": 2, "dpi": 150, "height_mm": 0.0, "theme": "print", "title": "", "width_mm": 180.0,
        "runs": [{"color": 0, "dash": 1, "key": "k:a", "name": "amber-heron"}],
        "panels": [{"log_y": False, "metric": "loss", "smoothing": 0.0, "x": "wall"}],
    }  # fmt: skip
    run = RunStyleRecipe("k:a", "amber-heron", 0, 1)
    assert ChartRecipe.from_json(json.dumps(first)) == ChartRecipe((run,), (PanelRecipe("loss", x="wall"),), columns=2)
    # Format 3 had charts of many runs, and no digests.
    third = json.loads(ChartRecipe((run,), (PanelRecipe("", kind="scatter", options=(("x", "param:lr"),)),)).to_json())
    third["format"] = 3
    for name in ("part", "points"):
        del third["runs"][0][name]
    del third["points"]
    (panel,) = ChartRecipe.from_json(json.dumps(third)).panels
    assert (panel.kind, panel.text("x")) == ("scatter", "param:lr")


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": "fortnight"}, {"y": "cubic"}, {"smoother": "magic"}, {"smoothing": 1.0},
        {"spread": "std", "centre": "iqm"},
        {"level": 0.0}, {"columns": 0}, {"rows": 9}, {"notes": ((math.nan, "x"),)}, {"derived": "integral"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(PanelRecipe("loss"), **wrong)  # type: ignore[arg-type]


def test_panels_of_different_sizes_flow_as_words_do() -> None:
    places, rows = flow([(2, 2), (1, 1), (1, 1), (3, 1), (9, 1)], 3)
    assert [(p.row, p.column, p.rows, p.columns) for p in places] == [
        (0, 0, 2, 2), (0, 2, 1, 1), (1, 2, 1, 1), (2, 0, 1, 3), (3, 0, 1, 3),
    ]  # fmt: skip
    assert rows == 4


def test_a_narrow_figure_holds_its_whole_legend_and_says_what_has_no_place() -> None:
    """Rendered by PDFium, which shares no code with what wrote the file."""
    names = [f"a run with a long name {place}" for place in range(9)]
    runs = tuple(RunStyleRecipe(f"k:{place}", name, place) for place, name in enumerate(names))
    walls = [1_700_000_000_000_000, NO_TIME, 1_700_000_400_000_000]
    loss = series("loss", STEPS, [1.0, 2.0, 3.0], walls)
    found = {"loss": {RunKey(run.key): loss for run in runs}}
    page = pdfium.PdfDocument(draw(ChartRecipe(runs, (PanelRecipe("loss", x="wall"),), width_mm=70), found, "pdf"))[0]
    text = page.get_textpage()
    wide, high = page.get_size()
    for name in names:
        at, many = text.search(name).get_next()
        boxes = [text.get_charbox(place) for place in range(at, at + many)]
        assert all(0 <= box[0] < box[2] <= wide and 0 <= box[1] < box[3] <= high for box in boxes)
    said = text.get_text_bounded()
    assert "9 points have no time" in said
    # 2023-11-14 22:13:20 and 400 s later.
    assert [f"11-14 22:{minute}" in said for minute in ("14", "16", "18")] == [True, True, True]


def test_infinities_are_told_apart_and_a_lone_mark_is_never_left_out() -> None:
    values = [math.nan] * 5001 + [1.0] * 100 + [math.nan, math.inf, -math.inf, 1.0]
    found = {"loss": {RunKey("k:a"): series("loss", [*range(len(values))], values)}}
    recipe = chart(PanelRecipe("loss"), RUNS[0])
    marks = {(row["curve"], row["x"]) for row in csv.DictReader(io.StringIO(drawn_csv(recipe, found)))}
    assert {("nan", "5101.0"), ("inf", "5102.0"), ("-inf", "5103.0")} <= marks
    assert one_a_place(np.append(np.arange(5001.0), 5101.0))[-1] == 5101.0
    assert len(one_a_place(np.arange(5001.0))) <= 401


def test_values_that_no_view_holds_are_said_to_lie_beyond_it() -> None:
    found = {"loss": {RunKey("k:a"): series("loss", STEPS, [1.0, 1.7e308, -1e308])}}
    drawn = drawn_panel(PanelRecipe("loss"), chart(PanelRecipe("loss"), RUNS[0]), found)
    assert drawn.about == ("values go beyond ±1e300, where the view ends",)
    assert draw(chart(PanelRecipe("loss"), RUNS[0]), found, "svg").startswith(b"<?xml")
