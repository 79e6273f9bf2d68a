"""Charts of many runs in a figure: their numbers are in the drawing, and their recipe draws them again."""

from __future__ import annotations

import csv
import functools
import io
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from runfolio.analysis.kinds.histograms import over_time
from runfolio.analysis.kinds.recorded import Recorded, density_maps
from runfolio.errors import UsageError
from runfolio.export.chart import export_chart
from runfolio.export.digests import changed, with_digests
from runfolio.export.figure import draw
from runfolio.export.judged import LOOKS, options_of, tables_of
from runfolio.export.kind_axes import Facts
from runfolio.export.panel_recipe import Option, PanelRecipe
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe
from runfolio.export.recipe_file import read_recipe
from runfolio.model.answers import CellKind
from runfolio.model.kinds import Classified, Importance, JudgedTable, Scored, Variable
from runfolio.model.metrics import MetricSeries
from runfolio.model.previews import Histogram, Histograms
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

RUNS = 12
SVG = "{http://www.w3.org/2000/svg}"


def variable(name: str, values: list[float], categories: tuple[str, ...] = ()) -> Variable:
    kind = CellKind.TEXT if categories else CellKind.NUMBER
    return Variable(FieldRef(FieldKind.PARAM, name), kind, np.array(values), categories)


LR = variable("lr", [10.0 ** -(1 + i % 4) for i in range(RUNS)])
ACC = variable("acc", [0.5 + 0.03 * i for i in range(RUNS - 1)] + [math.nan])
OPT = variable("opt", [float(i % 3) for i in range(RUNS)], ("adam", "lion", "sgd"))
FACTS = Facts({v.field.id: v for v in (LR, ACC, OPT)})
FOUND = Importance(
    ACC.field, (LR, OPT), np.array([0.7, 0.1]), np.array([0.05, 0.02]), 0.81, 11, 1, (0, 0), (), (), ()
)  # fmt: skip


def classified() -> Classified:
    """Four negatives and three positives, of which one negative has a higher score than one positive."""
    truth, score = np.array([1, 1, 0, 1, 0, 0, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1])
    fpr, tpr, _ = roc_curve(truth, score)
    precision, recall, _ = precision_recall_curve(truth, score)
    scored = Scored(
        "1", fpr, tpr, float(roc_auc_score(truth, score)), recall, precision, 11 / 12, 3 / 7, np.array([0.2, 0.75]),
        np.array([0.0, 0.75]), (3, 4), 0.1,
    )  # fmt: skip
    matrix = confusion_matrix(truth, score >= 0.5)
    return Classified(("y",), "y", "", "s", ("0", "1"), matrix, 7, 1, (scored,), ("Said.",))


def figure(kind: str, **options: Option) -> ChartRecipe:
    runs = tuple(RunStyleRecipe(f"k:{i}", f"run {i}", 0) for i in range(RUNS))
    titles = tuple((v.field.id, v.field.name) for v in (LR, ACC, OPT))
    named = tuple((o, dict(titles)[v]) for o, v in options.items() if isinstance(v, str) and v in dict(titles))
    panel = PanelRecipe("", title="Chart", kind=kind, options=tuple(options.items()), titles=titles + named)
    return ChartRecipe(runs, (panel,))


