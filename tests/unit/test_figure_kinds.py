"""Charts of many runs in a figure: their numbers are in the drawing, and their recipe draws them again."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from runfolio.errors import UsageError
from runfolio.export.figure import draw
from runfolio.export.kind_axes import Facts
from runfolio.export.recipe import ChartRecipe, Option, PanelRecipe, RunStyleRecipe
from runfolio.model.answers import CellKind
from runfolio.model.kinds import Importance, Variable
from runfolio.model.query import FieldKind, FieldRef

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


def figure(kind: str, **options: Option) -> ChartRecipe:
    runs = tuple(RunStyleRecipe(f"k:{i}", f"run {i}", 0) for i in range(RUNS))
    titles = tuple((v.field.id, v.field.name) for v in (LR, ACC, OPT))
    named = tuple((o, dict(titles)[v]) for o, v in options.items() if isinstance(v, str) and v in dict(titles))
    panel = PanelRecipe("", title="Chart", kind=kind, options=tuple(options.items()), titles=titles + named)
    return ChartRecipe(runs, (panel,))


FIGURES = {
    "scatter": figure("scatter", x=LR.field.id, y=ACC.field.id, color=OPT.field.id, log_x=True, front=True),
    "colours": figure("scatter", x=LR.field.id, y=OPT.field.id, color=ACC.field.id, size=ACC.field.id),
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
}  # fmt: skip


def facts(recipe: ChartRecipe) -> Facts:
    return replace(FACTS, importance={0: FOUND}) if recipe.panels[0].kind == "importance" else FACTS


def words(svg: bytes) -> set[str]:
    """What is written in a figure: matplotlib leaves the text of its outlines in comments."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    return {(e.text or "").strip() for e in ET.fromstring(svg, parser).iter() if not isinstance(e.tag, str)}


@pytest.mark.parametrize("name", FIGURES)
def test_each_kind_is_drawn_again_from_its_json_byte_for_byte(name: str) -> None:
    recipe = FIGURES[name]
    again = ChartRecipe.from_json(recipe.to_json())
    assert again == recipe
    for kind in ("svg", "pdf", "png"):
        assert draw(again, {}, kind, facts(again)) == draw(recipe, {}, kind, facts(recipe))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("scatter", {"lr", "acc", "adam", "lion", "sgd", "n = 11"}),
        ("box", {"adam", "lion", "sgd", "n = 4", "n = 3", "acc", "opt"}),
        # The cell of lr 0.1 and adam holds runs 0 only: 0.5.
        ("heat", {"0.5", "adam", "0.1", "mean of acc"}),
        ("coverage", {"1", "runs"}),
        ("histogram", {"n = 11", "runs"}),
        ("parallel", {"lr", "opt", "acc", "adam", "sgd", "n = 12, colour: acc"}),
        ("importance", {"lr", "opt", "n = 11, out-of-bag R² = 0.81"}),
    ],
)
def test_a_figure_says_what_it_shows_and_of_how_many_runs(name: str, said: set[str]) -> None:
    assert said <= words(draw(FIGURES[name], {}, "svg", facts(FIGURES[name])))


def test_a_box_lies_at_the_quartiles_and_bars_at_mean_and_interval() -> None:
    adam = np.array([0.5, 0.59, 0.68, 0.77])
    heights = box_heights(draw(FIGURES["box"], {}, "svg", FACTS))
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