JUDGED = classified()
OTHER = replace(
    JUDGED.scored[0], positive="0", fpr=np.array([0.0, 0.5, 1.0]), tpr=np.array([0.0, 0.75, 1.0]), auc=0.625
)
OF_RUNS = [
    JudgedTable("first", None, JUDGED),
    JudgedTable("second", None, replace(JUDGED, scored=(OTHER, JUDGED.scored[0]))),
]
FIGURES = {
    "scatter": figure("scatter", x=LR.field.id, y=ACC.field.id, color=OPT.field.id, log_x=True, front=True),
    "colours": figure("scatter", x=LR.field.id, y=OPT.field.id, color=ACC.field.id, size=ACC.field.id),
    "margins": figure("scatter", x=ACC.field.id, y=OPT.field.id, margins=True),
    "box": figure("groups", value=ACC.field.id, group=OPT.field.id, look="box"),
    "bar": figure("groups", value=ACC.field.id, group=OPT.field.id, look="bar"),
    "violin": figure("groups", value=ACC.field.id, group=OPT.field.id, look="violin"),
    "strip": figure("groups", value=ACC.field.id, group=OPT.field.id, look="strip"),
    "heat": figure("grid", x=LR.field.id, y=OPT.field.id, value=ACC.field.id, look="heat"),
    "coverage": figure("grid", x=LR.field.id, y=OPT.field.id, value=ACC.field.id, look="coverage"),
    "contour": figure("grid", x=LR.field.id, y=OPT.field.id, value=ACC.field.id, look="contour", log_x=True),
    "histogram": figure("histogram", value=ACC.field.id),
    "names": figure("histogram", value=OPT.field.id),
    "parallel": figure(
        "parallel", axes=(LR.field.id, OPT.field.id, ACC.field.id), log=(LR.field.id,), color=ACC.field.id
    ),
    "importance": figure("importance", target=ACC.field.id, params=(LR.field.id, OPT.field.id)),
    "three": figure("grid", x=LR.field.id, y=OPT.field.id, value=ACC.field.id, z=OPT.field.id, look="coverage"),
    "time": figure("histogram", value="metric:acc:last", look="time"),
    "maps": figure("recorded", tag="w", look="time", step="", runs=("k:0", "k:3")),
    "bars": figure("recorded", tag="w", look="step", step="1", runs=("k:0", "k:3")),
    **{look: figure("classifier", **dict(options_of([JudgedTable("p.csv", None, JUDGED)], look))) for look in LOOKS},
    "confusion of runs": figure("classifier", **dict(options_of(OF_RUNS, "confusion"))),
    "roc of runs": figure("classifier", **dict(options_of(OF_RUNS, "roc"))),
    "roc of classes": figure("classifier", **dict(options_of(OF_RUNS[1:], "roc"))),
}  # fmt: skip


def written() -> Recorded:
    """Two steps of one run, and one of another: 4 of 4 values below 1, then 1 of 4; and 2 values of up to 4."""
    first = Histograms(
        "w", (Histogram(0, 0, (0.0, 1.0, 2.0), (4.0, 0.0)), Histogram(2, 0, (0.0, 1.0, 2.0), (1.0, 3.0))), 2
    )
    other = Histograms("w", (Histogram(1, 0, (2.0, 4.0), (2.0,)),), 1)
    runs = (RunKey("k:0"), RunKey("k:3"))
    return Recorded((("w", 2),), "w", runs, (first, other), density_maps((first, other)), 2)


def facts(recipe: ChartRecipe) -> Facts:
    panel = recipe.panels[0]
    if panel.kind == "recorded":
        return Facts(recorded={0: written()})
    if panel.text("look") == "time":
        steps = np.arange(20)
        series = [MetricSeries("acc", steps, 0.5 + steps * k / 100.0, np.zeros(20, np.int64)) for k in range(3)]
        return Facts(over_time={0: over_time(series)})
    return replace(FACTS, importance={0: FOUND}) if panel.kind == "importance" else FACTS


def words(svg: bytes) -> set[str]:
    """What is written in a figure: matplotlib leaves the text of its outlines in comments."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    return {(e.text or "").strip() for e in ET.fromstring(svg, parser).iter() if not isinstance(e.tag, str)}


@functools.cache
def drawn(name: str, kind: str = "svg") -> bytes:
    """A figure, drawn once for all tests that look at it."""
    return draw(FIGURES[name], {}, kind, facts(FIGURES[name]))


# What is the same in every chart of these formats need not be drawn for each.
IN_ALL_FORMATS = {"scatter", "violin", "importance", "roc of runs", "maps"}


@pytest.mark.parametrize("name", FIGURES)
def test_each_kind_is_drawn_again_from_its_json_byte_for_byte(name: str) -> None:
    recipe = FIGURES[name]
    again = ChartRecipe.from_json(recipe.to_json())
    assert again == recipe
    for kind in ("svg", "pdf", "png") if name in IN_ALL_FORMATS else ("svg",):
        assert draw(again, {}, kind, facts(again)) == drawn(name, kind)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("scatter", {"lr", "acc", "adam", "lion", "sgd", "n = 11"}),
        ("box", {"adam", "lion", "sgd", "n = 4", "n = 3", "acc", "opt"}),
        # The cell of lr 0.1 and adam holds runs 0 only: 0.5.
        ("heat", {"0.5", "adam", "0.1", "mean of acc"}),
        ("coverage", {"1", "runs"}),
        ("histogram", {"n = 11", "runs"}),
        ("parallel", {"lr", "opt", "acc", "adam", "lion", "sgd", "none", "n = 12, colour: acc"}),
        ("importance", {"lr", "opt", "n = 11, out-of-bag R² = 0.81"}),
        ("three", {"opt = adam", "opt = lion", "opt = sgd", "runs", "1"}),
        ("time", {"share of the runs", "step"}),
        ("maps", {"run 0", "run 3", "share of a step's values", "step", "4", "w · n = 2"}),
        # At step 1 the run that has none there has that of step 0.
        ("bars", {"run 0 · step 0, 4 values", "run 3 · step 1, 2 values", "value"}),
        ("confusion", {"3", "1", "Predicted", "True class", "n = 7, accuracy 0.8571"}),
        ("rates", {"0.75", "0.25", "share of the true class"}),
        ("roc", {"n = 7, AUC 0.9167, positive: 1"}),
        ("pr", {"n = 7, average precision 0.9167, positive: 1"}),
        ("calibration", {"n = 7, Brier score 0.1, positive: 1"}),
    ],
)
def test_a_figure_says_what_it_shows_and_of_how_many_runs(name: str, said: set[str]) -> None:
    assert said <= words(drawn(name))


def test_recorded_histograms_are_written_bucket_by_bucket_and_change_the_digest_of_their_run(tmp_path: Path) -> None:
    recipe = FIGURES["maps"]
    export_chart(recipe, {}, tmp_path / "w.parquet", facts=facts(recipe))
    rows = pl.read_parquet(tmp_path / "w.parquet").rows()
    assert rows == [
        ("run 0", "k:0", 0, 0.0, 1.0, 4.0), ("run 0", "k:0", 0, 1.0, 2.0, 0.0), ("run 0", "k:0", 2, 0.0, 1.0, 1.0),
        ("run 0", "k:0", 2, 1.0, 2.0, 3.0), ("run 3", "k:3", 1, 2.0, 4.0, 2.0),
    ]  # fmt: skip
    told = with_digests(recipe, {}, facts(recipe))
    less = replace(written(), found=(written().found[0], Histograms("w", (), 0)))
    assert changed(told, with_digests(recipe, {}, Facts(recorded={0: less}))) == ("run 3",)
    with pytest.raises(UsageError, match="whole number"):
        draw(figure("recorded", tag="w", look="step", step="x", runs=("k:0",)), {}, "svg", facts(recipe))


def test_a_scatter_has_the_histograms_of_its_fields_beside_it_where_they_are_on() -> None:
    bars = [
        [float(number) for number in re.findall(r"-?[0-9.]+", path.get("d", ""))]
        for path in ET.fromstring(drawn("margins")).iter(f"{SVG}path")
        if "opacity: 0.35" in path.get("style", "")
    ]
    wide = [max(bar[0::2]) - min(bar[0::2]) for bar in bars]
    high = [max(bar[1::2]) - min(bar[1::2]) for bar in bars]
    # Eleven runs have an acc, each another one, and lie in eleven of the forty bars.
    assert len(bars) == 43
    assert [round(each, 2) for each in high[:40] if each] == [18.0] * 11
    # Of the three optimizers, four runs each, the last lacks the run without one.
    assert wide[40:] == pytest.approx([18.0, 18.0, 13.5], abs=0.01)
    assert "opacity: 0.35" not in drawn("colours").decode()


def test_a_box_lies_at_the_quartiles_and_bars_at_mean_and_interval() -> None:
    adam = np.array([0.5, 0.59, 0.68, 0.77])
    heights = box_heights(drawn("box"))
    # The box of adam from the first to the third quartile is as high as that of lion: values are equally spaced.
    assert heights[0] == pytest.approx(heights[1], rel=1e-3)
    narrow = np.array([0.56, 0.65, 0.74])
    spread = (np.quantile(narrow, 0.75) - np.quantile(narrow, 0.25)) / (
        np.quantile(adam, 0.75) - np.quantile(adam, 0.25)
    )
    assert heights[2] / heights[0] == pytest.approx(spread, rel=1e-3)


def box_heights(svg: bytes) -> list[float]:
    found = []
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        words = path.get("d", "").replace("M", " ").replace("L", " ").replace("z", " ").split()
        if path.get("clip-path") and "opacity: 0.55" in path.get("style", ""):
            ys = [float(word) for word in words[1::2]]
            found.append(max(ys) - min(ys))
    return found


def test_a_kind_that_there_is_not_is_refused_and_one_without_data_says_so() -> None:
    with pytest.raises(UsageError, match="kind of panel"):
        PanelRecipe("", kind="pie")
    assert "no data" in words(draw(FIGURES["scatter"], {}, "svg"))


@pytest.mark.parametrize("name", FIGURES)
def test_what_is_drawn_is_a_table_that_csv_and_parquet_hold_alike(name: str, tmp_path: Path) -> None:
    recipe = FIGURES[name]
    found = facts(recipe)
    written = export_chart(recipe, {}, tmp_path / "a.csv", facts=found)
    again = export_chart(read_recipe(written), {}, tmp_path / "b.csv", facts=found)
    assert again.read_bytes() == written.read_bytes()
    table = pl.read_parquet(export_chart(recipe, {}, tmp_path / "a.parquet", facts=found))
    assert read_recipe(tmp_path / "a.parquet") == recipe
    head, *rows = csv.reader(io.StringIO(written.read_text(encoding="utf-8")))
    assert head == table.columns
    assert len(rows) == len(table) > 0
    for column, kind in enumerate(table.dtypes):
        cells = table.to_series(column).to_list()
        read = [row[column] if kind == pl.String else float(row[column]) if row[column] else None for row in rows]
        assert read == ([cell or "" for cell in cells] if kind == pl.String else cells)
    if name not in IN_ALL_FORMATS:
        return
    page = export_chart(recipe, {}, tmp_path / "a.html", facts=found)
    assert read_recipe(page) == recipe
    assert "what is drawn, as CSV" in page.read_text(encoding="utf-8")


def test_the_table_of_a_matrix_and_of_a_curve_hold_its_numbers(tmp_path: Path) -> None:
    matrix = pl.read_parquet(export_chart(FIGURES["confusion"], {}, tmp_path / "m.parquet"))
    assert matrix.rows() == [("0", 3.0, 1.0), ("1", 0.0, 3.0)]
    roc = pl.read_parquet(export_chart(FIGURES["roc"], {}, tmp_path / "r.parquet"))
    assert roc.columns == ["false positive rate", "true positive rate"]
    assert roc.to_series(1).to_list() == JUDGED.scored[0].tpr.tolist()
    of_runs = pl.read_parquet(export_chart(FIGURES["confusion of runs"], {}, tmp_path / "m.parquet"))
    assert of_runs.columns == ["run", "true class", "predicted", "rows"]
    assert of_runs.rows()[2:6] == [
        ("first", "1", "0", 0),
        ("first", "1", "1", 3),
        ("second", "0", "0", 3),
        ("second", "0", "1", 1),
    ]
    # The first class of the first run is what both are asked for.
    of_runs = pl.read_parquet(export_chart(FIGURES["roc of runs"], {}, tmp_path / "r.parquet"))
    assert of_runs.columns == ["run", "false positive rate", "true positive rate"]
    assert of_runs["run"].unique(maintain_order=True).to_list() == ["first", "second"]
    of_classes = pl.read_parquet(export_chart(FIGURES["roc of classes"], {}, tmp_path / "c.parquet"))
    assert of_classes.filter(pl.col("class") == "0").rows() == [("0", 0.0, 0.0), ("0", 0.5, 0.75), ("0", 1.0, 1.0)]


def test_a_table_in_a_recipe_that_is_none_is_refused() -> None:
    panel = FIGURES["roc"].panels[0]
    options = tuple((name, ("x",) if name == "x" else value) for name, value in panel.options)
    with pytest.raises(UsageError, match="damaged"):
        tables_of(replace(panel, options=options))
    options = tuple((name, ("0",) * 4 if name == "counts" else value) for name, value in panel.options)
    with pytest.raises(UsageError, match="no rows"):
        tables_of(replace(panel, options=options))
    assert tables_of(PanelRecipe("", kind="classifier")) == ()
    # As figures of one table were written before there could be several.
    old = {
        "look": "roc",
        "table": "p.csv",
        **{k: v for k, v in panel.options if k not in ("tables", "curves", "of_class")},
    }
    assert tables_of(replace(panel, options=tuple(old.items())))[0].found.scored[0].auc == JUDGED.scored[0].auc
    with pytest.raises(UsageError, match="shows no field 'metric:acc'"):
        figure("histogram", value="metric:acc")
